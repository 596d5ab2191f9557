//! Training pairs, and the filter of patches without labels.

use ndarray::{ArrayD, ArrayView, Axis};
use proptest::prelude::*;
use qlty_core::{Error, LabelRank, Monitor, Rank, Spatial};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::layout::Held;
use qlty_tests::sample::{Sample, any as any_values, random};
use qlty_tests::strategy::{cases, geometry};

use crate::{Batch, Trial, trial, typed};

/// Labels of which most are missing, so that some windows have none.
fn sparse<L: Sample>(shape: &[usize], seed: u64, missing: L) -> ArrayD<L> {
    let mut values = any_values::<L>(shape, seed);
    let values_len = values.len();
    for (i, value) in values.iter_mut().enumerate() {
        if !random(!seed, i as u64).is_multiple_of(values_len as u64 / 3 + 2) {
            *value = missing;
        }
    }
    values
}

/// Label patches by plain loops, with the border set to the missing label, and whether each has a label inside.
fn by_hand<L: Sample, const D: usize>(trial: &Trial<D>, labels: &ArrayD<L>, missing: L) -> (ArrayD<L>, Vec<bool>)
where
    Spatial<D>: Rank,
{
    let mut patches = trial.geometry.unstitch(labels);
    let inner: Vec<_> = trial.geometry.window_pixels().into_iter().map(|at| trial.geometry.is_inner(at)).collect();
    patches.iter_mut().zip(inner.iter().cycle()).filter(|(_, inner)| !**inner).for_each(|(value, _)| *value = missing);
    let labelled = patches.outer_iter().map(|patch| patch.iter().any(|value| value.bits() != missing.bits()));
    let labelled = labelled.collect();
    (patches, labelled)
}

fn check_labels<L: Sample, Labels: LabelRank<D> + ndarray::RemoveAxis, const D: usize>(
    trial: &Trial<D>,
    labels: ArrayView<'_, L, Labels>,
    missing: L,
    (marked, labelled): (ArrayD<L>, Vec<bool>),
    unmarked: &ArrayD<L>,
) where
    Spatial<D>: Rank,
{
    let quilt = trial.geometry.quilt();
    let images = any_values::<u16>(&trial.batch_shape(), trial.seed);
    let image_patches = trial.geometry.unstitch(&images);
    let pair = quilt.unstitch_pair(typed::<_, D>(images.view()), labels.view(), Some(missing)).unwrap();
    assert_same_bits("images", &pair.images, &image_patches);
    assert_same_bits("marked", &pair.labels, &marked);
    let plain = quilt.unstitch_pair(typed::<_, D>(images.view()), labels.view(), None).unwrap();
    assert_same_bits("unmarked", &plain.labels, unmarked);
    assert_same_bits("labels", &quilt.unstitch_labels(labels.view(), Some(missing)).unwrap(), &marked);

    for patches in [&pair.labels, &plain.labels] {
        let found = quilt.labelled(patches.view(), missing).unwrap();
        assert_eq!(found.to_vec(), labelled);
        let kept = quilt.filter_labelled(typed::<_, D>(image_patches.view()), patches.view(), missing).unwrap();
        assert_eq!(kept.removed.to_vec(), labelled.iter().map(|has| !has).collect::<Vec<_>>());
        let indices: Vec<_> = (0..labelled.len()).filter(|index| labelled[*index]).collect();
        assert_same_bits("kept images", &kept.images, &image_patches.select(Axis(0), &indices));
        assert_same_bits("kept labels", &kept.labels, &patches.select(Axis(0), &indices));
    }

    // Starting with some index, into the caller's array.
    let first = trial.seed as usize % labelled.len();
    let rest = marked.slice_axis(Axis(0), ndarray::Slice::from(first..));
    let mut layout = trial.layouts[1].clone();
    layout.order.retain(|axis| *axis < Labels::NDIM.unwrap());
    let mut out = Held::new(rest.shape(), &layout, L::nearest(77.0));
    let view = out.view_mut().into_dimensionality::<Labels>().unwrap();
    quilt.unstitch_labels_into(labels.view(), Some(missing), first, view, &Monitor::new()).unwrap();
    assert_same_bits("into", &out.view(), &rest);
    out.assert_nothing_else_written();
    if first > 0 {
        let mut out = Held::new(marked.shape(), &layout, L::nearest(77.0));
        let view = out.view_mut().into_dimensionality::<Labels>().unwrap();
        let refused = quilt.unstitch_labels_into(labels, Some(missing), first, view, &Monitor::new());
        assert!(matches!(refused, Err(Error::Argument { .. })));
        out.assert_untouched();
    }
}

