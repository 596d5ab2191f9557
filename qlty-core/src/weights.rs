//! The weights of a window, and their sums over an image, a row at a time.

use std::ops::Range;

use ndarray::{Dimension, IxDyn, aview1, s};

use crate::array;
use crate::axis::Axis;
use crate::dynamic::{ArrayMut, DType};
use crate::element::Real;
use crate::geometry::AnyQuilt;
use crate::profile::Profile;
use crate::{Error, Result};

/// The number of columns whose weights are computed at a time: a row of them stays in the L1 cache, and the memory of
/// all threads together is small.
pub(crate) const COLUMNS: usize = 4096;

/// The longest axes, z, y and x, whose sums of weights are tabulated. Along x they are needed for every stitched pixel,
/// so a wider image takes several times as long.
const TABLES: [usize; 3] = [1 << 16, 1 << 16, 1 << 17];

/// The number of values that a thread writes at a time when it only writes weights.
const BLOCK: usize = 1 << 16;

impl AnyQuilt {
    /// Writes the mask of pixels inside the border of a window into an array (Y,X) or (Z,Y,X) of `bool` or `u8`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::DataType`].
    pub fn border_mask_into(&self, mut mask: ArrayMut<'_>) -> Result<()> {
        Error::check_shape("border mask", mask.shape(), &self.window())?;
        let is_inner = |at: &IxDyn| at.slice().iter().zip(self.own_axes()).all(|(at, axis)| axis.is_inner(*at));
        if mask.dtype() == DType::Bool {
            mask.view_mut::<bool>("border mask")?.indexed_iter_mut().for_each(|(at, inner)| *inner = is_inner(&at));
            return Ok(());
        }
        mask.view_mut::<u8>("border mask")?.indexed_iter_mut().for_each(|(at, inner)| *inner = is_inner(&at).into());
        Ok(())
    }

    /// Writes the weight of each pixel of a window into an array (Y,X) or (Z,Y,X) of `f32` or `f64`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::DataType`] and [`Error::OutOfMemory`].
    pub fn window_weight_into(&self, weights: ArrayMut<'_>) -> Result<()> {
        const NAME: &str = "window weight";
        Error::check_shape(NAME, weights.shape(), &self.window())?;
        let weights = weights.five(NAME, self.ndim)?;
        crate::with_real!(weights.dtype(), S => {
            let rows = self.window_rows::<S>()?;
            // SAFETY: only weights of this type are written.
            for ((_, _, z, y, x), weight) in unsafe { weights.bits::<S>() }.indexed_iter_mut() {
                let (scale, row) = rows.row(z, y);
                *weight = scale * row[x];
            }
            Ok(())
        }, else Err(Error::dtype(NAME, weights.dtype(), "f32 or f64")))
    }

    /// [`crate::Quilt::weights_into`].
    ///
    /// # Errors
    /// [`Error::Shape`] if `out` is not (Y,X) or (Z,Y,X), [`Error::DataType`] if it is neither `f32` nor `f64`.
    pub fn weights_into(&self, out: ArrayMut<'_>) -> Result<()> {
        self.check_weights(out.shape())?;
        let (out, coverage) = (out.five("weights", self.ndim)?, self.coverage());
        crate::with_real!(out.dtype(), S => {
            // SAFETY: only weights of this type are written.
            array::divide(unsafe { out.bits::<S>() }, [0; 4], BLOCK, &|at, mut block| {
                let (_, _, depth, height, width) = block.dim();
                for columns in column_runs(0..width) {
                    let mut weights = CoverageRow::new(&coverage, columns.clone());
                    let mut block = block.slice_mut(s![.., .., .., .., columns]);
                    for ((z, y), mut row) in ndarray::indices([depth, height]).into_iter().zip(block.rows_mut()) {
                        row.assign(&aview1(weights.at(at[2] + z, at[3] + y)));
                    }
                }
            });
            Ok(())
        }, else Err(Error::dtype("weights", out.dtype(), "f32 or f64")))
    }

