//! Power failures: a job's operations are recorded, and the job goes on from each state that they can leave on a disk.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;

use qlty_tests::hosts::Tool;

use crate::kills::{FOLDER, JOB};
use crate::trace::{CALLS, Disk, Loss, Op, parse};
use crate::{jobs, tree};

const LOSSES: [Loss; 4] = [Loss::None, Loss::Bytes, Loss::HalfOfBytes, Loss::All];

/// The jobs, with the name of the store that appears when it is complete.
const JOBS: [(&str, Option<&str>); 4] =
    [("saved", None), ("gaussian", Some("gaussian")), ("laplacian", Some("laplacian")), ("pairs", Some("pairs"))];

/// Goes on from about this many states, and returns the number of faults.
pub(crate) fn run(states: usize) -> usize {
    if states == 0 {
        return 0;
    }
    if !cfg!(target_os = "linux") || (Tool::Strace.find().is_none() && std::env::var_os("QLTY_REQUIRE_HOSTS").is_none())
    {
        println!("not checked: power failures, which needs strace");
        return 0;
    }
    let mut faults = 0;
    for (job, store) in JOBS {
        let (traced, log) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let folder = traced.path().canonicalize().unwrap();
        let mut command: Command = Tool::Strace.command().unwrap();
        command.args(["-f", "-y", "-xx", "-s", "100000000", "-e", &format!("trace={CALLS}"), "-o"]).arg(log.path());
        command.arg(std::env::current_exe().unwrap()).env(JOB, job).env(FOLDER, &folder);
        let output = command.env("RAYON_NUM_THREADS", "2").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ops = parse(&fs::read_to_string(log.path()).unwrap(), &folder);
        let expected = tree(&folder);
        let syncs = ops.iter().filter(|op| matches!(op, Op::Sync(_))).count();
        assert!(syncs > 10, "{job}: waited for the disk {syncs} times");

        let step = (JOBS.len() * LOSSES.len() * ops.len()).div_ceil(states).max(1);
        let (mut disk, mut vouched, mut tried, mut wrong) = (Disk::new(&folder), 0, 0, 0);
        for (number, op) in ops.iter().enumerate() {
            disk.apply(op);
            // The job has said that this many patches are on disk.
            if let Op::Create(path) = op
                && let Some(patches) =
                    path.file_name().and_then(|name| name.to_str()?.strip_prefix(jobs::MARK)?.parse().ok())
            {
                vouched = patches;
            }
            // Each loss at other operations.
            let Some(loss) = LOSSES.get(number % step) else { continue };
            for loss in if step < LOSSES.len() { &LOSSES[..] } else { std::slice::from_ref(loss) } {
                tried += 1;
                let left = tempfile::tempdir().unwrap();
                disk.write(&folder, *loss, left.path());
                let tried = catch_unwind(AssertUnwindSafe(|| match store {
                    None => jobs::go_on(left.path(), vouched),
                    Some(store) => go_on(job, left.path(), store, &expected),
                }));
                let fault = tried.unwrap_or_else(|_| Some("panics".to_owned()));
                if let Some(fault) = fault {
                    wrong += 1;
                    println!("{job}, {loss:?}, after {number} operations of {}: {fault}", ops.len());
                }
            }
        }
        println!("{job}: {} operations, {syncs} of them syncs, {tried} states, {wrong} faults", ops.len());
        faults += wrong;
    }
    faults
}

/// A store that has its name is whole; and the job, started again, gives it.
fn go_on(job: &str, folder: &Path, store: &str, expected: &crate::Tree) -> Option<String> {
    let published = folder.join(store);
    if published.exists()
        && tree(&published)
            != expected
                .iter()
                .filter_map(|(path, bytes)| Some((path.strip_prefix(store).ok()?.to_path_buf(), bytes.clone())))
                .collect()
    {
        return Some("a store that is not whole has its name".to_owned());
    }
    jobs::run(job, folder);
    let found = tree(folder);
    let differ: Vec<_> =
        found.keys().chain(expected.keys()).filter(|path| found.get(*path) != expected.get(*path)).collect();
    (!differ.is_empty()).then(|| format!("differ in {differ:?}"))
}
