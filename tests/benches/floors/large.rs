//! Stitching onto disk: planes (4,3,1024,1024) of windows of 256, volumes (2,1,128,128,128) of windows of 64, with mean
//! and variance for every patch.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array, ArrayView, Axis, Dimension, IxDyn, Slice};
use qlty_core::dynamic::{ArrayRef, Scalar};
use qlty_core::zarr::{FolderStore, Layout, Plan};
use qlty_core::{BatchDim, DType, Monitor, NcyxQuilt, NczyxQuilt, Quilt, Rank, Spatial};
use qlty_large::{Codec, DEFAULT_CODEC, LargeQuilt, Std};
use rayon::prelude::*;

use super::against;

/// The number of patches per call.
const BATCH: usize = 16;

pub(super) fn run(wanted: &impl Fn(&str) -> bool) {
    let planes = NcyxQuilt::builder([1024; 2], [256; 2], [128; 2]).border(20).build().expect("a geometry");
    let volumes = NczyxQuilt::builder([128; 3], [64; 3], [32; 3]).border(8).build().expect("a geometry");
    if wanted("large.2d") {
        Workload::new(&planes, (4, 3), [256; 2]).run("large.2d", usize::MAX, false);
    }
    if wanted("large.3d") {
        Workload::new(&volumes, (2, 1), [64; 3]).run("large.3d", usize::MAX, false);
    }
    if wanted("large.2d.shuffled") {
        // A quarter of the result, which is mean and standard deviation.
        let result = 2 * 4 * 3 * 1024 * 1024 * size_of::<f32>();
        Workload::new(&planes, (4, 3), [256; 2]).run("large.2d.shuffled", result / 4, true);
    }
    if wanted("large.codecs") {
        for codec in ["none", "blosc-lz4:1", "blosc-lz4", "blosc-zstd:1", "blosc-zstd:3", "zstd:1", "zstd:3", "gzip:1"]
        {
            let workload =
                Workload { codec: codec.parse().expect("a codec"), ..Workload::new(&planes, (4, 3), [256; 2]) };
            workload.run(&format!("large.codecs {codec}"), usize::MAX, false);
        }
    }
    if wanted("large.memory") {
        memory();
    }
}

struct Workload<const D: usize>
where
    Spatial<D>: Rank,
{
    quilt: Quilt<D>,
    images: usize,
    tile: [usize; D],
    codec: Codec,
    patches: Array<f32, BatchDim<D>>,
    variances: Array<f32, BatchDim<D>>,
}

