//! Cut images and volumes into overlapping patches and sew them back together as a weighted mean.
//!
//! An image that is too large for a model, a GPU or memory is cut into windows that overlap
//! ([`Quilt::unstitch`]); a model makes something of each; and the patches are sewn together again
//! ([`Quilt::stitch`], or a [`Stitcher`] as they come), where the borders of the windows, of which
//! the model saw only one side, count less.
//!
//! ```
//! use qlty_core::{Error, NcyxQuilt};
//!
//! // Images of 120 x 200 pixels, windows of 32 x 32 every 16, a rim of 4 that counts a tenth.
//! let quilt = NcyxQuilt::builder([120, 200], [32, 32], [16, 16]).border(4).border_weight(0.1).build()?;
//! let batch = ndarray::Array4::<f32>::ones((2, 3, 120, 200)); // (N, C, Y, X)
//! let patches = quilt.unstitch(batch.view())?; // (P, C, 32, 32)
//! let mut stitcher = quilt.stitcher::<f32>(2, 1)?; // the model makes one channel of three
//! for (first, patches) in (0..).step_by(8).zip(patches.axis_chunks_iter(ndarray::Axis(0), 8)) {
//!     stitcher.push(first, patches.mean_axis(ndarray::Axis(1)).unwrap().insert_axis(ndarray::Axis(1)).view())?;
//! }
//! let (mean, weights) = stitcher.finish()?; // (N, 1, Y, X) and (Y, X)
//! assert_eq!((mean.dim(), weights.dim()), ((2, 1, 120, 200), (120, 200)));
//! # Ok::<(), Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | geometry: windows, steps, borders, positions | [`Quilt`], [`QuiltBuilder`], [`Position`] |
//! | weights of windows, in closed form over images | [`Profile`], [`Quilt::window_weight`], [`Quilt::weights`] |
//! | cutting, of any element type | [`Quilt::unstitch`], [`Quilt::unstitch_range`], [`Quilt::unstitch_into`] |
//! | channels that say where a pixel lies | [`Quilt::unstitch_positional`], [`Positional`] |
//! | sewing | [`Quilt::stitch`], [`Quilt::stitch_into`], [`Stitcher`] |
//! | gradients | [`Quilt::unstitch_adjoint`], [`Quilt::stitch_adjoint`] |
//! | training pairs and sparse labels | [`Quilt::unstitch_pair`], [`Quilt::weed_sparse`] |
//! | progress and cancelling | [`Monitor`], [`with_progress`] |
//!
//! Arrays are [`ndarray`] views of any strides, batches in the order (N,C,Y,X) or (N,C,Z,Y,X). Work
//! is done on the threads of the current rayon pool, and no result depends on their number. Every
//! mistake is an [`Error`] that says what was got and what was expected; nothing panics.

mod adjoint;
pub mod array;
mod axis;
mod cut;
pub mod dynamic;
mod element;
mod error;
mod labels;
mod lanes;
mod monitor;
mod positional;
mod profile;
mod quilt;
mod rank;
pub mod region;
mod rows;
mod sew;
mod stitch;
mod stitcher;
pub mod stream;
mod weights;
#[cfg(feature = "zarr")]
pub mod zarr;

pub use dynamic::DType;
pub use element::{Element, Float, Real};
pub use error::{Error, Result};
pub use labels::{PatchPair, Weeded, keep_into};
pub use monitor::{Monitor, with_progress};
pub use positional::{Origin, Positional};
pub use profile::Profile;
pub use quilt::{Border, NcyxQuilt, NczyxQuilt, Position, Quilt, QuiltBuilder};
pub use rank::{BatchDim, ImageDim, LabelRank, Rank, Spatial, WindowDim};
pub use stitch::Stitched;
pub use stitcher::{IncompletelyStitched, Stitcher};
