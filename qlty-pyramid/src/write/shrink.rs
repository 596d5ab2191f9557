//! Computing a coarser level from a finer one.

use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array3, ArrayView3};
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::with_dtype;

use crate::arrays::{for_each_part, in_c_order, slice, slice_mut};
use crate::pixel::MOST_WEIGHT;
use crate::{Error, Pixel, Result};

mod block;
mod gaussian;

/// How the pixels of a level are computed from those of the previous level.
///
/// Named `mean` (also `dask` and `dask_coarsen`, as in qlty), `gaussian`, `nearest`, `median`, `mode`, `max` and `min`.
/// If a level ends within a block, only the pixels inside the level count, so with every method a constant image is
/// constant at every level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Method {
    /// The mean of a block. Integers are rounded to nearest, ties to even; floats are summed in `f64`.
    #[default]
    Mean,
    /// Every second pixel of the previous level, filtered with the binomial kernel (1 4 6 4 1) / 16 along each axis
    /// that is halved (Burt and Adelson, 1983). Weights beyond the edge are left out, and the sum is divided by the
    /// remaining ones. Factors are 1 and 2. Rounds like the mean.
    Gaussian,
    /// The first pixel of a block.
    Nearest,
    /// The median of a block: for an even number of pixels the mean of the middle two, rounded like the mean.
    Median,
    /// The most frequent value of a block, the smallest of them if there are several: for labels.
    Mode,
    /// The largest value of a block.
    Max,
    /// The smallest value of a block.
    Min,
}

impl Method {
    /// The method's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Gaussian => "gaussian",
            Self::Nearest => "nearest",
            Self::Median => "median",
            Self::Mode => "mode",
            Self::Max => "max",
            Self::Min => "min",
        }
    }

    /// Whether a pixel represents a whole block and is at its centre; otherwise it is at the position of the first
    /// pixel of the block.
    pub(crate) fn is_binning(self) -> bool {
        !matches!(self, Self::Gaussian | Self::Nearest)
    }

    /// The range of the `size` fine pixels along an axis that contribute to the coarse pixel `at`.
    pub(crate) fn support(self, at: usize, factor: usize, size: usize) -> Range<usize> {
        let first = at * factor;
        match self {
            Self::Gaussian if factor > 1 => first.saturating_sub(2)..(first + 3).min(size),
            Self::Nearest => first..first + 1,
            _ => first..(first + factor).min(size),
        }
    }

    /// Fails if the method does not support these factors along Z, Y and X.
    pub(crate) fn check(self, factor: [usize; 3]) -> Result<()> {
        let pixels = factor.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if factor.contains(&0) || pixels.is_none_or(|pixels| pixels > usize::from(MOST_WEIGHT)) {
            let expected = format!("factors of 1 or more, with a product of {MOST_WEIGHT} at most");
            return Err(Error::argument("factor", factor, expected));
        }
        if self == Self::Gaussian && factor.iter().any(|factor| *factor > 2) {
            return Err(Error::argument("factor", factor, "1 or 2 along each axis with the method gaussian"));
        }
        Ok(())
    }
}

impl std::fmt::Display for Method {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let methods = [Self::Mean, Self::Gaussian, Self::Nearest, Self::Median, Self::Mode, Self::Max, Self::Min];
        if matches!(name, "dask" | "dask_coarsen") {
            return Ok(Self::Mean);
        }
        methods.into_iter().find(|method| method.name() == name).ok_or_else(|| {
            Error::argument("method", name, "mean, dask, dask_coarsen, gaussian, nearest, median, mode, max or min")
        })
    }
}

/// The fine pixels of one channel from which coarse planes are computed.
#[derive(Debug)]
pub(crate) struct Fine<'a> {
    /// Neighbouring planes along Z, each (Y,X) in C order.
    pub(crate) planes: Vec<ArrayRef<'a>>,
    /// The index of the first of these planes in its level.
    pub(crate) first: usize,
    /// The size of the level along Z, Y and X.
    pub(crate) size: [usize; 3],
}

/// [`Fine`] pixels of a type.
#[derive(Debug)]
struct FinePixels<'a, T> {
    planes: Vec<&'a [T]>,
    first: usize,
    size: [usize; 3],
}

