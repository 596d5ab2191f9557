//! TIFF stacks to OME-Zarr, with image pyramids.
//!
//! A stack is a folder of TIFF or PNG slices, or a TIFF file of many pages: a hyperstack of ImageJ, an
//! OME-TIFF or neither. Opening one reads its headers and refuses what would decode to something else
//! than what was stored; reading gives planes (C, Y, X) one by one, or a volume (C, Z, Y, X).
//! [`stack_to_ome_zarr`] makes coarser levels of it and writes all as NGFF 0.5 on Zarr v3, plane by plane, so
//! a stack need not fit in memory.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("brain.ome.zarr");
//! use qlty_pyramid::{Levels, Monitor, PyramidOptions, Volume, stack_to_ome_zarr};
//!
//! // Also Stack::from_file("brain.tif")?, or slices: SlicePattern::new("tif", r"_(\d+)\.tif$")?.find("folder")?
//! let voxels = ndarray::Array3::from_shape_fn((20, 300, 421), |(z, y, x)| (z + y * x) as u16);
//! let source = Volume::new("brain", voxels.view())?;
//! let options = PyramidOptions { levels: Levels::Count(3), ..PyramidOptions::default() };
//! let pyramid = stack_to_ome_zarr(&source, &path, &options, &Monitor::new())?;
//! let shapes: Vec<_> = pyramid.levels.iter().map(|level| level.shape.clone()).collect();
//! assert_eq!(shapes, [[20, 300, 421], [20, 150, 211], [20, 75, 106]]);
//! # Ok::<(), qlty_pyramid::Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | finding slices by their names | [`SlicePattern`], [`SliceSet`] |
//! | opening and reading stacks | [`Stack`], [`Channel`], [`VoxelSize`], [`LengthUnit`] |
//! | images from elsewhere | [`Volume`] for arrays, [`PlaneSource`] for anything |
//! | pyramids | [`stack_to_ome_zarr`], [`stacks_to_ome_zarr`], [`PyramidOptions`]; what would be written: [`plan_pyramid`] |
//! | one level in memory | [`shrink`], [`Method`]; back to a larger size: [`upsample`] |
//! | Laplacian pyramids in memory | [`LaplacianLevels`] |
//! | Laplacian pyramids in stores | [`stack_to_ome_zarr_laplacian`], [`LaplacianStore`], [`reconstruct_from_laplacian`] |
//! | progress and cancelling | [`Monitor`] |
//!
//! The feature `png` reads slices and images that are PNG files; `cli` builds the tool `qlty-pyramid`.
//!
//! Every call may be made from many threads at once; they share rayon's global pool. Two writers
//! of one destination must exclude each other.

mod axes;
mod boxes;
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
