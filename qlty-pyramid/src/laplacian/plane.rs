//! Areas of a plane from the next smaller one: what interpolation makes of it, and the difference.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView2, ArrayViewD, ArrayViewMut2, ArrayViewMutD, Ix2};

use qlty_core::stream::prefetch;

use super::LaplacianPixel;
use super::upsample::{Area, Part, Upsampler};
use super::work::sealed::Predicted;

/// A row as a slice.
pub(super) fn contiguous<T: Copy>(row: ArrayView1<'_, T>) -> Cow<'_, [T]> {
    match row.to_slice() {
        Some(row) => Cow::Borrowed(row),
        None => Cow::Owned(row.to_vec()),
    }
}

/// How many rows ahead of the one at work memory is asked for: a chunk's rows lie in pages of their own.
const AHEAD: usize = 2;

/// Asks for the row that comes soon after row y.
fn prefetch_after<T>(rows: &ArrayView2<'_, T>, y: usize) {
    if y + AHEAD < rows.nrows() {
        rows.row(y + AHEAD).to_slice().into_iter().for_each(prefetch);
    }
}

/// Fills a row by way of a slice.
fn fill_row<T: Copy + Default>(mut rows: ArrayViewMut2<'_, T>, y: usize, fill: impl FnOnce(&mut [T])) {
    let mut row = rows.row_mut(y);
    if let Some(row) = row.as_slice_mut() {
        return fill(row);
    }
    let mut values = vec![T::default(); row.len()];
    fill(&mut values);
    row.iter_mut().zip(values).for_each(|(to, value)| *to = value);
}

/// The area as it is predicted.
pub(super) fn predict<T: LaplacianPixel>(
    upsampler: &Upsampler<<T as Predicted>::Work>,
    coarse: &Part<'_, T>,
    area: &Area,
    mut out: ArrayViewMut2<'_, T>,
) {
    upsampler.for_each_row(coarse, area, |y, predicted| {
        fill_row(out.view_mut(), y, |row| T::narrow_row(predicted, row));
    });
}

/// What the pixels of the area have more than their prediction.
pub(super) fn subtract<T: LaplacianPixel>(
    upsampler: &Upsampler<<T as Predicted>::Work>,
    coarse: &Part<'_, T>,
    area: &Area,
    pixels: ArrayView2<'_, T>,
    mut out: ArrayViewMut2<'_, T::Difference>,
) {
    upsampler.for_each_row(coarse, area, |y, predicted| {
        prefetch_after(&pixels, y);
        fill_row(out.view_mut(), y, |row| T::subtract_row(&contiguous(pixels.row(y)), predicted, row));
    });
}

/// The area's pixels from their prediction and the difference; false if one does not fit its type.
#[must_use]
pub(super) fn add<T: LaplacianPixel>(
    upsampler: &Upsampler<<T as Predicted>::Work>,
    coarse: &Part<'_, T>,
    area: &Area,
    difference: ArrayView2<'_, T::Difference>,
    mut out: ArrayViewMut2<'_, T>,
) -> bool {
    let mut fits = true;
    upsampler.for_each_row(coarse, area, |y, predicted| {
        prefetch_after(&difference, y);
        prefetch_after(&out.view(), y);
        fill_row(out.view_mut(), y, |row| fits &= T::add_row(predicted, &contiguous(difference.row(y)), row));
    });
    fits
}

/// Calls `each` with the planes, along the last two axes, of three arrays whose other axes agree.
pub(super) fn for_each<A, B, C>(
    first: ArrayViewD<'_, A>,
    second: ArrayViewD<'_, B>,
    mut third: ArrayViewMutD<'_, C>,
    each: &mut impl FnMut(ArrayView2<'_, A>, ArrayView2<'_, B>, ArrayViewMut2<'_, C>),
) {
    if first.ndim() > 2 {
        for ((first, second), third) in first.outer_iter().zip(second.outer_iter()).zip(third.outer_iter_mut()) {
            for_each(first, second, third, each);
        }
        return;
    }
    let planes = (first.into_dimensionality::<Ix2>(), second.into_dimensionality(), third.into_dimensionality());
    if let (Ok(first), Ok(second), Ok(third)) = planes {
        each(first, second, third);
    }
}
