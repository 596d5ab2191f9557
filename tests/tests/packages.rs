//! What `cargo package` and a registry want of the crates, and the oldest compiler they are for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::env;
use std::fs;
use std::process::Command;

use qlty_tests::cargo::{CRATES, metadata, package};
use qlty_tests::hosts::{repository, run};

/// Nothing that a user of a crate downloads is larger, in bytes.
const LARGEST_FILE: u64 = 128 << 10;

#[test]
fn every_crate_says_what_a_registry_shows() {
    let metadata = metadata(&["--no-deps"]).unwrap();
    for name in CRATES {
        let package = package(&metadata, name).unwrap();
        for key in ["description", "license", "rust_version", "readme", "edition"] {
            assert!(package[key].as_str().is_some_and(|text| !text.is_empty()), "{name} has no {key}");
        }
        for key in ["keywords", "categories"] {
            let count = package[key].as_array().map_or(0, Vec::len);
            assert!((1..=5).contains(&count), "{name} has {count} {key}, expected 1 to 5");
        }
        // So that a crate alone, as `.ci/check` builds it, is the crate without default features too.
        assert!(package["features"].get("default").is_none(), "{name} has default features, which nothing tests");
        // What is depended on by path is published under a version.
        for dependency in package["dependencies"].as_array().unwrap() {
            let by_path = dependency["path"].is_string() && dependency["kind"].is_null();
            assert!(!by_path || dependency["req"] != "*", "{name} depends on {} of no version", dependency["name"]);
        }
    }
}

/// Sources, words and licences; no test data.
#[test]
fn packages_hold_what_they_need_and_no_more() {
    for name in CRATES {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["package", "--list", "--allow-dirty", "--offline", "--locked", "--package", name]);
        let listed = run(cargo.current_dir(repository())).unwrap();
        let files: Vec<&str> = listed.lines().collect();
        for wanted in ["Cargo.toml", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "src/lib.rs"] {
            assert!(files.contains(&wanted), "{name}: the package has no {wanted}, but {files:?}");
        }
        for file in &files {
            assert!(!file.contains("fixtures") && !file.contains("golden/"), "{name}: the package has {file}");
            // What cargo writes itself is not in the folder.
            let bytes = fs::metadata(repository().join(name).join(file)).map_or(0, |metadata| metadata.len());
            assert!(bytes <= LARGEST_FILE, "{name}: {file} has {bytes} bytes, expected at most {LARGEST_FILE}");
        }
    }
}

/// The version that the crates state is the one that CI builds with, so that the statement is tested; elsewhere a
/// later compiler will do.
#[test]
fn the_compiler_is_the_one_that_is_stated() {
    let metadata = metadata(&["--no-deps"]).unwrap();
    let stated = |name| package(&metadata, name).unwrap()["rust_version"].as_str().unwrap().to_owned();
    let [stated, others @ ..] = CRATES.map(stated);
    assert!(others.iter().all(|other| *other == stated), "{stated}, but {others:?}");
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let said = run(Command::new(rustc).arg("--version")).unwrap();
    let version = said.split_whitespace().nth(1).unwrap().to_owned();
    let numbers = |text: &str| -> Vec<u32> { text.split('.').take(2).map(|number| number.parse().unwrap()).collect() };
    let (used, least) = (numbers(&version), numbers(&stated));
    let is_ci = env::var_os("QLTY_REQUIRE_HOSTS").is_some_and(|value| !value.is_empty() && value != "0");
    assert!(used >= least, "rustc {version}, expected at least {stated}");
    assert!(!is_ci || used == least, "CI builds with rustc {version}, so {stated} is not tested: state one of them");
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    assert!(readme.contains(&format!("Rust {stated} or later")), "the README does not say Rust {stated}");
}
