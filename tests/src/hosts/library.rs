//! The library under test.

use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Failed;

use super::{Outcome, repository, run};

/// The libraries that `cargo build --release -p qlty-capi` builds.
#[derive(Debug)]
pub struct Libraries {
    /// `libqlty.so`, or the system's name for it.
    pub shared: PathBuf,
    /// `libqlty.a`.
    pub archive: PathBuf,
}

/// Builds the libraries, once.
pub fn libraries() -> Outcome<&'static Libraries> {
    static LIBRARIES: OnceLock<Outcome<Libraries>> = OnceLock::new();
    let build = || {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--release", "--package", "qlty-capi", "--message-format", "json"]);
        let messages = run(cargo.current_dir(repository()))?;
        let files: Vec<PathBuf> = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["reason"] == "compiler-artifact" && message["target"]["name"] == "qlty")
            .flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default())
            .filter_map(|file| file.as_str().map(PathBuf::from))
            .collect();
        let find = |name: &str| {
            let file = files.iter().find(|file| file.file_name() == Some(OsStr::new(name))).cloned();
            file.ok_or_else(|| Failed::from(format!("cargo made {files:?}, expected {name}")))
        };
        let shared = format!("{}qlty{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
        Ok(Libraries { shared: find(&shared)?, archive: find("libqlty.a")? })
    };
    LIBRARIES.get_or_init(build).as_ref().map_err(Clone::clone)
}
