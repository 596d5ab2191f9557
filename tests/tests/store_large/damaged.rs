//! Each kind of damage on disk is reported separately.

use std::fs;
use std::path::{Path, PathBuf};

use qlty_core::{NcyxQuilt, zarr};
use qlty_large::{Codec, Error, LargeQuilt, Std};

use crate::{IMAGES, Job};

/// Starts a result with a checkpoint; returns the folder and the files of sums.
fn begun() -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let large = Job::all(0).builder(&folder.path().join("result")).create().unwrap();
    large.pending()[..30].iter().for_each(|index| Job::stitch(&large, *index).unwrap());
    large.checkpoint().unwrap();
    drop(large);
    let state = folder.path().join("result_state");
    let mut sums: Vec<_> = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).collect();
    sums.retain(|path| path.extension().is_some_and(|extension| extension == "sums"));
    sums.sort();
    assert!(sums.len() > 1);
    (folder, sums)
}

fn refused(folder: &Path) -> Error {
    Job::all(0).builder(&folder.join("result")).create_or_open().map(drop).unwrap_err()
}

#[test]
fn another_geometry() {
    let (folder, _) = begun();
    let path = folder.path().join("result");
    let refused = |quilt: &NcyxQuilt, images, std| {
        LargeQuilt::<f32, 2>::builder(quilt, images, &path).std(std).open().map(drop).unwrap_err().to_string()
    };
    let other = NcyxQuilt::builder([61, 70], [16, 20], [8, 9]).border([3, 2]).border_weight(0.3).build().unwrap();
    let text = refused(&other, IMAGES, Std::Within);
    let expected = r#"was created with border_weight 0.1, step [7,9]; given now: border_weight 0.3, step [8,9]"#;
    assert!(text.ends_with(expected), "{text}");
    let text = refused(&Job::quilt(), IMAGES + 1, Std::Within);
    assert!(text.ends_with("was created with images 2; given now: images 3"), "{text}");
    let text = refused(&Job::quilt(), IMAGES, Std::Total);
    assert!(text.ends_with(r#"was created with std "within"; given now: std "total""#), "{text}");
    let double = LargeQuilt::<f64, 2>::builder(&Job::quilt(), IMAGES, &path).std(Std::Within).open();
    assert!(matches!(double, Err(Error::Geometry { .. })));
    let codec = Job::all(0).builder(&path).codec(Codec::None).open();
    assert!(matches!(codec, Err(Error::Geometry { .. })));
    assert!(matches!(Job::all(0).builder(&path).create(), Err(Error::Zarr(zarr::Error::Exists { .. }))));
    // Options that are not given are read from disk.
    let large = LargeQuilt::<f32, 2>::builder(&Job::quilt(), IMAGES, &path).std(Std::Within).open().unwrap();
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
}

#[test]
fn a_folder_of_something_else() {
    for name in ["result_mean.zarr", "result_std.zarr"] {
        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join(name);
        fs::create_dir(&other).unwrap();
        fs::write(other.join("thesis.txt"), "mine").unwrap();
        assert!(matches!(refused(folder.path()), Error::Foreign { .. }), "{}", refused(folder.path()));
        fs::write(other.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
        assert!(matches!(refused(folder.path()), Error::Foreign { .. }));
        assert_eq!(fs::read_dir(&other).unwrap().count(), 2);
        fs::remove_dir_all(&other).unwrap();
        fs::write(&other, "a file").unwrap();
        assert!(matches!(refused(folder.path()), Error::Foreign { .. }));
        fs::remove_file(&other).unwrap();
        // A killed process may leave an empty folder.
        fs::create_dir(&other).unwrap();
        assert!(Job::all(0).builder(&folder.path().join("result")).create().is_ok());
    }
}

#[test]
fn a_state_file_cut_short_or_changed() {
    let (folder, sums) = begun();
    let whole = fs::read(&sums[0]).unwrap();
    for len in [0, 7, 60, whole.len() / 2, whole.len() - 1] {
        fs::write(&sums[0], &whole[..len]).unwrap();
        let error = refused(folder.path());
        assert!(
            matches!(&error, Error::Truncated { path, got, .. } if *path == sums[0] && *got == len as u64),
            "{error}"
        );
    }
    let mut changed = whole.clone();
    changed[60] ^= 1;
    fs::write(&sums[0], &changed).unwrap();
    assert!(matches!(refused(folder.path()), Error::Checksum { path, .. } if path == sums[0]));
    // Damage to the sums themselves is detected when they are needed.
    changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    fs::write(&sums[0], &changed).unwrap();
    let large = Job::all(0).builder(&folder.path().join("result")).open().unwrap();
    let errors: Vec<_> = large.pending().into_iter().filter_map(|index| Job::stitch(&large, index).err()).collect();
    assert!(!errors.is_empty());
    assert!(errors.iter().all(|error| matches!(error, Error::Checksum { path, .. } if *path == sums[0])));
    assert!(large.finish().is_err());
    drop(large);
    // The file of another tile, or of another result.
    fs::write(&sums[0], fs::read(&sums[1]).unwrap()).unwrap();
    assert!(matches!(refused(folder.path()), Error::Zarr(zarr::Error::Store { path, .. }) if path == sums[0]));
    // Without it, its patches are pending again.
    fs::remove_file(&sums[0]).unwrap();
    let large = Job::all(0).builder(&folder.path().join("result")).open().unwrap();
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
}

#[test]
fn metadata_cut_short_or_changed() {
    for name in ["result_mean.zarr", "result_std.zarr"] {
        let (folder, _) = begun();
        let path = folder.path().join(name).join("zarr.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(matches!(refused(folder.path()), Error::Truncated { path: file, .. } if file == path));
        fs::write(&path, text.replace("\"within\"", "\"without\"")).unwrap();
        assert!(matches!(refused(folder.path()), Error::Checksum { path: file, .. } if file == path));
        fs::write(&path, text.replacen('{', "?", 1)).unwrap();
        assert!(matches!(refused(folder.path()), Error::Zarr(zarr::Error::Zarr { path: file, .. }) if file == path));
    }
}

#[test]
fn a_chunk_of_which_a_byte_has_changed() {
    for codec in [Codec::None, Codec::Zstd(1), Codec::BloscLz4(5)] {
        let folder = tempfile::tempdir().unwrap();
        let large = Job::all(0).builder(&folder.path().join("result")).codec(codec).create().unwrap();
        Job::stitch_pending(&large);
        let result = large.finish().unwrap();
        let chunk = folder.path().join("result_mean.zarr/c/1/0/2/1");
        let whole = fs::read(&chunk).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 50) {
            let mut changed = whole.clone();
            changed[at] ^= 16;
            fs::write(&chunk, &changed).unwrap();
            let result = large.finish().unwrap();
            let error = result.mean.read().unwrap_err();
            assert!(matches!(&error, Error::Zarr(zarr::Error::Damaged { path, .. }) if *path == chunk), "{error}");
            assert!(error.to_string().contains("checksum"), "{error}");
        }
        fs::write(&chunk, &whole[..whole.len() / 2]).unwrap();
        assert!(matches!(large.finish().unwrap().mean.read(), Err(Error::Zarr(zarr::Error::Damaged { .. }))));
        fs::write(&chunk, &whole).unwrap();
        Job::check(&result);
    }
}
