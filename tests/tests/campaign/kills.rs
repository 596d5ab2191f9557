//! Killing jobs at random moments, and starting them again.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qlty_tests::sample::random;

use crate::{jobs, tree};

/// The job that a process does, and where.
pub(crate) const JOB: &str = "QLTY_CAMPAIGN_JOB";
pub(crate) const FOLDER: &str = "QLTY_CAMPAIGN_FOLDER";

/// The jobs that run at the same time.
const TOGETHER: [&[&str]; 5] = [&["large"], &["shard0", "shard1"], &["gaussian"], &["laplacian"], &["pairs"]];

fn start(job: &str, folder: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(JOB, job).env(FOLDER, folder).env("RAYON_NUM_THREADS", "2");
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Kills this many processes of all kinds of jobs, and returns the number of faults.
pub(crate) fn run(kills: usize) -> usize {
    assert!(TOGETHER.concat().iter().all(|job| jobs::NAMES.contains(job)));
    let mut faults = 0;
    for (kind, together) in TOGETHER.into_iter().enumerate() {
        let whole = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        for job in together {
            let output = start(job, whole.path()).wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let (time, expected) = (begun.elapsed(), tree(whole.path()));
        let (mut killed, mut runs, mut wrong) = (0, 0, 0);
        while killed < kills.div_ceil(TOGETHER.len()) {
            runs += 1;
            let folder = tempfile::tempdir().unwrap();
            let draw = |number: usize| random(13 + kind as u64, (8 * runs + number) as u64);
            for number in 0..1 + draw(0) as usize % 6 {
                let mut children: Vec<Child> = together.iter().map(|job| start(job, folder.path())).collect();
                let share = (draw(number + 1) % 1000) as f64 / 1000.0;
                std::thread::sleep(Duration::from_secs_f64(time.as_secs_f64() * share));
                for child in &mut children {
                    child.kill().unwrap();
                }
                // A job that was complete by then counts as well: the next one finds it so.
                killed +=
                    children.into_iter().map(|mut child| usize::from(!child.wait().unwrap().success())).sum::<usize>();
            }
            let children: Vec<Child> = together.iter().map(|job| start(job, folder.path())).collect();
            for child in children {
                let output = child.wait_with_output().unwrap();
                if !output.status.success() {
                    wrong += 1;
                    println!("{together:?}: the last run failed: {}", String::from_utf8_lossy(&output.stderr));
                }
            }
            let found = tree(folder.path());
            if found != expected {
                wrong += 1;
                let differ = found.keys().chain(expected.keys()).filter(|path| found.get(*path) != expected.get(*path));
                println!("{together:?}: differ in {:?}", differ.collect::<Vec<_>>());
            }
        }
        println!("{together:?}: {killed} processes killed in {runs} runs, {wrong} faults");
        faults += wrong;
    }
    faults
}
