//! The C ABI from C, C++ and Julia: the sources in `tests/hosts`, compiled and run against the
//! library as a user would build it, and the header and the symbols themselves.
//!
//! A test for which this machine lacks a tool is shown as ignored and says which; with
//! `QLTY_REQUIRE_HOSTS` in the environment it fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]
#![allow(clippy::print_stderr, reason = "a test program says what it could not test")]

use std::collections::{BTreeSet, HashMap};
use std::env;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use qlty_tests::golden::Case;

type Outcome<T = ()> = Result<T, Failed>;

/// What a test needs that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tool {
    C,
    Cpp,
    Nm,
    Valgrind,
    Julia,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::C => "C compiler",
            Self::Cpp => "C++ compiler",
            Self::Nm => "nm",
            Self::Valgrind => "valgrind",
            Self::Julia => "julia",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::C => "gcc or clang from the system's packages, or CC in the environment",
            Self::Cpp => "g++ or clang++ from the system's packages, or CXX in the environment",
            Self::Nm => "binutils from the system's packages",
            Self::Valgrind => "valgrind from the system's packages",
            Self::Julia => ".ci/get-julia.sh .hosts/julia, or QLTY_JULIA in the environment",
        }
    }

    /// Where the tool is.
    fn find(self) -> Option<PathBuf> {
        let named = |variable| env::var_os(variable).map(PathBuf::from);
        match self {
            Self::C => named("CC").or_else(|| in_path("cc")),
            Self::Cpp => named("CXX").or_else(|| in_path("c++")),
            Self::Nm => in_path("nm"),
            Self::Valgrind => in_path("valgrind"),
            Self::Julia => {
                let own = Some(repository().join(".hosts/julia/julia")).filter(|path| path.is_file());
                named("QLTY_JULIA").or(own).or_else(|| in_path("julia"))
            }
        }
    }

    fn command(self) -> Outcome<Command> {
        self.find().map(Command::new).ok_or_else(|| format!("no {}: {}", self.name(), self.remedy()).into())
    }
}

fn in_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn repository() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

fn source(file: &str) -> PathBuf {
    repository().join("tests/hosts").join(file)
}

