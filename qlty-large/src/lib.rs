//! Stitching patches onto disk (Zarr), in bounded memory, with mean and standard deviation.
//!
//! For batches that need not fit in memory, read from arrays or from disk; for jobs of hours that a killed process does
//! not begin anew; and for several processes that work on one result. For batches that fit in memory,
//! [`qlty_core::Stitcher`] stitches patches as they come.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("brain");
//! use qlty_core::NcyxQuilt;
//! use qlty_large::{LargeQuilt, Region, Result, Std};
//!
//! let batch = ndarray::Array4::<u16>::from_shape_fn((2, 1, 300, 400), |(_, _, y, x)| (y + x) as u16);
//! let quilt = NcyxQuilt::builder([300, 400], [64, 64], [32, 32]).border(8).build()?;
//! let large = LargeQuilt::<f32, 2>::builder(&quilt, 2, &path).channels(1).std(Std::Within).create_or_open()?;
//! // Also ZarrImages::<u16, 2>::open("images.zarr")?, or anything else that is an ImageSource.
//! let source = batch.view();
//! while let Some((indices, patches)) = large.unstitch_next(&source, 16)? {
//!     let mean = patches.map(|v| f32::from(*v)); // what a model makes of them
//!     let variance = mean.map(|_| 0.25);
//!     large.stitch(&indices, mean.view(), Some(variance.view()))?;
//! }
//! let result = large.finish()?; // brain_mean.zarr and brain_std.zarr
//! let part = result.mean().read_region(&Region { image: 1, channels: 0..1, start: [100, 200], size: [10, 20] })?;
//! assert!((part[[0, 3, 4]] - (103.0 + 204.0)).abs() < 1e-3);
//! assert!((result.std().unwrap().read()?[[0, 0, 299, 399]] - 0.5).abs() < 1e-6);
//! # Ok::<(), qlty_large::Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | options; beginning, and going on | [`LargeQuilt::builder`], [`LargeBuilder::create`], [`LargeBuilder::open`], [`LargeBuilder::create_or_open`] |
//! | cutting | [`LargeQuilt::unstitch`], [`LargeQuilt::unstitch_next`], [`ImageSource`], [`ZarrImages`] |
//! | adding patches | [`LargeQuilt::stitch`], [`LargeQuilt::skip`] |
//! | how far it is | [`LargeQuilt::pending`], [`LargeQuilt::progress`]; a [`qlty_core::Monitor`] of a long call: [`LargeQuilt::stitch_with`] |
//! | keeping what is not finished | [`LargeQuilt::checkpoint`] |
//! | the result | [`LargeQuilt::finish`], [`LargeQuilt::finish_incomplete`], [`LargeResult`], [`StitchedArray`] |
//!
//! Of the path `folder/name` the result is `folder/name_mean.zarr` and, if asked for, `folder/name_std.zarr`: Zarr v3
//! arrays (N,C,Y,X) or (N,C,Z,Y,X), with names of axes, a checksum for each chunk, and attributes that say how they were
//! made. What is not finished is in `folder/name_state`, which goes when nothing is left in it.
//!
//! # How it works
//!
//! The result is divided into tiles. The sums of a tile are in memory while its patches come; with the last of them they
//! are divided by their weights, a closed form of the geometry, and written, once. Patches in the order of their index
//! need but a band of tiles at a time; where others need more tiles than the memory budget has room for, those used least
//! recently go to a scratch folder and come back.
//!
//! # What survives what
//!
//! A file appears under its name whole or not at all. A tile is finished when all its files are there and no checkpoint
//! has a file of it: a checkpoint's file is removed after those of the result have been written. So a process may be
//! killed at any moment, and the next [`LargeBuilder::open`] has all tiles that were finished, the sums of the last
//! [`LargeQuilt::checkpoint`], and pending patches for the rest. Each tile knows by itself which patches it has; no two
//! files have to agree. Temporary files and scratch lie in a folder of the process, which the next to begin removes once
//! its process is dead.
//!
//! After a power failure, or when the system itself goes down, the same holds for what was written before the last
//! [`LargeQuilt::checkpoint`] or [`LargeQuilt::finish`] returned. Chunks written since may be missing or damaged; a damaged
//! one is an error when it is read, which names its file.
//!
//! # Several workers
//!
//! Each process takes a [`Shard`] of the tiles, begins with [`LargeBuilder::create_or_open`], and stitches what is pending
//! for it; there is no order among them and nothing to merge. Patches at the seams are wanted by more than one. The number
//! of workers may change between sessions, but the sums of a checkpoint then stay with their tiles. Two living processes
//! with some of the same tiles are refused, where the file system has locks.

mod arrays;
mod claims;
mod cut;
mod large;
mod memory;
mod options;
mod record;
mod result;
mod session;
mod sew;
mod sums;
mod tile;
mod tiling;
mod work;

pub use large::{DEFAULT_CODEC, LargeQuilt, Progress};
pub use options::{Accumulator, DEFAULT_MEMORY_BUDGET, LargeBuilder, Shard, Std};
pub use qlty_core::zarr::{Codec, Error, ImageSource, Region, Result, ZarrImages};
pub use result::{LargeResult, StitchedArray};
