//! Quilts, and what is known of them.

use ndarray::ArrayViewMut2;
use qlty_core::{Quilt, Rank, Spatial, WindowDim};

use crate::array::qlty_array;
use crate::dtype::{QLTY_DTYPE_BOOL, QLTY_DTYPE_U8, Typed, mismatch, with_type};
use crate::error::{Failure, Outcome, borrow, free, guard, hand_over, qlty_error, qlty_status, size, writable};
use crate::options::read;
use crate::quilt_options::qlty_quilt_options;
use crate::rank::{Ranked, check_ndim, sizes};

/// A geometry with weights: what cuts and sews. Opaque. It never changes, so any number of threads
/// may use one at once; free it with qlty_quilt_free.
#[derive(Debug)]
pub struct qlty_quilt(pub(crate) AnyQuilt);

/// A quilt of either number of spatial axes.
pub(crate) type AnyQuilt = Ranked<Quilt<2>, Quilt<3>>;

/// Runs a body with `$q` standing for the quilt and `$D` for its number of spatial axes.
macro_rules! with_quilt {
    ($quilt:expr, $q:ident, $D:ident => $body:expr) => {
        $crate::rank::with_rank!(&$quilt.0, $q, $D => $body)
    };
}
pub(crate) use with_quilt;

fn build<const D: usize>(options: &qlty_quilt_options) -> Outcome<Quilt<D>>
where
    Spatial<D>: Rank,
{
    let [image, window, step] = [("size", &options.size), ("window", &options.window), ("step", &options.step)]
        .map(|(name, values)| sizes(name, values));
    let mut builder = Quilt::builder(image?, window?, step?);
    builder = builder.border(sizes("border", &options.border)?).profile(options.profile()?);
    if !options.border_weight.is_nan() {
        builder = builder.border_weight(options.border_weight);
    }
    Ok(builder.build()?)
}

/// Creates a quilt and stores it in `*quilt`.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where, on any axis, the window is empty or larger than the
/// image, the step is zero, or twice the border is not less than the window; where the border
/// weight is not within 0 to 1, or given with a profile that has no use for it; where the profile
/// is none or its parameter out of range; where a host that is newer than the library sets an option
/// that the library does not know. QLTY_STATUS_OVERFLOW where an image has too many pixels.
///
/// # Safety
/// `options` is NULL or was filled by qlty_quilt_options_init; `quilt` and `error` are NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_new(
    options: *const qlty_quilt_options,
    quilt: *mut *mut qlty_quilt,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        let quilt = writable("quilt", quilt)?;
        // SAFETY: the caller's promise.
        let options = unsafe { read(options) }?;
        check_ndim(options.ndim)?;
        let built = match options.ndim {
            2 => Ranked::Two(build(&options)?),
            _ => Ranked::Three(build(&options)?),
        };
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(quilt, qlty_quilt(built)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees a quilt. NULL is fine.
///
/// # Safety
/// `quilt` is NULL or a quilt that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_free(quilt: *mut qlty_quilt) {
    // SAFETY: the caller's promise.
    unsafe { free(quilt) };
}