/// A place for what the tests make.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosts");
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// Runs a command; what it printed, or all of it and the command as the failure.
fn run(command: &mut Command) -> Outcome<String> {
    // The libraries of cargo's own builds are not the one under test.
    command.env_remove("LD_LIBRARY_PATH").stdin(Stdio::null());
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("{command:?}: {}\n{text}{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}

/// The libraries that `cargo build --release -p qlty-capi` makes.
#[derive(Debug)]
struct Libraries {
    shared: PathBuf,
    archive: PathBuf,
}

fn libraries() -> Outcome<&'static Libraries> {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Language {
    C,
    Cpp,
}

impl Language {
    fn tool(self) -> Tool {
        match self {
            Self::C => Tool::C,
            Self::Cpp => Tool::Cpp,
        }
    }

    /// A compiler that lets no warning pass.
    fn compiler(self) -> Outcome<Command> {
        let mut command = self.tool().command()?;
        command.args(match self {
            Self::C => &["-std=c99"][..],
            Self::Cpp => &["-std=c++17", "-Wconversion"],
        });
        command.args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-g", "-O1", "-I"]);
        command.arg(repository().join("include"));
        Ok(command)
    }
}

/// The program made of a source file, compiled once.
fn program(language: Language, source: &Path) -> Outcome<PathBuf> {
    type Slot = Arc<OnceLock<Outcome<PathBuf>>>;
    static PROGRAMS: OnceLock<Mutex<HashMap<PathBuf, Slot>>> = OnceLock::new();
    let programs = PROGRAMS.get_or_init(Mutex::default);
    let slot = programs.lock().unwrap().entry(source.to_owned()).or_default().clone();
    let compile = || {
        let folder = libraries()?.shared.parent().unwrap();
        let out = scratch(&format!("{language:?}-{}", source.file_stem().unwrap().display()));
        let mut compiler = language.compiler()?;
        compiler.arg(source).arg("-o").arg(&out).arg("-L").arg(folder);
        compiler.arg(format!("-Wl,-rpath,{}", folder.display()));
        run(compiler.args(["-lqlty", "-lpthread", "-lm"]))?;
        Ok(out)
    };
    slot.get_or_init(compile).clone()
}

/// The parameters of all golden cases, a line each, as the hosts in C, C++ and Julia read them: name,
/// number of axes, sizes, windows, steps, borders, counts (0 where not given), border weight, missing label.
fn cases() -> PathBuf {
    fn line<const D: usize>(name: &str, case: &Case) -> String {
        let size = std::array::from_fn(|d| case.number(["Z", "Y", "X"][3 - D + d]) as usize);
        let [window, step, border, times] = ["window", "step", "border", "times"].map(|what| case.sizes::<D>(what));
        let mut line = format!("{name} {D}");
        for number in [Some(size), window, step, border, times].into_iter().flat_map(|sizes| sizes.unwrap_or([0; D])) {
            write!(line, " {number}").unwrap();
        }
        let missing = if name.starts_with("sparse") { case.number("missing_label") } else { 0.0 };
        write!(line, " {} {missing}", case.number("border_weight")).unwrap();
        line
    }
    static CASES: OnceLock<PathBuf> = OnceLock::new();
    let write = || {
        let lines = ["quilt2d_", "quilt3d_", "sparse"].into_iter().flat_map(Case::names).map(|name| {
            let case = Case::load(&name);
            if name.contains("3d") { line::<3>(&name, &case) } else { line::<2>(&name, &case) }
        });
        let path = scratch("cases.txt");
        fs::write(&path, lines.collect::<Vec<_>>().join("\n") + "\n").unwrap();
        path
    };
    CASES.get_or_init(write).clone()
}

/// The functions that the header declares, and whether each can fail.
fn declared() -> Vec<(String, bool)> {
    let header = fs::read_to_string(repository().join("include/qlty.h")).unwrap();
    let declarations = header.split(';').map(|part| {
        // What is left of a part without its comments and preprocessor lines.
        let code = part.rsplit("*/").next().unwrap_or_default();
        code.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ")
    });
    let declarations =
        declarations.filter(|code| !code.contains("typedef") && !code.contains("static") && code.ends_with(')'));
    let named = declarations.filter_map(|code| {
        let name = code.split('(').next()?.split([' ', '*']).next_back()?.to_owned();
        (name.starts_with("qlty_") && !name.contains("array_")).then(|| (name, code.contains("qlty_error **error")))
    });
    named.collect()
}

fn header(language: Language, name: &str, includes: &[&str]) -> Outcome {
    let text: String = includes.iter().map(|file| format!("#include \"{file}\"\n")).collect();
    let extension = if language == Language::C { "c" } else { "cpp" };
    let file = scratch(&format!("{name}.{extension}"));
    fs::write(&file, text + "int main(void) { return 0; }\n")?;
    run(language.compiler()?.arg("-fsyntax-only").arg(file))?;
    Ok(())
}

fn exported_symbols_are_those_declared() -> Outcome {
    let shared = &libraries()?.shared;
    let listed = run(Tool::Nm.command()?.args(["-D", "--defined-only"]).arg(shared))?;
    let exported: BTreeSet<_> = listed.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    let declared = declared();
    let declared: BTreeSet<_> = declared.iter().map(|(name, _)| name.as_str()).collect();
    if exported.len() < 30 || exported != declared || exported.iter().any(|name| !name.starts_with("qlty_")) {
        let differing: Vec<_> = exported.symmetric_difference(&declared).collect();
        return Err(format!("exported and declared functions differ in {differing:?}").into());
    }
    Ok(())
}

/// Each function succeeds somewhere in `calls.c` or `*_calls.c`, and fails in `arguments.c` or
/// `*_arguments.c` if it can.
fn every_function_is_called() -> Outcome {
    let all_of = |end: &str| -> String {
        let files = fs::read_dir(source("c")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(end)));
        files.map(|path| fs::read_to_string(path).unwrap()).collect()
    };
    let [calls, arguments] = ["calls.c", "arguments.c"].map(all_of);
    let is_in = |text: &str, name: &str| text.contains(&format!("{name}("));
    let missing = |(name, fails): &(String, bool)| !is_in(&calls, name) || (*fails && !is_in(&arguments, name));
    let missing: Vec<_> = declared().into_iter().filter(missing).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("not called in tests/hosts/c: {missing:?}").into()) }
}

