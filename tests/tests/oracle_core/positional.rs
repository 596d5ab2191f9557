//! Channels that hold the position of each pixel.

use ndarray::{Axis, Slice};
use proptest::prelude::*;
use qlty_core::{Error, Float, Origin, Positional, Rank, Spatial};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::layout::Held;
use qlty_tests::sample::{Sample, any as any_values};
use qlty_tests::strategy::{cases, geometry};

use crate::{Trial, trial, typed, typed_mut};

fn check<T: Sample + Float, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let quilt = trial.geometry.quilt();
    let batch = any_values::<T>(&trial.batch_shape(), trial.seed);
    let held = Held::of(&batch, &trial.layouts[0]);
    let count = trial.patch_count();
    let first = trial.seed as usize % count;
    let range = Slice::from(first..count);
    for origin in [Origin::Image, Origin::Window] {
        for normalize in [false, true] {
            let positional = Positional { origin, normalize };
            let expected = trial.geometry.positional::<T>(trial.images, positional);
            let expected = expected.slice_axis(Axis(0), range);
            let all = quilt.unstitch_positional(typed::<_, D>(held.view()), first..count, positional).unwrap();
            assert_eq!(all.shape()[1], trial.channels + D);
            let positions = all.slice_axis(Axis(1), Slice::from(trial.channels..));
            assert_same_bits("positions", &positions, &expected);
            let pixels = all.slice_axis(Axis(1), Slice::from(..trial.channels));
            assert_same_bits("pixels", &pixels, &trial.geometry.unstitch(&batch).slice_axis(Axis(0), range));

            let mut out = Held::new(expected.shape(), &trial.layouts[1], T::from_f64(77.0));
            quilt.positional_into(first, typed_mut::<_, D>(out.view_mut()), positional).unwrap();
            assert_same_bits("into", &out.view(), &expected);
            out.assert_nothing_else_written();
        }
    }
}

proptest! {
    #![proptest_config(cases(32))]

    #[test]
    fn of_f32(plane in trial(geometry::<2>(12)), volume in trial(geometry::<3>(6))) {
        check::<f32, 2>(&plane);
        check::<f32, 3>(&volume);
    }

    #[test]
    fn of_f64(plane in trial(geometry::<2>(12)), volume in trial(geometry::<3>(6))) {
        check::<f64, 2>(&plane);
        check::<f64, 3>(&volume);
    }

    #[test]
    fn of_halves(plane in trial(geometry::<2>(12)), volume in trial(geometry::<3>(6))) {
        check::<half::f16, 2>(&plane);
        check::<half::bf16, 3>(&volume);
    }
}

#[test]
fn the_default_is_a_fraction_of_the_image() {
    assert_eq!(Positional::default(), Positional { origin: Origin::Image, normalize: true });
}

/// Channels for a different number of axes are refused, and nothing is written.
#[test]
fn another_number_of_axes() {
    let quilt = qlty_core::NcyxQuilt::builder([8, 8], [4, 4], [4, 4]).build().unwrap();
    for (axes, window) in [(1, 4), (3, 4), (2, 5)] {
        let mut out = ndarray::Array4::from_elem((4, axes, window, 4), 7.0_f32);
        let refused = quilt.positional_into(0, out.view_mut(), Positional::default());
        assert!(matches!(refused, Err(Error::Shape { .. })), "{refused:?}");
        assert!(out.iter().all(|v| *v == 7.0));
    }
}
