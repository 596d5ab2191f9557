//! Arrays whose element type and number of axes are known only at run time.
//!
//! A C host, a Zarr array or a TIFF file states its type at run time, so every operation of these crates takes
//! [`ArrayRef`] and [`ArrayMut`]: a pointer, a [`DType`], a shape and strides. Operations that copy values dispatch by
//! element width ([`with_width!`](crate::with_width)), those that compute dispatch by type
//! ([`with_dtype!`](crate::with_dtype)). Both do so at the innermost call; everything above it is compiled once. The
//! typed interface over [`ndarray`] views is a thin layer on top.
//!
//! ```
//! use qlty_core::dynamic::{AnyQuilt, ArrayMut, ArrayRef, OwnedArray};
//! use qlty_core::{Error, Monitor};
//!
//! let quilt = AnyQuilt::builder(&[120, 200], &[32, 32], &[16, 16]).build()?;
//! let batch = ndarray::Array4::<u16>::ones((2, 3, 120, 200));
//! let batch = ArrayRef::of("batch", batch.view())?; // type known at run time
//! let mut patches = OwnedArray::zeros("patches", batch.dtype(), &quilt.unstitch_shape(batch.shape(), None)?)?;
//! quilt.unstitch_into(batch, 0, patches.array_mut(), &Monitor::new())?;
//! assert_eq!(patches.into_array::<u16, ndarray::Ix4>()?.dim(), (2 * 7 * 12, 3, 32, 32));
//! # Ok::<(), Error>(())
//! ```

pub(crate) mod array_mut;
mod array_ref;
mod axes;
mod dtype;
mod layout;
mod owned;
mod scalar;

pub use crate::geometry::{AnyQuilt, AnyQuiltBuilder};
pub use crate::labels::keep_into;
pub use crate::stitcher::{AnyStitched, AnyStitcher};
pub use array_mut::ArrayMut;
pub(crate) use array_mut::check_copy;
pub use array_ref::ArrayRef;
pub use dtype::DType;
pub use layout::MAX_NDIM;
pub use owned::OwnedArray;
pub use scalar::Scalar;

#[doc(hidden)]
pub use half::{bf16, f16};