/// Runs a program of `tests/hosts` with what it is to be given; what writes files gets an empty folder.
fn run_host(command: &mut Command, program: &str, valgrind: bool) -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    run(command.args(arguments(program, valgrind, folder.path())))?;
    Ok(())
}

fn arguments(program: &str, valgrind: bool, folder: &Path) -> Vec<PathBuf> {
    let golden = || repository().join("tests/golden");
    let folder = || folder.to_path_buf();
    match (program, valgrind) {
        ("golden", _) => vec![golden(), cases()],
        ("pairs_golden", _) => vec![golden()],
        ("pairs" | "large" | "large_golden", _) => vec![golden(), folder()],
        ("pairs_calls" | "pairs_arguments" | "pairs_concurrency", _) => vec![folder()],
        ("large_calls" | "large_arguments" | "large_concurrency", _) => vec![folder()],
        ("pyramid_calls" | "pyramid_arguments", _) => vec![repository().join("samples/brain"), folder()],
        ("pyramids_calls" | "pyramids_arguments", _) => {
            vec![repository().join("qlty-pyramid/tests/fixtures/ome_tczyx.ome.tif"), folder()]
        }
        ("pyramid_concurrency", _) => vec![folder()],
        ("pyramid", _) => vec![golden(), folder(), repository().join("samples/brain")],
        ("fuzz", false) => vec!["3000".into()],
        ("fuzz", true) => vec!["60".into()],
        _ => Vec::new(),
    }
}

fn host(language: Language, name: &str, valgrind: bool) -> Outcome {
    let file = match language {
        Language::C => format!("c/{name}.c"),
        Language::Cpp => format!("cpp/{name}.cpp"),
    };
    let program = program(language, &source(&file))?;
    let mut command = Command::new(&program);
    if valgrind {
        command = Tool::Valgrind.command()?;
        command.args(["-q", "--error-exitcode=9", "--leak-check=full"]);
        // The library's threads outlive the program, so some memory is still in use at its end.
        command.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]).arg(program);
    }
    run_host(&mut command, name, valgrind)
}

fn static_library() -> Outcome {
    let out = scratch("static");
    let mut compiler = Language::C.compiler()?;
    compiler.arg(source("c/calls.c")).arg(&libraries()?.archive).arg("-o").arg(&out);
    // A codec of Zarr's is written in C++.
    run(compiler.args(["-lpthread", "-ldl", "-lm", "-lstdc++"]))?;
    run(&mut Command::new(out))?;
    Ok(())
}

fn julia() -> Outcome<Command> {
    let mut command = Tool::Julia.command()?;
    command.env("QLTY_LIBRARY", &libraries()?.shared).env("JULIA_NUM_THREADS", "3");
    // Compiled modules go where the other results go.
    command.env("JULIA_DEPOT_PATH", scratch("julia-depot"));
    Ok(command)
}

fn julia_host(name: &str) -> Outcome {
    run_host(julia()?.arg(source(&format!("julia/{name}.jl"))), name, false)
}

fn julia_mirror() -> Outcome {
    let layout = scratch("layout.txt");
    fs::write(&layout, run(&mut Command::new(program(Language::C, &source("c/layout.c"))?))?)?;
    run(julia()?.arg(source("julia/mirror.jl")).arg(repository().join("include/qlty.h")).arg(layout))?;
    Ok(())
}

/// The error of a library that is not there says where it was looked for.
fn julia_without_library() -> Outcome {
    let mut command = julia()?;
    command.env("QLTY_LIBRARY", "/nowhere/libqlty.so").arg(repository().join("qlty-capi/julia/Qlty.jl"));
    match run(&mut command) {
        Err(failed) if failed.message().is_some_and(|text| text.contains("Tried:\n  /nowhere/libqlty.so")) => Ok(()),
        other => Err(format!("got {other:?}, expected an error that names the path").into()),
    }
}

/// Runs an example on the sample that its comment names; the picture it wrote.
fn example(command: &mut Command, name: &str) -> Outcome {
    let picture = scratch(&format!("{name}.pgm"));
    let said = run(command.arg(repository().join("samples/cell.pgm")).arg(&picture))?;
    let size = fs::metadata(&picture)?.len();
    if said.lines().count() == 1 && size == fs::metadata(repository().join("samples/cell.pgm"))?.len() {
        return Ok(());
    }
    Err(format!("got {said:?} and a picture of {size} bytes, expected one line and a picture as large as the sample")
        .into())
}

