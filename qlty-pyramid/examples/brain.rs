//! Denoises a brain in overlapping patches: TIFF slices in, OME-Zarr and pictures out.
//!
//! ```sh
//! cargo run --release --example brain [OUTPUT_FOLDER]
//! ```
//!
//! The 32 slices of `samples/brain` get noise of a known strength, are split into overlapping 3-D patches, pass batch
//! by batch through a filter that stands in for a model, and are stitched as the batches are returned.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a program, and it talks")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array3, ArrayView3, Axis, s};
use qlty_core::{NczyxQuilt, Stitched};
use qlty_pyramid::{
    Halving, LengthUnit, Levels, Method, Monitor, PyramidOptions, SlicePattern, Stack, Volume, shrink,
    stack_to_ome_zarr,
};

#[path = "brain/denoise.rs"]
mod denoise;
#[path = "brain/picture.rs"]
mod picture;

use denoise::{add_noise, non_local_means};
use picture::Picture;

/// The standard deviation of the noise; the brain's brightest voxel is 190.
const NOISE: f32 = 20.0;
const SEED: u64 = 7;

const WINDOW: [usize; 3] = [16, 64, 64];
const STEP: [usize; 3] = [8, 32, 32];
/// The filter lacks context near the edge of a patch, so its output there counts for a tenth.
const BORDER: [usize; 3] = [2, 8, 8];
const BORDER_WEIGHT: f64 = 0.1;
const BATCH: usize = 8;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| Path::new("out").join("brain"), PathBuf::from);
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("brain: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stack = open_stack()?;
    let original = stack.read::<u8>(0)?.index_axis_move(Axis(0), 0).mapv(f32::from);
    let shape = original.dim();
    println!("read       {} slices: {shape:?} voxels (Z, Y, X) of {}", shape.0, stack.dtype().zarr_name());

    let noisy = add_noise(&original, NOISE, SEED);
    println!("noise      standard deviation {NOISE}, seed {SEED}: RMSE {:.2}", rmse(&noisy, &original));

    let (denoised, weights) = denoise_in_patches(&noisy)?;
    println!("stitched   RMSE {:.2} after, {:.2} before", rmse(&denoised, &original), rmse(&noisy, &original));

    write_image(&folder.join("denoised.ome.zarr"), &denoised, &stack)?;

    let middle = original.dim().0 / 2;
    let slice = |volume: &Array3<f32>| Picture::grey(volume.index_axis(Axis(0), middle), 0.0..190.0);
    let before_after = Picture::side_by_side(&[slice(&noisy), slice(&denoised)]);
    write_picture(&folder.join("before_after.png"), &before_after, &format!("slice {middle}, before and after"))?;
    let levels = levels(&denoised, 4)?;
    let levels: Vec<_> = levels.iter().map(slice).collect();
    write_picture(&folder.join("pyramid.png"), &Picture::side_by_side(&levels), "the slice and its coarser levels")?;
    let weights = weights.index_axis(Axis(0), middle);
    let heaviest = weights.iter().copied().fold(0.0, f32::max);
    let weights = Picture::grey(weights, 0.0..heaviest);
    write_picture(
        &folder.join("weights.png"),
        &weights,
        &format!("the weights that slice {middle} was stitched with"),
    )?;
    println!("done       in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// The committed sample.
fn open_stack() -> Result<Stack, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/brain");
    let pattern = SlicePattern::new("tif", r"image_(\d+)\.tif$")?;
    let sets = pattern.find(&folder)?;
    let slices = sets.first().ok_or("no stack in samples/brain")?;
    if !slices.missing.is_empty() {
        return Err(format!("slices {:?} of {} are missing", slices.missing, folder.display()).into());
    }
    Ok(Stack::from_slices(slices)?)
}

/// Unstitch, filter, stitch: the volume (Z, Y, X) after the filter, and the weights of its voxels.
fn denoise_in_patches(noisy: &Array3<f32>) -> Result<(Array3<f32>, Array3<f32>), Box<dyn Error>> {
    let (depth, height, width) = noisy.dim();
    let quilt = NczyxQuilt::builder([depth, height, width], WINDOW, STEP)
        .border(BORDER)
        .border_weight(BORDER_WEIGHT)
        .build()?;
    let batch = noisy.view().insert_axis(Axis(0)).insert_axis(Axis(0));
    let total = quilt.patch_count(1)?;
    println!(
        "cut        {total} patches of {WINDOW:?}, step {STEP:?}, border {BORDER:?}, in {} batches of up to {BATCH}",
        total.div_ceil(BATCH)
    );

    let bar = ProgressBar::new(total as u64);
    bar.set_style(ProgressStyle::with_template("filter     {bar:40} {pos}/{len} patches, {eta} left")?);
    let mut stitcher = quilt.stitcher::<f32>(1, 1)?;
    for first in (0..total).step_by(BATCH) {
        let last = (first + BATCH).min(total);
        let patches = quilt.unstitch_range(batch, first..last)?;
        let filtered = non_local_means(patches.view(), NOISE);
        stitcher.push(first, filtered.view())?;
        bar.set_position(last as u64);
    }
    bar.finish_and_clear();
    let Stitched { batch: stitched, weights, .. } = stitcher.finish()?;
    Ok((stitched.slice_move(s![0, 0, .., .., ..]), weights))
}

/// The planes of the volume at full size and at coarser levels.
fn levels(volume: &Array3<f32>, coarser: usize) -> Result<Vec<Array3<f32>>, Box<dyn Error>> {
    let mut levels = vec![volume.clone()];
    for _ in 0..coarser {
        let level = shrink(levels[levels.len() - 1].view(), [1, 2, 2], Method::Mean)?;
        levels.push(level);
    }
    Ok(levels)
}

/// Writes the volume as 8-bit OME-Zarr of three levels.
fn write_image(path: &Path, volume: &Array3<f32>, stack: &Stack) -> Result<(), Box<dyn Error>> {
    let bytes = volume.mapv(|value| value.round().clamp(0.0, 255.0) as u8);
    // The slices state the spacing of rows and columns; that they are 1 mm thick is only written in the samples'
    // description.
    let in_plane = stack.voxel_size().ok_or("the slices state no resolution")?.to(LengthUnit::Millimeter);
    let voxel_size = [in_plane.z.unwrap_or(1.0), in_plane.y, in_plane.x];

    let volume = Volume::new("brain, denoised", bytes.view())?.with_voxel_size(voxel_size, LengthUnit::Millimeter);
    let options = PyramidOptions::new().levels(Levels::Count(3)).halving(Halving::Volume).overwrite(true);
    let pyramid = stack_to_ome_zarr(&volume, path, &options, &Monitor::new())?;
    let shapes: Vec<&[usize]> = pyramid.levels.iter().map(|level| level.shape.as_slice()).collect();
    println!("wrote      {}: OME-Zarr, levels {shapes:?}, voxels of {voxel_size:?} mm", path.display());
    Ok(())
}

fn write_picture(path: &Path, picture: &Picture, what: &str) -> Result<(), Box<dyn Error>> {
    picture.enlarged(3).write_png(path).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("wrote      {}: {what}", path.display());
    Ok(())
}

/// The root of the mean squared difference.
fn rmse(got: &Array3<f32>, expected: &Array3<f32>) -> f64 {
    let squares = |got: ArrayView3<'_, f32>, expected: ArrayView3<'_, f32>| {
        let pairs = got.into_iter().zip(expected);
        pairs.map(|(got, expected)| f64::from(got - expected).powi(2)).sum::<f64>()
    };
    (squares(got.view(), expected.view()) / got.len() as f64).sqrt()
}
