//! Verifying what is on disk: the bytes that are stored, against reading them.

use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array3, Array4};
use qlty_core::{Monitor, NcyxQuilt};
use qlty_large::{LargeQuilt, Std};
use qlty_pairs::{PairOptions, PatchPairDataset, StoreOptions, extract_patch_pairs_metadata, extract_patches_to_zarr};
use qlty_pyramid::{PyramidOptions, Volume, stack_to_ome_zarr};
use rayon::prelude::*;

use super::against;

/// Smooth, with noise in the low-order digits.
fn value(i: usize) -> f32 {
    let noise = ((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / (1 << 24) as f32;
    (i as f32 / 5000.0).sin() + 0.1 * noise
}

pub(super) fn run(wanted: &impl Fn(&str) -> bool) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if wanted("large.verify") {
        let quilt = NcyxQuilt::builder([2048, 2048], [256; 2], [192; 2]).border(16).build().expect("a geometry");
        let large = LargeQuilt::<f32, 2>::builder(&quilt, 2, folder.path().join("large")).channels(3).std(Std::Within);
        let large = large.create().expect("a new result");
        let patches = Array4::from_shape_fn((1, 3, 256, 256), |(_, c, y, x)| value((c * 256 + y) * 256 + x));
        for index in large.pending() {
            large.stitch(&[index], patches.view(), Some(patches.view())).expect("space");
        }
        large.finish().expect("all patches");
        let verify = || assert!(large.verify(None, &Monitor::new()).expect("readable").is_empty());
        against_reading("large.verify", folder.path(), verify);
    }
    let noise = |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) >> 40;
    if wanted("pairs.verify") {
        let images = Array4::from_shape_fn((20, 3, 256, 256), |(n, c, y, x)| value(((n * 3 + c) * 256 + y) * 256 + x));
        let options = PairOptions::new([64, 64], 50, (16.0, 20.0));
        let metadata = extract_patch_pairs_metadata(&images.view(), &options).expect("pairs fit");
        let (path, store) = (folder.path().join("pairs"), StoreOptions::new());
        extract_patches_to_zarr(&images.view(), &metadata, None, &path, &store, &Monitor::new()).expect("space");
        let dataset = PatchPairDataset::<f32, 2>::open(&path).expect("a store");
        let verify = || assert!(dataset.verify(None, &Monitor::new()).expect("readable").is_empty());
        against_reading("pairs.verify", &path, verify);
    }
    if wanted("pyr.verify") {
        let pixels = Array3::from_shape_fn((128, 1024, 1024), |(z, y, x)| {
            (1000.0 * (2.0 + (x as f32 / 90.0).sin() + (y as f32 / 70.0).cos())) as u16
                + (noise((z * 1024 + y) * 1024 + x) % 64) as u16
        });
        let (path, source) = (folder.path().join("pyramid"), Volume::new("noise", pixels.view()).expect("an image"));
        stack_to_ome_zarr(&source, &path, &PyramidOptions::new(), &Monitor::new()).expect("space");
        let verify =
            || assert!(qlty_core::zarr::verify_all(&path, None, &Monitor::new()).expect("readable").is_empty());
        against_reading("pyr.verify", &path, verify);
    }
}

/// Prints the time of `verify` against that of reading the files of a folder.
fn against_reading(name: &str, folder: &Path, verify: impl FnMut()) {
    let (mut files, mut folders) = (Vec::<PathBuf>::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    let bytes: u64 = files.iter().map(|file| file.metadata().expect("a file").len()).sum();
    let read = || files.par_iter().for_each(|file| drop(fs::read(file).expect("a file")));
    against(name, &format!("reading {bytes} bytes"), read, verify);
}
