//! The spread between patches with ill-conditioned numbers; normalizing; and incomplete results.

use ndarray::{Array4, ArrayD, Axis, IxDyn};
use qlty_core::NcyxQuilt;
use qlty_large::{LargeQuilt, Std};
use qlty_tests::compare::{assert_close, assert_same_bits};
use qlty_tests::oracle::Geometry;

use crate::{Given, by_hand, read};

/// A large mean and a small spread: a difference of squares in `f32` would lose all digits.
#[test]
fn a_small_spread_on_a_large_mean() {
    let geometry = Geometry { border: [2, 2], ..Geometry::new([30, 30], [10, 10], [5, 5]) };
    let mut given = Given::<f32>::new(&geometry, 1, 1, 4);
    given.patches.mapv_inplace(|v| 10_000.0 + v / 100.0);
    given.variances.fill(0.0);
    let folder = tempfile::tempdir().unwrap();
    let quilt = geometry.quilt();
    let large = LargeQuilt::<f32, 2>::builder(&quilt, 1, folder.path().join("a")).std(Std::Total).create().unwrap();
    for index in (0..given.len()).rev() {
        given.stitch(&large, &[index], Std::Total).unwrap();
    }
    let (_, std) = read(&large.finish().unwrap());
    let (_, expected) = by_hand(&geometry, &given, |_| true, Std::Total);
    // Neighbouring values of f32 are 0.001 apart here; the deviations are about 0.5.
    assert_close("std", &std.unwrap(), &expected, 0.003);
    // In double precision nothing is lost.
    let large = LargeQuilt::<f64, 2>::builder(&quilt, 1, folder.path().join("b")).std(Std::Total).create().unwrap();
    let all: Vec<usize> = (0..given.len()).collect();
    given.stitch(&large, &all, Std::Total).unwrap();
    assert_close("std", &read(&large.finish().unwrap()).1.unwrap(), &expected, 1e-9);
}

/// The first patch at a pixel is an outlier with almost no weight.
#[test]
fn an_outlier_of_no_weight_comes_first() {
    let quilt = NcyxQuilt::builder([1, 8], [1, 6], [1, 1]).border([0, 2]).border_weight(0.0).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let large = LargeQuilt::<f32, 2>::builder(&quilt, 1, folder.path().join("a")).std(Std::Total).create().unwrap();
    let zeros = Array4::<f32>::zeros((1, 1, 1, 6));
    // At pixel 4: border of the first patch, inside of the others.
    for (index, value) in [(0, 1e6), (1, 1.0), (2, 1.5)] {
        large.stitch(&[index], Array4::from_elem((1, 1, 1, 6), value).view(), Some(zeros.view())).unwrap();
    }
    let std = large.finish().unwrap().std.unwrap().read().unwrap();
    // 1 and 1.5 with weights of 1, and 1e-8 times the square of a million: 0.0625 + 5000.
    assert!((std[[0, 0, 0, 4]] - 5000.0625_f32.sqrt()).abs() < 0.01, "{std}");
}

#[test]
fn channels_that_add_up_to_one() {
    let geometry = Geometry { border: [2, 1], ..Geometry::new([21, 26], [8, 9], [5, 6]) };
    let mut given = Given::<f32>::new(&geometry, 2, 3, 4);
    given.patches.mapv_inplace(|v| v.abs() + 0.1);
    let folder = tempfile::tempdir().unwrap();
    let quilt = geometry.quilt();
    let builder = LargeQuilt::<f64, 2>::builder(&quilt, 2, folder.path().join("a")).std(Std::Within);
    let large = builder.normalize(true).tile_shape([8, 8]).create().unwrap();
    let all: Vec<usize> = (0..given.len()).collect();
    given.stitch(&large, &all, Std::Within).unwrap();
    let (mean, std) = read(&large.finish().unwrap());
    let (expected, deviation) = by_hand(&geometry, &given, |_| true, Std::Within);
    let total = expected.sum_axis(Axis(1)).insert_axis(Axis(1));
    assert_close("mean", &mean, &(&expected / &total), 1e-9);
    assert_close("std", &std.unwrap(), &(&deviation / &total), 1e-9);
}

/// An incomplete result contains the patches that arrived, and more may arrive later, even in another session.
#[test]
fn incomplete_and_then_complete() {
    let geometry = Geometry { border: [2, 1], ..Geometry::new([31, 26], [8, 9], [5, 6]) };
    let given = Given::<f32>::new(&geometry, 2, 2, 4);
    let folder = tempfile::tempdir().unwrap();
    let quilt = geometry.quilt();
    let builder = || {
        let builder = LargeQuilt::<f32, 2>::builder(&quilt, 2, folder.path().join("a")).std(Std::Total);
        builder.tile_shape([8, 8]).channels(2)
    };
    let large = builder().create().unwrap();
    let half = given.len() / 2;
    let arrived = |index: usize| index < half && !index.is_multiple_of(5);
    for index in (0..given.len()).filter(|index| arrived(*index)) {
        given.stitch(&large, &[index], Std::Total).unwrap();
    }
    let error = large.finish().unwrap_err().to_string();
    let missing = given.len() - (0..given.len()).filter(|index| arrived(*index)).count();
    assert!(
        error.starts_with(&format!("{missing} of {} patches are missing, the first of them [0, 5, 10,", given.len())),
        "{error}"
    );
    let (expected, deviation) = by_hand(&geometry, &given, arrived, Std::Total);
    assert!(expected.iter().any(|v| v.is_nan()), "nothing is unreached");
    let check = |large: &LargeQuilt<f32, 2>| {
        let (mean, std) = read(&large.finish_incomplete().unwrap());
        assert_close("mean", &mean, &expected, 1e-4);
        assert_close("std", &std.unwrap(), &deviation, 1e-4);
    };
    check(&large);
    drop(large);
    // Incomplete tiles on disk are not mistaken for finished ones.
    let large = builder().open().unwrap();
    assert_eq!(large.pending(), (0..given.len()).filter(|index| !arrived(*index)).collect::<Vec<_>>());
    check(&large);
    for index in large.pending() {
        given.stitch(&large, &[index], Std::Total).unwrap();
    }
    let (mean, std) = read(&large.finish().unwrap());
    let (expected, deviation) = by_hand(&geometry, &given, |_| true, Std::Total);
    assert_close("mean", &mean, &expected, 1e-4);
    assert_close("std", &std.unwrap(), &deviation, 1e-4);
}

#[test]
fn another_fill_value_and_nothing_at_all() {
    let quilt = NcyxQuilt::builder([20, 20], [8, 8], [6, 6]).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let builder = |name| LargeQuilt::<f64, 2>::builder(&quilt, 1, folder.path().join(name)).channels(2);
    let expected = ArrayD::from_elem(IxDyn(&[1, 2, 20, 20]), -7.0);
    let large = builder("nothing").fill(-7.0).create().unwrap();
    assert_same_bits("no patch arrived", &read(&large.finish_incomplete().unwrap()).0, &expected);
    let large = builder("skipped").fill(-7.0).std(Std::Total).tile_shape([8, 8]).create().unwrap();
    let all: Vec<usize> = (0..9).collect();
    large.skip(&all).unwrap();
    let (mean, std) = read(&large.finish().unwrap());
    assert_same_bits("all were skipped", &mean, &expected);
    assert_same_bits("all were skipped", &std.unwrap(), &expected);
    let unknown = LargeQuilt::<f64, 2>::builder(&quilt, 1, folder.path().join("unknown")).create().unwrap();
    let error = unknown.finish_incomplete().unwrap_err().to_string();
    assert!(error.contains("channels: got \"none\""), "{error}");
}
