//! The name by which programs ask for the shared library, its soname, on systems that have one.
//!
//! It is the one that cargo-c gives: before 1.0 each minor version is another library.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        let [major, minor] = ["MAJOR", "MINOR"].map(|part| env::var(format!("CARGO_PKG_VERSION_{part}")));
        let (Ok(major), Ok(minor), Ok(out)) = (major, minor, env::var("OUT_DIR")) else { return };
        let soname = if major == "0" { format!("libqlty.so.0.{minor}") } else { format!("libqlty.so.{major}") };
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
        beside_the_library(Path::new(&out), &soname);
    }
}

/// What is linked with the library where cargo puts it looks for the soname there: a link of that name,
/// `target/release/libqlty.so.0.1`, leads to what cargo calls `libqlty.so`. An installed library needs
/// none, so a folder of another layout, in which it cannot be made, is no failure.
fn beside_the_library(out: &Path, soname: &str) {
    // .../release/build/qlty-capi-0123456789abcdef/out
    let built = out.ancestors().nth(2).filter(|folder| folder.file_name().is_some_and(|name| name == "build"));
    let Some(folder) = built.and_then(Path::parent) else { return };
    let link = folder.join(soname);
    #[cfg(unix)]
    if std::fs::read_link(&link).is_err()
        && let Err(error) = std::os::unix::fs::symlink("libqlty.so", &link)
    {
        println!("cargo::warning={}: {error}", link.display());
    }
}
