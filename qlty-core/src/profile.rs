//! How much a window's pixels count in a stitched mean: the weight across the window.

use std::ops::Range;

use crate::axis::Axis;
use crate::element::Real;

/// The least weight that a pixel of a window can have, so that a pixel which only borders reach
/// still gets a value.
pub(crate) const LEAST_WEIGHT: f64 = 1e-8;

/// The weight of a window's pixels.
///
/// The separable profiles are the product of one factor per axis, each factor kept above 1e-8. They
/// are sampled at the middles of the pixels, at `t = (i + 0.5) / window`, so that no weight is zero
/// and hann and triangular windows at half-window steps add up to a constant. Formulas: F. J.
/// Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform",
/// Proceedings of the IEEE 66 (1978), 51-83.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Profile {
    /// 1 inside the border, the border weight on it: what the Python package qlty does.
    #[default]
    Border,
    /// `sin²(π t)`.
    Hann,
    /// `1 - |2 t - 1|`.
    Triangular,
    /// `exp(-(t - 0.5)² / (2 sigma²))`.
    Gaussian {
        /// The standard deviation as a part of the window's length; 0.125 is usual.
        sigma: f64,
    },
    /// 1 in the middle, with cosine flanks that take `alpha` of the window.
    Tukey {
        /// The tapered part of the window, 0 to 1: 0 is a box, 1 is hann.
        alpha: f64,
    },
}

impl Profile {
    /// The factor of each pixel along each axis; `None` for the border profile, which is no product.
    fn axis_factors(self, axes: [Axis; 3]) -> Option<[Vec<f64>; 3]> {
        let [z, y, x] = axes.map(|axis| self.factors(axis.window));
        Some([z?, y?, x?])
    }

    /// The factor of each pixel along an axis: 1 along an axis that is one pixel long.
    fn factors(self, window: usize) -> Option<Vec<f64>> {
        let value: Box<dyn Fn(f64) -> f64> = match self {
            Self::Border => return None,
            Self::Hann => Box::new(|t| (std::f64::consts::PI * t).sin().powi(2)),
            Self::Triangular => Box::new(|t| 1.0 - (2.0 * t - 1.0).abs()),
            Self::Gaussian { sigma } => Box::new(move |t| (-0.5 * ((t - 0.5) / sigma).powi(2)).exp()),
            Self::Tukey { alpha } => Box::new(move |t| {
                let edge = t.min(1.0 - t);
                if edge < alpha / 2.0 { (std::f64::consts::PI * edge / alpha).sin().powi(2) } else { 1.0 }
            }),
        };
        let factor = |i| value((i as f64 + 0.5) / window as f64).max(LEAST_WEIGHT);
        Some((0..window).map(factor).collect())
    }
}

/// The weights of a window, a row at a time.
///
/// A border window has only two kinds of rows, and a separable one has one kind at many scales, so
/// that the weights of a window of any size stay in the fastest cache.
#[derive(Debug, Clone)]
pub(crate) enum WindowRows<S> {
    /// The row of weight one, everywhere: for sums that are no mean.
    Ones(Vec<S>),
    /// Rows with inner pixels where z and y are inner, else rows of border.
    Border { z: Axis, y: Axis, inner: Vec<S>, border: Vec<S> },
    /// Row (z, y) is `x` times the factors of z and y.
    Separable { z: Vec<f64>, y: Vec<f64>, x: Vec<S> },
}

impl<S: Real> WindowRows<S> {
    pub(crate) fn new(axes: [Axis; 3], profile: Profile, border_weight: f64) -> Self {
        let convert = |values: Vec<f64>| values.into_iter().map(S::from_f64).collect();
        match profile.axis_factors(axes) {
            Some([z, y, x]) => Self::Separable { z, y, x: convert(x) },
            None => {
                let [z, y, x] = axes;
                let inner = (0..x.window).map(|i| if x.is_inner(i) { 1.0 } else { border_weight });
                Self::Border { z, y, inner: convert(inner.collect()), border: convert(vec![border_weight; x.window]) }
            }
        }
    }

