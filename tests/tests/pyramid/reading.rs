//! Boxes of levels compared with the arrays that were written, as read by zarrs alone.

use std::path::Path;

use ndarray::{Array5, ArrayD, Slice};
use proptest::prelude::*;
use qlty_core::zarr::Error as StoreError;
use qlty_pyramid::{
    AxisOrder, DType, Error, ImageKind, ImageLayout, ImageStore, LaplacianOptions, LengthUnit, Levels, Monitor,
    PyramidOptions, Volume, ZarrFormat, stack_to_ome_zarr_laplacian,
};
use qlty_tests::sample::any;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{read_back, write};

/// A part of an array.
fn part<T: Clone>(of: &ArrayD<T>, start: &[usize], shape: &[usize]) -> ArrayD<T> {
    let range = |axis: usize| Slice::from(start[axis]..start[axis] + shape[axis]);
    of.slice_each_axis(|axis| range(axis.axis.index())).to_owned()
}

/// The start and shape of a box in an array with these axes, from numbers from 0 to 1.
fn box_in(whole: &[usize], random: &[(f64, f64)]) -> (Vec<usize>, Vec<usize>) {
    let along = |(size, (from, much)): (&usize, &(f64, f64))| {
        let start = (from * (*size as f64 + 1.0)) as usize;
        (start, (much * ((size - start) as f64 + 1.0)) as usize)
    };
    whole.iter().zip(random).map(along).unzip()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_box_of_a_level_is_that_of_its_array(
        shape in [1..3_usize, 1..4_usize, 1..12_usize, 1..24_usize, 1..24_usize],
        levels in 1..4_usize,
        chunk in [1..4_usize, 1..12_usize, 1..12_usize],
        shard in prop::option::of([1..3_usize, 1..3_usize, 1..3_usize]),
        zcyx: bool,
        v2: bool,
        boxes in prop::collection::vec(prop::collection::vec((0.0..1.0, 0.0..1.0), 5), 1..5),
        seed: u64,
    ) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("image");
        let shape = if zcyx { [1, shape[1], shape[2], shape[3], shape[4]] } else { shape };
        let shard = shard.filter(|_| !v2).map(|shard| [0, 1, 2].map(|axis| shard[axis] * chunk[axis]));
        let options = PyramidOptions::new().levels(Levels::Factors(vec![[1, 2, 2]; levels - 1])).axes(if zcyx { AxisOrder::Zcyx } else { AxisOrder::Tczyx }).format(if v2 { ZarrFormat::V2 } else { ZarrFormat::V3 }).chunk(chunk).shard(shard);
        let image: Array5<u16> = any::<u16>(&shape, seed).into_dimensionality().unwrap();
        let written = write(&Volume::new("image", image.view()).unwrap(), &path, &options);
        let store = ImageStore::open(&path).unwrap();
        prop_assert_eq!(store.levels(), levels);
        let axes: String = store.layout().axes.iter().map(|axis| axis.name.to_uppercase()).collect();
        prop_assert_eq!(axes, written.axes);
        for (level, place) in written.levels.iter().enumerate() {
            let whole = read_back::<u16>(&path, &place.name);
            prop_assert_eq!(store.shape(level).unwrap(), whole.shape());
            for numbers in &boxes {
                let (start, size) = box_in(whole.shape(), numbers);
                let got = store.read::<u16>(level, &start, &size, &Monitor::new()).unwrap();
                prop_assert_eq!(got, part(&whole, &start, &size));
            }
        }
    }
}

