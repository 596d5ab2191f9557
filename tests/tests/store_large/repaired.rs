//! Finished tiles that are damaged or missing are found, and made again.

use std::fs;
use std::path::{Path, PathBuf};

use qlty_core::{Monitor, zarr};
use qlty_large::{Codec, Error, LargeQuilt, Shard};

use crate::Job;
use crate::full_disk::SmallDisk;
use crate::killed::copy;

/// Creates a finished result.
fn finished(folder: &Path, codec: Codec) -> PathBuf {
    let path = folder.join("result");
    let large = Job::all(0).builder(&path).codec(codec).create().unwrap();
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
    path
}

fn repair(path: &Path, codec: Codec) -> LargeQuilt<f32, 2> {
    Job::all(0).builder(path).codec(codec).repair(&Monitor::new()).unwrap()
}

#[test]
fn a_chunk_cut_short_or_of_which_a_byte_has_changed() {
    for codec in [Codec::None, Codec::Zstd(1), Codec::BloscLz4(5)] {
        let folder = tempfile::tempdir().unwrap();
        let path = finished(folder.path(), codec);
        let chunk = folder.path().join("result_mean.zarr/c/1/0/2/1");
        let tile = 9 + 2 * 3 + 1;
        let whole = fs::read(&chunk).unwrap();
        let flipped = (0..whole.len()).step_by(whole.len() / 50).map(|at| {
            let mut changed = whole.clone();
            changed[at] ^= 16;
            changed
        });
        let cut = (1..whole.len()).step_by(whole.len() / 10).map(|len| whole[..len].to_vec());
        for damaged in flipped.chain(cut) {
            fs::write(&chunk, damaged).unwrap();
            let large = Job::all(0).builder(&path).codec(codec).open().unwrap();
            let error = large.finish().unwrap().mean.read().unwrap_err();
            assert!(matches!(&error, Error::Zarr(zarr::Error::Damaged { path, .. }) if *path == chunk), "{error}");
            let found = large.verify(None, &Monitor::new()).unwrap();
            assert_eq!(
                found.iter().map(|found| (found.tile, &found.damage.file)).collect::<Vec<_>>(),
                [(tile, &chunk)]
            );
            assert!(large.verify(Some(1), &Monitor::new()).unwrap().is_empty());
        }
        let large = repair(&path, codec);
        assert_eq!(large.damaged().iter().map(|damaged| damaged.tile).collect::<Vec<_>>(), [tile]);
        let progress = large.progress();
        assert_eq!(progress.tiles_done, progress.tiles - 1);
        // Until it is finished again, also for a process that was killed in between.
        std::mem::forget(large);
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let path = other.path().join("result");
        let large = Job::all(0).builder(&path).codec(codec).open().unwrap();
        assert_eq!(large.damaged().iter().map(|damaged| damaged.tile).collect::<Vec<_>>(), [tile]);
        Job::stitch_pending(&large);
        Job::check(&large.finish().unwrap());
        drop(large);
        assert!(repair(&path, codec).damaged().is_empty());
        assert!(!other.path().join("result_state").exists());
    }
}

#[test]
fn a_chunk_that_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(folder.path(), Codec::Zstd(1));
    let chunk = folder.path().join("result_std.zarr/c/0/0/1/1");
    fs::remove_file(&chunk).unwrap();
    // It was complete, so this is told at once.
    let error = Job::all(0).builder(&path).open().unwrap_err();
    assert!(matches!(&error, Error::DamagedTiles { count: 1, tile: 4, first, .. } if first.file == chunk), "{error}");
    let large = repair(&path, Codec::Zstd(1));
    assert_eq!(large.damaged().len(), 1);
    Job::stitch_pending(&large);
    // Removed in mid-run, by someone else.
    let other = folder.path().join("result_mean.zarr/c/1/0/0/0");
    fs::remove_file(&other).unwrap();
    let error = large.finish().unwrap_err();
    assert!(matches!(&error, Error::DamagedTiles { count: 1, tile: 9, first, .. } if first.file == other), "{error}");
    drop(large);
    let large = repair(&path, Codec::Zstd(1));
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
}

