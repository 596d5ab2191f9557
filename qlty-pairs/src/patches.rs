//! Arrays of pairs of patches, of any type.

use std::fmt;

use ndarray::{Array1, Array2};
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::internal::array::{check_copy, zeros};
use qlty_core::{DType, Error, Result};

use crate::{AnyPlacesMut, Positions};

/// Pairs of patches, with type and number of axes known at run time: row i of each array belongs to pair i. See
/// [`crate::PatchPairs`].
#[non_exhaustive]
pub struct AnyPatchPairs {
    /// The first patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches1: OwnedArray,
    /// The second patches, displaced and rotated, of the same type and shape.
    pub patches2: OwnedArray,
    /// The start of the second patch relative to the first: rows (dx, dy) or (dx, dy, dz).
    pub deltas: Array2<f32>,
    /// The quarter turns of the second patches, counter-clockwise, 0 to 3.
    pub rotations: Array1<i64>,
    /// The start of the first patches, if known; see [`Positions`].
    pub positions1: Option<Array2<i64>>,
    /// The start of the second patches, if known.
    pub positions2: Option<Array2<i64>>,
}

/// The caller's arrays for [`AnyPatchPairs`], of any strides.
#[derive(Debug)]
pub struct AnyPairsMut<'a> {
    /// The first patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches1: ArrayMut<'a>,
    /// The second patches, of the same type and shape.
    pub patches2: ArrayMut<'a>,
    /// Rows (dx, dy) or (dx, dy, dz) of type `f32`.
    pub deltas: ArrayMut<'a>,
    /// Quarter turns of the second patches, of type `i64`.
    pub rotations: ArrayMut<'a>,
    /// Rows (y, x) or (z, y, x) of type `i64`; with one more column, the image comes first.
    pub positions1: Option<ArrayMut<'a>>,
    /// Rows like those of `positions1`.
    pub positions2: Option<ArrayMut<'a>>,
}

impl fmt::Debug for AnyPatchPairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("AnyPatchPairs");
        told.field("dtype", &self.patches1.dtype()).field("patches", &self.patches1.shape());
        told.field("positions", &self.positions1.is_some()).finish_non_exhaustive()
    }
}

impl AnyPatchPairs {
    /// Arrays of zeros for `count` pairs.
    pub(crate) fn zeros(
        dtype: DType,
        count: usize,
        channels: usize,
        window: &[usize],
        wanted: Positions,
    ) -> Result<Self> {
        let shape = [&[count, channels], window].concat();
        let columns = wanted.columns(window.len());
        let positions = |name| columns.map(|columns| zeros(name, &[count, columns])).transpose();
        Ok(Self {
            patches1: OwnedArray::zeros("patches1", dtype, &shape)?,
            patches2: OwnedArray::zeros("patches2", dtype, &shape)?,
            deltas: zeros("deltas", &[count, window.len()])?,
            rotations: zeros("rotations", &[count])?,
            positions1: positions("positions1")?,
            positions2: positions("positions2")?,
        })
    }

    /// Mutable views of the arrays.
    pub(crate) fn view_mut(&mut self) -> Result<AnyPairsMut<'_>> {
        fn positions<'a>(name: &'static str, rows: &'a mut Option<Array2<i64>>) -> Result<Option<ArrayMut<'a>>> {
            rows.as_mut().map(|rows| ArrayMut::of(name, rows.view_mut())).transpose()
        }
        Ok(AnyPairsMut {
            patches1: self.patches1.array_mut(),
            patches2: self.patches2.array_mut(),
            deltas: ArrayMut::of("deltas", self.deltas.view_mut())?,
            rotations: ArrayMut::of("rotations", self.rotations.view_mut())?,
            positions1: positions("positions1", &mut self.positions1)?,
            positions2: positions("positions2", &mut self.positions2)?,
        })
    }

    /// Copies the pairs to the caller's arrays, of the same types; `Bool` may also be written to `U8`. Positions are
    /// copied if the caller has an array for them.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::DataType`], and [`Error::Argument`] if there is an array for positions, but there
    /// are no positions. Nothing is written then.
    pub fn copy_to(&self, mut out: AnyPairsMut<'_>) -> Result<()> {
        let arrays = [
            ("patches1", Some(self.patches1.array_ref()), Some(&mut out.patches1)),
            ("patches2", Some(self.patches2.array_ref()), Some(&mut out.patches2)),
            ("deltas", Some(ArrayRef::of("deltas", self.deltas.view())?), Some(&mut out.deltas)),
            ("rotations", Some(ArrayRef::of("rotations", self.rotations.view())?), Some(&mut out.rotations)),
            ("positions1", rows("positions1", &self.positions1)?, out.positions1.as_mut()),
            ("positions2", rows("positions2", &self.positions2)?, out.positions2.as_mut()),
        ];
        for (name, from, to) in &arrays {
            match (from, to) {
                (_, None) => {}
                (None, Some(_)) => {
                    return Err(Error::argument(
                        *name,
                        format_args!("an array"),
                        "none, since no positions are stored",
                    ));
                }
                (Some(from), Some(to)) if from.shape() != to.shape() => {
                    return Err(Error::shape(name, to.shape(), format!("{:?}", from.shape())));
                }
                (Some(from), Some(to)) => check_copy(name, to.dtype(), from.dtype())?,
            }
        }
        for (name, from, to) in arrays {
            if let (Some(from), Some(to)) = (from, to) {
                to.assign(name, &from)?;
            }
        }
        Ok(())
    }
}

fn rows<'a>(name: &'static str, rows: &'a Option<Array2<i64>>) -> Result<Option<ArrayRef<'a>>> {
    rows.as_ref().map(|rows| ArrayRef::of(name, rows.view())).transpose()
}

impl<'a> AnyPairsMut<'a> {
    /// The two arrays of patches, and the other arrays.
    pub(crate) fn split(self) -> ([ArrayMut<'a>; 2], AnyPlacesMut<'a>) {
        let Self { patches1, patches2, deltas, rotations, positions1, positions2 } = self;
        let places = AnyPlacesMut { deltas: Some(deltas), rotations: Some(rotations), positions1, positions2 };
        ([patches1, patches2], places)
    }
}

/// Fails if arrays of patches do not have this shape.
pub(crate) fn check_patches(patches: &[ArrayMut<'_>; 2], expected: &[usize]) -> Result<()> {
    for (name, patches) in ["patches1", "patches2"].into_iter().zip(patches) {
        Error::check_shape(name, patches.shape(), expected)?;
    }
    Ok(())
}
