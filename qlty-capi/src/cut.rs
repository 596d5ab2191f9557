//! Cutting, and the channels that say where a pixel lies.

use std::ffi::c_void;

use qlty_core::{BatchDim, Origin, Positional};

use crate::array::qlty_array;
use crate::dtype::{check_dtype, with_type};
use crate::error::{Failure, borrow, guard, qlty_error, qlty_status, size, writable};
use crate::long_call::{qlty_progress, run};
use crate::quilt::{qlty_quilt, with_quilt};

/// Describes the array that holds `count` patches of `batch`: its type, its shape (count, C, y, x)
/// or (count, C, z, y, x), and its strides in C order; data is NULL. A negative `count` stands for
/// all patches of the batch. Of `batch` the type and the shape are read, not the data. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where the batch does not have
/// the size of the quilt, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `quilt` is NULL or a quilt; `batch` is NULL or an array; `patches` and `error` are NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_shape(
    quilt: *const qlty_quilt,
    batch: *const qlty_array,
    count: i64,
    patches: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, batch) = unsafe { (borrow("quilt", quilt)?, borrow("batch", batch)?) };
        let (batch_shape, out) = (batch.shape("batch")?, writable("patches", patches)?);
        let shape = with_quilt!(quilt, q, _D => q.unstitch_shape(&batch_shape, usize::try_from(count).ok()))?;
        check_dtype("batch", batch.dtype)?;
        let described = qlty_array::describe(batch.dtype, &shape)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Cuts as many patches as `patches` has room for out of `batch`, from patch index `first` on.
///
/// `batch` is (N, C, Y, X) or (N, C, Z, Y, X) of any type, `patches` (P, C, y, x) or (P, C, z, y, x)
/// of the same type; values are copied bit by bit. Patches count in C order over (n, z, y, x).
/// Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or where the arrays
/// overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `quilt` is NULL or a quilt; `batch` and `patches` are NULL or arrays, of which the first is not
/// written and the second not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch(
    quilt: *const qlty_quilt,
    batch: *const qlty_array,
    first: i64,
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
        let first = size("first", first)?;
        with_quilt!(quilt, q, D => with_type!("batch", batch.dtype, T => {
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                batch.view::<T, BatchDim<D>>("batch")?,
                patches.view_mut::<T, BatchDim<D>>("patches", &[("batch", batch)])?,
            )};
            run(progress, user, |monitor| q.unstitch_into(from, first, to, monitor))
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Positional coordinates count from the first pixel of the image ("absolute").
pub const QLTY_ORIGIN_IMAGE: i32 = 0;
/// Positional coordinates count from the first pixel of the window ("relative").
pub const QLTY_ORIGIN_WINDOW: i32 = 1;

/// Fills `channels`, (P, 2, y, x) or (P, 3, z, y, x) of type f16, bf16, f32 or f64, with the
/// coordinates of the pixels of patches, from patch index `first` on: along y and x, or z, y and x.
///
/// `origin` is a QLTY_ORIGIN. Where `normalize` is not 0, coordinates are divided by the size of
/// the image, or by the last coordinate of a window. To have them behind the channels of a batch,
/// give qlty_quilt_unstitch and this function two views of one array. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or an origin that is none, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `channels` is NULL or an array whose values may be written; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_positional(
    quilt: *const qlty_quilt,
    first: i64,
    origin: i32,
    normalize: i32,
    channels: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, channels) = unsafe { (borrow("quilt", quilt)?, borrow("channels", channels)?) };
        let first = size("first", first)?;
        let origin = match origin {
            QLTY_ORIGIN_IMAGE => Origin::Image,
            QLTY_ORIGIN_WINDOW => Origin::Window,
            other => return Err(Failure::argument(format!("origin: got {other}, expected a QLTY_ORIGIN"))),
        };
        let positional = Positional { origin, normalize: normalize != 0 };
        with_quilt!(quilt, q, D => with_type!("channels", channels.dtype, T: float => {
            // SAFETY: the caller's promise.
            let out = unsafe { channels.view_mut::<T, BatchDim<D>>("channels", &[]) }?;
            Ok(q.positional_into(first, out, positional)?)
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
