//! Stacks of images to OME-Zarr and Laplacian stores, and back.

// The order of the modules is the order of the header.
mod stacks;

mod stack;

mod how;

mod options;

mod laplacian_options;

mod pyramids;

mod write;

mod write_stacks;

mod plan;

mod reconstruct;

mod image;

pub use image::*;
pub use laplacian_options::*;
pub use options::*;
pub use plan::*;
pub use pyramids::*;
pub use reconstruct::*;
pub use stack::*;
pub use stacks::*;
pub use write::*;
pub use write_stacks::*;

use std::ffi::CString;

use ::qlty_pyramid::{Pixel, PixelType};

use crate::dtype::{
    QLTY_DTYPE_F16, QLTY_DTYPE_F32, QLTY_DTYPE_F64, QLTY_DTYPE_I8, QLTY_DTYPE_I16, QLTY_DTYPE_I32, QLTY_DTYPE_I64,
    QLTY_DTYPE_U8, QLTY_DTYPE_U16, QLTY_DTYPE_U32, QLTY_DTYPE_U64, Typed, mismatch, qlty_dtype,
};
use crate::error::{Failure, Outcome};

/// The types of pixels, by both their names.
const DTYPES: [(PixelType, qlty_dtype); 11] = [
    (PixelType::U8, QLTY_DTYPE_U8),
    (PixelType::I8, QLTY_DTYPE_I8),
    (PixelType::U16, QLTY_DTYPE_U16),
    (PixelType::I16, QLTY_DTYPE_I16),
    (PixelType::U32, QLTY_DTYPE_U32),
    (PixelType::I32, QLTY_DTYPE_I32),
    (PixelType::U64, QLTY_DTYPE_U64),
    (PixelType::I64, QLTY_DTYPE_I64),
    (PixelType::F16, QLTY_DTYPE_F16),
    (PixelType::F32, QLTY_DTYPE_F32),
    (PixelType::F64, QLTY_DTYPE_F64),
];

/// The number of a type of pixels.
fn dtype_of(pixel_type: PixelType) -> Outcome<qlty_dtype> {
    let known = DTYPES.into_iter().find(|(known, _)| *known == pixel_type);
    known.map(|(_, dtype)| dtype).ok_or_else(|| Failure::argument(format!("pixel type: got {pixel_type}")))
}

/// The type of pixels of a number.
fn pixel_type(name: &str, dtype: qlty_dtype) -> Outcome<PixelType> {
    let known = DTYPES.into_iter().find(|(_, known)| *known == dtype);
    known.map(|(pixel_type, _)| pixel_type).ok_or_else(|| mismatch(name, dtype, "an integer type, f16, f32 or f64"))
}

/// A type of pixels that the host can have.
trait Crossing: Typed + Pixel {}

impl<T: Typed + Pixel> Crossing for T {}

/// A string that lives as long as the handle that it is in.
fn lasting(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// What is at a place in a list that the host counts.
fn at<'a, T>(name: &str, list: &'a [T], index: i64) -> Outcome<&'a T> {
    let found = usize::try_from(index).ok().and_then(|index| list.get(index));
    found.ok_or_else(|| Failure::argument(format!("{name}: got {index}, expected 0 to less than {}", list.len())))
}
