//! The C ABI from C, C++, Julia and Python: the sources in `tests/hosts`, compiled and run against the library as a
//! user would build it, and checks of the header and the exported symbols.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;

use libtest_mimic::Failed;
use qlty_tests::golden::Case;
use qlty_tests::hosts::{
    Kind, Language, Outcome, Suite, Tool, compile, compiler, header_compiler, julia, libraries, repository, run,
    scratch, source,
};

#[path = "hosts/abi.rs"]
mod abi;

/// The parameters of all golden cases, one per line, in the format that the hosts in C and C++ read: name, number of
/// axes, sizes, windows, steps, borders, counts (0 if not given), border weight, missing label.
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

fn header(language: Language, name: &str, includes: &[&str]) -> Outcome {
    let text: String = includes.iter().map(|file| format!("#include \"{file}\"\n")).collect();
    let extension = if language == Language::C { "c" } else { "cpp" };
    let file = scratch(&format!("{name}.{extension}"));
    fs::write(&file, text + "int main(void) { return 0; }\n")?;
    run(header_compiler(language)?.arg(file))?;
    Ok(())
}

/// A sanitizer that detects nothing would let every other test pass.
fn sanitizers_see(mistake: &str, report: &str) -> Outcome {
    // Its name must not contain the text that is searched for.
    let file = scratch(&format!("mistake-{}.c", report.len()));
    fs::write(&file, format!("#include <stdlib.h>\nint main(int argc, char **argv) {{\n  {mistake}\n}}\n"))?;
    let program = compile(Language::C, &file, Kind::Sanitized, &[])?;
    let output = Command::new(program).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && said.contains(report) {
        return Ok(());
    }
    Err(format!("got {}, {said:?}, expected a report of {report}", output.status).into())
}

/// Runs a program of `tests/hosts` with its arguments; programs that write files get an empty folder.
fn run_host(command: &mut Command, program: &str, kind: Kind) -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    run(command.args(arguments(program, kind == Kind::Valgrind, folder.path())))?;
    Ok(())
}

fn arguments(program: &str, valgrind: bool, folder: &Path) -> Vec<PathBuf> {
    let golden = || repository().join("tests/golden");
    let folder = || folder.to_path_buf();
    match (program, valgrind) {
        ("golden", _) => vec![golden(), cases()],
        ("pairs_golden", _) => vec![golden()],
        ("pairs" | "large" | "large_golden", _) => vec![golden(), folder()],
        ("pairs_calls" | "pairs_arguments" | "pairs_concurrency", _)
        | ("large_calls" | "large_arguments" | "large_concurrency", _)
        | ("structs_calls" | "structs_arguments" | "damages_calls" | "damages_arguments", _)
        | ("pyramid_concurrency" | "padding", _) => vec![folder()],
        ("pyramid_calls" | "pyramid_arguments" | "small_stacks", _) => {
            vec![repository().join("samples/brain"), folder()]
        }
        ("pyramids_calls" | "pyramids_arguments", _) => {
            vec![repository().join("qlty-pyramid/tests/fixtures/ome_tczyx.ome.tif"), folder()]
        }
        ("pyramid", _) => vec![golden(), folder(), repository().join("samples/brain")],
        ("fuzz", false) => vec!["3000".into()],
        ("fuzz", true) => vec!["60".into()],
        _ => Vec::new(),
    }
}

/// The programs in C++.
const CPP: [&str; 5] = ["golden", "api", "pairs", "large", "pyramid"];

fn program(language: Language, name: &str, kind: Kind) -> Outcome<PathBuf> {
    let file = match language {
        Language::C => format!("c/{name}.c"),
        Language::Cpp => format!("cpp/{name}.cpp"),
    };
    compile(language, &source(&file), kind, &[])
}

