//! How a batch is to be stitched onto disk.

use std::path::{Path, PathBuf};

use qlty_core::zarr::{Codec, Result, Stored};
use qlty_core::{Error, Quilt, Rank, Real, Spatial};

use crate::LargeQuilt;

/// A type of sums and of results: `f32` or `f64`. Sealed.
pub trait Accumulator: Real + Stored + bytemuck::Pod {}

impl Accumulator for f32 {}
impl Accumulator for f64 {}

/// What the standard deviation of a pixel is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Std {
    /// There is none: patches come without variances.
    #[default]
    None,
    /// `sqrt(Σ w v / Σ w)` over the variances `v` of the patches over the pixel, with the weights `w` of their
    /// windows: what the Python package qlty does.
    Within,
    /// `sqrt(Σ w (v + (x - m)²) / Σ w)`: that, and how far the values `x` of the patches are from their weighted mean
    /// `m`. It is added up as in Chan, Golub and LeVeque, "Algorithms for computing the sample variance",
    /// The American Statistician 37 (1983), which does not subtract large numbers from each other.
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

/// One of several workers that stitch one batch: each has tiles of its own, and needs only the patches that reach
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Which worker, below `count`.
    pub index: usize,
    /// How many workers there are.
    pub count: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { index: 0, count: 1 }
    }
}

/// Collects what a [`LargeQuilt`] is made of; see [`LargeQuilt::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct LargeBuilder<A, const D: usize> {
    pub(crate) quilt: Quilt<D>,
    pub(crate) images: usize,
    pub(crate) path: PathBuf,
    pub(crate) channels: Option<usize>,
    pub(crate) memory_budget: usize,
    pub(crate) tile_shape: Option<[usize; D]>,
    pub(crate) chunk_shape: Option<[usize; D]>,
    pub(crate) shard_shape: Option<[usize; D]>,
    pub(crate) codec: Option<Codec>,
    pub(crate) std: Std,
    pub(crate) normalize: bool,
    pub(crate) fill: A,
    pub(crate) shard: Shard,
}

/// The sums held in memory unless the caller says otherwise.
pub const DEFAULT_MEMORY_BUDGET: usize = 1 << 30;

/// What may be on disk already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// Nothing.
    Create,
    /// The result to go on with.
    Open,
    /// Either.
    CreateOrOpen,
}

impl<A: Accumulator, const D: usize> LargeBuilder<A, D>
where
    Spatial<D>: Rank,
{
    pub(crate) fn new(quilt: &Quilt<D>, images: usize, path: &Path) -> Self {
        Self {
            quilt: *quilt,
            images,
            path: path.to_path_buf(),
            channels: None,
            memory_budget: DEFAULT_MEMORY_BUDGET,
            tile_shape: None,
            chunk_shape: None,
            shard_shape: None,
            codec: None,
            std: Std::None,
            normalize: false,
            fill: A::from_f64(f64::NAN),
            shard: Shard::default(),
        }
    }

    /// The number of channels of the patches; that of the first patch by default. Given, the arrays are made at once,
    /// and the default tile suits it; else the tile is one for four channels.
    pub fn channels(mut self, channels: usize) -> Self {
        self.channels = Some(channels);
        self
    }

    /// How many bytes of sums are held in memory, 1 GiB by default; what is more goes to a scratch folder. At least
    /// a tile for each thread is held.
    pub fn memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// The size in pixels of what is summed, finished and written as one, (y, x) or (z, y, x): a multiple of the chunk,
    /// or of the shard if there are shards. Default: about 1 MiB of results, more for results of many GiB.
    pub fn tile_shape(mut self, shape: [usize; D]) -> Self {
        self.tile_shape = Some(shape);
        self
    }

    /// The size of a chunk in pixels; it has all channels of one image. The tile by default.
    pub fn chunk_shape(mut self, shape: [usize; D]) -> Self {
        self.chunk_shape = Some(shape);
        self
    }

    /// The size of a shard in pixels, a multiple of the chunk: chunks that share a file. No shards by default.
    pub fn shard_shape(mut self, shape: [usize; D]) -> Self {
        self.shard_shape = Some(shape);
        self
    }

    /// How chunks are compressed; see [`crate::DEFAULT_CODEC`].
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = Some(codec);
        self
    }

    /// Which standard deviation is written beside the mean; none by default.
    pub fn std(mut self, std: Std) -> Self {
        self.std = std;
        self
    }

    /// Whether the mean is divided by its sum over the channels, as probabilities are. The standard deviation is divided
    /// by the absolute value of the same sum, taken as a number without error. A sum of zero gives NaN or infinity.
    pub fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// What a pixel is that no patch has reached: NaN by default.
    pub fn fill(mut self, fill: A) -> Self {
        self.fill = fill;
        self
    }

    /// Which of several workers this is; the only one by default.
    pub fn shard(mut self, shard: Shard) -> Self {
        self.shard = shard;
        self
    }

    /// Begins a result.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Exists`] where there is something under its names;
    /// [`qlty_core::zarr::Error::Core`] where an option is wrong or the step leaves gaps;
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`].
    pub fn create(self) -> Result<LargeQuilt<A, D>> {
        LargeQuilt::start(self, Start::Create)
    }

    /// Goes on with a result: keeps what is finished and the last checkpoint, and forgets the rest. What was not said of
    /// channels, tiles, chunks, shards and codec is taken from the result; of the budget and the shard it knows nothing.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] where there is no result; [`qlty_core::zarr::Error::Geometry`] where it was begun
    /// with another geometry or other options; [`qlty_core::zarr::Error::Foreign`] where something else has its name;
    /// [`qlty_core::zarr::Error::Truncated`] and [`qlty_core::zarr::Error::Checksum`] where a file of its state is
    /// damaged; [`qlty_core::zarr::Error::Busy`] where a living process has some of the same tiles;
    /// [`qlty_core::zarr::Error::Core`] and [`qlty_core::zarr::Error::Zarr`].
    pub fn open(self) -> Result<LargeQuilt<A, D>> {
        LargeQuilt::start(self, Start::Open)
    }

    /// Goes on with a result if there is one, and begins it otherwise: what several workers do that start at once.
    ///
    /// # Errors
    /// Those of [`LargeBuilder::open`], but for a result that is not there.
    pub fn create_or_open(self) -> Result<LargeQuilt<A, D>> {
        LargeQuilt::start(self, Start::CreateOrOpen)
    }

    /// Fails where an option is wrong by itself.
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
