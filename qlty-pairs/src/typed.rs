//! The typed interface: thin layers over the entry points of [`crate::dynamic`], generic over the element type `T` and
//! the number of spatial axes `D`.

use qlty_core::Result;
use qlty_core::internal::array::with_capacity;

mod dataset;
mod draw;
mod extract;
mod metadata;
mod overlap;

pub use dataset::{Batches, PatchPair, PatchPairDataset};
pub use draw::{Pair, PairDrawer, PairOptions, deltas, positions, rotations};
pub use extract::{
    PatchPairs, PatchPairsMut, extract_pairs, extract_pairs_into, extract_patch_pairs, extract_patch_pairs_into,
    extract_patches_from_metadata, extract_patches_from_metadata_into, extract_patches_to_zarr,
};
pub use metadata::{
    Number, PairMetadata, extract_patch_pairs_metadata, extract_patch_pairs_metadata_with_monitor, measure_pairs,
};
pub use overlap::{Overlap, OverlapPatches, OverlapPixels};

/// Converts each of `values` into a new vector.
fn collect<T: Copy, R>(what: &'static str, values: &[T], convert: impl Fn(T) -> R) -> Result<Vec<R>> {
    let mut converted = with_capacity(what, values.len())?;
    converted.extend(values.iter().map(|value| convert(*value)));
    Ok(converted)
}

/// The last `D` of three sizes or coordinates (z, y, x).
fn last<const D: usize>(zyx: [usize; 3]) -> [usize; D] {
    std::array::from_fn(|d| zyx[3 - D + d])
}
