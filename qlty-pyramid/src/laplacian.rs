//! Laplacian pyramids: the smallest level, and the difference of each larger one from its prediction.
//!
//! Levels are block means, like those of a Gaussian pyramid. Level i+1, interpolated to the size of level i, predicts
//! it; the difference is stored. For integers it is the difference from the prediction rounded to nearest, ties to
//! even. Prediction plus difference restores the level: integers exactly, floats within a unit in the last place of the
//! larger of pixel and prediction. If the prediction is not finite, 0 is used, so NaN and infinity do not spread to
//! other pixels.
//!
//! | module | what it does |
//! |---|---|
//! | `interpolation`, `upsample` | interpolating any area of planes to the size of the next larger level, row by row |
//! | `work` | conversion of pixels to the types of interpolation and back, differences |
//! | `plane`, `rows` | areas of planes of any type: predict, subtract, add |
//! | `levels` | pyramids in memory |
//! | `layout` | the attributes of a store, which document the format |
//! | `write` | a sink of the pipeline; `store`, `reconstruct`: reading boxes and levels |
//!
//! - **A prediction never changes.** It is a fixed sequence of IEEE 754 operations in f32 (8 and 16 bits, f16, bf16,
//!   f32) or f64 (the rest), along X and then Y, never fused; so integers are restored exactly on any machine. A test
//!   pins the bits: a change would break existing stores.
//! - **A sum starts from the pixel beneath**, c + Σ w (v − c), so constants leave no difference, however the weights
//!   are rounded.
//! - **64-bit integers** are interpolated in f64 and subtracted modulo 2^64: also exact, but less well predicted.
//! - **Differences are computed chunk by chunk**, just before they are compressed, and added chunk by chunk as they
//!   are decoded; a whole plane of differences is never in memory.
//! - **Planes are interpolated along Y and X, each plane separately**; nothing is halved along Z. A 3-D prediction
//!   would need the slabs before and after.

mod interpolation;
mod layout;
mod levels;
mod options;
mod plane;
mod reconstruct;
mod rows;
mod store;
mod upsample;
mod work;
mod write;

pub use interpolation::Interpolation;
pub(crate) use layout::LaplacianLayout;
pub use levels::{LaplacianLevels, upsample};
pub use options::{LaplacianOptions, ReconstructOptions};
pub use reconstruct::reconstruct_from_laplacian;
pub use store::{LaplacianStore, laplacian_dtype};
pub use work::{LaplacianPixel, difference_dtype};
pub use write::{plan_laplacian, stack_to_ome_zarr_laplacian, stacks_to_ome_zarr_laplacian};
