//! The pixels that both patches of a pair have in common.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::AnyOverlap;

use crate::arguments::{done, into_handle, required, sizes_at};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, QLTY_STATUS_SHAPE, guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run_in_place};

/// The overlaps of pairs: which pixels of the first patches and of the second show the same place. Opaque. It never
/// changes, so any number of threads may use one at once; free it with qlty_overlap_free.
#[derive(Debug)]
pub struct qlty_overlap(AnyOverlap);

/// Finds the overlaps of patches with these deltas and rotations, and stores them in `*overlap`.
///
/// `deltas` is (P, 2) or (P, 3) of type f32, rows (dx, dy) or (dx, dy, dz) of integers, and `rotations` (P) of type
/// i64, the quarter turns of the second patches, taken modulo 4; NULL means no turn. `window` points to 2 or 3 numbers,
/// the size of a patch (y, x) or (z, y, x), which may be smaller than that of the extracted patches, as after a
/// convolution that trims all sides equally. The pixel (u, v) of a first patch is (u - dy, v - dx) of the second before
/// it was turned. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a window that is empty, a delta that is not an integer, or a rotation
/// that is not possible with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_new(
    window: *const i64,
    deltas: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    overlap: Option<&mut MaybeUninit<*mut qlty_overlap>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (out, deltas) = (required("overlap", overlap)?, arrays.input("deltas", deltas)?);
        let rotations = arrays.optional_input("rotations", rotations)?;
        let ndim = match deltas.shape() {
            [_, columns @ (2 | 3)] => *columns,
            shape => {
                let problem = format!("deltas: got shape {shape:?}, expected (P, 2) or (P, 3)");
                return Err(Failure::new(QLTY_STATUS_SHAPE, problem));
            }
        };
        // SAFETY: the host gives a number per spatial axis.
        let window = unsafe { sizes_at("window", window, ndim) }?;
        into_handle(out, qlty_overlap(AnyOverlap::new(&window, deltas, rotations)?))
    })
}

/// Frees overlaps. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_free(overlap: Option<Box<qlty_overlap>>) {
    drop(overlap);
}

/// Stores K, the number of overlapping pixels of all pairs. Pairs that do not overlap have none. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_count(
    overlap: Option<&qlty_overlap>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (overlap, out) = (&required("overlap", overlap)?.0, required("count", count)?);
        done(out, overlap.count() as i64)
    })
}

/// Gathers the overlapping pixels of patches (P, C, y, x) or (P, C, z, y, x) of any type into `pixels1` and `pixels2`,
/// (K, C) of the same type: row k of both shows one place. They come in the order of the pairs, and within a pair row
/// by row in the first patch. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_extract(
    overlap: Option<&qlty_overlap>,
    patches1: Option<&qlty_array>,
    patches2: Option<&qlty_array>,
    pixels1: Option<&qlty_array>,
    pixels2: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let overlap = &required("overlap", overlap)?.0;
        let (patches1, patches2) = (arrays.input("patches1", patches1)?, arrays.input("patches2", patches2)?);
        let (pixels1, pixels2) = (arrays.output("pixels1", pixels1)?, arrays.output("pixels2", pixels2)?);
        run_in_place(progress, user, |monitor| overlap.extract_into(patches1, patches2, pixels1, pixels2, monitor))
    })
}

/// The adjoint of qlty_overlap_extract, which is its backward pass: fills `patches1` and `patches2` with the pixels
/// where they were gathered from, and zero elsewhere. Shapes and types are those of qlty_overlap_extract. Progress
/// counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_adjoint(
    overlap: Option<&qlty_overlap>,
    pixels1: Option<&qlty_array>,
    pixels2: Option<&qlty_array>,
    patches1: Option<&qlty_array>,
    patches2: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let overlap = &required("overlap", overlap)?.0;
        let (pixels1, pixels2) = (arrays.input("pixels1", pixels1)?, arrays.input("pixels2", pixels2)?);
        let (patches1, patches2) = (arrays.output("patches1", patches1)?, arrays.output("patches2", patches2)?);
        run_in_place(progress, user, |monitor| overlap.adjoint_into(pixels1, pixels2, patches1, patches2, monitor))
    })
}

/// Stores where each overlapping pixel lies, for hosts that gather pixels themselves: fills `rows` of type i64, (K, 5)
/// with (pair, u1, v1, u2, v2) for images, or (K, 7) with (pair, u1, v1, w1, u2, v2, w2) for volumes. u, v and w count
/// along the axes of a patch, slowest first; those of the second patch are where the pixel lies after the patch was
/// turned, that is, in the array. Progress counts rows of pixels. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_overlap_correspondence(
    overlap: Option<&qlty_overlap>,
    rows: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (overlap, rows) = (&required("overlap", overlap)?.0, arrays.output("rows", rows)?);
        run_in_place(progress, user, |monitor| overlap.correspondence_into(rows, monitor))
    })
}
