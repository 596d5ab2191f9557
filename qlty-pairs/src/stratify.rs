//! Selecting pairs evenly over the statistics of their patches.

use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::{Error, Result};
use rand::RngExt;

use crate::draw::stream;

/// How the edges of bins are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bins {
    /// Of equal width, from the smallest value to the largest: [`stratified_sample_by_histogram`].
    Histogram,
    /// Of equal population, between quantiles: [`stratified_sample_by_quantiles`].
    Quantiles,
}

/// [`stratified_sample_by_histogram`] or [`stratified_sample_by_quantiles`] with `means` and `sigmas` of type `f64`:
/// writes the selected indices to the start of `indices`, of type `i64`, and returns their number. An array with one
/// element per pair is always large enough.
///
/// # Errors
/// The errors of [`stratified_sample_by_histogram`]; [`Error::Shape`] if an array does not have one axis, or `indices`
/// is too small; [`Error::DataType`]. Nothing is written then.
pub fn stratified_sample_into(
    means: ArrayRef<'_>,
    sigmas: ArrayRef<'_>,
    bins: (Bins, usize),
    samples_per_bin: usize,
    seed: u64,
    mut indices: ArrayMut<'_>,
) -> Result<usize> {
    let values = |name: &'static str, array: &ArrayRef<'_>| -> Result<Vec<f64>> {
        check_row(name, array.shape())?;
        Ok(array.view::<f64>(name)?.iter().copied().collect())
    };
    let (means, sigmas) = (values("means", &means)?, values("sigmas", &sigmas)?);
    check_row("indices", indices.shape())?;
    let chosen = match bins {
        (Bins::Histogram, bins) => stratified_sample_by_histogram(&means, &sigmas, bins, samples_per_bin, seed),
        (Bins::Quantiles, bins) => stratified_sample_by_quantiles(&means, &sigmas, bins, samples_per_bin, seed),
    }?;
    if chosen.len() > indices.len() {
        return Err(Error::shape("indices", indices.shape(), format!("at least [{}]", chosen.len())));
    }
    let mut indices = indices.view_mut::<i64>("indices")?;
    indices.iter_mut().zip(&chosen).for_each(|(to, index)| *to = *index as i64);
    Ok(chosen.len())
}

/// Fails unless an array has one axis.
fn check_row(name: &'static str, shape: &[usize]) -> Result<()> {
    if shape.len() != 1 {
        return Err(Error::shape(name, shape, "one axis"));
    }
    Ok(())
}

/// Selects up to `samples_per_bin` pairs from each bin of a grid over means and standard deviations, with `bins` bins
/// of equal width along both, from the smallest value to the largest.
///
/// Each pair is in exactly one bin. The selected pairs are ordered by bin, the standard deviation varying faster, and
/// within a bin in the order drawn; they depend only on the arguments.
///
/// # Errors
/// [`Error::Argument`] if the numbers of means and standard deviations differ, a value is NaN or infinite, or `bins`
/// or `samples_per_bin` is zero.
pub fn stratified_sample_by_histogram(
    means: &[f64],
    sigmas: &[f64],
    bins: usize,
    samples_per_bin: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    check(means, sigmas, bins, samples_per_bin)?;
    Ok(sample([means, sigmas].map(|values| equal_widths(values, bins)), samples_per_bin, seed))
}

/// [`stratified_sample_by_histogram`] with bins of equal population: their edges are the quantiles of the means and of
/// the standard deviations, interpolated linearly.
///
/// # Errors
/// The errors of [`stratified_sample_by_histogram`].
pub fn stratified_sample_by_quantiles(
    means: &[f64],
    sigmas: &[f64],
    bins: usize,
    samples_per_bin: usize,
    seed: u64,
) -> Result<Vec<usize>> {
    check(means, sigmas, bins, samples_per_bin)?;
    Ok(sample([means, sigmas].map(|values| equal_populations(values, bins)), samples_per_bin, seed))
}

fn check(means: &[f64], sigmas: &[f64], bins: usize, samples_per_bin: usize) -> Result<()> {
    if means.len() != sigmas.len() {
        let expected = format!("{}, one for each mean", means.len());
        return Err(Error::argument("number of standard deviations", sigmas.len(), expected));
    }
    for (name, count) in [("bins", bins), ("samples per bin", samples_per_bin)] {
        if count == 0 {
            return Err(Error::argument(name, count, "at least 1"));
        }
    }
    for (name, values) in [("mean", means), ("standard deviation", sigmas)] {
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            let expected = "a number that is finite and not NaN";
            return Err(Error::argument(format!("{name} of pair {index}"), values[index], expected));
        }
    }
    Ok(())
}

/// The bin of each value, of bins of equal width.
fn equal_widths(values: &[f64], bins: usize) -> Vec<usize> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Computed from halves, since the difference of two numbers may overflow.
    let width = most / 2.0 - least / 2.0;
    let bin = |value: &f64| {
        let place = if width > 0.0 { (value / 2.0 - least / 2.0) / width } else { 0.0 };
        // The largest value is in the last bin.
        ((place * bins as f64) as usize).min(bins - 1)
    };
    values.iter().map(bin).collect()
}

