//! Pairs of displaced, rotated patches for self-supervised training.

mod displacement;
mod draw;
mod extract;
mod failure;
mod metadata;
mod options;
mod overlap;
mod pair;
mod source;
mod statistics;
mod stratify;
mod turn;

pub use draw::PairDrawer;
pub use extract::{
    PatchPairs, PatchPairsMut, extract_pairs, extract_pairs_into, extract_patch_pairs, extract_patch_pairs_into,
};
pub use metadata::{
    Column, PairMetadata, extract_patch_pairs_metadata, extract_patch_pairs_metadata_monitored,
    extract_patches_from_metadata, extract_patches_from_metadata_into,
};
pub use options::PairOptions;
pub use overlap::{Overlap, PatchArrays};
pub use pair::{Pair, Positions, Side, deltas, positions, rotations};
pub use qlty_core::zarr::{Error, Result};
pub use source::{ImageSource, Region, ZarrImages};
pub use statistics::Number;
pub use stratify::{stratified_sample_by_histogram, stratified_sample_by_quantiles};
