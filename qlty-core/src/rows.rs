//! Rows of a five-axis array of any strides, as slices.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView5, s};

/// The number of bytes copied at a time from rows that are not contiguous.
const SPARE_BYTES: usize = 16 << 10;

/// An array that is read row by row along its last axis.
#[derive(Debug)]
pub(crate) enum Rows<'a, T> {
    /// In standard layout: the values and the shape.
    Flat(&'a [T], [usize; 5]),
    /// Of any strides.
    Strided(ArrayView5<'a, T>),
}

impl<'a, T: Copy> Rows<'a, T> {
    pub(crate) fn new(array: ArrayView5<'a, T>) -> Self {
        let (n, c, z, y, x) = array.dim();
        match array.to_slice() {
            Some(values) => Self::Flat(values, [n, c, z, y, x]),
            None => Self::Strided(array),
        }
    }

    /// Calls `each` with the number and the values `along` of `count` rows, starting with the one at `at`.
    #[inline(always)]
    pub(crate) fn lines(&self, at: [usize; 4], count: usize, along: Range<usize>, mut each: impl FnMut(usize, &[T])) {
        match self {
            Self::Flat(..) => {
                let width = self.width();
                for (i, row) in self.run(at, count).chunks_exact(width).enumerate() {
                    each(i, &row[along.clone()]);
                }
            }
            Self::Strided(array) => {
                let lines = array.slice(s![at[0], at[1], at[2], at[3]..at[3] + count, along]);
                let mut spare = Vec::new();
                for (i, row) in lines.rows().into_iter().enumerate() {
                    match row.to_slice() {
                        Some(values) => each(i, values),
                        None => {
                            spare.clear();
                            gather(&mut spare, &row);
                            each(i, &spare);
                        }
                    }
                }
            }
        }
    }

    /// The values of whole rows, starting with the one at `at`: of all `count` if they are contiguous, else of at least
    /// one, copied to `spare`.
    #[inline(always)]
    pub(crate) fn block<'b>(&'b self, at: [usize; 4], count: usize, spare: &'b mut Vec<T>) -> &'b [T] {
        if let Self::Strided(array) = self {
            let count = (SPARE_BYTES / size_of::<T>() / self.width()).clamp(1, count);
            spare.clear();
            let lines = array.slice(s![at[0], at[1], at[2], at[3]..at[3] + count, ..]);
            lines.rows().into_iter().for_each(|row| gather(spare, &row));
            return spare;
        }
        self.run(at, count)
    }

    /// The values of `count` rows of an array in standard layout; `None` for other arrays.
    #[inline(always)]
    fn run(&self, at: [usize; 4], count: usize) -> &[T] {
        let Self::Flat(values, [_, c, z, y, x]) = self else { return &[] };
        let first = ((at[0] * c + at[1]) * z + at[2]) * y + at[3];
        &values[first * x..(first + count) * x]
    }

    /// The number of channels, the second axis.
    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Flat(_, [_, channels, ..]) => *channels,
            Self::Strided(array) => array.dim().1,
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Flat(_, [.., x]) => *x,
            Self::Strided(array) => array.dim().4,
        }
    }
}

/// Adds the values of a row of any stride: a plain loop, unlike ndarray's iterators.
#[inline(always)]
fn gather<T: Copy>(to: &mut Vec<T>, row: &ArrayView1<'_, T>) {
    // SAFETY: the index is below the length of the row.
    to.extend((0..row.len()).map(|index| unsafe { *row.uget(index) }));
}
