//! Damaged files, damaged stores, and arguments of the C ABI that make no sense: an error or a result, never a panic.
//!
//! A target is a function of bytes, so that a fuzzer which steers by coverage can drive it too. Here the bytes are
//! drawn at random, `QLTY_FUZZ_CASES` of them for each target; and those of `tests/fuzz/<target>`, which once did harm
//! or are of a kind that might, are replayed first. What fails is left in a file, to be put into that folder with the
//! mending.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod arguments;
mod draws;
mod stores;
mod tiff;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use qlty_tests::strategy::cases;

/// Replays what is in the corpus, and then draws.
fn fuzz(name: &str, most_bytes: usize, default_cases: u32, target: impl Fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&corpus).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{}: no corpus", corpus.display());
    for file in files {
        // What the harness of the tests shows where this fails.
        println!("replaying {}", file.display());
        target(&fs::read(&file).unwrap());
    }
    let count = std::env::var("QLTY_FUZZ_CASES").map_or(default_cases, |count| count.parse().unwrap());
    // Written before each case: a process that is aborted tells nothing.
    let last = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{name}"));
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

#[test]
fn files_that_are_damaged() {
    fuzz("tiff", 64, 400, tiff::target);
}

#[test]
fn stores_that_are_damaged() {
    fuzz("stores", 64, 150, stores::target);
}

#[test]
fn arguments_that_make_no_sense() {
    fuzz("arguments", 600, 600, arguments::target);
}