/// Threads that read boxes of all levels of one image concurrently, from chunks that do not all fit in the cache.
#[test]
fn threads_share_an_image() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let image: Array5<f32> = any::<f32>(&[1, 2, 9, 80, 70], 7).into_dimensionality().unwrap();
    let options = PyramidOptions::new().levels(Levels::Count(3)).chunk([2, 16, 16]);
    let written = write(&Volume::new("image", image.view()).unwrap(), &path, &options);
    let arrays: Vec<ArrayD<f32>> = written.levels.iter().map(|level| read_back(&path, &level.name)).collect();
    let store = ImageStore::open(&path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_usize {
            let (store, arrays) = (&store, &arrays);
            scope.spawn(move || {
                for round in 0..40 {
                    let level = (thread + round) % 3;
                    let whole = &arrays[level];
                    let random = |axis: usize| (thread * 7 + round * 13 + axis * 5) as f64 % 17.0 / 17.0;
                    let numbers: Vec<_> = (0..4).map(|axis| (random(axis), random(axis + 4))).collect();
                    let (start, shape) = box_in(whole.shape(), &numbers);
                    let got = store.read::<f32>(level, &start, &shape, &Monitor::new()).unwrap();
                    let expected = part(whole, &start, &shape);
                    assert!(got.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()) && got.shape() == shape);
                }
            });
        }
    });
}

fn sample(path: &Path, options: PyramidOptions) -> Array5<u8> {
    let image: Array5<u8> = any::<u8>(&[1, 2, 3, 21, 18], 3).into_dimensionality().unwrap();
    let volume = Volume::new("image", image.view()).unwrap().with_voxel_size([2.0, 0.5, 0.5], LengthUnit::Micrometer);
    write(&volume, path, &options.channel_names(["DAPI", "GFP"]));
    image
}

#[test]
fn what_a_store_says_of_itself() {
    let folder = TempDir::new().unwrap();
    let two = PyramidOptions::new().levels(Levels::Count(2));
    let single = PyramidOptions::new().levels(Levels::Count(1));
    let cases = [
        ("v3", two.clone(), "czyx", [1.0, 2.0, 0.5, 0.5]),
        ("v2", two.clone().format(ZarrFormat::V2), "czyx", [1.0, 2.0, 0.5, 0.5]),
        ("zcyx", two.clone().axes(AxisOrder::Zcyx), "zcyx", [2.0, 1.0, 0.5, 0.5]),
        ("single", single.clone(), "czyx", [1.0, 2.0, 0.5, 0.5]),
        ("single v2", single.format(ZarrFormat::V2), "czyx", [1.0, 2.0, 0.5, 0.5]),
    ];
    for (name, options, order, scale) in cases {
        let path = folder.path().join(name);
        sample(&path, options);
        let layout = ImageLayout::read(&path).unwrap();
        assert_eq!((layout.kind, layout.dtype), (ImageKind::Levels, DType::U8), "{name}");
        assert_eq!(layout.axes.iter().map(|axis| axis.name.as_str()).collect::<String>(), order, "{name}");
        for axis in &layout.axes {
            assert_eq!(axis.unit.as_deref(), (axis.name != "c").then_some("micrometer"), "{name}");
        }
        assert_eq!(layout.channels, [Some("DAPI".to_owned()), Some("GFP".to_owned())], "{name}");
        assert_eq!(layout.levels[0].scale, scale, "{name}");
        assert_eq!(layout.levels[0].translation, [0.0; 4], "{name}");
        if let Some(second) = layout.levels.get(1) {
            assert_eq!((second.scale[2], second.scale[3], second.translation[3]), (1.0, 1.0, 0.25), "{name}");
        }
    }

    let path = folder.path().join("differences");
    let image = any::<u8>(&[2, 3, 21, 18], 3);
    let volume = Volume::new("image", image.view()).unwrap().with_voxel_size([2.0, 0.5, 0.5], LengthUnit::Micrometer);
    let names = two.channel_names(["DAPI", "GFP"]);
    let options = LaplacianOptions::new(names);
    stack_to_ome_zarr_laplacian(&volume, &path, &options, &Monitor::new()).unwrap();
    let layout = ImageLayout::read(&path).unwrap();
    assert_eq!((layout.kind, layout.dtype, layout.levels.len()), (ImageKind::Laplacian, DType::U8, 2));
    assert_eq!(layout.channels, [Some("DAPI".to_owned()), Some("GFP".to_owned())]);
    assert_eq!(layout.levels[1].scale, [1.0, 2.0, 1.0, 1.0]);
    let error = ImageStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("got Laplacian, expected levels"), "{error}");
}

