//! Weights and stitching.

use ndarray::{Array, ArrayD, IxDyn};
use proptest::prelude::*;
use qlty_core::{Error, Float, Monitor, Profile, Rank, Spatial};
use qlty_tests::compare::{assert_close, assert_relative, assert_same_bits};
use qlty_tests::layout::Held;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::{Sample, moderate};
use qlty_tests::strategy::{cases, covering_geometry, geometry};

use crate::{Trial, Window, trial, typed, typed_mut};

/// The contract of stitching, bit for bit: for each patch in the order of its index `sum += value * weight`, and at the
/// end `sum / weights`, all in the sum type.
pub(crate) fn stitched_by_hand<T: Sample, const D: usize>(geometry: &Geometry<D>, patches: &ArrayD<T>) -> ArrayD<T::Sum>
where
    Spatial<D>: Rank,
{
    let quilt = geometry.quilt();
    let weight = quilt.window_weight::<T::Sum>().unwrap().into_raw_vec_and_offset().0;
    let weights = quilt.weights::<T::Sum>().unwrap().into_raw_vec_and_offset().0;
    let mut sums = geometry.accumulate(patches, &weight, T::widen);
    let values = sums.as_slice_mut().unwrap();
    values.iter_mut().enumerate().for_each(|(i, sum)| *sum /= weights[i % weights.len()]);
    sums
}

/// Every way to stitch gives the bits of the plain loop, and the mean computed in `f64`.
fn check<T: Sample, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
    T::Sum: Sample,
{
    let geometry = &trial.geometry;
    let quilt = geometry.quilt();
    let patches = trial.patches::<T>();
    let held = Held::of(&patches, &trial.layouts[0]);
    let input = || typed::<T, D>(held.view());
    let sentinel = <T::Sum as Float>::from_f64(77.0);
    let mut out = Held::new(&trial.batch_shape(), &trial.layouts[1], sentinel);
    let mut weights_out: Array<T::Sum, Window<D>> = quilt.weights().unwrap();
    weights_out.fill(sentinel);

    if !geometry.is_covered() {
        let refused = quilt.stitch(input());
        assert!(matches!(&refused, Err(Error::Argument { argument, .. }) if argument.contains("step")), "{refused:?}");
        let refused = quilt.stitch_into(input(), typed_mut::<_, D>(out.view_mut()), None, &Monitor::new());
        assert!(matches!(refused, Err(Error::Argument { .. })));
        out.assert_untouched();
        return;
    }
    let expected = stitched_by_hand(geometry, &patches);
    let qlty_core::Stitched { batch: stitched, weights, .. } = quilt.stitch(input()).unwrap();
    assert_same_bits("stitch", &stitched, &expected);
    assert_same_bits("weights", &weights, &quilt.weights::<T::Sum>().unwrap());
    assert_close("mean", &stitched, &geometry.stitch(&patches), trial.tolerance(T::Sum::EPSILON));

    let (batch_out, weights_view) = (typed_mut::<_, D>(out.view_mut()), weights_out.view_mut());
    quilt.stitch_into(input(), batch_out, Some(weights_view), &Monitor::new()).unwrap();
    assert_same_bits("stitch_into", &out.view(), &expected);
    assert_same_bits("weights", &weights_out, &weights);
    out.assert_nothing_else_written();
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(cases(24))]

                #[test]
                fn planes_are_stitched(trial in trial(geometry::<2>(14))) {
                    check::<$type, 2>(&trial);
                }

                #[test]
                fn volumes_are_stitched(trial in trial(geometry::<3>(7))) {
                    check::<$type, 3>(&trial);
                }
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

/// The weights equal those added up one by one, including gaps; the mask is that of the border.
fn check_weights<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let geometry = &trial.geometry;
    let quilt = geometry.quilt();
    let shaped = |values: Vec<f64>, shape: [usize; D]| ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap();
    let one_by_one = shaped(geometry.weights(), geometry.size);
    assert_relative("weights", &quilt.weights::<f64>().unwrap(), &one_by_one, 1e-12);
    assert_relative("weights", &quilt.weights::<f32>().unwrap(), &one_by_one, 1e-7);
    let window = shaped(geometry.window_weight(), geometry.window);
    assert_relative("window weight", &quilt.window_weight::<f64>().unwrap(), &window, 1e-12);
    assert_relative("window weight", &quilt.window_weight::<f32>().unwrap(), &window, 2e-7);
    let mask = geometry.window_pixels().into_iter().map(|pixel| geometry.is_inner(pixel)).collect();
    let mask = ArrayD::from_shape_vec(IxDyn(&geometry.window), mask).unwrap();
    assert_same_bits("mask", &quilt.border_mask().unwrap(), &mask);

    let mut layout = trial.layouts[0].clone();
    layout.order.retain(|axis| *axis < D);
    let mut out = Held::new(&geometry.size, &layout, -1.0_f32);
    quilt.weights_into(out.view_mut().into_dimensionality::<Window<D>>().unwrap()).unwrap();
    assert_same_bits("weights_into", &out.view(), &quilt.weights::<f32>().unwrap());
    out.assert_nothing_else_written();
}

