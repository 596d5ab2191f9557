//! A pair of patches: the positions of both, and the rotation of the second.

use ndarray::{Array1, Array2, ArrayViewMut2, Ix2};
use qlty_core::dynamic::ArrayMut;
use qlty_core::{DType, Element, Error, Result};

/// The positions of the two patches of a pair in an image of two or three axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AnyPair {
    /// The index of the image.
    pub image: usize,
    /// The first pixel of the first patch, (z, y, x); z is 0 in a plane.
    pub start1: [usize; 3],
    /// The first pixel of the second patch, (z, y, x); z is 0 in a plane.
    pub start2: [usize; 3],
    /// The quarter turns of the second patch, counter-clockwise, 0 to 3.
    pub rotation: u8,
}

/// One of the two patches of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first patch.
    First,
    /// The second patch, which is displaced and may be rotated.
    Second,
}

impl Side {
    /// Both sides, in order.
    pub(crate) const BOTH: [Self; 2] = [Self::First, Self::Second];
}

/// Which positions of patches are requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
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
    /// The number of columns for `ndim` spatial axes; `None` if no positions are requested.
    pub fn columns(self, ndim: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Pixels => Some(ndim),
            Self::WithImage => Some(ndim + 1),
        }
    }
}

impl AnyPair {
    /// The start of the second patch relative to the first: (dx, dy, dz), x first; dz is 0 in a plane.
    pub fn delta(&self) -> [i64; 3] {
        std::array::from_fn(|i| self.start2[2 - i] as i64 - self.start1[2 - i] as i64)
    }

    /// The first pixel of a patch, (z, y, x).
    pub fn start(&self, side: Side) -> [usize; 3] {
        match side {
            Side::First => self.start1,
            Side::Second => self.start2,
        }
    }

    /// The quarter turns of a patch: the first is never rotated.
    pub(crate) fn turns(&self, side: Side) -> u8 {
        match side {
            Side::First => 0,
            Side::Second => self.rotation,
        }
    }

    /// A row of positions with `columns` columns, for pairs of `ndim` spatial axes: the image first if there is one
    /// more column than axes.
    fn position(&self, side: Side, ndim: usize, columns: usize) -> impl Iterator<Item = i64> {
        let image = (columns > ndim).then_some(self.image);
        image.into_iter().chain(self.start(side).into_iter().skip(3 - ndim)).map(|value| value as i64)
    }
}

/// The caller's arrays for the data of pairs other than their pixels, of any strides; each is optional.
#[derive(Debug, Default)]
pub struct AnyPlacesMut<'a> {
    /// Rows (dx, dy) or (dx, dy, dz) of type `f32`: the start of the second patch relative to the first.
    pub deltas: Option<ArrayMut<'a>>,
    /// Quarter turns of the second patches, of type `i64`.
    pub rotations: Option<ArrayMut<'a>>,
    /// Rows (y, x) or (z, y, x) of type `i64`; with one more column, the image comes first.
    pub positions1: Option<ArrayMut<'a>>,
    /// Rows like those of `positions1`.
    pub positions2: Option<ArrayMut<'a>>,
}

impl<'a> AnyPlacesMut<'a> {
    /// The arrays of positions with their names and sides.
    pub(crate) fn positions(&mut self) -> [(&'static str, Side, Option<&mut ArrayMut<'a>>); 2] {
        [("positions1", Side::First, self.positions1.as_mut()), ("positions2", Side::Second, self.positions2.as_mut())]
    }

    /// Fails unless every array has the type and shape for `count` pairs of `ndim` spatial axes.
    pub(crate) fn check(&mut self, ndim: usize, count: usize) -> Result<()> {
        if let Some(deltas) = &self.deltas {
            check_array("deltas", deltas, DType::F32, &[count, ndim])?;
        }
        if let Some(rotations) = &self.rotations {
            check_array("rotations", rotations, DType::I64, &[count])?;
        }
        for (name, _, positions) in self.positions() {
            let Some(positions) = positions else { continue };
            let shape = positions.shape();
            if shape != [count, ndim] && shape != [count, ndim + 1] {
                let expected = format!("[{count}, {ndim}] or [{count}, {}]", ndim + 1);
                return Err(Error::shape(name, shape, expected));
            }
            check_array(name, positions, DType::I64, shape)?;
        }
        Ok(())
    }

    /// Writes the deltas, rotations and positions of `pairs` to arrays that have been checked.
    pub(crate) fn write(&mut self, ndim: usize, pairs: &[AnyPair]) -> Result<()> {
        if let Some(deltas) = &mut self.deltas {
            matrix::<f32>("deltas", deltas)?.assign(&self::deltas(ndim, pairs));
        }
        if let Some(rotations) = &mut self.rotations {
            rotations.view_mut::<i64>("rotations")?.assign(&self::rotations(pairs));
        }
        for (name, side, positions) in self.positions() {
            let Some(positions) = positions else { continue };
            let columns = positions.shape()[1];
            matrix::<i64>(name, positions)?.assign(&self::positions(ndim, pairs, side, columns));
        }
        Ok(())
    }
}

/// Fails unless an array has this type and shape.
pub(crate) fn check_array(name: &'static str, array: &ArrayMut<'_>, dtype: DType, shape: &[usize]) -> Result<()> {
    if array.shape() != shape {
        return Err(Error::shape(name, array.shape(), format!("{shape:?}")));
    }
    if array.dtype() != dtype {
        return Err(Error::dtype(name, array.dtype(), dtype.name()));
    }
    Ok(())
}

/// The typed view of an array of two axes.
pub(crate) fn matrix<'a, T: Element>(name: &'static str, array: &'a mut ArrayMut<'_>) -> Result<ArrayViewMut2<'a, T>> {
    let shape = array.shape().to_vec();
    let mismatch = |_| Error::shape(name, &shape, "2 axes");
    array.view_mut::<T>(name)?.into_dimensionality::<Ix2>().map_err(mismatch)
}

/// The deltas of pairs of `ndim` spatial axes, rows (dx, dy) or (dx, dy, dz).
pub(crate) fn deltas(ndim: usize, pairs: &[AnyPair]) -> Array2<f32> {
    Array2::from_shape_fn((pairs.len(), ndim), |(p, i)| pairs[p].delta()[i] as f32)
}

/// The quarter turns of pairs.
pub(crate) fn rotations(pairs: &[AnyPair]) -> Array1<i64> {
    pairs.iter().map(|pair| i64::from(pair.rotation)).collect()
}

/// The start of one patch of each pair, in rows with `columns` columns.
pub(crate) fn positions(ndim: usize, pairs: &[AnyPair], side: Side, columns: usize) -> Array2<i64> {
    let mut rows = Array2::zeros((pairs.len(), columns));
    for (row, pair) in rows.outer_iter_mut().zip(pairs) {
        row.into_iter().zip(pair.position(side, ndim, columns)).for_each(|(to, value)| *to = value);
    }
    rows
}