/// A pyramid of two levels under `folder`, and its metadata.
fn store_in(folder: &TempDir) -> (std::path::PathBuf, Value) {
    let path = folder.path().join("image.zarr");
    let options = PyramidOptions::new().levels(Levels::Count(2)).chunk([2, 16, 16]);
    sample(&path, options);
    let metadata = crate::json_file(&path.join("zarr.json"));
    (path, metadata)
}

/// Stores of other programs: transformations of the whole image, arrays in folders, axes without units or names.
#[test]
fn transformations_of_the_image_follow_those_of_the_level() {
    let folder = TempDir::new().unwrap();
    let (path, mut metadata) = store_in(&folder);
    std::fs::create_dir(path.join("scales")).unwrap();
    std::fs::rename(path.join("1"), path.join("scales/one")).unwrap();
    let image = json!([{
        "axes": [{ "name": "c" }, { "name": "z" }, { "name": "y" }, { "name": "x", "unit": "nanometer" }],
        "datasets": [
            { "path": "0", "coordinateTransformations": [{ "type": "scale", "scale": [1, 2, 3, 4] }] },
            { "path": "scales/one", "coordinateTransformations": [
                { "type": "scale", "scale": [1, 2, 6, 8] }, { "type": "translation", "translation": [0, 0, 1.5, 2] },
            ] },
        ],
        "coordinateTransformations": [{ "type": "scale", "scale": [1, 1, 10, 10] }],
    }]);
    metadata["attributes"] = json!({ "ome": { "version": "0.5", "multiscales": image } });
    std::fs::write(path.join("zarr.json"), metadata.to_string()).unwrap();
    let store = ImageStore::open(&path).unwrap();
    let layout = store.layout();
    assert_eq!(layout.levels[1].scale, [1.0, 2.0, 60.0, 80.0]);
    assert_eq!(layout.levels[1].translation, [0.0, 0.0, 15.0, 20.0]);
    assert_eq!((layout.axes[2].unit.as_deref(), layout.axes[3].unit.as_deref()), (None, Some("nanometer")));
    assert!(layout.channels.is_empty());
    let read = store.read::<u8>(1, &[1, 0, 3, 4], &[1, 3, 5, 5], &Monitor::new()).unwrap();
    assert_eq!(read, part(&read_back::<u8>(&path, "scales/one"), &[1, 0, 3, 4], &[1, 3, 5, 5]));
}

/// Changes the metadata of a store, and returns the error of opening it.
fn opened_after(change: impl FnOnce(&mut Value)) -> String {
    let folder = TempDir::new().unwrap();
    let (path, mut metadata) = store_in(&folder);
    change(&mut metadata);
    std::fs::write(path.join("zarr.json"), metadata.to_string()).unwrap();
    let error = ImageStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("image.zarr"), "{error}");
    error
}

