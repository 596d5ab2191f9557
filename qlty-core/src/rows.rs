//! Rows of a five-axis array of any strides, as slices.

use std::ops::Range;

use ndarray::{ArrayView5, s};

/// An array to be read row by row along its last axis.
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

    /// Calls `each` with the number and the values `along` of `count` rows, the one at `at` first:
    /// with a piece of the array where a row lies in one run, else with a copy in `spare`.
    #[inline(always)]
    pub(crate) fn lines(
        &self,
        at: [usize; 4],
        count: usize,
        along: Range<usize>,
        spare: &mut Vec<T>,
        mut each: impl FnMut(usize, &[T]),
    ) {
        match self {
            Self::Flat(values, [_, c, z, y, x]) => {
                let first = ((at[0] * c + at[1]) * z + at[2]) * y + at[3];
                for (i, row) in values[first * x..(first + count) * x].chunks_exact(*x).enumerate() {
                    each(i, &row[along.clone()]);
                }
            }
            Self::Strided(array) => {
                let lines = array.slice(s![at[0], at[1], at[2], at[3]..at[3] + count, along]);
                for (i, row) in lines.rows().into_iter().enumerate() {
                    match row.to_slice() {
                        Some(values) => each(i, values),
                        None => {
                            spare.clear();
                            spare.extend(row);
                            each(i, spare);
                        }
                    }
                }
            }
        }
    }
}
