//! The dependencies of the crates and their licences: `LICENSES.md` lists them, and each is allowed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use qlty_tests::cargo::{CRATES, check_committed, metadata};
use serde_json::Value;

/// The licences allowed in the libraries and the tool.
const ALLOWED: [&str; 9] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
];
/// The licences allowed only in programs that are never distributed: tests and code generators.
const ALLOWED_IN_TESTS: [&str; 1] = ["MPL-2.0"];

const BEGINNING: &str = "# Licences

The dependencies on Linux and their licences, as their packages declare them. This file is written by
`QLTY_BLESS=1 cargo test -p qlty-tests --test licences`, and the tests check that it is up to date. Where a package
offers a choice (OR), this project uses it under MIT or Apache-2.0 if those are offered. The C libraries in `blosc-src`,
`lz4-sys`, `zstd-sys`, `libz-sys` and `snappy_src` are licensed under BSD-2-Clause, BSD-3-Clause and Zlib.
";

/// Whether a licence expression can be satisfied by allowed licences: `A OR B`, `A/B`, `A AND B`, with or without
/// parentheses.
fn is_allowed(terms: &str, allowed: &BTreeSet<&str>) -> bool {
    let terms = terms.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let mut words: Vec<&str> = terms.split_whitespace().rev().collect();
    let met = any(&mut words, allowed);
    assert!(words.is_empty(), "terms that end early: {terms}");
    met
}

fn any(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    let mut met = all(words, allowed);
    while words.last() == Some(&"OR") {
        words.pop();
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    let mut met = one(words, allowed);
    while words.last() == Some(&"AND") {
        words.pop();
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    match words.pop() {
        Some("(") => {
            let met = any(words, allowed);
            assert_eq!(words.pop(), Some(")"), "parentheses that do not match");
            met
        }
        Some(name) => allowed.contains(name.replace("+WITH+", " WITH ").as_str()),
        None => false,
    }
}

/// The transitive dependencies of packages in the resolved graph; `dev` says whether dev-dependencies count.
fn needed(metadata: &Value, from: &[&str], dev: bool) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let packages = metadata["packages"].as_array().unwrap();
    let wanted = packages.iter().filter(|package| from.contains(&package["name"].as_str().unwrap()));
    let mut open: Vec<&str> = wanted.map(|package| package["id"].as_str().unwrap()).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id.to_owned()) {
            let edges = nodes[id]["deps"].as_array().unwrap();
            let edges = edges.iter().filter(|edge| {
                let kinds = edge["dep_kinds"].as_array().unwrap();
                kinds.iter().any(|kind| dev || kind["kind"] != "dev")
            });
            open.extend(edges.map(|edge| edge["pkg"].as_str().unwrap()));
        }
    }
    found
}

#[test]
fn the_list_is_up_to_date_and_allowed() {
    // A fixed platform, whatever the machine: packages of other platforms may not be downloaded.
    let metadata = metadata(&["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"]).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let shipped = needed(&metadata, &CRATES, false);
    let everything: BTreeSet<String> =
        packages.iter().map(|package| package["id"].as_str().unwrap().to_owned()).collect();
    let tests: BTreeSet<String> = everything.difference(&shipped).cloned().collect();
    assert!(shipped.len() > 50 && tests.len() > 10, "{} and {} packages", shipped.len(), tests.len());

    let mut text = BEGINNING.to_owned();
    let mut allowed = BTreeSet::from(ALLOWED);
    for (title, ids) in [("In the libraries and the tool", &shipped), ("Only in tests and generated files", &tests)] {
        writeln!(text, "\n## {title}\n\n| package | version | terms |\n|---|---|---|").unwrap();
        let mut lines = BTreeSet::new();
        for package in packages.iter().filter(|package| ids.contains(package["id"].as_str().unwrap())) {
            let word = |key: &str| package[key].as_str().unwrap_or_default();
            // Our own packages have no source.
            if package["source"].is_null() {
                continue;
            }
            let terms = word("license");
            assert!(is_allowed(terms, &allowed), "{} {}: {terms:?} is not allowed", word("name"), word("version"));
            lines.insert(format!("| {} | {} | {terms} |\n", word("name"), word("version")));
        }
        text.extend(lines);
        allowed.extend(ALLOWED_IN_TESTS);
    }
    if let Err(failed) = check_committed("LICENSES.md", &text, "licences") {
        panic!("{}", failed.message().unwrap_or_default());
    }
}

#[test]
fn terms_are_read_as_they_are_meant() {
    let allowed = BTreeSet::from(["MIT", "Apache-2.0 WITH LLVM-exception", "Zlib"]);
    for terms in ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(GPL-3.0 OR Zlib) AND MIT", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(is_allowed(terms, &allowed), "{terms}");
    }
    for terms in ["", "GPL-3.0", "Apache-2.0", "MIT AND GPL-3.0", "GPL-3.0 OR (MIT AND LGPL-3.0)"] {
        assert!(!is_allowed(terms, &allowed), "{terms}");
    }
}