    /// The weights of a window.
    pub(crate) fn window_rows<S: Real>(&self) -> Result<WindowRows<S>> {
        WindowRows::new(self.axes, self.profile, self.border_weight)
    }

    /// The weights of an image.
    pub(crate) fn coverage(&self) -> Coverage {
        Coverage::new(self.axes, self.profile, self.border_weight)
    }

    pub(crate) fn check_weights(&self, shape: &[usize]) -> Result<()> {
        Error::check_shape("weights", shape, &self.size())
    }
}

/// The weights of a window, a row at a time.
///
/// A border window has only two kinds of rows, and a separable one has one kind at many scales, so the weights of a
/// window of any size stay in the L1 cache.
#[derive(Debug, Clone)]
pub(crate) enum WindowRows<S> {
    /// A row of ones, everywhere: for sums without weights.
    Ones(Vec<S>),
    /// Rows with inner pixels if z and y are inner, else rows of border.
    Border { z: Axis, y: Axis, inner: Vec<S>, border: Vec<S> },
    /// Row (z, y) is `x` times the factors of z and y.
    Separable { z: Vec<f64>, y: Vec<f64>, x: Vec<S> },
}

impl<S: Real> WindowRows<S> {
    pub(crate) fn new([z, y, x]: [Axis; 3], profile: Profile, border_weight: f64) -> Result<Self> {
        if profile == Profile::Border {
            let inner = row(x.window, |i| S::from_f64(if x.is_inner(i) { 1.0 } else { border_weight }))?;
            return Ok(Self::Border { z, y, inner, border: row(x.window, |_| S::from_f64(border_weight))? });
        }
        let factors = |axis: Axis| row(axis.window, |i| axis.factor(profile, i));
        let x = row(x.window, |i| S::from_f64(x.factor(profile, i)))?;
        Ok(Self::Separable { z: factors(z)?, y: factors(y)?, x })
    }

    /// A window whose rows are `width` ones.
    pub(crate) fn ones(width: usize) -> Result<Self> {
        Ok(Self::Ones(row(width, |_| S::from_f64(1.0))?))
    }

    /// The number of `lines` of plane z of the window, from the first on, that have the same weights, and these weights
    /// as a scale and a row: a weight is their product, rounded in `S`.
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

fn row<S: Real>(width: usize, value: impl Fn(usize) -> S) -> Result<Vec<S>> {
    let mut row = array::zeroed("weights of a window", width)?;
    row.iter_mut().enumerate().for_each(|(i, weight)| *weight = value(i));
    Ok(row)
}

/// The sum of the window weights over each pixel, in closed form, without accumulation.
///
/// With `n_d` and `m_d` the number of windows and of inner windows over a coordinate of axis `d`, it is `bw * Π n_d +
/// (1 - bw) * Π m_d` for the border profile, and the product of the sums `s_d` of the factors over a coordinate for a
/// separable one. Both are `a * Π first_d + b * Π second_d`, computed in `f64` and rounded once.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    /// In pixels: along x there is one value per pixel.
    axes: [AxisSums; 3],
    coefficients: (f64, f64),
    /// The number of columns per pixel in the requested rows.
    values: usize,
}

impl Coverage {
    pub(crate) fn new(axes: [Axis; 3], profile: Profile, border_weight: f64) -> Self {
        let coefficients = if profile == Profile::Border { (border_weight, 1.0 - border_weight) } else { (1.0, 0.0) };
        let sums = |axis: usize| AxisSums::new(axes[axis].of_pixels(), profile, TABLES[axis]);
        Self { axes: [sums(0), sums(1), sums(2)], coefficients, values: axes[2].values }
    }

    /// What the row at (z, y) depends on: rows of equal coefficients are equal.
    pub(crate) fn coefficients(&self, z: usize, y: usize) -> (f64, f64) {
        let ([first_z, second_z], [first_y, second_y]) = (self.axes[0].at(z), self.axes[1].at(y));
        let (a, b) = self.coefficients;
        (a * (first_z * first_y), b * (second_z * second_y))
    }

