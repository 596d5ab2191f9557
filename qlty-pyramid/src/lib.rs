//! Convert TIFF stacks to OME-Zarr, with image pyramids.
//!
//! A stack is a folder of TIFF or PNG slices, or a multi-page TIFF file: an ImageJ hyperstack, an OME-TIFF or neither.
//! Opening one reads its headers and rejects files that would not decode to the stored values; reading returns planes
//! (C, Y, X) one by one, or a volume (C, Z, Y, X). [`stack_to_ome_zarr`] computes coarser levels and writes everything
//! as NGFF 0.5 on Zarr v3, plane by plane, so a stack need not fit in memory.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("brain.ome.zarr");
//! use qlty_pyramid::{Levels, Monitor, PyramidOptions, Volume, stack_to_ome_zarr};
//!
//! // Also Stack::from_file("brain.tif")?, or slices: SlicePattern::new("tif", r"_(\d+)\.tif$")?.find("folder")?
//! let voxels = ndarray::Array3::from_shape_fn((20, 300, 421), |(z, y, x)| (z + y * x) as u16);
//! let source = Volume::new("brain", voxels.view())?;
//! let options = PyramidOptions::new().levels(Levels::Count(3));
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
//! | other images | [`Volume`] for arrays in memory, [`PlaneSource`] for your own types |
//! | pyramids | [`stack_to_ome_zarr`], [`stacks_to_ome_zarr`], [`PyramidOptions`]; what would be written: [`plan_pyramid`] |
//! | reading them | [`ImageStore`], [`ImageLayout`] |
//! | one level in memory | [`shrink`], [`Method`]; back to a larger size: [`upsample`] |
//! | Laplacian pyramids in memory | [`LaplacianLevels`] |
//! | Laplacian pyramids in stores | [`stack_to_ome_zarr_laplacian`], [`LaplacianStore`], [`reconstruct_from_laplacian`] |
//! | progress and cancellation | [`Monitor`] |
//!
//! The type of pixels is a [`DType`], known when a stack or store is opened, and arrays are [`ArrayRef`] and
//! [`ArrayMut`]; `read::<T>` and similar calls return typed arrays. Pixels are numbers: the type `Bool` is an error, so
//! convert masks to `u8` first.
//!
//! Planes flow from [`PlaneSource`]s (folder `read`) through the pipeline (`write`), and are read back from stores by
//! `image` and `laplacian`.
//!
//! The feature `png` reads PNG slices and images; `cli` builds the tool `qlty-pyramid`.
//!
//! All calls may be made concurrently, and run on the current rayon pool. One writer per destination runs at a time: a
//! second one, also in another process, fails with [`qlty_core::zarr::Error::Busy`].

mod arrays;
mod error;
mod image;
mod laplacian;
mod pixel;
mod read;
mod write;

pub use error::{Error, Result};
pub use image::{ImageAxis, ImageKind, ImageLayout, ImageLevel, ImageStore};
pub use laplacian::{
    Interpolation, LaplacianLevels, LaplacianOptions, LaplacianPixel, LaplacianStore, ReconstructOptions,
    difference_dtype, laplacian_dtype, plan_laplacian, reconstruct_from_laplacian, stack_to_ome_zarr_laplacian,
    stacks_to_ome_zarr_laplacian, upsample,
};
pub use pixel::Pixel;
pub use qlty_core::dynamic::{ArrayMut, ArrayRef, DType, OwnedArray};
pub use qlty_core::zarr::Codec;
pub use qlty_core::{Element, Monitor};
pub use read::{Channel, LengthUnit, PlaneSource, Slice, SlicePattern, SliceSet, Stack, Volume, VoxelSize};
pub use write::{
    AxisOrder, Existing, Halving, Levels, Method, Normalization, Pyramid, PyramidJob, PyramidLevel, PyramidOptions,
    ZarrFormat, plan_pyramid, shrink, stack_to_ome_zarr, stacks_to_ome_zarr,
};
