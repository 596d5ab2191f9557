//! The barrier that no panic passes. No call is known that panics, so this tests the module by itself.

#![allow(clippy::panic, reason = "it is what the test is about")]

#[allow(dead_code, missing_docs, unreachable_pub, non_camel_case_types, reason = "only a part of a crate")]
#[path = "../src/error.rs"]
mod error;

use error::{QLTY_STATUS_PANIC, guard, qlty_error_free, qlty_error_message};

#[test]
fn a_panic_becomes_a_status_with_its_text() {
    let mut error = std::ptr::null_mut();
    // SAFETY: `error` may be written.
    let status = unsafe { guard(&mut error, || panic!("number {}", 7)) };
    assert_eq!(status, QLTY_STATUS_PANIC);
    // SAFETY: `guard` stored an error, freed below.
    let message = unsafe { std::ffi::CStr::from_ptr(qlty_error_message(error)) };
    assert_eq!(message.to_str(), Ok("a defect of qlty: number 7"));
    // SAFETY: freed once.
    unsafe { qlty_error_free(error) };
}
