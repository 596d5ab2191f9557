//! How much a window's pixels count in a stitched mean: the weight across the window.

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
    /// The factor of each pixel along an axis; `None` for the border profile, which is no product.
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

/// The weight of every pixel of a window, a row at a time.
#[derive(Debug, Clone)]
pub(crate) enum Taper {
    /// 1 where all coordinates are inner, else the border weight.
    Border { axes: [Axis; 3], border_weight: f64 },
    /// The product of a factor per axis.
    Separable([Vec<f64>; 3]),
}

impl Taper {
    pub(crate) fn new(axes: [Axis; 3], profile: Profile, border_weight: f64) -> Self {
        match axes.map(|axis| if axis == Axis::UNIT { Some(vec![1.0]) } else { profile.factors(axis.window) }) {
            [Some(z), Some(y), Some(x)] if profile != Profile::Border => Self::Separable([z, y, x]),
            _ => Self::Border { axes, border_weight: border_weight.max(LEAST_WEIGHT) },
        }
    }

    /// The weights as rows of `S`.
    pub(crate) fn rows<S: Real>(&self) -> WindowRows<S> {
        let convert = |values: &[f64]| values.iter().map(|v| S::from_f64(*v)).collect::<Vec<_>>();
        match self {
            Self::Border { axes: [z, y, x], border_weight } => {
                let inner = (0..x.window).map(|i| if x.is_inner(i) { 1.0 } else { *border_weight });
                WindowRows {
                    pick: (0..z.window)
                        .flat_map(|k| (0..y.window).map(move |j| !(z.is_inner(k) && y.is_inner(j))))
                        .collect(),
                    scale: Vec::new(),
                    rows: [convert(&inner.collect::<Vec<_>>()), vec![S::from_f64(*border_weight); x.window]],
                    height: y.window,
                }
            }
            Self::Separable([z, y, x]) => WindowRows {
                pick: Vec::new(),
                scale: z.iter().flat_map(|k| y.iter().map(move |j| S::from_f64(k * j))).collect(),
                rows: [convert(x), Vec::new()],
                height: y.len(),
            },
        }
    }
}

/// A window's weights: row (z, y) is `scale * row`, rounded once more in `S`.
///
/// A border window has only two kinds of rows, and a separable one has one kind at many scales, so
/// that the weights of a window of any size stay in the fastest cache.
#[derive(Debug, Clone)]
pub(crate) struct WindowRows<S> {
    /// Which of the rows, for each (z, y); empty where it is always the first.
    pick: Vec<bool>,
    /// The scale for each (z, y); empty where it is always 1.
    scale: Vec<S>,
    rows: [Vec<S>; 2],
    height: usize,
}

impl<S: Real> WindowRows<S> {
    /// Weight one everywhere: for sums that are no mean.
    pub(crate) fn ones(height: usize, width: usize) -> Self {
        Self { pick: Vec::new(), scale: Vec::new(), rows: [vec![S::from_f64(1.0); width], Vec::new()], height }
    }

    /// The scale and the row of weights at (z, y) of the window.
    #[inline(always)]
    pub(crate) fn row(&self, z: usize, y: usize) -> (S, &[S]) {
        let at = z * self.height + y;
        let second = self.pick.get(at).is_some_and(|pick| *pick);
        let scale = self.scale.get(at).copied().unwrap_or(S::from_f64(1.0));
        (scale, &self.rows[usize::from(second)])
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
    pub(crate) fn new(axes: [Axis; 3], taper: &Taper) -> Self {
        let sum_over = |axis: &Axis, factor: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; axis.size];
            for index in 0..axis.count() {
                let start = axis.start(index);
                for (offset, sum) in sums[start..start + axis.window].iter_mut().enumerate() {
                    *sum += factor(offset);
                }
            }
            sums
        };
        match taper {
            Taper::Border { border_weight, .. } => Self {
                first: axes.map(|axis| sum_over(&axis, &|_| 1.0)),
                second: axes.map(|axis| sum_over(&axis, &|i| f64::from(u8::from(axis.is_inner(i))))),
                coefficients: (*border_weight, 1.0 - border_weight),
            },
            Taper::Separable(factors) => {
                let [z, y, x] = axes;
                let first = [(z, &factors[0]), (y, &factors[1]), (x, &factors[2])]
                    .map(|(axis, factors)| sum_over(&axis, &|i| factors[i]));
                Self { second: axes.map(|axis| vec![0.0; axis.size]), first, coefficients: (1.0, 0.0) }
            }
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