    /// How many of the `lines` of plane z of the window, from the first on, have the same weights,
    /// and these as a scale and a row: a weight is their product, rounded once more in `S`.
    #[inline(always)]
    pub(crate) fn run(&self, z: usize, lines: Range<usize>) -> (usize, S, &[S]) {
        let one = S::from_f64(1.0);
        match self {
            Self::Ones(row) => (lines.len(), one, row),
            Self::Border { z: az, y: ay, inner, border } => {
                let (row, end) = match (az.is_inner(z), ay.is_inner(lines.start)) {
                    (true, true) => (inner, ay.window - ay.border),
                    (true, false) if lines.start < ay.border => (border, ay.border),
                    _ => (border, lines.end),
                };
                (end.min(lines.end) - lines.start, one, row)
            }
            Self::Separable { z: fz, y: fy, x } => (1, S::from_f64(fz[z] * fy[lines.start]), x),
        }
    }

    /// The scale and the row of weights at (z, y) of the window; see [`Self::run`].
    pub(crate) fn row(&self, z: usize, y: usize) -> (S, &[S]) {
        let (_, scale, row) = self.run(z, y..y + 1);
        (scale, row)
    }
}

/// The sum of the window weights that reach each pixel, in closed form: never accumulated.
///
/// With `n_d` and `m_d` the number of windows and of inner windows over a coordinate of axis `d`,
/// it is `bw * Π n_d + (1 - bw) * Π m_d` for the border profile, and for a separable one the
/// product of the sums `s_d` of the factors over a coordinate. Both are
/// `a * Π first_d + b * Π second_d`, computed in `f64` and rounded once.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    first: [Vec<f64>; 3],
    second: [Vec<f64>; 3],
    coefficients: (f64, f64),
}

impl Coverage {
    pub(crate) fn new(axes: [Axis; 3], profile: Profile, border_weight: f64) -> Self {
        let along = |axis: &Axis, factor: &dyn Fn(usize) -> f64| {
            let at = |x| {
                axis.touching(x, x + 1).map(|index| factor(x - axis.start(index))).fold(0.0, |sum, value| sum + value)
            };
            (0..axis.size).map(at).collect::<Vec<f64>>()
        };
        match profile.axis_factors(axes) {
            Some(factors) => Self {
                first: std::array::from_fn(|d| along(&axes[d], &|offset| factors[d][offset])),
                second: axes.map(|axis| vec![0.0; axis.size]),
                coefficients: (1.0, 0.0),
            },
            None => Self {
                first: axes.map(|axis| along(&axis, &|_| 1.0)),
                second: axes.map(|axis| along(&axis, &|offset| f64::from(u8::from(axis.is_inner(offset))))),
                coefficients: (border_weight, 1.0 - border_weight),
            },
        }
    }

    /// What the row at (z, y) depends on: rows of equal coefficients are equal.
    pub(crate) fn coefficients(&self, z: usize, y: usize) -> (f64, f64) {
        let (a, b) = self.coefficients;
        (a * (self.first[0][z] * self.first[1][y]), b * (self.second[0][z] * self.second[1][y]))
    }

    /// The weights that have these coefficients, along the x axis from `x` on.
    #[inline(always)]
    pub(crate) fn row_from(&self, (a, b): (f64, f64), x: usize) -> impl Iterator<Item = f64> {
        self.first[2][x..].iter().zip(&self.second[2][x..]).map(move |(first, second)| a * first + b * second)
    }
}

/// One row of [`Coverage`], kept while the coefficients stay the same.
#[derive(Debug)]
pub(crate) struct CoverageRow<'a, S> {
    coverage: &'a Coverage,
    coefficients: Option<(f64, f64)>,
    row: Vec<S>,
}

impl<'a, S: Real> CoverageRow<'a, S> {
    pub(crate) fn new(coverage: &'a Coverage) -> Self {
        Self { coverage, coefficients: None, row: vec![S::default(); coverage.first[2].len()] }
    }

    /// The weights along the x axis at (z, y).
    #[inline(always)]
    pub(crate) fn at(&mut self, z: usize, y: usize) -> &[S] {
        let coefficients = self.coverage.coefficients(z, y);
        if self.coefficients != Some(coefficients) {
            let values = self.coverage.row_from(coefficients, 0);
            self.row.iter_mut().zip(values).for_each(|(weight, value)| *weight = S::from_f64(value));
            self.coefficients = Some(coefficients);
        }
        &self.row
    }
}
