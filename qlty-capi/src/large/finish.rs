//! Checkpoints, and finishing a result.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use ::qlty_large::AnyLargeResult;

use super::handle::qlty_large;
use super::stitched::qlty_stitched;
use crate::arguments::{done, into_handle, required};
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};

/// Writes the sums of all unfinished tiles, so that work can resume from here if the process is killed. What was
/// written when the call returns also survives a power failure. Other threads may stitch meanwhile. Progress counts
/// tiles. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED and
/// QLTY_STATUS_CANCELLED, after which tiles without a new checkpoint keep the previous one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_checkpoint(
    large: Option<&qlty_large>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let large = required("large", large)?;
        large.0.change_shared(|large| run(progress, user, |monitor| large.checkpoint_with_monitor(monitor)))
    })
}

/// Checks that all patches of the shard have been stitched, makes the result survive a power failure, and stores its
/// arrays, for reading, in `*mean` and `*std`; `*std` is set to NULL if no standard deviation was asked for. Either
/// argument may be NULL. The caller frees them with qlty_stitched_free, before `large` or after it. Any thread.
///
/// Errors, after which more patches may be stitched: QLTY_STATUS_INCOMPLETE while patches are pending, with their
/// number and the first of them; QLTY_STATUS_INVALID_ARGUMENT if `large` is NULL or the number of channels is not
/// known; QLTY_STATUS_DAMAGED if tiles are missing, which opening with QLTY_START_REPAIR makes pending again;
/// QLTY_STATUS_IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_finish(
    large: Option<&qlty_large>,
    mean: Option<&mut MaybeUninit<*mut qlty_stitched>>,
    std: Option<&mut MaybeUninit<*mut qlty_stitched>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let large = required("large", large)?;
        let result = large.0.change_shared(|large| in_pool(|| large.finish()))?;
        store_result(result, mean, std)
    })
}

/// Like qlty_large_finish, while patches are pending: pixels that no patch has reached get the fill value. The sums are
/// kept as a checkpoint, so that more patches can be stitched, by this handle or a later one; the result is then
/// written again. Progress counts each tile twice. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if `large` is NULL or the number of channels is not known; QLTY_STATUS_IO,
/// QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_finish_incomplete(
    large: Option<&qlty_large>,
    mean: Option<&mut MaybeUninit<*mut qlty_stitched>>,
    std: Option<&mut MaybeUninit<*mut qlty_stitched>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let large = required("large", large)?;
        let result = large
            .0
            .change_shared(|large| run(progress, user, |monitor| large.finish_incomplete_with_monitor(monitor)))?;
        store_result(result, mean, std)
    })
}

type Output<'a> = Option<&'a mut MaybeUninit<*mut qlty_stitched>>;

fn store_result(result: AnyLargeResult, mean: Output<'_>, std: Output<'_>) -> Outcome {
    if let Some(output) = mean {
        into_handle(output, qlty_stitched(result.mean))?;
    }
    match (std, result.std) {
        (Some(output), Some(std)) => into_handle(output, qlty_stitched(std)),
        (Some(output), None) => done(output, std::ptr::null_mut()),
        (None, _) => Ok(()),
    }
}
