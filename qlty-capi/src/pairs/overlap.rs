//! The pixels that both patches of a pair show.

use std::ffi::c_void;

use ::qlty_pairs::Overlap;
use ndarray::{ArrayView1, ArrayView2, Ix2};
use qlty_core::{BatchDim, Rank, Spatial};

use super::outputs::next;
use crate::array::qlty_array;
use crate::dtype::{mismatch, name, with_type};
use crate::error::{
    Failure, Outcome, QLTY_STATUS_SHAPE, borrow, free, guard, hand_over, qlty_error, qlty_status, writable,
};
use crate::long_call::{qlty_progress, run};
use crate::rank::{Ranked, sizes, with_rank};

/// The overlaps of pairs: which pixels of the first patches and of the second show the same place.
/// Opaque. It never changes, so any number of threads may use one at once; free it with
/// qlty_overlap_free.
#[derive(Debug)]
pub struct qlty_overlap(Ranked<Overlap<2>, Overlap<3>>);

/// Finds the overlaps of patches with these deltas and rotations, and stores them in `*overlap`.
///
/// `deltas` is (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy, dz) of whole numbers, and
/// `rotations` (P) of type i64, the quarter turns of the second patches, taken modulo 4; NULL means no
/// turn. `window` points to 2 or 3 numbers, the size of a patch (y, x) or (z, y, x), which may be
/// smaller than that of the patches that were cut, as after a convolution that takes as much off all
/// sides. The pixel (u, v) of a first patch is (u - dy, v - dx) of the second before it was turned.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a window that is empty, a delta that is no whole
/// number, or a rotation that does not go with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `window` is NULL or points to a number per spatial axis; `deltas` and `rotations` are NULL or arrays
/// that are not written during the call; `overlap` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_new(
    window: *const i64,
    deltas: *const qlty_array,
    rotations: *const qlty_array,
    overlap: *mut *mut qlty_overlap,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        let out = writable("overlap", overlap)?;
        // SAFETY: the caller's promise.
        let (deltas, rotations) = unsafe { (borrow("deltas", deltas)?, rotations.as_ref()) };
        // SAFETY: the caller's promise.
        unsafe { borrow("window", window) }?;
        let made = match deltas.shape("deltas")?[..] {
            // SAFETY: the caller's promise.
            [_, 2] => Ranked::Two(unsafe { find(window, deltas, rotations) }?),
            // SAFETY: the caller's promise.
            [_, 3] => Ranked::Three(unsafe { find(window, deltas, rotations) }?),
            ref shape => {
                let problem = format!("deltas: got shape {shape:?}, expected (P, 2) or (P, 3)");
                return Err(Failure::new(QLTY_STATUS_SHAPE, problem));
            }
        };
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_overlap(made)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// `window` points to `D` numbers; the arrays are as [`qlty_array::view`] asks.
unsafe fn find<const D: usize>(
    window: *const i64,
    deltas: &qlty_array,
    rotations: Option<&qlty_array>,
) -> Outcome<Overlap<D>>
where
    Spatial<D>: Rank,
{
    // SAFETY: the caller's promise.
    let window: [i64; D] = std::array::from_fn(|d| unsafe { window.add(d).read() });
    // SAFETY: the caller's promise.
    let deltas: ArrayView2<'_, f32> = unsafe { deltas.view("deltas") }?;
    let turns: Option<ArrayView1<'_, i64>> = match rotations {
        // SAFETY: the caller's promise.
        Some(rotations) => Some(unsafe { rotations.view("rotations") }?),
        None => None,
    };
    Ok(Overlap::new(sizes("window", &window)?, deltas, turns)?)
}

/// Frees overlaps. NULL is fine.
///
/// # Safety
/// `overlap` is NULL or overlaps that have not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_free(overlap: *mut qlty_overlap) {
    // SAFETY: the caller's promise.
    unsafe { free(overlap) };
}