impl<const D: usize> Workload<D>
where
    Spatial<D>: Rank,
{
    fn new(quilt: &Quilt<D>, (images, channels): (usize, usize), tile: [usize; D]) -> Self {
        let count = quilt.patch_count(images).expect("small");
        let shape: Vec<usize> = [count, channels].into_iter().chain(quilt.window()).collect();
        // Smooth, with noise in the low-order digits, like predictions.
        let noise = |i: usize| ((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f32 / (1 << 24) as f32;
        let values = |shift: f32| {
            let value = |i: usize| shift + (i as f32 / 5000.0).sin() + 0.1 * noise(i);
            let values = (0..shape.iter().product()).map(value).collect();
            let values = Array::from_shape_vec(IxDyn(&shape), values).expect("as many values");
            values.into_dimensionality().expect("as many axes")
        };
        let (patches, variances) = (values(0.0), values(2.0));
        Self { quilt: *quilt, images, tile, codec: DEFAULT_CODEC, patches, variances }
    }

    fn run(&self, name: &str, budget: usize, shuffled: bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut order: Vec<usize> = (0..self.patches.shape()[0]).collect();
        if shuffled {
            order.sort_by_key(|i| (*i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        }
        let chosen = |of: &Array<f32, BatchDim<D>>, indices: &[usize]| of.select(Axis(0), indices);
        // A model produces batches; they are created before the clock starts.
        let batches: Vec<_> = order
            .chunks(BATCH)
            .map(|indices| (indices, chosen(&self.patches, indices), chosen(&self.variances, indices)))
            .collect();
        let shape: Vec<usize> = [self.images, self.patches.shape()[1]].into_iter().chain(self.quilt.size()).collect();
        let zeros = || Array::<f32, _>::zeros(IxDyn(&shape)).into_dimensionality::<BatchDim<D>>().expect("axes");
        let mut stitched = [zeros(), zeros()];
        let floor = folder.path().join("floor");
        let path = folder.path().join("result");
        let work = || {
            for part in ["mean.zarr", "std.zarr"] {
                let _ = std::fs::remove_dir_all(folder.path().join(format!("result_{part}")));
            }
            let builder = LargeQuilt::<f32, D>::builder(&self.quilt, self.images, &path).std(Std::Within);
            let builder = if budget < usize::MAX { builder.memory_budget(budget) } else { builder };
            let builder = if self.codec == DEFAULT_CODEC { builder } else { builder.codec(self.codec) };
            let large = builder.channels(shape[1]).create().expect("a new result");
            for (indices, patches, variances) in &batches {
                large.stitch(indices, patches.view(), Some(variances.view())).expect("space");
            }
            large.finish().expect("all patches");
        };
        against(
            name,
            "stitching in memory and storing chunk by chunk",
            || {
                for (values, out) in [&self.patches, &self.variances].into_iter().zip(&mut stitched) {
                    self.quilt.stitch_into(values.view(), out.view_mut(), None, &Monitor::new()).expect("shapes agree");
                }
                let _ = std::fs::remove_dir_all(&floor);
                self.store(&floor.join("mean"), stitched[0].view());
                self.store(&floor.join("std"), stitched[1].view());
            },
            work,
        );
    }

    /// Stores an array of the same shape, chunks and codec, with the same guarantee: that it survives a power failure.
    fn store(&self, path: &Path, values: ArrayView<'_, f32, BatchDim<D>>) {
        let store = Arc::new(FolderStore::new(path));
        let values = values.into_dyn();
        let chunk: Vec<usize> = [1, values.shape()[1]].into_iter().chain(self.tile).collect();
        let layout = Layout { shape: values.shape().to_vec(), chunk: chunk.clone(), shard: None };
        let plan = Plan::new(DType::F32, layout).codec(self.codec).checksum(true);
        let plan = plan.axis_names(&["n", "c", "z", "y", "x"][..values.ndim()]).fill(Scalar::of(f32::NAN));
        let array = plan.store_fill(true).build(&store, "").expect("an array");
        let counts: Vec<usize> = values.shape().iter().zip(&chunk).map(|(size, chunk)| size.div_ceil(*chunk)).collect();
        ndarray::indices(IxDyn(&counts)).into_iter().collect::<Vec<_>>().into_par_iter().for_each(|at| {
            let part = values.slice_each_axis(|axis| {
                let (start, chunk) = (at[axis.axis.index()] * chunk[axis.axis.index()], chunk[axis.axis.index()]);
                Slice::from(start..start + chunk)
            });
            let part = part.as_standard_layout();
            let place: Vec<u64> = at.as_array_view().iter().map(|at| *at as u64).collect();
            array.write_chunk(&place, ArrayRef::of("chunk", part.view()).expect("axes")).expect("space");
        });
        store.sync().expect("space");
    }
}

/// The environment variable that makes the program measure its own memory.
const MEMORY_PROCESS: &str = "QLTY_FLOORS_MEMORY";

pub(super) fn is_memory_process() -> bool {
    std::env::var_os(MEMORY_PROCESS).is_some()
}

/// Runs this program again, because the peak memory of a process is counted from its start.
fn memory() {
    let program = std::env::current_exe().expect("this program");
    let status = std::process::Command::new(program).env(MEMORY_PROCESS, "1").status();
    assert!(status.expect("this program again").success());
}

/// Prints the peak memory of this process when it stitches a result of 1 GiB with a budget of 64 MiB.
pub(super) fn stitch_in_little_memory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // 512 MiB each of mean and standard deviation.
    let quilt = NczyxQuilt::builder([512; 3], [64; 3], [48; 3]).border(8).build().expect("a geometry");
    let builder = LargeQuilt::<f32, 3>::builder(&quilt, 1, folder.path().join("result")).std(Std::Within).channels(1);
    let large = builder.memory_budget(64 << 20).codec(Codec::None).create().expect("a new result");
    let patches = Array::<f32, ndarray::Ix5>::ones((8, 1, 64, 64, 64));
    let start = std::time::Instant::now();
    // Every seventh patch, seven times over: an order in which most tiles do not fit in memory.
    let count = quilt.patch_count(1).expect("small");
    let order: Vec<usize> = (0..count).map(|i| (i * 7) % count).collect();
    for indices in order.chunks(8) {
        let patches = patches.slice_axis(Axis(0), Slice::from(..indices.len()));
        large.stitch(indices, patches, Some(patches)).expect("space");
    }
    large.finish().expect("all patches");
    let seconds = start.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok());
    let (peak, allowed) = (peak.unwrap_or(f64::NAN) / 1024.0, 64 + 200);
    println!(
        r#"{{"workload": "large.memory", "seconds": {seconds:.6}, "floor": "MiB allowed", "peak_rss_mib": {peak:.1}, "floor_mib": {allowed}, "ratio": {:.3}}}"#,
        peak / f64::from(allowed),
    );
}
