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

    /// The values `along` the row at `at`: a piece of the array where it lies in one run, else a
    /// copy in `spare`.
    #[inline(always)]
    pub(crate) fn row<'b>(&'b self, at: [usize; 4], along: Range<usize>, spare: &'b mut Vec<T>) -> &'b [T] {
        match self {
            Self::Flat(values, [_, c, z, y, x]) => {
                let row = ((at[0] * c + at[1]) * z + at[2]) * y + at[3];
                &values[row * x..][along]
            }
            Self::Strided(array) => {
                let row = array.slice(s![at[0], at[1], at[2], at[3], along]);
                match row.to_slice() {
                    Some(values) => values,
                    None => {
                        spare.clear();
                        spare.extend(row);
                        spare
                    }
                }
            }
        }
    }
}
