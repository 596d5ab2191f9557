//! Stitching onto disk against plain loops and against stitching in memory.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod in_order;
mod reading;
mod shuffled;
mod spread;
mod threads;

use ndarray::{Array, ArrayD, ArrayView, Axis, IxDyn};
use qlty_core::{BatchDim, Element, Rank, Spatial};
use qlty_large::{Accumulator, LargeQuilt, LargeResult, Result, Std};
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::Sample;

/// Patches and variances of a batch, in standard layout.
struct Given<T> {
    patches: ArrayD<T>,
    variances: ArrayD<T>,
}

impl<T: Sample> Given<T> {
    fn new<const D: usize>(geometry: &Geometry<D>, images: usize, channels: usize, seed: u64) -> Self
    where
        Spatial<D>: Rank,
    {
        let count = images * geometry.starts().len();
        let shape: Vec<_> = [count, channels].into_iter().chain(geometry.window).collect();
        let patches = qlty_tests::sample::moderate::<T>(&shape, seed);
        let variances = qlty_tests::sample::moderate::<T>(&shape, seed + 1);
        // Variances are not negative.
        Self { patches, variances: variances.mapv(|v| T::nearest(v.number().abs())) }
    }

    fn len(&self) -> usize {
        self.patches.shape()[0]
    }

    /// Adds patches of these indices in one call.
    fn stitch<A: Accumulator, const D: usize>(
        &self,
        large: &LargeQuilt<A, D>,
        indices: &[usize],
        std: Std,
    ) -> Result<()>
    where
        Spatial<D>: Rank,
    {
        let chosen =
            |of: &ArrayD<T>| -> Array<T, BatchDim<D>> { of.select(Axis(0), indices).into_dimensionality().unwrap() };
        let variances = chosen(&self.variances);
        let variances = if std == Std::None { None } else { Some(variances.view()) };
        large.stitch(indices, chosen(&self.patches).view(), variances)
    }
}

/// A batch with the number of axes in its type.
fn typed<T: Element, const D: usize>(patches: &ArrayD<T>) -> ArrayView<'_, T, BatchDim<D>>
where
    Spatial<D>: Rank,
{
    patches.view().into_dimensionality().unwrap()
}

/// Mean and standard deviation by the contract, in `f64`, of the patches that `arrived`; NaN where none did.
fn by_hand<T: Sample, const D: usize>(
    geometry: &Geometry<D>,
    given: &Given<T>,
    arrived: impl Fn(usize) -> bool,
    std: Std,
) -> (ArrayD<f64>, ArrayD<f64>)
where
    Spatial<D>: Rank,
{
    let starts = geometry.starts();
    let (images, channels) = (given.len() / starts.len(), given.patches.shape()[1]);
    let weight = geometry.window_weight();
    let shape: Vec<_> = [images, channels].into_iter().chain(geometry.size).collect();
    // The terms of each pixel: weight, value, variance.
    let mut terms: Vec<Vec<(f64, f64, f64)>> = vec![Vec::new(); shape.iter().product()];
    let volume: usize = geometry.size.iter().product();
    let area = weight.len();
    let (values, variances) = (given.patches.as_slice().unwrap(), given.variances.as_slice().unwrap());
    for index in (0..given.len()).filter(|index| arrived(*index)) {
        let offsets = geometry.offsets(starts[index % starts.len()]);
        for c in 0..channels {
            for (i, offset) in offsets.iter().enumerate() {
                let at = (index * channels + c) * area + i;
                let pixel = (index / starts.len() * channels + c) * volume + offset;
                terms[pixel].push((weight[i], values[at].number(), variances[at].number()));
            }
        }
    }
    let mean_of = |terms: &[(f64, f64, f64)], value: &dyn Fn(&(f64, f64, f64)) -> f64| {
        let total: f64 = terms.iter().map(|(weight, ..)| weight).sum();
        terms.iter().map(|term| term.0 * value(term)).sum::<f64>() / total
    };
    let mean: Vec<f64> = terms.iter().map(|terms| mean_of(terms, &|(_, value, _)| *value)).collect();
    let deviation = terms.iter().zip(&mean).map(|(terms, mean)| {
        let apart = |value: f64| if std == Std::Total { (value - mean).powi(2) } else { 0.0 };
        mean_of(terms, &|(_, value, variance)| variance + apart(*value)).sqrt()
    });
    let deviation: Vec<f64> = deviation.collect();
    let array = |values| ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap();
    (array(mean), array(deviation))
}

/// Mean and, if there is one, standard deviation.
fn read<A: Accumulator, const D: usize>(result: &LargeResult<A, D>) -> (ArrayD<A>, Option<ArrayD<A>>)
where
    Spatial<D>: Rank,
{
    let std = result.std.as_ref().map(|std| std.read().unwrap().into_dyn());
    (result.mean.read().unwrap().into_dyn(), std)
}
