//! Labels: their patches, which of them carry any, and keeping those.

use std::ffi::c_void;

use ndarray::{Array1, ArrayViewMut1, IxDyn};
use qlty_core::{BatchDim, ImageDim, LabelRank, Quilt, Rank, Spatial};

use crate::array::{collect, qlty_array};
use crate::dtype::{QLTY_DTYPE_BOOL, QLTY_DTYPE_U8, Typed, mismatch, with_type};
use crate::error::{Failure, Outcome, QLTY_STATUS_SHAPE, borrow, guard, qlty_error, qlty_status, size};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::quilt::{check_shape, qlty_quilt, with_quilt};

/// Runs a body with `$Labels` standing for the dimension of a label array with or without channels.
macro_rules! with_labels {
    ($labels:expr, $D:ident, $Labels:ident => $body:expr) => {
        if usize::try_from($labels.ndim) == Ok($D + 1) {
            type $Labels = ImageDim<$D>;
            $body
        } else {
            type $Labels = BatchDim<$D>;
            $body
        }
    };
}

/// Cuts as many label patches as `patches` has room for, from patch index `first` on.
///
/// `labels` is (N, Y, X) or (N, C, Y, X), or with a Z, of any type, and `patches` the same with P
/// for N and the window for the image. Where `missing` is not NULL, it points to a value of the
/// labels' type, aligned or not, and the labels on the border of each window are set to it, so that a model is not
/// trained on pixels of which it sees too little. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, for indices beyond the batch, or where the arrays
/// overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `quilt` is NULL or a quilt; `labels` and `patches` are NULL or arrays, of which the first is not
/// written and the second not used by others during the call; `missing` is NULL or points to a
/// value; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_unstitch_labels(
    quilt: *const qlty_quilt,
    labels: *const qlty_array,
    missing: *const c_void,
    first: i64,
    patches: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, labels) = unsafe { (borrow("quilt", quilt)?, borrow("labels", labels)?) };
        // SAFETY: the caller's promise.
        let patches = unsafe { borrow("patches", patches) }?;
        let first = size("first", first)?;
        with_quilt!(quilt, q, D => with_labels!(labels, D, Labels => with_type!("labels", labels.dtype, L => {
            // SAFETY: the caller promises a value of the labels' type, or NULL.
            let missing = (!missing.is_null()).then(|| unsafe { missing.cast::<L>().read_unaligned() });
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                labels.view::<L, Labels>("labels")?,
                patches.view_mut::<L, Labels>("patches", &[("labels", labels)])?,
            )};
            run(progress, user, |monitor| q.unstitch_labels_into(from, missing, first, to, monitor))
        })))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `labelled`, (P) of type u8 or bool, with 1 for each label patch that carries a label other
/// than `*missing` inside the border, else 0.
///
/// `patches` is (P, y, x) or (P, C, y, x), or with a z, and `missing` points to a value of its type;
/// a NaN equals a missing label that is NaN. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `patches` and `labelled` are NULL or arrays, of which the first is
/// not written and the second not used by others during the call; `missing` is NULL or points to a
/// value; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_labelled(
    quilt: *const qlty_quilt,
    patches: *const qlty_array,
    missing: *const c_void,
    labelled: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, patches) = unsafe { (borrow("quilt", quilt)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        let mask = unsafe { borrow("labelled", labelled) }?;
        // SAFETY: the caller's promise.
        let mut out = unsafe { mask_mut("labelled", mask, &[("patches", patches)]) }?;
        check_shape("labelled", out.shape(), &patches.shape("patches")?[..1])?;
        let found = with_quilt!(quilt, q, D => with_labels!(patches, D, Labels => {
            with_type!("patches", patches.dtype, L => {
                // SAFETY: the caller promises a value of the patches' type; `borrow` finds NULL.
                let missing = unsafe { borrow("missing", missing.cast::<u8>()).map(|_| missing.cast::<L>().read_unaligned()) }?;
                // SAFETY: the caller's promise.
                unsafe { find::<L, Labels, D>(q, patches, missing) }
            })
        }))?;
        out.assign(&found.map(|found| u8::from(*found)));
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The values of `patches` are not written during the call.
unsafe fn find<L: Typed, Labels: LabelRank<D>, const D: usize>(
    quilt: &Quilt<D>,
    patches: &qlty_array,
    missing: L,
) -> Outcome<Array1<bool>>
where
    Spatial<D>: Rank,
{
    // SAFETY: the caller's promise.
    let view = unsafe { patches.view::<L, Labels>("patches") }?;
    Ok(in_pool(|| quilt.labelled(view, missing))?)
}

/// Copies the patches for which `kept`, (P) of type u8 or bool, is not 0 into `out`, in their order.
///
/// `patches` has P along its first axis and is else any array; `out` has the same type and axes, and
/// along the first axis as many as are kept. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `patches`, `kept` and `out` are NULL or arrays, of which the first two are not written and the
/// third not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_patches_keep(
    patches: *const qlty_array,
    kept: *const qlty_array,
    out: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (patches, mask) = unsafe { (borrow("patches", patches)?, borrow("kept", kept)?) };
        // SAFETY: the caller's promise.
        let out = unsafe { borrow("out", out) }?;
        check_mask("kept", mask)?;
        check_shape("kept", &mask.shape("kept")?, &patches.shape("patches")?[..1])?;
        // SAFETY: the caller's promise.
        let kept = unsafe { mask.view::<u8, ndarray::Ix1>("kept") }?;
        let kept = Array1::from(collect("kept", kept.iter().map(|kept| Ok(*kept != 0)))?);
        with_type!("patches", patches.dtype, T => {
            // SAFETY: the caller's promise.
            let (from, to) = unsafe {(
                patches.view::<T, IxDyn>("patches")?,
                out.view_mut::<T, IxDyn>("out", &[("patches", patches), ("kept", mask)])?,
            )};
            Ok(qlty_core::keep_into(from, kept.view(), to)?)
        })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

fn check_mask(name: &str, mask: &qlty_array) -> Outcome {
    if ![QLTY_DTYPE_U8, QLTY_DTYPE_BOOL].contains(&mask.dtype) {
        return Err(mismatch(name, mask.dtype, "u8 or bool"));
    }
    if mask.ndim != 1 {
        return Err(Failure::new(QLTY_STATUS_SHAPE, format!("{name}: got {} axes, expected 1", mask.ndim)));
    }
    Ok(())
}

/// # Safety
/// As [`qlty_array::view_mut`].
unsafe fn mask_mut<'a>(
    name: &str,
    mask: &qlty_array,
    others: &[(&str, &qlty_array)],
) -> Outcome<ArrayViewMut1<'a, u8>> {
    check_mask(name, mask)?;
    // SAFETY: the caller's promise.
    unsafe { mask.view_mut(name, others) }
}
