//! Shared code of the tests of programs in other languages: the tools they need, the library as a user would build it,
//! and a test suite that reports which tools are missing.
#![allow(clippy::missing_errors_doc, reason = "an error is the failure of the test that asks")]

mod library;
mod program;
mod suite;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;

pub use library::{Libraries, libraries};
pub use program::{Kind, Language, compile, compiler, header_compiler};
pub use suite::{Suite, Test};
pub use tool::Tool;

/// The result of a test.
pub type Outcome<T = ()> = Result<T, Failed>;

/// The root of the repository.
pub fn repository() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// A host program's source in `tests/hosts`.
pub fn source(file: &str) -> PathBuf {
    repository().join("tests/hosts").join(file)
}

/// A path for files that the tests generate, next to the test programs.
pub fn scratch(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().nth(3).unwrap();
    let folder = target.join("tmp/hosts");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Runs a command; returns its output, or the output and the command as the failure.
pub fn run(command: &mut Command) -> Outcome<String> {
    // The libraries of cargo's own builds are not the ones under test.
    command.env_remove("LD_LIBRARY_PATH").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{command:?}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// Julia with the library under test and several threads, as a project of the package.
pub fn julia() -> Outcome<Command> {
    let mut command = Tool::Julia.command()?;
    command.env("QLTY_LIBRARY", &libraries()?.shared).env("JULIA_NUM_THREADS", "3");
    command.env("JULIA_PROJECT", repository().join("qlty-capi/julia"));
    // Compiled modules are stored with the other generated files.
    command.env("JULIA_DEPOT_PATH", scratch("julia-depot"));
    Ok(command)
}
