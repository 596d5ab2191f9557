//! Reading a result.

use std::ffi::{c_char, c_void};
use std::path::Path;

use ::qlty_large::{Accumulator, StitchedArray};
use qlty_core::{BatchDim, Rank, Spatial};

use crate::array::qlty_array;
use crate::dtype::{QLTY_DTYPE_F64, Typed, qlty_dtype, stored_as};
use crate::error::{Outcome, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, size, writable};
use crate::long_call::{in_pool, qlty_progress, run};

/// An array of a result on disk: its mean or its standard deviation, (N, C, Y, X) or (N, C, Z, Y, X). Of
/// what is read, up to 256 MiB of decoded chunks are kept. Opaque. Any number of threads may use one
/// at once; free it with qlty_stitched_free.
#[derive(Debug)]
pub struct qlty_stitched(pub(super) Box<dyn AnyStitched>);

/// An array of any type and number of spatial axes.
pub(super) trait AnyStitched: std::fmt::Debug + Send + Sync {
    fn dtype(&self) -> qlty_dtype;
    fn shape(&self) -> &[usize];
    /// # Safety
    /// The array is as [`qlty_array::view_mut`] asks.
    unsafe fn read(&self, start: &[usize], out: &qlty_array, progress: qlty_progress, user: *mut c_void) -> Outcome;
}

impl<A: Accumulator + Typed, const D: usize> AnyStitched for StitchedArray<A, D>
where
    Spatial<D>: Rank,
{
    fn dtype(&self) -> qlty_dtype {
        A::DTYPE
    }

    fn shape(&self) -> &[usize] {
        self.shape()
    }

    unsafe fn read(&self, start: &[usize], out: &qlty_array, progress: qlty_progress, user: *mut c_void) -> Outcome {
        // SAFETY: the caller's promise.
        let out = unsafe { out.view_mut::<A, BatchDim<D>>("batch", &[]) }?;
        let pixel = std::array::from_fn(|d| start[2 + d]);
        run(progress, user, |monitor| self.read_into(pixel, start[0], start[1], out, monitor))
    }
}

fn open(path: &Path) -> Outcome<Box<dyn AnyStitched>> {
    // What is no result is refused by the opening itself, which says best why.
    let (name, axes) = qlty_core::zarr::inspect(path).unwrap_or_default();
    Ok(match (stored_as(&name), axes) {
        (Some(QLTY_DTYPE_F64), 5) => Box::new(StitchedArray::<f64, 3>::open(path)?),
        (Some(QLTY_DTYPE_F64), _) => Box::new(StitchedArray::<f64, 2>::open(path)?),
        (_, 5) => Box::new(StitchedArray::<f32, 3>::open(path)?),
        _ => Box::new(StitchedArray::<f32, 2>::open(path)?),
    })
}

/// Opens an array of a result in the folder `path`, such as "folder/name_mean.zarr", in UTF-8, and
/// stores it in `*stitched`. Tiles that are not finished read as the fill value; to see what is written
/// later, open it anew. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
/// there is no array; QLTY_STATUS_FOREIGN where it was not made by this library; QLTY_STATUS_DAMAGED,
/// QLTY_STATUS_DTYPE and QLTY_STATUS_STORE where it has changed since.
///
/// # Safety
/// `path` is NULL or a string; `stitched` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_open(
    path: *const c_char,
    stitched: *mut *mut qlty_stitched,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (path, out) = (unsafe { path_text("path", path) }?, writable("stitched", stitched)?);
        let opened = in_pool(|| open(Path::new(path)))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_stitched(opened)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees an array of a result, which stays on disk. NULL is fine.
///
/// # Safety
/// `stitched` is NULL or has not been freed, is in use by no thread, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_free(stitched: *mut qlty_stitched) {
    // SAFETY: the caller's promise.
    unsafe { free(stitched) };
}

/// Describes the array: its type, f32 or f64, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in
/// C order; data is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `stitched` is NULL or an array of a result; `batch` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_shape(
    stitched: *const qlty_stitched,
    batch: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitched, out) = (unsafe { borrow("stitched", stitched) }?, writable("batch", batch)?);
        let described = qlty_array::describe(stitched.0.dtype(), stitched.0.shape())?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Reads the box that has the shape of `batch`, of the array's type, and begins at `start`: 4 or 5
/// numbers, the image, the channel and the first pixel (y, x) or (z, y, x). NULL means all 0, so that
/// a `batch` of the array's shape gets all of it. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number; QLTY_STATUS_SHAPE where the box
/// leaves the array; QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED and QLTY_STATUS_OUT_OF_MEMORY where a chunk is not read, damaged or too large, after
/// which the values in `batch` are unspecified.
///
/// # Safety
/// `stitched` is NULL or an array of a result; `start` is NULL or points to as many numbers as the
/// array has axes; `batch` is NULL or an array that is not used by others during the call; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitched_read(
    stitched: *const qlty_stitched,
    start: *const i64,
    batch: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitched, batch) = unsafe { (borrow("stitched", stitched)?, borrow("batch", batch)?) };
        let number = |axis: usize| match start.is_null() {
            true => Ok(0),
            // SAFETY: not null, and the caller promises a number per axis.
            false => size("start", unsafe { start.add(axis).read() }),
        };
        let from = (0..stitched.0.shape().len()).map(number).collect::<Outcome<Vec<usize>>>()?;
        // SAFETY: the caller's promise.
        unsafe { stitched.0.read(&from, batch, progress, user) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
