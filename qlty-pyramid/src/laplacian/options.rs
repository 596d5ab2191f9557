//! The options of Laplacian pyramids.

use qlty_core::zarr::Codec;

use super::interpolation::Interpolation;
use crate::PyramidOptions;

/// How a Laplacian pyramid is computed and stored.
///
/// ```
/// use qlty_pyramid::{Interpolation, LaplacianOptions, Levels, PyramidOptions};
/// let image = PyramidOptions::new().levels(Levels::Count(4));
/// let options = LaplacianOptions::new(image).interpolation(Interpolation::Bicubic);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LaplacianOptions {
    /// How a level is predicted from the next.
    pub interpolation: Interpolation,
    /// Whether the smallest level is stored. Without it nothing can be reconstructed from the store alone. Default:
    /// true.
    pub store_base: bool,
    /// How the differences are compressed. Default: [`LaplacianOptions::CODEC`].
    pub difference_codec: Codec,
    /// The options that all pyramids share; `codec` is that of the smallest level. Levels do not halve Z.
    pub image: PyramidOptions,
}

impl LaplacianOptions {
    /// The default codec of differences.
    ///
    /// Chosen from measurements on the stack of [`PyramidOptions::CODEC`], with 1418 MB of differences and smallest
    /// level. Shuffling the bits helps most, since the upper bits of a difference all repeat its sign.
    ///
    /// | codec | MB stored | codec, s | whole, s |
    /// |---|---|---|---|
    /// | `none` | 1414 | | 0.69 |
    /// | `blosc-lz4-bitshuffle:1` | 485 | 0.31 | 0.76 |
    /// | **`blosc-zstd-bitshuffle:1`** | 429 | 0.39 | 0.80 |
    pub const CODEC: Codec = PyramidOptions::CODEC;

    /// Default options with those of `image`.
    pub fn new(image: PyramidOptions) -> Self {
        Self { image, ..Self::default() }
    }

    /// How a level is predicted from the next.
    #[must_use]
    pub fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Whether the smallest level is stored.
    #[must_use]
    pub fn store_base(mut self, store_base: bool) -> Self {
        self.store_base = store_base;
        self
    }

    /// How the differences are compressed.
    #[must_use]
    pub fn difference_codec(mut self, difference_codec: Codec) -> Self {
        self.difference_codec = difference_codec;
        self
    }
}

impl Default for LaplacianOptions {
    fn default() -> Self {
        Self {
            interpolation: Interpolation::default(),
            store_base: true,
            difference_codec: Self::CODEC,
            image: PyramidOptions::default(),
        }
    }
}

/// Which level of a Laplacian store is reconstructed, and how it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconstructOptions {
    /// The level, 0 for the full size. Default: 0.
    pub level: usize,
    /// The interpolation, for stores that do not state it or state a wrong one.
    pub interpolation: Option<Interpolation>,
    /// How chunks are compressed. Default: [`PyramidOptions::CODEC`].
    pub codec: Codec,
    /// Whether an existing store of the same name is replaced, once the new one is complete.
    pub overwrite: bool,
}

impl Default for ReconstructOptions {
    fn default() -> Self {
        Self { level: 0, interpolation: None, codec: PyramidOptions::CODEC, overwrite: false }
    }
}

impl ReconstructOptions {
    /// Options with their defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The level, 0 for the full size.
    #[must_use]
    pub fn level(mut self, level: usize) -> Self {
        self.level = level;
        self
    }

    /// The interpolation, for stores that do not state it or state a wrong one.
    #[must_use]
    pub fn interpolation(mut self, interpolation: impl Into<Option<Interpolation>>) -> Self {
        self.interpolation = interpolation.into();
        self
    }

    /// How chunks are compressed.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Whether an existing store of the same name is replaced, once the new one is complete.
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}