fn compiled_example(language: Language, file: &str) -> Outcome {
    let source = repository().join("qlty-capi/examples").join(file);
    example(&mut Command::new(program(language, &source)?), &format!("{language:?}-blurred"))
}

/// Runs an example that is killed after a few batches of patches, and then again: the second run stitches what the
/// first has left.
fn resumed_example(command: impl Fn() -> Outcome<Command>) -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    let sample = repository().join("samples/cell.pgm");
    let (result, picture) = (folder.path().join("cell"), folder.path().join("blurred.pgm"));
    let command = || Ok::<_, Failed>(with_arguments(command()?, &[&sample, &result, &picture]));
    let mut first = command()?;
    let output = first.arg("5").env_remove("LD_LIBRARY_PATH").stdin(Stdio::null()).output()?;
    if output.status.code() != Some(3) || output.stdout != b"killed after 5 batches\n" {
        return Err(format!("got {output:?}, expected a program that ends after 5 batches").into());
    }
    let said = run(&mut command()?)?;
    let before = said.split_whitespace().nth(2).and_then(|count| count.parse::<usize>().ok());
    // Four batches of 8 patches were in a checkpoint.
    if before.is_none_or(|before| before < 32) || fs::metadata(picture)?.len() != fs::metadata(sample)?.len() {
        return Err(format!("got {said:?}, expected at least 32 patches by the first run, and a picture").into());
    }
    Ok(())
}

/// Runs an example that writes pyramids of the sample's slices and reads a region back.
fn pyramid_example(command: Outcome<Command>) -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    let (stores, picture) = (folder.path().join("new/stores"), folder.path().join("region.pgm"));
    let said = run(&mut with_arguments(command?, &[&repository().join("samples/brain"), &stores, &picture]))?;
    let lines: Vec<&str> = said.lines().collect();
    let expected = ["  level 0: 32 x 217 x 181", "  level 1: 32 x 109 x 91", "  level 2: 32 x 55 x 46"];
    let last = lines.last().is_some_and(|line| line.starts_with("54 x 45 pixels of level 1 read back"));
    let written = fs::read(picture)?.len() == 13 + 54 * 45 && stores.join("image.ome.zarr/2/zarr.json").is_file();
    if lines.len() == 5 && lines[1..4] == expected && last && written {
        return Ok(());
    }
    Err(format!("got {said:?}, expected three levels, a store of them, and a picture of the region").into())
}

fn with_arguments(mut command: Command, arguments: &[&PathBuf]) -> Command {
    command.args(arguments);
    command
}

