//! Choosing pairs evenly over statistics.

use ::qlty_pairs::{stratified_sample_by_histogram, stratified_sample_by_quantiles};
use ndarray::{ArrayView1, ArrayViewMut1};

use crate::array::{collect, qlty_array};
use crate::error::{Failure, Outcome, QLTY_STATUS_SHAPE, borrow, guard, qlty_error, qlty_status, size, writable};
use crate::long_call::in_pool;

/// Bins of equal width, from the least value to the largest.
pub const QLTY_BINS_HISTOGRAM: i32 = 0;
/// Bins of equal population: their edges are quantiles, interpolated linearly.
pub const QLTY_BINS_QUANTILES: i32 = 1;

/// Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations,
/// with `bins` bins along both.
///
/// `means` and `sigmas` are (P) of type f64: two columns of qlty_pairs_column, or what the host makes
/// of them. `kind` is a QLTY_BINS. The indices chosen are written to the front of `indices`, (K) of
/// type i64, and their number to `*count`; K = P is always enough. They come bin by bin, the standard
/// deviation faster, and depend on nothing but the arguments. Each pair is in exactly one bin, the
/// one of the largest value too. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where `bins` or `samples_per_bin` is not at least 1,
/// `kind` is none, a value is NaN or infinite, there are not as many means as standard deviations,
/// or the arrays overlap; QLTY_STATUS_SHAPE where more are chosen than `indices` has room for;
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `means`, `sigmas` and `indices` are NULL or arrays, of which the first two are not written and the
/// third not used by others during the call; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_sample_stratified(
    means: *const qlty_array,
    sigmas: *const qlty_array,
    kind: i32,
    bins: i64,
    samples_per_bin: i64,
    seed: u64,
    indices: *const qlty_array,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (means, sigmas) = unsafe { (borrow("means", means)?, borrow("sigmas", sigmas)?) };
        // SAFETY: the caller's promise.
        let (indices, count) = (unsafe { borrow("indices", indices) }?, writable("count", count)?);
        let (bins, most) = (size("bins", bins)?, size("samples_per_bin", samples_per_bin)?);
        let sample = match kind {
            QLTY_BINS_HISTOGRAM => stratified_sample_by_histogram,
            QLTY_BINS_QUANTILES => stratified_sample_by_quantiles,
            other => return Err(Failure::argument(format!("kind: got {other}, expected a QLTY_BINS"))),
        };
        // SAFETY: the caller's promise.
        let mut out: ArrayViewMut1<'_, i64> =
            unsafe { indices.view_mut("indices", &[("means", means), ("sigmas", sigmas)]) }?;
        // SAFETY: the caller's promise.
        let (means, sigmas) = unsafe { (numbers("means", means)?, numbers("sigmas", sigmas)?) };
        let chosen = in_pool(|| sample(&means, &sigmas, bins, most, seed))?;
        if chosen.len() > out.len() {
            let problem = format!("indices: got shape [{}], expected at least [{}]", out.len(), chosen.len());
            return Err(Failure::new(QLTY_STATUS_SHAPE, problem));
        }
        out.iter_mut().zip(&chosen).for_each(|(to, index)| *to = *index as i64);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { count.write(chosen.len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The values of the array are not written during the call.
unsafe fn numbers(name: &str, array: &qlty_array) -> Outcome<Vec<f64>> {
    // SAFETY: the caller's promise.
    let view: ArrayView1<'_, f64> = unsafe { array.view(name) }?;
    collect(name, view.iter().map(|value| Ok(*value)))
}
