//! Making a coarser level of a finer one.

use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array3, ArrayView3};
use rayon::prelude::*;

use crate::pixel::MOST_WEIGHT;
use crate::{Error, Pixel, Result};

mod block;
mod gaussian;

/// How the pixels of a level are made of those of the level before.
///
/// By name: `mean` (also `dask` and `dask_coarsen`, as qlty has it), `gaussian`, `nearest`, `median`,
/// `mode`, `max` and `min`. Where a level ends within a block, the block is what there is of it; so
/// with every method a constant image is constant on every level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Method {
    /// The mean of a block. Integers are rounded to nearest, ties to even; floats are summed in `f64`.
    #[default]
    Mean,
    /// Every second pixel of the level before, filtered with the binomial kernel (1 4 6 4 1) / 16 along each
    /// axis that is halved (Burt and Adelson, 1983). Weights beyond the edge are left out, and the
    /// rest divided by their sum. Factors are 1 and 2. Rounds as the mean.
    Gaussian,
    /// The first pixel of a block.
    Nearest,
    /// The median of a block: of an even number of pixels the mean of the middle two, rounded as the mean.
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

    /// Whether a pixel stands for a whole block, in the middle of which it then lies; else it lies
    /// where the first pixel of the block lay.
    pub(crate) fn is_binning(self) -> bool {
        !matches!(self, Self::Gaussian | Self::Nearest)
    }

    /// Which of `size` fine pixels along an axis the coarse pixel `at` is made of.
    pub(crate) fn support(self, at: usize, factor: usize, size: usize) -> Range<usize> {
        let first = at * factor;
        match self {
            Self::Gaussian if factor > 1 => first.saturating_sub(2)..(first + 3).min(size),
            Self::Nearest => first..first + 1,
            _ => first..(first + factor).min(size),
        }
    }

    /// Fails where the method has no such factors along Z, Y and X.
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

/// The fine pixels of one channel that coarse planes are made of.
#[derive(Debug)]
pub(crate) struct Fine<'a, T> {
    /// Neighbouring planes along Z, each (Y,X) in C order.
    pub(crate) planes: Vec<&'a [T]>,
    /// The place of the first of these planes in its level.
    pub(crate) first: usize,
    /// The size of the level along Z, Y and X.
    pub(crate) size: [usize; 3],
}

/// How many coarse rows one task makes, at least.
const TASK_PIXELS: usize = 1 << 15;

/// Makes one coarse plane, `at` along Z, in parallel. `fine` has the planes of its support.
pub(crate) fn shrink_plane<T: Pixel>(
    method: Method,
    fine: &Fine<'_, T>,
    factor: [usize; 3],
    at: usize,
    coarse: &mut [T],
) {
    let width = fine.size[2].div_ceil(factor[2]);
    let rows = TASK_PIXELS.div_ceil(width);
    coarse.par_chunks_mut(rows * width).enumerate().for_each(|(part, coarse)| {
        let first = part * rows;
        match method {
            Method::Gaussian => gaussian::shrink_rows(fine, factor, at, first, coarse),
            Method::Mean => block::mean_rows(fine, factor, first, coarse),
            Method::Nearest => {
                for (y, coarse) in coarse.chunks_exact_mut(width).enumerate() {
                    let row = &fine.planes[0][(first + y) * factor[1] * fine.size[2]..][..fine.size[2]];
                    for (to, from) in coarse.iter_mut().zip(row.iter().step_by(factor[2])) {
                        *to = *from;
                    }
                }
            }
            Method::Max => {
                block::choose_rows(fine, factor, first, coarse, |pixels| block::extreme(pixels, |a, b| a > b))
            }
            Method::Min => {
                block::choose_rows(fine, factor, first, coarse, |pixels| block::extreme(pixels, |a, b| a < b))
            }
            Method::Median => block::choose_rows(fine, factor, first, coarse, block::median),
            Method::Mode => block::choose_rows(fine, factor, first, coarse, block::mode),
        }
    });
}

/// A coarser volume: its sizes are those of `volume` over `factor`, rounded up. All are (Z,Y,X).
///
/// Runs in parallel; the result does not depend on the number of threads. A NaN makes every pixel NaN that
/// it belongs to with a weight, and no other; with `mode` it is a value like others.
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
    method.check(factor)?;
    let (depth, height, width) = volume.dim();
    let size = [depth, height, width];
    let shape: [usize; 3] = std::array::from_fn(|axis| size[axis].div_ceil(factor[axis]));
    let mut coarse = qlty_core::array::zeros::<T, ndarray::Ix3>("a coarser volume", &shape)?;
    let fine = volume.as_standard_layout();
    let (Some(coarse_pixels), Some(fine)) = (coarse.as_slice_mut(), fine.as_slice()) else {
        return Ok(coarse);
    };
    if coarse_pixels.is_empty() {
        return Ok(coarse);
    }
    let planes = fine.chunks_exact(height * width).collect::<Vec<_>>();
    coarse_pixels.par_chunks_exact_mut(shape[1] * shape[2]).enumerate().for_each(|(at, coarse)| {
        let support = method.support(at, factor[0], depth);
        let fine = Fine { planes: planes[support.clone()].to_vec(), first: support.start, size };
        shrink_plane(method, &fine, factor, at, coarse);
    });
    Ok(coarse)
}
