//! Arrays large enough to be divided among threads, and to be written with stores that bypass the caches.

use ndarray::{Array2, Array4, ArrayD, ArrayView, ArrayViewMut, Axis, IxDyn, Slice};
use qlty_core::{Monitor, NcyxQuilt, Profile, Rank, Spatial};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::layout::{Held, Layout};
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::{Sample, any as any_values, moderate};

use crate::accumulating::stitched_by_hand;
use crate::{Batch, threads, typed, typed_mut};

/// Stitches on 1, 2 and 5 threads, with several memory layouts: always with the same bits.
fn stitch_everywhere<T: Sample, const D: usize>(geometry: &Geometry<D>, images: usize, channels: usize)
where
    Spatial<D>: Rank,
    T::Sum: Sample,
{
    let quilt = geometry.quilt();
    let count = quilt.patch_count(images).unwrap();
    let shape: Vec<_> = [count, channels].into_iter().chain(geometry.window).collect();
    let patches = moderate::<T>(&shape, 5);
    let expected = stitched_by_hand(geometry, &patches);
    let standard = Layout::standard(D + 2);
    // Interleaved channels, and every axis reversed.
    let channels_last = Layout { order: [0].into_iter().chain(2..D + 2).chain([1]).collect(), ..standard.clone() };
    let backwards = Layout { reversed: vec![true; D + 2], margin: vec![1; D + 2], ..standard };
    for count in [1, 2, 5] {
        threads(count).install(|| {
            let qlty_core::Stitched { batch: stitched, .. } = quilt.stitch(typed::<_, D>(patches.view())).unwrap();
            assert_same_bits("stitch", &stitched, &expected);
            let [last, backwards] = [&channels_last, &backwards];
            for (from, to) in [(last, backwards), (backwards, last), (last, last)].into_iter().take(count) {
                let held = Held::of(&patches, from);
                let mut out = Held::new(expected.shape(), to, T::Sum::default());
                let monitor = Monitor::new();
                quilt.stitch_into(typed(held.view()), typed_mut::<_, D>(out.view_mut()), None, &monitor).unwrap();
                assert_same_bits("stitch_into", &out.view(), &expected);
                assert_eq!((monitor.done(), monitor.total() > 0), (monitor.total(), true));
                out.assert_nothing_else_written();
            }
        });
    }
}

#[test]
fn a_plane_of_many_bands() {
    let geometry = Geometry { border: [5, 9], ..Geometry::new([500, 611], [64, 96], [40, 50]) };
    stitch_everywhere::<f32, 2>(&geometry, 2, 2);
    let geometry = Geometry { border: [0; 2], profile: Profile::Hann, ..geometry };
    stitch_everywhere::<u32, 2>(&geometry, 1, 1);
    stitch_everywhere::<half::f16, 2>(&geometry, 1, 3);
}

#[test]
fn a_plane_of_many_channels() {
    stitch_everywhere::<f32, 2>(&Geometry::new([70, 90], [16, 16], [11, 13]), 1, 67);
}

#[test]
fn a_volume_of_many_bands() {
    let geometry = Geometry { border: [2, 3, 1], ..Geometry::new([37, 90, 101], [16, 32, 24], [9, 20, 17]) };
    stitch_everywhere::<f32, 3>(&geometry, 1, 2);
    let geometry = Geometry { border: [0; 3], profile: Profile::Tukey { alpha: 0.7 }, ..geometry };
    stitch_everywhere::<f64, 3>(&geometry, 1, 1);
}

#[test]
fn a_row_longer_than_a_band() {
    stitch_everywhere::<f32, 2>(&Geometry::new([2, 300_000], [2, 70_001], [1, 70_000]), 1, 4);
}

/// qlty's own stitch is wrong here in about half of the runs.
#[test]
fn pulled_back_windows_of_1024_in_2053() {
    let geometry = Geometry::new([2053, 2053], [1024, 1024], [512, 512]);
    let quilt = geometry.quilt();
    let patches = moderate::<f32>(&[16, 1, 1024, 1024], 1);
    let expected = stitched_by_hand(&geometry, &patches);
    for count in [1, 2, 5] {
        let stitched = threads(count).install(|| quilt.stitch(typed::<_, 2>(patches.view())).unwrap().batch);
        assert_same_bits("stitch", &stitched, &expected);
    }
}

/// Unstitches at least 32 MiB, above which stores bypass the caches, into a buffer that starts `shift` elements after
/// an aligned address.
fn unstitch_past_caches<T: Sample, const D: usize>(geometry: &Geometry<D>, images: usize, channels: usize, shift: usize)
where
    Spatial<D>: Rank,
{
    let quilt = geometry.quilt();
    let shape: Vec<_> = [images, channels].into_iter().chain(geometry.size).collect();
    let batch = any_values::<T>(&shape, 9);
    let expected = geometry.unstitch(&batch);
    assert!(expected.len() * size_of::<T>() >= 32 << 20, "{} bytes are too few", expected.len() * size_of::<T>());
    let batch: ArrayView<'_, T, Batch<D>> = typed(batch.view());
    for count in [1, 5] {
        threads(count).install(|| {
            let sentinel = T::nearest(77.0);
            let mut buffer = vec![sentinel; shift + expected.len() + 40];
            let out = &mut buffer[shift..shift + expected.len()];
            let out = ArrayViewMut::from_shape(IxDyn(expected.shape()), out).unwrap();
            let monitor = Monitor::new();
            quilt.unstitch_into(batch.view(), 0, out.into_dimensionality().unwrap(), &monitor).unwrap();
            assert_eq!((monitor.done(), monitor.total()), (expected.shape()[0] as u64, expected.shape()[0] as u64));
            let (before, rest) = buffer.split_at(shift);
            let (values, behind) = rest.split_at(expected.len());
            let wrong = values.iter().zip(&expected).position(|(got, expected)| got.bits() != expected.bits());
            assert_eq!(wrong, None, "{geometry:?}");
            assert!(before.iter().chain(behind).all(|value| value.bits() == sentinel.bits()));
        });
    }
}

