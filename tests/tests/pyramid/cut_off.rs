//! Runs that fail, are cancelled or killed: nothing under the final name, and the same bytes after resuming.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use ndarray::Array5;
use qlty_pyramid::{
    ArrayMut, DType, Error, Halving, Levels, Method, Monitor, PlaneSource, PyramidOptions, Result, Volume,
    stack_to_ome_zarr,
};
use qlty_tests::sample::{any, random};
use tempfile::TempDir;

use crate::{json_file, names, tree, write};

/// An image that can no longer be read after a number of planes.
struct Failing<'a> {
    image: Volume<'a>,
    reads: AtomicUsize,
    most: usize,
    fails: &'a (dyn Fn() -> Result<()> + Sync),
}

impl PlaneSource for Failing<'_> {
    fn name(&self) -> &str {
        self.image.name()
    }

    fn shape(&self) -> [usize; 5] {
        self.image.shape()
    }

    fn dtype(&self) -> DType {
        self.image.dtype()
    }

    fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<()> {
        if self.reads.fetch_add(1, Relaxed) >= self.most {
            (self.fails)()?;
        }
        self.image.read_plane(t, z, planes)
    }
}

fn fails() -> Result<()> {
    Err(Error::Argument { argument: "disk", got: "pulled".to_owned(), expected: "there".to_owned() })
}

fn image() -> Array5<u16> {
    any::<u16>(&[2, 2, 37, 48, 52], 11).into_dimensionality().unwrap()
}

/// A small memory budget, so that there are many rounds.
fn options(method: Method, halving: Halving) -> PyramidOptions {
    PyramidOptions::new()
        .levels(Levels::Count(4))
        .method(method)
        .halving(halving)
        .chunk([3, 16, 16])
        .memory(150_000)
        .resume(true)
}

#[test]
fn a_run_that_went_on_wrote_the_same_bytes() {
    let image = image();
    let volume = || Volume::new("image", image.view()).unwrap();
    for (method, halving) in [
        (Method::Mean, Halving::Plane),
        (Method::Mean, Halving::Volume),
        (Method::Gaussian, Halving::Volume),
        (Method::Median, Halving::Isotropic),
    ] {
        let folder = TempDir::new().unwrap();
        let (whole, cut) = (folder.path().join("whole"), folder.path().join("cut"));
        let options = options(method, halving);
        write(&volume(), &whole, &options);
        let mut total = 0;
        for attempt in 0.. {
            let most = 15 + random(attempt, 1) as usize % 50;
            let source = Failing { image: volume(), reads: AtomicUsize::new(0), most, fails: &fails };
            match stack_to_ome_zarr(&source, &cut, &options, &Monitor::new()) {
                Ok(_) => break,
                Err(error) => assert!(matches!(error, Error::Argument { argument: "disk", .. }), "{error}"),
            }
            assert!(!cut.exists());
            assert!(folder.path().join("cut.partial").exists());
            total += 1;
            assert!(total < 500, "does not come forward");
        }
        assert!(total > 1, "was cut off {total} times");
        assert_eq!(names(folder.path()), ["cut", "whole"]);
        assert_eq!(tree(&cut), tree(&whole), "{method}, {halving:?}");
    }
}

#[test]
fn a_failure_and_cancelling_leave_nothing() {
    let image = image();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let options = options(Method::Mean, Halving::Plane).resume(false);
    for most in [0, 1, 10, 60] {
        let monitor = Monitor::new();
        let cancels = || {
            monitor.cancel();
            Ok(())
        };
        let volume = || Volume::new("image", image.view()).unwrap();
        let source = Failing { image: volume(), reads: AtomicUsize::new(0), most, fails: &cancels };
        let error = stack_to_ome_zarr(&source, &path, &options, &monitor).unwrap_err();
        assert!(matches!(error, Error::Core(qlty_core::Error::Cancelled)), "{error}");
        assert!(names(folder.path()).is_empty());
        let source = Failing { image: volume(), reads: AtomicUsize::new(0), most, fails: &fails };
        assert!(stack_to_ome_zarr(&source, &path, &options, &Monitor::new()).is_err());
        assert!(names(folder.path()).is_empty());
    }
}

#[test]
fn another_run_is_not_gone_on_with() {
    let image = image();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let volume = || Volume::new("image", image.view()).unwrap();
    let source = Failing { image: volume(), reads: AtomicUsize::new(0), most: 30, fails: &fails };
    let first = options(Method::Mean, Halving::Plane);
    assert!(stack_to_ome_zarr(&source, &path, &first, &Monitor::new()).is_err());
    let before = tree(folder.path());
    for other in [
        first.clone().method(Method::Max),
        first.clone().levels(Levels::Count(3)),
        first.clone().codec("gzip".parse().unwrap()),
        first.clone().dtype(DType::F32),
    ] {
        let error = stack_to_ome_zarr(&volume(), &path, &other, &Monitor::new()).unwrap_err();
        assert!(matches!(&error, Error::Store(_)) && error.to_string().contains("run to resume"), "{error}");
        assert_eq!(tree(folder.path()), before);
    }
    // Without `resume`, the files of the earlier run are removed.
    let fresh = first.resume(false).method(Method::Max);
    write(&volume(), &path, &fresh);
    assert_eq!(names(folder.path()), ["image"]);
}

