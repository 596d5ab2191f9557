//! Pairs of displaced, rotated patches for self-supervised training.
//!
//! Pairs of patches are drawn from each image, the second displaced by a vector whose length is within a range, and
//! optionally rotated by quarter turns. The overlapping pixels of both patches can be compared one by one; statistics
//! show which pairs are worth extracting before any is extracted; and pairs can be stored, and read back in shuffled
//! batches.
//!
//! ```
//! use qlty_pairs::*;
//! let images = ndarray::Array4::<f32>::from_shape_fn((3, 2, 96, 128), |(n, c, y, x)| (n + c + y * x) as f32);
//! let options = PairOptions::new([32, 32], 20, (8.0, 16.0)).seed(1).rotations([0, 1, 2, 3]);
//! // Pairs with statistics, a selection of them, and the patches of the selection.
//! let metadata = extract_patch_pairs_metadata(&images.view(), &options)?;
//! let chosen = stratified_sample_by_histogram(&metadata.mean1, &metadata.sigma1, 5, 2, 0)?;
//! let pairs = extract_patches_from_metadata(&images.view(), &metadata, &chosen, Positions::None)?;
//! // A model's outputs for both patches should agree wherever they overlap.
//! let overlap = Overlap::new([32, 32], pairs.deltas.view(), Some(pairs.rotations.view()))?;
//! let OverlapPixels { pixels1, pixels2, .. } = overlap.extract(pairs.patches1.view(), pairs.patches2.view())?;
//! assert_eq!(pixels1, pixels2);
//! # Ok::<(), Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | drawing pairs | [`PairOptions`], [`PairDrawer`], [`Pair`] |
//! | images: arrays of any strides, Zarr arrays | [`ImageSource`], [`ZarrImages`] |
//! | patches of pairs | [`extract_patch_pairs`], [`extract_pairs`], [`PatchPairs`] |
//! | overlapping pixels of both patches, and gradients | [`Overlap`] |
//! | statistics without patches | [`extract_patch_pairs_metadata`], [`measure_pairs`], [`PairMetadata`] |
//! | selecting pairs | [`stratified_sample_by_histogram`], [`stratified_sample_by_quantiles`] |
//! | storing and reading pairs | [`extract_patches_to_zarr`], [`PatchPairDataset`] |
//! | types known only at run time | [`dynamic`] |
//!
//! Batches are in the order (N,C,Y,X) or (N,C,Z,Y,X); positions and sizes are (y, x) or (z, y, x); only deltas are (dx,
//! dy) or (dx, dy, dz). Work runs on the threads of the current rayon pool, and no result depends on their number.
//! Every mistake is an [`Error`] that says what was got and what was expected. A call into the caller's arrays that
//! fails its checks writes nothing; one that is cancelled, or whose source fails, leaves unspecified values.

// The layers of a call, from the outside in:
//
//   typed                            the typed interface: a thin layer over `dynamic`, which lists the entry points
//   options, displacement, draw      drawing pairs: AnyPairDrawer
//   pair, extent                     the positions of a pair, and sizes of two or three axes
//   extract, turn                    patches out of images, rotated while they are copied; patches: their arrays
//   overlap                          overlapping pixels: gathered, scattered back (adjoint), or located
//   metadata, statistics, stratify   pairs and their statistics before any patch is extracted, and selecting among them
//   store                            pairs to Zarr; dataset, batches: and back
//   failure                          the first error among the tasks of a call
//
// Internally, positions and sizes are (z, y, x), and a plane is a volume of depth one.

mod batches;
mod dataset;
mod displacement;
mod draw;
pub mod dynamic;
mod extent;
mod extract;
mod failure;
mod metadata;
mod options;
mod overlap;
mod pair;
mod patches;
mod statistics;
mod store;
mod stratify;
mod turn;
mod typed;

pub use dataset::{DatasetKind, inspect_dataset};
pub use metadata::Column;
pub use pair::{Positions, Side};
pub use qlty_core::Monitor;
pub use qlty_core::zarr::{Codec, Error, ImageSource, Region, Result, ZarrImages};
pub use store::StoreOptions;
pub use stratify::{stratified_sample_by_histogram, stratified_sample_by_quantiles};
pub use typed::{
    Batches, Number, Overlap, OverlapPatches, OverlapPixels, Pair, PairDrawer, PairMetadata, PairOptions, PatchPair,
    PatchPairDataset, PatchPairs, PatchPairsMut, deltas, extract_pairs, extract_pairs_into, extract_patch_pairs,
    extract_patch_pairs_into, extract_patch_pairs_metadata, extract_patch_pairs_metadata_with_monitor,
    extract_patches_from_metadata, extract_patches_from_metadata_into, extract_patches_to_zarr, measure_pairs,
    positions, rotations,
};

use dynamic::{
    AnyBatches, AnyDataset, AnyImageSource, AnyOverlap, AnyPair, AnyPairDrawer, AnyPairMetadata, AnyPairOptions,
    AnyPairsMut, AnyPatchPairs, AnyPlacesMut, AnyRegion,
};
use qlty_core::zarr::ErasedSource;
