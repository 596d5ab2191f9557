//! Stored patch pairs: reading returns what was written, completely or not at all.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod batches;
mod cut_off;
mod damaged;
mod dynamic;
mod mistakes;
mod writing;

use std::path::Path;

use ndarray::{Array, ArrayView};
use qlty_core::{Element, Rank, Spatial};
use qlty_pairs::{
    ImageSource, Monitor, Number, PairMetadata, PairOptions, Result, StoreOptions, extract_patch_pairs_metadata,
    extract_patches_to_zarr,
};
use qlty_tests::sample::{Sample, any, moderate};

type Batch<const D: usize> = <Spatial<D> as Rank>::Batch;

/// Images with arbitrary values.
fn images<T: Sample, const D: usize>(shape: &[usize], seed: u64) -> Array<T, Batch<D>>
where
    Spatial<D>: Rank,
{
    any::<T>(shape, seed).into_dimensionality().unwrap()
}

/// Metadata of pairs of images of this shape. The statistics are those of other images, which does not matter if only
/// the positions are used.
fn metadata<const D: usize>(shape: &[usize], window: [usize; D], pairs_per_image: usize) -> PairMetadata<D>
where
    Spatial<D>: Rank,
    for<'a> ArrayView<'a, f32, Batch<D>>: ImageSource<f32, D>,
{
    let longest = window.into_iter().max().unwrap();
    let range = ((longest / 4) as f64, (3 * longest / 4) as f64);
    let rotations = 0..if D == 2 { 4 } else { 0 };
    let options = PairOptions::new(window, pairs_per_image, range).seed(5).rotations(rotations);
    let images: Array<f32, Batch<D>> = moderate::<f32>(shape, 5).into_dimensionality().unwrap();
    let source = images.view();
    numbered(&source, &options)
}

fn numbered<T: Number, const D: usize>(source: &impl ImageSource<T, D>, options: &PairOptions<D>) -> PairMetadata<D>
where
    Spatial<D>: Rank,
{
    extract_patch_pairs_metadata(source, options).unwrap()
}

fn write<T: Element, const D: usize>(
    source: &impl ImageSource<T, D>,
    metadata: &PairMetadata<D>,
    path: &Path,
    options: &StoreOptions,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    extract_patches_to_zarr(source, metadata, None, path, options, &Monitor::new())
}
