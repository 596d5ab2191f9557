//! Labels: extracting their patches, finding the patches that have labels, and keeping those.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use qlty_core::DType;
use qlty_core::dynamic::{Scalar, keep_into};

use crate::arguments::{required, size};
use crate::array::{Arrays, check_shape, collect, qlty_array};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{in_place, qlty_progress, run_in_place};
use crate::quilt::qlty_quilt;

/// Copies label patches into `patches`: as many as it has room for, from patch index `first` on.
///
/// `labels` is (N, Y, X) or (N, C, Y, X), or with a Z, of any type, and `patches` the same with P for N and the window
/// for the image. If `missing` is not NULL, it points to a value of the labels' type, aligned or not, and the labels on
/// the border of each window are set to it, so that a model is not trained on pixels with too little context. Progress
/// counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or if the arrays overlap;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_labels(
    quilt: Option<&qlty_quilt>,
    labels: Option<&qlty_array>,
    missing: *const c_void,
    first: i64,
    patches: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, first) = (required("quilt", quilt)?, size("first", first)?);
        let (labels, patches) = (arrays.input("labels", labels)?, arrays.output("patches", patches)?);
        // SAFETY: the host gives a value of the labels' type, or NULL.
        let missing = unsafe { value_at(missing, labels.dtype()) };
        run_in_place(progress, user, |monitor| quilt.0.unstitch_labels_into(labels, missing, first, patches, monitor))
    })
}

/// Fills `labelled`, (P) of type u8 or bool, with 1 for each label patch that has a label other than `*missing` inside
/// the border, otherwise 0.
///
/// `patches` is (P, y, x) or (P, C, y, x), or with a z, and `missing` points to a value of its type; a NaN equals a
/// NaN. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_labelled(
    quilt: Option<&qlty_quilt>,
    patches: Option<&qlty_array>,
    missing: *const c_void,
    labelled: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, patches) = (required("quilt", quilt)?, arrays.input("patches", patches)?);
        let mut out = arrays.output_of("labelled", labelled, &[DType::U8])?;
        check_shape("labelled", out.shape(), &patches.shape()[..1])?;
        // SAFETY: the host gives a value of the patches' type, or NULL.
        let missing = required("missing", unsafe { value_at(missing, patches.dtype()) })?;
        let found = in_place(|| quilt.0.labelled(patches, missing))?;
        out.view_mut::<u8>("labelled")?.iter_mut().zip(found).for_each(|(to, found)| *to = u8::from(found));
        Ok(())
    })
}

/// Copies the patches for which `kept`, (P) of type u8 or bool, is not 0 to `out`, in their order.
///
/// `patches` is any array whose first axis has P entries; `out` has the same type and the same other axes, and along
/// the first axis the number of kept patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_patches_keep(
    patches: Option<&qlty_array>,
    kept: Option<&qlty_array>,
    out: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (patches, kept) = (arrays.input("patches", patches)?, arrays.input_of("kept", kept, &[DType::U8])?);
        let out = arrays.output("out", out)?;
        check_shape("kept", kept.shape(), &patches.shape()[..1])?;
        let kept = collect("kept", kept.view::<u8>("kept")?.iter().map(|kept| Ok(*kept != 0)))?;
        in_place(|| keep_into(patches, &kept, out))
    })
}

/// The value of a type that a host points to.
///
/// # Safety
/// `value` is NULL or points to the bytes of a value of this type, aligned or not, of which that of a `Bool` is 0 or 1.
unsafe fn value_at(value: *const c_void, dtype: DType) -> Option<Scalar> {
    // SAFETY: not null, and the caller promises the bytes.
    let bytes = (!value.is_null()).then(|| unsafe { std::slice::from_raw_parts(value.cast::<u8>(), dtype.size()) })?;
    Scalar::from_bytes(dtype, bytes)
}