/// Stores K, the number of overlapping pixels of all pairs. Pairs that do not overlap have none. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `overlap` is NULL or overlaps; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_count(
    overlap: *const qlty_overlap,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (overlap, stored) = (unsafe { borrow("overlap", overlap) }?, writable("count", count)?);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { stored.write(with_rank!(&overlap.0, o, _D => o.count()) as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Gathers the overlapping pixels of patches (P, C, y, x) or (P, C, z, y, x) of any type into `pixels1`
/// and `pixels2`, (K, C) of the same type: row k of both shows one place. They come in the order of
/// the pairs, and within a pair row by row in the first patch. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where arrays overlap; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `overlap` is NULL or overlaps; the arrays are NULL or arrays, of which the patches are not written
/// and the pixels not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_extract(
    overlap: *const qlty_overlap,
    patches1: *const qlty_array,
    patches2: *const qlty_array,
    pixels1: *const qlty_array,
    pixels2: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let overlap = unsafe { borrow("overlap", overlap) }?;
        // SAFETY: the caller's promise.
        let (patches1, patches2) = unsafe { (borrow("patches1", patches1)?, borrow("patches2", patches2)?) };
        // SAFETY: the caller's promise.
        let (pixels1, pixels2) = unsafe { (borrow("pixels1", pixels1)?, borrow("pixels2", pixels2)?) };
        check_alike("patches2", patches2, patches1)?;
        let mut others = vec![("patches1", patches1), ("patches2", patches2)];
        with_rank!(&overlap.0, o, D => with_type!("patches1", patches1.dtype, T => {
            // SAFETY: the caller's promise.
            let (first, second, to1, to2) = unsafe {(
                patches1.view::<T, BatchDim<D>>("patches1")?,
                patches2.view::<T, BatchDim<D>>("patches2")?,
                next::<T, Ix2>("pixels1", pixels1, &mut others)?,
                next::<T, Ix2>("pixels2", pixels2, &mut others)?,
            )};
            run(progress, user, |monitor| o.extract_into(first, second, to1, to2, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// The adjoint of qlty_overlap_extract, with which a host registers its gradient: fills `patches1` and
/// `patches2` with the pixels where they were gathered from, and zero elsewhere. Shapes and types are
/// those of qlty_overlap_extract. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where arrays overlap; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `overlap` is NULL or overlaps; the arrays are NULL or arrays, of which the pixels are not written
/// and the patches not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_adjoint(
    overlap: *const qlty_overlap,
    pixels1: *const qlty_array,
    pixels2: *const qlty_array,
    patches1: *const qlty_array,
    patches2: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let overlap = unsafe { borrow("overlap", overlap) }?;
        // SAFETY: the caller's promise.
        let (pixels1, pixels2) = unsafe { (borrow("pixels1", pixels1)?, borrow("pixels2", pixels2)?) };
        // SAFETY: the caller's promise.
        let (patches1, patches2) = unsafe { (borrow("patches1", patches1)?, borrow("patches2", patches2)?) };
        check_alike("pixels2", pixels2, pixels1)?;
        let mut others = vec![("pixels1", pixels1), ("pixels2", pixels2)];
        with_rank!(&overlap.0, o, D => with_type!("pixels1", pixels1.dtype, T => {
            // SAFETY: the caller's promise.
            let (first, second, to1, to2) = unsafe {(
                pixels1.view::<T, Ix2>("pixels1")?,
                pixels2.view::<T, Ix2>("pixels2")?,
                next::<T, BatchDim<D>>("patches1", patches1, &mut others)?,
                next::<T, BatchDim<D>>("patches2", patches2, &mut others)?,
            )};
            run(progress, user, |monitor| o.adjoint_into(first, second, to1, to2, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fails where two arrays differ in their type.
fn check_alike(argument: &str, got: &qlty_array, expected: &qlty_array) -> Outcome {
    if got.dtype == expected.dtype {
        return Ok(());
    }
    Err(mismatch(argument, got.dtype, &format!("{} like the first", name(expected.dtype))))
}

/// Tells where each overlapping pixel lies, for hosts that gather by themselves: fills `rows` of type
/// i64, (K, 5) with (pair, u1, v1, u2, v2) for images, or (K, 7) with (pair, u1, v1, w1, u2, v2, w2) for
/// volumes. u, v and w count along the axes of a patch, slowest first; those of the second patch are
/// where the pixel lies after the patch was turned, that is, in the array. Progress counts rows of
/// pixels. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `overlap` is NULL or overlaps; `rows` is NULL or an array that is not used by others during the
/// call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_correspondence(
    overlap: *const qlty_overlap,
    rows: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (overlap, rows) = unsafe { (borrow("overlap", overlap)?, borrow("rows", rows)?) };
        // SAFETY: the caller's promise.
        let out = unsafe { rows.view_mut::<i64, Ix2>("rows", &[]) }?;
        with_rank!(&overlap.0, o, _D => run(progress, user, |monitor| o.correspondence_into(out, monitor)))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
