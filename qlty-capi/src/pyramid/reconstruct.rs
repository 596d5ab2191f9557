//! A level of a Laplacian store as a Zarr array.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use ::qlty_pyramid::reconstruct_from_laplacian;

use super::laplacian_options::qlty_reconstruct_options;
use crate::arguments::path_text;
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};
use crate::options::read;

/// Writes a level of the Laplacian store in the folder `store` as a Zarr v3 array to the folder `path`, both in UTF-8,
/// in chunks of the same shape as those of the differences. Memory use does not grow with the number of planes. The
/// array appears at its path when it is complete; a failure leaves no new array, and an old one unchanged. To read a
/// level, or a box of it, into memory, use qlty_image_read. Progress counts planes. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such level or an option is invalid;
/// QLTY_STATUS_STORE if it is not a Laplacian store, or has no smallest level; QLTY_STATUS_EXISTS if `path` exists and
/// may not be replaced; QLTY_STATUS_BUSY if another writer has it; QLTY_STATUS_DTYPE, QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_laplacian_reconstruct(
    store: *const c_char,
    path: *const c_char,
    options: *const qlty_reconstruct_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        let (store, path) = unsafe { (path_text("store", store)?, path_text("path", path)?) };
        // SAFETY: the caller's promise.
        let options = unsafe { read(options)?.options() }?;
        run(progress, user, |monitor| reconstruct_from_laplacian(store, path, &options, monitor))
    })
}
