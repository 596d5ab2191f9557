//! Writing an array row by row, bypassing the caches if that is faster.

use ndarray::{ArrayViewMut5, aview1};

use super::copy;
use crate::element::Element;

/// The number of bytes gathered in the L1 cache before they are streamed out together.
const STAGE_BYTES: usize = 16 << 10;

/// Writes the rows of an array, along its last axis, one after the other; through a staging buffer if they are
/// streamed.
///
/// Staged values are written by [`RowWriter::finish`], not when the writer is dropped.
pub struct RowWriter<'a, T>(Kind<'a, T>);

impl<T> std::fmt::Debug for RowWriter<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowWriter")
    }
}

enum Kind<'a, T> {
    /// The remaining rows.
    Direct(&'a mut [T]),
    /// The remaining rows, of which the first are in the staging buffer.
    Staged { target: &'a mut [T], stage: Vec<T>, filled: usize },
    /// The remaining rows of an array that is not contiguous.
    Strided { rows: ndarray::iter::LanesIterMut<'a, T, ndarray::Ix4>, spare: Vec<T> },
}

impl<'a, T: Element> RowWriter<'a, T> {
    /// A writer of all rows of an array of any strides; `streaming` selects stores that bypass the caches, for results
    /// of [`super::STREAM_BYTES`] or more.
    pub fn new(array: &'a mut ArrayViewMut5<'_, T>, streaming: bool) -> Self {
        let width = array.dim().4;
        if !array.is_standard_layout() {
            return Self(Kind::Strided { spare: vec![T::default(); width], rows: array.rows_mut().into_iter() });
        }
        let target = array.as_slice_mut().unwrap_or_default();
        Self(if streaming {
            let rows = (STAGE_BYTES / size_of::<T>() / width.max(1)).max(1);
            Kind::Staged { target, stage: vec![T::default(); rows * width], filled: 0 }
        } else {
            Kind::Direct(target)
        })
    }

    /// The number of values that can be written at once, at least a row.
    pub fn room(&self) -> usize {
        match &self.0 {
            Kind::Direct(target) => target.len(),
            Kind::Staged { stage, filled, .. } => stage.len() - filled,
            Kind::Strided { spare, .. } => spare.len(),
        }
    }

    /// Writes the next `len` values: whole rows, and at most [`RowWriter::room`].
    ///
    /// # Panics
    /// If there is not enough room.
    #[inline(always)]
    pub fn write(&mut self, len: usize, write: impl FnOnce(&mut [T])) {
        write(self.space(len));
        self.advance(len);
    }

    /// The place for the next `len` values: whole rows, and at most [`RowWriter::room`]; [`RowWriter::advance`] passes
    /// them on. The two halves of [`RowWriter::write`], for loops that should be compiled into their caller.
    ///
    /// # Panics
    /// If there is not enough room.
    #[inline(always)]
    pub fn space(&mut self, len: usize) -> &mut [T] {
        match &mut self.0 {
            Kind::Direct(target) => &mut target[..len],
            Kind::Staged { stage, filled, .. } => &mut stage[*filled..*filled + len],
            Kind::Strided { spare, .. } => spare,
        }
    }

    /// Passes on `len` values that have been written to [`RowWriter::space`].
    ///
    /// # Panics
    /// If there is not enough room.
    #[inline(always)]
    pub fn advance(&mut self, len: usize) {
        match &mut self.0 {
            Kind::Direct(target) => *target = std::mem::take(target).split_at_mut(len).1,
            Kind::Staged { target, stage, filled } => {
                *filled += len;
                if *filled == stage.len() {
                    let (now, later) = std::mem::take(target).split_at_mut(*filled);
                    copy(now, stage);
                    (*target, *filled) = (later, 0);
                }
            }
            Kind::Strided { rows, spare } => {
                if let Some(mut row) = rows.next() {
                    row.assign(&aview1(spare));
                }
            }
        }
    }

    /// Writes what is still in the staging buffer.
    pub fn finish(self) {
        if let Kind::Staged { target, stage, filled } = self.0 {
            copy(target, &stage[..filled]);
        }
    }
}