    /// The weights of some pixels of a row that has these coefficients.
    #[inline(always)]
    pub(crate) fn row(&self, (a, b): (f64, f64), columns: Range<usize>) -> impl Iterator<Item = f64> {
        let x = &self.axes[2];
        // From a table, columns are computed together.
        let table = x.table.get(columns.clone()).unwrap_or_default();
        let computed = if table.is_empty() { columns } else { 0..0 };
        let sums = table.iter().copied().chain(computed.map(|at| x.compute(at)));
        sums.map(move |[first, second]| a * first + b * second)
    }
}

/// The factors `first` and `second` of [`Coverage`] along an axis.
#[derive(Debug, Clone)]
struct AxisSums {
    axis: Axis,
    profile: Profile,
    /// The values of all coordinates, if the axis is short enough.
    table: Vec<[f64; 2]>,
}

impl AxisSums {
    fn new(axis: Axis, profile: Profile, most: usize) -> Self {
        let mut sums = Self { axis, profile, table: Vec::new() };
        if axis.size <= most {
            sums.table = (0..axis.size).map(|x| sums.compute(x)).collect();
        }
        sums
    }

    #[inline(always)]
    fn at(&self, x: usize) -> [f64; 2] {
        self.table.get(x).copied().unwrap_or_else(|| self.compute(x))
    }

    fn compute(&self, x: usize) -> [f64; 2] {
        let windows = self.axis.overlapping(x, x + 1);
        if self.profile == Profile::Border {
            return [windows.len() as f64, self.axis.inner_count(x) as f64];
        }
        let factor = |index| self.profile.factor(x - self.axis.start(index), self.axis.window);
        [windows.map(factor).fold(0.0, |sum, factor| sum + factor), 0.0]
    }
}

/// Some columns of a row of [`Coverage`], kept while the coefficients stay the same.
#[derive(Debug)]
pub(crate) struct CoverageRow<'a, S> {
    coverage: &'a Coverage,
    columns: Range<usize>,
    coefficients: Option<(f64, f64)>,
    row: Vec<S>,
}

impl<'a, S: Real> CoverageRow<'a, S> {
    pub(crate) fn new(coverage: &'a Coverage, columns: Range<usize>) -> Self {
        Self { coverage, coefficients: None, row: vec![S::default(); columns.len()], columns }
    }

    /// The weights of the columns at (z, y).
    #[inline(always)]
    pub(crate) fn at(&mut self, z: usize, y: usize) -> &[S] {
        let coefficients = self.coverage.coefficients(z, y);
        if self.coefficients != Some(coefficients) {
            match self.coverage.values {
                1 => self.fill(coefficients),
                values => self.fill_interleaved(coefficients, values),
            }
            self.coefficients = Some(coefficients);
        }
        &self.row
    }

    #[inline(always)]
    fn fill(&mut self, coefficients: (f64, f64)) {
        let values = self.coverage.row(coefficients, self.columns.clone());
        let mut weights = self.row.iter_mut();
        // With `for_each`, a chain becomes two plain loops.
        values.for_each(|value| {
            if let Some(weight) = weights.next() {
                *weight = S::from_f64(value);
            }
        });
    }

    /// The same for pixels of `values` columns.
    fn fill_interleaved(&mut self, coefficients: (f64, f64), values: usize) {
        let Range { start, end } = self.columns;
        let (mut rest, mut of_pixel) = (self.row.as_mut_slice(), values - start % values);
        self.coverage.row(coefficients, start / values..end.div_ceil(values)).for_each(|value| {
            let count = of_pixel.min(rest.len());
            let (weights, later) = std::mem::take(&mut rest).split_at_mut(count);
            weights.fill(S::from_f64(value));
            (rest, of_pixel) = (later, values);
        });
    }
}

/// Columns in runs of at most [`COLUMNS`].
pub(crate) fn column_runs(columns: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = columns.end;
    columns.step_by(COLUMNS).map(move |start| start..end.min(start + COLUMNS))
}
