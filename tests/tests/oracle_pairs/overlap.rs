//! Overlapping pixels compared with a search through all pixels of both patches.

use ndarray::{Array1, Array2, Array4, ArrayD, ArrayView, ArrayView2, IxDyn, s};
use proptest::prelude::*;
use qlty_core::{Monitor, Rank, Spatial};
use qlty_pairs::{Overlap, OverlapPatches, OverlapPixels, PairOptions, Positions, extract_patch_pairs};
use qlty_tests::compare::{assert_close, assert_same_bits};
use qlty_tests::layout::{Held, Layout};
use qlty_tests::sample::{Sample, moderate};
use qlty_tests::strategy::{cases, layout};

use crate::{Trial, threads, trial, turned, widest};

type Batch<const D: usize> = <Spatial<D> as Rank>::Batch;

fn typed<T, const D: usize>(view: ndarray::ArrayViewD<'_, T>) -> ArrayView<'_, T, Batch<D>>
where
    Spatial<D>: Rank,
{
    view.into_dimensionality().unwrap()
}

fn pixels2<T>(view: ndarray::ArrayViewD<'_, T>) -> ArrayView2<'_, T> {
    view.into_dimensionality().unwrap()
}

/// For each overlapping pixel the pair and the two positions in the arrays, found by searching for every pixel of the
/// first patch, in order, a pixel of the second that shows the same position of the image.
fn correspondence<const D: usize>(trial: &Trial<D>) -> Vec<(usize, [usize; D], [usize; D])> {
    let pixels = |d: usize| 0..trial.window[d];
    let mut found = Vec::new();
    for (p, pair) in trial.pairs.iter().enumerate() {
        // The origin of each pixel of the plane of the second patch, rotated like the patch.
        let [height, width] = [trial.window[D - 2], trial.window[D - 1]];
        let from = turned(&Array2::from_shape_fn((height, width), |at| at), pair.rotation);
        let planes = if D == 3 { trial.window[0] } else { 1 };
        let place = |z: usize, y: usize, x: usize| -> [usize; D] { std::array::from_fn(|d| [z, y, x][3 - D + d]) };
        for z in 0..planes {
            for (y, x) in pixels(D - 2).flat_map(|y| pixels(D - 1).map(move |x| (y, x))) {
                let first = place(z, y, x);
                let shown: [usize; D] = std::array::from_fn(|d| pair.start1[d] + first[d]);
                for (z2, ((i, j), (y2, x2))) in
                    (0..planes).flat_map(|z| from.indexed_iter().map(move |f| (z, (f.0, *f.1))))
                {
                    let upright = place(z2, y2, x2);
                    if (0..D).all(|d| pair.start2[d] + upright[d] == shown[d]) {
                        found.push((p, first, place(z2, i, j)));
                    }
                }
            }
        }
    }
    found
}

fn value<T: Copy, const D: usize>(patches: &ArrayD<T>, p: usize, c: usize, at: [usize; D]) -> T {
    let index: Vec<usize> = [p, c].into_iter().chain(at).collect();
    patches[IxDyn(&index)]
}

fn check<T: Sample, const D: usize>(trial: &Trial<D>, layouts: &[Layout; 2], flat: &[Layout; 2])
where
    Spatial<D>: Rank,
{
    let expected = correspondence(trial);
    let (deltas, rotations) = (qlty_pairs::deltas(&trial.pairs), qlty_pairs::rotations(&trial.pairs));
    // Rotations are counted modulo 4.
    let rotations = rotations.map(|turns| turns + 4 * (trial.seed % 3) as i64 - 4);
    let overlap = Overlap::new(trial.window, deltas.view(), Some(rotations.view())).unwrap();
    assert_eq!(overlap.count(), expected.len());

    let rows: Vec<Vec<i64>> = overlap.correspondence().unwrap().outer_iter().map(|row| row.to_vec()).collect();
    let number = |(p, first, second): &(usize, [usize; D], [usize; D])| {
        [*p].into_iter().chain(*first).chain(*second).map(|v| v as i64).collect::<Vec<_>>()
    };
    assert_eq!(rows, expected.iter().map(number).collect::<Vec<_>>());

    let patches = [0, 1].map(|side| qlty_tests::sample::any::<T>(&trial.patches_shape(), trial.seed ^ side));
    let held = [0, 1].map(|side| Held::of(&patches[side], &layouts[side]));
    let pixels = [0, 1].map(|side: usize| {
        Array2::from_shape_fn((expected.len(), trial.channels), |(k, c)| {
            let (p, first, second) = expected[k];
            value(&patches[side], p, c, [first, second][side])
        })
    });
    let views = || (typed::<T, D>(held[0].view()), typed::<T, D>(held[1].view()));
    let got = overlap.extract(views().0, views().1).unwrap();
    assert_same_bits("pixels 1", &got.pixels1, &pixels[0]);
    assert_same_bits("pixels 2", &got.pixels2, &pixels[1]);

    let shape = [expected.len(), trial.channels];
    let mut out = [0, 1].map(|side| Held::new(&shape, &flat[side], T::nearest(77.0)));
    let [out1, out2] = &mut out;
    let (out1, out2) = (out1.view_mut().into_dimensionality().unwrap(), out2.view_mut().into_dimensionality().unwrap());
    let monitor = Monitor::new();
    overlap.extract_into(views().0, views().1, out1, out2, &monitor).unwrap();
    assert_eq!(monitor.done(), monitor.total());
    for (out, pixels) in out.into_iter().zip(&pixels) {
        assert_same_bits("into", &out.view(), pixels);
        out.assert_nothing_else_written();
    }

    // The adjoint writes each pixel back to its original position.
    let held = [0, 1].map(|side| Held::of(&pixels[side].clone().into_dyn(), &flat[side]));
    let adjoint = overlap.adjoint(pixels2(held[0].view()), pixels2(held[1].view())).unwrap();
    let mut back = [0, 1].map(|_| ArrayD::from_elem(IxDyn(&trial.patches_shape()), T::default()));
    for (k, (p, first, second)) in expected.iter().enumerate() {
        for c in 0..trial.channels {
            for (side, at) in [first, second].into_iter().enumerate() {
                let index: Vec<usize> = [*p, c].into_iter().chain(*at).collect();
                back[side][IxDyn(&index)] = pixels[side][[k, c]];
            }
        }
    }
    assert_same_bits("adjoint 1", &adjoint.patches1, &back[0]);
    assert_same_bits("adjoint 2", &adjoint.patches2, &back[1]);
    let mut out = [0, 1].map(|side| Held::new(&trial.patches_shape(), &layouts[side], T::nearest(77.0)));
    let [out1, out2] = &mut out;
    let (out1, out2) = (out1.view_mut().into_dimensionality().unwrap(), out2.view_mut().into_dimensionality().unwrap());
    overlap.adjoint_into(pixels2(held[0].view()), pixels2(held[1].view()), out1, out2, &monitor).unwrap();
    assert_eq!(monitor.done(), monitor.total());
    for (out, back) in out.into_iter().zip(&back) {
        assert_same_bits("adjoint into", &out.view(), back);
        out.assert_nothing_else_written();
    }
}

macro_rules! each_type {
    ($($name:ident: $type:ty),*) => {$(
        proptest! {
            #![proptest_config(cases(24))]

            #[test]
            fn $name(
                plane in trial::<2>(11), volume in trial::<3>(4), flat in [layout(2), layout(2)],
                plane_layouts in [layout(4), layout(4)], volume_layouts in [layout(5), layout(5)],
            ) {
                check::<$type, 2>(&plane, &plane_layouts, &flat);
                check::<$type, 3>(&volume, &volume_layouts, &flat);
            }
        }
    )*};
}

qlty_tests::for_each_element!(each_type);

fn dot<D: ndarray::Dimension>(a: &ndarray::Array<f64, D>, b: &ndarray::Array<f64, D>) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

proptest! {
    #![proptest_config(cases(64))]

    /// <A x, y> = <x, A* y>.
    #[test]
    fn the_adjoint_is_one(trial in trial::<2>(12)) {
        let (deltas, rotations) = (qlty_pairs::deltas(&trial.pairs), qlty_pairs::rotations(&trial.pairs));
        let overlap = Overlap::new(trial.window, deltas.view(), Some(rotations.view())).unwrap();
        let sample = |shape: &[usize], seed| moderate::<f64>(shape, trial.seed ^ seed);
        let x = [0, 1].map(|i| sample(&trial.patches_shape(), i).into_dimensionality::<ndarray::Ix4>().unwrap());
        let shape = [overlap.count(), trial.channels];
        let y = [2, 3].map(|i| sample(&shape, i).into_dimensionality::<ndarray::Ix2>().unwrap());
        let OverlapPixels { pixels1: a1, pixels2: a2, .. } = overlap.extract(x[0].view(), x[1].view()).unwrap();
        let OverlapPatches { patches1: b1, patches2: b2, .. } = overlap.adjoint(y[0].view(), y[1].view()).unwrap();
        let (left, right) = (dot(&a1, &y[0]) + dot(&a2, &y[1]), dot(&x[0], &b1) + dot(&x[1], &b2));
        prop_assert!((left - right).abs() <= 1e-9 * (1.0 + left.abs()), "{left} and {right}");
    }
}

/// Corresponding pixels of an image whose values encode their position are equal, for every rotation.
#[test]
fn coordinate_images() {
    let images = Array4::from_shape_fn((3, 2, 90, 101), |(n, c, y, x)| (((n * 2 + c) * 90 + y) * 101 + x) as u32);
    for rotations in [vec![0], vec![1], vec![2], vec![3], vec![0, 1, 2, 3]] {
        let options = widest([24, 24], 40).rotations(rotations).seed(8);
        let pairs = extract_patch_pairs(&images.view(), &options, Positions::None).unwrap();
        let overlap = Overlap::new([24, 24], pairs.deltas.view(), Some(pairs.rotations.view())).unwrap();
        let OverlapPixels { pixels1, pixels2, .. } =
            overlap.extract(pairs.patches1.view(), pairs.patches2.view()).unwrap();
        assert!(pixels1.nrows() > 1000);
        assert_eq!(pixels1, pixels2);
        for (k, row) in overlap.correspondence().unwrap().outer_iter().enumerate() {
            let [p, u1, v1, u2, v2] = std::array::from_fn(|i| row[i] as usize);
            assert_eq!(pairs.patches1.slice(s![p, .., u1, v1]), pixels1.row(k));
            assert_eq!(pairs.patches2.slice(s![p, .., u2, v2]), pixels2.row(k));
        }
    }
}

/// Results so large that they are streamed, on any number of threads.
#[test]
fn large_results_are_the_same() {
    let images = Array4::from_shape_fn((2, 3, 200, 210), |(n, c, y, x)| ((n * 7 + c) * 50_000 + y * 211 + x) as f64);
    let options = PairOptions::new([96, 96], 150, (24.0, 30.0)).rotations([0, 1, 2, 3]).seed(9);
    let pairs = extract_patch_pairs(&images.view(), &options, Positions::None).unwrap();
    let overlap = Overlap::new([96, 96], pairs.deltas.view(), Some(pairs.rotations.view())).unwrap();
    let run = |count: usize| {
        let work = || overlap.extract(pairs.patches1.view(), pairs.patches2.view()).unwrap();
        threads(count).install(work)
    };
    let OverlapPixels { pixels1, pixels2, .. } = run(1);
    assert!(pixels1.len() * 8 > 32 << 20);
    assert_eq!(pixels1, pixels2);
    let OverlapPixels { pixels1: five1, pixels2: five2, .. } = run(5);
    assert_same_bits("pixels 1", &pixels1, &five1);
    assert_same_bits("pixels 2", &pixels2, &five2);
    let back1 = overlap.adjoint(pixels1.view(), pixels2.view()).unwrap().patches1;
    let again = overlap.extract(back1.view(), pairs.patches2.view()).unwrap().pixels1;
    assert_close("there and back", &again, &pixels1, 0.0);
}

#[test]
fn pairs_that_do_not_overlap_add_nothing() {
    let patches = Array4::<f32>::ones((3, 2, 4, 4));
    let far = ndarray::arr2(&[[4.0_f32, 0.0], [0.0, -9.0], [1e30, -1e30]]);
    let OverlapPixels { pixels1, pixels2, .. } =
        Overlap::new([4, 4], far.view(), None).unwrap().extract(patches.view(), patches.view()).unwrap();
    assert_eq!((pixels1.dim(), pixels2.dim()), ((0, 2), (0, 2)));
    let overlap = Overlap::new([4, 4], far.view(), None).unwrap();
    assert_eq!(overlap.correspondence().unwrap().dim(), (0, 5));
    let back = overlap.adjoint(pixels1.view(), pixels2.view()).unwrap().patches1;
    assert_eq!(back, Array4::<f32>::zeros((3, 2, 4, 4)));
    let near = ndarray::arr2(&[[4.0_f32, 0.0], [3.0, -3.0], [0.0, 4.0]]);
    let OverlapPixels { pixels1, .. } =
        Overlap::new([4, 4], near.view(), None).unwrap().extract(patches.view(), patches.view()).unwrap();
    assert_eq!(pixels1.dim(), (1, 2));
    let none = Array4::<f32>::ones((0, 2, 4, 4));
    let empty = Array2::<f32>::zeros((0, 2));
    assert_eq!(
        Overlap::new([4, 4], empty.view(), None).unwrap().extract(none.view(), none.view()).unwrap().pixels1.dim(),
        (0, 2)
    );
}

#[test]
fn mistakes_are_named() {
    let deltas = ndarray::arr2(&[[1.0_f32, 0.0]]);
    let patches = Array4::<f32>::ones((1, 2, 4, 4));
    let refused = |window, deltas: &Array2<f32>, rotations: Option<&Array1<i64>>| {
        Overlap::<2>::new(window, deltas.view(), rotations.map(|r| r.view())).unwrap_err().to_string()
    };
    assert!(refused([4, 4], &ndarray::arr2(&[[0.5_f32, 0.0]]), None).contains("delta of pair 0: got 0.5"));
    assert!(refused([4, 4], &ndarray::arr2(&[[f32::NAN, 0.0]]), None).contains("got NaN"));
    assert!(refused([4, 4], &Array2::zeros((1, 3)), None).contains("deltas: got shape [1, 3], expected 2 columns"));
    assert!(refused([4, 5], &deltas, Some(&ndarray::arr1(&[-1]))).contains("not square"));
    assert!(refused([4, 4], &deltas, Some(&ndarray::arr1(&[0, 0]))).contains("rotations: got shape [2]"));
    assert!(refused([0, 4], &deltas, None).contains("window: got [0, 4]"));
    let overlap = Overlap::<2>::new([4, 4], deltas.view(), None).unwrap();
    let other = Array4::<f32>::ones((1, 2, 4, 5));
    let text = overlap.extract(other.view(), patches.view()).unwrap_err().to_string();
    assert!(text.contains("patches1: got shape [1, 2, 4, 5]"), "{text}");
    let text = overlap.extract(patches.view(), patches.slice(s![.., ..1, .., ..])).unwrap_err().to_string();
    assert!(text.contains("patches2: got shape [1, 1, 4, 4]"), "{text}");
    let pixels = Array2::<f32>::zeros((11, 2));
    let text = overlap.adjoint(pixels.view(), pixels.view()).unwrap_err().to_string();
    assert_eq!(text, "pixels1: got shape [11, 2], expected [12, 2]");
}
