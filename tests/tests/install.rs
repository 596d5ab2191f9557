//! The installed library: in an empty prefix, which is then moved, and used from there by programs that do not depend
//! on this repository.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests that fails is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::OnceLock;

use libtest_mimic::Failed;
use qlty_tests::cargo::{metadata, package};
use qlty_tests::hosts::{Outcome, Suite, Tool, julia, libraries, repository, run, scratch, source};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The target folder of cargo, which already holds what the profile `dist` shares with an earlier run.
fn target() -> Outcome<PathBuf> {
    let folder = libraries()?.shared.ancestors().nth(2).ok_or("the library lies in no target folder")?;
    Ok(folder.to_owned())
}

fn install(arguments: &[&Path]) -> Outcome<Command> {
    let mut script = Command::new(repository().join("qlty-capi/install.sh"));
    script.env("CARGO", env!("CARGO")).env("CARGO_TARGET_DIR", target()?).current_dir("/").args(arguments);
    Ok(script)
}

/// A prefix that was moved after the library was installed in it.
fn prefix() -> Outcome<&'static Path> {
    static PREFIX: OnceLock<Outcome<PathBuf>> = OnceLock::new();
    let make = || {
        let (package, moved) = (scratch("package"), scratch("moved"));
        for folder in [&package, &moved] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
        }
        let options = [Path::new("--destdir"), &package, Path::new("--prefix"), Path::new("/opt/qlty")];
        run(&mut install(&options)?)?;
        fs::rename(package.join("opt/qlty"), &moved)?;
        Ok(moved)
    };
    PREFIX.get_or_init(make).as_deref().map_err(Clone::clone)
}

/// The relative paths of the files and links in a folder and its subfolders.
fn files_in(folder: &Path) -> Outcome<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.insert(entry.path().strip_prefix(folder)?.display().to_string());
            }
        }
    }
    Ok(found)
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Outcome {
    if got == expected { Ok(()) } else { Err(format!("{what}: got {got:?}, expected {expected:?}").into()) }
}

fn files_and_links() -> Outcome {
    let prefix = prefix()?;
    let series = VERSION.rsplit_once('.').unwrap().0;
    let (full, soname) = (format!("libqlty.so.{VERSION}"), format!("libqlty.so.{series}"));
    let mut expected: BTreeSet<String> = [&full, &soname, "libqlty.so", "libqlty.a", "pkgconfig/qlty.pc"]
        .into_iter()
        .chain(["cmake/qlty/qltyConfig.cmake", "cmake/qlty/qltyConfigVersion.cmake", "cmake/qlty/qltyTargets.cmake"])
        .map(|file| format!("lib/{file}"))
        .collect();
    expected.extend(files_in(&repository().join("include"))?.iter().map(|file| format!("include/{file}")));
    let sources = files_in(&repository().join("qlty-capi/julia/src"))?;
    expected.extend(sources.iter().map(|file| format!("share/qlty/julia/src/{file}")));
    expected.insert("share/qlty/julia/Project.toml".to_owned());
    expect("files", &files_in(prefix)?, &expected)?;
    expect("libqlty.so", &fs::read_link(prefix.join("lib/libqlty.so"))?, &soname.clone().into())?;
    expect(&soname, &fs::read_link(prefix.join("lib").join(&soname))?, &full.into())?;
    // The programs that are linked with the library find the one that cargo builds.
    let shared = &libraries()?.shared;
    expect("beside", &fs::read_link(shared.with_file_name(&soname))?, &"libqlty.so".into())
}

/// cargo-c is configured to install the same files as the script. Only running cargo-c could test this directly, but
/// building it takes too long.
fn cargo_c_is_told_the_same() -> Outcome {
    let metadata = metadata(&["--no-deps"])?;
    let told = &package(&metadata, "qlty-capi")?["metadata"]["capi"]["install"];
    let mut expected = BTreeSet::new();
    for (kind, folder) in [("include", "include"), ("data", "share")] {
        for asset in told[kind]["asset"].as_array().into_iter().flatten() {
            let [from, to] = ["from", "to"].map(|key| Path::new(asset[key].as_str().unwrap_or_default()));
            let (parent, name) = (from.parent().unwrap(), from.file_name().unwrap().to_str().unwrap());
            for file in fs::read_dir(repository().join("qlty-capi").join(parent))? {
                let file = file?.file_name().into_string().unwrap();
                if name.strip_prefix('*').map_or(file == name, |suffix| file.ends_with(suffix)) {
                    expected.insert(Path::new(folder).join(to).join(file).display().to_string());
                }
            }
        }
    }
    let got = files_in(prefix()?)?.into_iter().filter(|file| !file.starts_with("lib/")).collect();
    expect("files", &got, &expected)
}

