//! Stitching patches onto disk (Zarr), in bounded memory, with mean and standard deviation.
//!
//! For batches that do not fit in memory, read from arrays or from disk; for jobs that take hours, which resume where a
//! killed process stopped; and for several processes that work on one result. For batches that fit in memory,
//! [`qlty_core::Stitcher`] stitches patches as they arrive.
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
//! // Or ZarrImages::<u16, 2>::open("images.zarr")?, or any other ImageSource.
//! let source = batch.view();
//! while let Some(next) = large.unstitch_next(&source, 16)? {
//!     let mean = next.patches.map(|v| f32::from(*v)); // the output of a model
//!     let variance = mean.map(|_| 0.25);
//!     large.stitch(&next.indices, mean.view(), Some(variance.view()))?;
//! }
//! let result = large.finish()?; // brain_mean.zarr and brain_std.zarr
//! let part = result.mean.read_region(&Region { image: 1, channels: 0..1, start: [100, 200], size: [10, 20] })?;
//! assert!((part[[0, 3, 4]] - (103.0 + 204.0)).abs() < 1e-3);
//! assert!((result.std.unwrap().read()?[[0, 0, 299, 399]] - 0.5).abs() < 1e-6);
//! # Ok::<(), qlty_large::Error>(())
//! ```
//!
//! | what | where |
//! |---|---|
//! | options; creating and opening a result | [`LargeQuilt::builder`], [`LargeBuilder::create`], [`LargeBuilder::open`], [`LargeBuilder::create_or_open`] |
//! | unstitching | [`LargeQuilt::unstitch`], [`LargeQuilt::unstitch_next`], [`ImageSource`], [`ZarrImages`] |
//! | adding patches | [`LargeQuilt::stitch`], [`LargeQuilt::skip`] |
//! | progress | [`LargeQuilt::pending`], [`LargeQuilt::progress`]; that of a long call: [`LargeQuilt::stitch_with_monitor`] |
//! | keeping unfinished work | [`LargeQuilt::checkpoint`] |
//! | the result | [`LargeQuilt::finish`], [`LargeQuilt::finish_incomplete`], [`LargeResult`], [`StitchedArray`] |
//! | types and ranks known at run time | [`AnyLargeQuilt`], [`AnyLargeBuilder`], [`AnyLargeResult`], [`AnyStitchedArray`] |
//!
//! With the path `folder/name` the result is `folder/name_mean.zarr` and, if requested, `folder/name_std.zarr`: Zarr v3
//! arrays (N,C,Y,X) or (N,C,Z,Y,X), with axis names, a checksum for each chunk, and attributes that record how they
//! were created. Unfinished work is in `folder/name_state`, which is removed when nothing is left in it.
//!
//! # How it works
//!
//! The result is divided into tiles. The sums of a tile are in memory while its patches arrive. After the last of them
//! the sums are divided by their weights, a closed form of the geometry, and written once. If patches arrive in the
//! order of their index, only a band of tiles is in memory at a time. For other orders, which may need more tiles than
//! fit the memory budget, the least recently used tiles are evicted to a scratch folder.
//!
//! # What survives a kill or a power failure
//!
//! A file appears under its name completely or not at all. A tile is finished when all its files exist and no
//! checkpoint has a file of it: the checkpoint's file is removed after those of the result are on disk. So a process may
//! be killed at any moment, and the next [`LargeBuilder::open`] finds all tiles that were finished, the sums of the last
//! [`LargeQuilt::checkpoint`], and pending patches for the rest. Each tile records independently which patches it has;
//! no two files have to agree. Temporary and scratch files are in a folder of the process, which the next session
//! removes if the process is no longer running.
//!
//! After a power failure or a system crash, the same holds for everything that was written before the last
//! [`LargeQuilt::checkpoint`] or [`LargeQuilt::finish`] returned, by whichever thread: these two wait for the disk,
//! writing a chunk does not. A ledger lists the tiles that were waited for. [`LargeBuilder::open`] reads the others and
//! compares them with their checksums; the patches of tiles that were damaged are pending again, and
//! [`LargeQuilt::damaged`] lists these tiles, as well as damaged sums of a checkpoint.
//!
//! Damage that comes later, by a failing disk, is an error when the chunk is read. [`LargeQuilt::verify`] finds it, and
//! opening the result by [`LargeBuilder::repair`] makes the patches of damaged tiles pending again.
//!
//! When all tiles of a result are on disk, its metadata says so, and opening it writes nothing.
//!
//! # Several workers
//!
//! Each process takes a [`Shard`] of the tiles, starts with [`LargeBuilder::create_or_open`], and stitches the patches
//! that are pending for it; processes run in any order and nothing needs to be merged. Patches that overlap tiles of
//! several workers are stitched by each of them. The number of workers may change between sessions, but the sums of a
//! checkpoint then stay with their tiles. Two running processes must not share tiles: the second gets an error, if the
//! file system supports locks.
//!
//! A quilt belongs to the process that opened it. After a `fork`, the child may read with it and drop it, but calls
//! that stitch fail there: the child opens a result of its own, or another shard of this one.

// The interface.
mod error;
mod large;
mod options;
mod result;
mod typed;

// A result in progress: what does not depend on its sum type, and what does.
mod engine;
mod job;
mod parallel;
mod unstitch;

// Tiles: their positions, states and sums, the patches that are done, and the memory budget.
mod accumulate;
mod claims;
mod memory;
mod tile;
mod tiling;

// On disk: the arrays and their attributes, files of sums, and the running processes.
mod arrays;
mod ledger;
mod record;
mod session;
mod sums;

pub use error::{Error, Result};
pub use job::{DEFAULT_CODEC, Progress};
pub use large::AnyLargeQuilt;
pub use options::{Accumulator, AnyLargeBuilder, DEFAULT_MEMORY_BUDGET, Shard, Std};
pub use qlty_core::zarr::{Codec, ImageSource, Region, ZarrImages};
pub use result::{AnyLargeResult, AnyStitchedArray, DamagedTile};
pub use typed::{LargeBuilder, LargeQuilt, LargeResult, NextPatches, StitchedArray};
