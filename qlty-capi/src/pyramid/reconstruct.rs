//! A level of a Laplacian store as a Zarr array.

use std::ffi::{c_char, c_void};

use ::qlty_pyramid::reconstruct_from_laplacian;

use super::laplacian_options::qlty_reconstruct_options;
use crate::error::{guard, path_text, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};
use crate::options::read;

/// Writes a level of the Laplacian store in the folder `store` as a Zarr v3 array to the folder `path`, both
/// in UTF-8, in chunks of the shape of the differences'. Memory does not grow with the number of planes. The
/// array appears under its name when it is complete; a failure leaves no new one, and an old one as it
/// was. qlty_image_read gives a region of a level, or all, in memory. Progress counts planes. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such level or an option is none;
/// QLTY_STATUS_STORE where it is no Laplacian store, or one without its smallest level;
/// QLTY_STATUS_EXISTS where there is something under `path` that may not be replaced; QLTY_STATUS_DTYPE,
/// QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `store` and `path` are NULL or strings; `options` is NULL or was filled by
/// qlty_reconstruct_options_init, and its strings are NULL or strings; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_laplacian_reconstruct(
    store: *const c_char,
    path: *const c_char,
    options: *const qlty_reconstruct_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (store, path) = unsafe { (path_text("store", store)?, path_text("path", path)?) };
        // SAFETY: the caller's promise.
        let options = unsafe { read(options)?.options() }?;
        run(progress, user, |monitor| reconstruct_from_laplacian(store, path, &options, monitor))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
