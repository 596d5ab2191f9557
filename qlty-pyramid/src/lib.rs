//! TIFF stacks to OME-Zarr, with image pyramids.
//!
//! A stack is a folder of TIFF or PNG slices, or a TIFF file of many pages: a hyperstack of ImageJ, an
//! OME-TIFF or neither. Opening one reads its headers and refuses what would decode to something else
//! than what was stored; reading gives planes (C, Y, X) one by one, or a volume (C, Z, Y, X). Levels are made by block means, and an image of several levels is written as NGFF 0.5
//! on Zarr v3.
//!
//! ```no_run
//! use qlty_pyramid::{ImageWriter, LengthUnit, Level, SlicePattern, Stack, mean_levels};
//!
//! let pattern = SlicePattern::new("tif", r"image_(\d+)\.tif$")?;
//! for slices in pattern.find("samples/brain")? {
//!     let stack = Stack::from_slices(&slices)?;
//!     let volume = stack.read::<u8>(0)?.index_axis_move(ndarray::Axis(0), 0);
//!     let voxel_size = [1.0, 1.0, 1.0];
//!     let coarse = mean_levels(volume.view(), voxel_size, [2, 2, 2], 2)?;
//!     let mut levels = vec![Level::new(volume.view().into_dyn(), voxel_size)];
//!     levels.extend(coarse.iter().map(|level| level.as_level()));
//!     ImageWriter::new(format!("{}.ome.zarr", stack.name()))
//!         .unit(LengthUnit::Millimeter)
//!         .method("mean")
//!         .write(&levels)?;
//! }
//! # Ok::<(), qlty_pyramid::Error>(())
//! ```
//!
//! Every call may be made from many threads at once; they share rayon's global pool. Two writers
//! of one destination must exclude each other.

mod calibration;
mod description;
mod error;
mod image;
mod mean;
mod page;
mod pixel;
mod slices;
mod stack;

pub use calibration::{LengthUnit, VoxelSize};
pub use error::{Error, Result};
pub use image::{ImageWriter, Level};
pub use mean::{MeanLevel, block_mean, mean_levels};
pub use pixel::{Pixel, PixelType};
pub use slices::{Slice, SlicePattern, SliceSet};
pub use stack::{Channel, Stack};
