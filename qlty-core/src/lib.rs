//! Split images and volumes into overlapping patches, and stitch them back together as a weighted mean.
//!
//! An image that is too large for a model, a GPU or memory is split into overlapping windows ([`Quilt::unstitch`]); a
//! model processes each; and its output is stitched together ([`Quilt::stitch`], or a [`Stitcher`] as patches arrive).
//! The borders of the windows, where the model lacks context on one side, count less.
//!
//! ```
//! use qlty_core::{Error, NcyxQuilt};
//!
//! // Images of 120 x 200 pixels, windows of 32 x 32 every 16, a border of 4 with a weight of 0.1.
//! let quilt = NcyxQuilt::builder([120, 200], [32, 32], [16, 16]).border(4).border_weight(0.1).build()?;
//! let batch = ndarray::Array4::<f32>::ones((2, 3, 120, 200)); // (N, C, Y, X)
//! let patches = quilt.unstitch(batch.view())?; // (P, C, 32, 32)
//! let mut stitcher = quilt.stitcher::<f32>(2, 1)?; // the model turns three channels into one
//! for (first, patches) in (0..).step_by(8).zip(patches.axis_chunks_iter(ndarray::Axis(0), 8)) {
//!     stitcher.push(first, patches.mean_axis(ndarray::Axis(1)).unwrap().insert_axis(ndarray::Axis(1)).view())?;
//! }
//! let stitched = stitcher.finish()?; // (N, 1, Y, X) and (Y, X)
//! assert_eq!((stitched.batch.dim(), stitched.weights.dim()), ((2, 1, 120, 200), (120, 200)));
//! # Ok::<(), Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | geometry: windows, steps, borders, positions | [`Quilt`], [`QuiltBuilder`], [`Position`] |
//! | weights of windows, in closed form over images | [`Profile`], [`Quilt::window_weight`], [`Quilt::weights`] |
//! | unstitching, of any element type | [`Quilt::unstitch`], [`Quilt::unstitch_range`], [`Quilt::unstitch_into`] |
//! | channels with the position of each pixel | [`Quilt::unstitch_positional`], [`Positional`] |
//! | stitching | [`Quilt::stitch`], [`Quilt::stitch_into`], [`Stitcher`] |
//! | gradients | [`Quilt::unstitch_adjoint`], [`Quilt::stitch_adjoint`] |
//! | training pairs and sparse labels | [`Quilt::unstitch_pair`], [`Quilt::filter_labelled`] |
//! | progress and cancellation | [`Monitor`], [`with_progress`] |
//! | types and ranks known at run time | [`dynamic`] |
//!
//! Arrays are [`ndarray`] views of any strides, batches in the order (N,C,Y,X) or (N,C,Z,Y,X). Work runs on the threads
//! of the current rayon pool, and no result depends on their number. Every mistake is an [`Error`] that says what was
//! got and what was expected; nothing panics. The caller's arrays are unchanged after an error, except that a cancelled
//! call leaves unspecified values.
//!
//! After a `fork`, the child has none of the threads of its parent's pools, and calls that use one never return. Build
//! a new pool there, and make the calls in `ThreadPool::install`. The C ABI does so by itself.
//!
//! Memory use beyond the result does not grow with the result, the width of an image or the number of threads.

// The layers of a call, from the outside in:
//
//   quilt                 the typed interface: Quilt<D>, Stitcher<T, D>; a thin layer over the next
//   dynamic               arrays whose type and rank are known at run time: what everything below takes
//   geometry, axis        the windows and their positions: AnyQuilt
//   profile, weights      how much a pixel of a window counts, and the sums of that over an image
//   unstitch              batches to patches
//   stitch, stitcher      patches to batches, all at once or as they arrive; region: box by box, for qlty-large
//   accumulate, slots     the kernel that adds patches to sums; which patches an array holds
//   adjoint, labels, positional
//   interleaved           channels last: treated as longer rows
//   rows, array, stream   rows of any strides; allocation, division among threads; non-temporal stores
//
// Internally every array has five axes, (N,C,Z,Y,X), and a plane is a volume of depth one, so one implementation serves
// both ranks. Types are dispatched at the innermost call: by width where values are copied (unstitch, labels), by type
// where they are added (accumulate).

mod accumulate;
mod adjoint;
mod array;
mod axis;
pub mod dynamic;
mod element;
mod error;
mod geometry;
mod interleaved;
pub mod internal;
mod labels;
mod monitor;
mod owner;
mod positional;
mod profile;
mod quilt;
mod rank;
mod region;
mod rows;
mod slots;
mod stitch;
mod stitcher;
mod stream;
mod unstitch;
mod weights;
#[cfg(feature = "zarr")]
#[allow(clippy::incompatible_msrv, reason = "zarrs needs a newer compiler than the rest of the crate")]
pub mod zarr;

pub use dynamic::DType;
pub use element::{Element, Float, Real};
pub use error::{Error, Result};
pub use monitor::{Monitor, with_progress};
pub use positional::{Origin, Positional};
pub use profile::Profile;
pub use quilt::{
    Border, Filtered, IncompletelyStitched, LabelledPatches, NcyxQuilt, NczyxQuilt, Position, Quilt, QuiltBuilder,
    Stitched, Stitcher,
};
pub use rank::{BatchDim, ImageDim, LabelRank, Rank, Spatial, WindowDim};
