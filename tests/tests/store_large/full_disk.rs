//! A disk that is full, and then has space again.

use std::path::{Path, PathBuf};
use std::process::Command;

use qlty_core::zarr;
use qlty_large::{Error, LargeQuilt};

use crate::{Job, process, told};

/// A file system of a few hundred KiB, if this user is allowed to mount one.
pub(crate) struct SmallDisk {
    pub(crate) folder: tempfile::TempDir,
}

impl SmallDisk {
    pub(crate) fn mount(kib: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = format!("size={kib}k");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self { folder })
    }

    fn grow(&self, kib: usize) {
        self.remount(&format!("size={kib}k"));
    }

    pub(crate) fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.folder.path()).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Stitches until a call fails, and returns the error and the patches that are pending.
fn until_it_fails(large: &LargeQuilt<f32, 2>) -> (usize, Error) {
    let failed = large.pending().into_iter().find_map(|index| Some((index, Job::stitch(large, index).err()?)));
    // A disk that is never full tests nothing.
    failed.unwrap()
}

fn is_full(error: &Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let full = [StorageFull, FileTooLarge, QuotaExceeded];
    matches!(error, Error::Zarr(zarr::Error::Io { source, .. }) if full.contains(&source.kind()))
}

/// The disk is filled by results, by sums that do not fit in memory, and by a checkpoint.
#[test]
fn a_small_file_system() {
    for (budget, kib, saves) in [(1 << 20, 100, false), (0, 150, false), (1 << 20, 120, true)] {
        let Some(disk) = SmallDisk::mount(kib) else {
            println!("not checked here, since this user may not mount a tmpfs: see a_limit_for_files");
            return;
        };
        let path = disk.folder.path().join("result");
        let large = Job::all(budget).builder(&path).create().unwrap();
        if saves {
            let all = large.pending();
            all[..60].iter().for_each(|index| Job::stitch(&large, *index).unwrap());
            let error = large.checkpoint().unwrap_err();
            assert!(is_full(&error), "{error}");
            // An earlier checkpoint is still valid, or there is none.
            disk.grow(4096);
            large.checkpoint().unwrap();
        } else {
            let (index, error) = until_it_fails(&large);
            assert!(is_full(&error), "{error}");
            assert!(error.to_string().contains("No space left on device"), "{error}");
            assert!(large.pending().contains(&index));
            // It fails again, and nothing is added twice.
            assert!(is_full(&Job::stitch(&large, index).unwrap_err()));
            assert!(large.checkpoint().is_err() && large.finish().is_err());
            disk.grow(4096);
            Job::stitch(&large, index).unwrap();
            assert!(!large.pending().contains(&index));
        }
        Job::stitch_pending(&large);
        Job::check(&large.finish().unwrap());
        drop(large);
        assert!(!disk.folder.path().join("result_state").exists());
    }
}

/// A process that gives up on a full disk leaves a state from which the next one resumes.
#[test]
fn another_process_goes_on() {
    let Some(disk) = SmallDisk::mount(100) else { return };
    let path = disk.folder.path().join("result");
    let large = Job::all(1 << 20).builder(&path).create().unwrap();
    assert!(is_full(&until_it_fails(&large).1));
    drop(large);
    disk.grow(4096);
    let large = Job::all(1 << 20).builder(&path).open().unwrap();
    assert!(large.progress().tiles_done > 0);
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
}

/// Not a test by itself: a process whose file size is limited.
#[test]
fn a_limited_process() {
    let Some(path) = told::<PathBuf>("QLTY_TEST_RESULT") else { return };
    let large = Job::all(1 << 20).builder(&path).create().unwrap();
    let (index, error) = until_it_fails(&large);
    assert!(is_full(&error), "{error}");
    assert!(large.pending().contains(&index));
}

/// The same without the permission to mount: files of the process are limited to 4 KiB, which a tile exceeds.
#[cfg(unix)]
#[test]
fn a_limit_for_files() {
    fn limited(path: &Path) -> Command {
        let inner = process("full_disk::a_limited_process", path);
        let mut command = Command::new("sh");
        // Exceeding the limit is then an error of the call, not a signal.
        command
            .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh"])
            .arg(inner.get_program())
            .args(inner.get_args());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    // Through pipes: if this test writes to a file, the child's output would exceed the limit too.
    let ended = limited(&path).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let large = Job::all(1 << 20).builder(&path).open().unwrap();
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
}
