//! The functions that the header declares: the library exports each, and each host calls each.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use qlty_tests::hosts::{Kind, Language, Outcome, Tool, libraries, repository, run, source};

use super::{CPP, program};

/// A function that the header declares.
struct Declared {
    name: String,
    /// Whether it returns errors.
    fails: bool,
    /// Whether its comment starts with "Deprecated": it exists for hosts that were compiled for an earlier release.
    is_deprecated: bool,
}

/// The functions that the header declares.
fn declared() -> Vec<Declared> {
    let header = fs::read_to_string(repository().join("include/qlty.h")).unwrap();
    let declarations = header.split(';').map(|part| {
        // The code of a part without its comments and preprocessor lines.
        let (comments, code) = part.rsplit_once("*/").unwrap_or(("", part));
        let is_deprecated = comments.rsplit("/*").next().is_some_and(|last| last.trim().starts_with("Deprecated: "));
        (code.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" "), is_deprecated)
    });
    let declarations =
        declarations.filter(|(code, _)| !code.contains("typedef") && !code.contains("static") && code.ends_with(')'));
    let named = declarations.filter_map(|(code, is_deprecated)| {
        let name = code.split('(').next()?.split([' ', '*']).next_back()?.to_owned();
        let fails = code.contains("qlty_error **error");
        (name.starts_with("qlty_") && !name.contains("array_")).then_some(Declared { name, fails, is_deprecated })
    });
    named.collect()
}

pub(crate) fn exported_symbols_are_those_declared() -> Outcome {
    let shared = &libraries()?.shared;
    let listed = run(Tool::Nm.command()?.args(["-D", "--defined-only"]).arg(shared))?;
    let exported: BTreeSet<_> = listed.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let declared = declared();
    let declared: BTreeSet<_> = declared.iter().map(|function| function.name.as_str()).collect();
    if exported.len() < 30 || exported != declared || exported.iter().any(|name| !name.starts_with("qlty_")) {
        let differing: Vec<_> = exported.symmetric_difference(&declared).collect();
        return Err(format!("exported and declared functions differ in {differing:?}").into());
    }
    Ok(())
}

/// The contents of all files in a folder whose names end with `end`, as one text.
fn all_of(folder: &Path, end: &str) -> Outcome<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(end)) {
            text += &fs::read_to_string(path)?;
        }
    }
    Ok(text)
}

fn none_missing(host: &str, missing: impl Fn(&Declared) -> bool) -> Outcome {
    let missing: Vec<_> = declared().into_iter().filter(missing).map(|function| function.name).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not called in {host}: {missing:?}").into()) }
}

/// Each function succeeds somewhere in `calls.c` or `*_calls.c`, and fails in `arguments.c` or
/// `*_arguments.c` if it can.
pub(crate) fn every_function_is_called_in_c() -> Outcome {
    let [calls, arguments] = [all_of(&source("c"), "calls.c")?, all_of(&source("c"), "arguments.c")?];
    let is_in = |text: &str, name: &str| text.contains(&format!("{name}("));
    none_missing("tests/hosts/c", |Declared { name, fails, .. }| {
        !is_in(&calls, name) || (*fails && !is_in(&arguments, name))
    })
}

/// `qlty.hpp` is entirely inline, so the C functions in a program are those that its code calls. It calls no deprecated
/// one.
pub(crate) fn every_function_is_called_in_cpp() -> Outcome {
    let mut called = BTreeSet::new();
    for name in CPP {
        let program = program(Language::Cpp, name, Kind::Plain)?;
        let listed = run(Tool::Nm.command()?.arg("--undefined-only").arg(program))?;
        called.extend(listed.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned));
    }
    // The failing function is identified by the status that the call returned.
    none_missing("tests/hosts/cpp", |Declared { name, is_deprecated, .. }| {
        name != "qlty_error_status" && called.contains(name) == *is_deprecated
    })
}

/// Each function is called, by its name or by that of the type that it frees, outside the list of functions; but no
/// deprecated one.
pub(crate) fn every_function_is_called_in_julia() -> Outcome {
    let package = repository().join("qlty-capi/julia");
    let list = fs::read_to_string(package.join("src/libqlty.jl"))?;
    let text = all_of(&package.join("src"), ".jl")?.replace(&list, "") + &all_of(&package.join("test"), ".jl")?;
    let words: BTreeSet<_> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let handles: BTreeSet<_> =
        text.lines().filter_map(|line| line.strip_prefix("@handle ")?.split(' ').nth(1)).collect();
    none_missing("qlty-capi/julia", |Declared { name, is_deprecated, .. }| {
        let freed = name.strip_prefix("qlty_").and_then(|noun| noun.strip_suffix("_free"));
        let is_called = words.contains(name.as_str()) || freed.is_some_and(|noun| handles.contains(noun));
        name != "qlty_error_status" && is_called == *is_deprecated
    })
}
