//! Unstitching, and positional channels.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use qlty_core::{Origin, Positional};

use crate::arguments::{done, required, size};
use crate::array::{Arrays, qlty_array};
use crate::dtype::dtype_of;
use crate::error::{Failure, guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run_in_place};
use crate::quilt::qlty_quilt;

/// Describes the array that holds `count` patches of `batch`: its type, its shape (count, C, y, x) or (count, C, z, y,
/// x), and its strides in C order; data is NULL. A negative `count` stands for all patches of the batch. Of `batch`
/// only type and shape are read. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if the batch does not have the size of the quilt,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_shape(
    quilt: Option<&qlty_quilt>,
    batch: Option<&qlty_array>,
    count: i64,
    patches: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (quilt, batch) = (required("quilt", quilt)?, required("batch", batch)?);
        let out = required("patches", patches)?;
        let shape = quilt.0.unstitch_shape(&batch.shape("batch")?, usize::try_from(count).ok())?;
        dtype_of("batch", batch.dtype)?;
        done(out, qlty_array::describe(batch.dtype, &shape)?)
    })
}

/// Copies patches of `batch` into `patches`: as many as it has room for, from patch index `first` on.
///
/// `batch` is (N, C, Y, X) or (N, C, Z, Y, X) of any type, `patches` (P, C, y, x) or (P, C, z, y, x) of the same type;
/// values are copied unchanged. Patches are numbered in C order over (n, z, y, x). Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or if the arrays overlap;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch(
    quilt: Option<&qlty_quilt>,
    batch: Option<&qlty_array>,
    first: i64,
    patches: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, first) = (required("quilt", quilt)?, size("first", first)?);
        let (batch, patches) = (arrays.input("batch", batch)?, arrays.output("patches", patches)?);
        run_in_place(progress, user, |monitor| quilt.0.unstitch_into(batch, first, patches, monitor))
    })
}

/// Positional coordinates count from the first pixel of the image ("absolute").
pub const QLTY_ORIGIN_IMAGE: i32 = 0;
/// Positional coordinates count from the first pixel of the window ("relative").
pub const QLTY_ORIGIN_WINDOW: i32 = 1;

/// Fills `channels`, (P, 2, y, x) or (P, 3, z, y, x) of type f16, bf16, f32 or f64, with the coordinates of the pixels
/// of patches, from patch index `first` on: along y and x, or z, y and x.
///
/// `origin` is a QLTY_ORIGIN. If `normalize` is not 0, coordinates are divided by the size of the image, or by the last
/// coordinate of a window. To append them to the channels of a batch, pass two views of one array to
/// qlty_quilt_unstitch and this function. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or an invalid origin, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_positional(
    quilt: Option<&qlty_quilt>,
    first: i64,
    origin: i32,
    normalize: i32,
    channels: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, first) = (required("quilt", quilt)?, size("first", first)?);
        let channels = arrays.output("channels", channels)?;
        let origin = match origin {
            QLTY_ORIGIN_IMAGE => Origin::Image,
            QLTY_ORIGIN_WINDOW => Origin::Window,
            other => return Err(Failure::argument(format!("origin: got {other}, expected a QLTY_ORIGIN"))),
        };
        Ok(quilt.0.positional_into(first, channels, Positional { origin, normalize: normalize != 0 })?)
    })
}
