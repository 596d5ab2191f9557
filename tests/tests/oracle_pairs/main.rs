//! Patch pairs against plain loops: drawing, extracting, and overlaps.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod cutting;
mod drawing;
mod overlap;
mod sources;
mod statistics;

use ndarray::Array2;
use proptest::prelude::*;
use qlty_pairs::{Pair, PairOptions};

/// A pool with `count` threads.
fn threads(count: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap()
}

/// The plane rotated counter-clockwise, by the definition of `numpy.rot90`.
fn turned<T: Copy>(plane: &Array2<T>, turns: u8) -> Array2<T> {
    let once = |m: Array2<T>| Array2::from_shape_fn((m.ncols(), m.nrows()), |(i, j)| m[[j, m.ncols() - 1 - i]]);
    (0..turns).fold(plane.clone(), |plane, _| once(plane))
}

/// A batch and pairs of its patches.
#[derive(Debug, Clone)]
struct Trial<const D: usize> {
    images: usize,
    channels: usize,
    size: [usize; D],
    window: [usize; D],
    pairs: Vec<Pair<D>>,
    seed: u64,
}

impl<const D: usize> Trial<D> {
    fn batch_shape(&self) -> Vec<usize> {
        [self.images, self.channels].into_iter().chain(self.size).collect()
    }

    fn patches_shape(&self) -> Vec<usize> {
        [self.pairs.len(), self.channels].into_iter().chain(self.window).collect()
    }
}

/// Any pairs that fit, with any displacement, including zero and larger than the window.
fn trial<const D: usize>(most: usize) -> impl Strategy<Value = Trial<D>> {
    let axis = (1..=most).prop_flat_map(move |window| (Just(window), window..=3 * most));
    (prop::collection::vec(axis, D), 1..=2_usize, 1..=5_usize, any::<u64>(), any::<bool>()).prop_flat_map(
        |(axes, images, channels, seed, square)| {
            let mut window: [usize; D] = std::array::from_fn(|d| axes[d].0);
            let mut size: [usize; D] = std::array::from_fn(|d| axes[d].1);
            if square {
                window[D - 1] = window[D - 2];
                size[D - 1] = size[D - 1].max(window[D - 1]);
            }
            let turns = if D == 3 {
                vec![0]
            } else if window[D - 2] == window[D - 1] {
                vec![0, 1, 2, 3]
            } else {
                vec![0, 2]
            };
            let free = |d: usize| 0..=size[d] - window[d];
            let starts: Vec<_> = (0..D).chain(0..D).map(free).collect();
            let pair = (0..images, starts, prop::sample::select(turns)).prop_map(|(image, starts, rotation)| Pair {
                image,
                start1: std::array::from_fn(|d| starts[d]),
                start2: std::array::from_fn(|d| starts[D + d]),
                rotation,
            });
            prop::collection::vec(pair, 0..6).prop_map(move |pairs| Trial {
                images,
                channels,
                size,
                window,
                pairs,
                seed,
            })
        },
    )
}

/// Options of the widest range that qlty's limits allow.
fn widest<const D: usize>(window: [usize; D], pairs_per_image: usize) -> PairOptions<D>
where
    qlty_core::Spatial<D>: qlty_core::Rank,
{
    let longest = window.into_iter().max().unwrap();
    PairOptions::new(window, pairs_per_image, ((longest / 4) as f64, (3 * longest / 4) as f64))
}