#[test]
fn progress_is_noted_when_a_run_fails_and_only_if_it_can_be_resumed() {
    let image = image();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let state = folder.path().join("image.partial/qlty-run.json");
    // No checkpoint is due before the failure.
    let usual = options(Method::Mean, Halving::Plane).checkpoint_interval(Duration::from_secs(3600));
    let run = |options: &PyramidOptions, most: usize| {
        let state_exists = || {
            assert_eq!(state.exists(), options.resume);
            Ok(())
        };
        let first = Failing { image: volume(&image), reads: AtomicUsize::new(0), most: 0, fails: &state_exists };
        let source = Failing { image: volume(&image), reads: AtomicUsize::new(0), most, fails: &fails };
        let both = Both(first, source);
        let result = stack_to_ome_zarr(&both, &path, options, &Monitor::new());
        (result.is_ok(), both.1.reads.into_inner())
    };
    assert!(!run(&usual, 40).0);
    let (finished, reads) = run(&usual, usize::MAX);
    assert!(finished && reads < 60, "{reads} reads");
    std::fs::remove_dir_all(&path).unwrap();
    assert!(!run(&usual.resume(false), 40).0);
    assert!(names(folder.path()).is_empty());
}

/// A source that reads from two others; the pixels are those of the second.
struct Both<'a>(Failing<'a>, Failing<'a>);

impl PlaneSource for Both<'_> {
    fn name(&self) -> &str {
        self.1.name()
    }

    fn shape(&self) -> [usize; 5] {
        self.1.shape()
    }

    fn dtype(&self) -> DType {
        self.1.dtype()
    }

    fn read_plane(&self, t: usize, z: usize, mut planes: ArrayMut<'_>) -> Result<()> {
        self.0.read_plane(t, z, planes.reborrow())?;
        self.1.read_plane(t, z, planes)
    }
}

fn volume(image: &Array5<u16>) -> Volume<'_> {
    Volume::new("image", image.view()).unwrap()
}

#[test]
fn a_file_that_is_removed_meanwhile_is_missed() {
    let image = image();
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let chunk = folder.path().join("image.partial/0/c/0/0/0/0/0");
    for resume in [false, true] {
        let removes = || {
            if chunk.exists() {
                std::fs::remove_file(&chunk).unwrap();
            }
            Ok(())
        };
        let source = Failing { image: volume(&image), reads: AtomicUsize::new(0), most: 70, fails: &removes };
        let options = options(Method::Mean, Halving::Plane).resume(resume);
        let error = stack_to_ome_zarr(&source, &path, &options, &Monitor::new()).unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error}");
        assert!(error.to_string().contains("image.partial/0: number of chunk files: got "), "{error}");
        // A run that resumes would not write it again.
        assert!(names(folder.path()).is_empty());
    }
}

/// The destination of the child below, the number of reads after which it dies, and the seconds between checkpoints.
const CHILD: &str = "QLTY_TEST_CHILD_WRITES_TO";
const READS: &str = "QLTY_TEST_CHILD_DIES_AFTER";
const INTERVAL: &str = "QLTY_TEST_CHILD_NOTES_EVERY";

/// The child kills itself, in the middle of a read while its other threads continue: after a number of reads, since its
/// running time is not reproducible.
#[test]
fn killed_at_any_moment() {
    let run = |path: &Path, most: usize, interval: u64| {
        let image = image();
        let dies = || std::process::abort();
        let source = Failing { image: volume(&image), reads: AtomicUsize::new(0), most, fails: &dies };
        let options = options(Method::Gaussian, Halving::Volume).checkpoint_interval(Duration::from_secs(interval));
        write(&source, path, &options);
    };
    if let Some(path) = std::env::var_os(CHILD) {
        let number = |name: &str| std::env::var(name).unwrap().parse::<u64>().unwrap();
        return run(&PathBuf::from(path), number(READS) as usize, number(INTERVAL));
    }
    for interval in [0, 3600] {
        let folder = TempDir::new().unwrap();
        let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
        run(&whole, usize::MAX, interval);
        let (mut kills, mut noted) = (0, false);
        for round in 0..12 {
            let mut child = Command::new(std::env::current_exe().unwrap());
            child.args(["--exact", "cut_off::killed_at_any_moment", "--quiet"]).env(CHILD, &killed);
            child.env(READS, (random(5, round) % 60).to_string()).env(INTERVAL, interval.to_string());
            let finished = child.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success();
            assert_eq!(finished, killed.exists());
            if finished {
                break;
            }
            kills += 1;
            let left = ["whole", "killed.partial", "killed.lock"];
            assert!(names(folder.path()).iter().all(|name| left.contains(&name.as_str())));
            let progress = &json_file(&folder.path().join("killed.partial/qlty-run.json"))["content"]["progress"];
            noted |= (&progress["t"], &progress["counted"]) != (&0.into(), &0.into());
        }
        assert!(kills > 2, "killed {kills} times");
        assert_eq!(noted, interval == 0);
        if !killed.exists() {
            run(&killed, usize::MAX, interval);
        }
        assert_eq!(names(folder.path()), ["killed", "whole"]);
        assert_eq!(tree(&killed), tree(&whole));
    }
}
