//! Rows of planes of any strides as slices, and prefetching of rows.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};
use qlty_core::internal::stream::prefetch;

/// A row as a slice.
pub(super) fn contiguous<T: Copy>(row: ArrayView1<'_, T>) -> Cow<'_, [T]> {
    match row.to_slice() {
        Some(row) => Cow::Borrowed(row),
        None => Cow::Owned(row.to_vec()),
    }
}

/// How many rows ahead memory is prefetched: the rows of a chunk are in different pages.
const AHEAD: usize = 2;

/// Prefetches the row that will be read soon after row y.
pub(super) fn prefetch_after<T>(rows: &ArrayView2<'_, T>, y: usize) {
    if y + AHEAD < rows.nrows() {
        rows.row(y + AHEAD).to_slice().into_iter().for_each(prefetch);
    }
}

/// Fills a row through a slice.
pub(super) fn fill_row<T: Copy + Default>(rows: &mut ArrayViewMut2<'_, T>, y: usize, fill: impl FnOnce(&mut [T])) {
    let mut row = rows.row_mut(y);
    if let Some(row) = row.as_slice_mut() {
        return fill(row);
    }
    let mut values = vec![T::default(); row.len()];
    fill(&mut values);
    row.iter_mut().zip(values).for_each(|(to, value)| *to = value);
}
