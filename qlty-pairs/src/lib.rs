//! Pairs of displaced, rotated patches for self-supervised training.
//!
//! From each image pairs of patches are drawn, the second displaced by a vector whose length is within a
//! range, and perhaps turned by quarter turns. What both show can be compared pixel by pixel; which
//! pairs are worth it can be told from their statistics before any is cut out; and pairs can be stored
//! and read in shuffled batches.
//!
//! ```
//! use qlty_pairs::*;
//! let images = ndarray::Array4::<f32>::from_shape_fn((3, 2, 96, 128), |(n, c, y, x)| (n + c + y * x) as f32);
//! let options = PairOptions { seed: 1, rotations: vec![0, 1, 2, 3], ..PairOptions::new([32, 32], 20, (8.0, 16.0)) };
//! // Pairs with statistics, a choice of them, and its patches.
//! let metadata = extract_patch_pairs_metadata(&images.view(), &options)?;
//! let chosen = stratified_sample_by_histogram(&metadata.mean1, &metadata.sigma1, 5, 2, 0)?;
//! let pairs = extract_patches_from_metadata(&images.view(), &metadata, &chosen, Positions::None)?;
//! // What a model makes of both is to agree wherever they overlap.
//! let overlap = Overlap::new([32, 32], pairs.deltas.view(), Some(pairs.rotations.view()))?;
//! let (pixels1, pixels2) = overlap.extract(pairs.patches1.view(), pairs.patches2.view())?;
//! assert_eq!(pixels1, pixels2);
//! # Ok::<(), Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | what is drawn | [`PairOptions`], [`PairDrawer`], [`Pair`] |
//! | images: arrays of any strides, Zarr arrays | [`ImageSource`], [`ZarrImages`] |
//! | patches of pairs | [`extract_patch_pairs`], [`extract_pairs`], [`PatchPairs`] |
//! | what both patches show, and gradients | [`Overlap`] |
//! | statistics without patches | [`extract_patch_pairs_metadata`], [`measure_pairs`], [`PairMetadata`] |
//! | choosing pairs | [`stratified_sample_by_histogram`], [`stratified_sample_by_quantiles`] |
//! | storing and reading pairs | [`extract_patches_to_zarr`], [`PatchPairDataset`] |
//!
//! Batches are in the order (N,C,Y,X) or (N,C,Z,Y,X); positions and sizes (y, x) or (z, y, x); deltas,
//! alone, (dx, dy) or (dx, dy, dz). Work is done on the threads of the current rayon pool, and no
//! result depends on their number. Every mistake is an [`Error`] that says what was got and what was
//! expected. A call into the caller's arrays that fails before it began has written nothing; one that
//! is cancelled, or whose source fails, leaves unspecified values.

mod dataset;
mod displacement;
mod draw;
mod extract;
mod failure;
mod metadata;
mod options;
mod overlap;
mod pair;
mod statistics;
mod store;
mod stratify;
mod turn;

pub use dataset::{Batches, DatasetKind, PatchPair, PatchPairDataset, inspect_dataset};
pub use draw::PairDrawer;
pub use extract::{
    PatchPairs, PatchPairsMut, extract_pairs, extract_pairs_into, extract_patch_pairs, extract_patch_pairs_into,
};
pub use metadata::{
    Column, PairMetadata, extract_patch_pairs_metadata, extract_patch_pairs_metadata_monitored,
    extract_patches_from_metadata, extract_patches_from_metadata_into, measure_pairs,
};
pub use options::PairOptions;
pub use overlap::{Overlap, PatchArrays};
pub use pair::{Pair, Positions, Side, deltas, positions, rotations};
pub use qlty_core::Monitor;
pub use qlty_core::zarr::{Codec, Error, ImageSource, Region, Result, ZarrImages};

pub use statistics::Number;
pub use store::{StoreOptions, extract_patches_to_zarr};
pub use stratify::{stratified_sample_by_histogram, stratified_sample_by_quantiles};
