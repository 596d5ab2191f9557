//! Every mistake is an error that names what was got and what was expected, never a panic.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

/// Fails unless the error is of this kind and its text contains all of `parts`.
macro_rules! assert_error {
    ($result:expr, $kind:ident, $($part:expr),+ $(,)?) => {{
        let error = $result.map(|_| ()).unwrap_err();
        assert!(matches!(error, Error::$kind { .. }), "{error:?} is no {}", stringify!($kind));
        let text = error.to_string();
        $(assert!(text.contains(&$part.to_string()), "{text:?} does not say {:?}", $part);)+
    }};
}

mod huge;

use ndarray::{Array2, Array3, Array4};
use qlty_core::{Error, Monitor, NcyxQuilt, NczyxQuilt, Positional, Profile};

/// 3 x 3 windows in 8 x 8 pixels: 9 patches.
fn quilt() -> NcyxQuilt {
    NcyxQuilt::builder([8, 8], [4, 4], [2, 2]).border(1).build().unwrap()
}

fn zeros(n: usize, c: usize, y: usize, x: usize) -> Array4<f32> {
    Array4::zeros((n, c, y, x))
}

#[test]
fn windows_and_steps_must_fit() {
    let build = |size, window, step| NcyxQuilt::builder(size, window, step).build();
    assert_error!(build([0, 8], [1, 1], [1, 1]), Argument, "along y", 0);
    assert_error!(build([8, 0], [1, 0], [1, 1]), Argument, "along x", 0);
    assert_error!(build([8, 8], [4, 0], [1, 1]), Argument, "window along x", "got 0", "1 to 8");
    assert_error!(build([8, 8], [9, 4], [1, 1]), Argument, "window along y", "got 9", "1 to 8");
    assert_error!(build([8, 8], [usize::MAX, 4], [1, 1]), Argument, "window along y", usize::MAX);
    assert_error!(build([8, 8], [4, 4], [0, 1]), Argument, "step along y", "got 0", "at least 1");
    let volume = NczyxQuilt::builder([4, 8, 8], [5, 4, 4], [1, 1, 1]).build();
    assert_error!(volume, Argument, "window along z", "got 5", "1 to 4");
    let volume = NczyxQuilt::builder([4, 8, 8], [4, 4, 4], [1, 1, 0]).build();
    assert_error!(volume, Argument, "step along x", "got 0");
}

#[test]
fn borders_must_leave_something() {
    let build = |border| NcyxQuilt::builder([16, 16], [8, 7], [4, 4]).border(border).build();
    assert!(build([3, 3]).is_ok());
    assert_error!(build([4, 3]), Argument, "border along y", "got 4", "less than half", 8);
    assert_error!(build([3, 4]), Argument, "border along x", "got 4", 7);
    assert_error!(build([usize::MAX, 0]), Argument, "border along y", usize::MAX);
    let one = NcyxQuilt::builder([1, 1], [1, 1], [1, 1]).border(1).build();
    assert_error!(one, Argument, "border along y", "got 1");
}

#[test]
fn weights_must_be_numbers_in_range() {
    let build = |weight| NcyxQuilt::builder([8, 8], [4, 4], [2, 2]).border(1).border_weight(weight).build();
    for weight in [f64::NAN, f64::INFINITY, -f64::INFINITY, -0.1, 1.0 + 1e-9] {
        assert_error!(build(weight), Argument, "border weight", format!("{weight:?}"), "0 to 1");
    }
    for weight in [0.0, -0.0, 1.0, f64::MIN_POSITIVE] {
        assert!(build(weight).unwrap().border_weight() >= 1e-8);
    }
    let shaped = |profile| NcyxQuilt::builder([8, 8], [4, 4], [2, 2]).profile(profile).build();
    for sigma in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        assert_error!(shaped(Profile::Gaussian { sigma }), Argument, "sigma", format!("{sigma:?}"), "positive");
    }
    for alpha in [f64::NAN, f64::INFINITY, -0.1, 1.1] {
        assert_error!(shaped(Profile::Tukey { alpha }), Argument, "alpha", format!("{alpha:?}"), "0 to 1");
    }
    for profile in [Profile::Gaussian { sigma: 1e-300 }, Profile::Gaussian { sigma: 1e300 }] {
        let weights = shaped(profile).unwrap().window_weight::<f32>().unwrap();
        assert!(weights.iter().all(|weight| weight.is_finite() && *weight > 0.0));
    }
    let unused = NcyxQuilt::builder([8, 8], [4, 4], [2, 2]).profile(Profile::Hann).border_weight(0.5).build();
    assert_error!(unused, Argument, "border weight", "0.5", "Hann");
}

