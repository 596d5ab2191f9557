//! Breaks what is being written, and what has been written: kills processes at any moment, and damages files.
//!
//! ```text
//! cargo test --release -p qlty-tests --test campaign                               # a short one
//! cargo test --release -p qlty-tests --test campaign -- --kills 5000 --damages 10000 --states 10000
//! ```
//!
//! A killed job that is started again until it succeeds must give the same pixels as one that was not killed, and leave
//! nothing but its result. The same holds from each state that a power failure can leave on a disk, and what a job was
//! told to be on disk must be there. A damaged file must be noticed, or change no pixel.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a program of tests")]

mod damage;
mod jobs;
mod kills;
mod power;
mod trace;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many there are of each unless the command line says otherwise.
const KILLS: usize = 150;
const DAMAGES: usize = 1500;
const STATES: usize = 600;

fn main() -> ExitCode {
    if let Some(job) = std::env::var_os(kills::JOB) {
        jobs::run(job.to_str().unwrap(), Path::new(&std::env::var_os(kills::FOLDER).unwrap()));
        return ExitCode::SUCCESS;
    }
    let faults = [
        kills::run(option("--kills", KILLS)),
        power::run(option("--states", STATES)),
        damage::run(option("--damages", DAMAGES)),
    ];
    let faults: usize = faults.iter().sum();
    if faults == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn option(name: &str, default: usize) -> usize {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).map_or(default, |number| number.parse().unwrap())
}

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// All files below a folder, by their paths in it, with their contents.
fn tree(folder: &Path) -> Tree {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    files
}
