//! Results on disk: killed processes, concurrent processes, full disks, damage.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod damaged;
mod full_disk;
mod killed;
mod made;
mod repaired;
mod side_by_side;

use std::path::Path;
use std::process::{Command, Stdio};

use ndarray::{Array4, ArrayD, Axis};
use qlty_core::NcyxQuilt;
use qlty_large::{Codec, LargeBuilder, LargeQuilt, LargeResult, Shard, Std};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::sample::moderate;

const IMAGES: usize = 2;
const CHANNELS: usize = 2;

/// The result that the processes of these tests write.
#[derive(Clone, Copy)]
struct Job {
    shard: Shard,
    budget: usize,
}

impl Job {
    fn all(budget: usize) -> Self {
        Self { shard: Shard::default(), budget }
    }

    fn quilt() -> NcyxQuilt {
        NcyxQuilt::builder([61, 70], [16, 20], [7, 9]).border([3, 2]).build().unwrap()
    }

    fn builder(self, path: &Path) -> LargeBuilder<f32, 2> {
        let builder = LargeQuilt::builder(&Self::quilt(), IMAGES, path).channels(CHANNELS).std(Std::Within);
        builder.tile_shape([24, 24]).codec(Codec::Zstd(1)).memory_budget(self.budget).shard(self.shard)
    }

    fn patch(index: usize) -> Array4<f32> {
        moderate::<f32>(&[1, CHANNELS, 16, 20], index as u64).into_dimensionality().unwrap()
    }

    fn variance(index: usize) -> Array4<f32> {
        Self::patch(index).mapv(|v| v * v)
    }

    fn stitch(large: &LargeQuilt<f32, 2>, index: usize) -> qlty_large::Result<()> {
        large.stitch(&[index], Self::patch(index).view(), Some(Self::variance(index).view()))
    }

    /// Stitches all pending patches, in order.
    fn stitch_pending(large: &LargeQuilt<f32, 2>) {
        large.pending().into_iter().for_each(|index| Self::stitch(large, index).unwrap());
    }

    /// Fails unless a result is bit-identical to that of stitching in memory.
    fn check(result: &LargeResult<f32, 2>) {
        let quilt = Self::quilt();
        let stitched = |patch: fn(usize) -> Array4<f32>| -> ArrayD<f32> {
            let patches: Vec<_> = (0..quilt.patch_count(IMAGES).unwrap()).map(patch).collect();
            let patches: Vec<_> = patches.iter().map(|patch| patch.view()).collect();
            quilt.stitch(ndarray::concatenate(Axis(0), &patches).unwrap().view()).unwrap().batch.into_dyn()
        };
        assert_same_bits("mean", &result.mean.read().unwrap(), &stitched(Self::patch));
        let std = stitched(Self::variance).mapv(f32::sqrt);
        assert_same_bits("std", &result.std.as_ref().unwrap().read().unwrap(), &std);
    }
}

/// This test binary again, to run a single test, which does nothing unless its environment has parameters.
fn process(test: &str, path: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("QLTY_TEST_RESULT", path);
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// A parameter of the process of a test.
fn told<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}
