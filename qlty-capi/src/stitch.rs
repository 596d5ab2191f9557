//! Stitching all at once, and the adjoints.

use std::ffi::c_void;

use qlty_core::{BatchDim, WindowDim};

use crate::array::qlty_array;
use crate::dtype::{mismatch, name, sum_of, with_type};
use crate::error::{Outcome, borrow, guard, qlty_error, qlty_status, writable};
use crate::long_call::{qlty_progress, run};
use crate::quilt::{qlty_quilt, with_quilt};

/// Describes the arrays that stitching `patches` gives: `*batch`, (N, C, Y, X) or (N, C, Z, Y, X),
/// and, where `weights` is not NULL, `*weights`, (Y, X) or (Z, Y, X); both of type f32 or f64, with
/// strides in C order and data NULL. Patches of u32, i32, u64, i64 and f64 give f64, others f32. Of
/// `patches` the type and the shape are read, not the data. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where the patches are not those
/// of whole images, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `quilt` is NULL or a quilt; `patches` is NULL or an array; `batch`, `weights` and `error` are
/// NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch_shape(
    quilt: *const qlty_quilt,
    patches: *const qlty_array,
    batch: *mut qlty_array,
    weights: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, patches) = unsafe { (borrow("quilt", quilt)?, borrow("patches", patches)?) };
        let (shape, out) = (patches.shape("patches")?, writable("batch", batch)?);
        let dtype = sum_of("patches", patches.dtype)?;
        let (batch_shape, size) =
            with_quilt!(quilt, q, _D => q.stitch_shape(&shape).map(|shape| (shape, q.size().to_vec())))?;
        let (batch, sums) = (qlty_array::describe(dtype, &batch_shape)?, qlty_array::describe(dtype, &size)?);
        // SAFETY: not null, and the caller promises that they may be written.
        unsafe {
            out.write(batch);
            if !weights.is_null() {
                weights.write(sums);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Puts all patches of a batch back together: each pixel of `batch` is the mean of the patches over
/// it, weighted with the windows' profile.
///
/// `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, in the order of the patch index.
/// `batch` and `weights` have the type and the shape that qlty_quilt_stitch_shape says; `weights`
/// may be NULL, and gets the sum of the window weights per pixel. Sums run in the order of the
/// patch index: the result is the same to the bit for any number of threads. Progress counts rows.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where the step leaves gaps between the windows, or
/// where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `quilt` is NULL or a quilt; `patches`, `batch` and `weights` are NULL or arrays, of which the
/// first is not written and the others not used by others during the call; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch(
    quilt: *const qlty_quilt,
    patches: *const qlty_array,
    batch: *const qlty_array,
    weights: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, patches) = unsafe { (borrow("quilt", quilt)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        let (batch, weights) = unsafe { (borrow("batch", batch)?, weights.as_ref()) };
        check_sums("batch", batch, patches)?;
        with_quilt!(quilt, q, D => with_type!("patches", patches.dtype, T => {
            type Sum = <T as qlty_core::Element>::Sum;
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                patches.view::<T, BatchDim<D>>("patches")?,
                batch.view_mut::<Sum, BatchDim<D>>("batch", &[("patches", patches)])?,
            )};
            let others = [("patches", patches), ("batch", batch)];
            // SAFETY: the caller's promise.
            let sums = weights.map(|weights| unsafe { weights.view_mut::<Sum, WindowDim<D>>("weights", &others) });
            let sums = sums.transpose()?;
            run(progress, user, |monitor| q.stitch_into(from, to, sums, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Applies the adjoint of qlty_quilt_unstitch: each pixel of `batch` becomes the sum of the patch
/// pixels that were copied from it. Shapes and types are those of qlty_quilt_stitch. Progress
/// counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `quilt` is NULL or a quilt; `patches` and `batch` are NULL or arrays, of which the first is not
/// written and the second not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_adjoint(
    quilt: *const qlty_quilt,
    patches: *const qlty_array,
    batch: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, patches) = unsafe { (borrow("quilt", quilt)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        let batch = unsafe { borrow("batch", batch) }?;
        check_sums("batch", batch, patches)?;
        with_quilt!(quilt, q, D => with_type!("patches", patches.dtype, T => {
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                patches.view::<T, BatchDim<D>>("patches")?,
                batch.view_mut::<<T as qlty_core::Element>::Sum, BatchDim<D>>("batch", &[("patches", patches)])?,
            )};
            run(progress, user, |monitor| q.unstitch_adjoint_into(from, to, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Applies the adjoint of qlty_quilt_stitch: each pixel of a patch becomes the pixel of `batch` that
/// it was added to, times its share in it. `batch` and `patches` are both of type f32 or both f64;
/// `patches` has all patches of the batch. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where the step leaves gaps between the windows, or
/// where the arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `quilt` is NULL or a quilt; `batch` and `patches` are NULL or arrays, of which the first is not
/// written and the second not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch_adjoint(
    quilt: *const qlty_quilt,
    batch: *const qlty_array,
    patches: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, batch) = unsafe { (borrow("quilt", quilt)?, borrow("batch", batch)?) };
        // SAFETY: the caller's promise.
        let patches = unsafe { borrow("patches", patches) }?;
        with_quilt!(quilt, q, D => with_type!("batch", batch.dtype, S: real => {
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                batch.view::<S, BatchDim<D>>("batch")?,
                patches.view_mut::<S, BatchDim<D>>("patches", &[("batch", batch)])?,
            )};
            run(progress, user, |monitor| q.stitch_adjoint_into(from, to, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fails where an array does not have the type in which values of another are summed.
pub(crate) fn check_sums(argument: &str, sums: &qlty_array, values: &qlty_array) -> Outcome {
    let expected = sum_of("patches", values.dtype)?;
    if sums.dtype != expected {
        return Err(mismatch(argument, sums.dtype, &format!("{} for these patches", name(expected))));
    }
    Ok(())
}
