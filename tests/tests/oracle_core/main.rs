//! The in-memory quilt against plain loops, on random geometries, element types and strides.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod accumulating;
mod adjoints;
mod labels;
mod large;
mod monitoring;
mod positional;
mod stitching;
mod unstitching;

use ndarray::{ArrayD, ArrayView, ArrayViewD, ArrayViewMut, ArrayViewMutD};
use proptest::prelude::*;
use qlty_core::{Rank, Spatial};
use qlty_tests::layout::Layout;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::Sample;

type Batch<const D: usize> = <Spatial<D> as Rank>::Batch;
type Window<const D: usize> = <Spatial<D> as Rank>::Window;

/// A batch with the number of axes in its type.
fn typed<T, const D: usize>(view: ArrayViewD<'_, T>) -> ArrayView<'_, T, Batch<D>>
where
    Spatial<D>: Rank,
{
    view.into_dimensionality().unwrap()
}

/// [`typed`], mutable.
fn typed_mut<T, const D: usize>(view: ArrayViewMutD<'_, T>) -> ArrayViewMut<'_, T, Batch<D>>
where
    Spatial<D>: Rank,
{
    view.into_dimensionality().unwrap()
}

/// A geometry and a batch for it, in some memory layout.
#[derive(Debug, Clone)]
struct Trial<const D: usize> {
    geometry: Geometry<D>,
    images: usize,
    channels: usize,
    seed: u64,
    /// The layouts of the input and of the output.
    layouts: [Layout; 2],
}

impl<const D: usize> Trial<D>
where
    Spatial<D>: Rank,
{
    fn batch_shape(&self) -> Vec<usize> {
        [self.images, self.channels].into_iter().chain(self.geometry.size).collect()
    }

    fn patch_count(&self) -> usize {
        self.images * self.geometry.starts().len()
    }

    fn patches_shape(&self) -> Vec<usize> {
        [self.patch_count(), self.channels].into_iter().chain(self.geometry.window).collect()
    }

    /// Patches like the output of a model.
    fn patches<T: Sample>(&self) -> ArrayD<T> {
        qlty_tests::sample::moderate(&self.patches_shape(), self.seed)
    }

    /// The maximum error of sums of [`Sample::moderate`] values relative to the exact mean, for a sum type whose
    /// relative precision is `epsilon`: one rounding error per overlapping window.
    fn tolerance(&self, epsilon: f64) -> f64 {
        100.0 * epsilon * (self.geometry.most_overlapping() + 8) as f64
    }
}

/// Trials of geometries with axes of at most `most` pixels.
fn trial<const D: usize>(geometry: impl Strategy<Value = Geometry<D>>) -> impl Strategy<Value = Trial<D>>
where
    Spatial<D>: Rank,
{
    use qlty_tests::strategy::{channels_last, layout};
    // If both have interleaved channels, another code path is used.
    let layouts = prop_oneof![
        3 => [layout(D + 2).boxed(), layout(D + 2).boxed()],
        1 => [channels_last(D + 2).boxed(), channels_last(D + 2).boxed()],
    ];
    (geometry, 1..=2_usize, 1..=3_usize, any::<u64>(), layouts)
        .prop_map(|(geometry, images, channels, seed, layouts)| Trial { geometry, images, channels, seed, layouts })
}

/// A pool with `count` threads.
fn threads(count: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap()
}
