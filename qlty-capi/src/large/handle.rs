//! Results that are being stitched onto disk: creating and opening them, pending patches and progress.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use ::qlty_large::AnyLargeQuilt;
use qlty_core::DType;

use super::options::qlty_large_options;
use crate::arguments::{done, into_handle, path_text, required, store};
use crate::array::{Arrays, check_ndim, qlty_array, write_indices};
use crate::dtype::number;
use crate::error::{Failure, Outcome, QLTY_STATUS_SHAPE, guard, qlty_error, qlty_status};
use crate::long_call::in_pool;
use crate::options::{Options, options, read, write};
use crate::poison::Poisonable;
use crate::quilt::qlty_quilt;

/// Stitches the patches of a batch onto disk as they come, in any order and in bounded memory; work resumes after a
/// killed process. Opaque. Any number of threads may use one at once, also to stitch; free it with qlty_large_free.
///
/// With the path `folder/name`, the results are the Zarr v3 arrays `folder/name_mean.zarr` and, if asked for,
/// `folder/name_std.zarr`. A tile is written once, when its last patch has been stitched. `folder/name_state` holds
/// unfinished work. However a process ends, the finished tiles and the last qlty_large_checkpoint remain, and all other
/// patches are pending again.
#[derive(Debug)]
pub struct qlty_large(pub(super) Poisonable<AnyLargeQuilt>);

/// Creates the result at `path`, in UTF-8, such as `folder/name`, or resumes it, and stores a handle in `*large`. The
/// quilt may be freed before it. Any thread.
///
/// On resuming, the finished tiles and the last checkpoint are kept; what was damaged meanwhile, for example by a power
/// failure, is pending again, and qlty_large_damaged lists it. With QLTY_START_REPAIR all finished tiles are read to
/// find that out, otherwise those that are not known to be on disk. Quilt, images, type, std, normalize and fill must
/// be those of the existing result, and so must the other options that are given, except the memory budget and the
/// shard.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8 or has no file name, an invalid option, or
/// if the step leaves gaps between the windows; QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
/// QLTY_STATUS_EXISTS if there is a result but must not be; QLTY_STATUS_IO if there is none but must be;
/// QLTY_STATUS_GEOMETRY if it was created with a different geometry or different options; QLTY_STATUS_FOREIGN if the
/// path is that of something else; QLTY_STATUS_DAMAGED if one of its metadata files has changed, or if it was complete
/// and lacks files, which QLTY_START_REPAIR makes pending again; QLTY_STATUS_BUSY if another handle, of this or another
/// process, works on some of the same tiles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_new(
    quilt: Option<&qlty_quilt>,
    path: *const c_char,
    options: *const qlty_large_options,
    large: Option<&mut MaybeUninit<*mut qlty_large>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (quilt, out) = (required("quilt", quilt)?, required("large", large)?);
        // SAFETY: the path and the options are as the host promises for all calls.
        let start = unsafe {
            let (path, options) = (path_text("path", path)?, read(options)?);
            options.start(&quilt.0, path)
        }?;
        let started = in_pool(start)?;
        into_handle(out, qlty_large(Poisonable::new("large", started)))
    })
}

/// Frees the handle of a result, which need not be complete: patches stitched since the last checkpoint into unfinished
/// tiles are pending again when it is resumed. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_free(large: Option<Box<qlty_large>>) {
    drop(large);
}

/// Describes the result: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order; data is NULL. C
/// is 0 until the number of channels is known. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_shape(
    large: Option<&qlty_large>,
    batch: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (large, out) = (required("large", large)?.0.get()?, required("batch", batch)?);
        let mut shape = vec![large.images(), large.channels().unwrap_or(0)];
        shape.extend(large.quilt().size());
        done(out, qlty_array::describe(number(large.dtype()), &shape)?)
    })
}

/// The progress of a result. Set struct_size first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_large_status {
    /// sizeof(qlty_large_status) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Set to 0.
    pub reserved: i32,
    /// The patches of the shard that were stitched or skipped.
    pub patches_done: i64,
    /// The patches that reach tiles of the shard.
    pub patches: i64,
    /// The tiles of the shard that are on disk.
    pub tiles_done: i64,
    /// The tiles of the shard.
    pub tiles: i64,
}

options! {
    qlty_large_status, at least 40 bytes, filled by "";
    reserved: 0,
    patches_done: 0,
    patches: 0,
    tiles_done: 0,
    tiles: 0,
}

/// Stores the progress in `*status`, whose struct_size the host has set; fields that the host does not have are not
/// written. Any thread, also while others stitch.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if struct_size is less than in the first version, or more than
/// 4096.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_get_status(
    large: Option<&qlty_large>,
    status: *mut qlty_large_status,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let found = status_of(large)?;
        // SAFETY: the host gives as many bytes as it says.
        unsafe { write("status", status, found) }
    })
}

/// Deprecated: qlty_large_get_status stores the same numbers in a struct. Each may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_progress(
    large: Option<&qlty_large>,
    patches_done: Option<&mut MaybeUninit<i64>>,
    patches: Option<&mut MaybeUninit<i64>>,
    tiles_done: Option<&mut MaybeUninit<i64>>,
    tiles: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let found = status_of(large)?;
        store(patches_done, found.patches_done);
        store(patches, found.patches);
        store(tiles_done, found.tiles_done);
        store(tiles, found.tiles);
        Ok(())
    })
}

fn status_of(large: Option<&qlty_large>) -> Outcome<qlty_large_status> {
    let progress = required("large", large)?.0.get()?.progress();
    Ok(qlty_large_status {
        patches_done: progress.patches_done as i64,
        patches: progress.patches as i64,
        tiles_done: progress.tiles_done as i64,
        tiles: progress.tiles as i64,
        ..<qlty_large_status as Options>::INITIAL
    })
}

/// Stores in `*count` how many patches of the shard have not been stitched, including those whose call failed, and
/// fills `indices`, (K) of type i64, with the lowest of them, ascending; further entries stay as they are. `indices`
/// may be NULL. Any thread, also while others stitch.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if `large` or `count` is NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_pending(
    large: Option<&qlty_large>,
    indices: Option<&qlty_array>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (large, count) = (required("large", large)?.0.get()?, required("count", count)?);
        let out = arrays.optional_output("indices", indices)?;
        let pending = large.pending();
        if let Some(mut out) = out {
            write_indices("indices", &mut out, &pending)?;
        }
        done(count, pending.len() as i64)
    })
}

/// Assigns the next pending patches to the caller: fills `indices`, (K) of type i64, with up to K of them, ascending,
/// and stores their number in `*count`, 0 at the end; the rest of `indices` stays as it is. Each thread gets different
/// patches. Any thread.
///
/// A patch that was assigned but not stitched, since the host or a call failed, is assigned again after
/// qlty_large_rewind.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, also if K is 0; QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_next(
    large: Option<&qlty_large>,
    indices: Option<&qlty_array>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (large, count) = (required("large", large)?.0.get()?, required("count", count)?);
        let mut out = arrays.output_of("indices", indices, &[DType::I64])?;
        check_ndim("indices", out.shape(), 1)?;
        if out.is_empty() {
            return Err(Failure::new(QLTY_STATUS_SHAPE, "indices: got shape [0], expected room for one at least"));
        }
        let next = large.next_indices(out.len());
        write_indices("indices", &mut out, &next)?;
        done(count, next.len() as i64)
    })
}

/// Makes qlty_large_next start again from the first pending patch. A patch that another thread is working on may then
/// be assigned twice. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_rewind(
    large: Option<&qlty_large>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        required("large", large)?.0.get()?.rewind();
        Ok(())
    })
}
