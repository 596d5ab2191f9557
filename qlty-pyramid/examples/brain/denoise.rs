//! Known noise, and a filter that removes most of it.

use ndarray::parallel::prelude::*;
use ndarray::{Array3, Array5, ArrayView3, ArrayView5, Axis, Slice, Zip, s};

/// The search radius of the filter along Z, Y and X.
const REACH: [usize; 3] = [2, 3, 3];

/// `volume` with Gaussian noise of standard deviation `sigma`, the same for the same seed.
pub(crate) fn add_noise(volume: &Array3<f32>, sigma: f32, seed: u64) -> Array3<f32> {
    let mut state = seed;
    // SplitMix64, to a number above 0 and at most 1.
    let mut uniform = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 40) + 1) as f32 / (1_u64 << 24) as f32
    };
    volume.mapv(|value| {
        // The Box-Muller transform.
        let radius = (-2.0 * uniform().ln()).sqrt();
        value + sigma * radius * (std::f32::consts::TAU * uniform()).cos()
    })
}

/// The "model": patches (P, C, Z, Y, X) in, patches of the same shape out, each channel by itself.
///
/// Non-local means (Buades, Coll and Morel 2005): a voxel becomes the mean of the voxels in the search window, each
/// weighted by the similarity of its 3 x 3 x 3 neighbourhood to this voxel's.
pub(crate) fn non_local_means(patches: ArrayView5<'_, f32>, sigma: f32) -> Array5<f32> {
    let mut filtered = Array5::zeros(patches.raw_dim());
    filtered.outer_iter_mut().into_par_iter().zip(patches.outer_iter()).for_each(|(mut to, from)| {
        for (mut to, from) in to.outer_iter_mut().zip(from.outer_iter()) {
            to.assign(&filter(from, sigma));
        }
    });
    filtered
}

fn filter(volume: ArrayView3<'_, f32>, sigma: f32) -> Array3<f32> {
    let (depth, height, width) = volume.dim();
    // Padding for the search radius and the neighbourhood's radius of 1.
    let padded = pad(volume, REACH.map(|reach| reach + 1));
    let window = |corner: [usize; 3], margin: usize| {
        let [z, y, x] = corner;
        let (to_z, to_y, to_x) = (z + depth + margin, y + height + margin, x + width + margin);
        padded.slice(s![z..to_z, y..to_y, x..to_x])
    };
    let here = window(REACH, 2);
    // Two noisy neighbourhoods of the same tissue differ by 2 sigma squared; only larger differences are significant.
    let expected = 2.0 * sigma * sigma;
    let decay = -1.0 / (0.3 * sigma * sigma);

    let mut sums = Array3::<f32>::zeros(volume.raw_dim());
    let mut weights = Array3::<f32>::zeros(volume.raw_dim());
    for z in 0..=2 * REACH[0] {
        for y in 0..=2 * REACH[1] {
            for x in 0..=2 * REACH[2] {
                let there = window([z, y, x], 2);
                let squares = Zip::from(here).and(there).map_collect(|a, b| (a - b) * (a - b));
                let distance = box_mean(squares);
                let values = window([z + 1, y + 1, x + 1], 0);
                Zip::from(&mut sums).and(&mut weights).and(&distance).and(values).for_each(
                    |sum, total, distance, value| {
                        let weight = ((distance - expected).max(0.0) * decay).exp();
                        *sum += weight * value;
                        *total += weight;
                    },
                );
            }
        }
    }
    // The voxel itself has the weight 1, so no total is 0.
    sums / weights
}

/// The means of 3 x 3 x 3 boxes: an array smaller by 2 along every axis.
fn box_mean(mut volume: Array3<f32>) -> Array3<f32> {
    for axis in [Axis(2), Axis(1), Axis(0)] {
        let size = volume.len_of(axis) - 2;
        let part = |from: usize| volume.slice_axis(axis, Slice::from(from..from + size));
        let sums = &part(0) + &part(1) + part(2);
        volume = sums;
    }
    volume / 27.0
}

/// `volume` with its edge voxels repeated outwards.
fn pad(volume: ArrayView3<'_, f32>, margin: [usize; 3]) -> Array3<f32> {
    let size = |axis: usize| volume.len_of(Axis(axis));
    let inside = |at: usize, axis: usize| at.saturating_sub(margin[axis]).min(size(axis) - 1);
    let shape = [0, 1, 2].map(|axis| size(axis) + 2 * margin[axis]);
    Array3::from_shape_fn(shape, |(z, y, x)| volume[[inside(z, 0), inside(y, 1), inside(x, 2)]])
}
