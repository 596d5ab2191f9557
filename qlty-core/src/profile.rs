//! How much the pixels of a window count in a stitched mean.

/// The minimum weight of a pixel of a window, so that a pixel that only borders cover still gets a value.
pub(crate) const LEAST_WEIGHT: f64 = 1e-8;

/// The weight of a window's pixels.
///
/// The separable profiles are the product of one factor per axis, each clamped to at least 1e-8. They are sampled at
/// the centres of the pixels, at `t = (i + 0.5) / window`, so that no weight is zero, and hann and triangular windows
/// at half-window steps add up to a constant. Formulas: F. J. Harris, "On the use of windows for harmonic analysis with
/// the discrete Fourier transform", Proceedings of the IEEE 66 (1978), 51-83.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub enum Profile {
    /// 1 inside the border, the border weight on it, as in the Python package qlty.
    #[default]
    Border,
    /// `sin²(π t)`.
    Hann,
    /// `1 - |2 t - 1|`.
    Triangular,
    /// `exp(-(t - 0.5)² / (2 sigma²))`.
    Gaussian {
        /// The standard deviation as a fraction of the window's length; 0.125 is usual.
        sigma: f64,
    },
    /// 1 in the middle, with cosine tapers over a fraction `alpha` of the window.
    Tukey {
        /// The tapered fraction of the window, 0 to 1: 0 is a box, 1 is hann.
        alpha: f64,
    },
}

impl Profile {
    /// The factor of pixel `index` along an axis: 1 if the axis is one pixel long. Always 1 for the border profile,
    /// which is not separable.
    pub(crate) fn factor(self, index: usize, window: usize) -> f64 {
        let t = (index as f64 + 0.5) / window as f64;
        let value = match self {
            Self::Border => 1.0,
            Self::Hann => (std::f64::consts::PI * t).sin().powi(2),
            Self::Triangular => 1.0 - (2.0 * t - 1.0).abs(),
            Self::Gaussian { sigma } => (-0.5 * ((t - 0.5) / sigma).powi(2)).exp(),
            Self::Tukey { alpha } => {
                let edge = t.min(1.0 - t);
                if edge < alpha / 2.0 { (std::f64::consts::PI * edge / alpha).sin().powi(2) } else { 1.0 }
            }
        };
        value.max(LEAST_WEIGHT)
    }
}
