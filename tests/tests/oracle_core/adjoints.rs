//! The adjoints, by the dot-product identity `<A x, y> = <x, A* y>`.

use ndarray::{Array, Dimension};
use proptest::prelude::*;
use qlty_core::{Error, Monitor, Rank, Spatial};
use qlty_tests::compare::{assert_close, assert_same_bits};
use qlty_tests::layout::Held;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::{Sample, moderate};
use qlty_tests::strategy::{cases, covering_geometry, geometry};

use crate::{Trial, trial, typed, typed_mut};

fn dot<T: Sample, U: Sample, Dim: Dimension>(a: &Array<T, Dim>, b: &Array<U, Dim>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.iter().zip(b).map(|(a, b)| a.number() * b.number()).sum()
}

#[track_caller]
fn assert_identity(what: &str, [left, right]: [f64; 2], terms: usize, epsilon: f64) {
    let tolerance = 1e4 * epsilon * (terms as f64 + 10.0) * 4.0;
    assert!((left - right).abs() <= tolerance, "{what}: {left} and {right}, {tolerance} allowed");
}

/// The adjoint of unstitching adds up the copies without weights; also with gaps.
fn check_unstitch<T: Sample, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
    T::Sum: Sample,
{
    let quilt = trial.geometry.quilt();
    let patches = trial.patches::<T>();
    let held = Held::of(&patches, &trial.layouts[0]);
    let adjoint = quilt.unstitch_adjoint(typed::<_, D>(held.view())).unwrap();
    let ones = vec![<T::Sum as qlty_core::Float>::from_f64(1.0); trial.geometry.window_pixels().len()];
    let expected = trial.geometry.accumulate(&patches, &ones, T::widen);
    assert_same_bits("adjoint of unstitch", &adjoint, &expected);

    let batch = moderate::<T::Sum>(&trial.batch_shape(), !trial.seed).into_dimensionality().unwrap();
    let cut = quilt.unstitch(batch.view()).unwrap();
    let patches = patches.into_dimensionality().unwrap();
    let both = [dot(&cut, &patches), dot(&batch, &adjoint)];
    assert_identity("unstitch", both, patches.len(), <T::Sum as Sample>::EPSILON);

    let mut out = Held::new(&trial.batch_shape(), &trial.layouts[1], <T::Sum as qlty_core::Float>::from_f64(77.0));
    quilt
        .unstitch_adjoint_into(typed::<_, D>(held.view()), typed_mut::<_, D>(out.view_mut()), &Monitor::new())
        .unwrap();
    assert_same_bits("into", &out.view(), &expected);
    out.assert_nothing_else_written();
}

fn check_stitch<S: Sample + qlty_core::Real, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let quilt = trial.geometry.quilt();
    let batch = moderate::<S>(&trial.batch_shape(), !trial.seed);
    let held = Held::of(&batch, &trial.layouts[0]);
    let batch = batch.into_dimensionality().unwrap();
    let mut out = Held::new(&trial.patches_shape(), &trial.layouts[1], S::from_f64(77.0));
    if !trial.geometry.is_covered() {
        assert!(matches!(quilt.stitch_adjoint(typed::<_, D>(held.view())), Err(Error::Argument { .. })));
        let out_view = typed_mut::<_, D>(out.view_mut());
        let refused = quilt.stitch_adjoint_into(typed::<_, D>(held.view()), out_view, &Monitor::new());
        assert!(matches!(refused, Err(Error::Argument { .. })));
        out.assert_untouched();
        return;
    }
    let adjoint = quilt.stitch_adjoint(typed::<_, D>(held.view())).unwrap();
    let patches = trial.patches::<S>().into_dimensionality().unwrap();
    let qlty_core::Stitched { batch: stitched, weights, .. } = quilt.stitch(patches.view()).unwrap();
    let stitched = stitched.map(|v| v.number());
    assert_identity("stitch", [dot(&stitched, &batch), dot(&patches, &adjoint)], patches.len(), S::EPSILON);

    // By hand: the pixel times its share.
    let shares = trial.geometry.window_weight();
    let mut expected = trial.geometry.unstitch(&batch.map(|v| v.number()).into_dyn());
    let whole = ndarray::ArrayD::from_shape_vec(weights.shape(), trial.geometry.weights()).unwrap();
    let whole = trial.geometry.unstitch(&whole.broadcast(trial.batch_shape()).unwrap().as_standard_layout().to_owned());
    expected.zip_mut_with(&whole, |value, whole| *value /= whole);
    expected.iter_mut().zip(shares.iter().cycle()).for_each(|(value, share)| *value *= share);
    assert_close("adjoint of stitch", &adjoint, &expected, 8.0 * S::EPSILON);

    quilt.stitch_adjoint_into(typed::<_, D>(held.view()), typed_mut::<_, D>(out.view_mut()), &Monitor::new()).unwrap();
    assert_same_bits("into", &out.view(), &adjoint);
    out.assert_nothing_else_written();
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        proptest! {
            #![proptest_config(cases(16))]

            #[test]
            fn $name(plane in trial(geometry::<2>(12)), volume in trial(geometry::<3>(6))) {
                check_unstitch::<$type, 2>(&plane);
                check_unstitch::<$type, 3>(&volume);
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn stitching_planes(trial in trial(geometry::<2>(12))) {
        check_stitch::<f32, 2>(&trial);
        check_stitch::<f64, 2>(&trial);
    }

    #[test]
    fn stitching_volumes(trial in trial(geometry::<3>(6))) {
        check_stitch::<f32, 3>(&trial);
        check_stitch::<f64, 3>(&trial);
    }

    /// The shares of all patches that cover a pixel add up to one.
    #[test]
    fn shares_add_up_to_one(trial in trial(covering_geometry::<2>(12))) {
        let geometry: &Geometry<2> = &trial.geometry;
        let ones = ndarray::Array4::<f64>::ones((trial.images, trial.channels, geometry.size[0], geometry.size[1]));
        let shares = geometry.quilt().stitch_adjoint(ones.view()).unwrap();
        let sums = geometry.quilt().unstitch_adjoint(shares.view()).unwrap();
        assert_close("shares", &sums, &ones, 1e-12);
    }
}
