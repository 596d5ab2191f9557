//! What `cargo package` and a registry require of the crates, and the minimum Rust versions that they state.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::env;
use std::fs;
use std::process::Command;

use qlty_tests::cargo::{CRATES, metadata, package};
use qlty_tests::hosts::{repository, run};

/// The maximum size of a file in a package, in bytes.
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
        // So the crates that `.ci/check` builds alone are built without features.
        assert!(package["features"].get("default").is_none(), "{name} has default features, which nothing tests");
        // A path dependency also needs a version, under which it is published.
        for dependency in package["dependencies"].as_array().unwrap() {
            let by_path = dependency["path"].is_string() && dependency["kind"].is_null();
            assert!(!by_path || dependency["req"] != "*", "{name} depends on {} without a version", dependency["name"]);
        }
    }
}

/// Sources, READMEs and licences; no test data.
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
            // Files that cargo generates are not in the folder.
            let bytes = fs::metadata(repository().join(name).join(file)).map_or(0, |metadata| metadata.len());
            assert!(bytes <= LARGEST_FILE, "{name}: {file} has {bytes} bytes, expected at most {LARGEST_FILE}");
        }
    }
}

/// The edition needs this version.
const EDITION: &str = "1.85";

/// The parts of a version, such as 1.85 or 1.85.0.
fn numbers(version: &str) -> [u32; 3] {
    let mut numbers = [0; 3];
    for (number, text) in numbers.iter_mut().zip(version.split(['.', '-'])) {
        *number = text.parse().unwrap();
    }
    numbers
}

/// The packages that a crate is built from, including itself, as name and version; `qlty-core` without its features.
fn built_from(name: &str) -> Vec<(String, String)> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--package", name, "--edges", "no-dev", "--prefix", "none"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"]);
    if name != "qlty-core" {
        cargo.arg("--all-features");
    }
    let listed = run(cargo.current_dir(repository())).unwrap();
    let mut packages: Vec<(String, String)> = listed
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
        })
        .collect();
    packages.sort();
    packages.dedup();
    packages
}

/// Each crate states the oldest Rust that its dependencies allow, and the README states the same.
/// `.ci/check-oldest-rust` tests `qlty-core` with its version; for the others, clippy's `incompatible_msrv` refuses
/// newer parts of the standard library.
#[test]
fn the_stated_compilers_are_the_oldest_that_dependencies_allow() {
    let metadata = metadata(&["--filter-platform", "x86_64-unknown-linux-gnu"]).unwrap();
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let printed = run(Command::new(rustc).arg("--version")).unwrap();
    let used = numbers(printed.split_whitespace().nth(1).unwrap());
    for name in CRATES {
        let stated = package(&metadata, name).unwrap()["rust_version"].as_str().unwrap();
        let needed = built_from(name).into_iter().filter_map(|(name, version)| {
            let packages = metadata["packages"].as_array().unwrap();
            let found = packages.iter().find(|package| package["name"] == *name && package["version"] == *version);
            let needed = found.unwrap_or_else(|| panic!("no package {name} {version}"))["rust_version"].as_str()?;
            Some((numbers(needed), name))
        });
        let oldest = needed.chain([(numbers(EDITION), "the edition".to_owned())]).max().unwrap();
        assert_eq!(numbers(stated), oldest.0, "{name} states Rust {stated}, but {} decides", oldest.1);
        assert!(used >= numbers(stated), "rustc {used:?}, expected at least {stated}");
        assert!(readme.contains(&format!("Rust {stated} or later")), "the README does not say Rust {stated}");
    }
}
