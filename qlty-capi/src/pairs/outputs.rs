//! The arrays of the host's that pairs are written to.

use ::qlty_pairs::{PatchPairs, PatchPairsMut};
use ndarray::{ArrayView, ArrayViewMut, Dimension};
use qlty_core::{BatchDim, Rank, Spatial};

use crate::array::qlty_array;
use crate::dtype::Typed;
use crate::error::{Failure, Outcome, borrow};
use crate::quilt::check_shape;

/// The arrays of a call; those of positions may be NULL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outputs<'a> {
    patches: [&'a qlty_array; 2],
    deltas: &'a qlty_array,
    rotations: &'a qlty_array,
    positions: [Option<&'a qlty_array>; 2],
}

impl<'a> Outputs<'a> {
    /// # Safety
    /// Each is NULL or an array that lives and is not written during `'a`, though its values may be.
    pub(super) unsafe fn new(
        patches: [*const qlty_array; 2],
        deltas: *const qlty_array,
        rotations: *const qlty_array,
        positions: [*const qlty_array; 2],
    ) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            Ok(Self {
                patches: [borrow("patches1", patches[0])?, borrow("patches2", patches[1])?],
                deltas: borrow("deltas", deltas)?,
                rotations: borrow("rotations", rotations)?,
                positions: positions.map(|positions| positions.as_ref()),
            })
        }
    }

    /// Views of the arrays, which share no memory with each other, nor with the inputs.
    ///
    /// # Safety
    /// The values are in memory that lives and is not used by anything else during `'a`.
    pub(super) unsafe fn views<T: Typed, const D: usize>(
        &self,
        inputs: &[(&'static str, &'a qlty_array)],
    ) -> Outcome<PatchPairsMut<'a, T, D>>
    where
        Spatial<D>: Rank,
    {
        let mut others = inputs.to_vec();
        // SAFETY: the caller's promise.
        unsafe {
            Ok(PatchPairsMut {
                patches1: next::<T, BatchDim<D>>("patches1", self.patches[0], &mut others)?,
                patches2: next::<T, BatchDim<D>>("patches2", self.patches[1], &mut others)?,
                deltas: next("deltas", self.deltas, &mut others)?,
                rotations: next("rotations", self.rotations, &mut others)?,
                positions1: match self.positions[0] {
                    Some(positions) => Some(next("positions1", positions, &mut others)?),
                    None => None,
                },
                positions2: match self.positions[1] {
                    Some(positions) => Some(next("positions2", positions, &mut others)?),
                    None => None,
                },
            })
        }
    }

    /// Fails where positions are asked for and there are none.
    pub(super) fn check_positions(&self, present: bool) -> Outcome {
        for (name, positions) in ["positions1", "positions2"].into_iter().zip(self.positions) {
            if positions.is_some() && !present {
                let expected = "NULL, since the store has no positions";
                return Err(Failure::argument(format!("{name}: got an array, expected {expected}")));
            }
        }
        Ok(())
    }
}

/// A view of an array that overlaps with none of those before it.
///
/// # Safety
/// As [`qlty_array::view_mut`].
pub(super) unsafe fn next<'a, 'b, T: Typed, Dim: Dimension>(
    name: &'static str,
    array: &'b qlty_array,
    others: &mut Vec<(&'static str, &'b qlty_array)>,
) -> Outcome<ArrayViewMut<'a, T, Dim>> {
    // SAFETY: the caller's promise.
    let view = unsafe { array.view_mut(name, others) }?;
    others.push((name, array));
    Ok(view)
}

/// Copies pairs of ours into arrays of the host's, once all shapes are known to be right.
pub(super) fn copy<T: Copy, H: Typed, const D: usize>(
    pairs: &PatchPairs<T, D>,
    mut out: PatchPairsMut<'_, H, D>,
    value: impl Fn(T) -> H,
) -> Outcome
where
    Spatial<D>: Rank,
{
    check_shape("patches1", out.patches1.shape(), pairs.patches1.shape())?;
    check_shape("patches2", out.patches2.shape(), pairs.patches2.shape())?;
    check_shape("deltas", out.deltas.shape(), pairs.deltas.shape())?;
    check_shape("rotations", out.rotations.shape(), pairs.rotations.shape())?;
    for (name, out, ours) in
        [("positions1", &out.positions1, &pairs.positions1), ("positions2", &out.positions2, &pairs.positions2)]
    {
        if let (Some(out), Some(ours)) = (out, ours) {
            check_shape(name, out.shape(), ours.shape())?;
        }
    }
    assign(&mut out.patches1, pairs.patches1.view(), &value);
    assign(&mut out.patches2, pairs.patches2.view(), &value);
    out.deltas.assign(&pairs.deltas);
    out.rotations.assign(&pairs.rotations);
    for (out, ours) in [(out.positions1, &pairs.positions1), (out.positions2, &pairs.positions2)] {
        if let (Some(mut out), Some(ours)) = (out, ours) {
            out.assign(ours);
        }
    }
    Ok(())
}

fn assign<T: Copy, H, Dim: Dimension>(
    out: &mut ArrayViewMut<'_, H, Dim>,
    from: ArrayView<'_, T, Dim>,
    value: impl Fn(T) -> H,
) {
    ndarray::Zip::from(out).and(from).for_each(|to, from| *to = value(*from));
}
