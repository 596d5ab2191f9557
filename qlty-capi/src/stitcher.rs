//! Stitching patch by patch.

use std::mem::MaybeUninit;

use qlty_core::DType;
use qlty_core::dynamic::AnyStitcher;

use crate::arguments::{done, into_handle, required, size};
use crate::array::{Arrays, check_shape, qlty_array, write_indices};
use crate::dtype::{host_dtype, qlty_dtype};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::in_place;
use crate::poison::Poisonable;
use crate::quilt::qlty_quilt;

/// Takes the patches of a batch as they come and stitches them together. Opaque; one thread at a time may use one, and
/// each call works on all threads. Free it with qlty_stitcher_free.
#[derive(Debug)]
pub struct qlty_stitcher(Poisonable<AnyStitcher>);

/// Creates a stitcher for a batch of `images` with `channels`, whose patches are of type `dtype`, and stores it in
/// `*stitcher`. The quilt may be freed before the stitcher. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if the step leaves gaps between the windows;
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_new(
    quilt: Option<&qlty_quilt>,
    dtype: qlty_dtype,
    images: i64,
    channels: i64,
    stitcher: Option<&mut MaybeUninit<*mut qlty_stitcher>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (quilt, out) = (required("quilt", quilt)?, required("stitcher", stitcher)?);
        let (images, channels) = (size("images", images)?, size("channels", channels)?);
        let dtype = host_dtype("dtype", dtype)?;
        let stitcher = in_place(|| quilt.0.stitcher(dtype, images, channels))?;
        into_handle(out, qlty_stitcher(Poisonable::new("stitcher", stitcher)))
    })
}

/// Frees a stitcher. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_free(stitcher: Option<Box<qlty_stitcher>>) {
    drop(stitcher);
}

/// Adds the patches `first`, `first` + 1, ...: (P, C, y, x) or (P, C, z, y, x) of the stitcher's type. If patches come
/// in the order of their index, the result is bit-identical to that of qlty_quilt_stitch.
///
/// Errors, after which nothing was added: QLTY_STATUS_INVALID_ARGUMENT for NULL or indices beyond the batch,
/// QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_push(
    stitcher: Option<&mut qlty_stitcher>,
    first: i64,
    patches: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (stitcher, first) = (required("stitcher", stitcher)?, size("first", first)?);
        let patches = arrays.input("patches", patches)?;
        stitcher.0.change(|stitcher| in_place(|| stitcher.push(first, patches)))
    })
}

/// Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. `indices` is (P) of type i64.
///
/// Errors, after which nothing was added: those of qlty_stitcher_push, and QLTY_STATUS_INVALID_ARGUMENT if the numbers
/// of indices and patches differ.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_push_at(
    stitcher: Option<&mut qlty_stitcher>,
    indices: Option<&qlty_array>,
    patches: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (stitcher, patches) = (required("stitcher", stitcher)?, arrays.input("patches", patches)?);
        let indices = arrays.indices_of(&patches, indices)?;
        stitcher.0.change(|stitcher| in_place(|| stitcher.push_at(&indices, patches)))
    })
}

/// Stores the number of missing patches.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_missing_count(
    stitcher: Option<&qlty_stitcher>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stitcher, out) = (required("stitcher", stitcher)?, required("count", count)?);
        done(out, stitcher.0.get()?.missing_count() as i64)
    })
}

/// Fills `indices`, (K) of type i64, with the lowest indices of missing patches; K is at most their number, see
/// qlty_stitcher_missing_count.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE if K is larger, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_missing(
    stitcher: Option<&qlty_stitcher>,
    indices: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let stitcher = required("stitcher", stitcher)?.0.get()?;
        let (mut out, count) = (arrays.output_of("indices", indices, &[DType::I64])?, stitcher.missing_count());
        if out.len() > count {
            check_shape("indices", out.shape(), &[count])?;
        }
        let missing: Vec<usize> = stitcher.missing().take(out.len()).collect();
        write_indices("indices", &mut out, &missing)
    })
}

/// Writes the stitched batch, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights` is not NULL, the sum of the window
/// weights, (Y, X) or (Z, Y, X); types are those of qlty_quilt_stitch. The stitcher is empty afterwards and can be used
/// again.
///
/// Errors, after which the stitcher is as before: QLTY_STATUS_INCOMPLETE while patches are missing,
/// QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_finish(
    stitcher: Option<&mut qlty_stitcher>,
    batch: Option<&qlty_array>,
    weights: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (stitcher, batch) = (required("stitcher", stitcher)?, arrays.output("batch", batch)?);
        let weights = arrays.optional_output("weights", weights)?;
        stitcher.0.change(|stitcher| in_place(|| stitcher.finish_into(batch, weights)))
    })
}

/// Like qlty_stitcher_finish, while patches are missing: pixels that no patch has reached become `fill`, and `weights`
/// is (N, Y, X) or (N, Z, Y, X), the sums of the weights that arrived for each image.
///
/// Errors, after which the stitcher is as before: QLTY_STATUS_INVALID_ARGUMENT for NULL or if the arrays overlap,
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_finish_incomplete(
    stitcher: Option<&mut qlty_stitcher>,
    fill: f64,
    batch: Option<&qlty_array>,
    weights: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (stitcher, batch) = (required("stitcher", stitcher)?, arrays.output("batch", batch)?);
        let weights = arrays.optional_output("weights", weights)?;
        stitcher.0.change(|stitcher| in_place(|| stitcher.finish_incomplete_into(fill, batch, weights)))
    })
}
