//! Areas of a plane, predicted from the next smaller level, and their differences from the prediction.

use ndarray::{ArrayView2, ArrayViewMut2, Ix2};
use qlty_core::Element;
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::with_dtype;

use super::LaplacianPixel;
use super::rows::{contiguous, fill_row, prefetch_after};
use super::upsample::{Area, Part, Upsampler};
use super::work::sealed::Predicted;
use crate::Result;

/// A part of a plane of the smaller level, (Y,X) of any type, or the same part of several planes.
#[derive(Debug, Clone, Copy)]
pub(super) struct CoarsePlane<'a> {
    pub(super) pixels: ArrayRef<'a>,
    /// The row and the column of its first pixel in the plane.
    pub(super) origin: [usize; 2],
}

impl<'a> CoarsePlane<'a> {
    /// A whole plane.
    pub(super) fn whole(pixels: ArrayRef<'a>) -> Self {
        Self { pixels, origin: [0; 2] }
    }

    fn part<T: LaplacianPixel>(&self) -> Result<Part<'a, T>> {
        Ok(Part { pixels: rows(&self.pixels)?, origin: self.origin })
    }
}

/// The rows of a plane.
fn rows<'a, T: Element>(plane: &ArrayRef<'a>) -> Result<ArrayView2<'a, T>> {
    let wrong_axes = |_| qlty_core::Error::shape("a plane", plane.shape(), "two axes");
    Ok(plane.view::<T>("a plane")?.into_dimensionality::<Ix2>().map_err(wrong_axes)?)
}

/// [`rows`], mutable.
fn rows_mut<'a, T: Element>(plane: &'a mut ArrayMut<'_>) -> Result<ArrayViewMut2<'a, T>> {
    let shape = plane.shape().to_vec();
    let wrong_axes = |_| qlty_core::Error::shape("a plane", &shape, "two axes");
    Ok(plane.view_mut::<T>("a plane")?.into_dimensionality::<Ix2>().map_err(wrong_axes)?)
}

/// Fills `out` with the prediction of the area.
pub(super) fn predict(
    upsampler: &Upsampler,
    coarse: &CoarsePlane<'_>,
    area: &Area,
    mut out: ArrayMut<'_>,
) -> Result<()> {
    with_dtype!(out.dtype(), T => {
        let mut rows = rows_mut::<T>(&mut out)?;
        upsampler.for_each_row(&coarse.part::<T>()?, area, &mut |y, predicted| {
            fill_row(&mut rows, y, |row| T::narrow_row(predicted, row));
        });
    });
    Ok(())
}

/// Fills `out` with the pixels of the area minus their prediction.
pub(super) fn subtract(
    upsampler: &Upsampler,
    coarse: &CoarsePlane<'_>,
    area: &Area,
    pixels: &ArrayRef<'_>,
    mut out: ArrayMut<'_>,
) -> Result<()> {
    with_dtype!(pixels.dtype(), T => {
        let mut rows_out = rows_mut::<<T as LaplacianPixel>::Difference>(&mut out)?;
        let pixels = rows::<T>(pixels)?;
        upsampler.for_each_row(&coarse.part::<T>()?, area, &mut |y, predicted| {
            prefetch_after(&pixels, y);
            fill_row(&mut rows_out, y, |row| T::subtract_row(&contiguous(pixels.row(y)), predicted, row));
        });
    });
    Ok(())
}

/// Fills `out` with the area's pixels, the sums of their prediction and the difference. False if one does not fit its
/// type.
#[must_use = "some pixels may not fit"]
pub(super) fn add(
    upsampler: &Upsampler,
    coarse: &CoarsePlane<'_>,
    area: &Area,
    difference: &ArrayRef<'_>,
    mut out: ArrayMut<'_>,
) -> Result<bool> {
    let mut fits = true;
    with_dtype!(out.dtype(), T => {
        let mut rows_out = rows_mut::<T>(&mut out)?;
        let difference = rows::<<T as LaplacianPixel>::Difference>(difference)?;
        upsampler.for_each_row(&coarse.part::<T>()?, area, &mut |y, predicted| {
            prefetch_after(&difference, y);
            prefetch_after(&rows_out.view(), y);
            fill_row(&mut rows_out, y, |row| fits &= T::add_row(predicted, &contiguous(difference.row(y)), row));
        });
    });
    Ok(fits)
}
