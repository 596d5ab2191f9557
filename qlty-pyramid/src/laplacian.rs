//! Laplacian pyramids: the smallest level, and of each larger one what interpolation misses.
//!
//! Levels are block means as those of a Gaussian pyramid. Level i+1, brought to the size of level i by
//! an [`Interpolation`], predicts it; what is kept is the difference, of integers to the prediction
//! rounded to nearest, ties to even. Prediction and difference make the level again: integers to the bit,
//! floats within a unit in the last place of the larger of pixel and prediction. Where no finite
//! number is predicted, the prediction is 0, so that NaN and infinity stay in their pixels.
//!
//! Planes are interpolated along Y and X, each by itself.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ndarray::parallel::prelude::*;
use ndarray::{Array3, ArrayView2, ArrayView3, ArrayViewMut2, Axis, Zip, s};

use crate::{Error, Method, Result, shrink};

mod interpolation;
mod layout;
mod plane;
mod reconstruct;
mod store;
mod upsample;
mod work;
mod write;

pub use interpolation::Interpolation;
pub(crate) use layout::LaplacianLayout;
pub use reconstruct::{ReconstructOptions, reconstruct_from_laplacian};
pub use store::{LaplacianStore, laplacian_pixel_type};
pub use work::LaplacianPixel;
pub(crate) use write::plan_stored;
pub use write::{LaplacianOptions, plan_laplacian, stack_to_ome_zarr_laplacian};

use upsample::{Area, Part, Planes, Upsampler};
use work::sealed::Predicted;

/// A Laplacian pyramid in memory.
///
/// ```
/// use qlty_pyramid::{Interpolation, LaplacianLevels};
/// let volume = ndarray::Array3::from_shape_fn((2, 33, 50), |(z, y, x)| (z * 4000 + y * x) as u16);
/// let levels = LaplacianLevels::of(volume.view(), 3, Interpolation::Bilinear)?;
/// assert_eq!(levels.differences[1].dim(), (2, 17, 25)); // of i32
/// assert_eq!(levels.base.dim(), (2, 9, 13));
/// assert_eq!(levels.reconstruct(0)?, volume);
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LaplacianLevels<T: LaplacianPixel> {
    /// How a level is predicted from the next.
    pub interpolation: Interpolation,
    /// What each level but the last has more than its prediction, from level 0, (Z, Y, X).
    pub differences: Vec<Array3<T::Difference>>,
    /// The last, smallest level.
    pub base: Array3<T>,
}

impl<T: LaplacianPixel> LaplacianLevels<T> {
    /// The pyramid of a volume with so many levels, each half as high and wide as the one before.
    ///
    /// Runs in parallel; the result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are no levels, or the volume holds nothing.
    pub fn of(volume: ArrayView3<'_, T>, levels: usize, interpolation: Interpolation) -> Result<Self> {
        if levels == 0 {
            return Err(Error::argument("levels", levels, "at least 1"));
        }
        if volume.is_empty() {
            return Err(Error::argument("volume", volume.shape(), "sizes above 0"));
        }
        let mut differences = Vec::new();
        let mut finer = None;
        for _ in 1..levels {
            let level = finer.as_ref().map_or(volume, |level: &Array3<T>| level.view());
            let coarser = shrink(level, [1, 2, 2], Method::Mean)?;
            let mut difference = Array3::from_elem(level.dim(), T::Difference::default());
            let upsampler = between::<T>(coarser.dim(), level.dim(), interpolation)?;
            Zip::from(difference.outer_iter_mut()).and(coarser.outer_iter()).and(level.outer_iter()).par_for_each(
                |out, coarse, level| {
                    bands(out).for_each(|(area, out)| {
                        let level = level.slice(s![area[0].clone(), ..]);
                        plane::subtract(&upsampler, &whole(coarse), &area, level, out);
                    });
                },
            );
            differences.push(difference);
            finer = Some(coarser);
        }
        let base = finer.unwrap_or_else(|| volume.as_standard_layout().into_owned());
        Ok(Self { interpolation, differences, base })
    }