impl<'a> Fine<'a> {
    fn pixels<T: Pixel>(&self) -> Result<FinePixels<'a, T>> {
        let planes = self.planes.iter().map(slice).collect::<Result<_>>()?;
        Ok(FinePixels { planes, first: self.first, size: self.size })
    }
}

/// The minimum number of coarse pixels per task.
const TASK_PIXELS: usize = 1 << 15;

/// Computes one coarse plane, `at` along Z, (Y,X) in C order, in parallel. `fine` holds the planes of its support.
pub(crate) fn shrink_plane(
    method: Method,
    fine: &Fine<'_>,
    factor: [usize; 3],
    at: usize,
    coarse: ArrayMut<'_>,
) -> Result<()> {
    let width = fine.size[2].div_ceil(factor[2]);
    for_each_part(coarse, 0, TASK_PIXELS.div_ceil(width), &|first, mut coarse| {
        with_dtype!(coarse.dtype(), T => {
            shrink_rows::<T>(method, &fine.pixels()?, factor, at, first, slice_mut(&mut coarse)?);
        });
        Ok(())
    })
}

/// Computes the coarse rows from `first` on.
fn shrink_rows<T: Pixel>(
    method: Method,
    fine: &FinePixels<'_, T>,
    factor: [usize; 3],
    at: usize,
    first: usize,
    coarse: &mut [T],
) {
    match method {
        Method::Gaussian => gaussian::shrink_rows(fine, factor, at, first, coarse),
        Method::Mean => block::mean_rows(fine, factor, first, coarse),
        Method::Nearest => block::first_rows(fine, factor, first, coarse),
        Method::Max => block::choose_rows(fine, factor, first, coarse, |pixels| block::extreme(pixels, |a, b| a > b)),
        Method::Min => block::choose_rows(fine, factor, first, coarse, |pixels| block::extreme(pixels, |a, b| a < b)),
        Method::Median => block::choose_rows(fine, factor, first, coarse, block::median),
        Method::Mode => block::choose_rows(fine, factor, first, coarse, block::mode),
    }
}

/// A coarser volume: its sizes are those of `volume` divided by `factor`, rounded up. All are (Z,Y,X).
///
/// Runs in parallel; the result does not depend on the number of threads. A NaN makes every pixel NaN to which it
/// contributes with a weight, and no other; with `mode` it is treated like any other value.
///
/// ```
/// use qlty_pyramid::{Method, shrink};
/// let volume = ndarray::arr3(&[[[0_u8, 2, 9], [4, 8, 9]]]);
/// let means = shrink(volume.view(), [2, 2, 2], Method::Mean)?;
/// assert_eq!(means, ndarray::arr3(&[[[4, 9]]])); // 14 / 4 rounds to 4; the last column stands alone
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if a factor is 0, their product above 32768, or the method has no such factor;
/// [`Error::Core`] if there is no memory.
pub fn shrink<T: Pixel>(volume: ArrayView3<'_, T>, factor: [usize; 3], method: Method) -> Result<Array3<T>> {
    Ok(shrink_array(ArrayRef::of("volume", volume)?, factor, method)?.into_array()?)
}

/// [`shrink`] of an array of any type, (Z,Y,X).
pub(crate) fn shrink_array(volume: ArrayRef<'_>, factor: [usize; 3], method: Method) -> Result<OwnedArray> {
    method.check(factor)?;
    let size: [usize; 3] = std::array::from_fn(|axis| volume.shape()[axis]);
    let shape: [usize; 3] = std::array::from_fn(|axis| size[axis].div_ceil(factor[axis]));
    let mut coarse = OwnedArray::zeros("a coarser volume", volume.dtype(), &shape)?;
    if shape.contains(&0) {
        return Ok(coarse);
    }
    let mut copy = None;
    let fine = in_c_order(volume, &mut copy)?;
    for_each_part(coarse.array_mut(), 0, 1, &|at, coarse| {
        let support = method.support(at, factor[0], size[0]);
        let planes = support.clone().map(|z| fine.index_axis(0, z)).collect();
        shrink_plane(method, &Fine { planes, first: support.start, size }, factor, at, coarse.index_axis(0, 0))
    })?;
    Ok(coarse)
}
