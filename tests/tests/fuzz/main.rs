//! Damaged files and stores: an error or a result, never a panic. Invalid arguments of the C ABI are tested in
//! `qlty-capi/tests/arguments`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

mod stores;
mod tiff;

use qlty_tests::fuzz::fuzz;

#[test]
fn files_that_are_damaged() {
    fuzz("tiff", 64, 400, tiff::target);
}

#[test]
fn stores_that_are_damaged() {
    fuzz("stores", 64, 150, stores::target);
}