#[test]
fn long_results_of_odd_rows() {
    unstitch_past_caches::<u8, 2>(&Geometry::new([1300, 1301], [301, 333], [56, 60]), 1, 1, 3);
    unstitch_past_caches::<u16, 2>(&Geometry::new([300, 301], [31, 13], [6, 2]), 1, 7, 1);
    unstitch_past_caches::<f32, 2>(&Geometry::new([94, 9001], [17, 4097], [4, 1000]), 1, 1, 7);
    unstitch_past_caches::<f64, 3>(&Geometry::new([40, 41, 43], [11, 13, 9], [5, 4, 4]), 1, 6, 5);
    unstitch_past_caches::<bool, 3>(&Geometry::new([70, 75, 75], [33, 31, 37], [8, 8, 6]), 3, 1, 1);
}

#[test]
fn long_results_of_few_large_patches() {
    // A patch takes several tasks, and a row is longer than the staging buffer.
    unstitch_past_caches::<f32, 2>(&Geometry::new([603, 4503], [601, 4501], [2, 2]), 1, 1, 1);
}

/// A large result in which each patch is contiguous, but the whole is not.
#[test]
fn long_results_with_gaps_between_patches() {
    let geometry = Geometry::new([500, 510], [101, 103], [14, 15]);
    let batch = any_values::<f32>(&[1, 1, 500, 510], 2);
    let expected = geometry.unstitch(&batch);
    let layout = Layout { spread: vec![2, 1, 1, 1], ..Layout::standard(4) };
    let mut out = Held::new(expected.shape(), &layout, 77.0_f32);
    let quilt = geometry.quilt();
    quilt.unstitch_into(typed::<_, 2>(batch.view()), 0, typed_mut::<_, 2>(out.view_mut()), &Monitor::new()).unwrap();
    assert_same_bits("unstitch_into", &out.view(), &expected);
    out.assert_nothing_else_written();
}

/// Other results also bypass the caches: marked labels, and the adjoint of stitching.
#[test]
fn long_labels_and_shares() {
    let geometry = Geometry { border: [9, 7], ..Geometry::new([513, 515], [129, 131], [17, 19]) };
    let quilt = geometry.quilt();
    let labels = any_values::<u32>(&[1, 1, 513, 515], 4);
    let mut expected = geometry.unstitch(&labels);
    let mask = quilt.border_mask().unwrap();
    for mut patch in expected.outer_iter_mut() {
        patch.index_axis_mut(Axis(0), 0).zip_mut_with(&mask.view().into_dyn(), |label, inner| {
            if !*inner {
                *label = 5;
            }
        });
    }
    assert!(expected.len() * 4 >= 32 << 20);
    let flat = labels.index_axis(Axis(1), 0).into_dimensionality::<ndarray::Ix3>().unwrap();
    let got = quilt.unstitch_labels(flat, Some(5)).unwrap();
    assert_same_bits("labels", &got, &expected.index_axis(Axis(1), 0));

    let batch = moderate::<f32>(&[1, 1, 513, 515], 6);
    let shares = quilt.stitch_adjoint(typed::<_, 2>(batch.view())).unwrap();
    let by_patch = |index: usize| {
        let single: ArrayD<f32> = geometry.unstitch(&batch).slice_axis(Axis(0), Slice::from(index..=index)).to_owned();
        let weights: Array2<f32> = quilt.weights().unwrap();
        let [y, x] = quilt.position(index).start;
        let weights = weights.slice(ndarray::s![y..y + 129, x..x + 131]).into_dyn().to_owned();
        let weight = quilt.window_weight::<f32>().unwrap().into_dyn();
        single.index_axis(Axis(0), 0).to_owned() * weight / weights
    };
    for index in [0, 1, 300, quilt.patches_per_image() - 1] {
        assert_same_bits("shares", &shares.index_axis(Axis(0), index), &by_patch(index));
    }
}

/// Many threads unstitch and stitch with one quilt concurrently, and agree.
#[test]
fn a_hundred_threads_share_a_quilt() {
    let quilt = NcyxQuilt::builder([64, 65], [16, 17], [9, 8]).border(3).build().unwrap();
    let batch = moderate::<f32>(&[2, 3, 64, 65], 8);
    let batch: Array4<f32> = batch.into_dimensionality().unwrap();
    let patches = quilt.unstitch(batch.view()).unwrap();
    let qlty_core::Stitched { batch: stitched, .. } = quilt.stitch(patches.view()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                let own = quilt.unstitch(batch.view()).unwrap();
                assert_same_bits("patches", &own, &patches);
                assert_same_bits("stitched", &quilt.stitch(own.view()).unwrap().batch, &stitched);
            });
        }
    });
}