/// Unstitching and then stitching restores the image.
fn check_round_trip<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let quilt = trial.geometry.quilt();
    let batch = moderate::<f32>(&trial.batch_shape(), trial.seed).map(|v| v / 100.0);
    let patches = quilt.unstitch(typed::<_, D>(batch.view())).unwrap();
    assert_close(
        "round trip in f32",
        &quilt.stitch(patches.view()).unwrap().batch,
        &batch,
        trial.tolerance(1.2e-9).max(1e-6),
    );
    let batch = moderate::<f64>(&trial.batch_shape(), trial.seed).map(|v| v / 100.0);
    let patches = quilt.unstitch(typed::<_, D>(batch.view())).unwrap();
    assert_close(
        "round trip in f64",
        &quilt.stitch(patches.view()).unwrap().batch,
        &batch,
        trial.tolerance(2.3e-18).max(1e-14),
    );
}

/// Constant images stay constant, within the rounding of a sum and of its weights.
fn check_constant<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let ulps = (trial.geometry.most_overlapping() + 4) as f64;
    for constant in [1.0_f32, 0.1, -3e7, 1e-6] {
        let patches = ArrayD::from_elem(IxDyn(&trial.patches_shape()), constant);
        let qlty_core::Stitched { batch: stitched, .. } =
            trial.geometry.quilt().stitch(typed::<_, D>(patches.view())).unwrap();
        let expected = ArrayD::from_elem(IxDyn(&trial.batch_shape()), constant);
        assert_relative("constant", &stitched, &expected, ulps * f64::from(f32::EPSILON) / 2.0);
    }
}

/// A NaN in one patch affects the pixels that it covers, and no other.
fn check_nan<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let geometry = &trial.geometry;
    let mut patches = trial.patches::<f32>();
    let clean = stitched_by_hand(geometry, &patches);
    let hit = trial.seed as usize % patches.len();
    patches.as_slice_mut().unwrap()[hit] = f32::NAN;
    // The pixel that it covers: the nonzero one if a patch of zeros has a single one there.
    let mut trace = ArrayD::<f64>::zeros(patches.shape());
    trace.as_slice_mut().unwrap()[hit] = 1.0;
    let trace = geometry.accumulate(&trace, &vec![1.0; geometry.window_pixels().len()], |v| v);
    assert_eq!(trace.iter().filter(|v| **v != 0.0).count(), 1);
    let mut expected = clean;
    expected.zip_mut_with(&trace, |value, hit| {
        if *hit != 0.0 {
            *value = f32::NAN;
        }
    });
    let qlty_core::Stitched { batch: stitched, .. } = geometry.quilt().stitch(typed::<_, D>(patches.view())).unwrap();
    assert_same_bits("NaN", &stitched, &expected);
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn weights_of_planes(trial in trial(geometry::<2>(20))) {
        check_weights(&trial);
    }

    #[test]
    fn weights_of_volumes(trial in trial(geometry::<3>(8))) {
        check_weights(&trial);
    }

    #[test]
    fn planes_go_around(trial in trial(covering_geometry::<2>(14))) {
        check_round_trip(&trial);
        check_constant(&trial);
        check_nan(&trial);
    }

    #[test]
    fn volumes_go_around(trial in trial(covering_geometry::<3>(7))) {
        check_round_trip(&trial);
        check_constant(&trial);
        check_nan(&trial);
    }
}

/// Half-window steps of hann and triangular windows add up to a constant away from the edges.
#[test]
fn tapered_windows_at_half_steps_add_up_to_one() {
    for profile in [Profile::Hann, Profile::Triangular] {
        let geometry = Geometry { profile, ..Geometry::new([64, 40], [16, 8], [8, 4]) };
        let weights = geometry.quilt().weights::<f64>().unwrap();
        let inside = weights.slice(ndarray::s![8..56, 4..36]);
        assert_close("inside", &inside, &inside.map(|_| 1.0), 1e-12);
    }
}

/// A border weight of zero is raised to 1e-8, and a pixel that only borders cover keeps its value.
#[test]
fn a_border_of_weight_zero_still_fills() {
    let geometry = Geometry { border: [2, 2], border_weight: Some(0.0), ..Geometry::new([24, 24], [8, 8], [8, 8]) };
    assert_eq!(geometry.quilt().border_weight(), 1e-8);
    let batch = moderate::<f32>(&[1, 1, 24, 24], 3);
    let patches = geometry.quilt().unstitch(typed::<_, 2>(batch.view())).unwrap();
    assert_close("filled", &geometry.quilt().stitch(patches.view()).unwrap().batch, &batch, 1e-6);
}
