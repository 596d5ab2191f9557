//! Extracting patches for a result on disk, and stitching the host's output.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use super::handle::qlty_large;
use crate::arguments::{done, required, size};
use crate::array::{Arrays, qlty_array};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::source::{Source, describe, qlty_images};

/// Describes the array that holds `count` patches of images: the type of the images, the shape (P, C, y, x) or (P, C,
/// z, y, x), and strides in C order; data is NULL. The images are `batch`, of which only type and shape are read, or
/// `images`; the other is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if both images or none are given;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_unstitch_shape(
    large: Option<&qlty_large>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    count: i64,
    patches: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (large, out) = (required("large", large)?.0.get()?, required("patches", patches)?);
        let (dtype, images) = describe(batch, images, large.quilt().ndim())?;
        let mut shape = vec![size("count", count)?, images[1]];
        shape.extend(large.quilt().window());
        done(out, qlty_array::describe(dtype, &shape)?)
    })
}

/// Extracts the patches with these indices, (P) of type i64, from images, in their order.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`, of which only what the patches
/// cover is read; the other is NULL. `patches` is (P, C, y, x) or (P, C, z, y, x) of the images' type. Progress counts
/// patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if there is no such patch, or if
/// arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_CANCELLED, and
/// QLTY_STATUS_IO or QLTY_STATUS_DAMAGED if images on disk cannot be read, after all of which the values in `patches`
/// are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_unstitch(
    large: Option<&qlty_large>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    indices: Option<&qlty_array>,
    patches: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let large = required("large", large)?.0.get()?;
        let source = Source::new(batch, images, large.quilt().ndim(), &mut arrays)?;
        let (indices, patches) = (arrays.indices("indices", indices)?, arrays.output("patches", patches)?);
        run(progress, user, |monitor| large.unstitch_into(source.get(), &indices, patches, monitor))
    })
}

/// Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. Tiles that are complete then are
/// written before the call returns.
///
/// `indices` is (P) of type i64; `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, of which C is the same in
/// all calls. `variances`, of the same type and shape, are required if a standard deviation was asked for, otherwise
/// NULL. If one thread adds patches in the order of their index, the result is bit-identical to that of
/// qlty_quilt_stitch with the same type of sums; other orders differ only by rounding. Progress counts tiles. Any
/// thread.
///
/// Errors that leave the result unchanged: QLTY_STATUS_INVALID_ARGUMENT for NULL, an index outside the shard, a
/// different number of indices than patches, or if variances are missing or were not asked for; QLTY_STATUS_DUPLICATE,
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. After QLTY_STATUS_IO (such as a full disk), QLTY_STATUS_OUT_OF_MEMORY,
/// QLTY_STATUS_DAMAGED and QLTY_STATUS_CANCELLED the patches stay pending, and the same call may be repeated: it adds
/// what is missing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_stitch(
    large: Option<&qlty_large>,
    indices: Option<&qlty_array>,
    patches: Option<&qlty_array>,
    variances: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (large, patches) = (required("large", large)?, arrays.input("patches", patches)?);
        let indices = arrays.indices_of(&patches, indices)?;
        let dtype = patches.dtype();
        let variances = variances.map(|array| arrays.input_of("variances", Some(array), &[dtype])).transpose()?;
        large.0.change_shared(|large| {
            run(progress, user, |monitor| large.stitch_with_monitor(&indices, patches, variances, monitor))
        })
    })
}

/// Skips the patches with these indices, (K) of type i64, such as those of background: they get no weight, and pixels
/// that only they reach get the fill value. A skipped patch is no longer pending; after the end of the process this is
/// remembered for finished tiles and for the last checkpoint. Any thread.
///
/// Errors: those of qlty_large_stitch; QLTY_STATUS_INVALID_ARGUMENT if the number of channels is not known yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_skip(
    large: Option<&qlty_large>,
    indices: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (large, indices) = (required("large", large)?, arrays.indices("indices", indices)?);
        large.0.change_shared(|large| in_pool(|| large.skip(&indices)))
    })
}
