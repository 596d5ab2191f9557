//! Cut images and volumes into overlapping patches and sew them back together as a weighted mean.

mod adjoint;
mod array;
mod axis;
mod cut;
mod element;
mod error;
mod labels;
mod monitor;
mod positional;
mod profile;
mod quilt;
mod rank;
mod rows;
mod sew;
mod stitch;
mod stitcher;
mod stream;

pub use element::{Element, Float, Real};
pub use error::{Error, Result};
pub use labels::{PatchPair, Weeded, keep_into};
pub use monitor::{Monitor, with_progress};
pub use positional::{Origin, Positional};
pub use profile::Profile;
pub use quilt::{Border, NcyxQuilt, NczyxQuilt, Position, Quilt, QuiltBuilder};
pub use rank::{LabelRank, Rank, Spatial};
pub use stitch::Stitched;
pub use stitcher::{IncompletelyStitched, Stitcher};
