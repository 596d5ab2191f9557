//! What cargo says of the workspace.

use std::process::Command;

use serde_json::Value;

use crate::hosts::{Outcome, repository, run};

/// The crates that are published, those that others depend on first.
pub const CRATES: [&str; 5] = ["qlty-core", "qlty-large", "qlty-pairs", "qlty-pyramid", "qlty-capi"];

/// `cargo metadata` with these further arguments.
///
/// # Errors
/// What cargo says where it fails.
pub fn metadata(arguments: &[&str]) -> Outcome<Value> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1"]).args(arguments);
    Ok(serde_json::from_str(&run(cargo.current_dir(repository()))?)?)
}

/// The package of this name.
///
/// # Errors
/// That there is none.
pub fn package<'a>(metadata: &'a Value, name: &str) -> Outcome<&'a Value> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.into_iter().find(|package| package["name"] == name).ok_or_else(|| format!("no package {name}").into())
}

/// The text in `file`, from the root of the repository, is `expected`; with `QLTY_BLESS` in the environment it is
/// written first.
///
/// # Errors
/// If the two differ first, and the command that mends it.
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
