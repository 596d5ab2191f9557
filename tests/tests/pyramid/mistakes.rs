//! Inputs that are refused before anything is written.

use ndarray::Array3;
use qlty_pyramid::{
    AxisOrder, Codec, Error, Levels, Method, Monitor, PyramidJob, PyramidOptions, SlicePattern, Stack, Volume,
    ZarrFormat, stack_to_ome_zarr, stacks_to_ome_zarr,
};
use tempfile::TempDir;

use crate::{names, write};

#[test]
fn options_that_make_no_pyramid() {
    let folder = TempDir::new().unwrap();
    let image = Array3::<u16>::zeros([3, 40, 50]);
    let volume = Volume::new("image", image.view()).unwrap();
    let usual = PyramidOptions::default;
    let cases = [
        ("levels", usual().levels(Levels::Count(0))),
        ("levels", usual().levels(Levels::UpTo(0))),
        ("levels", usual().levels(Levels::Count(9))),
        ("factor", usual().levels(Levels::Factors(vec![[1, 0, 2]]))),
        ("factor", usual().levels(Levels::Factors(vec![[1, 3, 3]])).method(Method::Gaussian)),
        ("chunk", usual().chunk([0, 1, 1])),
        ("shard", usual().chunk([1, 16, 16]).shard([1, 32, 40])),
        ("shard", usual().chunk([1, 16, 16]).shard([1, 32, 32]).format(ZarrFormat::V2)),
        ("voxel size", usual().voxel_size([1.0, 0.0, 1.0])),
        ("voxel size", usual().voxel_size([1.0, f64::NAN, 1.0])),
        ("codec", usual().codec(Codec::Gzip(10))),
    ];
    for (argument, options) in cases {
        let error = stack_to_ome_zarr(&volume, folder.path().join("image"), &options, &Monitor::new()).unwrap_err();
        assert!(error.to_string().starts_with(argument), "{error}, expected of {argument}");
        assert!(names(folder.path()).is_empty());
    }
    let huge = usual().chunk([usize::MAX; 3]);
    assert!(stack_to_ome_zarr(&volume, folder.path().join("image"), &huge, &Monitor::new()).is_err());
    let film = ndarray::Array5::<u8>::zeros([2, 1, 1, 4, 4]);
    let film = Volume::new("film", film.view()).unwrap();
    let options = usual().axes(AxisOrder::Zcyx);
    let error = stack_to_ome_zarr(&film, folder.path().join("film"), &options, &Monitor::new()).unwrap_err();
    assert!(error.to_string().starts_with("axis order"), "{error}");
    assert!(Volume::new("none", Array3::<u8>::zeros([0, 1, 1]).view()).is_err());
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_store_is_only_replaced_when_asked() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let image = Array3::<u16>::ones([3, 40, 50]);
    let volume = Volume::new("image", image.view()).unwrap();
    write(&volume, &path, &PyramidOptions::default());
    for resume in [false, true] {
        let options = PyramidOptions::new().resume(resume);
        let error = stack_to_ome_zarr(&volume, &path, &options, &Monitor::new()).unwrap_err();
        assert!(matches!(&error, Error::Store(qlty_core::zarr::Error::Exists { .. })), "{error}");
    }
    write(&volume, &path, &PyramidOptions::new().overwrite(true));
    assert_eq!(names(folder.path()), ["image"]);
}

fn write_slice(path: &std::path::Path, pixels: &[u16]) {
    let file = std::fs::File::create(path).unwrap();
    let mut encoder = tiff::encoder::TiffEncoder::new(file).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray16>(8, 8, pixels).unwrap();
}

#[test]
fn a_slice_that_fails_names_itself() {
    let folder = TempDir::new().unwrap();
    for z in 0..20 {
        write_slice(&folder.path().join(format!("image_{z:02}.tif")), &[z; 64]);
    }
    let sets = SlicePattern::new("tif", r"image_(\d+)\.tif$").unwrap().find(folder.path()).unwrap();
    let stack = Stack::from_slices(&sets[0]).unwrap();
    std::fs::write(folder.path().join("image_13.tif"), "not a picture").unwrap();
    let error =
        stack_to_ome_zarr(&stack, folder.path().join("out"), &PyramidOptions::default(), &Monitor::new()).unwrap_err();
    assert!(error.to_string().contains("image_13.tif"), "{error}");
    assert!(names(folder.path()).iter().all(|name| name.ends_with(".tif")));
}

#[test]
fn several_images_each_as_it_likes() {
    let folder = TempDir::new().unwrap();
    let (one, two) = (Array3::<u16>::ones([3, 40, 50]), Array3::<u16>::ones([2, 600, 700]));
    let small = PyramidOptions::new().levels(Levels::Count(2));
    let volumes = [Volume::new("one", one.view()).unwrap(), Volume::new("two", two.view()).unwrap()];
    let images = [
        PyramidJob::new(&volumes[0], folder.path().join("a"), small.clone()),
        PyramidJob::new(&volumes[1], folder.path().join("b"), PyramidOptions::default()),
    ];
    let written = stacks_to_ome_zarr(&images, &Monitor::new()).unwrap();
    assert_eq!(written.keys().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!((written["one"].levels.len(), &*written["one"].shape), (2, &[3, 40, 50][..]));
    assert_eq!((written["two"].levels.len(), &*written["two"].levels[2].shape), (3, &[2, 150, 175][..]));
    assert_eq!(names(folder.path()), ["a", "b"]);
    let same = [images[0].clone(), PyramidJob::new(&volumes[1], folder.path().join("a"), small.clone())];
    assert!(matches!(stacks_to_ome_zarr(&same, &Monitor::new()), Err(Error::Argument { argument: "images", .. })));
    // A detectable mistake in the second job prevents the first from being written.
    let taken = [PyramidJob::new(&volumes[0], folder.path().join("c"), small.clone()), images[1].clone()];
    let taken = stacks_to_ome_zarr(&taken, &Monitor::new()).unwrap_err();
    assert!(taken.to_string().contains(folder.path().join("b").to_str().unwrap()), "{taken}");
    let levels = PyramidOptions::new().levels(Levels::Count(99));
    let first = PyramidJob::new(&volumes[0], folder.path().join("c"), small);
    let second = PyramidJob::new(&volumes[1], folder.path().join("d"), levels);
    let wrong = stacks_to_ome_zarr(&[first, second], &Monitor::new());
    assert!(matches!(wrong, Err(Error::Argument { argument: "levels", .. })), "{wrong:?}");
    assert_eq!(names(folder.path()), ["a", "b"]);
}
