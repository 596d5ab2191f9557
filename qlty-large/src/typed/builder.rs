//! Typed options.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use qlty_core::zarr::Codec;
use qlty_core::{Monitor, Quilt, Rank, Spatial};

use crate::options::{Accumulator, AnyLargeBuilder, Shard, Std};
use crate::{LargeQuilt, Result};

/// The options of a [`LargeQuilt`]; see [`LargeQuilt::builder`].
#[derive(Clone)]
#[must_use]
pub struct LargeBuilder<A, const D: usize> {
    quilt: Quilt<D>,
    any: AnyLargeBuilder,
    sums: PhantomData<A>,
}

impl<A, const D: usize> fmt::Debug for LargeBuilder<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}

impl<A: Accumulator, const D: usize> LargeBuilder<A, D>
where
    Spatial<D>: Rank,
{
    pub(super) fn new(quilt: &Quilt<D>, images: usize, path: &Path) -> Self {
        let any = AnyLargeBuilder::new(quilt.as_any(), images, path).dtype(A::DTYPE);
        Self { quilt: *quilt, any, sums: PhantomData }
    }

    fn with(self, set: impl FnOnce(AnyLargeBuilder) -> AnyLargeBuilder) -> Self {
        Self { any: set(self.any), ..self }
    }

    /// The number of channels of the patches; by default that of the first patch. If it is given, the arrays are
    /// created immediately, and the default tile size fits it; otherwise the default tile size assumes four channels.
    pub fn channels(self, channels: usize) -> Self {
        self.with(|any| any.channels(channels))
    }

    /// The number of bytes of sums to hold in memory, [`crate::DEFAULT_MEMORY_BUDGET`] by default; sums beyond it go to
    /// a scratch folder. At least one tile for each thread is held.
    pub fn memory_budget(self, bytes: usize) -> Self {
        self.with(|any| any.memory_budget(bytes))
    }

    /// The size in pixels of a tile, (y, x) or (z, y, x), the unit of summing and writing: a multiple of the chunk, or
    /// of the shard if there are shards. By default about 1 MiB of results, more for results of many GiB.
    pub fn tile_shape(self, shape: [usize; D]) -> Self {
        self.with(|any| any.tile_shape(&shape))
    }

    /// The size of a chunk in pixels, (y, x) or (z, y, x); it contains all channels of one image. The tile by default.
    pub fn chunk_shape(self, shape: [usize; D]) -> Self {
        self.with(|any| any.chunk_shape(&shape))
    }

    /// The size of a shard in pixels, (y, x) or (z, y, x), a multiple of the chunk: chunks that share a file. No
    /// shards by default.
    pub fn shard_shape(self, shape: [usize; D]) -> Self {
        self.with(|any| any.shard_shape(&shape))
    }

    /// How chunks are compressed; [`crate::DEFAULT_CODEC`] by default.
    pub fn codec(self, codec: Codec) -> Self {
        self.with(|any| any.codec(codec))
    }

    /// The standard deviation to write in addition to the mean; none by default.
    pub fn std(self, std: Std) -> Self {
        self.with(|any| any.std(std))
    }

    /// Whether the mean is divided by its sum over the channels, for probabilities. The standard deviation is divided
    /// by the absolute value of the same sum, which is assumed to be exact. A sum of zero gives NaN or infinity.
    pub fn normalize(self, normalize: bool) -> Self {
        self.with(|any| any.normalize(normalize))
    }

    /// The value of pixels that no patch covers: NaN by default.
    pub fn fill(self, fill: A) -> Self {
        self.with(|any| any.fill(fill.to_f64()))
    }

    /// The share of this worker, if there are several.
    pub fn shard(self, shard: Shard) -> Self {
        self.with(|any| any.shard(shard))
    }

    /// Creates a result.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Exists`] if something with its name exists; [`qlty_core::Error::Argument`] if an
    /// option is wrong or the step leaves gaps between the windows; [`qlty_core::Error::Overflow`] and
    /// [`qlty_core::Error::OutOfMemory`]; [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`].
    pub fn create(self) -> Result<LargeQuilt<A, D>> {
        Ok(LargeQuilt::new(self.quilt, self.any.create()?))
    }

    /// Opens a result and resumes where an earlier process stopped, from its finished tiles and its last checkpoint.
    /// Tiles that are not known to be on disk are read and compared with their checksums; the patches of those that were
    /// damaged, for example by a power failure, are pending again, and [`LargeQuilt::damaged`] lists the tiles. Nothing
    /// is written if the result is complete, so it may be on read-only media.
    ///
    /// Channels, tiles, chunks, shards and codec that are not given are taken from the result; the memory budget and
    /// the share of the worker may differ.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] if there is no result; [`crate::Error::Geometry`] if it was created with a
    /// different geometry or options; [`crate::Error::Foreign`] if something else has its name;
    /// [`crate::Error::Truncated`] and [`crate::Error::Checksum`] if its metadata is damaged;
    /// [`crate::Error::DamagedTiles`] if the result was complete, but files are missing; [`crate::Error::Busy`] if a
    /// running process has some of the same tiles; and the errors of
    /// [`LargeBuilder::create`] for options.
    pub fn open(self) -> Result<LargeQuilt<A, D>> {
        Ok(LargeQuilt::new(self.quilt, self.any.open()?))
    }

    /// Opens a result like [`LargeBuilder::open`], after all its finished tiles have been read and compared with their
    /// checksums, and makes the patches of damaged tiles pending again; [`LargeQuilt::damaged`] lists them. Progress
    /// counts tiles.
    ///
    /// # Errors
    /// The errors of [`LargeBuilder::open`]; [`qlty_core::Error::Cancelled`]: nothing is changed then.
    pub fn repair(self, monitor: &Monitor) -> Result<LargeQuilt<A, D>> {
        Ok(LargeQuilt::new(self.quilt, self.any.repair(monitor)?))
    }

    /// Opens a result if there is one, and creates it otherwise: for several workers that start at once.
    ///
    /// # Errors
    /// The errors of [`LargeBuilder::open`], except that there may be no result.
    pub fn create_or_open(self) -> Result<LargeQuilt<A, D>> {
        Ok(LargeQuilt::new(self.quilt, self.any.create_or_open()?))
    }
}
