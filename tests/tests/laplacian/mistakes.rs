//! Errors name the store, the array or the argument, and leave nothing behind.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use ndarray::Array3;
use qlty_pyramid::{
    ArrayMut, DType, Error, Halving, Interpolation, LaplacianOptions, LaplacianStore, Levels, Monitor, PlaneSource,
    PyramidOptions, ReconstructOptions, Volume, laplacian_dtype, reconstruct_from_laplacian,
    stack_to_ome_zarr_laplacian,
};
use serde_json::{Value, json};
use tempfile::tempdir;

fn volume() -> Array3<u16> {
    Array3::from_shape_fn([6, 40, 50], |(z, y, x)| (z * 5000 + y * 101 + x * x * 7) as u16)
}

fn options() -> LaplacianOptions {
    let image = PyramidOptions::new().levels(Levels::Count(3)).chunk([2, 16, 16]);
    LaplacianOptions::new(image)
}

fn write(path: &Path, options: &LaplacianOptions) {
    let volume = volume();
    let source = Volume::new("volume", volume.view()).unwrap();
    stack_to_ome_zarr_laplacian(&source, path, options, &Monitor::new()).unwrap();
}

fn everything(path: &Path) -> Result<ndarray::ArrayD<u16>, Error> {
    LaplacianStore::open(path)?.read(0, &[0; 3], &[6, 40, 50], &Monitor::new())
}

fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut json: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut json);
    // Of an array: as another program would write it.
    if let Some(ours) = json["attributes"]["qlty"].as_object_mut() {
        ours.remove("checksum");
    }
    fs::write(path, json.to_string()).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Damages an intact store and returns the error of reading it.
fn damaged(damage: impl FnOnce(&Path)) -> String {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.zarr");
    write(&path, &options());
    assert_eq!(everything(&path).unwrap(), volume().into_dyn());
    damage(&path);
    let said = everything(&path).unwrap_err().to_string();
    assert!(said.contains("store.zarr"), "{said}");
    // The same error when it is written, and then nothing is written.
    let target = folder.path().join("target.zarr");
    let written = reconstruct_from_laplacian(&path, &target, &ReconstructOptions::default(), &Monitor::new());
    assert!(written.unwrap_err().to_string().contains("store.zarr"));
    assert_eq!(names(folder.path()), ["store.zarr"]);
    said
}

#[test]
fn damaged_stores() {
    fn stated(path: &Path, key: &str, value: Value) {
        change(&path.join("zarr.json"), |json| json["attributes"]["qlty"]["laplacian_pyramid"][key] = value);
    }
    type Damage = Box<dyn FnOnce(&Path)>;
    let cases: [(&str, Damage); 14] = [
        ("diff_1", Box::new(|path| fs::remove_dir_all(path.join("diff_1")).unwrap())),
        ("diff_0", Box::new(|path| change(&path.join("diff_0/zarr.json"), |json| json["shape"] = json!([6, 12, 50])))),
        ("diff_1", Box::new(|path| change(&path.join("diff_1/zarr.json"), |json| json["shape"] = json!([5, 20, 25])))),
        ("diff_0", Box::new(|path| change(&path.join("diff_0/zarr.json"), |json| json["data_type"] = json!("uint16")))),
        ("diff_0", Box::new(|path| fs::write(path.join("diff_0/c/0/0/0"), "no chunk").unwrap())),
        ("2", Box::new(|path| fs::write(path.join("2/c/0/0/0"), "").unwrap())),
        ("2", Box::new(|path| change(&path.join("2/zarr.json"), |json| json["data_type"] = json!("bool")))),
        ("version", Box::new(|path| stated(path, "version", json!(2)))),
        ("interpolation", Box::new(|path| stated(path, "interpolation", json!("lanczos")))),
        ("differences", Box::new(|path| stated(path, "differences", json!(["diff_0", "../diff_1"])))),
        ("base", Box::new(|path| stated(path, "base", json!("/etc")))),
        ("smallest level", Box::new(|path| stated(path, "base", Value::Null))),
        // Zero instead of 17500 and more: outside the range that differences can compensate.
        ("diff_", Box::new(|path| fs::remove_dir_all(path.join("2/c/2")).unwrap())),
        ("store.zarr", Box::new(|path| fs::remove_file(path.join("zarr.json")).unwrap())),
    ];
    for (index, (named, damage)) in cases.into_iter().enumerate() {
        let said = damaged(damage);
        assert!(said.contains(named), "case {index}: {said}");
    }
}