#[test]
fn metadata_that_makes_no_image_is_refused_by_name() {
    type Change = fn(&mut Value);
    let image = "axes and datasets with scales and translations";
    let cases: [(Change, &str); 14] = [
        (|group| group["attributes"] = json!({}), "diff_0"),
        (|group| group["attributes"]["ome"] = json!({}), "levels with scales"),
        (|group| group["attributes"]["ome"]["multiscales"] = json!([7]), image),
        (|group| group["attributes"]["ome"]["multiscales"][0]["axes"] = json!(null), image),
        (|group| group["attributes"]["ome"]["multiscales"][0]["axes"] = json!([{ "name": "x" }]), image),
        (|group| group["attributes"]["ome"]["multiscales"][0]["axes"][1]["name"] = json!(1), image),
        (|group| group["attributes"]["ome"]["multiscales"][0]["datasets"] = json!([]), "at least one"),
        (|group| dataset(group)["path"] = json!("../image.zarr/1"), image),
        (|group| dataset(group)["path"] = json!("/"), image),
        (|group| dataset(group)["path"] = json!("nothing"), "nothing"),
        (|group| dataset(group)["coordinateTransformations"] = json!(null), image),
        (|group| dataset(group)["coordinateTransformations"][0]["type"] = json!("rotation"), image),
        (|group| dataset(group)["coordinateTransformations"][0]["scale"] = json!([1, 2, 3]), image),
        (|group| dataset(group)["coordinateTransformations"][0]["scale"] = json!([1, 2, 3, "4"]), image),
    ];
    for (change, expected) in cases {
        let error = opened_after(change);
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
}

/// The metadata of level 1.
fn dataset(group: &mut Value) -> &mut Value {
    &mut group["attributes"]["ome"]["multiscales"][0]["datasets"][1]
}

/// The metadata of an array without its checksum, as another program would write it.
fn unsealed(mut metadata: Value) -> String {
    metadata["attributes"]["qlty"].as_object_mut().unwrap().remove("checksum").unwrap();
    metadata.to_string()
}

/// Changes a field of the array of level 1, and returns the error of opening the image.
fn opened_with_level(field: &str, value: Value) -> String {
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let file = path.join("1/zarr.json");
    let mut metadata = crate::json_file(&file);
    metadata[field] = value;
    std::fs::write(file, unsealed(metadata)).unwrap();
    ImageStore::open(&path).unwrap_err().to_string()
}

#[test]
fn arrays_that_do_not_belong_together_are_refused_by_name() {
    for (field, value, expected) in [
        ("data_type", json!("uint16"), "expected uint8"),
        ("data_type", json!("string of my own"), "string of my own"),
        ("shape", json!([2, 3, 11]), "image.zarr/1"),
        ("shape", json!("none"), "image.zarr/1"),
        ("shape", json!([u64::MAX, u64::MAX, 11, 9]), "elements of an array"),
        ("node_type", json!("group"), "image.zarr/1"),
        ("codecs", json!([{ "name": "nobody knows" }]), "nobody knows"),
    ] {
        let error = opened_with_level(field, value);
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
    // A change that gives an array that would do.
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let file = path.join("1/zarr.json");
    let mut metadata = crate::json_file(&file);
    metadata["fill_value"] = json!(3);
    std::fs::write(&file, metadata.to_string()).unwrap();
    assert!(matches!(ImageStore::open(&path), Err(Error::Store(StoreError::Damaged { path, .. })) if path == file));
    std::fs::write(file, unsealed(metadata)).unwrap();
    ImageStore::open(&path).unwrap();
    // Fewer axes than the other level, in an intact array.
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    std::fs::remove_dir_all(path.join("1")).unwrap();
    let flat = any::<u8>(&[11, 9], 1);
    let options = PyramidOptions::new().levels(Levels::Count(1));
    write(&Volume::new("flat", flat.view()).unwrap(), &path.join("1"), &options);
    let error = ImageStore::open(&path).unwrap_err().to_string();
    assert!(error.contains("image.zarr/1") && error.contains("one of 4 axes"), "{error}");
    // A type other than that of the image.
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let store = ImageStore::open(&path).unwrap();
    let error = store.read::<u16>(0, &[0; 4], &[1; 4], &Monitor::new()).unwrap_err().to_string();
    assert!(error.contains("image.zarr/0") && error.contains("uint16"), "{error}");
}

#[test]
fn what_is_no_image_is_refused_by_name() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("empty")).unwrap();
    std::fs::write(at("file"), b"no folder").unwrap();
    std::fs::create_dir(at("broken")).unwrap();
    std::fs::write(at("broken/zarr.json"), b"{").unwrap();
    for name in ["nothing", "empty", "file", "broken"] {
        let error = ImageLayout::read(at(name)).unwrap_err().to_string();
        assert!(error.contains(name), "{error}, expected {name}");
    }
}

