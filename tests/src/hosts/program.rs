//! Programs in C and C++, compiled against the library in cargo's target folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use super::{Outcome, Tool, libraries, repository, run, scratch};

/// The language of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "they are their own names")]
pub enum Language {
    C,
    Cpp,
}

impl Language {
    /// The compiler.
    pub fn tool(self) -> Tool {
        match self {
            Self::C => Tool::C,
            Self::Cpp => Tool::Cpp,
        }
    }
}

/// How a program is compiled, or run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Without any tool.
    Plain,
    /// The same program under valgrind, which checks the library.
    Valgrind,
    /// With AddressSanitizer and UndefinedBehaviourSanitizer, which check the host, including the inline code of
    /// `qlty.h` and `qlty.hpp`, and leaks of both.
    Sanitized,
}

/// A compiler that treats warnings as errors.
pub fn compiler(language: Language, kind: Kind) -> Outcome<Command> {
    let mut command = language.tool().command()?;
    command.args(match language {
        Language::C => &["-std=c99"][..],
        Language::Cpp => &["-std=c++17", "-Wconversion"],
    });
    command.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-O1", "-I"]);
    command.arg(repository().join("include"));
    if kind == Kind::Sanitized {
        command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]);
    }
    Ok(command)
}

/// Checks whether a header can be included.
pub fn header_compiler(language: Language) -> Outcome<Command> {
    let mut command = compiler(language, Kind::Plain)?;
    command.arg("-fsyntax-only");
    Ok(command)
}

/// The program built from a source file with these additional arguments, compiled once.
pub fn compile(language: Language, source: &Path, kind: Kind, further: &[String]) -> Outcome<PathBuf> {
    type Slot = Arc<OnceLock<Outcome<PathBuf>>>;
    static PROGRAMS: OnceLock<Mutex<HashMap<(PathBuf, bool), Slot>>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(Mutex::default);
    let sanitized = kind == Kind::Sanitized;
    let slot = programs.lock().unwrap().entry((source.to_owned(), sanitized)).or_default().clone();
    let compile = || {
        let folder = libraries()?.shared.parent().unwrap();
        let ending = if sanitized { "-sanitized" } else { "" };
        let out = scratch(&format!("{language:?}-{}{ending}", source.file_stem().unwrap().display()));
        let mut compiler = compiler(language, kind)?;
        compiler.arg(source).arg("-o").arg(&out).args(further).arg("-L").arg(folder);
        compiler.arg(format!("-Wl,-rpath,{}", folder.display()));
        run(compiler.args(["-lqlty", "-lpthread", "-lm"]))?;
        Ok(out)
    };
    slot.get_or_init(compile).clone()
}
