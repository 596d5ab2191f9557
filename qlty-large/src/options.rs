//! Options for stitching a batch onto disk.

use std::path::{Path, PathBuf};

use qlty_core::dynamic::AnyQuilt;
use qlty_core::zarr::Codec;
use qlty_core::{DType, Error, Monitor, Real};

use crate::{AnyLargeQuilt, Result};

/// A type of sums and of results: `f32` or `f64`. Sealed.
pub trait Accumulator: Real {}

impl Accumulator for f32 {}
impl Accumulator for f64 {}

/// The standard deviation that is written in addition to the mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Std {
    /// None: patches arrive without variances.
    #[default]
    None,
    /// `sqrt(Σ w v / Σ w)` over the variances `v` of the patches that cover the pixel, with the weights `w` of their
    /// windows, as in the Python package qlty.
    Within,
    /// `sqrt(Σ w (v + (x - m)²) / Σ w)`: as [`Std::Within`], plus the spread of the patches' values `x` around their
    /// weighted mean `m`. The spread is accumulated as in Chan, Golub and LeVeque, "Algorithms for computing the sample
    /// variance", The American Statistician 37 (1983), which avoids subtracting large numbers from each other.
    Total,
}

impl Std {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Within => "within",
            Self::Total => "total",
        }
    }
}

/// The share of one of several workers that stitch one batch: each has its own tiles, and needs only the patches that
/// overlap them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// The number of this worker, from 0 to `count - 1`.
    pub index: usize,
    /// The number of workers.
    pub count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

/// The default memory budget for sums: 1 GiB.
pub const DEFAULT_MEMORY_BUDGET: usize = 1 << 30;

/// Whether a result may, or must, already be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// It must not exist.
    Create,
    /// It must exist.
    Open,
    /// Either.
    CreateOrOpen,
    /// It must exist, and its damaged tiles are found.
    Repair,
}

/// The options of an [`AnyLargeQuilt`]; see [`AnyLargeQuilt::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct AnyLargeBuilder {
    pub(crate) quilt: AnyQuilt,
    pub(crate) images: usize,
    pub(crate) path: PathBuf,
    pub(crate) dtype: DType,
    pub(crate) channels: Option<usize>,
    pub(crate) memory_budget: usize,
    pub(crate) tile_shape: Option<Vec<usize>>,
    pub(crate) chunk_shape: Option<Vec<usize>>,
    pub(crate) shard_shape: Option<Vec<usize>>,
    pub(crate) codec: Option<Codec>,
    pub(crate) std: Std,
    pub(crate) normalize: bool,
    pub(crate) fill: f64,
    pub(crate) shard: Shard,
}

impl AnyLargeBuilder {
    pub(crate) fn new(quilt: &AnyQuilt, images: usize, path: &Path) -> Self {
        Self {
            quilt: *quilt,
            images,
            path: path.to_path_buf(),
            dtype: DType::F32,
            channels: None,
            memory_budget: DEFAULT_MEMORY_BUDGET,
            tile_shape: None,
            chunk_shape: None,
            shard_shape: None,
            codec: None,
            std: Std::None,
            normalize: false,
            fill: f64::NAN,
            shard: Shard::default(),
        }
    }

    /// The type of the sums and of the result, [`DType::F32`] or [`DType::F64`]; [`DType::F32`] by default.
    pub fn dtype(mut self, dtype: DType) -> Self {
        self.dtype = dtype;
        self
    }

    /// The number of channels of the patches; by default that of the first patch. If it is given, the arrays are
    /// created immediately, and the default tile size fits it; otherwise the default tile size assumes four channels.
    pub fn channels(mut self, channels: usize) -> Self {
        self.channels = Some(channels);
        self
    }

    /// The number of bytes of sums to hold in memory, [`DEFAULT_MEMORY_BUDGET`] by default; sums beyond it go to a
    /// scratch folder. At least one tile for each thread is held.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// The size in pixels of a tile, (y, x) or (z, y, x), the unit of summing and writing: a multiple of the chunk, or
    /// of the shard if there are shards. By default about 1 MiB of results, more for results of many GiB.
    pub fn tile_shape(mut self, shape: &[usize]) -> Self {
        self.tile_shape = Some(shape.to_vec());
        self
    }