#[test]
fn a_result_that_is_removed_in_mid_run() {
    let folder = tempfile::tempdir().unwrap();
    let large = Job::all(1 << 20).builder(&folder.path().join("result")).create().unwrap();
    let all = large.pending();
    all[..40].iter().for_each(|index| Job::stitch(&large, *index).unwrap());
    assert!(large.progress().tiles_done > 0);
    let mean = folder.path().join("result_mean.zarr");
    fs::remove_dir_all(&mean).unwrap();
    let error = all[40..].iter().find_map(|index| Job::stitch(&large, *index).err()).unwrap();
    assert!(matches!(&error, Error::Removed { path } if *path == mean), "{error}");
    assert!(!mean.exists());
}

/// Files that were written since the last checkpoint may be anything after a power failure.
#[test]
fn what_was_not_on_disk_is_made_again() {
    for damage in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        let large = Job::all(1 << 20).builder(&path).create().unwrap();
        let all = large.pending();
        let (first, second) = all.split_at(all.len() / 2);
        first.iter().for_each(|index| Job::stitch(&large, *index).unwrap());
        large.checkpoint().unwrap();
        let before = large.progress();
        second.iter().for_each(|index| Job::stitch(&large, *index).unwrap());
        std::mem::forget(large);
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let path = other.path().join("result");
        let mut damaged = 0;
        for image in 0..2 {
            for (y, x) in [(0, 0), (1, 1), (2, 2)] {
                let chunk = other.path().join(format!("result_mean.zarr/c/{image}/0/{y}/{x}"));
                let tile = image * 9 + 3 * y + x;
                if tile >= before.tiles_done {
                    let whole = fs::read(&chunk).unwrap();
                    match damage {
                        0 => fs::write(&chunk, "").unwrap(),
                        1 => fs::write(&chunk, vec![0; whole.len()]).unwrap(),
                        2 => fs::write(&chunk, &whole[..whole.len() - 1]).unwrap(),
                        _ => fs::remove_file(&chunk).unwrap(),
                    }
                    damaged += 1;
                }
            }
        }
        assert!(damaged > 1);
        let large = Job::all(1 << 20).builder(&path).open().unwrap();
        assert!(large.progress().tiles_done >= before.tiles_done);
        assert!(large.progress().tiles_done + damaged <= large.progress().tiles);
        Job::stitch_pending(&large);
        Job::check(&large.finish().unwrap());
    }
}

/// Opening a complete result writes nothing, so it may be on read-only media, and several processes may do so.
#[test]
fn a_complete_result_is_only_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = finished(folder.path(), Codec::Zstd(1));
    let first = Job::all(0).builder(&path).open().unwrap();
    let second = Job { shard: Shard { index: 0, count: 2 }, budget: 0 }.builder(&path).create_or_open().unwrap();
    assert!(first.pending().is_empty() && second.pending().is_empty());
    assert!(!folder.path().join("result_state").exists());
    Job::check(&first.finish().unwrap());
    Job::check(&second.finish().unwrap());
    assert!(!folder.path().join("result_state").exists());
}

/// The same where nothing can be written: everything works that does not write.
#[test]
fn a_complete_result_on_read_only_media() {
    let Some(disk) = SmallDisk::mount(4096) else {
        println!("not checked here, since this user may not mount a tmpfs");
        return;
    };
    let path = finished(disk.folder.path(), Codec::None);
    let chunk = disk.folder.path().join("result_mean.zarr/c/0/0/0/0");
    disk.remount("ro");
    assert!(fs::write(&chunk, "").is_err());
    let large = Job::all(0).builder(&path).codec(Codec::None).open().unwrap();
    Job::check(&large.finish().unwrap());
    assert!(large.verify(None, &Monitor::new()).unwrap().is_empty());
    drop(large);
    let repair = Job::all(0).builder(&path).codec(Codec::None).repair(&Monitor::new());
    assert!(matches!(repair, Err(Error::Zarr(zarr::Error::Io { .. }))));
    disk.remount("rw");
}
