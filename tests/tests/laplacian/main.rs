//! Laplacian pyramids: the golden data, plain loops, round trips, stores.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod golden;
mod interpolation;
mod mistakes;
mod round_trip;
mod store;
