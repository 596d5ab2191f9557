//! The stitcher: patches as they arrive.

use ndarray::{ArrayD, Axis, IxDyn, Slice};
use proptest::prelude::*;
use qlty_core::{Error, Float, Rank, Spatial, Stitcher};
use qlty_tests::compare::{assert_close, assert_relative, assert_same_bits};
use qlty_tests::layout::Held;
use qlty_tests::sample::{Sample, random};
use qlty_tests::strategy::{cases, covering_geometry};

use crate::accumulating::stitched_by_hand;
use crate::{Trial, trial, typed};

/// The indices of all patches in a random order.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<_> = (0..count).collect();
    order.sort_by_key(|index| random(seed, *index as u64));
    order
}

/// The patches of these indices, in their order.
fn pick<T: Sample>(patches: &ArrayD<T>, indices: &[usize]) -> ArrayD<T> {
    patches.select(Axis(0), indices)
}

/// In order, in batches of random sizes, the result is bit-identical to that of stitching at once, and the stitcher can
/// then be reused.
fn check_in_order<T: Sample, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
    T::Sum: Sample,
{
    let quilt = trial.geometry.quilt();
    let patches = trial.patches::<T>();
    let expected = stitched_by_hand(&trial.geometry, &patches);
    let mut stitcher = quilt.stitcher::<T>(trial.images, trial.channels).unwrap();
    assert_eq!(stitcher.shape(), trial.batch_shape());
    for round in 0..2 {
        let (mut first, mut batches) = (0, 0);
        while first < trial.patch_count() {
            assert_eq!(stitcher.missing().collect::<Vec<_>>(), (first..trial.patch_count()).collect::<Vec<_>>());
            // Sometimes an empty batch, which is no mistake.
            let len = (random(trial.seed, batches) as usize % 7).min(trial.patch_count() - first);
            let some = patches.slice_axis(Axis(0), Slice::from(first..first + len)).to_owned();
            let held = Held::of(&some, &trial.layouts[round]);
            stitcher.push(first, typed::<_, D>(held.view())).unwrap();
            first += len;
            batches += 1;
        }
        assert_eq!(stitcher.missing_count(), 0);
        let qlty_core::Stitched { batch: stitched, weights, .. } = stitcher.finish().unwrap();
        assert_same_bits("in order", &stitched, &expected);
        assert_same_bits("weights", &weights, &quilt.weights::<T::Sum>().unwrap());
    }
    // All at once is in order too; if no patch is missing, the incomplete result is the complete one.
    stitcher.push(0, typed::<_, D>(patches.view())).unwrap();
    let qlty_core::IncompletelyStitched { batch: stitched, weights, .. } =
        stitcher.finish_incomplete(<T::Sum as Float>::from_f64(f64::NAN)).unwrap();
    let tolerance = trial.tolerance(T::Sum::EPSILON);
    assert_close("incomplete", &stitched, &expected, tolerance);
    let relative = tolerance / 100.0;
    for image in weights.outer_iter() {
        assert_relative("weights", &image, &quilt.weights::<T::Sum>().unwrap(), relative);
    }
}

/// In any order, by `push` and `push_at`, the result is the mean; failed calls change nothing.
fn check_any_order<T: Sample, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
    T::Sum: Sample,
{
    let quilt = trial.geometry.quilt();
    let patches = trial.patches::<T>();
    let order = shuffled(trial.patch_count(), trial.seed);
    let mut stitcher = quilt.stitcher::<T>(trial.images, trial.channels).unwrap();
    let mut arrived: Vec<usize> = Vec::new();
    for some in order.chunks(1 + trial.seed as usize % 5) {
        let batch = pick(&patches, some);
        let held = Held::of(&batch, &trial.layouts[0]);
        if some.len() == 1 && trial.seed & 64 == 0 {
            stitcher.push(some[0], typed::<_, D>(held.view())).unwrap();
        } else {
            stitcher.push_at(some, typed::<_, D>(held.view())).unwrap();
        }
        arrived.extend(some);
        check_refusals(&mut stitcher, trial, &patches, &arrived);
    }
    let qlty_core::Stitched { batch: stitched, .. } = stitcher.finish().unwrap();
    assert_close("any order", &stitched, &trial.geometry.stitch(&patches), trial.tolerance(T::Sum::EPSILON));
}

