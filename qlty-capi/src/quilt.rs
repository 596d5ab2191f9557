//! Quilts and their properties.

use std::mem::MaybeUninit;

use qlty_core::DType;
use qlty_core::dynamic::AnyQuilt;

use crate::arguments::{axes, done, into_handle, not_null, required, size, sizes, store_all};
use crate::array::{Arrays, argument, qlty_array};
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::long_call::in_place;
use crate::options::read;
use crate::quilt_options::qlty_quilt_options;

/// A geometry with weights: how images are split into patches and stitched. Opaque. It never changes, so any number of
/// threads may use one at once; free it with qlty_quilt_free.
#[derive(Debug)]
pub struct qlty_quilt(pub(crate) AnyQuilt);

impl qlty_quilt_options {
    fn build(&self) -> Outcome<AnyQuilt> {
        let ndim = axes(self.ndim)?;
        let [image, window, step, border] =
            [("size", &self.size), ("window", &self.window), ("step", &self.step), ("border", &self.border)]
                .map(|(name, values)| sizes(name, &values[..ndim]));
        let mut builder = AnyQuilt::builder(&image?, &window?, &step?).border(&border?).profile(self.profile()?);
        if !self.border_weight.is_nan() {
            builder = builder.border_weight(self.border_weight);
        }
        Ok(builder.build()?)
    }
}

/// Creates a quilt and stores it in `*quilt`.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if, along any axis, the window is empty or larger than the image, the step is
/// zero, or twice the border is not less than the window; if the border weight is not within 0 to 1, or given with a
/// profile that does not use it; if the profile is invalid or its parameter out of range; if a host newer than the
/// library sets an option that the library does not know. QLTY_STATUS_OVERFLOW if an image has too many pixels.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_new(
    options: *const qlty_quilt_options,
    quilt: Option<&mut MaybeUninit<*mut qlty_quilt>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let out = required("quilt", quilt)?;
        // SAFETY: the options are as the host promises for all calls.
        let options = unsafe { read(options) }?;
        into_handle(out, qlty_quilt(options.build()?))
    })
}

/// Frees a quilt. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_free(quilt: Option<Box<qlty_quilt>>) {
    drop(quilt);
}

/// Stores the number of windows along each spatial axis: 2 or 3 numbers, (y, x) or (z, y, x). Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_counts(
    quilt: Option<&qlty_quilt>,
    counts: *mut i64,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let quilt = required("quilt", quilt)?;
        not_null("counts", counts)?;
        // SAFETY: the host gives room for a number per axis.
        unsafe { store_all(counts, quilt.0.counts().into_iter().map(|count| count as i64)) };
        Ok(())
    })
}

/// Stores the number of patches of a batch of `images`. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_patch_count(
    quilt: Option<&qlty_quilt>,
    images: i64,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (quilt, out) = (required("quilt", quilt)?, required("count", count)?);
        done(out, quilt.0.patch_count(size("images", images)?)? as i64)
    })
}

/// Fills `positions`, of type i64, with where patches lie, from patch index `first` on: (P, 2) or (P, 3) with the first
/// pixel (y, x) or (z, y, x) of each, or with the image before them in one more column. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative index, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_positions(
    quilt: Option<&qlty_quilt>,
    first: i64,
    positions: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, out) = (required("quilt", quilt)?, arrays.output_of("positions", positions, &[DType::I64])?);
        Ok(quilt.0.positions_into(size("first", first)?, out)?)
    })
}

/// Fills `mask`, (y, x) or (z, y, x) of type u8 or bool and of the size of a window, with 1 for each pixel inside the
/// border of the window, otherwise 0. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_border_mask(
    quilt: Option<&qlty_quilt>,
    mask: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, out) = (required("quilt", quilt)?, arrays.output_of("mask", mask, &[DType::U8])?);
        quilt.0.border_mask_into(out).map_err(argument("mask"))
    })
}

/// Fills `weights`, (y, x) or (z, y, x) of type f32 or f64 and of the size of a window, with the weight of each pixel
/// of a window. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_window_weight(
    quilt: Option<&qlty_quilt>,
    weights: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, out) =
            (required("quilt", quilt)?, arrays.output_of("weights", weights, &[DType::F32, DType::F64])?);
        quilt.0.window_weight_into(out).map_err(argument("weights"))
    })
}

/// Fills `weights`, (Y, X) or (Z, Y, X) of type f32 or f64 and of the size of an image, with the sum of the window
/// weights at each pixel, by which stitching divides. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_weights(
    quilt: Option<&qlty_quilt>,
    weights: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (quilt, out) =
            (required("quilt", quilt)?, arrays.output_of("weights", weights, &[DType::F32, DType::F64])?);
        in_place(|| quilt.0.weights_into(out))
    })
}
