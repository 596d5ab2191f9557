//! Extracting the patches of pairs.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::extract_pairs_into;

use super::arrays::{PairArrays, qlty_pair_arrays};
use super::handle::qlty_pairs;
use crate::arguments::{done, required};
use crate::array::{Arrays, qlty_array};
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};
use crate::source::{Source, describe, qlty_images};

/// Describes the arrays that hold the first and the second patches of pairs: the type of the images, the shape (P, C,
/// y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are `batch`, of which only type and shape
/// are read, or `images`; the other is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if both images or none are given; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_extract_shape(
    pairs: Option<&qlty_pairs>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    patches: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (pairs, out) = (&required("pairs", pairs)?.0, required("patches", patches)?);
        let (dtype, images) = describe(batch, images, pairs.ndim())?;
        let shape = [&[pairs.len(), images[1]], pairs.window()].concat();
        done(out, qlty_array::describe(dtype, &shape)?)
    })
}

/// Extracts the patches of pairs from images, in their order; qlty_pairs_select chooses among them.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`; the other is NULL. The patches are
/// of the images' type. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if a pair leaves the images or has
/// a rotation that is not possible with its window, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED if
/// images on disk cannot be read, after all of which the values in the arrays are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_extract_into(
    pairs: Option<&qlty_pairs>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    arrays: *const qlty_pair_arrays,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let pairs = required("pairs", pairs)?;
        // SAFETY: the struct and the arrays are as the host promises for all calls.
        unsafe { extract(pairs, batch, images, PairArrays::read(arrays)?, (progress, user)) }
    })
}

/// Deprecated: qlty_pairs_extract_into does the same with the arrays in a struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_extract(
    pairs: Option<&qlty_pairs>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    patches1: Option<&qlty_array>,
    patches2: Option<&qlty_array>,
    deltas: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    positions1: Option<&qlty_array>,
    positions2: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let pairs = required("pairs", pairs)?;
        let out = PairArrays { patches: [patches1, patches2], deltas, rotations, positions: [positions1, positions2] };
        // SAFETY: the arrays are as the host promises for all calls.
        unsafe { extract(pairs, batch, images, out, (progress, user)) }
    })
}

/// # Safety
/// The arrays are as [`Arrays::of_call`] requires.
unsafe fn extract(
    pairs: &qlty_pairs,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    out: PairArrays<'_>,
    (progress, user): (qlty_progress, *mut c_void),
) -> Outcome {
    // SAFETY: the caller's promise.
    let mut arrays = unsafe { Arrays::of_call() };
    let source = Source::new(batch, images, pairs.0.ndim(), &mut arrays)?;
    let out = out.outputs(&mut arrays)?;
    let (window, pairs) = (pairs.0.window(), pairs.0.pairs());
    run(progress, user, |monitor| extract_pairs_into(source.get(), window, pairs, out, monitor))
}