/// Compiles `outside.c` with the flags from pkg-config, and runs it.
fn by_pkg_config(name: &str, options: &[&str], library: &str) -> Outcome {
    let prefix = prefix()?;
    let mut command = Tool::PkgConfig.command()?;
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(options).args(["--cflags", "--libs"]);
    let flags = run(command.arg(format!("qlty = {VERSION}")))?;
    let flags = flags.split_whitespace().map(|flag| if flag == "-lqlty" { library } else { flag });
    let program = scratch(name);
    let mut cc = Tool::C.command()?;
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"])
        .arg(source("outside/outside.c"))
        .arg("-o")
        .arg(&program)
        .args(flags)
        .arg("-lm");
    run(cc.arg(format!("-Wl,-rpath,{}", prefix.join("lib").display())))?;
    expect("output", &run(&mut Command::new(program))?, &format!("qlty {VERSION}\n"))
}

/// Configures the project in `outside` in an empty folder.
fn configure(folder: &str, definitions: &[String]) -> Outcome<(PathBuf, Output)> {
    let build = scratch(folder);
    if build.exists() {
        fs::remove_dir_all(&build)?;
    }
    let mut cmake = Tool::CMake.command()?;
    cmake.arg("-S").arg(source("outside")).arg("-B").arg(&build).arg("-DCMAKE_BUILD_TYPE=Release");
    // Only the definitions given here may lead to the library.
    cmake.env_remove("CMAKE_PREFIX_PATH").env_remove("LD_LIBRARY_PATH").args(definitions).stdin(Stdio::null());
    let output = cmake.output()?;
    Ok((build, output))
}

fn by_cmake(folder: &str, definitions: &[String]) -> Outcome {
    let (build, configured) = configure(folder, definitions)?;
    if !configured.status.success() {
        return Err(Failed::from(format!("cmake: {configured:?}")));
    }
    run(Tool::CMake.command()?.arg("--build").arg(&build))?;
    for program in ["outside", "outside_static"] {
        expect(program, &run(&mut Command::new(build.join(program)))?, &format!("qlty {VERSION}\n"))?;
    }
    Ok(())
}

fn by_find_package() -> Outcome {
    by_cmake("find_package", &[format!("-DCMAKE_PREFIX_PATH={}", prefix()?.display())])
}

fn by_add_subdirectory() -> Outcome {
    let [from, target] = [repository(), target()?].map(|folder| folder.display().to_string());
    by_cmake("add_subdirectory", &[format!("-DQLTY_SOURCE_DIR={from}"), format!("-DQLTY_CARGO_TARGET_DIR={target}")])
}

/// A version with a different interface is not accepted.
fn another_version() -> Outcome {
    for wanted in ["0.1", "0.3", "1.0", "0.0.9"] {
        let prefix = format!("-DCMAKE_PREFIX_PATH={}", prefix()?.display());
        let (_, output) = configure("another_version", &[prefix, format!("-DQLTY_WANTED={wanted}")])?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() || !said.contains(&format!("version: {VERSION}")) {
            return Err(format!("got {output:?}, expected a refusal of {wanted} that names {VERSION}").into());
        }
    }
    Ok(())
}

fn by_julia() -> Outcome {
    let mut command = julia()?;
    command
        .env_remove("QLTY_LIBRARY")
        .env_remove("JULIA_PROJECT")
        .env("JULIA_DEPOT_PATH", scratch("julia-outside-depot"));
    let said = run(command.arg(source("outside/outside.jl")).arg(prefix()?))?;
    expect("output", &said, &format!("qlty {VERSION}\n"))
}

/// Unknown options, and paths that lead out of the prefix, are refused before anything is written.
fn refusals() -> Outcome {
    let place = scratch("refused");
    let place = place.as_path();
    for (arguments, text) in [
        (&[][..], "got no --prefix"),
        (&[Path::new("--prefix")], "--prefix: got nothing"),
        (&[Path::new("--prefix"), place, Path::new("--static")], "got --static"),
        (&[Path::new("--prefix"), place, Path::new("--libdir"), Path::new("../lib")], "--libdir: got '../lib'"),
    ] {
        let output = install(arguments)?.output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(2) || !said.contains(text) || place.exists() {
            return Err(format!("got {output:?}, expected a refusal that says {text:?}").into());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut suite = Suite::new("install");
    let mut add = |name: &str, tools: &[Tool], test| suite.add(name, tools, test);
    add("files_and_links", &[], Box::new(files_and_links));
    add("cargo_c_is_told_the_same", &[], Box::new(cargo_c_is_told_the_same));
    add("refusals", &[], Box::new(refusals));
    let tools = [Tool::C, Tool::Cpp, Tool::PkgConfig];
    add("pkg_config::shared", &tools, Box::new(|| by_pkg_config("outside-c", &[], "-lqlty")));
    add("pkg_config::static", &tools, Box::new(|| by_pkg_config("outside-c-static", &["--static"], "-l:libqlty.a")));
    add("cmake::find_package", &[Tool::Cpp, Tool::CMake], Box::new(by_find_package));
    add("cmake::add_subdirectory", &[Tool::Cpp, Tool::CMake], Box::new(by_add_subdirectory));
    add("cmake::another_version", &[Tool::Cpp, Tool::CMake], Box::new(another_version));
    add("julia", &[Tool::Julia], Box::new(by_julia));
    suite.run()
}
