//! Each kind of damage on disk is reported separately.

use std::fs;
use std::path::{Path, PathBuf};

use qlty_core::{NcyxQuilt, zarr};
use qlty_large::{Codec, Error, LargeQuilt, Std, StitchedArray};

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

/// Damaged sums are dropped: the tile is named, and its patches are pending again.
#[test]
fn a_state_file_cut_short_or_changed() {
    let (folder, sums) = begun();
    let tile: usize = sums[0].file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let whole = fs::read(&sums[0]).unwrap();
    let other = fs::read(&sums[1]).unwrap();
    let pending = Job::all(0).builder(&folder.path().join("result")).open().unwrap().pending().len();
    let cut = [0, 7, 60, whole.len() / 2, whole.len() - 1].map(|len| whole[..len].to_vec());
    let changed = [60, whole.len() / 2, whole.len() - 1].map(|at| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    });
    for damaged in cut.into_iter().chain(changed).chain([other]) {
        let (folder, sums) = begun();
        fs::write(&sums[0], &damaged).unwrap();
        let large = Job::all(0).builder(&folder.path().join("result")).open().unwrap();
        let [found] = large.damaged() else { panic!("{:?}", large.damaged()) };
        assert_eq!((found.tile, &found.damage.file), (tile, &sums[0]));
        assert!(!sums[0].exists());
        assert!(large.pending().len() > pending);
        Job::stitch_pending(&large);
        Job::check(&large.finish().unwrap());
    }
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

/// Whatever changes in the metadata is noticed, except for attributes of others.
#[test]
fn metadata_of_which_a_byte_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    let large = Job::all(0).builder(&path).create().unwrap();
    Job::stitch_pending(&large);
    drop(large.finish().unwrap());
    drop(large);
    for name in ["result_mean.zarr", "result_std.zarr"] {
        let metadata = folder.path().join(name).join("zarr.json");
        let whole = fs::read(&metadata).unwrap();
        let mut accepted = 0;
        for at in 0..whole.len() {
            for bit in [0, 1, 2, 4] {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                fs::write(&metadata, &changed).unwrap();
                if let Ok(result) = StitchedArray::<f32, 2>::open(folder.path().join(name)) {
                    // Such as white space.
                    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
                    assert_eq!(json(&changed), json(&whole), "byte {at}, bit {bit}");
                    assert!(result.read().is_ok());
                    accepted += 1;
                }
            }
        }
        assert!(accepted < whole.len());
        fs::write(&metadata, &whole).unwrap();
        // Users may add attributes.
        let mut document: serde_json::Value = serde_json::from_slice(&whole).unwrap();
        document["attributes"]["unit"] = "counts".into();
        fs::write(&metadata, document.to_string()).unwrap();
        let large = Job::all(0).builder(&path).open().unwrap();
        Job::check(&large.finish().unwrap());
        assert!(fs::read_to_string(&metadata).unwrap().contains("counts"));
    }
}
