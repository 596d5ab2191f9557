//! The typed interface: the sum type and the number of spatial axes are type parameters.
//!
//! A thin layer over [`AnyLargeQuilt`](crate::AnyLargeQuilt), which does all the work.

mod builder;
mod large;
mod result;

pub use builder::LargeBuilder;
pub use large::{LargeQuilt, NextPatches};
pub use result::{LargeResult, StitchedArray};
