//! Patch pairs: images (100,3,256,256), windows of 64, 50 pairs per image, displaced by 16 to 20, rotated.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array2, Array4, ArrayView4, Axis, Slice};
use qlty_core::DType;
use qlty_core::dynamic::ArrayRef;
use qlty_core::zarr::{FolderStore, Layout, Plan};
use qlty_pairs::{
    Monitor, Overlap, PairOptions, PatchPairs, Positions, StoreOptions, extract_patch_pairs, extract_patch_pairs_into,
    extract_patch_pairs_metadata, extract_patches_to_zarr,
};
use rayon::prelude::*;

use super::{against, against_memcpy};

pub(super) fn run(wanted: &impl Fn(&str) -> bool) {
    let names = ["pairs.extract", "pairs.overlap", "pairs.metadata", "pairs.zarr1000"];
    if !names.into_iter().any(wanted) {
        return;
    }
    // Noise: data that compress well would hide the time of the codec.
    let noise =
        |i: usize| (i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d) >> 40;
    let images =
        Array4::from_shape_fn((100, 3, 256, 256), |(n, c, y, x)| noise(((n * 3 + c) * 256 + y) * 256 + x) as f32 / 1e6);
    let options = PairOptions::new([64, 64], 50, (16.0, 20.0)).rotations([0, 1, 2, 3]).seed(1);
    let mut pairs = extract_patch_pairs(&images.view(), &options, Positions::None).expect("pairs that fit");
    if wanted(names[0]) {
        against_memcpy(names[0], 2 * pairs.patches1.len(), || {
            extract_patch_pairs_into(&images.view(), &options, pairs.view_mut(), &Monitor::new()).expect("pairs fit");
        });
    }
    if wanted(names[1]) {
        overlap(names[1], &pairs);
    }
    if wanted(names[2]) {
        let sum = |patches: &Array4<f32>| -> f32 {
            let values = patches.as_slice().expect("a new array");
            values.par_chunks(1 << 16).map(sum_of).sum()
        };
        let bytes = 2 * pairs.patches1.len() * size_of::<f32>();
        let mut total = 0.0;
        against(
            names[2],
            &format!("parallel sum over {bytes} bytes"),
            || total += sum(&pairs.patches1) + sum(&pairs.patches2),
            || {
                extract_patch_pairs_metadata(&images.view(), &options).expect("pairs fit");
            },
        );
        std::hint::black_box(total);
    }
    if wanted(names[3]) {
        zarr(names[3], &images.view(), &options, &pairs);
    }
}

/// A sum with enough independent partial sums to be as fast as memory.
fn sum_of(values: &[f32]) -> f32 {
    let mut sums = [0.0; 32];
    for block in values.as_chunks::<32>().0 {
        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum += value);
    }
    sums.iter().sum()
}

fn overlap(name: &str, pairs: &PatchPairs<f32, 2>) {
    let overlap = || Overlap::new([64, 64], pairs.deltas.view(), Some(pairs.rotations.view())).expect("whole deltas");
    let count = overlap().count();
    let [mut pixels1, mut pixels2] = [0, 1].map(|_| Array2::<f32>::ones((count, 3)));
    against_memcpy(name, 2 * pixels1.len(), || {
        let (patches1, patches2) = (pairs.patches1.view(), pairs.patches2.view());
        let (out1, out2) = (pixels1.view_mut(), pixels2.view_mut());
        overlap().extract_into(patches1, patches2, out1, out2, &Monitor::new()).expect("shapes agree");
    });
}

/// The first thousand pairs, against storing the same arrays chunk by chunk.
fn zarr(name: &str, images: &ArrayView4<'_, f32>, options: &PairOptions<2>, pairs: &PatchPairs<f32, 2>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let metadata = extract_patch_pairs_metadata(images, options).expect("pairs fit");
    let chosen: Vec<usize> = (0..1000).collect();
    let store = StoreOptions::new().overwrite(true);
    let path = folder.path().join("pairs.zarr");
    let first = |patches: &Array4<f32>| patches.slice_axis(Axis(0), Slice::from(..1000)).to_owned();
    let patches = [first(&pairs.patches1), first(&pairs.patches2)];
    let floor = folder.path().join("floor");
    against(
        name,
        "storing the same arrays chunk by chunk",
        || chunk_by_chunk(&floor, &patches),
        || extract_patches_to_zarr(images, &metadata, Some(&chosen), &path, &store, &Monitor::new()).expect("space"),
    );
}

fn chunk_by_chunk(path: &Path, patches: &[Array4<f32>; 2]) {
    let _ = std::fs::remove_dir_all(path);
    std::fs::create_dir(path).expect("a folder that is not there");
    let store = Arc::new(FolderStore::new(path));
    for (name, patches) in ["patches1", "patches2"].into_iter().zip(patches) {
        let layout = Layout { shape: patches.shape().to_vec(), chunk: vec![85, 3, 64, 64], shard: None };
        let plan = Plan::new(DType::F32, layout).axis_names(&["pair", "c", "y", "x"]);
        let array = plan.create(&store, name).expect("an array");
        let write = |i: usize, values: ArrayView4<'_, f32>| {
            let values = ArrayRef::of("patches", values).expect("four axes");
            array.write_chunk(&[i as u64, 0, 0, 0], values).expect("space");
        };
        (0..patches.dim().0.div_ceil(85)).into_par_iter().for_each(|i| {
            let part = patches.slice_axis(Axis(0), Slice::from(85 * i..1000.min(85 * (i + 1))));
            if part.dim().0 == 85 {
                return write(i, part);
            }
            let mut whole = Array4::<f32>::zeros((85, 3, 64, 64));
            whole.slice_axis_mut(Axis(0), Slice::from(..part.dim().0)).assign(&part);
            write(i, whole.view());
        });
    }
}