    /// A level, from 0 for the full size.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such level, sizes of neighbouring levels do not belong
    /// together, or the differences are not of this base.
    pub fn reconstruct(&self, level: usize) -> Result<Array3<T>> {
        let Some(differences) = self.differences.get(level..) else {
            return Err(Error::argument("level", level, format!("at most {}", self.differences.len())));
        };
        let mut result = self.base.clone();
        for difference in differences.iter().rev() {
            let upsampler = between::<T>(result.dim(), difference.dim(), self.interpolation)?;
            let mut finer = Array3::from_elem(difference.dim(), T::default());
            let fits = AtomicBool::new(true);
            Zip::from(finer.outer_iter_mut()).and(result.outer_iter()).and(difference.outer_iter()).par_for_each(
                |out, coarse, difference| {
                    bands(out).for_each(|(area, out)| {
                        let difference = difference.slice(s![area[0].clone(), ..]);
                        let fits_here = plane::add(&upsampler, &whole(coarse), &area, difference, out);
                        fits.fetch_and(fits_here, Relaxed);
                    });
                },
            );
            if !fits.into_inner() {
                let expected = format!("differences from predictions that make pixels of {}", T::TYPE);
                return Err(Error::argument("differences", "one too large or too small", expected));
            }
            result = finer;
        }
        Ok(result)
    }
}

/// Each plane of a volume (Z, Y, X) brought to a larger size (Y, X).
///
/// Integers are rounded to nearest, ties to even, and held in the range of their type, which
/// [`Interpolation::Bicubic`] can leave. Of 64 bits only the 53 highest that are set count.
///
/// # Errors
/// [`Error::Argument`] if the volume holds nothing or the size is smaller than its own.
pub fn upsample<T: LaplacianPixel>(
    volume: ArrayView3<'_, T>,
    size: [usize; 2],
    interpolation: Interpolation,
) -> Result<Array3<T>> {
    let shape = (volume.dim().0, size[0], size[1]);
    let upsampler = between::<T>(volume.dim(), shape, interpolation)?;
    let mut result = Array3::from_elem(shape, T::default());
    Zip::from(result.outer_iter_mut()).and(volume.outer_iter()).par_for_each(|out, coarse| {
        bands(out).for_each(|(area, out)| plane::predict(&upsampler, &whole(coarse), &area, out));
    });
    Ok(result)
}

/// What brings the planes of a volume to those of another, if they belong together.
fn between<T: LaplacianPixel>(
    coarse: (usize, usize, usize),
    fine: (usize, usize, usize),
    interpolation: Interpolation,
) -> Result<Upsampler<<T as Predicted>::Work>> {
    let nothing = [coarse.0, coarse.1, coarse.2].contains(&0);
    if nothing || coarse.0 != fine.0 || coarse.1 > fine.1 || coarse.2 > fine.2 {
        let expected = format!("sizes above 0, as many planes as in {fine:?}, and no larger ones");
        return Err(Error::argument("shape of the smaller level", coarse, expected));
    }
    let planes = Planes::new([coarse.1, coarse.2], [fine.1, fine.2], interpolation);
    Ok(planes.upsampler(&[0..fine.1, 0..fine.2]))
}

fn whole<T>(pixels: ArrayView2<'_, T>) -> Part<'_, T> {
    Part { pixels, origin: [0; 2] }
}

/// Bands of rows of a plane, with the areas that they are, to be filled in parallel.
fn bands<T: Send + Sync>(plane: ArrayViewMut2<'_, T>) -> impl ParallelIterator<Item = (Area, ArrayViewMut2<'_, T>)> {
    const ROWS: usize = 128;
    let bands = plane.into_axis_chunks_iter_mut(Axis(0), ROWS).into_par_iter().enumerate();
    bands.map(|(index, band)| ([index * ROWS..index * ROWS + band.nrows(), 0..band.ncols()], band))
}
