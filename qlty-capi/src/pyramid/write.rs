//! Writing pyramids of a stack, of an array, or of all stacks in a folder, and planning them.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::kind::{PyramidKind, Pyramids, Report, Source};
use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::pyramids::qlty_pyramids;
use super::stack::qlty_stack;
use super::stacks::qlty_stacks;
use crate::arguments::{into_handle, path_text, required};
use crate::array::qlty_array;
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::long_call::qlty_progress;

/// Writes an image and its coarser levels as OME-Zarr to the folder `path`, in UTF-8: NGFF 0.5 on Zarr v3, or 0.4 on
/// Zarr v2.
///
/// The image is `stack` or `array`, (Y, X), (Z, Y, X), (C, Z, Y, X) or (T, C, Z, Y, X); the other is NULL. The store is
/// a group with an array for each level, named "0" for the full size, then "1" and so on, and metadata: axes, scales,
/// translations and display settings of the channels. One level is a single array. Planes are read, shrunk, compressed
/// and written at the same time; memory use does not grow with their number. The store appears at its path when it is
/// complete, and is written at that path with ".partial" appended; a failure leaves no new store, and an old one
/// unchanged. A destination has one writer at a time. To see what was written, use qlty_image_open. Progress counts
/// planes. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, or if an option is invalid for this
/// image; QLTY_STATUS_EXISTS if the destination exists and may not be replaced; QLTY_STATUS_BUSY if another writer has
/// it; QLTY_STATUS_IMAGE if a slice cannot be read, with its name in the message; QLTY_STATUS_STORE if the run to
/// resume had other options or another image; QLTY_STATUS_DTYPE, QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_to_ome_zarr(
    stack: Option<&qlty_stack>,
    array: Option<&qlty_array>,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arguments are as the host promises for all calls.
        let (source, path, kind) =
            unsafe { (Source::new(stack, array)?, path_text("path", path)?, PyramidKind::gaussian(options)?) };
        source.write(path, &kind, (progress, user)).map(drop)
    })
}

/// Writes the Laplacian pyramid of an image as a Zarr group to the folder `path`, in UTF-8: the smallest level, named
/// by its number, and as "diff_0" and so on the difference of each larger level from its prediction by the next, in a
/// wide enough signed type. qlty_image_open reads levels back, exactly for integers. Levels do not halve Z. Otherwise
/// as qlty_stack_to_ome_zarr.
///
/// Errors: those of qlty_stack_to_ome_zarr, and QLTY_STATUS_INVALID_ARGUMENT if a level would halve Z or nothing would
/// be stored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_to_laplacian(
    stack: Option<&qlty_stack>,
    array: Option<&qlty_array>,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arguments are as the host promises for all calls.
        let (source, path, kind) = unsafe {
            (Source::new(stack, array)?, path_text("path", path)?, PyramidKind::laplacian(options, laplacian)?)
        };
        source.write(path, &kind, (progress, user)).map(drop)
    })
}

/// Opens all stacks and writes each as qlty_stack_to_ome_zarr does, one after the other, each on all threads, to
/// `folder`, in UTF-8, which is created if necessary: the stack "image" to "image.ome.zarr". Descriptions of what was
/// written are stored in `*pyramids`, which may be NULL. Progress counts the planes of one stack and then those of the
/// next. Any thread.
///
/// Errors: those of qlty_stacks_open and of qlty_stack_to_ome_zarr. Errors that can be detected beforehand, such as
/// invalid options or existing destinations, come before anything is written. If a stack fails later, the stores of
/// those before it are complete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_to_ome_zarr(
    stacks: Option<&qlty_stacks>,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    pyramids: Option<&mut MaybeUninit<*mut qlty_pyramids>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { write_all(stacks, folder, || PyramidKind::gaussian(options), pyramids, (progress, user)) }
    })
}

/// Opens all stacks and writes each as qlty_stack_to_laplacian does: the stack "image" to "image.laplacian.zarr" in the
/// folder. Otherwise as qlty_stacks_to_ome_zarr.
///
/// Errors: those of qlty_stacks_to_ome_zarr and qlty_stack_to_laplacian.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_to_laplacian(
    stacks: Option<&qlty_stacks>,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: Option<&mut MaybeUninit<*mut qlty_pyramids>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { write_all(stacks, folder, || PyramidKind::laplacian(options, laplacian), pyramids, (progress, user)) }
    })
}

/// # Safety
/// `folder` is NULL or a string.
unsafe fn write_all(
    stacks: Option<&qlty_stacks>,
    folder: *const c_char,
    kind: impl FnOnce() -> Outcome<PyramidKind>,
    pyramids: Option<&mut MaybeUninit<*mut qlty_pyramids>>,
    report: Report,
) -> Outcome {
    let stacks = required("stacks", stacks)?;
    // SAFETY: the caller's promise.
    let folder = unsafe { path_text("folder", folder) }?;
    let written = stacks.write(folder, &kind()?, report)?;
    match pyramids {
        Some(pyramids) => into_handle(pyramids, qlty_pyramids::new(written)),
        None => Ok(()),
    }
}

/// Stores in `*pyramids` what qlty_stack_to_ome_zarr would write to `path`, or qlty_stack_to_laplacian if `laplacian`
/// is not NULL: one pyramid, with the name of the stack, or an empty name if the image is an array. No pixels are read,
/// and the disk is not accessed. Any thread.
///
/// Errors: those of the call that would write, as far as they follow from the image and the options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_plan(
    stack: Option<&qlty_stack>,
    array: Option<&qlty_array>,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: Option<&mut MaybeUninit<*mut qlty_pyramids>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let out = required("pyramids", pyramids)?;
        // SAFETY: the arguments are as the host promises for all calls.
        let (source, path, kind) =
            unsafe { (Source::new(stack, array)?, path_text("path", path)?, PyramidKind::either(options, laplacian)?) };
        let planned = source.plan(path, &kind)?;
        into_handle(out, qlty_pyramids::new(Pyramids::from([(source.name().to_owned(), planned)])))
    })
}

/// Opens all stacks and stores in `*pyramids` what qlty_stacks_to_ome_zarr would write of them to `folder`, or where
/// `laplacian` is not NULL qlty_stacks_to_laplacian. Any thread.
///
/// Errors: those of qlty_stacks_open and qlty_stack_plan.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_plan(
    stacks: Option<&qlty_stacks>,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: Option<&mut MaybeUninit<*mut qlty_pyramids>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stacks, out) = (required("stacks", stacks)?, required("pyramids", pyramids)?);
        // SAFETY: the arguments are as the host promises for all calls.
        let (folder, kind) = unsafe { (path_text("folder", folder)?, PyramidKind::either(options, laplacian)?) };
        into_handle(out, qlty_pyramids::new(stacks.plan(folder, &kind)?))
    })
}
