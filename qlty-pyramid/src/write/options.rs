//! The options of a pyramid.
//!
//! A new option is a field and a setter of [`PyramidOptions`], and a flag in `src/bin/qlty-pyramid/options.rs`.

use std::time::Duration;

use qlty_core::DType;
use qlty_core::zarr::Codec;

use super::axes::AxisOrder;
use super::shrink::Method;
use crate::LengthUnit;

/// Which axes each level halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Halving {
    /// Y and X.
    #[default]
    Plane,
    /// Z, Y and X.
    Volume,
    /// Those of Z, Y and X whose voxel size is less than √2 times the smallest, until all are about the same.
    Isotropic,
}

/// The number of levels and their factors.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Levels {
    /// Until the smaller of Y and X is at most 256, but at most n levels, full size included.
    UpTo(usize),
    /// Exactly n levels, full size included. One level is not a pyramid but a single Zarr array.
    Count(usize),
    /// The full size, and one for each of these factors along Z, Y and X from the level before.
    Factors(Vec<[usize; 3]>),
}

impl Default for Levels {
    fn default() -> Self {
        Self::UpTo(5)
    }
}

/// Normalization of pixels before levels are computed.
///
/// A pixel v becomes (v - mean) / deviation, in a float type; a deviation of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Normalization {
    /// No normalization.
    #[default]
    None,
    /// With the mean and standard deviation of each plane, over its channels.
    PerSlice,
    /// With the mean and standard deviation of the whole image, which is then read twice.
    Global,
    /// With a given mean and standard deviation.
    By {
        /// The value that becomes 0.
        mean: f64,
        /// The difference that becomes 1.
        deviation: f64,
    },
}

/// The Zarr version of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ZarrFormat {
    /// Zarr v3, with NGFF 0.5.
    #[default]
    V3,
    /// Zarr v2, with NGFF 0.4. It has no shards and no `bf16`.
    V2,
}

/// How a pyramid is computed and stored.
///
/// ```
/// use qlty_pyramid::{Levels, Method, PyramidOptions};
/// let options = PyramidOptions::new().levels(Levels::Count(3)).method(Method::Gaussian);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PyramidOptions {
    /// The number of levels and their factors.
    pub levels: Levels,
    /// Which axes a level halves, unless its factors are given.
    pub halving: Halving,
    /// How a level is computed from the previous one.
    pub method: Method,
    /// The order of the axes.
    pub axes: AxisOrder,
    /// The type of the pixels written. Default: the source's, or `F32` after normalization. Not `Bool`.
    ///
    /// Values are rounded to nearest, ties to even, and clamped to the range of an integer type, in which a NaN becomes
    /// 0; then levels are computed.
    pub dtype: Option<DType>,
    /// How pixels are normalized.
    pub normalization: Normalization,
    /// The shape of a chunk along Z, Y and X, clamped to that of the level; along T and C it is 1. Default: (8, 256,
    /// 256), or fewer planes if 8 of them take more than a quarter of `memory`.
    pub chunk: Option<[usize; 3]>,
    /// The shape of a file (shard) along Z, Y and X, a multiple of the chunk's, reduced to the smallest multiple that
    /// holds the level. Default: each chunk is a file. Not available with Zarr v2.
    pub shard: Option<[usize; 3]>,
    /// How chunks are compressed. Default: [`PyramidOptions::CODEC`].
    pub codec: Codec,
    /// The version of Zarr.
    pub format: ZarrFormat,
    /// The size of a voxel along Z, Y and X. Default: the source's, or 1 if that is not known.
    pub voxel_size: Option<[f64; 3]>,
    /// The unit of `voxel_size`. If only this is given, the source's size is converted to it.
    pub unit: Option<LengthUnit>,
    /// The name in the metadata. Default: the source's.
    pub name: Option<String>,
    /// The names of the channels, one for each. Default: empty, which means those of the source.
    pub channel_names: Vec<String>,
    /// The maximum number of bytes of pixels in memory, unless a chunk with the given depth needs more. Default: 256
    /// MiB.
    pub memory: usize,
    /// Whether an existing store of the same name is replaced, once the new one is complete.
    pub overwrite: bool,
    /// Whether to resume a run with the same inputs and options that was killed or failed, also by a power failure, and
    /// to keep what has been written if this run fails. If that run was completed, nothing is written.
    ///
    /// A run that does not resume cannot be resumed either. Of images in memory the pixels are not compared: the
    /// caller vouches for them, and their complete stores are not recognized.
    pub resume: bool,
    /// With `resume`, the least time between two checkpoints, each of which waits for the disk: what was written since
    /// the last is written again if the process is killed. Default: 10 s; with 0, there is one after each round.
    pub checkpoint_interval: Duration,
}

