//! Denoises a volume on disk with a stand-in for a model, using less memory than the volume.
//!
//! `cargo run --release -p qlty-large --example large_inference -- [FOLDER] [SIZE]` creates a volume of SIZE³ pixels
//! (256) in FOLDER (`out/large`), writes the mean and its uncertainty to the same folder, and prints the error of the
//! mean. If it is killed and run again, it resumes where it stopped.
#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::path::{Path, PathBuf};

use ndarray::{Array3, Array5, ArrayView5, Axis, s};
use qlty_core::dynamic::ArrayRef;
use qlty_core::zarr::{Codec, Layout, Partial, Plan};
use qlty_core::{DType, NczyxQuilt};
use qlty_large::{LargeQuilt, LargeResult, Region, Result, Std, ZarrImages};
use rayon::prelude::*;

/// The thickness of the slabs in which the volume is created.
const SLAB: usize = 32;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "out/large".into()));
    let size = arguments.next().and_then(|size| size.to_str()?.parse().ok()).unwrap_or(256);
    let result = denoise(&folder, size)?;
    println!("{}: the mean absolute error is {:.4}", result.mean.path().display(), error(&result, size)?);
    Ok(())
}

/// Denoises a volume of `size` pixels along each axis, which is created if it does not exist.
fn denoise(folder: &Path, size: usize) -> Result<LargeResult<f32, 3>> {
    let volume = folder.join("volume.zarr");
    if !volume.exists() {
        make(&volume, size)?;
    }
    // A quarter of the memory for the sums of mean and variance.
    let budget = 2 * size.pow(3) * size_of::<f32>() / 4;
    let source = ZarrImages::<u16, 3>::with_cache(volume.join("0"), budget)?;
    let window = size.min(64);
    let quilt = NczyxQuilt::builder([size; 3], [window; 3], [window / 2; 3]).border(window / 8).build()?;
    let large = LargeQuilt::<f32, 3>::builder(&quilt, 1, folder.join("denoised"))
        .channels(1)
        .std(Std::Total)
        .memory_budget(budget)
        .create_or_open()?;
    let progress = large.progress();
    println!("{} of {} patches to do", progress.patches - progress.patches_done, progress.patches);
    while let Some(next) = large.unstitch_next(&source, 8)? {
        let (mean, variance) = model(next.patches.view());
        large.stitch(&next.indices, mean.view(), Some(variance.view()))?;
        let progress = large.progress();
        if progress.patches_done % 64 == 0 {
            println!(
                "{} of {} patches, {} of {} tiles",
                progress.patches_done, progress.patches, progress.tiles_done, progress.tiles
            );
            large.checkpoint()?;
        }
    }
    large.finish()
}

/// The noiseless value of a pixel: waves.
fn truth([z, y, x]: [usize; 3]) -> f32 {
    let wave = |at: usize, length: f32| (at as f32 / length).sin();
    2000.0 + 500.0 * wave(z, 17.0) * wave(y, 23.0) + 400.0 * wave(x, 29.0)
}

/// Noise from -200 to 200 that depends on the pixel alone.
fn noise([z, y, x]: [usize; 3]) -> f32 {
    let mixed = (((z << 20 | y) << 20 | x) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f32 / (1 << 24) as f32 * 400.0 - 200.0
}

/// Writes the volume slab by slab: it is never in memory as a whole.
fn make(path: &Path, size: usize) -> Result<()> {
    let partial = Partial::create(path, false)?;
    let layout = Layout { shape: vec![1, 1, size, size, size], chunk: vec![1, 1, SLAB, size, size], shard: None };
    let plan = Plan::new(DType::U16, layout).codec(Codec::BloscLz4(1)).axis_names(&["n", "c", "z", "y", "x"]);
    let array = plan.create(partial.store(), "0")?;
    for slab in 0..size.div_ceil(SLAB) {
        let mut pixels = Array3::<u16>::zeros((SLAB, size, size));
        pixels.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
            let pixel = |y, x| [slab * SLAB + z, y, x];
            plane
                .indexed_iter_mut()
                .for_each(|((y, x), v)| *v = (truth(pixel(y, x)) + noise(pixel(y, x))).round() as u16);
        });
        let pixels = pixels.view().insert_axis(Axis(0)).insert_axis(Axis(0));
        array.write_chunk(&[0, 0, slab as u64, 0, 0], ArrayRef::of("slab", pixels)?)?;
    }
    Ok(partial.complete()?)
}

/// Mean and variance of the mean over neighbourhoods of 27 pixels: a stand-in for a network.
fn model(patches: ArrayView5<'_, u16>) -> (Array5<f32>, Array5<f32>) {
    let (mut mean, mut variance) = (Array5::<f32>::zeros(patches.dim()), Array5::<f32>::zeros(patches.dim()));
    let pairs = mean.axis_iter_mut(Axis(0)).into_par_iter().zip(variance.axis_iter_mut(Axis(0)));
    pairs.zip(patches.axis_iter(Axis(0))).for_each(|((mut mean, mut variance), patch)| {
        let patch = patch.index_axis(Axis(0), 0);
        let (depth, height, width) = patch.dim();
        let near = |at: usize, len: usize| at.saturating_sub(1)..(at + 2).min(len);
        for (z, y, x) in ndarray::indices(patch.dim()) {
            let near = patch.slice(s![near(z, depth), near(y, height), near(x, width)]);
            let count = near.len() as f32;
            let average = near.iter().map(|v| f32::from(*v)).sum::<f32>() / count;
            let apart = near.iter().map(|v| (f32::from(*v) - average).powi(2)).sum::<f32>();
            mean[[0, z, y, x]] = average;
            variance[[0, z, y, x]] = apart / (count - 1.0) / count;
        }
    });
    (mean, variance)
}

/// The mean absolute error of the middle plane.
fn error(result: &LargeResult<f32, 3>, size: usize) -> Result<f32> {
    let plane = Region { image: 0, channels: 0..1, start: [size / 2, 0, 0], size: [1, size, size] };
    let mean = result.mean.read_region(&plane)?;
    let apart = mean.indexed_iter().map(|((_, _, y, x), v)| (v - truth([size / 2, y, x])).abs());
    Ok(apart.sum::<f32>() / mean.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::{denoise, error};

    #[test]
    fn the_noise_goes_and_a_second_run_has_nothing_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let first = denoise(folder.path(), 48).unwrap();
        // The noise is 100 on average.
        assert!(error(&first, 48).unwrap() < 25.0, "{}", error(&first, 48).unwrap());
        let std = first.std.as_ref().unwrap().read().unwrap();
        assert!(std.iter().all(|v| (1.0..200.0).contains(v)));
        let again = denoise(folder.path(), 48).unwrap();
        assert_eq!(again.mean.read().unwrap(), first.mean.read().unwrap());
    }
}
