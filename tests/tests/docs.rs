//! The README and the guides in `docs/`: code that is not Rust is compiled and run, commands are run or compared with
//! the workspace, links are checked, and the page for users of the Python package is checked to mention every public
//! name of it. Their Rust code is tested as doctests, in `tests/src/docs.rs`.
#![allow(clippy::unwrap_used, reason = "a helper of tests that fails is a failed test")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use qlty_tests::cargo::CRATES;
use qlty_tests::hosts::{Kind, Language, Outcome, Suite, Tool, compile, julia, repository, run, scratch};

#[path = "docs/commands.rs"]
mod commands;
#[path = "docs/python.rs"]
mod python;

/// A block of code.
#[derive(Debug, Clone)]
struct Block {
    /// The page, relative to the root of the repository.
    page: String,
    /// The line on which it begins, from 1.
    line: usize,
    language: String,
    text: String,
}

impl Block {
    /// A name for files and tests, such as `docs-tile-in-memory-42`.
    fn name(&self) -> String {
        format!("{}-{}", self.page.trim_end_matches(".md").replace('/', "-"), self.line)
    }
}

/// The pages that are tested: those at the root, of the crates, and in `docs`.
fn pages() -> Vec<String> {
    let in_folder = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(repository().join(folder)).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let pages = names.filter(|name| name.ends_with(".md"));
        pages.map(|name| Path::new(folder).join(name).to_string_lossy().into_owned()).collect()
    };
    let mut pages: Vec<String> = ["", "docs"].into_iter().chain(CRATES).flat_map(in_folder).collect();
    pages.sort();
    pages
}

fn read(page: &str) -> String {
    fs::read_to_string(repository().join(page)).unwrap()
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in read(page).lines().enumerate() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(language), None) => {
                let (page, language) = (page.to_owned(), language.to_owned());
                open = Some(Block { page, line: index + 1, language, text: String::new() });
            }
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some(mut block)) => {
                block.text += line;
                block.text += "\n";
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a block does not end");
    blocks
}

/// Every block is in a language that some test handles.
fn every_block_is_tested() -> Outcome {
    let doctests = read("tests/src/docs.rs");
    for block in pages().iter().flat_map(|page| blocks(page)) {
        let tested = match block.language.as_str() {
            "rust" => doctests.contains(&format!("\"{}\" as", block.page)),
            "c" | "cpp" | "julia" | "sh" | "cmake" => true,
            // Our diagrams, which rustdoc would take for Rust.
            "" => !doctests.contains(&format!("\"{}\" as", block.page)),
            _ => false,
        };
        if !tested {
            let Block { page, line, language, .. } = block;
            return Err(format!("{page}:{line}: a block of {language:?} that no test compiles or runs").into());
        }
    }
    Ok(())
}

/// Links without a scheme point to existing files.
fn links_lead_somewhere() -> Outcome {
    let mut count = 0;
    for page in pages() {
        let folder = repository().join(&page).parent().unwrap().to_owned();
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if target.contains("://") || file.is_empty() || target.contains([' ', '\n']) {
                continue;
            }
            count += 1;
            if !folder.join(file).exists() {
                return Err(format!("{page}: a link to {target}, which is not there").into());
            }
        }
    }
    if count < 20 { Err(format!("got {count} links, expected at least 20").into()) } else { Ok(()) }
}

/// An empty folder to run a block in, and a file with the block next to it.
fn written(block: &Block, extension: &str) -> Outcome<(tempfile::TempDir, PathBuf)> {
    let file = scratch(&format!("{}.{extension}", block.name()));
    fs::write(&file, &block.text)?;
    Ok((tempfile::tempdir_in(scratch(""))?, file))
}

fn compiled(block: &Block, language: Language, extension: &str) -> Outcome {
    let (folder, source) = written(block, extension)?;
    let program = compile(language, &source, Kind::Plain, &[])?;
    run(Command::new(program).current_dir(&folder))?;
    Ok(())
}

fn in_julia(block: &Block) -> Outcome {
    let (folder, script) = written(block, "jl")?;
    let package = repository().join("qlty-capi/julia");
    let paths = env::join_paths([package.clone(), package.join("src"), PathBuf::from("@stdlib")])?;
    run(julia()?.env("JULIA_LOAD_PATH", paths).arg(script).current_dir(&folder))?;
    Ok(())
}

fn main() -> ExitCode {
    let mut suite = Suite::new("docs");
    suite.add("every_block_is_tested", &[], Box::new(every_block_is_tested));
    suite.add("links_lead_somewhere", &[], Box::new(links_lead_somewhere));
    suite.add("python::every_name_is_mapped", &[], Box::new(python::every_name_is_mapped));
    suite.add("python::what_is_said_to_be_here_is_here", &[], Box::new(python::what_is_said_to_be_here_is_here));
    for page in pages() {
        let blocks = blocks(&page);
        let shell: Vec<Block> = blocks.iter().filter(|block| block.language == "sh").cloned().collect();
        for block in blocks {
            let name = format!("{}::{}:{}", block.language, block.page, block.line);
            match block.language.as_str() {
                "c" => suite.add(&name, &[Tool::C], Box::new(move || compiled(&block, Language::C, "c"))),
                "cpp" => suite.add(&name, &[Tool::Cpp], Box::new(move || compiled(&block, Language::Cpp, "cpp"))),
                "cmake" => suite.add(&name, &[], Box::new(move || commands::is_in_project_outside(&block))),
                "julia" => suite.add(&name, &[Tool::Julia], Box::new(move || in_julia(&block))),
                _ => {}
            }
        }
        if !shell.is_empty() {
            suite.add(&format!("sh::{page}"), &[], Box::new(move || commands::run_all(&shell)));
        }
    }
    suite.run()
}
