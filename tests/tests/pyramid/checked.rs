//! Stores in which a changed or missing file is found.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::Array5;
use qlty_core::zarr::{ArrayReader, verify};
use qlty_pyramid::{
    LaplacianOptions, Levels, Monitor, PyramidOptions, ReconstructOptions, Volume, ZarrFormat,
    reconstruct_from_laplacian, stack_to_ome_zarr_laplacian,
};
use qlty_tests::sample::any;
use tempfile::TempDir;

use crate::{tree, write};

/// The chunk files of an array.
fn chunks(array: &Path) -> Vec<PathBuf> {
    let is_metadata = |name: &str| name.ends_with("zarr.json") || name.contains(".z");
    tree(array).into_keys().filter(|name| !is_metadata(name)).map(|name| array.join(name)).collect()
}

/// Changes and removes files of an array: with checksums, each change is found.
fn check(array: &Path, has_checksums: bool) {
    let faults = || verify(array, None, &Monitor::new()).unwrap();
    let files = chunks(array);
    assert_eq!(ArrayReader::open(array, 0).unwrap().file_count(), Some(files.len() as u64), "{}", array.display());
    assert!(faults().is_empty());
    let file = &files[files.len() / 2];
    let whole = fs::read(file).unwrap();
    if has_checksums {
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 4;
            fs::write(file, changed).unwrap();
            assert!(matches!(&faults()[..], [fault] if fault.file == *file), "{}, byte {at}", file.display());
        }
    }
    fs::remove_file(file).unwrap();
    let what = format!("has {} chunk files, but {} were written", files.len() - 1, files.len());
    assert!(matches!(&faults()[..], [fault] if fault.what == what && fault.file == array));
    fs::write(file, whole).unwrap();
    assert!(faults().is_empty());
}

#[test]
fn each_array_of_each_kind_of_store() {
    let folder = TempDir::new().unwrap();
    let mut image: Array5<u16> = any::<u16>(&[2, 2, 9, 40, 50], 3).into_dimensionality().unwrap();
    // Chunks of zeros have no files.
    image.slice_mut(ndarray::s![0, .., .., .., ..]).fill(0);
    let volume = Volume::new("image", image.view()).unwrap();
    let usual = || PyramidOptions::new().levels(Levels::Count(2)).chunk([3, 16, 16]).codec("none".parse().unwrap());
    let v2 = usual().format(ZarrFormat::V2);
    for (name, options) in [
        ("v3", usual()),
        ("single", usual().levels(Levels::Count(1))),
        ("sharded", usual().shard([6, 32, 32])),
        ("resumable", usual().resume(true)),
        ("compressed", usual().codec(PyramidOptions::CODEC)),
        ("v2", v2.clone()),
        ("v2 single", v2.levels(Levels::Count(1))),
    ] {
        let path = folder.path().join(name);
        for level in &write(&volume, &path, &options).levels {
            check(&path.join(&level.name), options.format == ZarrFormat::V3);
        }
    }
    let (laplacian, back) = (folder.path().join("laplacian"), folder.path().join("back"));
    let options = LaplacianOptions::new(usual()).difference_codec("none".parse().unwrap());
    let written = stack_to_ome_zarr_laplacian(&volume, &laplacian, &options, &Monitor::new()).unwrap();
    for level in &written.levels {
        check(&laplacian.join(&level.name), true);
    }
    reconstruct_from_laplacian(&laplacian, &back, &ReconstructOptions::new(), &Monitor::new()).unwrap();
    check(&back, true);
}