#[test]
fn sizes_that_overflow() {
    let build = |size| NcyxQuilt::builder(size, [1, 1], [1, 1]).build();
    assert_error!(build([usize::MAX, usize::MAX]), Overflow, "pixels of an image", usize::MAX);
    assert_error!(build([usize::MAX, 1]), Overflow, usize::MAX);
    assert_error!(build([1 << 32, 1 << 32]), Overflow, 1_u64 << 32);
    let volume = NczyxQuilt::builder([1 << 22, 1 << 21, 1 << 21], [1, 1, 1], [1, 1, 1]).build();
    assert_error!(volume, Overflow, 1 << 22);
    // A step of any size gives two windows.
    let quilt = NcyxQuilt::builder([8, 8], [4, 4], [usize::MAX, usize::MAX]).build().unwrap();
    assert_eq!((quilt.counts(), quilt.position(3).start), ([2, 2], [4, 4]));
    assert!(quilt.stitch(zeros(4, 1, 4, 4).view()).is_ok());
}

#[test]
fn batches_must_have_the_size_of_the_quilt() {
    let quilt = quilt();
    for (y, x) in [(8, 9), (7, 8), (0, 0)] {
        let batch = zeros(1, 1, y, x);
        let got = format!("[1, 1, {y}, {x}]");
        assert_error!(quilt.unstitch(batch.view()), Shape, "batch", got, "[8, 8]");
        assert_error!(quilt.unstitch_range(batch.view(), 0..1), Shape, "batch", got, "[8, 8]");
        assert_error!(quilt.unstitch_one(batch.view(), 0), Shape, "batch", got, "[8, 8]");
        assert_error!(quilt.stitch_adjoint(batch.view()), Shape, "batch", got, "[8, 8]");
        let positional = quilt.unstitch_positional(batch.view(), 0..1, Positional::default());
        assert_error!(positional, Shape, "batch", got, "[8, 8]");
        let labels = Array3::<u8>::zeros((1, y, x));
        let got = format!("[1, {y}, {x}]");
        assert_error!(quilt.unstitch_labels(labels.view(), None), Shape, "labels", got, "[8, 8]");
    }
    assert_error!(
        quilt.labelled(Array3::<u8>::zeros((1, 8, 8)).view(), 0),
        Shape,
        "label patches",
        "[1, 8, 8]",
        "[4, 4]"
    );
}

#[test]
fn patches_must_have_the_size_of_the_window() {
    let quilt = quilt();
    for (p, y, x) in [(9, 4, 5), (9, 8, 8), (9, 0, 4)] {
        let patches = zeros(p, 2, y, x);
        let got = format!("[{p}, 2, {y}, {x}]");
        assert_error!(quilt.stitch(patches.view()), Shape, "patches", got, "[9, 2, 4, 4]");
        assert_error!(quilt.unstitch_adjoint(patches.view()), Shape, "patches", got, "[9, 2, 4, 4]");
    }
    for p in [1, 8, 10, 17] {
        let patches = zeros(p, 2, 4, 4);
        let got = format!("[{p}, 2, 4, 4]");
        assert_error!(quilt.stitch(patches.view()), Shape, "patches", got, "multiple of 9");
        assert_error!(quilt.unstitch_adjoint(patches.view()), Shape, "patches", got, "multiple of 9");
    }
}