/// Stores the number of windows along each spatial axis: 2 or 3 numbers, (y, x) or (z, y, x). Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `quilt` is NULL or a quilt; `counts` is NULL or has room for as many numbers as the quilt has
/// spatial axes; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_counts(
    quilt: *const qlty_quilt,
    counts: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let quilt = unsafe { borrow("quilt", quilt) }?;
        let counts = writable("counts", counts)?;
        with_quilt!(quilt, q, _D => for (axis, count) in q.counts().iter().enumerate() {
            // SAFETY: not null, and the caller promises room for a number per axis.
            unsafe { counts.add(axis).write(*count as i64) };
        });
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the number of patches of a batch of `images`. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `quilt` is NULL or a quilt; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_patch_count(
    quilt: *const qlty_quilt,
    images: i64,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let quilt = unsafe { borrow("quilt", quilt) }?;
        let (images, stored) = (size("images", images)?, writable("count", count)?);
        let count = with_quilt!(quilt, q, _D => q.patch_count(images))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { stored.write(count as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `positions`, of type i64, with where patches lie, from patch index `first` on: (P, 2) or
/// (P, 3) with the first pixel (y, x) or (z, y, x) of each, or one column more with the image
/// before them. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative index, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `positions` is NULL or an array whose values may be written; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_positions(
    quilt: *const qlty_quilt,
    first: i64,
    positions: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, positions) = unsafe { (borrow("quilt", quilt)?, borrow("positions", positions)?) };
        let first = size("first", first)?;
        // SAFETY: the caller's promise.
        let out: ArrayViewMut2<'_, i64> = unsafe { positions.view_mut("positions", &[]) }?;
        with_quilt!(quilt, q, _D => Ok(q.positions_into(first, out)?))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `mask`, (y, x) or (z, y, x) of type u8 or bool and of the size of a window, with 1 where a
/// pixel lies inside the border of the window, else 0. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `mask` is NULL or an array whose values may be written; `error` is
/// NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_border_mask(
    quilt: *const qlty_quilt,
    mask: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, mask) = unsafe { (borrow("quilt", quilt)?, borrow("mask", mask)?) };
        if ![QLTY_DTYPE_U8, QLTY_DTYPE_BOOL].contains(&mask.dtype) {
            return Err(mismatch("mask", mask.dtype, "u8 or bool"));
        }
        with_quilt!(quilt, q, D => {
            let values = || Ok(q.border_mask()?.map(|inner| u8::from(*inner)));
            // SAFETY: the caller's promise.
            unsafe { fill::<u8, WindowDim<D>>("mask", mask, &q.window(), values) }
        })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `weights`, (y, x) or (z, y, x) of type f32 or f64 and of the size of a window, with the
/// weight of each pixel of a window. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `weights` is NULL or an array whose values may be written; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_window_weight(
    quilt: *const qlty_quilt,
    weights: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, weights) = unsafe { (borrow("quilt", quilt)?, borrow("weights", weights)?) };
        with_quilt!(quilt, q, D => with_type!("weights", weights.dtype, S: real => {
            // SAFETY: the caller's promise.
            unsafe { fill::<S, WindowDim<D>>("weights", weights, &q.window(), || Ok(q.window_weight::<S>()?)) }
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `weights`, (Y, X) or (Z, Y, X) of type f32 or f64 and of the size of an image, with the
/// sum of the window weights that reach each pixel: what stitching divides by. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `quilt` is NULL or a quilt; `weights` is NULL or an array whose values may be written; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_weights(
    quilt: *const qlty_quilt,
    weights: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, weights) = unsafe { (borrow("quilt", quilt)?, borrow("weights", weights)?) };
        with_quilt!(quilt, q, D => with_type!("weights", weights.dtype, S: real => {
            // SAFETY: the caller's promise.
            let out = unsafe { weights.view_mut::<S, WindowDim<D>>("weights", &[]) }?;
            Ok(q.weights_into(out)?)
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Copies an array of ours into one of the host's, whose shape is checked before ours is made: a
/// window may be larger than the memory.
///
/// # Safety
/// The host's values may be written.
unsafe fn fill<T: Typed, Dim: ndarray::Dimension>(
    name: &str,
    out: &qlty_array,
    shape: &[usize],
    values: impl FnOnce() -> Outcome<ndarray::Array<T, Dim>>,
) -> Outcome {
    // SAFETY: the caller's promise.
    let mut out = unsafe { out.view_mut::<T, Dim>(name, &[]) }?;
    check_shape(name, out.shape(), shape)?;
    out.assign(&values()?);
    Ok(())
}

/// Fails where an array of the host's has another shape than a result.
pub(crate) fn check_shape(name: &str, got: &[usize], expected: &[usize]) -> Outcome {
    if got == expected {
        return Ok(());
    }
    let message = format!("{name}: got shape {got:?}, expected {expected:?}");
    Err(Failure::new(crate::error::QLTY_STATUS_SHAPE, message))
}
