//! Calls of the C ABI with null pointers, ranks, types, shapes and strides of all kinds.
//!
//! Where an array is described that could be used, the memory is there, since nothing can check that it is; it
//! lies between margins that no call may write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "all calls have one proof, which stands at the head of targets")]
#![allow(clippy::needless_range_loop, reason = "an axis is a place in many arrays")]

mod damages;
mod large;
mod memory;
mod pairs;
mod pyramids;
mod quilts;
mod words;

use qlty_tests::fuzz::fuzz;

#[test]
fn quilts_whose_arguments_make_no_sense() {
    fuzz("arguments", 600, 600, quilts::target);
}

#[test]
fn large_quilts_whose_arguments_make_no_sense() {
    fuzz("arguments_large", 600, 300, large::target);
}

#[test]
fn pairs_whose_arguments_make_no_sense() {
    fuzz("arguments_pairs", 900, 300, pairs::target);
}

#[test]
fn pyramids_whose_arguments_make_no_sense() {
    fuzz("arguments_pyramids", 600, 300, pyramids::target);
}
