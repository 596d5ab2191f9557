//! Unstitching: all patches, a range, one, and into the caller's array.

use ndarray::{Axis, IxDyn, Slice};
use proptest::prelude::*;
use qlty_core::{Error, Monitor, Rank, Spatial};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::layout::Held;
use qlty_tests::sample::{Sample, any as any_values};
use qlty_tests::strategy::{cases, geometry};

use crate::{Trial, trial, typed, typed_mut};

/// Every way to unstitch gives the bits of the plain loop.
fn check<T: Sample, const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let quilt = trial.geometry.quilt();
    let batch = any_values::<T>(&trial.batch_shape(), trial.seed);
    let expected = trial.geometry.unstitch(&batch);
    let held = Held::of(&batch, &trial.layouts[0]);
    let input = || typed::<T, D>(held.view());
    assert_same_bits("unstitch", &quilt.unstitch(input()).unwrap(), &expected);

    let count = trial.patch_count();
    let (first, last) = (trial.seed as usize % (count + 1), (trial.seed >> 32) as usize % (count + 1));
    let (first, last) = (first.min(last), first.max(last));
    let some = expected.slice_axis(Axis(0), Slice::from(first..last));
    assert_same_bits("unstitch_range", &quilt.unstitch_range(input(), first..last).unwrap(), &some);

    let one = trial.seed as usize % count;
    assert_same_bits("one", &quilt.unstitch_one(input(), one).unwrap(), &expected.index_axis(Axis(0), one));

    let sentinel = T::nearest(77.0);
    let mut out = Held::new(some.shape(), &trial.layouts[1], sentinel);
    quilt.unstitch_into(input(), first, typed_mut::<T, D>(out.view_mut()), &Monitor::new()).unwrap();
    assert_same_bits("unstitch_into", &out.view(), &some);
    out.assert_nothing_else_written();

    let mut out = Held::new(expected.shape(), &trial.layouts[1], sentinel);
    let refused = quilt.unstitch_into(input(), first + 1, typed_mut::<T, D>(out.view_mut()), &Monitor::new());
    assert!(matches!(refused, Err(Error::Argument { .. })), "{refused:?}");
    out.assert_untouched();
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        mod $name {
            use super::*;
            proptest! {
                #![proptest_config(cases(24))]

                #[test]
                fn planes_are_cut(trial in trial(geometry::<2>(14))) {
                    check::<$type, 2>(&trial);
                }

                #[test]
                fn volumes_are_cut(trial in trial(geometry::<3>(7))) {
                    check::<$type, 3>(&trial);
                }
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

/// A broadcast batch, with strides of zero.
fn check_broadcast<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let mut shape = trial.batch_shape();
    let repeated: Vec<_> = (0..shape.len()).filter(|axis| trial.seed >> axis & 1 == 1).collect();
    repeated.iter().for_each(|axis| shape[*axis] = 1);
    let held = Held::of(&any_values::<u16>(&shape, trial.seed), &trial.layouts[0]);
    let view = held.view();
    let input = view.broadcast(IxDyn(&trial.batch_shape())).unwrap();
    let expected = trial.geometry.unstitch(&input.as_standard_layout().to_owned());
    let quilt = trial.geometry.quilt();
    assert_same_bits("unstitch", &quilt.unstitch(typed::<_, D>(input)).unwrap(), &expected);
}

/// Positions and counts, as the contract defines them.
fn check_positions<const D: usize>(trial: &Trial<D>)
where
    Spatial<D>: Rank,
{
    let (quilt, starts) = (trial.geometry.quilt(), trial.geometry.starts());
    assert_eq!(quilt.patches_per_image(), starts.len());
    assert_eq!(quilt.counts().iter().product::<usize>(), starts.len());
    assert_eq!(quilt.patch_count(trial.images).unwrap(), trial.patch_count());
    let positions = quilt.positions(trial.images).unwrap();
    let with_image = quilt.positions_with_image(trial.images).unwrap();
    assert_eq!((positions.dim(), with_image.dim()), ((trial.patch_count(), D), (trial.patch_count(), D + 1)));
    for index in 0..trial.patch_count() {
        let (image, start) = (index / starts.len(), &starts[index % starts.len()][3 - D..]);
        let position = quilt.position(index);
        assert_eq!((position.image, &position.start[..]), (image, start));
        let row: Vec<_> = start.iter().map(|v| *v as i64).collect();
        assert_eq!(positions.row(index).to_vec(), row);
        assert_eq!(with_image.row(index).to_vec(), [vec![image as i64], row].concat());
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn planes_that_repeat(trial in trial(geometry::<2>(14))) {
        check_broadcast(&trial);
        check_positions(&trial);
    }

    #[test]
    fn volumes_that_repeat(trial in trial(geometry::<3>(7))) {
        check_broadcast(&trial);
        check_positions(&trial);
    }
}
