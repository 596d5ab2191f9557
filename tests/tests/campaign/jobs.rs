//! What is written: small jobs of each kind, which resume where they were stopped.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use ndarray::Array4;
use qlty_core::NcyxQuilt;
use qlty_large::{LargeBuilder, LargeQuilt, Shard, Std};
use qlty_pairs::{PairOptions, Positions, StoreOptions, extract_patch_pairs_metadata, extract_patches_to_zarr};
use qlty_pyramid::{
    LaplacianOptions, Levels, Method, Monitor, PyramidOptions, SlicePattern, Stack, stack_to_ome_zarr,
    stack_to_ome_zarr_laplacian,
};
use qlty_tests::hosts::repository;
use qlty_tests::sample::moderate;

/// The jobs. Those that end with a digit share a result.
pub(crate) const NAMES: [&str; 7] = ["saved", "large", "shard0", "shard1", "gaussian", "laplacian", "pairs"];

const IMAGES: usize = 2;

/// Does a job, or what is left of it.
pub(crate) fn run(name: &str, folder: &Path) {
    match name {
        "saved" => stitch_and_mark(folder),
        "large" => stitch(&builder(folder).create_or_open().unwrap(), 9),
        "shard0" => stitch(&shard(folder, 0).create_or_open().unwrap(), 0),
        "shard1" => stitch(&shard(folder, 1).create_or_open().unwrap(), 5),
        "gaussian" => gaussian(folder).unwrap(),
        "laplacian" => laplacian(folder).unwrap(),
        "pairs" => pairs(folder),
        other => panic!("there is no job {other}"),
    }
}

pub(crate) fn quilt() -> NcyxQuilt {
    NcyxQuilt::builder([61, 70], [16, 20], [7, 9]).border([3, 2]).build().unwrap()
}

/// A result that does not fit its memory budget.
pub(crate) fn builder(folder: &Path) -> LargeBuilder<f32, 2> {
    let builder = LargeQuilt::builder(&quilt(), IMAGES, folder.join("result")).channels(2).std(Std::Within);
    builder.tile_shape([24, 24]).memory_budget(40_000)
}

fn shard(folder: &Path, index: usize) -> LargeBuilder<f32, 2> {
    builder(folder).shard(Shard { index, count: 2 })
}

/// Stitches what is pending, with a checkpoint after each `every` patches, if it is not 0.
pub(crate) fn stitch(large: &LargeQuilt<f32, 2>, every: usize) {
    for (number, index) in large.pending().into_iter().enumerate() {
        add(large, index);
        if every > 0 && number % every == every - 1 {
            large.checkpoint().unwrap();
        }
    }
    large.finish().unwrap();
}

fn add(large: &LargeQuilt<f32, 2>, index: usize) {
    let patch: Array4<f32> = moderate::<f32>(&[1, 2, 16, 20], index as u64).into_dimensionality().unwrap();
    large.stitch(&[index], patch.view(), Some(patch.mapv(|v| v * v).view())).unwrap();
}

/// The beginning of the names of files that say how many patches are on disk.
pub(crate) const MARK: &str = "patches-on-disk-";

/// Stitches, and says after each checkpoint and at the end how many patches are on disk.
fn stitch_and_mark(folder: &Path) {
    let large = saved(folder).create_or_open().unwrap();
    let mark = |patches: usize| std::fs::write(folder.join(format!("{MARK}{patches}")), "").unwrap();
    for (number, index) in large.pending().into_iter().enumerate() {
        add(&large, index);
        if number % 20 == 19 {
            large.checkpoint().unwrap();
            mark(number + 1);
        }
    }
    large.finish().unwrap();
    mark(large.progress().patches);
}

fn saved(folder: &Path) -> LargeBuilder<f32, 2> {
    builder(folder).memory_budget(1 << 20)
}

/// Goes on from what a power failure has left; at least `vouched` patches must be on disk. Returns what is wrong.
pub(crate) fn go_on(folder: &Path, vouched: usize) -> Option<String> {
    let large = match saved(folder).create_or_open() {
        Ok(large) => large,
        Err(error) => return Some(format!("cannot be opened: {error}")),
    };
    let done = large.progress().patches_done;
    if done < vouched {
        return Some(format!("{done} patches are on disk, {vouched} were said to be; damaged: {:?}", large.damaged()));
    }
    stitch(&large, 0);
    let mean = large.finish().unwrap().mean.read().unwrap();
    drop(large);
    let whole = tempfile::tempdir().unwrap();
    let expected = EXPECTED.get_or_init(|| {
        let large = saved(whole.path()).create().unwrap();
        stitch(&large, 0);
        large.finish().unwrap().mean.read().unwrap()
    });
    if mean.iter().zip(expected).any(|(got, expected)| got.to_bits() != expected.to_bits()) {
        return Some("has other pixels".to_owned());
    }
    folder.join("result_state").exists().then(|| "leaves its state".to_owned())
}

static EXPECTED: OnceLock<Array4<f32>> = OnceLock::new();

/// The image of the pyramids, from files: a complete store of a memory image cannot be compared with it.
fn image() -> Stack {
    let slices = SlicePattern::new("tif", r"image_(\d+)\.tif$").unwrap();
    Stack::from_slices(&slices.find(repository().join("samples/brain")).unwrap()[0]).unwrap()
}

/// A small memory budget, so that there are many rounds.
fn pyramid_options() -> PyramidOptions {
    let options = PyramidOptions::new().levels(Levels::Count(3)).method(Method::Mean).memory(300_000);
    options.chunk([3, 64, 64]).resume(true).checkpoint_interval(Duration::ZERO)
}

fn gaussian(folder: &Path) -> qlty_pyramid::Result<()> {
    stack_to_ome_zarr(&image(), folder.join("gaussian"), &pyramid_options(), &Monitor::new()).map(drop)
}

fn laplacian(folder: &Path) -> qlty_pyramid::Result<()> {
    let options = LaplacianOptions::new(pyramid_options());
    stack_to_ome_zarr_laplacian(&image(), folder.join("laplacian"), &options, &Monitor::new()).map(drop)
}

fn pairs(folder: &Path) {
    let images: Array4<f32> = moderate::<f32>(&[3, 2, 60, 70], 1).into_dimensionality().unwrap();
    let metadata = extract_patch_pairs_metadata(&images.view(), &PairOptions::new([16, 16], 6, (4.0, 12.0))).unwrap();
    let options = StoreOptions::new().chunk(vec![3, 1, 8, 16]).positions(Positions::WithImage).overwrite(true);
    let path = folder.join("pairs");
    extract_patches_to_zarr(&images.view(), &metadata, None, path, &options, &Monitor::new()).unwrap();
}