/// The example fails unless the loss has fallen below a tenth.
fn julia_fit_kernel() -> Outcome {
    let script = repository().join("qlty-capi/examples/julia/fit_kernel.jl");
    let said = run(julia()?.arg(script).arg(repository().join("samples/cell.pgm")))?;
    if said.starts_with("the loss fell from") { Ok(()) } else { Err(format!("got {said:?}, expected losses").into()) }
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let required = env::var_os("QLTY_REQUIRE_HOSTS").is_some_and(|value| !value.is_empty() && value != "0");
    let mut trials = Vec::new();
    let mut missing = BTreeSet::<Tool>::new();
    let mut add = |name: &str, tools: &[Tool], test: Box<dyn FnOnce() -> Outcome + Send>| {
        let trial = Trial::test(name, test);
        let lacking: Vec<_> = tools.iter().copied().filter(|tool| tool.find().is_none()).collect();
        missing.extend(&lacking);
        trials.push(match lacking.first() {
            // Where it runs all the same, it fails with what is missing.
            Some(tool) => trial.with_kind(format!("no {}", tool.name())).with_ignored_flag(!required),
            None => trial,
        });
    };
    let (c, cpp) = (Language::C, Language::Cpp);

    add("header::c99", &[Tool::C], Box::new(move || header(c, "header", &["qlty.h", "qlty.h"])));
    add("header::cpp17", &[Tool::Cpp], Box::new(move || header(cpp, "header", &["qlty.h", "qlty.h"])));
    add("header::hpp", &[Tool::Cpp], Box::new(move || header(cpp, "hpp", &["qlty.hpp", "qlty.h", "qlty.hpp"])));
    let parts = ["array", "quilt", "stitcher", "images", "large", "pairs", "overlap", "dataset"];
    for part in parts.into_iter().chain(["stack", "pyramid_options", "pyramid", "image"]) {
        let file = format!("qlty/{part}.hpp");
        add(&format!("header::{part}"), &[Tool::Cpp], Box::new(move || header(cpp, part, &[&file, &file])));
    }
    add("abi::symbols", &[Tool::Nm], Box::new(exported_symbols_are_those_declared));
    add("abi::every_function_is_called", &[], Box::new(every_function_is_called));
    let pairs = ["pairs_golden", "pairs_calls", "pairs_arguments", "pairs_concurrency"];
    let large = ["large_golden", "large_calls", "large_arguments", "large_concurrency"];
    let pyramids =
        ["pyramid_calls", "pyramid_arguments", "pyramids_calls", "pyramids_arguments", "pyramid_concurrency"];
    let others = pairs.into_iter().chain(large).chain(pyramids);
    for name in ["golden", "calls", "arguments", "concurrency", "fuzz"].into_iter().chain(others) {
        add(&format!("c::{name}"), &[Tool::C], Box::new(move || host(c, name, false)));
        add(&format!("c::{name}::valgrind"), &[Tool::C, Tool::Valgrind], Box::new(move || host(c, name, true)));
    }
    add("c::static_library", &[Tool::C, Tool::Cpp], Box::new(static_library));
    for name in ["golden", "api", "pairs", "large", "pyramid"] {
        add(&format!("cpp::{name}"), &[Tool::Cpp], Box::new(move || host(cpp, name, false)));
        add(&format!("cpp::{name}::valgrind"), &[Tool::Cpp, Tool::Valgrind], Box::new(move || host(cpp, name, true)));
    }
    for name in ["golden", "api", "pairs", "large", "pyramid"] {
        add(&format!("julia::{name}"), &[Tool::Julia], Box::new(move || julia_host(name)));
    }
    add("julia::mirror", &[Tool::Julia, Tool::C], Box::new(julia_mirror));
    add("julia::without_library", &[Tool::Julia], Box::new(julia_without_library));
    add("example::c", &[Tool::C], Box::new(move || compiled_example(c, "c/blur.c")));
    add("example::cpp", &[Tool::Cpp], Box::new(move || compiled_example(cpp, "cpp/blur.cpp")));
    let script = repository().join("qlty-capi/examples/julia/blur.jl");
    add("example::julia", &[Tool::Julia], Box::new(move || example(julia()?.arg(script), "julia-blurred")));
    for (language, tool, file) in [(c, Tool::C, "c/blur_large.c"), (cpp, Tool::Cpp, "cpp/blur_large.cpp")] {
        let source = repository().join("qlty-capi/examples").join(file);
        let command = move || Ok(Command::new(program(language, &source)?));
        add(&format!("example::{file}"), &[tool], Box::new(move || resumed_example(command)));
    }
    let script = repository().join("qlty-capi/examples/julia/blur_large.jl");
    let command = move || Ok(with_arguments(julia()?, &[&script]));
    add("example::julia/blur_large.jl", &[Tool::Julia], Box::new(move || resumed_example(command)));
    for (language, tool, file) in [(c, Tool::C, "c/brain.c"), (cpp, Tool::Cpp, "cpp/brain.cpp")] {
        let source = repository().join("qlty-capi/examples").join(file);
        let test = move || pyramid_example(program(language, &source).map(Command::new));
        add(&format!("example::{file}"), &[tool], Box::new(test));
    }
    let script = repository().join("qlty-capi/examples/julia/brain.jl");
    let command = move || Ok(with_arguments(julia()?, &[&script]));
    add("example::julia/brain.jl", &[Tool::Julia], Box::new(move || pyramid_example(command())));
    add("example::julia::fit_kernel", &[Tool::Julia], Box::new(julia_fit_kernel));

    let conclusion = libtest_mimic::run(&arguments, trials);
    for tool in missing {
        eprintln!("hosts: this machine has no {}; to get it: {}", tool.name(), tool.remedy());
    }
    conclusion.exit_code()
}
