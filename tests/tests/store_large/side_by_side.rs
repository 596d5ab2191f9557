//! Concurrent processes that work on one result.

use std::path::PathBuf;

use qlty_large::{Error, LargeQuilt, Shard};

use crate::{Job, process, told};

/// Not a test by itself: a worker of the tests below.
#[test]
fn a_worker() {
    let Some(path) = told::<PathBuf>("QLTY_TEST_RESULT") else { return };
    let shard = Shard { index: told("QLTY_TEST_INDEX").unwrap(), count: told("QLTY_TEST_COUNT").unwrap() };
    let large = Job { shard, budget: 60_000 }.builder(&path).create_or_open().unwrap();
    Job::stitch_pending(&large);
    large.finish().unwrap();
}

#[test]
fn two_to_four_processes_start_at_once() {
    for count in [2, 3, 4] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result");
        let start = |index: usize| {
            let mut command = process("side_by_side::a_worker", &path);
            command.env("QLTY_TEST_INDEX", index.to_string()).env("QLTY_TEST_COUNT", count.to_string());
            command.stdout(std::process::Stdio::null()).spawn().unwrap()
        };
        let workers: Vec<_> = (0..count).map(start).collect();
        for mut worker in workers {
            assert!(worker.wait().unwrap().success());
        }
        let large = Job::all(0).builder(&path).open().unwrap();
        assert!(large.pending().is_empty());
        Job::check(&large.finish().unwrap());
        drop(large);
        assert!(!folder.path().join("result_state").exists());
    }
}

/// Every tile has one worker, and a worker only requests the patches that its tiles need.
#[test]
fn shards_share_the_tiles_and_may_be_divided_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    let open = |index, count| -> LargeQuilt<f32, 2> {
        Job { shard: Shard { index, count }, budget: 0 }.builder(&path).create_or_open().unwrap()
    };
    let all = Job::quilt().patch_count(crate::IMAGES).unwrap();
    let workers: Vec<_> = (0..3).map(|index| open(index, 3)).collect();
    let tiles: usize = workers.iter().map(|worker| worker.progress().tiles).sum();
    assert_eq!(tiles, 2 * 3 * 3);
    let wanted: Vec<usize> = workers.iter().map(|worker| worker.pending().len()).collect();
    assert!(wanted.iter().all(|wanted| *wanted < all) && wanted.iter().sum::<usize>() >= all, "{wanted:?}");
    Job::stitch_pending(&workers[1]);
    // A worker is finished when its tiles are.
    workers[1].finish().unwrap();
    // A worker of a different division with some of the same tiles is refused while those processes run.
    let busy = Job { shard: Shard { index: 0, count: 2 }, budget: 0 }.builder(&path).open().unwrap_err();
    assert!(matches!(busy, Error::Busy { .. }), "{busy}");
    drop(workers);
    let (first, second) = (open(0, 2), open(1, 2));
    let tiles_done = first.progress().tiles_done + second.progress().tiles_done;
    assert_eq!(tiles_done, 6);
    Job::stitch_pending(&second);
    Job::stitch_pending(&first);
    Job::check(&second.finish().unwrap());
}

/// More workers than tiles: some have nothing to do.
#[test]
fn a_worker_without_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    for index in 0..40 {
        let large = Job { shard: Shard { index, count: 40 }, budget: 0 }.builder(&path).create_or_open().unwrap();
        Job::stitch_pending(&large);
        large.finish().unwrap();
    }
    Job::check(&Job::all(0).builder(&path).open().unwrap().finish().unwrap());
}
