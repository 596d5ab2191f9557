//! Shared code of the workspace's tests: golden data, a plain oracle, awkward arrays, and comparisons.
//!
//! - [`golden`] reads the reference results under `tests/golden/`;
//! - [`oracle`] unstitches and stitches with plain loops, written from the contract and not from the code;
//! - [`sample`] generates values of every element type, [`layout`] arrays with every kind of strides,
//!   and [`strategy`] geometries that proptest can shrink;
//! - [`compare`] reports where two arrays differ, and by how much;
//! - [`cargo`] reads the metadata of packages, and compares it with committed files;
//! - [`counting`] is an allocator that counts;
//! - [`fuzz`] drives targets with bytes;
//! - [`hosts`] runs programs in other languages against the library, if the tools for it are installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test helper that fails is a failed test")]
#![allow(clippy::missing_panics_doc, reason = "every helper panics when a test should fail")]
#![allow(clippy::missing_errors_doc, reason = "an error of a helper is a failed test, and says what failed")]

pub mod cargo;
pub mod compare;
pub mod counting;
#[cfg(doctest)]
mod docs;
pub mod fuzz;
pub mod golden;
pub mod hosts;
pub mod layout;
pub mod oracle;
pub mod sample;
pub mod strategy;