/// A corrupted or truncated chunk fails the boxes that need it, naming its file, and no others.
#[test]
fn a_damaged_chunk_is_named() {
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let image = read_back::<u8>(&path, "0");
    let file = path.join("0/c/1/0/1/0");
    let whole = std::fs::read(&file).unwrap();
    for bytes in [&whole[..whole.len() / 2], b"", &vec![0xff; whole.len()]] {
        std::fs::write(&file, bytes).unwrap();
        let store = ImageStore::open(&path).unwrap();
        let error = store.read::<u8>(0, &[0; 4], &[2, 3, 21, 18], &Monitor::new()).unwrap_err();
        assert!(matches!(&error, Error::Store(StoreError::Damaged { path, .. }) if *path == file), "{error:?}");
        let first = store.read::<u8>(0, &[0; 4], &[1, 3, 21, 18], &Monitor::new()).unwrap();
        assert_eq!(first, part(&image, &[0; 4], &[1, 3, 21, 18]));
        store.read::<u8>(1, &[0; 4], &[2, 3, 11, 9], &Monitor::new()).unwrap();
    }
    // A file that the system cannot read is not reported as corrupted.
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let error = ImageStore::open(&path).unwrap().read::<u8>(0, &[0; 4], &[2, 3, 21, 18], &Monitor::new()).unwrap_err();
    assert!(matches!(&error, Error::Store(StoreError::Zarr { path, .. }) if *path == file), "{error:?}");
}

/// A missing chunk consists of the fill value, however large the metadata says it is.
#[test]
fn a_chunk_beyond_memory_is_an_error() {
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let file = path.join("0/zarr.json");
    let mut metadata = crate::json_file(&file);
    metadata["shape"] = json!([2, 3, 1_u64 << 50, 18]);
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = json!([1, 2, 1_u64 << 50, 16]);
    std::fs::write(file, unsealed(metadata)).unwrap();
    std::fs::remove_dir_all(path.join("0/c")).unwrap();
    let store = ImageStore::open(&path).unwrap();
    let error = store.read::<u8>(0, &[0; 4], &[1, 1, 2, 2], &Monitor::new()).unwrap_err().to_string();
    assert!(error.contains("memory"), "{error}");
}

#[test]
fn boxes_beyond_the_image_are_refused() {
    let folder = TempDir::new().unwrap();
    let (path, _) = store_in(&folder);
    let store = ImageStore::open(&path).unwrap();
    for (start, shape) in [
        (vec![0; 3], vec![1; 3]),
        (vec![0; 4], vec![1; 3]),
        (vec![0, 0, 0, 18], vec![1; 4]),
        (vec![0, 0, 21, 0], vec![1; 4]),
        (vec![usize::MAX, 0, 0, 0], vec![1; 4]),
        (vec![1, 0, 0, 0], vec![usize::MAX, 1, 1, 1]),
    ] {
        let error = store.read::<u8>(0, &start, &shape, &Monitor::new()).unwrap_err().to_string();
        assert!(error.contains("a box within [2, 3, 21, 18]"), "{error}");
    }
    assert_eq!(store.read::<u8>(0, &[2, 3, 21, 18], &[0; 4], &Monitor::new()).unwrap().len(), 0);
    let error = store.read::<u8>(2, &[0; 4], &[1; 4], &Monitor::new()).unwrap_err().to_string();
    assert!(error.contains("level: got 2") && error.contains("below 2"), "{error}");
    let monitor = Monitor::new();
    monitor.cancel();
    let error = store.read::<u8>(0, &[0; 4], &[2, 3, 21, 18], &monitor).unwrap_err().to_string();
    assert!(error.contains("cancelled"), "{error}");
}