/// A program that was compiled against the header of release 0.1, run with the library of this release.
fn old_host(name: &str) -> Outcome {
    let folder = source("abi-0.1");
    let mut file = folder.join(name).with_extension("c");
    if !file.exists() {
        // One of the programs of this release, compiled with that header.
        let text = format!("#include \"{}\"\n", source(&format!("c/{name}.c")).display());
        file = scratch(&format!("abi-0.1-{name}.c"));
        fs::write(&file, text)?;
    }
    // The old header is found there before the one in `include`.
    let program = compile(Language::C, &file, Kind::Plain, &["-iquote".to_owned(), folder.display().to_string()])?;
    run_host(&mut Command::new(program), name, Kind::Plain)
}

fn host(language: Language, name: &str, kind: Kind) -> Outcome {
    let program = program(language, name, kind)?;
    let mut command = Command::new(&program);
    if kind == Kind::Valgrind {
        command = Tool::Valgrind.command()?;
        command.args(["-q", "--error-exitcode=9", "--leak-check=full"]);
        // The library's threads outlive the program, so some memory is still in use at its end.
        command.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]).arg(program);
    }
    // A failed allocation is an error of the library, and is tested as one.
    command.env("ASAN_OPTIONS", "allocator_may_return_null=1").env("UBSAN_OPTIONS", "print_stacktrace=1");
    run_host(&mut command, name, kind)
}

fn static_library() -> Outcome {
    let out = scratch("static");
    let mut compiler = compiler(Language::C, Kind::Plain)?;
    compiler.arg(source("c/calls.c")).arg(&libraries()?.archive).arg("-o").arg(&out);
    // One of the Zarr codecs is written in C++.
    run(compiler.args(["-lpthread", "-ldl", "-lm", "-lstdc++"]))?;
    run(&mut Command::new(out))?;
    Ok(())
}

/// A test of the Julia package, by its name.
fn julia_host(name: &str) -> Outcome {
    run(julia()?.arg(repository().join("qlty-capi/julia/test/runtests.jl")).arg(name))?;
    Ok(())
}

fn julia_mirror() -> Outcome {
    let layout = scratch("layout.txt");
    fs::write(&layout, run(&mut Command::new(program(Language::C, "layout", Kind::Plain)?))?)?;
    run(julia()?.arg(source("julia/mirror.jl")).arg(repository().join("include/qlty.h")).arg(layout))?;
    Ok(())
}

/// Tests the package as its users do, without a network: `Pkg.test` with the tests that the others do not run.
fn julia_package() -> Outcome {
    let depot = scratch("julia-package-depot");
    // Julia 1.5 downloads a registry if a depot has none, even if nothing needs to be found in it.
    let registry = depot.join("registries/Empty");
    fs::create_dir_all(&registry)?;
    let uuid = "10000000-0000-4000-8000-000000000001";
    let text = format!("name = \"Empty\"\nuuid = \"{uuid}\"\nrepo = \"none\"\n[packages]\n");
    fs::write(registry.join("Registry.toml"), text)?;
    let script = "using Pkg; Pkg.offline(true); Pkg.test(test_args = [\"library\"])";
    run(julia()?.env("JULIA_DEPOT_PATH", depot).args(["-e", script]))?;
    Ok(())
}

/// The tests in `tests/hosts/python`; there must be at least one.
fn python() -> Outcome {
    let folder = tempfile::tempdir_in(scratch(""))?;
    let mut pytest = Tool::Python.command()?;
    pytest.env("QLTY_LIBRARY", &libraries()?.shared).env("PYTHONDONTWRITEBYTECODE", "1").current_dir(source("python"));
    pytest.args(["-m", "pytest", "--quiet", "--strict-markers", "-p", "no:cacheprovider", "--basetemp"]);
    run(pytest.arg(folder.path().join("tests")))?;
    Ok(())
}

/// Runs an example on the sample that its comment names, and returns the picture that it wrote.
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
    example(&mut Command::new(compile(language, &source, Kind::Plain, &[])?), &format!("{language:?}-blurred"))
}

/// Runs a program that writes one line and a picture, which must start with the signature of its format.
fn paints(command: &mut Command, picture: &str, begin: &[u8]) -> Outcome {
    let picture = scratch(picture);
    let said = run(command.arg(&picture))?;
    if said.lines().count() == 1 && fs::read(&picture)?.starts_with(begin) {
        return Ok(());
    }
    Err(format!("got {said:?} and {}, expected one line and a picture", picture.display()).into())
}

