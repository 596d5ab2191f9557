//! Ending the work on a result, for now or for good.

use std::ffi::c_void;

use super::handle::{Results, qlty_large};
use super::stitched::qlty_stitched;
use crate::error::{borrow, guard, hand_over, qlty_error, qlty_status};
use crate::long_call::qlty_progress;

/// Writes the sums of all tiles that are not finished: a process that is killed later goes on from
/// here. What was written by the end of the call survives a power failure as well. Other threads may
/// stitch meanwhile. Progress counts tiles. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY,
/// QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED, after which the checkpoint before is still there for
/// the tiles that have no new one.
///
/// # Safety
/// `large` is NULL or a result in work; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_checkpoint(
    large: *const qlty_large,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    let body = || unsafe { borrow("large", large) }?.0.checkpoint(progress, user);
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Makes sure that all patches of the shard have come and that the result survives a power failure,
/// and stores its arrays, to be read, in `*mean` and `*std`; `*std` gets NULL where no standard
/// deviation was asked for. Either may be NULL. The caller frees them with qlty_stitched_free, before
/// `large` or after it. Any thread.
///
/// Errors, after which more patches may come: QLTY_STATUS_INCOMPLETE while patches are pending, with
/// their number and the first of them; QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL or the number
/// of channels is not known; QLTY_STATUS_IO.
///
/// # Safety
/// `large` is NULL or a result in work; the other pointers are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_finish(
    large: *const qlty_large,
    mean: *mut *mut qlty_stitched,
    std: *mut *mut qlty_stitched,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let results = unsafe { borrow("large", large) }?.0.finish()?;
        // SAFETY: the caller's promise.
        unsafe { store(results, mean, std) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// As qlty_large_finish while patches are pending: pixels that no patch has reached hold the fill
/// value. The sums are kept as a checkpoint, so that more may come, by this handle or a later one;
/// the result is then written anew. Progress counts each tile twice. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL or the number of channels is not known;
/// QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `large` is NULL or a result in work; the other pointers are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_finish_incomplete(
    large: *const qlty_large,
    mean: *mut *mut qlty_stitched,
    std: *mut *mut qlty_stitched,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let results = unsafe { borrow("large", large) }?.0.finish_incomplete(progress, user)?;
        // SAFETY: the caller's promise.
        unsafe { store(results, mean, std) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The pointers are NULL or may be written.
unsafe fn store((mean, std): Results, to_mean: *mut *mut qlty_stitched, to_std: *mut *mut qlty_stitched) {
    if !to_mean.is_null() {
        // SAFETY: not null, and else the caller's promise.
        unsafe { hand_over(to_mean, qlty_stitched(mean)) };
    }
    if to_std.is_null() {
        return;
    }
    match std {
        // SAFETY: not null, and else the caller's promise.
        Some(std) => unsafe { hand_over(to_std, qlty_stitched(std)) },
        // SAFETY: as above.
        None => unsafe { to_std.write(std::ptr::null_mut()) },
    }
}
