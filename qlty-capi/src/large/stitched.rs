//! Reading a result.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use ::qlty_large::AnyStitchedArray;

use crate::arguments::{done, into_handle, path_text, required, start_at};
use crate::array::{Arrays, check_ndim, qlty_array};
use crate::dtype::number;
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};

/// An array of a result on disk: its mean or its standard deviation, (N, C, Y, X) or (N, C, Z, Y, X). Up to 256 MiB of
/// decoded chunks are cached. Opaque. Any number of threads may use one at once; free it with qlty_stitched_free.
#[derive(Debug)]
pub struct qlty_stitched(pub(super) AnyStitchedArray);

/// Opens an array of a result in the folder `path`, such as "folder/name_mean.zarr", in UTF-8, and stores it in
/// `*stitched`. Unfinished tiles read as the fill value; to see what is written later, open the array again. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no array;
/// QLTY_STATUS_FOREIGN if it was not made by this library; QLTY_STATUS_DAMAGED, QLTY_STATUS_DTYPE and QLTY_STATUS_STORE
/// if it has changed since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_open(
    path: *const c_char,
    stitched: Option<&mut MaybeUninit<*mut qlty_stitched>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the path is as the host promises for all calls.
        let (path, out) = (unsafe { path_text("path", path) }?, required("stitched", stitched)?);
        into_handle(out, qlty_stitched(in_pool(|| AnyStitchedArray::open(path))?))
    })
}

/// Frees an array of a result, which stays on disk. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_free(stitched: Option<Box<qlty_stitched>>) {
    drop(stitched);
}

/// Describes the array: its type, f32 or f64, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order; data
/// is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_shape(
    stitched: Option<&qlty_stitched>,
    batch: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stitched, out) = (&required("stitched", stitched)?.0, required("batch", batch)?);
        done(out, qlty_array::describe(number(stitched.dtype()), stitched.shape())?)
    })
}

/// Reads a box of the array into `batch`, of the same type and number of axes. `start` is the first image, channel and
/// pixel (y, x) or (z, y, x) of the box, 4 or 5 numbers; NULL means all 0. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number; QLTY_STATUS_SHAPE if the box leaves the array;
/// QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_DAMAGED and QLTY_STATUS_OUT_OF_MEMORY if a
/// chunk cannot be read, is damaged or too large, after which the values in `batch` are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_read(
    stitched: Option<&qlty_stitched>,
    start: *const i64,
    batch: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let stitched = &required("stitched", stitched)?.0;
        let batch = arrays.output_of("batch", batch, &[stitched.dtype()])?;
        // SAFETY: the host gives a number per axis, or NULL.
        let start = unsafe { start_at(start, stitched.shape().len()) }?;
        check_ndim("batch", batch.shape(), stitched.shape().len())?;
        run(progress, user, |monitor| stitched.read_into(&start, batch, monitor))
    })
}