    /// The size of a chunk in pixels, (y, x) or (z, y, x); it contains all channels of one image. The tile by default.
    pub fn chunk_shape(mut self, shape: &[usize]) -> Self {
        self.chunk_shape = Some(shape.to_vec());
        self
    }

    /// The size of a shard in pixels, (y, x) or (z, y, x), a multiple of the chunk: chunks that share a file. No
    /// shards by default.
    pub fn shard_shape(mut self, shape: &[usize]) -> Self {
        self.shard_shape = Some(shape.to_vec());
        self
    }

    /// How chunks are compressed; [`crate::DEFAULT_CODEC`] by default.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// The standard deviation to write in addition to the mean; none by default.
    pub fn std(mut self, std: Std) -> Self {
        self.std = std;
        self
    }

    /// Whether the mean is divided by its sum over the channels, for probabilities. The standard deviation is divided
    /// by the absolute value of the same sum, which is assumed to be exact. A sum of zero gives NaN or infinity.
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// The value of pixels that no patch covers: NaN by default.
    pub fn fill(mut self, fill: f64) -> Self {
        self.fill = fill;
        self
    }

    /// The share of this worker, if there are several.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// Creates a result.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Exists`] if something with its name exists; [`Error::Argument`] if an option is wrong
    /// or the step leaves gaps between the windows; [`Error::DataType`] if results cannot have the type;
    /// [`Error::Overflow`] and [`Error::OutOfMemory`]; [`qlty_core::zarr::Error::Io`] and
    /// [`qlty_core::zarr::Error::Zarr`].
    pub fn create(self) -> Result<AnyLargeQuilt> {
        AnyLargeQuilt::start(self, Start::Create, &Monitor::new())
    }

    /// Opens a result and resumes where an earlier process stopped, from its finished tiles and its last checkpoint.
    /// Tiles that are not known to be on disk are read and compared with their checksums; the patches of those that were
    /// damaged, for example by a power failure, are pending again, and [`AnyLargeQuilt::damaged`] lists the tiles.
    /// Nothing is written if the result is complete, so it may be on read-only media.
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
    /// [`AnyLargeBuilder::create`] for options.
    pub fn open(self) -> Result<AnyLargeQuilt> {
        AnyLargeQuilt::start(self, Start::Open, &Monitor::new())
    }

    /// Opens a result like [`AnyLargeBuilder::open`], after all its finished tiles have been read and compared with
    /// their checksums, and makes the patches of damaged tiles pending again; [`AnyLargeQuilt::damaged`] lists them.
    /// Progress counts tiles.
    ///
    /// # Errors
    /// The errors of [`AnyLargeBuilder::open`]; [`Error::Cancelled`]: nothing is changed then.
    pub fn repair(self, monitor: &Monitor) -> Result<AnyLargeQuilt> {
        AnyLargeQuilt::start(self, Start::Repair, monitor)
    }

    /// Opens a result if there is one, and creates it otherwise: for several workers that start at once.
    ///
    /// # Errors
    /// The errors of [`AnyLargeBuilder::open`], except that there may be no result.
    pub fn create_or_open(self) -> Result<AnyLargeQuilt> {
        AnyLargeQuilt::start(self, Start::CreateOrOpen, &Monitor::new())
    }

    /// Fails if an option is invalid regardless of the others.
    pub(crate) fn check(&self) -> qlty_core::Result<()> {
        if self.shard.index >= self.shard.count {
            return Err(Error::argument("shard", self.shard, "an index below the count"));
        }
        if self.channels == Some(0) {
            return Err(Error::argument("channels", 0, "at least 1"));
        }
        if self.images == 0 {
            return Err(Error::argument("images", 0, "at least 1"));
        }
        self.codec.map_or(Ok(()), Codec::check)
    }
}