/// Patches that are one `cv::Mat` each.
fn opencv_example() -> Outcome {
    let source = repository().join("qlty-capi/examples/cpp/opencv.cpp");
    let mut flags = vec!["-isystem".to_owned(), Tool::OpenCv.require()?.display().to_string()];
    flags.extend(["core", "imgproc", "imgcodecs"].map(|part| format!("-lopencv_{part}")));
    let program = compile(Language::Cpp, &source, Kind::Plain, &flags)?;
    paints(Command::new(program).arg(repository().join("samples/cell.pgm")), "opencv.png", b"\x89PNG\r\n")
}

/// Buffers as in ITK and VTK, with increments that may be negative.
fn raw_volume_example() -> Outcome {
    let source = repository().join("qlty-capi/examples/cpp/raw_volume.cpp");
    let program = compile(Language::Cpp, &source, Kind::Sanitized, &[])?;
    paints(&mut Command::new(program), "raw_volume.pgm", b"P5\n220 180\n255\n")
}

/// Runs an example that is killed after a few batches of patches, and then again: the second run stitches the patches
/// that the first did not.
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

/// The example fails unless the loss falls below a tenth.
fn julia_fit_kernel() -> Outcome {
    let script = repository().join("qlty-capi/examples/julia/fit_kernel.jl");
    let said = run(julia()?.arg(script).arg(repository().join("samples/cell.pgm")))?;
    if said.starts_with("the loss fell from") { Ok(()) } else { Err(format!("got {said:?}, expected losses").into()) }
}

