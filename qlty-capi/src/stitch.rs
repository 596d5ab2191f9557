//! Stitching all at once, and the adjoints.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use qlty_core::DType;

use crate::arguments::{required, store};
use crate::array::{Arrays, qlty_array};
use crate::dtype::{dtype_of, number};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run_in_place};
use crate::quilt::qlty_quilt;

/// Describes the arrays that stitching `patches` gives: `*batch`, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights`
/// is not NULL, `*weights`, (Y, X) or (Z, Y, X); both of type f32 or f64, with strides in C order and data NULL.
/// Patches of u32, i32, u64, i64 and f64 give f64, others f32. Of `patches` only type and shape are read. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if the patches are not those of whole images,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch_shape(
    quilt: Option<&qlty_quilt>,
    patches: Option<&qlty_array>,
    batch: Option<&mut MaybeUninit<qlty_array>>,
    weights: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (quilt, patches) = (required("quilt", quilt)?, required("patches", patches)?);
        let (shape, out) = (patches.shape("patches")?, required("batch", batch)?);
        let dtype = number(dtype_of("patches", patches.dtype)?.sum());
        let shape = quilt.0.stitch_shape(&shape)?;
        let (batch, sums) = (qlty_array::describe(dtype, &shape)?, qlty_array::describe(dtype, &quilt.0.size())?);
        out.write(batch);
        store(weights, sums);
        Ok(())
    })
}

/// Stitches all patches of a batch: each pixel of `batch` becomes the mean of the patches that cover it, weighted by
/// the windows' profile.
///
/// `patches` is (P, C, y, x) or (P, C, z, y, x) of any type, in the order of the patch index. `batch` and `weights`
/// have the type and the shape that qlty_quilt_stitch_shape describes; `weights`, the sum of the window weights per
/// pixel, may be NULL. Sums are accumulated in the order of the patch index: the result is bit-identical for any number
/// of threads. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if the step leaves gaps between the windows, or if arrays overlap;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch(
    quilt: Option<&qlty_quilt>,
    patches: Option<&qlty_array>,
    batch: Option<&qlty_array>,
    weights: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, patches) = (required("quilt", quilt)?, arrays.input("patches", patches)?);
        let (batch, weights) = (arrays.output("batch", batch)?, arrays.optional_output("weights", weights)?);
        run_in_place(progress, user, |monitor| quilt.0.stitch_into(patches, batch, weights, monitor))
    })
}

/// Applies the adjoint of qlty_quilt_unstitch: each pixel of `batch` becomes the sum of the patch pixels that were
/// copied from it. Shapes and types are those of qlty_quilt_stitch. Progress counts rows. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_adjoint(
    quilt: Option<&qlty_quilt>,
    patches: Option<&qlty_array>,
    batch: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, patches) = (required("quilt", quilt)?, arrays.input("patches", patches)?);
        let batch = arrays.output("batch", batch)?;
        run_in_place(progress, user, |monitor| quilt.0.unstitch_adjoint_into(patches, batch, monitor))
    })
}

/// Applies the adjoint of qlty_quilt_stitch: each pixel of a patch becomes the pixel of `batch` that it was added to,
/// times its normalised weight. `batch` and `patches` are both of type f32 or both f64; `patches` has all patches of
/// the batch. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if the step leaves gaps between the windows, or if the arrays
/// overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_stitch_adjoint(
    quilt: Option<&qlty_quilt>,
    batch: Option<&qlty_array>,
    patches: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, batch) = (required("quilt", quilt)?, arrays.input_of("batch", batch, &[DType::F32, DType::F64])?);
        let patches = arrays.output("patches", patches)?;
        run_in_place(progress, user, |monitor| quilt.0.stitch_adjoint_into(batch, patches, monitor))
    })
}
