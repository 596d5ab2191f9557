//! Finding stacks of slices in a folder.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

use ::qlty_pyramid::{SlicePattern, SliceSet, Stack};

use super::stack::qlty_stack;
use crate::arguments::{at, done, into_handle, lasting, path_text, required, store, text};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::in_pool;

/// The stacks of slices that were found in a folder. Opaque. It never changes, so any number of threads may use one at
/// once; free it with qlty_stacks_free.
#[derive(Debug)]
pub struct qlty_stacks {
    pub(super) sets: Vec<SliceSet>,
    names: Vec<CString>,
}

/// Finds the stacks of slices in `folder`, in UTF-8, by file names, and stores them in `*stacks`, ordered by name; no
/// file is opened.
///
/// Slices are the files with `extension`, given with or without its dot and in any case, whose name matches `pattern`,
/// a regular expression. It has two groups, the stack's name and the counter, or only the counter; then the name is the
/// text before it, without a "_" or "-" at its end, so that "image_(\\d+)\\.tif$" finds the stack "image". Subfolders
/// are ignored. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a string that is not UTF-8, or a pattern that is malformed or has
/// other groups; QLTY_STATUS_IO if the folder cannot be read; QLTY_STATUS_IMAGE if no file matches, a counter is not a
/// number of 64 bits, or two files of a stack have the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_find(
    folder: *const c_char,
    extension: *const c_char,
    pattern: *const c_char,
    stacks: Option<&mut MaybeUninit<*mut qlty_stacks>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        let (folder, extension) = unsafe { (path_text("folder", folder)?, text("extension", extension)?) };
        // SAFETY: the caller's promise.
        let (pattern, out) = (unsafe { text("pattern", pattern) }?, required("stacks", stacks)?);
        let sets = in_pool(|| SlicePattern::new(extension, pattern)?.find(folder))?;
        let names = sets.iter().map(|set| lasting(&set.name)).collect();
        into_handle(out, qlty_stacks { sets, names })
    })
}

/// Frees found stacks; opened ones stay open. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_free(stacks: Option<Box<qlty_stacks>>) {
    drop(stacks);
}

/// Stores the number of stacks, 1 or more. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_count(
    stacks: Option<&qlty_stacks>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stacks, out) = (required("stacks", stacks)?, required("count", count)?);
        done(out, stacks.sets.len() as i64)
    })
}

/// Stores the name of a stack, a string that lives as long as the stacks, and the number of its slices; `name` and
/// `slices` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such stack.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_name(
    stacks: Option<&qlty_stacks>,
    index: i64,
    name: Option<&mut MaybeUninit<*const c_char>>,
    slices: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let stacks = required("stacks", stacks)?;
        let (found, set) = (at("index", &stacks.names, index)?, at("index", &stacks.sets, index)?);
        store(name, found.as_ptr());
        store(slices, set.slices.len() as i64);
        Ok(())
    })
}

/// Opens a stack, reads and checks all headers, and stores it in `*stack`. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such stack; QLTY_STATUS_IO, and QLTY_STATUS_IMAGE
/// if a slice is broken, in a format that is not supported, or has another shape or type than the first;
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stacks_open(
    stacks: Option<&qlty_stacks>,
    index: i64,
    stack: Option<&mut MaybeUninit<*mut qlty_stack>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stacks, out) = (required("stacks", stacks)?, required("stack", stack)?);
        let set = at("index", &stacks.sets, index)?;
        let opened = in_pool(|| Stack::from_slices(set))?;
        into_handle(out, qlty_stack::new(opened))
    })
}
