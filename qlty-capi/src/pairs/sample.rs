//! Choosing pairs evenly by their statistics.

use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::{Bins, stratified_sample_into};

use crate::arguments::{done, required, size};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::long_call::in_pool;
use crate::options::{Options, init, options, read};

/// Bins of equal width, from the least value to the largest.
pub const QLTY_BINS_HISTOGRAM: i32 = 0;
/// Bins of equal population: their edges are quantiles, interpolated linearly.
pub const QLTY_BINS_QUANTILES: i32 = 1;

/// How pairs are chosen by qlty_sample_draw. Fill it with qlty_sample_options_init, then set bins and samples_per_bin.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_sample_options {
    /// sizeof(qlty_sample_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// How means and standard deviations are divided into bins, a QLTY_BINS. Initially QLTY_BINS_HISTOGRAM.
    pub kind: i32,
    /// The number of bins along means, and also along standard deviations. Initially 0, which is not valid.
    pub bins: i64,
    /// The largest number of pairs chosen from each bin. Initially 0, which is not valid.
    pub samples_per_bin: i64,
    /// What the choice within a bin is drawn from. Initially 0.
    pub seed: u64,
}

options! {
    qlty_sample_options, at least 32 bytes, filled by "qlty_sample_options_init";
    kind: QLTY_BINS_HISTOGRAM,
    bins: 0,
    samples_per_bin: 0,
    seed: 0,
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_sample_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_sample_options_init(
    options: *mut qlty_sample_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}

/// Chooses up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations, with `bins` bins
/// along both.
///
/// `means` and `sigmas` are (P) of type f64: two columns of qlty_pairs_column, or values computed from them. The
/// indices chosen are written to the front of `indices`, (K) of type i64, and their number to `*count`; K = P is always
/// enough. They are ordered by bin, with the standard deviation varying fastest, and depend only on the arguments. Each
/// pair is in exactly one bin, also the one with the largest value. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if an option is invalid, a value is NaN or infinite, the numbers of
/// means and standard deviations differ, or the arrays overlap; QLTY_STATUS_SHAPE if more are chosen than `indices` has
/// room for; QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_sample_draw(
    means: Option<&qlty_array>,
    sigmas: Option<&qlty_array>,
    options: *const qlty_sample_options,
    indices: Option<&qlty_array>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the options and the arrays are as the host promises for all calls.
        unsafe { sample([means, sigmas], read(options)?, indices, count) }
    })
}

/// Deprecated: qlty_sample_draw does the same with kind, bins, samples_per_bin and seed in a struct.
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
        let options =
            qlty_sample_options { kind, bins, samples_per_bin, seed, ..<qlty_sample_options as Options>::INITIAL };
        // SAFETY: the arrays are as the host promises for all calls.
        unsafe { sample([means, sigmas], options, indices, count) }
    })
}

/// # Safety
/// The arrays are as [`Arrays::of_call`] requires.
unsafe fn sample(
    [means, sigmas]: [Option<&qlty_array>; 2],
    options: qlty_sample_options,
    indices: Option<&qlty_array>,
    count: Option<&mut MaybeUninit<i64>>,
) -> Outcome {
    // SAFETY: the caller's promise.
    let mut arrays = unsafe { Arrays::of_call() };
    let (means, sigmas) = (arrays.input("means", means)?, arrays.input("sigmas", sigmas)?);
    let (indices, count) = (arrays.output("indices", indices)?, required("count", count)?);
    let (bins, most) = (size("bins", options.bins)?, size("samples_per_bin", options.samples_per_bin)?);
    let kind = match options.kind {
        QLTY_BINS_HISTOGRAM => Bins::Histogram,
        QLTY_BINS_QUANTILES => Bins::Quantiles,
        other => return Err(Failure::argument(format!("kind: got {other}, expected a QLTY_BINS"))),
    };
    let chosen = in_pool(|| stratified_sample_into(means, sigmas, (kind, bins), most, options.seed, indices))?;
    done(count, chosen as i64)
}
