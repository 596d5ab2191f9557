//! Pairs of displaced, rotated patches for self-supervised training.

mod displacement;
mod draw;
mod extract;
mod failure;
mod options;
mod pair;
mod source;
mod turn;

pub use draw::PairDrawer;
pub use extract::{
    PatchPairs, PatchPairsMut, extract_pairs, extract_pairs_into, extract_patch_pairs, extract_patch_pairs_into,
};
pub use options::PairOptions;
pub use pair::{Pair, Positions, Side, deltas, positions, rotations};
pub use qlty_core::zarr::{Error, Result};
pub use source::{ImageSource, Region, ZarrImages};
