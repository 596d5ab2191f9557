//! Damaged and missing files of a store are found.

use std::fs;
use std::path::Path;

use qlty_core::zarr::Damage;
use qlty_pairs::dynamic::AnyDataset;
use qlty_pairs::{Codec, Error, Monitor, PatchPairDataset, Positions, StoreOptions};

use crate::{images, metadata, write};

const SHAPE: [usize; 4] = [3, 2, 30, 33];

/// Writes a store of 21 pairs, 4 to a file.
fn store(path: &Path, codec: Codec) {
    let options = StoreOptions::new().positions(Positions::Pixels).codec(codec).chunk(vec![4, 2, 8, 8]);
    write(&images::<f32, 2>(&SHAPE, 3).view(), &metadata(&SHAPE, [8, 8], 7), path, &options).unwrap();
}

fn verify(path: &Path) -> Vec<Damage> {
    PatchPairDataset::<f32, 2>::open(path).unwrap().verify(None, &Monitor::new()).unwrap()
}

#[test]
fn a_file_that_has_changed_or_is_cut_short_is_named() {
    for codec in [Codec::None, Codec::Zstd(1), Codec::BloscLz4(5)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.zarr");
        store(&path, codec);
        assert!(verify(&path).is_empty());
        let file = path.join("patches2/c/3/0/0/0");
        let whole = fs::read(&file).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 20) {
            let mut changed = whole.clone();
            changed[at] ^= 16;
            for damaged in [&changed[..], &whole[..at]] {
                fs::write(&file, damaged).unwrap();
                let found = verify(&path);
                assert!(matches!(&found[..], [damage] if damage.file == file), "{found:?}");
            }
        }
    }
}

#[test]
fn an_array_that_lacks_a_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    store(&path, Codec::default());
    fs::remove_file(path.join("patches1/c/0/0/0/0")).unwrap();
    let missing = Damage::new(path.join("patches1"), "has 5 chunk files, but 6 were written");
    assert_eq!(verify(&path), [missing]);
}

/// The smaller arrays are in memory once a store is open, so what happens to their files is noticed only here.
#[test]
fn every_array_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    store(&path, Codec::default());
    let (dataset, monitor) = (AnyDataset::open(&path).unwrap(), Monitor::new());
    assert!(dataset.verify(None, &monitor).unwrap().is_empty());
    assert_eq!((monitor.done(), monitor.total()), (16, 16));
    let files = ["patches1/c/5/0/0/0", "patches2/c/0/0/0/0", "deltas/c/0/0", "rotations/c/0", "positions1/c/0/0"];
    let files: Vec<_> = files.into_iter().chain(["positions2/c/0/0"]).map(|file| path.join(file)).collect();
    for file in &files {
        let whole = fs::read(file).unwrap();
        fs::write(file, &whole[..whole.len() - 1]).unwrap();
    }
    let found = dataset.verify(None, &monitor).unwrap();
    assert_eq!(found.iter().map(|damage| &damage.file).collect::<Vec<_>>(), files.iter().collect::<Vec<_>>());
    // Files 0 and 8 of 16.
    assert!(dataset.verify(Some(2), &monitor).unwrap().is_empty());
    assert_eq!((monitor.done(), monitor.total()), (2, 2));
    monitor.cancel();
    let cancelled = dataset.verify(None, &monitor);
    assert!(matches!(cancelled, Err(Error::Core(qlty_core::Error::Cancelled))), "{cancelled:?}");
}
