//! Choosing pairs evenly by their statistics.

use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::{Bins, stratified_sample_into};

use crate::arguments::{done, required, size};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, guard, qlty_error, qlty_status};
use crate::long_call::in_pool;

/// Bins of equal width, from the least value to the largest.
pub const QLTY_BINS_HISTOGRAM: i32 = 0;
/// Bins of equal population: their edges are quantiles, interpolated linearly.
pub const QLTY_BINS_QUANTILES: i32 = 1;

/// Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations, with `bins` bins
/// along both.
///
/// `means` and `sigmas` are (P) of type f64: two columns of qlty_pairs_column, or values computed from them. `kind` is
/// a QLTY_BINS. The indices chosen are written to the front of `indices`, (K) of type i64, and their number to
/// `*count`; K = P is always enough. They are ordered by bin, with the standard deviation varying fastest, and depend
/// only on the arguments. Each pair is in exactly one bin, also the one with the largest value. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if `bins` or `samples_per_bin` is not at least 1, `kind` is invalid,
/// a value is NaN or infinite, the numbers of means and standard deviations differ, or the arrays overlap;
/// QLTY_STATUS_SHAPE if more are chosen than `indices` has room for; QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_sample_stratified(
    means: Option<&qlty_array>,
    sigmas: Option<&qlty_array>,
    kind: i32,
    bins: i64,
    samples_per_bin: i64,
    seed: u64,
    indices: Option<&qlty_array>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (means, sigmas) = (arrays.input("means", means)?, arrays.input("sigmas", sigmas)?);
        let (indices, count) = (arrays.output("indices", indices)?, required("count", count)?);
        let (bins, most) = (size("bins", bins)?, size("samples_per_bin", samples_per_bin)?);
        let kind = match kind {
            QLTY_BINS_HISTOGRAM => Bins::Histogram,
            QLTY_BINS_QUANTILES => Bins::Quantiles,
            other => return Err(Failure::argument(format!("kind: got {other}, expected a QLTY_BINS"))),
        };
        let chosen = in_pool(|| stratified_sample_into(means, sigmas, (kind, bins), most, seed, indices))?;
        done(count, chosen as i64)
    })
}