#[test]
fn outputs_must_have_their_shape() {
    let (quilt, batch, patches) = (quilt(), zeros(2, 3, 8, 8), zeros(18, 3, 4, 4));
    let monitor = Monitor::new();
    for (n, c, y) in [(1, 3, 8), (2, 2, 8), (2, 3, 9)] {
        let mut out = Array4::from_elem((n, c, y, 8), 7.0_f32);
        let got = format!("[{n}, {c}, {y}, 8]");
        let stitched = quilt.stitch_into(patches.view(), out.view_mut(), None, &monitor);
        assert_error!(stitched, Shape, "batch", got, "[2, 3, 8, 8]");
        let adjoint = quilt.unstitch_adjoint_into(patches.view(), out.view_mut(), &monitor);
        assert_error!(adjoint, Shape, "batch", got, "[2, 3, 8, 8]");
        assert!(out.iter().all(|value| *value == 7.0));
    }
    let mut out = Array4::from_elem((2, 3, 8, 8), 7.0_f32);
    let mut weights = Array2::from_elem((8, 7), 7.0_f32);
    let stitched = quilt.stitch_into(patches.view(), out.view_mut(), Some(weights.view_mut()), &monitor);
    assert_error!(stitched, Shape, "weights", "[8, 7]", "[8, 8]");
    assert_error!(quilt.weights_into(weights.view_mut()), Shape, "weights", "[8, 7]", "[8, 8]");
    assert!(out.iter().chain(&weights).all(|value| *value == 7.0));

    for (p, c, y) in [(18, 2, 4), (18, 3, 5)] {
        let mut out = Array4::from_elem((p, c, y, 4), 7.0_f32);
        let (got, expected) = (format!("[{p}, {c}, {y}, 4]"), "[18, 3, 4, 4]");
        let cut = quilt.unstitch_into(batch.view(), 0, out.view_mut(), &monitor);
        assert_error!(cut, Shape, "patches", got, expected);
        let adjoint = quilt.stitch_adjoint_into(batch.view(), out.view_mut(), &monitor);
        assert_error!(adjoint, Shape, "patches", got, expected);
        assert!(out.iter().all(|value| *value == 7.0));
    }
    let mut few = Array4::from_elem((17, 3, 4, 4), 7.0_f32);
    let adjoint = quilt.stitch_adjoint_into(batch.view(), few.view_mut(), &monitor);
    assert_error!(adjoint, Shape, "patches", "[17, 3, 4, 4]", "[18, 3, 4, 4]");
    let mut labels = Array3::from_elem((9, 4, 5), 7_u8);
    let cut = quilt.unstitch_labels_into(Array3::zeros((1, 8, 8)).view(), None, 0, labels.view_mut(), &monitor);
    assert_error!(cut, Shape, "label patches", "[9, 4, 5]", "[9, 4, 4]");
    assert!(few.iter().all(|value| *value == 7.0) && labels.iter().all(|value| *value == 7));
}

#[test]
fn ranges_must_lie_within_the_batch() {
    let (quilt, batch) = (quilt(), zeros(2, 1, 8, 8));
    #[expect(clippy::reversed_empty_ranges, reason = "it is what is refused")]
    let ranges = [0..19, 18..19, 5..3, 19..19, 0..usize::MAX, usize::MAX..usize::MAX];
    for range in ranges {
        let got = format!("{range:?}");
        let positional = quilt.unstitch_positional(batch.view(), range.clone(), Positional::default());
        assert_error!(positional, Argument, "patch indices", got, "18 patches");
        assert_error!(quilt.unstitch_range(batch.view(), range), Argument, "patch indices", got, "18 patches");
    }
    assert_eq!(quilt.unstitch_range(batch.view(), 18..18).unwrap().dim(), (0, 1, 4, 4));
    for index in [18, usize::MAX - 1, usize::MAX] {
        assert_error!(quilt.unstitch_one(batch.view(), index), Argument, index, "18 patches");
        let cut = quilt.unstitch_into(batch.view(), index, zeros(1, 1, 4, 4).view_mut(), &Monitor::new());
        assert_error!(cut, Argument, index);
        let mut out = Array3::zeros((1, 4, 4));
        let labels = Array3::<u8>::zeros((2, 8, 8));
        let cut = quilt.unstitch_labels_into(labels.view(), None, index, out.view_mut(), &Monitor::new());
        assert_error!(cut, Argument, index);
    }
    // An index beyond any batch still has a position, unless it overflows.
    assert_eq!(quilt.position(usize::MAX).image, usize::MAX / 9);
    let mut out = zeros(2, 2, 4, 4);
    let last = isize::MAX as usize - 2;
    assert!(quilt.positional_into(last, out.view_mut(), Positional::default()).is_ok());
    for first in [last + 1, usize::MAX - 1, usize::MAX] {
        let beyond = quilt.positional_into(first, out.view_mut(), Positional::default());
        assert_error!(beyond, Argument, "first patch", first);
        assert_error!(quilt.positions_into(first, Array2::zeros((2, 2)).view_mut()), Argument, "first patch", first);
    }
    let columns = quilt.positions_into(0, Array2::zeros((2, 4)).view_mut());
    assert_error!(columns, Shape, "positions", "[2, 4]", "2 or 3");
}

#[test]
fn gaps_cannot_be_stitched() {
    let quilt = NcyxQuilt::builder([20, 20], [4, 4], [5, 4]).build().unwrap();
    let cut = quilt.unstitch(zeros(1, 1, 20, 20).view()).unwrap();
    let parts = ("step along y", "got 5", "at most 4");
    assert_error!(quilt.stitch(cut.view()), Argument, parts.0, parts.1, parts.2);
    assert_error!(quilt.stitcher::<f32>(1, 1), Argument, parts.0, parts.1, parts.2);
    assert_error!(quilt.stitch_adjoint(zeros(1, 1, 20, 20).view()), Argument, parts.0, parts.1, parts.2);
    assert!(quilt.weights::<f32>().unwrap().iter().any(|weight| *weight == 0.0));
    assert!(quilt.unstitch_adjoint(cut.view()).is_ok());
    let volume = NczyxQuilt::builder([20, 4, 4], [4, 4, 4], [5, 1, 1]).build().unwrap();
    assert_error!(volume.stitcher::<f32>(1, 1), Argument, "step along z", "got 5", "at most 4");
}

