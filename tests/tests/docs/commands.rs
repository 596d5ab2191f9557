//! The commands on the pages. Those of cargo take minutes and install things, so they are compared with the workspace;
//! all others are run, those of a page one after the other in the same folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;
use qlty_tests::hosts::{Outcome, repository, run, scratch, source};
use serde_json::Value;

use super::Block;

pub(super) fn run_all(blocks: &[Block]) -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    copy_samples(folder.path())?;
    for block in blocks {
        let lines = block.text.lines().filter(|line| !is_run_elsewhere(line));
        let (cargos, others): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("cargo "));
        for line in cargos {
            check_cargo(line).map_err(|failed| at(block, &failed))?;
        }
        if others.iter().all(|line| line.trim().is_empty()) {
            continue;
        }
        let mut shell = Command::new("sh");
        shell.args(["-e", "-u", "-c", &others.join("\n")]).current_dir(&folder).env("PATH", path_with_tool()?);
        run(&mut shell)
            .map_err(|failed| format!("{}:{}: {}", block.page, block.line, failed.message().unwrap_or_default()))?;
    }
    Ok(())
}

/// Commands that `tests/install.rs` runs, in its own folders.
fn is_run_elsewhere(line: &str) -> bool {
    line.starts_with("qlty-capi/install.sh --prefix ")
        || line.starts_with("cc app.c $(pkg-config --cflags --libs qlty)")
}

/// The CMake code on a page is that of the project in `outside`, which `tests/install.rs` builds.
pub(super) fn is_in_project_outside(block: &Block) -> Outcome {
    let project = std::fs::read_to_string(source("outside/CMakeLists.txt"))?;
    let lines = block.text.lines().map(|line| line.split('#').next().unwrap_or_default());
    for word in lines.flat_map(|line| line.split([' ', ')'])).filter(|word| word.contains("qlty")) {
        if !project.split([' ', ')', '\n']).any(|known| known == word) {
            return Err(format!("{}:{}: {word} is in no project of the tests", block.page, block.line).into());
        }
    }
    Ok(())
}

/// A failure with its page and line.
fn at(block: &Block, failed: &Failed) -> Failed {
    format!("{}:{}: {}", block.page, block.line, failed.message().unwrap_or_default()).into()
}

/// Copies the samples, since commands are typed at the root of the repository, which they must not write to.
fn copy_samples(folder: &Path) -> Outcome {
    let to = folder.join("samples/brain");
    std::fs::create_dir_all(&to)?;
    for entry in std::fs::read_dir(repository().join("samples/brain"))? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The search path, preceded by the folder of `qlty-pyramid`, which is built first.
fn path_with_tool() -> Outcome<OsString> {
    static TOOL: OnceLock<Outcome<PathBuf>> = OnceLock::new();
    let build = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--bins", "--message-format", "json"]).current_dir(repository());
        // With the profile of the tests themselves, so that it is usually built already.
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let messages = run(&mut cargo)?;
        let mut artifacts = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let tool = artifacts.find_map(|message| {
            let is_tool = message["target"]["name"] == "qlty-pyramid" && message["executable"].is_string();
            is_tool.then(|| PathBuf::from(message["executable"].as_str().unwrap_or_default()))
        });
        tool.ok_or_else(|| Failed::from("cargo made no executable qlty-pyramid"))
    };
    let tool = TOOL.get_or_init(build).clone()?;
    let rest = env::var_os("PATH").unwrap_or_default();
    let folders = tool.parent().map(Path::to_path_buf).into_iter().chain(env::split_paths(&rest));
    Ok(env::join_paths(folders)?)
}

/// The packages of the workspace.
fn packages() -> Outcome<Vec<Value>> {
    static METADATA: OnceLock<Outcome<Value>> = OnceLock::new();
    let read = || {
        let mut cargo = Command::new(env!("CARGO"));
        let printed =
            run(cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(repository()))?;
        Ok(serde_json::from_str(&printed)?)
    };
    let metadata = METADATA.get_or_init(read).clone()?;
    Ok(metadata["packages"].as_array().cloned().unwrap_or_default())
}

/// Fails if a cargo command names something that does not exist.
fn check_cargo(line: &str) -> Outcome {
    let packages = packages()?;
    let line = line.split('#').next().unwrap_or_default();
    let mut words = line.split_whitespace().skip(1);
    let mut package = None;
    let command = words.next().unwrap_or_default();
    if !["run", "test", "bench", "build", "install"].contains(&command) {
        return Err(format!("cargo {command:?} is checked by no test").into());
    }
    while let Some(word) = words.next() {
        let kind = match word {
            // The rest are arguments of the program.
            "--" => break,
            "--release" | "--workspace" => continue,
            "-p" | "--package" | "--path" | "--features" => word,
            "--example" | "--test" | "--bench" => word.trim_start_matches('-'),
            _ => return Err(format!("{word:?} is checked by no test").into()),
        };
        let value = words.next().unwrap_or_default();
        let found = match kind {
            "-p" | "--package" | "--path" => {
                package = packages.iter().find(|package| package["name"] == value);
                package.is_some()
            }
            "--features" => package.is_some_and(|package| package["features"].get(value).is_some()),
            kind => packages.iter().filter_map(|package| package["targets"].as_array()).flatten().any(|target| {
                target["name"] == value && target["kind"].as_array().is_some_and(|kinds| kinds.contains(&kind.into()))
            }),
        };
        if !found {
            return Err(format!("the workspace has no {value:?} for {word}").into());
        }
    }
    Ok(())
}
