//! The typed interface: the type of sums and the number of spatial axes are parameters.
//!
//! A thin layer over [`AnyLargeQuilt`](crate::AnyLargeQuilt), which does everything.

mod builder;
mod large;
mod result;

pub use builder::LargeBuilder;
pub use large::{LargeQuilt, NextPatches};
pub use result::{LargeResult, StitchedArray};
