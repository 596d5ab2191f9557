//! Patches equal those of the images, rotated by the definition, for every type and any strides.

use ndarray::{Array1, Array2, Array4, ArrayD, ArrayView, Axis, IxDyn, Slice};
use proptest::prelude::*;
use qlty_core::{Monitor, Rank, Spatial};
use qlty_pairs::{
    ImageSource, PairOptions, PatchPairs, PatchPairsMut, Positions, Side, extract_pairs, extract_pairs_into,
    extract_patch_pairs, extract_patch_pairs_into, extract_patch_pairs_metadata, extract_patches_from_metadata,
};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::layout::{Held, Layout};
use qlty_tests::sample::Sample;
use qlty_tests::strategy::{cases, layout};

use crate::{Trial, threads, trial, turned, widest};

/// The patches of one side, by plain loops.
fn patches<T: Sample, const D: usize>(trial: &Trial<D>, batch: &ArrayD<T>, side: Side) -> ArrayD<T> {
    let mut out = ArrayD::from_elem(IxDyn(&trial.patches_shape()), T::default());
    for (p, pair) in trial.pairs.iter().enumerate() {
        let turns = if side == Side::Second { pair.rotation } else { 0 };
        for c in 0..trial.channels {
            let image = batch.index_axis(Axis(0), pair.image).index_axis_move(Axis(0), c);
            let part = image.slice_each_axis(|axis| {
                let d = axis.axis.index();
                Slice::from(pair.start(side)[d]..pair.start(side)[d] + trial.window[d])
            });
            let part = match D {
                2 => turned(&part.to_owned().into_dimensionality().unwrap(), turns).into_dyn(),
                _ => part.to_owned(),
            };
            out.index_axis_mut(Axis(0), p).index_axis_mut(Axis(0), c).assign(&part);
        }
    }
    out
}

