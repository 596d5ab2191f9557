//! What a caller can choose of a pyramid.

use qlty_core::zarr::Codec;

use crate::{AxisOrder, LengthUnit, Method, PixelType, ZarrFormat};

/// Which axes each level halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Halving {
    /// Y and X.
    #[default]
    Plane,
    /// Z, Y and X.
    Volume,
    /// Those of Z, Y and X whose voxel is less than √2 times the smallest, until all are about the same.
    Isotropic,
}

/// Which levels there are.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Levels {
    /// Until the smaller of Y and X is at most 256, but so many at most, full size included.
    UpTo(usize),
    /// So many, full size included. One makes no pyramid but a single Zarr array.
    Count(usize),
    /// The full size, and one for each of these factors along Z, Y and X from the level before.
    Factors(Vec<[usize; 3]>),
}

impl Default for Levels {
    fn default() -> Self {
        Self::UpTo(5)
    }
}

/// How pixels are put on a common scale before anything else.
///
/// A pixel v becomes (v - mean) / deviation, in a float type; a deviation of 0 counts as 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Normalization {
    /// They are left as they are.
    #[default]
    None,
    /// By mean and standard deviation of each plane, over its channels.
    PerSlice,
    /// By mean and standard deviation of the whole image, for which it is read twice.
    Global,
    /// By a given mean and standard deviation.
    By {
        /// What becomes 0.
        mean: f64,
        /// What becomes a difference of 1.
        deviation: f64,
    },
}

/// How a pyramid is made and stored.
///
/// ```
/// use qlty_pyramid::{Levels, Method, PyramidOptions};
/// let options = PyramidOptions { levels: Levels::Count(3), method: Method::Gaussian, ..PyramidOptions::default() };
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PyramidOptions {
    /// Which levels there are.
    pub levels: Levels,
    /// Which axes a level halves, unless its factors are given.
    pub halving: Halving,
    /// How a level is made of the level before.
    pub method: Method,
    /// The order of the axes.
    pub axes: AxisOrder,
    /// The type of the pixels written. Default: the source's, or `float32` after normalisation.
    ///
    /// Values are rounded to nearest, ties to even, and held to the range of an integer type, in which a
    /// NaN becomes 0; then levels are made.
    pub pixel_type: Option<PixelType>,
    /// Whether pixels are put on a common scale.
    pub normalization: Normalization,
    /// The shape of a chunk along Z, Y and X, cut down to that of the level; along T and C it is 1.
    /// Default: (8, 256, 256), less along Z where so many planes take more than a quarter of `memory`.
    pub chunk: Option<[usize; 3]>,
    /// The shape along Z, Y and X of what makes one file, a multiple of the chunk's, cut down to the least
    /// multiple that holds the level. Default: each chunk is a file. Not with Zarr v2.
    pub shard: Option<[usize; 3]>,
    /// How chunks are compressed. Default: [`PyramidOptions::CODEC`].
    pub codec: Codec,
    /// The version of Zarr.
    pub format: ZarrFormat,
    /// The size of a voxel along Z, Y and X. Default: the source's, or 1 where that says nothing.
    pub voxel_size: Option<[f64; 3]>,
    /// The unit of `voxel_size`. Where only this is given, the source's size is converted to it.
    pub unit: Option<LengthUnit>,
    /// The name in the metadata. Default: the source's.
    pub name: Option<String>,
    /// The names of the channels, one for each. Default: none, which means what the source says of them.
    pub channel_names: Vec<String>,
    /// How many bytes of pixels are held at a time, unless a chunk as deep as asked for takes more.
    /// Default: 256 MiB.
    pub memory: usize,
    /// Whether a store of the same name is replaced, once the new one is complete.
    pub overwrite: bool,
    /// Whether to go on where a run with the same options was killed or failed, and to keep what is
    /// there when this one fails.
    pub resume: bool,
}

impl PyramidOptions {
    /// The default codec: level 1 of Zstandard by way of Blosc, which shuffles the bits.
    ///
    /// Chosen by measurement, on 64 slices of 2048 x 2048 `uint16` with noise and four levels, 713 MB of
    /// pixels, with two cores: how much is stored, and how long the codec alone and the whole take.
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
    /// It stores what `blosc-zstd:3` does in a third of the time of that. Where writing is faster than a
    /// core compresses, `blosc-lz4-bitshuffle:5` is faster still. Bits are shuffled in blocks of 256 KiB: in
    /// blocks of Blosc's own choice 3 % more is stored.
    pub const CODEC: Codec = Codec::BloscZstdBitshuffle(1);
}

impl Default for PyramidOptions {
    fn default() -> Self {
        Self {
            levels: Levels::default(),
            halving: Halving::default(),
            method: Method::default(),
            axes: AxisOrder::default(),
            pixel_type: None,
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
        }
    }
}
