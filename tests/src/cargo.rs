//! The metadata of the workspace, from cargo.

use std::process::Command;

use serde_json::Value;

use crate::hosts::{Outcome, repository, run};

/// The published crates, dependencies first.
pub const CRATES: [&str; 5] = ["qlty-core", "qlty-large", "qlty-pairs", "qlty-pyramid", "qlty-capi"];

/// `cargo metadata` with these further arguments.
///
/// # Errors
/// The error message of cargo.
pub fn metadata(arguments: &[&str]) -> Outcome<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1"]).args(arguments);
    Ok(serde_json::from_str(&run(cargo.current_dir(repository()))?)?)
}

/// The package of this name.
///
/// # Errors
/// If there is no such package.
pub fn package<'a>(metadata: &'a Value, name: &str) -> Outcome<&'a Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.into_iter().find(|package| package["name"] == name).ok_or_else(|| format!("no package {name}").into())
}

/// Checks that `file`, relative to the root of the repository, contains `expected`; with `QLTY_BLESS` in the
/// environment it is written first.
///
/// # Errors
/// The first difference, and the command that updates the file.
pub fn check_committed(file: &str, expected: &str, test: &str) -> Outcome {
    let path = repository().join(file);
    if std::env::var_os("QLTY_BLESS").is_some() {
        std::fs::write(&path, expected)?;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed == expected {
        return Ok(());
    }
    let at = committed.lines().zip(expected.lines()).position(|(a, b)| a != b);
    let at = at.unwrap_or_else(|| committed.lines().count().min(expected.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("its end").to_owned();
    Err(format!(
        "{file} is not up to date in line {}: got {:?}, expected {:?}. If that is meant, write it anew with \
         QLTY_BLESS=1 cargo test -p qlty-tests --test {test}",
        at + 1,
        line(&committed),
        line(expected),
    )
    .into())
}
