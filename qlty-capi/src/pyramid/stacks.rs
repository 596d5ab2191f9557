//! Finding stacks of slices in a folder.

use std::ffi::{CString, c_char};

use ::qlty_pyramid::{SlicePattern, SliceSet, Stack};

use super::stack::qlty_stack;
use super::{at, lasting};
use crate::error::{Outcome, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, text, writable};
use crate::long_call::in_pool;

/// The stacks of slices that were found in a folder. Opaque. It never changes, so any number of
/// threads may use one at once; free it with qlty_stacks_free.
#[derive(Debug)]
pub struct qlty_stacks {
    pub(super) sets: Vec<SliceSet>,
    names: Vec<CString>,
}

/// Finds the stacks of slices in `folder`, in UTF-8, by the names of the files, and stores them in
/// `*stacks`, by name; no file is opened.
///
/// Slices are the files with `extension`, with its dot or without and in any case, in whose name
/// `pattern`, a regular expression, is found. It has two groups, the stack's name and the counter, or
/// one, the counter: then the text before it, less a "_" or "-" at its end, is the name, so that
/// "image_(\\d+)\\.tif$" finds the stack "image". Folders inside are passed over. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a string that is not UTF-8, or a pattern that is
/// malformed or has other groups; QLTY_STATUS_IO where the folder cannot be read; QLTY_STATUS_IMAGE
/// where no file matches, a counter is no number of 64 bits, or two files of a stack have the same.
///
/// # Safety
/// `folder`, `extension` and `pattern` are NULL or strings; `stacks` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_find(
    folder: *const c_char,
    extension: *const c_char,
    pattern: *const c_char,
    stacks: *mut *mut qlty_stacks,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (folder, extension) = unsafe { (path_text("folder", folder)?, text("extension", extension)?) };
        // SAFETY: the caller's promise.
        let (pattern, out) = (unsafe { text("pattern", pattern) }?, writable("stacks", stacks)?);
        let sets = SlicePattern::new(extension, pattern)?.find(folder)?;
        let names = sets.iter().map(|set| lasting(&set.name)).collect();
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_stacks { sets, names }) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees found stacks; those that were opened live on. NULL is fine.
///
/// # Safety
/// `stacks` is NULL or stacks that have not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_free(stacks: *mut qlty_stacks) {
    // SAFETY: the caller's promise.
    unsafe { free(stacks) };
}

/// Stores the number of stacks, 1 or more. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `stacks` is NULL or stacks; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_count(
    stacks: *const qlty_stacks,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stacks, out) = (unsafe { borrow("stacks", stacks) }?, writable("count", count)?);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(stacks.sets.len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of a stack, a string that lives as long as the stacks, and the number of its slices;
/// `name` and `slices` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such stack.
///
/// # Safety
/// `stacks` is NULL or stacks; `name`, `slices` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_name(
    stacks: *const qlty_stacks,
    index: i64,
    name: *mut *const c_char,
    slices: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let stacks = unsafe { borrow("stacks", stacks) }?;
        let (found, set) = (at("index", &stacks.names, index)?, at("index", &stacks.sets, index)?);
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !name.is_null() {
                name.write(found.as_ptr());
            }
            if !slices.is_null() {
                slices.write(set.slices.len() as i64);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Opens a stack, of which all headers are read and checked, and stores it in `*stack`. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such stack; QLTY_STATUS_IO,
/// and QLTY_STATUS_IMAGE where a slice is broken, of a kind that is not read, or of another shape or
/// type than the first; QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `stacks` is NULL or stacks; `stack` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_open(
    stacks: *const qlty_stacks,
    index: i64,
    stack: *mut *mut qlty_stack,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stacks, out) = (unsafe { borrow("stacks", stacks) }?, writable("stack", stack)?);
        let set = at("index", &stacks.sets, index)?;
        let opened = in_pool(|| Stack::from_slices(set))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_stack::new(opened)) };
        Outcome::Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