impl PyramidOptions {
    /// The default codec: level 1 of Zstandard through Blosc, which shuffles the bits.
    ///
    /// Chosen from measurements on 64 slices of 2048 x 2048 `uint16` with noise and four levels, 713 MB of pixels, with
    /// two cores: the stored size, and the time of the codec alone and of the whole conversion.
    ///
    /// | codec | MB stored | codec, s | whole, s |
    /// |---|---|---|---|
    /// | `none` | 713 | | 0.43 |
    /// | `blosc-lz4:5` | 449 | 0.30 | 0.63 |
    /// | `blosc-lz4-bitshuffle:5` | 441 | 0.28 | 0.64 |
    /// | `blosc-lz4-bitshuffle:9` | 435 | 0.32 | 0.67 |
    /// | `blosc-zstd:1` | 415 | 0.82 | 1.16 |
    /// | `blosc-zstd:3` | 405 | 1.43 | 1.78 |
    /// | **`blosc-zstd-bitshuffle:1`** | 405 | 0.51 | 0.84 |
    /// | `blosc-zstd-bitshuffle:3` | 405 | 1.08 | 1.40 |
    /// | `zstd:1` | 574 | 0.39 | 0.77 |
    /// | `zstd:3` | 537 | 1.79 | 2.15 |
    ///
    /// It stores as much as `blosc-zstd:3` in a third of the time. If writing is faster than a core compresses,
    /// `blosc-lz4-bitshuffle:5` is even faster. Bits are shuffled in blocks of 256 KiB: with Blosc's default block
    /// size, 3 % more is stored.
    pub const CODEC: Codec = Codec::BloscZstdBitshuffle(1);

    /// Options with their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of levels and their factors.
    #[must_use]
    pub fn levels(mut self, levels: Levels) -> Self {
        self.levels = levels;
        self
    }

    /// Which axes a level halves, unless its factors are given.
    #[must_use]
    pub fn halving(mut self, halving: Halving) -> Self {
        self.halving = halving;
        self
    }

    /// How a level is computed from the previous one.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// The order of the axes.
    #[must_use]
    pub fn axes(mut self, axes: AxisOrder) -> Self {
        self.axes = axes;
        self
    }

    /// The type of the pixels written.
    #[must_use]
    pub fn dtype(mut self, dtype: impl Into<Option<DType>>) -> Self {
        self.dtype = dtype.into();
        self
    }

    /// How pixels are normalized.
    #[must_use]
    pub fn normalization(mut self, normalization: Normalization) -> Self {
        self.normalization = normalization;
        self
    }

    /// The shape of a chunk along Z, Y and X.
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Option<[usize; 3]>>) -> Self {
        self.chunk = chunk.into();
        self
    }

    /// The shape of a file (shard) along Z, Y and X, a multiple of the chunk's.
    #[must_use]
    pub fn shard(mut self, shard: impl Into<Option<[usize; 3]>>) -> Self {
        self.shard = shard.into();
        self
    }

    /// How chunks are compressed.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The version of Zarr.
    #[must_use]
    pub fn format(mut self, format: ZarrFormat) -> Self {
        self.format = format;
        self
    }

    /// The size of a voxel along Z, Y and X.
    #[must_use]
    pub fn voxel_size(mut self, voxel_size: impl Into<Option<[f64; 3]>>) -> Self {
        self.voxel_size = voxel_size.into();
        self
    }

    /// The unit of the voxel size.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<Option<LengthUnit>>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The name in the metadata.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The names of the channels, one for each.
    #[must_use]
    pub fn channel_names(mut self, channel_names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.channel_names = channel_names.into_iter().map(Into::into).collect();
        self
    }

    /// The maximum number of bytes of pixels in memory.
    #[must_use]
    pub fn memory(mut self, memory: usize) -> Self {
        self.memory = memory;
        self
    }

    /// Whether an existing store of the same name is replaced, once the new one is complete.
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Whether to resume a run with the same inputs and options that was killed or failed.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// The least time between two checkpoints.
    #[must_use]
    pub fn checkpoint_interval(mut self, checkpoint_interval: Duration) -> Self {
        self.checkpoint_interval = checkpoint_interval;
        self
    }
}

impl Default for PyramidOptions {
    fn default() -> Self {
        Self {
            levels: Levels::default(),
            halving: Halving::default(),
            method: Method::default(),
            axes: AxisOrder::default(),
            dtype: None,
            normalization: Normalization::default(),
            chunk: None,
            shard: None,
            codec: Self::CODEC,
            format: ZarrFormat::default(),
            voxel_size: None,
            unit: None,
            name: None,
            channel_names: Vec::new(),
            memory: 256 << 20,
            overwrite: false,
            resume: false,
            checkpoint_interval: Duration::from_secs(10),
        }
    }
}
