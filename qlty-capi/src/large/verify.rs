//! Damaged tiles of a result.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use super::handle::qlty_large;
use crate::arguments::{into_handle, required};
use crate::damages::{all_or, qlty_damages};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};

/// Reads the finished tiles of the shard and stores those that are missing or do not agree with their checksums,
/// ascending, in `*damages`: QLTY_START_REPAIR makes their patches pending again. At most `most` tiles, evenly spread,
/// are read; a negative number means all. The caller frees the damages with qlty_damages_free. Nothing is written.
/// Progress counts tiles. Any thread, also while others stitch.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO if a file cannot be read; QLTY_STATUS_OUT_OF_MEMORY,
/// QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_verify(
    large: Option<&qlty_large>,
    most: i64,
    damages: Option<&mut MaybeUninit<*mut qlty_damages>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (large, out) = (required("large", large)?.0.get()?, required("damages", damages)?);
        let found = run(progress, user, |monitor| large.verify(all_or(most), monitor))?;
        into_handle(out, qlty_damages::of_tiles(&found))
    })
}

/// Stores the tiles of the shard that were damaged when the result was opened, whose patches were made pending again
/// then, in `*damages`: finished ones, and the sums of a checkpoint. The caller frees them with qlty_damages_free. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_damaged(
    large: Option<&qlty_large>,
    damages: Option<&mut MaybeUninit<*mut qlty_damages>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (large, out) = (required("large", large)?.0.get()?, required("damages", damages)?);
        into_handle(out, qlty_damages::of_tiles(large.damaged()))
    })
}
