//! Writing pyramids of all stacks in a folder.

use std::ffi::{c_char, c_void};

use super::how::{How, Report};
use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::pyramids::qlty_pyramids;
use super::stacks::qlty_stacks;
use crate::error::{Outcome, borrow, guard, hand_over, path_text, qlty_error, qlty_status};
use crate::long_call::qlty_progress;

/// Opens all stacks and writes each as qlty_stack_to_ome_zarr does, one after the other, each on all threads,
/// to the folder `folder`, in UTF-8, which is made if need be: the stack "image" to "image.ome.zarr". What was
/// written is stored in `*pyramids`, by name, which may be NULL. Progress counts the planes of one stack and
/// then those of the next. Any thread.
///
/// Errors: those of qlty_stacks_open and of qlty_stack_to_ome_zarr. What can be told of the stacks beforehand,
/// before anything is written: options that are none for one of them, stores that are there already. At a stack
/// that fails later, the stores of those before it are complete.
///
/// # Safety
/// `stacks` is NULL or stacks; `folder` is NULL or a string; `options` is NULL or was filled by
/// qlty_pyramid_options_init, and what it points to is as it says; `pyramids` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_to_ome_zarr(
    stacks: *const qlty_stacks,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    pyramids: *mut *mut qlty_pyramids,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || write(stacks, folder, || How::gaussian(options), pyramids, (progress, user))) }
}

/// Opens all stacks and writes each as qlty_stack_to_laplacian does: the stack "image" to
/// "image.laplacian.zarr" in the folder. All else is as for qlty_stacks_to_ome_zarr.
///
/// Errors: those of qlty_stacks_to_ome_zarr and qlty_stack_to_laplacian.
///
/// # Safety
/// all is as for qlty_stacks_to_ome_zarr; `laplacian` is NULL or was filled by qlty_laplacian_options_init, and its
/// strings are NULL or strings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_to_laplacian(
    stacks: *const qlty_stacks,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: *mut *mut qlty_pyramids,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || write(stacks, folder, || How::laplacian(options, laplacian), pyramids, (progress, user))) }
}

/// # Safety
/// `stacks` is NULL or stacks; `folder` is NULL or a string; `pyramids` is NULL or may be written.
unsafe fn write(
    stacks: *const qlty_stacks,
    folder: *const c_char,
    how: impl FnOnce() -> Outcome<How>,
    pyramids: *mut *mut qlty_pyramids,
    report: Report,
) -> Outcome {
    // SAFETY: the caller's promise.
    let (stacks, folder) = unsafe { (borrow("stacks", stacks)?, path_text("folder", folder)?) };
    let written = stacks.write(folder, &how()?, report)?;
    if !pyramids.is_null() {
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(pyramids, qlty_pyramids::new(written)) };
    }
    Ok(())
}
