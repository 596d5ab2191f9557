//! A process that is killed loses no finished tile, and leaves nothing invalid.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use qlty_large::{LargeQuilt, StitchedArray};
use qlty_tests::sample::random;

use crate::{Job, process, told};

/// The number of processes of each kind to kill.
const TRIALS: u64 = 30;

/// Not a test by itself: the process that the tests below start and kill. Prints what it is about to do.
#[test]
fn a_process_to_be_killed() {
    let Some(path) = told::<PathBuf>("QLTY_TEST_RESULT") else { return };
    let every = told::<usize>("QLTY_TEST_CHECKPOINT").unwrap();
    println!("\nbegins");
    let large = Job::all(told("QLTY_TEST_BUDGET").unwrap()).builder(&path).create_or_open().unwrap();
    for (number, index) in large.pending().into_iter().enumerate() {
        Job::stitch(&large, index).unwrap();
        println!("stitched");
        if every > 0 && number % every == 0 {
            println!("saves");
            large.checkpoint().unwrap();
            println!("saved");
        }
    }
    large.finish().unwrap();
    println!("finished");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to)
        } else {
            fs::copy(entry.path(), to).map(drop).unwrap()
        }
    }
}

/// Whether there is a temporary file that has not been renamed yet.
fn has_temporary(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        path.extension().is_some_and(|extension| extension == "temporary") || has_temporary(&path)
    })
}

/// Kills processes at random moments of their running time, resumes after each, and checks the result.
fn check(every: usize, budget: usize) -> [usize; 4] {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    // Returns the last line of the process, and the number of patches that it stitched. A process is killed some time
    // after a given number of patches, not after its start, since running times vary.
    let run = |moment: Option<(usize, Duration)>| -> (String, usize) {
        let mut command = process("killed::a_process_to_be_killed", &path);
        command.env("QLTY_TEST_CHECKPOINT", every.to_string()).env("QLTY_TEST_BUDGET", budget.to_string());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "begins"), "the process did not begin");
        let (mut last, mut stitched, mut moment) = (String::new(), 0, moment);
        loop {
            if let Some((_, pause)) = moment.take_if(|(patches, _)| *patches == stitched) {
                std::thread::sleep(pause);
                child.kill().unwrap();
            }
            match lines.next() {
                Some(line) if line == "stitched" => stitched += 1,
                Some(line) if ["saves", "saved", "finished"].contains(&line.as_str()) => last = line,
                Some(_) => {}
                None => break,
            }
        }
        child.wait().unwrap();
        (last, stitched)
    };
    let start = std::time::Instant::now();
    let (last, patches) = run(None);
    assert_eq!(last, "finished");
    let time = start.elapsed() / patches as u32;
    let (mut saving, mut writing, mut kept, mut resumed) = (0, 0, 0, 0);
    for trial in 0..TRIALS {
        // Most processes resume where an earlier one was killed.
        if trial % 4 == 0 {
            fs::read_dir(folder.path()).unwrap().for_each(|entry| fs::remove_dir_all(entry.unwrap().path()).unwrap());
        }
        let most = if trial % 4 == 0 { patches } else { patches / 3 };
        let drawn = random(5, trial + every as u64) as usize;
        let moment = (drawn % most, time.mul_f64((drawn / most % 1000) as f64 / 1000.0));
        saving += usize::from(run(Some(moment)).0 == "saves");
        writing += usize::from(has_temporary(folder.path()));
        // The data on disk are valid, and so is the result computed from them.
        let other = tempfile::tempdir().unwrap();
        copy(folder.path(), other.path());
        let large = Job::all(budget).builder(&other.path().join("result")).create_or_open().unwrap();
        let progress = large.progress();
        kept += usize::from(progress.tiles_done > 0);
        resumed += usize::from(progress.patches_done > 0 && progress.patches_done < progress.patches);
        Job::stitch_pending(&large);
        Job::check(&large.finish().unwrap());
        drop(large);
        let left: Vec<_> = fs::read_dir(other.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(!has_temporary(other.path()));
    }
    [saving, writing, kept, resumed]
}

#[test]
fn at_any_moment() {
    let [_, writing, kept, resumed] = check(0, 1 << 20);
    println!("{writing} while writing a file, {kept} with finished tiles, {resumed} in the middle");
    assert!(kept > TRIALS as usize / 4 && resumed > 0, "{kept} with finished tiles, {resumed} in the middle");
}

#[test]
fn during_checkpoints_and_with_little_memory() {
    let [saving, writing, kept, resumed] = check(1, 40_000);
    println!(
        "{saving} in a checkpoint, {writing} while writing a file, {kept} with finished tiles, {resumed} in the middle"
    );
    assert!(saving > 0 && writing > 0 && resumed > 0, "{saving} {writing} {resumed}: the moments are no mixture");
}

/// Patches in a checkpoint are not requested again, and for unfinished tiles only the checkpoint is kept.
#[test]
fn a_checkpoint_is_kept_to_the_patch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result");
    let open = || -> LargeQuilt<f32, 2> { Job::all(0).builder(&path).create_or_open().unwrap() };
    let large = open();
    let all = large.pending();
    all[..20].iter().for_each(|index| Job::stitch(&large, *index).unwrap());
    large.checkpoint().unwrap();
    all[20..23].iter().for_each(|index| Job::stitch(&large, *index).unwrap());
    // As if killed, from the next session's point of view.
    std::mem::forget(large);
    let state = folder.path().join("result_state");
    let other = tempfile::tempdir().unwrap();
    copy(folder.path(), other.path());
    assert!(state.is_dir());
    let large = Job::all(0).builder(&other.path().join("result")).open().unwrap();
    assert_eq!(large.pending(), all[20..]);
    Job::stitch_pending(&large);
    Job::check(&large.finish().unwrap());
    drop(large);
    assert!(StitchedArray::<f32, 2>::open(other.path().join("result_mean.zarr")).is_ok());
    assert!(!other.path().join("result_state").exists());
}
