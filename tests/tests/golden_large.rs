//! Parity with the on-disk accumulation of the Python package qlty 1.5.0.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use ndarray::{Array, Axis, Slice};
use qlty_core::{BatchDim, Rank, Spatial};
use qlty_large::{Accumulator, LargeQuilt, Std};
use qlty_tests::compare::assert_close;
use qlty_tests::golden::Case;
use qlty_tests::sample::Sample;

fn check<A: Accumulator + Sample, const D: usize>(case: &Case)
where
    Spatial<D>: Rank,
{
    let folder = tempfile::tempdir().unwrap();
    let images = case.number("N") as usize;
    let patches: Array<f32, BatchDim<D>> = case.array("processed");
    let variances: Array<f32, BatchDim<D>> = case.array("variance");
    let large = LargeQuilt::<A, D>::builder(&case.quilt(), images, folder.path().join("a")).std(Std::Within);
    let large = large.create().unwrap();
    for index in 0..patches.shape()[0] {
        let one = Slice::from(index..=index);
        let (patch, variance) = (patches.slice_axis(Axis(0), one), variances.slice_axis(Axis(0), one));
        large.stitch(&[index], patch, Some(variance)).unwrap();
    }
    let result = large.finish().unwrap();
    // qlty adds 1e-8 to its divisor.
    assert_close("mean", &result.mean.read().unwrap(), &case.array::<f64, BatchDim<D>>("mean"), 1e-5);
    assert_close("std", &result.std.as_ref().unwrap().read().unwrap(), &case.array::<f64, BatchDim<D>>("std"), 1e-5);
}

#[test]
fn large_2d() {
    let case = Case::load("large2d");
    check::<f32, 2>(&case);
    check::<f64, 2>(&case);
}

#[test]
fn large_3d() {
    let case = Case::load("large3d");
    check::<f32, 3>(&case);
    check::<f64, 3>(&case);
}
