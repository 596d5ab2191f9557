//! Concurrent threads.

use ndarray::ArrayD;
use qlty_large::{LargeQuilt, Std};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::random;

use crate::{Given, read, typed};

/// Integers with weights of one half and one add up without rounding: the result is the same for any order.
fn whole(given: &mut Given<f64>) {
    let round = |values: &mut ArrayD<f64>| values.mapv_inplace(f64::round);
    round(&mut given.patches);
    round(&mut given.variances);
}

fn check(most: usize, budget: usize, workers: usize) {
    let geometry = Geometry { border: [3, 2], border_weight: Some(0.5), ..Geometry::new([61, 70], [16, 20], [7, 9]) };
    let mut given = Given::<f64>::new(&geometry, 2, 2, 8);
    whole(&mut given);
    let quilt = geometry.quilt();
    let expected = quilt.stitch(typed::<f64, 2>(&given.patches)).unwrap().batch;
    let variance = quilt.stitch(typed::<f64, 2>(&given.variances)).unwrap().batch;
    let folder = tempfile::tempdir().unwrap();
    let builder = LargeQuilt::<f64, 2>::builder(&quilt, 2, folder.path().join("a")).std(Std::Within);
    let large = builder.tile_shape([16, 16]).memory_budget(budget).create().unwrap();
    let mut order: Vec<usize> = (0..given.len()).collect();
    order.sort_by_key(|index| random(3, *index as u64));
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..workers {
            let (large, order, next, given) = (&large, &order, &next, &given);
            scope.spawn(move || {
                loop {
                    let call = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let Some(indices) = order.chunks(most).nth(call) else { return };
                    given.stitch(large, indices, Std::Within).unwrap();
                    if worker == 0 && call.is_multiple_of(7) {
                        large.checkpoint().unwrap();
                    }
                    assert!(large.progress().patches_done <= given.len());
                }
            });
        }
    });
    let (mean, std) = read(&large.finish().unwrap());
    assert_same_bits("mean", &mean, &expected);
    assert_same_bits("std", &std.unwrap(), &variance.mapv(f64::sqrt));
}

#[test]
fn eight_threads_with_memory() {
    check(1, 1 << 20, 8);
    check(5, 1 << 20, 8);
}

#[test]
fn eight_threads_without() {
    check(1, 0, 8);
    check(5, 30_000, 8);
}

/// Threads of a pool, which run each other's tasks while they wait.
#[test]
fn threads_of_a_pool() {
    for threads in [1, 2, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            use rayon::prelude::*;
            let geometry = Geometry { border_weight: Some(0.5), ..Geometry::new([50, 50], [16, 16], [6, 6]) };
            let mut given = Given::<f64>::new(&geometry, 1, 1, 8);
            whole(&mut given);
            let expected = geometry.quilt().stitch(typed::<f64, 2>(&given.patches)).unwrap().batch;
            let folder = tempfile::tempdir().unwrap();
            let quilt = geometry.quilt();
            let builder = LargeQuilt::<f64, 2>::builder(&quilt, 1, folder.path().join("a"));
            let large = builder.tile_shape([9, 9]).chunk_shape([3, 3]).memory_budget(2000).create().unwrap();
            (0..given.len()).into_par_iter().for_each(|index| given.stitch(&large, &[index], Std::None).unwrap());
            assert_same_bits("mean", &read(&large.finish().unwrap()).0, &expected);
        });
    }
}