/// Labels with a channel axis, and without one.
fn check<L: Sample, Flat: LabelRank<D> + ndarray::RemoveAxis, const D: usize>(trial: &Trial<D>, missing: L)
where
    Spatial<D>: Rank,
    Batch<D>: LabelRank<D>,
{
    let labels = sparse(&trial.batch_shape(), trial.seed, missing);
    let held = Held::of(&labels, &trial.layouts[0]);
    let unmarked = trial.geometry.unstitch(&labels);
    check_labels(trial, typed::<_, D>(held.view()), missing, by_hand(trial, &labels, missing), &unmarked);

    // Of the labels of the first channel.
    let channel = labels.slice_axis(Axis(1), ndarray::Slice::from(..1)).as_standard_layout().to_owned();
    let (marked, labelled) = by_hand(trial, &channel, missing);
    let without = |patches: ArrayD<L>| patches.index_axis_move(Axis(1), 0);
    let unmarked = without(trial.geometry.unstitch(&channel));
    let flat = held.view().index_axis_move(Axis(1), 0).into_dimensionality::<Flat>().unwrap();
    check_labels(trial, flat, missing, (without(marked), labelled), &unmarked);
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        proptest! {
            #![proptest_config(cases(16))]

            #[test]
            fn $name(plane in trial(geometry::<2>(12)), volume in trial(geometry::<3>(6)), missing in any::<u64>()) {
                check::<$type, ndarray::Ix3, 2>(&plane, <$type>::any(missing));
                check::<$type, ndarray::Ix4, 3>(&volume, <$type>::any(missing));
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

proptest! {
    #![proptest_config(cases(32))]

    /// If the missing label is NaN, any NaN is missing, whatever its bits.
    #[test]
    fn the_missing_label_may_be_nan(trial in trial(geometry::<2>(12))) {
        check::<f32, ndarray::Ix3, 2>(&trial, f32::NAN);
        check::<f64, ndarray::Ix3, 2>(&trial, -f64::NAN);
        check::<half::f16, ndarray::Ix3, 2>(&trial, half::f16::NAN);
    }
}

/// Zero and minus zero are the same label.
#[test]
fn minus_zero_is_missing_where_zero_is() {
    let quilt = qlty_core::NcyxQuilt::builder([4, 4], [4, 4], [4, 4]).build().unwrap();
    let labels = ndarray::Array3::from_elem((1, 4, 4), -0.0_f32);
    assert!(!quilt.labelled(labels.view(), 0.0).unwrap()[0]);
}

/// Images and labels that do not match are refused.
#[test]
fn another_number_of_labels() {
    let quilt = qlty_core::NcyxQuilt::builder([8, 8], [4, 4], [4, 4]).build().unwrap();
    let images = ndarray::Array4::<f32>::zeros((2, 1, 8, 8));
    let labels = ndarray::Array3::<u8>::zeros((3, 8, 8));
    let text = quilt.unstitch_pair(images.view(), labels.view(), None).unwrap_err().to_string();
    assert!(text.contains("labels") && text.contains("[3, 8, 8]") && text.contains('2'), "{text}");
    let patches = ndarray::Array4::<f32>::zeros((7, 1, 4, 4));
    let labels = ndarray::Array3::<u8>::zeros((8, 4, 4));
    let text = quilt.filter_labelled(patches.view(), labels.view(), 0).unwrap_err().to_string();
    assert!(text.contains("image patches") && text.contains("[7, 1, 4, 4]") && text.contains('8'), "{text}");
}
