//! Cutting patches for a result on disk, and adding what the host made of them.

use std::ffi::c_void;

use super::handle::qlty_large;
use crate::array::{indices, indices_of, qlty_array};
use crate::dtype::check_dtype;
use crate::error::{borrow, guard, qlty_error, qlty_status, size, writable};
use crate::long_call::qlty_progress;
use crate::source::{Source, qlty_images};

/// Describes the array that holds `count` patches of images: the type of the images, the shape
/// (P, C, y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are `batch`, of
/// which the type and the shape are read and not the data, or `images`; the other is NULL. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where both images or none are
/// given; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `large` is NULL or a result in work; `batch` is NULL or an array; `images` is NULL or images;
/// `patches` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_unstitch_shape(
    large: *const qlty_large,
    batch: *const qlty_array,
    images: *const qlty_images,
    count: i64,
    patches: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, source) = unsafe { (borrow("large", large)?, Source::new(batch, images)?) };
        let (count, out) = (size("count", count)?, writable("patches", patches)?);
        check_dtype("batch", source.dtype())?;
        let window = large.0.window();
        let shape: Vec<usize> = [count, source.shape(window.len())?[1]].into_iter().chain(window).collect();
        let described = qlty_array::describe(source.dtype(), &shape)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Cuts the patches of these indices, (P) of type i64, out of images, in their order.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`, of which only
/// what the patches cover is read; the other is NULL. `patches` is (P, C, y, x) or (P, C, z, y, x) of
/// the images' type. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where there is no
/// such patch, or where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED where
/// images on disk cannot be read, after all of which the values in `patches` are unspecified.
///
/// # Safety
/// `large` is NULL or a result in work; `images` is NULL or images; the arrays are NULL or arrays,
/// of which `patches` is not used by others and the rest not written during the call; `error` is
/// NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_unstitch(
    large: *const qlty_large,
    batch: *const qlty_array,
    images: *const qlty_images,
    indices: *const qlty_array,
    patches: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, source) = unsafe { (borrow("large", large)?, Source::new(batch, images)?) };
        // SAFETY: the caller's promise.
        let (indices, patches) = unsafe { (self::indices("indices", indices)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        unsafe { large.0.unstitch(source, &indices, patches, progress, user) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. Tiles that are
/// then complete are written before the call returns.
///
/// `indices` is (P) of type i64; `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, of which C is
/// the same in all calls. `variances`, of the same type and shape, come with them where a standard
/// deviation was asked for, and are NULL else. Patches that one thread adds in the order of their
/// index give the result of qlty_quilt_stitch to the bit, where the type of the sums is the same;
/// other orders give it to the rounding of the sums. Progress counts tiles. Any thread.
///
/// Errors, of which these add nothing: QLTY_STATUS_INVALID_ARGUMENT for NULL, where an index is no patch
/// of the shard, where there are not as many indices as patches, or where variances are missing or not
/// asked for; QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. After QLTY_STATUS_IO, as on
/// a full disk, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED the patches
/// stay pending, and the same call may be made again: it adds what is missing.
///
/// # Safety
/// `large` is NULL or a result in work; the arrays are NULL or arrays that are not written during
/// the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_stitch(
    large: *const qlty_large,
    indices: *const qlty_array,
    patches: *const qlty_array,
    variances: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, patches) = unsafe { (borrow("large", large)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        let (indices, variances) = unsafe { (indices_of(patches, indices)?, variances.as_ref()) };
        // SAFETY: the caller's promise.
        unsafe { large.0.stitch(&indices, patches, variances, progress, user) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Says that the patches of these indices, (K) of type i64, will not come, as of background: their
/// weights then count nowhere, and pixels that only they reach hold the fill value. A skipped patch is
/// not pending; after the end of the process that is known of those in finished tiles and in the last
/// checkpoint. Any thread.
///
/// Errors: those of qlty_large_stitch; QLTY_STATUS_INVALID_ARGUMENT as long as the number of channels is
/// not known.
///
/// # Safety
/// `large` is NULL or a result in work; `indices` is NULL or an array that is not written during the
/// call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_skip(
    large: *const qlty_large,
    indices: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, indices) = unsafe { (borrow("large", large)?, self::indices("indices", indices)?) };
        large.0.skip(&indices)
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
