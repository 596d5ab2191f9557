//! Writing an array row by row, past the caches where that pays.

use ndarray::{ArrayViewMut5, aview1};

use super::copy;
use crate::element::Element;

/// The bytes gathered in the fastest cache before they are streamed out in one run.
const STAGE_BYTES: usize = 16 << 10;

/// Writes the rows of an array, along its last axis, one after the other; by way of a stage where
/// they are streamed.
///
/// What is staged is written by [`RowWriter::finish`], not when the writer is dropped.
pub struct RowWriter<'a, T>(Kind<'a, T>);

impl<T> std::fmt::Debug for RowWriter<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowWriter")
    }
}

enum Kind<'a, T> {
    /// The rows to come.
    Direct(&'a mut [T]),
    /// The rows to come, of which the first are in the stage.
    Staged { target: &'a mut [T], stage: Vec<T>, filled: usize },
    /// The rows to come, of an array that is not contiguous.
    Strided { rows: ndarray::iter::LanesIterMut<'a, T, ndarray::Ix4>, spare: Vec<T> },
}

impl<'a, T: Element> RowWriter<'a, T> {
    /// A writer of all rows of an array of any strides; `streaming` asks for stores past the caches,
    /// for results of [`super::STREAM_BYTES`] or more.
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

    /// How many values can be written at once, at least a row.
    pub fn room(&self) -> usize {
        match &self.0 {
            Kind::Direct(target) => target.len(),
            Kind::Staged { stage, filled, .. } => stage.len() - filled,
            Kind::Strided { spare, .. } => spare.len(),
        }
    }

    /// Has the next `len` values written, of whole rows and at most as many as there is room for.
    ///
    /// # Panics
    /// Where there is not so much room.
    #[inline(always)]
    pub fn write(&mut self, len: usize, write: impl FnOnce(&mut [T])) {
        write(self.space(len));
        self.advance(len);
    }

    /// Where the next `len` values are to be written, of whole rows and at most as many as there is
    /// room for; [`RowWriter::advance`] passes them on. The two halves of [`RowWriter::write`], for
    /// loops that are to be compiled as a part of their caller.
    ///
    /// # Panics
    /// Where there is not so much room.
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
    /// Where there is not so much room.
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

    /// Writes what is still in the stage.
    pub fn finish(self) {
        if let Kind::Staged { target, stage, filled } = self.0 {
            copy(target, &stage[..filled]);
        }
    }
}
