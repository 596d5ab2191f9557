//! How close the kernels come to a practical lower bound: one JSON object per line.
//!
//! `cargo bench -p qlty-tests --bench floors -- [FILTER]` runs the workloads whose name contains FILTER. Each figure is
//! the median of interleaved runs of the workload and of its lower bound, so that a drift in the machine's speed does
//! not change the ratio; buffers are allocated and touched beforehand.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a program that talks, and ends where a workload fails")]

#[path = "floors/laplacian.rs"]
mod laplacian;
#[path = "floors/large.rs"]
mod large;
#[path = "floors/pairs.rs"]
mod pairs;
#[path = "floors/pyramid.rs"]
mod pyramid;
#[path = "floors/verify.rs"]
mod verify;

use std::time::Instant;

use ndarray::{Array, Dimension, IntoDimension};
use qlty_core::{Monitor, NcyxQuilt, NczyxQuilt};
use rayon::prelude::*;

/// Interleaved runs of a workload and its lower bound: at least this number, and for at least this time, since a run of
/// a millisecond is not significant.
const RUNS: usize = 11;
const SECONDS: f64 = 0.5;

fn main() {
    // A separate process that holds nothing else.
    if large::is_memory_process() {
        return large::stitch_in_little_memory();
    }
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let wanted = |name: &str| name.contains(&filter);
    let planes = [
        ("2d.big", 3, NcyxQuilt::builder([1024, 1024], [256, 256], [128, 128]).border(20), 8, [true, true]),
        ("2d.seed", 3, NcyxQuilt::builder([128, 128], [16, 16], [4, 4]).border(4), 10, [true, false]),
        ("2d.seed", 17, NcyxQuilt::builder([128, 128], [16, 16], [4, 4]).border(4), 10, [false, true]),
        ("2d.ragged", 3, NcyxQuilt::builder([1000, 1100], [256, 192], [100, 90]).border(20), 8, [true, true]),
    ];
    for (name, channels, builder, images, calls) in planes {
        let [unstitch, stitch] = ["unstitch", "stitch"].map(|call| format!("{name}.{call}"));
        let quilt = builder.build().expect("a geometry of the table");
        let ([y, x], [wy, wx]) = (quilt.size(), quilt.window());
        if calls[0] && wanted(&unstitch) {
            let batch = filled((images, channels, y, x));
            let patches = quilt.patch_count(images).expect("small");
            let mut out = filled((patches, channels, wy, wx));
            against_memcpy(&unstitch, out.len(), || {
                quilt.unstitch_into(batch.view(), 0, out.view_mut(), &Monitor::new()).expect("shapes agree");
            });
        }
        if calls[1] && wanted(&stitch) {
            let count = quilt.patch_count(images).expect("small");
            let patches = filled((count, channels, wy, wx));
            let mut out = filled((images, channels, y, x));
            let mut weights = quilt.weights::<f32>().expect("small");
            against_memcpy(&stitch, patches.len(), || {
                let (out, weights) = (out.view_mut(), Some(weights.view_mut()));
                quilt.stitch_into(patches.view(), out, weights, &Monitor::new()).expect("shapes agree");
            });
        }
    }
    let quilt = NczyxQuilt::builder([192; 3], [64; 3], [32; 3]).border(8).build().expect("a geometry of the table");
    let mut patches = filled((250, 1, 64, 64, 64));
    let mut batch = filled((2, 1, 192, 192, 192));
    let mut weights = quilt.weights::<f32>().expect("small");
    if wanted("3d.unstitch") {
        against_memcpy("3d.unstitch", patches.len(), || {
            quilt.unstitch_into(batch.view(), 0, patches.view_mut(), &Monitor::new()).expect("shapes agree");
        });
    }
    if wanted("3d.stitch") {
        against_memcpy("3d.stitch", patches.len(), || {
            let (out, weights) = (batch.view_mut(), Some(weights.view_mut()));
            quilt.stitch_into(patches.view(), out, weights, &Monitor::new()).expect("shapes agree");
        });
    }
    drop((patches, batch, weights));
    channels_last(&wanted);
    pairs::run(&wanted);
    large::run(&wanted);
    pyramid::run(&wanted);
    verify::run(&wanted);
}

/// Images with interleaved channels, and patches with interleaved ("last") or planar ("mixed") channels.
fn channels_last(wanted: &impl Fn(&str) -> bool) {
    let quilt =
        NcyxQuilt::builder([1024, 1024], [256, 256], [128, 128]).border(20).build().expect("a geometry of ours");
    let (images, channels, last) = (8, 3, [0, 3, 1, 2]);
    let count = quilt.patch_count(images).expect("small");
    let mut batch = filled((images, 1024, 1024, channels)).permuted_axes(last);
    let side_by_side = filled((count, 256, 256, channels)).permuted_axes(last);
    for (name, mut patches) in [("2d.last", side_by_side), ("2d.mixed", filled((count, channels, 256, 256)))] {
        let [unstitch, stitch] = ["unstitch", "stitch"].map(|call| format!("{name}.{call}"));
        if wanted(&unstitch) {
            against_memcpy(&unstitch, patches.len(), || {
                quilt.unstitch_into(batch.view(), 0, patches.view_mut(), &Monitor::new()).expect("shapes agree");
            });
        }
        if wanted(&stitch) {
            against_memcpy(&stitch, patches.len(), || {
                quilt.stitch_into(patches.view(), batch.view_mut(), None, &Monitor::new()).expect("shapes agree");
            });
        }
    }
}

/// An array whose pages have all been touched.
fn filled<D: Dimension>(shape: impl IntoDimension<Dim = D>) -> Array<f32, D> {
    let mut values = (0..251).map(|value| value as f32).cycle();
    Array::from_shape_simple_fn(shape.into_dimension(), || values.next().unwrap_or_default())
}

/// Prints the time of `work` against a parallel memcpy of `len` values.
fn against_memcpy(workload: &str, len: usize, mut work: impl FnMut()) {
    const PIECE: usize = 1 << 16;
    let source = vec![1.0f32; len];
    let mut target = vec![2.0f32; len];
    let mut memcpy = || {
        target.par_chunks_mut(PIECE).zip(source.par_chunks(PIECE)).for_each(|(to, from)| to.copy_from_slice(from));
    };
    against(workload, &format!("parallel memcpy of {} bytes", len * size_of::<f32>()), &mut memcpy, &mut work);
}

/// Prints the time of `work` against that of `floor`.
fn against(workload: &str, name: &str, mut floor: impl FnMut(), mut work: impl FnMut()) {
    let (mut seconds, mut floor_seconds) = (Vec::new(), Vec::new());
    // The first run warms up.
    floor();
    work();
    while seconds.len() < RUNS || seconds.iter().sum::<f64>() < SECONDS {
        floor_seconds.push(timed(&mut floor));
        seconds.push(timed(&mut work));
    }
    print(workload, name, median(seconds), median(floor_seconds));
}

fn print(workload: &str, name: &str, seconds: f64, floor_seconds: f64) {
    println!(
        r#"{{"workload": "{workload}", "seconds": {seconds:.6}, "floor": "{name}", "floor_seconds": {floor_seconds:.6}, "ratio": {:.3}}}"#,
        seconds / floor_seconds,
    );
}

fn timed(work: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