/// The bin of each value, of bins between quantiles.
fn equal_populations(values: &[f64], bins: usize) -> Vec<usize> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    // The bin is the number of inner edges up to the value.
    let last = sorted.len().saturating_sub(1);
    let edge = |i: usize| {
        let place = i as f64 / bins as f64 * last as f64;
        let (below, part) = (place as usize, place.fract());
        let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
        if part == 0.0 { low } else { low * (1.0 - part) + high * part }
    };
    if sorted.is_empty() {
        return Vec::new();
    }
    // A binary search, since there may be many more bins than values.
    let bin = |value: &f64| {
        let (mut low, mut high) = (0, bins - 1);
        while low < high {
            let middle = high - (high - low) / 2;
            if edge(middle) <= *value { low = middle } else { high = middle - 1 }
        }
        low
    };
    values.iter().map(bin).collect()
}

/// Draws from each bin of the grid, in the order of the bins.
fn sample([means, sigmas]: [Vec<usize>; 2], most: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<(usize, usize, usize)> =
        means.into_iter().zip(sigmas).enumerate().map(|(index, (mean, sigma))| (mean, sigma, index)).collect();
    order.sort_unstable();
    let mut random = stream(seed, 0);
    let mut chosen = Vec::new();
    for bin in order.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)) {
        for i in 0..most.min(bin.len()) {
            bin.swap(i, i + random.random_range(0..(bin.len() - i) as u64) as usize);
            chosen.push(bin[i].2);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    type Choice = fn(&[f64], &[f64], usize, usize, u64) -> Result<Vec<usize>>;
    const BOTH: [Choice; 2] = [stratified_sample_by_histogram, stratified_sample_by_quantiles];

    fn values(count: usize, scale: f64) -> Vec<f64> {
        (0..count).map(|i| ((i * 7919) % 1009) as f64 * scale).collect()
    }

    #[test]
    fn every_pair_is_in_exactly_one_bin() {
        for bins in [1, 2, 3, 7, 20, 5000] {
            for scale in [1.0, 0.1, 1e-300, 1e305] {
                let (means, sigmas) = (values(500, scale), values(500, -scale / 3.0));
                for choose in BOTH {
                    let mut all = choose(&means, &sigmas, bins, 500, 1).unwrap();
                    all.sort_unstable();
                    assert!(all.iter().copied().eq(0..500), "{bins} bins, values times {scale}");
                }
            }
        }
    }

    #[test]
    fn bins_are_where_they_should_be() {
        assert_eq!(equal_widths(&[0.0, 1.0, 2.0, 3.0, 4.0], 2), [0, 0, 1, 1, 1]);
        assert_eq!(equal_widths(&[5.0, 5.0], 3), [0, 0]);
        assert_eq!(equal_widths(&[f64::MIN, 0.0, f64::MAX], 2), [0, 1, 1]);
        assert_eq!(equal_populations(&[0.0, 1.0, 2.0, 3.0, 100.0], 2), [0, 0, 1, 1, 1]);
        assert_eq!(equal_populations(&[3.0, 1.0, 2.0, 0.0], 4), [3, 1, 2, 0]);
        assert_eq!(equal_populations(&[7.0; 3], 4), [3; 3]);
        let bins = equal_populations(&values(1009, 1.0), 10);
        let counts: Vec<_> = (0..10).map(|bin| bins.iter().filter(|b| **b == bin).count()).collect();
        assert!(counts.iter().all(|count| (100..=102).contains(count)), "{counts:?}");
    }

    #[test]
    fn no_bin_gives_more_than_asked_and_seeds_differ() {
        let (means, sigmas) = (values(1000, 1.0), vec![1.0; 1000]);
        for choose in BOTH {
            let chosen = choose(&means, &sigmas, 10, 4, 1).unwrap();
            assert_eq!(chosen.len(), 40);
            assert_eq!(chosen, choose(&means, &sigmas, 10, 4, 1).unwrap());
            assert_ne!(chosen, choose(&means, &sigmas, 10, 4, 2).unwrap());
            assert_eq!(choose(&[], &[], 10, 4, 1).unwrap(), [0_usize; 0]);
        }
    }

    #[test]
    fn what_cannot_be_binned_is_an_error() {
        for choose in BOTH {
            let text = choose(&[1.0, f64::NAN], &[1.0, 1.0], 2, 1, 0).unwrap_err().to_string();
            assert!(text.contains("mean of pair 1: got NaN"), "{text}");
            assert!(choose(&[1.0], &[f64::INFINITY], 2, 1, 0).is_err());
            assert!(choose(&[1.0], &[1.0, 2.0], 2, 1, 0).is_err());
            assert!(choose(&[1.0], &[1.0], 0, 1, 0).is_err());
            assert!(choose(&[1.0], &[1.0], 1, 0, 0).is_err());
        }
    }
}