fn main() -> ExitCode {
    let mut suite = Suite::new("hosts");
    let mut add = |name: &str, tools: &[Tool], test| suite.add(name, tools, test);
    let (c, cpp) = (Language::C, Language::Cpp);

    add("header::c99", &[Tool::C], Box::new(move || header(c, "header", &["qlty.h", "qlty.h"])));
    add("header::cpp17", &[Tool::Cpp], Box::new(move || header(cpp, "header", &["qlty.h", "qlty.h"])));
    add("header::hpp", &[Tool::Cpp], Box::new(move || header(cpp, "hpp", &["qlty.hpp", "qlty.h", "qlty.hpp"])));
    let parts = ["array", "damages", "quilt", "stitcher", "images", "large", "pairs", "overlap", "dataset"];
    for part in parts.into_iter().chain(["stack", "pyramid_options", "pyramid", "image"]) {
        let file = format!("qlty/{part}.hpp");
        add(&format!("header::{part}"), &[Tool::Cpp], Box::new(move || header(cpp, part, &[&file, &file])));
    }
    add("abi::symbols", &[Tool::Nm], Box::new(abi::exported_symbols_are_those_declared));
    add("abi::every_function_is_called::c", &[], Box::new(abi::every_function_is_called_in_c));
    add("abi::every_function_is_called::cpp", &[Tool::Cpp, Tool::Nm], Box::new(abi::every_function_is_called_in_cpp));
    add("abi::every_function_is_called::julia", &[], Box::new(abi::every_function_is_called_in_julia));
    for (mistake, report) in [
        ("char *p = calloc(1, (size_t)argc);\n  (void)argv;\n  return p[argc + 3];", "heap-buffer-overflow"),
        ("void **p = malloc(8);\n  *p = malloc(8);\n  (void)argv;\n  p = 0;\n  return argc == 0;", "LeakSanitizer"),
        ("int most = 0x7fffffff;\n  (void)argv;\n  return most + argc > 0;", "signed integer overflow"),
    ] {
        let test = move || sanitizers_see(mistake, report);
        add(&format!("sanitizers::{report}"), &[Tool::C], Box::new(test));
    }
    let pairs = ["pairs_golden", "pairs_calls", "pairs_arguments", "pairs_concurrency"];
    let large = ["large_golden", "large_calls", "large_arguments", "large_concurrency"];
    let pyramids =
        ["pyramid_calls", "pyramid_arguments", "pyramids_calls", "pyramids_arguments", "pyramid_concurrency"];
    let others = ["structs_calls", "structs_arguments", "damages_calls", "damages_arguments"];
    let others = pairs.into_iter().chain(large).chain(pyramids).chain(others);
    for name in ["golden", "calls", "arguments", "concurrency", "fuzz"].into_iter().chain(others) {
        add(&format!("c::{name}"), &[Tool::C], Box::new(move || host(c, name, Kind::Plain)));
        add(
            &format!("c::{name}::valgrind"),
            &[Tool::C, Tool::Valgrind],
            Box::new(move || host(c, name, Kind::Valgrind)),
        );
        add(&format!("c::{name}::sanitized"), &[Tool::C], Box::new(move || host(c, name, Kind::Sanitized)));
    }
    for name in ["padding", "calls", "pairs_calls", "large_calls", "pyramid_calls", "pyramids_calls"] {
        add(&format!("c::abi_0_1::{name}"), &[Tool::C], Box::new(move || old_host(name)));
    }
    // A sanitizer needs more stack than the library.
    add("c::small_stacks", &[Tool::C], Box::new(move || host(c, "small_stacks", Kind::Plain)));
    add("c::static_library", &[Tool::C, Tool::Cpp], Box::new(static_library));
    for name in CPP {
        add(&format!("cpp::{name}"), &[Tool::Cpp], Box::new(move || host(cpp, name, Kind::Plain)));
        // Valgrind checks the library's own memory accesses in the C tests.
        add(&format!("cpp::{name}::sanitized"), &[Tool::Cpp], Box::new(move || host(cpp, name, Kind::Sanitized)));
    }
    for name in ["golden", "api", "pairs", "large", "pyramid"] {
        add(&format!("julia::{name}"), &[Tool::Julia], Box::new(move || julia_host(name)));
    }
    add("julia::mirror", &[Tool::Julia, Tool::C], Box::new(julia_mirror));
    add("julia::package", &[Tool::Julia], Box::new(julia_package));
    add("python", &[Tool::Python], Box::new(python));
    add("example::c", &[Tool::C], Box::new(move || compiled_example(c, "c/blur.c")));
    add("example::cpp", &[Tool::Cpp], Box::new(move || compiled_example(cpp, "cpp/blur.cpp")));
    let script = repository().join("qlty-capi/examples/julia/blur.jl");
    add("example::julia", &[Tool::Julia], Box::new(move || example(julia()?.arg(script), "julia-blurred")));
    for (language, tool, file) in [(c, Tool::C, "c/blur_large.c"), (cpp, Tool::Cpp, "cpp/blur_large.cpp")] {
        let source = repository().join("qlty-capi/examples").join(file);
        let command = move || Ok(Command::new(compile(language, &source, Kind::Plain, &[])?));
        add(&format!("example::{file}"), &[tool], Box::new(move || resumed_example(command)));
    }
    add("example::cpp/opencv.cpp", &[Tool::Cpp, Tool::OpenCv], Box::new(opencv_example));
    add("example::cpp/raw_volume.cpp", &[Tool::Cpp], Box::new(raw_volume_example));
    let script = repository().join("qlty-capi/examples/julia/blur_large.jl");
    let command = move || Ok(with_arguments(julia()?, &[&script]));
    add("example::julia/blur_large.jl", &[Tool::Julia], Box::new(move || resumed_example(command)));
    for (language, tool, file) in [(c, Tool::C, "c/brain.c"), (cpp, Tool::Cpp, "cpp/brain.cpp")] {
        let source = repository().join("qlty-capi/examples").join(file);
        let test = move || pyramid_example(compile(language, &source, Kind::Plain, &[]).map(Command::new));
        add(&format!("example::{file}"), &[tool], Box::new(test));
    }
    let script = repository().join("qlty-capi/examples/julia/brain.jl");
    let command = move || Ok(with_arguments(julia()?, &[&script]));
    add("example::julia/brain.jl", &[Tool::Julia], Box::new(move || pyramid_example(command())));
    add("example::julia::fit_kernel", &[Tool::Julia], Box::new(julia_fit_kernel));

    suite.run()
}