fn check<T: Sample, const D: usize>(trial: &Trial<D>, layouts: &[Layout; 3])
where
    Spatial<D>: Rank,
    for<'a> ArrayView<'a, T, <Spatial<D> as Rank>::Batch>: ImageSource<T, D>,
{
    let batch = qlty_tests::sample::any::<T>(&trial.batch_shape(), trial.seed);
    let held = Held::of(&batch, &layouts[0]);
    let view = held.view().into_dimensionality::<<Spatial<D> as Rank>::Batch>().unwrap();
    let expected = [Side::First, Side::Second].map(|side| patches(trial, &batch, side));
    let pairs = extract_pairs(&view, trial.window, &trial.pairs, Positions::Pixels).unwrap();
    assert_same_bits("patches1", &pairs.patches1, &expected[0]);
    assert_same_bits("patches2", &pairs.patches2, &expected[1]);

    let count = trial.pairs.len();
    let mut out: [Held<T>; 2] = [1, 2].map(|i| Held::new(&trial.patches_shape(), &layouts[i], T::nearest(77.0)));
    let [out1, out2] = &mut out;
    let (mut deltas, mut rotations) = (Array2::zeros((count, D)), Array1::zeros(count));
    let mut starts = [Array2::zeros((count, D + 1)), Array2::zeros((count, D))];
    let [starts1, starts2] = &mut starts;
    let all = PatchPairsMut::<T, D> {
        patches1: out1.view_mut().into_dimensionality().unwrap(),
        patches2: out2.view_mut().into_dimensionality().unwrap(),
        deltas: deltas.view_mut(),
        rotations: rotations.view_mut(),
        positions1: Some(starts1.view_mut()),
        positions2: Some(starts2.view_mut()),
    };
    let monitor = Monitor::new();
    extract_pairs_into(&view, trial.window, &trial.pairs, all, &monitor).unwrap();
    assert_eq!((monitor.done(), monitor.total()), (2 * count as u64, 2 * count as u64));
    for (out, expected) in out.into_iter().zip(&expected) {
        assert_same_bits("into", &out.view(), expected);
        out.assert_nothing_else_written();
    }
    assert_eq!((&deltas, &rotations), (&pairs.deltas, &pairs.rotations));
    assert_eq!(Some(&starts[1]), pairs.positions2.as_ref());
    for (p, pair) in trial.pairs.iter().enumerate() {
        assert_eq!(starts[0][[p, 0]], pair.image as i64);
        for d in 0..D {
            assert_eq!(starts[0][[p, 1 + d]], pair.start1[d] as i64);
            assert_eq!(deltas[[p, D - 1 - d]], pair.start2[d] as f32 - pair.start1[d] as f32);
        }
    }
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        proptest! {
            #![proptest_config(cases(24))]

            #[test]
            fn $name(
                plane in trial::<2>(20), plane_layouts in [layout(4), layout(4), layout(4)],
                volume in trial::<3>(6), volume_layouts in [layout(5), layout(5), layout(5)],
            ) {
                check::<$type, 2>(&plane, &plane_layouts);
                check::<$type, 3>(&volume, &volume_layouts);
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

/// Results so large that they are streamed, extracted in parts, on any number of threads.
#[test]
fn large_results_are_the_same() {
    let images = Array4::from_shape_fn((3, 2, 300, 310), |(n, c, y, x)| (n * 7 + c * 3 + y * 311 + x) as f32);
    let options = widest([129, 129], 120).rotations([0, 1, 2, 3]).seed(9);
    let run =
        |count| threads(count).install(|| extract_patch_pairs(&images.view(), &options, Positions::None).unwrap());
    let (one, five) = (run(1), run(5));
    assert!(one.patches1.len() * 4 > 32 << 20);
    assert_same_bits("patches1", &one.patches1, &five.patches1);
    assert_same_bits("patches2", &one.patches2, &five.patches2);
    let pairs = qlty_pairs::PairDrawer::new(options, [300, 310]).unwrap().all(3).unwrap();
    let trial = Trial { images: 3, channels: 2, size: [300, 310], window: [129; 2], pairs, seed: 0 };
    let batch = images.into_dyn();
    assert_same_bits("patches1", &one.patches1, &patches(&trial, &batch, Side::First));
    assert_same_bits("patches2", &one.patches2, &patches(&trial, &batch, Side::Second));
}

/// A patch that is larger than a task is extracted in parts, rotated or not.
#[test]
fn large_patches_are_cut_in_parts() {
    let images = Array4::from_shape_fn((1, 2, 700, 720), |(_, c, y, x)| (c * 3 + y * 721 + x) as f64);
    let mut options = PairOptions::new([640, 640], 9, (160.0, 480.0)).rotations([0, 1, 2, 3]).seed(2);
    assert!(qlty_pairs::PairDrawer::new(options.clone(), [700, 720]).is_err());
    (options.window, options.delta_range) = ([512, 512], (128.0, 384.0));
    let pairs = qlty_pairs::PairDrawer::new(options.clone(), [700, 720]).unwrap().all(1).unwrap();
    let got = extract_patch_pairs(&images.view(), &options, Positions::None).unwrap();
    let trial = Trial { images: 1, channels: 2, size: [700, 720], window: [512; 2], pairs, seed: 0 };
    assert_same_bits("patches2", &got.patches2, &patches(&trial, &images.into_dyn(), Side::Second));
}

#[test]
fn metadata_names_the_same_pairs() {
    let images = Array4::from_shape_fn((4, 1, 60, 50), |(n, _, y, x)| (n * 5000 + y * 50 + x) as u16);
    let options = widest([16, 16], 7).rotations([0, 3]).seed(4);
    let metadata = extract_patch_pairs_metadata(&images.view(), &options).unwrap();
    let all: Vec<usize> = (0..metadata.len()).collect();
    let pairs = extract_patch_pairs(&images.view(), &options, Positions::WithImage).unwrap();
    let again = extract_patches_from_metadata(&images.view(), &metadata, &all, Positions::WithImage).unwrap();
    assert_eq!(again, pairs);
    let chosen = [5, 27, 0, 5];
    let some = extract_patches_from_metadata(&images.view(), &metadata, &chosen, Positions::None).unwrap();
    for (i, index) in chosen.into_iter().enumerate() {
        assert_eq!(some.patches2.index_axis(Axis(0), i), pairs.patches2.index_axis(Axis(0), index));
        assert_eq!(some.deltas.row(i), pairs.deltas.row(index));
    }
    let text = extract_patches_from_metadata(&images.view(), &metadata, &[28], Positions::None).unwrap_err();
    assert_eq!(text.to_string(), "index of a pair: got 28, expected less than 28, the number of pairs");
}

#[test]
fn mistakes_are_named_and_write_nothing() {
    let images = Array4::<f32>::ones((1, 1, 40, 40));
    let options = widest([8, 8], 3);
    let mut out: PatchPairs<f32, 2> = extract_patch_pairs(&images.view(), &options, Positions::Pixels).unwrap();
    out.patches1.fill(7.0);
    let before = out.clone();
    let mut attempt = |change: &dyn Fn(&mut PatchPairsMut<'_, f32, 2>), told: &str| {
        let mut view = out.view_mut();
        change(&mut view);
        let error = extract_patch_pairs_into(&images.view(), &options, view, &Monitor::new()).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(out, before);
    };
    attempt(&|out| out.patches1.slice_axis_inplace(Axis(0), Slice::from(..2)), "patches1: got shape [2, 1, 8, 8]");
    attempt(&|out| out.patches2.slice_axis_inplace(Axis(3), Slice::from(..7)), "expected [3, 1, 8, 8]");
    attempt(&|out| out.deltas.slice_axis_inplace(Axis(1), Slice::from(..1)), "deltas: got shape [3, 1]");
    attempt(&|out| out.rotations.slice_axis_inplace(Axis(0), Slice::from(1..)), "rotations: got shape [2]");
    attempt(
        &|out| out.positions2.as_mut().unwrap().slice_axis_inplace(Axis(1), Slice::from(..1)),
        "positions2: got shape [3, 1], expected [3, 2] or [3, 3]",
    );
    let cancelled = Monitor::new();
    cancelled.cancel();
    let error = extract_patch_pairs_into(&images.view(), &options, out.view_mut(), &cancelled).unwrap_err();
    assert_eq!(error.to_string(), "cancelled by the caller");
    assert_eq!(out, before);
    let mut pair = qlty_pairs::PairDrawer::new(options, [40, 40]).unwrap().all(1).unwrap()[0];
    pair.start2 = [33, 0];
    let error = extract_pairs(&images.view(), [8, 8], &[pair], Positions::None).unwrap_err();
    assert!(error.to_string().contains("pair 0") && error.to_string().contains("[1, 1, 40, 40]"), "{error}");
}
