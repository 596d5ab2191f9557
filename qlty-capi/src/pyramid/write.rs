//! Writing pyramids of a stack, or of an array of the host's.

use std::ffi::{c_char, c_void};

use super::how::{How, Source};
use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::stack::qlty_stack;
use crate::array::qlty_array;
use crate::error::{guard, path_text, qlty_error, qlty_status};
use crate::long_call::qlty_progress;

/// Writes an image and its coarser levels as OME-Zarr to the folder `path`, in UTF-8: NGFF 0.5 on Zarr v3,
/// or 0.4 on Zarr v2.
///
/// The image is `stack` or `array`, (Y, X), (Z, Y, X), (C, Z, Y, X) or (T, C, Z, Y, X); the other is NULL. The
/// store is a group with an array for each level, named "0" for the full size, then "1" and so on, and
/// metadata: axes, scales, translations and what a viewer shows the channels with. One level is a
/// single array. Planes are read, shrunk, compressed and written at the same time, in memory that does not
/// grow with their number. The store appears under its name when it is complete, and before under that
/// name with ".partial" behind it; a failure leaves no new store, and an old one as it was. Two writers
/// of one destination must exclude each other. qlty_image_open tells what was written. Progress counts
/// planes. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, or where an
/// option is none for this image; QLTY_STATUS_EXISTS where there is something under that name that may
/// not be replaced; QLTY_STATUS_IMAGE where a slice is not read, which the message names;
/// QLTY_STATUS_STORE where the run to resume was another one; QLTY_STATUS_DTYPE, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `stack` is NULL or a stack; `array` is NULL or an array that is not written during the call; `path` is
/// NULL or a string; `options` is NULL or was filled by qlty_pyramid_options_init, and what it points to
/// is as it says; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_to_ome_zarr(
    stack: *const qlty_stack,
    array: *const qlty_array,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (source, path) = unsafe { (Source::new(stack, array)?, path_text("path", path)?) };
        // SAFETY: the caller's promise.
        unsafe { source.write(path, &How::gaussian(options)?, (progress, user)) }.map(drop)
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Writes the Laplacian pyramid of an image as a Zarr group to the folder `path`, in UTF-8: the smallest
/// level under its number, and as "diff_0" and so on what each larger level has more than is predicted of
/// it from the next, in a signed type wide enough. qlty_image_open reads levels back, those of integers to
/// the bit. Levels do not halve Z. All else is as for qlty_stack_to_ome_zarr.
///
/// Errors: those of qlty_stack_to_ome_zarr, and QLTY_STATUS_INVALID_ARGUMENT where a level would halve Z
/// or nothing would be stored.
///
/// # Safety
/// all is as for qlty_stack_to_ome_zarr; `laplacian` is NULL or was filled by qlty_laplacian_options_init, and its
/// strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_to_laplacian(
    stack: *const qlty_stack,
    array: *const qlty_array,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (source, path) = unsafe { (Source::new(stack, array)?, path_text("path", path)?) };
        // SAFETY: the caller's promise.
        unsafe { source.write(path, &How::laplacian(options, laplacian)?, (progress, user)) }.map(drop)
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