#[test]
fn what_is_no_store() {
    let folder = tempdir().unwrap();
    let nothing = folder.path().join("nothing");
    assert!(LaplacianStore::open(&nothing).unwrap_err().to_string().contains("nothing"));
    assert!(!nothing.exists(), "looking does not make a folder");
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    fs::write(empty.join("zarr.json"), r#"{"zarr_format":3,"node_type":"group"}"#).unwrap();
    let said = laplacian_dtype(&empty).unwrap_err().to_string();
    assert!(said.contains("empty") && said.contains("diff_0"), "{said}");
    write(&folder.path().join("good"), &options());
    let good = LaplacianStore::open(folder.path().join("good")).unwrap();
    let said = good.read::<f32>(0, &[0; 3], &[1; 3], &Monitor::new()).unwrap_err().to_string();
    assert!(said.contains("uint16"), "{said}");
}

#[test]
fn boxes_outside_and_levels_that_are_not_there() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.zarr");
    write(&path, &options());
    let store = LaplacianStore::open(&path).unwrap();
    let monitor = Monitor::new();
    for (level, start, shape) in [
        (3, vec![0; 3], vec![1; 3]),
        (0, vec![0; 2], vec![1; 2]),
        (0, vec![0, 0, 40], vec![1, 1, 11]),
        (1, vec![0, 20, 0], vec![1, 1, 1]),
        (0, vec![usize::MAX, 0, 0], vec![2, 1, 1]),
    ] {
        let error = store.read::<u16>(level, &start, &shape, &monitor).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
    assert_eq!(store.read::<u16>(0, &[6, 40, 50], &[0, 0, 0], &monitor).unwrap().len(), 0);
    monitor.cancel();
    let stopped = store.read::<u16>(0, &[0; 3], &[1; 3], &monitor);
    assert!(matches!(stopped, Err(Error::Core(qlty_core::Error::Cancelled))));
}

#[test]
fn a_store_without_its_smallest_level() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.zarr");
    write(&path, &options().store_base(false));
    assert_eq!(names(&path), ["diff_0", "diff_1", "zarr.json"]);
    let said = everything(&path).unwrap_err().to_string();
    assert!(said.contains("store.zarr") && said.contains("smallest level"), "{said}");
}

#[test]
fn options_that_make_no_pyramid() {
    let folder = tempdir().unwrap();
    let volume = volume();
    let source = Volume::new("volume", volume.view()).unwrap();
    let with = |change: fn(&mut LaplacianOptions)| {
        let mut options = options();
        change(&mut options);
        options
    };
    for options in [
        with(|options| options.image.halving = Halving::Volume),
        with(|options| options.image.levels = Levels::Count(0)),
        with(|options| options.difference_codec = qlty_pyramid::Codec::Zstd(99)),
        with(|options| (options.store_base, options.image.levels) = (false, Levels::Count(1))),
    ] {
        let path = folder.path().join("store.zarr");
        assert!(stack_to_ome_zarr_laplacian(&source, &path, &options, &Monitor::new()).is_err());
        assert_eq!(names(folder.path()), [""; 0]);
    }
    // With one level there is only the smallest one.
    let path = folder.path().join("one.zarr");
    write(&path, &with(|options| options.image.levels = Levels::Count(1)));
    assert_eq!(names(&path), ["0", "zarr.json"]);
    assert_eq!(everything(&path).unwrap(), volume.into_dyn());
}

/// A volume with a plane that cannot be read the first few times.
struct Failing {
    volume: Array3<u16>,
    plane: usize,
    failures: AtomicUsize,
}

impl PlaneSource for Failing {
    fn name(&self) -> &str {
        "failing"
    }
    fn shape(&self) -> [usize; 5] {
        let (depth, height, width) = self.volume.dim();
        [1, 1, depth, height, width]
    }
    fn dtype(&self) -> DType {
        DType::U16
    }
    fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<(), Error> {
        if z == self.plane && self.failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(std::io::Error::other("the disk is gone"))
                .map_err(|source| Error::Io { path: "plane".into(), source });
        }
        Volume::new("failing", self.volume.view())?.read_plane(t, z, planes)
    }
}

#[test]
fn a_failure_leaves_nothing_or_what_can_be_gone_on_with() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.zarr");
    let source = Failing { volume: volume(), plane: 5, failures: AtomicUsize::new(2) };
    let mut options = options();
    options.image.memory = 1;
    let run = |options: &LaplacianOptions| stack_to_ome_zarr_laplacian(&source, &path, options, &Monitor::new());
    assert!(run(&options).unwrap_err().to_string().contains("the disk is gone"));
    assert_eq!(names(folder.path()), [""; 0]);

    options.image.resume = true;
    assert!(run(&options).is_err());
    assert_eq!(names(folder.path()), ["store.zarr.partial"]);
    let other = options.clone().interpolation(Interpolation::Bicubic);
    let said = run(&other).unwrap_err().to_string();
    assert!(said.contains("interpolation"), "{said}");
    run(&options).unwrap();
    assert_eq!(names(folder.path()), ["store.zarr"]);
    assert_eq!(everything(&path).unwrap(), volume().into_dyn());
    assert!(!path.join("qlty-run.json").exists());
}

#[test]
fn who_cancels_gets_nothing() {
    let folder = tempdir().unwrap();
    let good = folder.path().join("good.zarr");
    write(&good, &options());
    let volume = volume();
    let source = Volume::new("volume", volume.view()).unwrap();
    let target = folder.path().join("target.zarr");
    let monitor = Monitor::new();
    monitor.cancel();
    assert!(stack_to_ome_zarr_laplacian(&source, &target, &options(), &monitor).is_err());
    assert!(reconstruct_from_laplacian(&good, &target, &ReconstructOptions::default(), &monitor).is_err());
    assert_eq!(names(folder.path()), ["good.zarr"]);
    // An existing store is kept, unless it may be replaced.
    let again = reconstruct_from_laplacian(&good, &good, &ReconstructOptions::default(), &Monitor::new());
    assert!(again.unwrap_err().to_string().contains("good.zarr"));
    assert_eq!(everything(&good).unwrap(), volume.clone().into_dyn());
}