#[test]
fn a_stitcher_refuses_what_does_not_fit() {
    let quilt = quilt();
    let mut stitcher = quilt.stitcher::<f32>(1, 2).unwrap();
    assert_error!(stitcher.push(0, zeros(2, 3, 4, 4).view()), Shape, "patches", "[2, 3, 4, 4]", "[2, 2, 4, 4]");
    assert_error!(stitcher.push(0, zeros(2, 2, 4, 5).view()), Shape, "patches", "[2, 2, 4, 5]", "[2, 2, 4, 4]");
    assert_error!(stitcher.push(8, zeros(2, 2, 4, 4).view()), Argument, "8..10", "9 patches");
    assert_error!(stitcher.push_at(&[1, 9], zeros(2, 2, 4, 4).view()), Argument, "9..10", "9 patches");
    assert_error!(stitcher.push_at(&[1], zeros(2, 2, 4, 4).view()), Argument, "number of indices", "got 1", 2);
    assert_error!(stitcher.push_at(&[1, 1], zeros(2, 2, 4, 4).view()), Duplicate, "patch 1", "twice");
    stitcher.push(0, zeros(3, 2, 4, 4).view()).unwrap();
    assert_error!(stitcher.push(2, zeros(2, 2, 4, 4).view()), Duplicate, "patch 2");
    assert_error!(stitcher.finish(), Incomplete, "6 of 9", "[3, 4, 5, 6, 7, 8]");
}

#[test]
fn no_images_and_no_channels_are_no_mistake() {
    let quilt = quilt();
    for (n, c) in [(0, 3), (2, 0), (0, 0)] {
        let (batch, patches) = (zeros(n, c, 8, 8), zeros(9 * n, c, 4, 4));
        assert_eq!(quilt.unstitch(batch.view()).unwrap().dim(), patches.dim());
        assert_eq!(quilt.stitch_adjoint(batch.view()).unwrap().dim(), patches.dim());
        assert_eq!(quilt.unstitch_adjoint(patches.view()).unwrap().dim(), batch.dim());
        let qlty_core::Stitched { batch: stitched, weights, .. } = quilt.stitch(patches.view()).unwrap();
        assert_eq!((stitched.dim(), weights), (batch.dim(), quilt.weights().unwrap()));
        let mut backwards = zeros(n, c, 8, 8);
        backwards.invert_axis(ndarray::Axis(3));
        quilt.stitch_into(patches.view(), backwards.view_mut(), None, &Monitor::new()).unwrap();
        let positional = quilt.unstitch_positional(batch.view(), 0..9 * n, Positional::default()).unwrap();
        assert_eq!(positional.dim(), (9 * n, c + 2, 4, 4));
        assert_eq!(quilt.positions(n).unwrap().dim(), (9 * n, 2));

        let mut stitcher = quilt.stitcher::<f32>(n, c).unwrap();
        stitcher.push(0, patches.view()).unwrap();
        assert_eq!(stitcher.finish().unwrap().batch.dim(), batch.dim());
        let qlty_core::IncompletelyStitched { batch: stitched, weights, .. } = stitcher.finish_incomplete(1.0).unwrap();
        assert_eq!((stitched.dim(), weights.dim()), (batch.dim(), (n, 8, 8)));

        let pair = quilt.unstitch_pair(batch.view(), zeros(n, c, 8, 8).view(), Some(0.0)).unwrap();
        assert_eq!((pair.images.dim(), pair.labels.dim()), (patches.dim(), patches.dim()));
        let kept = quilt.filter_labelled(pair.images.view(), pair.labels.view(), 0.0).unwrap();
        assert_eq!((kept.images.dim(), kept.removed.len()), ((0, c, 4, 4), 9 * n));
    }
}

#[test]
fn errors_can_be_passed_on() {
    fn sendable<E: std::error::Error + Send + Sync + 'static>(_: &E) {}
    let error = NcyxQuilt::builder([1, 1], [2, 2], [1, 1]).build().unwrap_err();
    sendable(&error);
    let text = error.to_string();
    assert!(!text.ends_with('.') && text.starts_with(char::is_lowercase), "{text}");
}
