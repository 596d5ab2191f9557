//! What the tests of the workspace share: golden data, a plain oracle, awkward arrays, and the
//! means to compare.
//!
//! - [`golden`] reads the reference results under `tests/golden/`;
//! - [`oracle`] unstitches and stitches with plain loops, written from the contract and not from the code;
//! - [`sample`] makes values of every element type, [`layout`] arrays of every kind of strides,
//!   and [`strategy`] geometries that proptest can shrink;
//! - [`compare`] says where two arrays differ, and by how much;
//! - [`cargo`] asks what packages there are, and what files must say of them;
//! - [`counting`] is an allocator that counts;
//! - [`fuzz`] drives targets by bytes;
//! - [`hosts`] runs programs in other languages against the library, where there are tools for it.
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
