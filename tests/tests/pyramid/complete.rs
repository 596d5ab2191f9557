//! Runs that resume where there is nothing left to do.

use std::path::Path;
use std::time::{Duration, SystemTime};

use qlty_pyramid::{
    Error, Existing, LaplacianOptions, Levels, Method, Monitor, PyramidJob, PyramidOptions, SlicePattern, Stack,
    Volume, ZarrFormat, plan_laplacian, plan_pyramid, stack_to_ome_zarr, stack_to_ome_zarr_laplacian,
    stacks_to_ome_zarr,
};
use tempfile::TempDir;

use crate::{names, tree, write};

fn slices(folder: &Path) -> Stack {
    std::fs::create_dir(folder).unwrap();
    for z in 0..4_u16 {
        let file = std::fs::File::create(folder.join(format!("cell_{z}.tif"))).unwrap();
        let mut encoder = tiff::encoder::TiffEncoder::new(file).unwrap();
        encoder.write_image::<tiff::encoder::colortype::Gray16>(8, 8, &[z + 1; 64]).unwrap();
    }
    open(folder)
}

fn open(folder: &Path) -> Stack {
    let sets = SlicePattern::new("tif", r"(\w+)_(\d+)\.tif$").unwrap().find(folder).unwrap();
    Stack::from_slices(&sets[0]).unwrap()
}

fn is_exists(result: &Result<qlty_pyramid::Pyramid, Error>) -> bool {
    matches!(result, Err(Error::Store(qlty_core::zarr::Error::Exists { .. })))
}

#[test]
fn a_complete_store_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let stack = slices(&folder.path().join("slices"));
    let path = folder.path().join("store");
    let usual = || PyramidOptions::new().levels(Levels::Count(2));
    for options in [usual(), usual().levels(Levels::Count(1)), usual().format(ZarrFormat::V2)] {
        // It need not have been written by a run that could be resumed.
        assert_eq!(write(&stack, &path, &options).existing, Existing::None);
        let before = tree(&path);
        let resumes = options.clone().resume(true);
        for resumes in [resumes.clone(), resumes.clone().memory(1 << 20), resumes.clone().overwrite(true)] {
            assert_eq!(write(&stack, &path, &resumes).existing, Existing::Complete);
        }
        let other = resumes.clone().method(Method::Max);
        let planned = plan_pyramid(&stack, &path, &other).unwrap().existing;
        assert_eq!(planned, Existing::Different(vec!["method".to_owned()]));
        assert!(is_exists(&stack_to_ome_zarr(&stack, &path, &other, &Monitor::new())));
        assert!(is_exists(&stack_to_ome_zarr(&stack, &path, &options, &Monitor::new())));
        assert_eq!(tree(&path), before);
        assert_eq!(names(folder.path()), ["slices", "store"]);
        // No path of the user's is in the store.
        let root = folder.path().to_str().unwrap();
        assert!(before.values().all(|bytes| !String::from_utf8_lossy(bytes).contains(root)));
        std::fs::remove_dir_all(&path).unwrap();
    }
}

#[test]
fn a_run_that_replaces_a_store_is_resumed() {
    let folder = TempDir::new().unwrap();
    let stack = slices(&folder.path().join("slices"));
    let path = folder.path().join("store");
    let options = PyramidOptions::new().resume(true).overwrite(true);
    write(&stack, &path, &options);
    let before = tree(&path);
    std::fs::write(path.join("c/0/0/0"), "damaged").unwrap();
    // Left by a run that was killed while it wrote the store anew.
    std::fs::create_dir(folder.path().join("store.partial")).unwrap();
    assert_eq!(write(&stack, &path, &options).existing, Existing::None);
    assert_eq!(tree(&path), before);
    assert_eq!(names(folder.path()), ["slices", "store"]);
}

#[test]
fn a_laplacian_store_is_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let stack = slices(&folder.path().join("slices"));
    let path = folder.path().join("store");
    let options = LaplacianOptions::new(PyramidOptions::new().levels(Levels::Count(2)).resume(true));
    let run = |options: &LaplacianOptions| stack_to_ome_zarr_laplacian(&stack, &path, options, &Monitor::new());
    assert_eq!(run(&options).unwrap().existing, Existing::None);
    assert_eq!(run(&options).unwrap().existing, Existing::Complete);
    let other = options.clone().store_base(false);
    assert!(is_exists(&run(&other)));
    let planned = plan_laplacian(&stack, &path, &other).unwrap().existing;
    assert_eq!(planned, Existing::Different(vec!["smallest level stored".to_owned()]));
    // Another command.
    let planned = plan_pyramid(&stack, &path, &options.image).unwrap().existing;
    assert_eq!(planned, Existing::Different(vec!["command".to_owned()]));
}

#[test]
fn other_inputs_are_noticed() {
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("slices");
    let (stack, path) = (slices(&input), folder.path().join("store"));
    let options = PyramidOptions::new().resume(true);
    write(&stack, &path, &options);
    let slice = std::fs::File::options().write(true).open(input.join("cell_2.tif")).unwrap();
    slice.set_modified(SystemTime::now() + Duration::from_secs(5)).unwrap();
    let planned = plan_pyramid(&open(&input), &path, &options).unwrap().existing;
    assert_eq!(planned, Existing::Different(vec!["input files".to_owned()]));
    // Whether pixels in memory are the same is not known.
    let pixels = ndarray::Array3::<u16>::ones((2, 8, 8));
    let (volume, memory) = (Volume::new("memory", pixels.view()).unwrap(), folder.path().join("memory"));
    write(&volume, &memory, &options);
    assert!(is_exists(&stack_to_ome_zarr(&volume, &memory, &options, &Monitor::new())));
}

#[test]
fn of_several_images_those_that_are_left_are_written() {
    let folder = TempDir::new().unwrap();
    let stack = slices(&folder.path().join("slices"));
    let pixels = ndarray::Array3::<u16>::ones((2, 8, 8));
    let volume = Volume::new("memory", pixels.view()).unwrap();
    let options = PyramidOptions::new().resume(true);
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    write(&stack, &a, &options);
    let jobs = [PyramidJob::new(&stack, &a, options.clone()), PyramidJob::new(&volume, &b, options)];
    let written = stacks_to_ome_zarr(&jobs, &Monitor::new()).unwrap();
    assert_eq!((&written["cell"].existing, &written["memory"].existing), (&Existing::Complete, &Existing::None));
    assert!(b.exists());
}
