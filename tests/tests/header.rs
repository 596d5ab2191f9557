//! The committed header equals the one generated from the code of the C ABI.

use std::path::Path;

/// With `QLTY_BLESS` in the environment, the header is written first.
#[test]
fn the_header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let capi = root.join("qlty-capi");
    let config = cbindgen::Config::from_file(capi.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::Builder::new().with_config(config).with_crate(&capi).generate().unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();
    let header = root.join("include/qlty.h");
    if std::env::var_os("QLTY_BLESS").is_some() {
        std::fs::write(&header, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&header).unwrap_or_default();
    let differing = committed.lines().zip(generated.lines()).position(|(a, b)| a != b);
    assert!(
        committed == generated,
        "include/qlty.h differs from the code, first in line {}: write it anew with \
         QLTY_BLESS=1 cargo test -p qlty-tests --test header",
        differing.unwrap_or(0) + 1,
    );
}
