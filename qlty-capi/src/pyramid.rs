//! Stacks of images to OME-Zarr and Laplacian stores, and back.

// The order of the modules is that of the header.
mod stacks;
mod stack;
mod kind;
mod options;
mod laplacian_options;
mod pyramids;
mod write;
mod reconstruct;
mod image;

pub use image::*;
pub use laplacian_options::*;
pub use options::*;
pub use pyramids::*;
pub use reconstruct::*;
pub use stack::*;
pub use stacks::*;
pub use write::*;

use qlty_core::DType;

use crate::dtype::{dtype_of, mismatch, qlty_dtype};
use crate::error::Outcome;

/// The type of pixels that a number stands for.
fn pixel_dtype(name: &str, number: qlty_dtype) -> Outcome<DType> {
    match dtype_of(name, number)? {
        dtype @ (DType::BF16 | DType::Bool) => Err(mismatch(name, dtype, "an integer type, f16, f32 or f64")),
        dtype => Ok(dtype),
    }
}
