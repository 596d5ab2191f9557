//! Fuzz targets: functions of bytes, so that a coverage-guided fuzzer can drive them too.
//!
//! Here the bytes are random, `QLTY_FUZZ_CASES` cases for each target; the files of `tests/fuzz/<target>`, which once
//! caused failures or are of a kind that might, are replayed first. A failing case is left in a file, to be added to
//! that folder with the fix.
#![allow(clippy::print_stdout, reason = "what a test prints is shown where it fails")]

use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::hosts::{repository, scratch};
use crate::strategy::cases;

/// Replays the corpus, and then runs random cases.
pub fn fuzz(name: &str, most_bytes: usize, default_cases: u32, target: impl Fn(&[u8])) {
    let corpus = repository().join("tests/fuzz").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{}: no corpus", corpus.display());
    for file in files {
        println!("replaying {}", file.display());
        target(&fs::read(&file).unwrap());
    }
    let count = std::env::var("QLTY_FUZZ_CASES").map_or(default_cases, |count| count.parse().unwrap());
    // Written before each case, because a process that aborts reports nothing.
    let last = scratch(&format!("fuzz-{name}"));
    println!("what fails is in {}", last.display());
    let bytes = proptest::collection::vec(any::<u8>(), 0..most_bytes);
    let drawn = TestRunner::new(cases(count)).run(&bytes, |bytes| {
        fs::write(&last, &bytes).unwrap();
        target(&bytes);
        Ok(())
    });
    if let Err(error) = drawn {
        panic!("{error}");
    }
}

/// Bytes, consumed from the front; 0 after the last.
#[derive(Debug)]
pub struct Draws<'a>(&'a [u8]);

impl<'a> Draws<'a> {
    /// Draws from these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether there are none left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `bound`, from two bytes.
    pub fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound.max(1)
    }

    /// One of several choices, from one byte.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// Whether an event with a probability of one in `times` occurs.
    pub fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }
}

/// Overwrites, removes or inserts bytes.
pub fn damage(bytes: &mut Vec<u8>, draws: &mut Draws<'_>) {
    let at = match draws.byte() % 3 {
        // Damage to headers has the largest effect.
        0 => draws.below(bytes.len().min(512)),
        1 => draws.below(bytes.len()),
        _ => bytes.len().saturating_sub(1 + draws.below(256)),
    };
    let at = at.min(bytes.len());
    match draws.byte() % 6 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, draws.byte()),
        2 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
        3 => bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0),
        4 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (draws.byte() % 8)),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = draws.byte()),
    }
}
