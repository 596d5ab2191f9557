//! The arrays that pairs are written to.

use ::qlty_pairs::Positions;
use ::qlty_pairs::dynamic::AnyPairsMut;

use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, Outcome};
use crate::options::{options, read_as};

/// The arrays that pairs of patches are written to. Set all bytes to 0 first, then struct_size and the arrays.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pair_arrays {
    /// sizeof(qlty_pair_arrays) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Must be 0.
    pub reserved: i32,
    /// The first patches, (P, C, y, x) or (P, C, z, y, x).
    pub patches1: *const qlty_array,
    /// The second patches, displaced and turned, of the same type and shape.
    pub patches2: *const qlty_array,
    /// Where the second patch starts relative to the first: (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy,
    /// dz).
    pub deltas: *const qlty_array,
    /// The quarter turns of the second patches, counter-clockwise, 0 to 3: (P) of type i64.
    pub rotations: *const qlty_array,
    /// Where the first patches start, of type i64: rows (y, x) or (z, y, x), or with one more column (n, y, x) or (n,
    /// z, y, x). NULL where this is not wanted.
    pub positions1: *const qlty_array,
    /// Where the second patches start, as positions1, or NULL.
    pub positions2: *const qlty_array,
}

options! {
    qlty_pair_arrays, at least 56 bytes, filled by "";
    reserved: 0,
    patches1: std::ptr::null(),
    patches2: std::ptr::null(),
    deltas: std::ptr::null(),
    rotations: std::ptr::null(),
    positions1: std::ptr::null(),
    positions2: std::ptr::null(),
}

/// The arrays of a call; those of positions may be left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct PairArrays<'a> {
    pub(super) patches: [Option<&'a qlty_array>; 2],
    pub(super) deltas: Option<&'a qlty_array>,
    pub(super) rotations: Option<&'a qlty_array>,
    pub(super) positions: [Option<&'a qlty_array>; 2],
}

impl<'a> PairArrays<'a> {
    /// # Safety
    /// `arrays` is NULL or points to a struct of the size that it begins with, whose pointers are NULL or lead to
    /// arrays that nobody writes during `'a`, though their values may be written.
    pub(super) unsafe fn read(arrays: *const qlty_pair_arrays) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        let arrays = unsafe { read_as("arrays", arrays) }?;
        if arrays.reserved != 0 {
            return Err(Failure::argument(format!("reserved of arrays: got {}, expected 0", arrays.reserved)));
        }
        // SAFETY: as above.
        unsafe {
            Ok(Self {
                patches: [arrays.patches1.as_ref(), arrays.patches2.as_ref()],
                deltas: arrays.deltas.as_ref(),
                rotations: arrays.rotations.as_ref(),
                positions: [arrays.positions1.as_ref(), arrays.positions2.as_ref()],
            })
        }
    }

    /// The arrays, to be written, which share no memory with each other or the other arrays of the call.
    pub(super) fn outputs<'b>(&self, arrays: &mut Arrays<'b>) -> Outcome<AnyPairsMut<'b>> {
        Ok(AnyPairsMut {
            patches1: arrays.output("patches1", self.patches[0])?,
            patches2: arrays.output("patches2", self.patches[1])?,
            deltas: arrays.output("deltas", self.deltas)?,
            rotations: arrays.output("rotations", self.rotations)?,
            positions1: arrays.optional_output("positions1", self.positions[0])?,
            positions2: arrays.optional_output("positions2", self.positions[1])?,
        })
    }

    /// Fails if there are arrays for positions that a store does not have.
    pub(super) fn check_positions(&self, stored: Positions) -> Outcome {
        let positions = ["positions1", "positions2"].into_iter().zip(self.positions);
        match positions.filter(|_| stored == Positions::None).find(|(_, positions)| positions.is_some()) {
            Some((name, _)) => {
                let expected = "NULL, since the store has no positions";
                Err(Failure::argument(format!("{name}: got an array, expected {expected}")))
            }
            None => Ok(()),
        }
    }
}
