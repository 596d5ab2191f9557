//! Comparison with the output of the Python package qlty.

use ndarray::{Array2, Array3, Axis};
use qlty_pyramid::{Interpolation, Method, shrink, upsample};
use qlty_tests::compare::assert_close;
use qlty_tests::golden::Case;

const WAYS: [Interpolation; 2] = [Interpolation::Bilinear, Interpolation::Bicubic];

fn plane(case: &Case, name: &str) -> Array3<f32> {
    case.array::<f32, ndarray::Ix2>(name).insert_axis(Axis(0))
}

fn check(coarse: &Array3<f32>, expected: &Array3<f32>, way: Interpolation) {
    let (_, height, width) = expected.dim();
    let got = upsample(coarse.view(), [height, width], way).unwrap();
    assert_close("singles", &got, expected, 1e-5);
    // Also in double precision, so that the weights are exactly those intended.
    let doubles = upsample(coarse.mapv(f64::from).view(), [height, width], way).unwrap();
    assert_close("doubles", &doubles.mapv(|value| value as f32), expected, 1e-5);
}

#[test]
fn levels_of_a_slice_are_brought_to_the_size_of_the_larger() {
    let case = Case::load("pyramid");
    for i in 0..3 {
        let coarse = plane(&case, &format!("f32_{}", i + 1));
        for way in WAYS {
            check(&coarse, &plane(&case, &format!("up_{way}_{i}")), way);
        }
    }
}

#[test]
fn odd_sizes_are_not_twice_as_large() {
    let case = Case::load("upsample_odd");
    for way in WAYS {
        check(&plane(&case, "source"), &plane(&case, way.name()), way);
    }
}

#[test]
fn levels_are_block_means() {
    let case = Case::load("pyramid");
    for i in 0..3 {
        let level = |name: &str, i: usize| -> Array2<u16> { case.array(&format!("{name}_{i}")) };
        let mean = shrink(level("u16", i).insert_axis(Axis(0)).view(), [1, 2, 2], Method::Mean).unwrap();
        // qlty truncates fractions, level by level.
        let distance = mean.iter().zip(&level("u16", i + 1)).map(|(ours, theirs)| ours.abs_diff(*theirs)).max();
        assert!(distance <= Some(1), "level {i}: {distance:?}");
        let mean = shrink(plane(&case, &format!("f32_{i}")).view(), [1, 2, 2], Method::Mean).unwrap();
        assert_close("mean", &mean, &plane(&case, &format!("f32_{}", i + 1)), 1e-6);
    }
}
