//! How much memory stitching needs beyond its results.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::{Array4, Array5, ArrayView4, Axis, Slice, arr0};
use qlty_core::{Element, Monitor, NcyxQuilt, NczyxQuilt, Profile};
use qlty_tests::counting::{Counting, most_held};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The memory that `stitch` may need beyond its outputs.
const SLACK: usize = 8 << 20;

/// The memory that the stitcher may need beyond its outputs and a batch of patches: shapes, arguments, tasks.
const CRUMBS: usize = 256 << 10;

/// One test at a time: the allocator counts all threads.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    // The threads of the pool allocate memory of their own when they start.
    rayon::broadcast(|_| ());
    guard
}

fn bytes<T>(shape: &[usize]) -> usize {
    shape.iter().product::<usize>() * size_of::<T>()
}

#[track_caller]
fn assert_within(what: &str, held: usize, allowed: usize) {
    assert!(held <= allowed, "{what}: {held} bytes, {allowed} allowed, {} too many", held - allowed.min(held));
}

/// Patches of ones, which take no memory.
fn ones<T: Element>(quilt: &NcyxQuilt, images: usize, channels: usize, check: impl FnOnce(ArrayView4<'_, T>), one: T) {
    let (one, [y, x]) = (arr0(one), quilt.window());
    check(one.broadcast((quilt.patch_count(images).unwrap(), channels, y, x)).unwrap());
}

/// Stitching to new arrays, and to the caller's arrays in standard layout and in two others.
fn check_stitch<T: Element>(quilt: &NcyxQuilt, images: usize, channels: usize, one: T) {
    let [height, width] = quilt.size();
    let outputs = bytes::<T::Sum>(&[images, channels, height, width]) + bytes::<T::Sum>(&[height, width]);
    ones(
        quilt,
        images,
        channels,
        |patches| {
            let (result, held) = most_held(|| quilt.stitch(patches));
            let qlty_core::Stitched { batch, weights, .. } = result.unwrap();
            assert_within("stitch", held, outputs + SLACK);
            assert_eq!((batch.dim(), weights.dim()), ((images, channels, height, width), (height, width)));
            drop((batch, weights));

            let into = |what: &str, shape: [usize; 4], axes: [usize; 4]| {
                let mut batch = Array4::from_elem(shape, T::Sum::default());
                let out = batch.view_mut().permuted_axes(axes);
                let (result, held) = most_held(|| quilt.stitch_into(patches, out, None, &Monitor::new()));
                result.unwrap();
                assert_within(what, held, SLACK);
            };
            into("into standard layout", [images, channels, height, width], [0, 1, 2, 3]);
            into("into channels last", [images, height, width, channels], [0, 3, 1, 2]);
            into("into transposed images", [images, channels, width, height], [0, 1, 3, 2]);
        },
        one,
    );
}

#[test]
fn stitch_takes_its_outputs_and_8_mib() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([1000, 1100], [256, 256], [200, 200]).border(20).build().unwrap();
    check_stitch(&quilt, 2, 3, 1.0_f32);
    check_stitch(&quilt, 1, 1, 1.0_f64);
    check_stitch(&quilt, 1, 2, half::f16::ONE);
}

#[test]
fn also_with_64_channels() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([200, 300], [64, 64], [48, 48]).profile(Profile::Hann).build().unwrap();
    check_stitch(&quilt, 2, 64, 1_u8);
}

#[test]
fn also_with_small_windows() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([500, 500], [4, 4], [2, 2]).build().unwrap();
    check_stitch(&quilt, 1, 1, 1.0_f32);
}

#[test]
fn also_of_a_wide_image() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([8, 150_000], [8, 1000], [8, 800]).build().unwrap();
    check_stitch(&quilt, 1, 2, 1.0_f32);
}

#[test]
fn also_of_a_very_wide_image() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([2, 3_000_000], [2, 100_000], [2, 100_000]).build().unwrap();
    check_stitch(&quilt, 1, 1, 1.0_f32);
}

/// The memory of tasks must not add up on a machine with many processors.
#[test]
fn also_on_64_threads() {
    let _alone = alone();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(64).build().unwrap();
    pool.broadcast(|_| ());
    let quilt = NcyxQuilt::builder([100, 60_000], [50, 10_000], [50, 10_000]).build().unwrap();
    pool.install(|| check_stitch(&quilt, 1, 1, 1.0_f32));
}

#[test]
fn also_of_volumes() {
    let _alone = alone();
    let quilt = NczyxQuilt::builder([64, 100, 120], [32, 48, 48], [24, 32, 40]).border(4).build().unwrap();
    let patches = Array5::<f32>::ones((quilt.patch_count(1).unwrap(), 2, 32, 48, 48));
    let (result, held) = most_held(|| quilt.stitch(patches.view()));
    result.unwrap();
    assert_within("stitch", held, 3 * bytes::<f32>(&[64, 100, 120]) + SLACK);
    let mut out = Array5::<f32>::zeros((1, 64, 100, 120, 2));
    let out = out.view_mut().permuted_axes([0, 4, 1, 2, 3]);
    let (result, held) = most_held(|| quilt.stitch_into(patches.view(), out, None, &Monitor::new()));
    result.unwrap();
    assert_within("stitch_into", held, SLACK);
}

#[test]
fn unstitch_takes_its_output() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([1000, 1000], [256, 256], [128, 128]).build().unwrap();
    let batch = Array4::<f32>::ones((1, 1, 1000, 1000));
    let output = bytes::<f32>(&[quilt.patch_count(1).unwrap(), 256, 256]);
    let (result, held) = most_held(|| quilt.unstitch(batch.view()));
    result.unwrap();
    assert_within("unstitch", held, output + (1 << 20));
}

/// Output, weights and one batch, from the first patch to the result; the batch belongs to the caller, and no other of
/// its size is allocated.
fn check_stitcher(quilt: &NcyxQuilt, images: usize, channels: usize, batch: usize, complete: bool) {
    let ([height, width], [y, x]) = (quilt.size(), quilt.window());
    let outputs = bytes::<f32>(&[images, channels, height, width]);
    let weights = bytes::<f32>(&[if complete { 1 } else { images }, height, width]);
    let patches = Array4::<f32>::ones((batch, channels, y, x));
    let count = quilt.patch_count(images).unwrap();
    let ((), held) = most_held(|| {
        let mut stitcher = quilt.stitcher::<f32>(images, channels).unwrap();
        for first in (0..count).step_by(batch) {
            let some = patches.slice_axis(Axis(0), Slice::from(..batch.min(count - first)));
            stitcher.push(first, some).unwrap();
        }
        if complete {
            stitcher.finish().unwrap();
        } else {
            stitcher.finish_incomplete(0.0).unwrap();
        }
    });
    assert_within("stitcher", held, outputs + weights + bytes::<f32>(patches.shape()) + CRUMBS);
}

#[test]
fn the_stitcher_takes_output_weights_and_a_batch() {
    let _alone = alone();
    let quilt = NcyxQuilt::builder([700, 800], [128, 128], [64, 64]).border(8).build().unwrap();
    for complete in [true, false] {
        check_stitcher(&quilt, 2, 3, 8, complete);
        check_stitcher(&quilt, 3, 1, 1, complete);
    }
}

#[test]
fn also_where_patches_are_many() {
    let _alone = alone();
    // As many patches as pixels: the memory per patch matters.
    let quilt = NcyxQuilt::builder([400, 400], [3, 3], [1, 1]).build().unwrap();
    check_stitcher(&quilt, 1, 1, 10_000, true);
    check_stitcher(&quilt, 1, 1, 10_000, false);
}
