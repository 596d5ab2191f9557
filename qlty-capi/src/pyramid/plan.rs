//! What would be written.

use std::ffi::c_char;

use super::how::{How, Pyramids, Source};
use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::pyramids::qlty_pyramids;
use super::stack::qlty_stack;
use super::stacks::qlty_stacks;
use crate::array::qlty_array;
use crate::error::{borrow, guard, hand_over, path_text, qlty_error, qlty_status, writable};

/// Stores in `*pyramids` what qlty_stack_to_ome_zarr would write of an image to `path`, or where `laplacian` is
/// not NULL qlty_stack_to_laplacian: one pyramid, of the stack's name, or of none where the image is an array.
/// No pixel is read, and the disk is not looked at. Any thread.
///
/// Errors: those of the call that would write, as far as they follow from the image and the options.
///
/// # Safety
/// all is as for qlty_stack_to_laplacian; `pyramids` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_plan(
    stack: *const qlty_stack,
    array: *const qlty_array,
    path: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: *mut *mut qlty_pyramids,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (source, path) = unsafe { (Source::new(stack, array)?, path_text("path", path)?) };
        let out = writable("pyramids", pyramids)?;
        let name = match source {
            Source::Stack(stack) => stack.stack.name().to_owned(),
            Source::Array(_) => String::new(),
        };
        // SAFETY: the caller's promise.
        let planned = unsafe { source.plan(path, &How::either(options, laplacian)?) }?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pyramids::new(Pyramids::from([(name, planned)]))) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Opens all stacks, and stores in `*pyramids` what qlty_stacks_to_ome_zarr would write of them to `folder`, or
/// where `laplacian` is not NULL qlty_stacks_to_laplacian. Any thread.
///
/// Errors: those of qlty_stacks_open and qlty_stack_plan.
///
/// # Safety
/// all is as for qlty_stacks_to_laplacian; `pyramids` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_plan(
    stacks: *const qlty_stacks,
    folder: *const c_char,
    options: *const qlty_pyramid_options,
    laplacian: *const qlty_laplacian_options,
    pyramids: *mut *mut qlty_pyramids,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stacks, folder) = unsafe { (borrow("stacks", stacks)?, path_text("folder", folder)?) };
        let out = writable("pyramids", pyramids)?;
        // SAFETY: the caller's promise.
        let planned = stacks.plan(folder, &unsafe { How::either(options, laplacian) }?)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pyramids::new(planned)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
