//! A pair of patches: where they lie, and how the second is turned.

use ndarray::{Array1, Array2, ArrayViewMut1, ArrayViewMut2};
use qlty_core::{Error, Rank, Result, Spatial};

/// Where the two patches of a pair lie in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair<const D: usize> {
    /// The image.
    pub image: usize,
    /// The first pixel of the first patch, (y, x) or (z, y, x).
    pub start1: [usize; D],
    /// The first pixel of the second patch, (y, x) or (z, y, x).
    pub start2: [usize; D],
    /// The quarter turns of the second patch, counter-clockwise, 0 to 3.
    pub rotation: u8,
}

/// One of the two patches of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    First,
    /// The second, which is displaced and may be turned.
    Second,
}

/// Which positions of patches are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Positions {
    /// None.
    #[default]
    None,
    /// Rows (y, x) or (z, y, x).
    Pixels,
    /// Rows (n, y, x) or (n, z, y, x), the image first.
    WithImage,
}

impl Positions {
    /// The number of columns; `None` where no positions are wanted.
    pub fn columns<const D: usize>(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Pixels => Some(D),
            Self::WithImage => Some(D + 1),
        }
    }
}

impl<const D: usize> Pair<D> {
    /// Where the second patch starts relative to the first: (dx, dy) or (dx, dy, dz), x first.
    pub fn delta(&self) -> [i64; D] {
        std::array::from_fn(|i| self.start2[D - 1 - i] as i64 - self.start1[D - 1 - i] as i64)
    }

    /// The first pixel of a patch, (y, x) or (z, y, x).
    pub fn start(&self, side: Side) -> [usize; D] {
        match side {
            Side::First => self.start1,
            Side::Second => self.start2,
        }
    }

    /// The quarter turns of a patch: none of the first.
    pub(crate) fn turns(&self, side: Side) -> u8 {
        match side {
            Side::First => 0,
            Side::Second => self.rotation,
        }
    }
}

/// The deltas of pairs, rows (dx, dy) or (dx, dy, dz).
pub fn deltas<const D: usize>(pairs: &[Pair<D>]) -> Array2<f32> {
    Array2::from_shape_fn((pairs.len(), D), |(p, i)| pairs[p].delta()[i] as f32)
}

/// The quarter turns of pairs.
pub fn rotations<const D: usize>(pairs: &[Pair<D>]) -> Array1<i64> {
    pairs.iter().map(|pair| i64::from(pair.rotation)).collect()
}

/// Where one of the patches of each pair starts; `None` where no positions are wanted.
pub fn positions<const D: usize>(pairs: &[Pair<D>], side: Side, wanted: Positions) -> Option<Array2<i64>> {
    let columns = wanted.columns::<D>()?;
    Some(Array2::from_shape_fn((pairs.len(), columns), |(p, i)| position(&pairs[p], side, i + D + 1 - columns)))
}

/// A column of (n, z, y, x) or (n, y, x).
fn position<const D: usize>(pair: &Pair<D>, side: Side, column: usize) -> i64 {
    match column.checked_sub(1) {
        None => pair.image as i64,
        Some(axis) => pair.start(side)[axis] as i64,
    }
}

/// What is told of pairs beside their pixels, in arrays of the caller's, of any strides.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) deltas: ArrayViewMut2<'a, f32>,
    pub(crate) rotations: ArrayViewMut1<'a, i64>,
    pub(crate) positions: [Option<ArrayViewMut2<'a, i64>>; 2],
}

impl Places<'_> {
    pub(crate) fn check<const D: usize>(&self, count: usize) -> Result<()>
    where
        Spatial<D>: Rank,
    {
        if self.deltas.dim() != (count, D) {
            return Err(Error::shape("deltas", self.deltas.shape(), format!("[{count}, {D}]")));
        }
        if self.rotations.dim() != count {
            return Err(Error::shape("rotations", self.rotations.shape(), format!("[{count}]")));
        }
        for (name, positions) in ["positions 1", "positions 2"].into_iter().zip(&self.positions) {
            let Some(positions) = positions else { continue };
            let (rows, columns) = positions.dim();
            if rows != count || (columns != D && columns != D + 1) {
                let expected = format!("[{count}, {D}] or [{count}, {}]", D + 1);
                return Err(Error::shape(name, positions.shape(), expected));
            }
        }
        Ok(())
    }

    pub(crate) fn write<const D: usize>(&mut self, pairs: &[Pair<D>]) {
        for (p, pair) in pairs.iter().enumerate() {
            let delta = pair.delta();
            self.deltas.row_mut(p).iter_mut().zip(delta).for_each(|(to, delta)| *to = delta as f32);
            self.rotations[p] = i64::from(pair.rotation);
            for (side, positions) in [Side::First, Side::Second].into_iter().zip(&mut self.positions) {
                let Some(positions) = positions else { continue };
                let skip = D + 1 - positions.ncols();
                let row = positions.row_mut(p);
                row.into_iter().enumerate().for_each(|(i, to)| *to = position(pair, side, i + skip));
            }
        }
    }
}
