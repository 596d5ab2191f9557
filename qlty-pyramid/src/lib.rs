//! TIFF stacks to OME-Zarr, with image pyramids.
//!
//! A stack is a folder of TIFF or PNG slices, or a TIFF file of many pages: a hyperstack of ImageJ, an
//! OME-TIFF or neither. Opening one reads its headers and refuses what would decode to something else
//! than what was stored; reading gives planes (C, Y, X) one by one, or a volume (C, Z, Y, X).
//! [`stack_to_ome_zarr`] makes coarser levels of it and writes all as NGFF 0.5 on Zarr v3, plane by plane, so
//! a stack need not fit in memory.
//!
//! ```no_run
//! use qlty_pyramid::{Monitor, PyramidOptions, SlicePattern, Stack, stack_to_ome_zarr};
//!
//! let pattern = SlicePattern::new("tif", r"image_(\d+)\.tif$")?;
//! for slices in pattern.find("samples/brain")? {
//!     let stack = Stack::from_slices(&slices)?;
//!     let path = format!("{}.ome.zarr", stack.name());
//!     let pyramid = stack_to_ome_zarr(&stack, path, &PyramidOptions::default(), &Monitor::new())?;
//!     println!("{:?} of {}", pyramid.shape, pyramid.pixel_type);
//! }
//! # Ok::<(), qlty_pyramid::Error>(())
//! ```
//!
//! Every call may be made from many threads at once; they share rayon's global pool. Two writers
//! of one destination must exclude each other.

mod axes;
mod calibration;
mod description;
mod error;
mod image;
mod laplacian;
mod metadata;
mod options;
mod page;
mod pipeline;
mod pixel;
mod plan;
mod pyramid;
mod reader;
mod run_state;
mod shrink;
mod slab_writer;
mod slices;
mod source;
mod stack;
mod statistics;
mod twofold;

pub use axes::AxisOrder;
pub use calibration::{LengthUnit, VoxelSize};
pub use error::{Error, Result};
pub use image::{ImageAxis, ImageKind, ImageLayout, ImageLevel, ImageStore};
pub use laplacian::{
    Interpolation, LaplacianLevels, LaplacianOptions, LaplacianPixel, LaplacianStore, ReconstructOptions,
    laplacian_pixel_type, plan_laplacian, reconstruct_from_laplacian, stack_to_ome_zarr_laplacian, upsample,
};
pub use options::{Halving, Levels, Normalization, PyramidOptions};
pub use pixel::{Pixel, PixelType};
pub use pyramid::{
    Pyramid, PyramidLevel, plan_pyramid, stack_to_ome_zarr, stacks_to_ome_zarr, stacks_to_ome_zarr_laplacian,
};
pub use qlty_core::Monitor;
pub use qlty_core::zarr::Codec;
pub use shrink::{Method, shrink};
pub use slab_writer::ZarrFormat;
pub use slices::{Slice, SlicePattern, SliceSet};
pub use source::{PlaneSource, Volume};
pub use stack::{Channel, Stack};