/// Mistakes are reported, and the set of arrived patches stays unchanged.
fn check_refusals<T: Sample, const D: usize>(
    stitcher: &mut Stitcher<T, D>,
    trial: &Trial<D>,
    patches: &ArrayD<T>,
    arrived: &[usize],
) where
    Spatial<D>: Rank,
{
    let count = trial.patch_count();
    let missing = stitcher.missing().collect::<Vec<_>>();
    // One that has arrived, after one that has not: neither may be added.
    let mut twice: Vec<_> = missing.first().into_iter().chain(arrived.last()).copied().collect();
    let given = pick(patches, &twice);
    let refused = stitcher.push_at(&twice, typed::<_, D>(given.view()));
    assert_eq!(refused, Err(Error::Duplicate { index: *arrived.last().unwrap() }));
    let one = pick(patches, &arrived[..1]);
    assert_eq!(stitcher.push(arrived[0], typed::<_, D>(one.view())), Err(Error::Duplicate { index: arrived[0] }));
    // The same one twice in one call.
    if let Some(index) = missing.first() {
        twice = vec![*index, *index];
        let given = pick(patches, &twice);
        let refused = stitcher.push_at(&twice, typed::<_, D>(given.view()));
        assert_eq!(refused, Err(Error::Duplicate { index: *index }));
        assert!(matches!(stitcher.finish(), Err(Error::Incomplete { missing: m, total, first })
            if m == missing.len() && total == count && first == missing[..missing.len().min(10)]));
        // One that is out of range, after one that is missing.
        let beyond = [*index, count];
        assert!(matches!(stitcher.push_at(&beyond, typed::<_, D>(given.view())), Err(Error::Argument { .. })));
        assert!(matches!(stitcher.push_at(&beyond[..1], typed::<_, D>(given.view())), Err(Error::Argument { .. })));
        // A different window size, a different number of channels.
        let mut shape = trial.patches_shape();
        shape[0] = 1;
        for (axis, size) in (1..shape.len()).map(|axis| (axis, shape[axis] + 1)) {
            let mut wrong = shape.clone();
            wrong[axis] = size;
            let wrong = ArrayD::<T>::from_elem(IxDyn(&wrong), T::default());
            assert!(matches!(stitcher.push(*index, typed::<_, D>(wrong.view())), Err(Error::Shape { .. })));
        }
    }
    for first in [count, usize::MAX] {
        assert!(matches!(stitcher.push(first, typed::<_, D>(one.view())), Err(Error::Argument { .. })), "{first}");
        assert!(matches!(stitcher.push_at(&[first], typed::<_, D>(one.view())), Err(Error::Argument { .. })));
    }
    assert_eq!(stitcher.missing().collect::<Vec<_>>(), missing);
}

/// With some patches only: the mean of those that arrived, `fill` where none did, and their weights.
fn check_incomplete<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let geometry = &trial.geometry;
    let (quilt, patches) = (geometry.quilt(), trial.patches::<f32>());
    let given: Vec<_> =
        (0..trial.patch_count()).filter(|index| !random(trial.seed, *index as u64).is_multiple_of(3)).collect();
    let mut stitcher = quilt.stitcher::<f32>(trial.images, trial.channels).unwrap();
    stitcher.push_at(&given, typed::<_, D>(pick(&patches, &given).view())).unwrap();
    let qlty_core::IncompletelyStitched { batch: stitched, weights, .. } = stitcher.finish_incomplete(-7.0).unwrap();
    assert_eq!(stitcher.missing_count(), trial.patch_count(), "as new");

    // The patches that did not arrive as zeros, and their weights as zeros.
    let weight = quilt.window_weight::<f32>().unwrap().into_raw_vec_and_offset().0;
    let mut arrived = ArrayD::<f32>::zeros(patches.shape());
    let mut ones = ArrayD::<f32>::zeros(patches.shape());
    for index in &given {
        arrived.index_axis_mut(Axis(0), *index).assign(&patches.index_axis(Axis(0), *index));
        ones.index_axis_mut(Axis(0), *index).fill(1.0);
    }
    let (sums, all_weights) =
        (geometry.accumulate(&arrived, &weight, |v| v), geometry.accumulate(&ones, &weight, |v| v));
    assert_same_bits("weights", &weights, &all_weights.index_axis(Axis(1), 0));
    let mut expected = sums;
    expected.zip_mut_with(&all_weights, |sum, weight| *sum = if *weight == 0.0 { -7.0 } else { *sum / *weight });
    assert_same_bits("incomplete", &stitched, &expected);
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(cases(16))]

                #[test]
                fn in_order(plane in trial(covering_geometry::<2>(12)), volume in trial(covering_geometry::<3>(6))) {
                    check_in_order::<$type, 2>(&plane);
                    check_in_order::<$type, 3>(&volume);
                }

                #[test]
                fn in_any_order(plane in trial(covering_geometry::<2>(9)), volume in trial(covering_geometry::<3>(4))) {
                    check_any_order::<$type, 2>(&plane);
                    check_any_order::<$type, 3>(&volume);
                }
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn some_patches_only(plane in trial(covering_geometry::<2>(14)), volume in trial(covering_geometry::<3>(6))) {
        check_incomplete(&plane);
        check_incomplete(&volume);
    }
}

/// A stitcher without patches returns only `fill`.
#[test]
fn nothing_came() {
    let quilt = qlty_core::NcyxQuilt::builder([9, 8], [4, 4], [2, 2]).build().unwrap();
    let qlty_core::IncompletelyStitched { batch: stitched, weights, .. } =
        quilt.stitcher::<u8>(2, 3).unwrap().finish_incomplete(f32::NAN).unwrap();
    assert_eq!((stitched.dim(), weights.dim()), ((2, 3, 9, 8), (2, 9, 8)));
    assert!(stitched.iter().all(|v| v.is_nan()) && weights.iter().all(|v| *v == 0.0));
}

/// A clone is independent.
#[test]
fn a_clone_is_independent() {
    let quilt = qlty_core::NcyxQuilt::builder([8, 4], [4, 4], [4, 4]).build().unwrap();
    let mut stitcher = quilt.stitcher::<f32>(1, 1).unwrap();
    stitcher.push(0, ndarray::Array4::from_elem((1, 1, 4, 4), 1.0).view()).unwrap();
    let mut clone = stitcher.clone();
    clone.push(1, ndarray::Array4::from_elem((1, 1, 4, 4), 2.0).view()).unwrap();
    assert_eq!((stitcher.missing_count(), clone.missing_count()), (1, 0));
    assert_eq!(clone.finish().unwrap().batch.sum(), 48.0);
    stitcher.push(1, ndarray::Array4::from_elem((1, 1, 4, 4), 4.0).view()).unwrap();
    assert_eq!(stitcher.finish().unwrap().batch.sum(), 80.0);
}
