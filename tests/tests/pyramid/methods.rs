//! The downsampling methods compared with plain loops.

use ndarray::{Array3, s};
use proptest::prelude::*;
use qlty_pyramid::{Error, Method, Pixel, shrink};
use qlty_tests::golden::Case;
use qlty_tests::sample::{Sample, any, moderate};

use crate::oracle::{self, Oracle};

pub(crate) const METHODS: [Method; 7] =
    [Method::Mean, Method::Gaussian, Method::Nearest, Method::Median, Method::Mode, Method::Max, Method::Min];

/// Values of which many are equal or differ by one if `few`, else any values of the type.
fn volume<T: Oracle>(shape: [usize; 3], seed: u64, few: bool) -> Array3<T> {
    let values = any::<T>(&shape, seed).into_dimensionality().unwrap();
    if few { values.mapv(|value: T| <T as Sample>::nearest((Sample::bits(value) % 4) as f64)) } else { values }
}

fn whole<T: Oracle>(shape: [usize; 3], factor: [usize; 3], seed: u64, few: bool) {
    let volume = volume::<T>(shape, seed, few);
    for method in METHODS {
        let factor = if method == Method::Gaussian { factor.map(|factor| factor.min(2)) } else { factor };
        let expected = oracle::shrink(&volume, factor, method);
        assert_eq!(shrink(volume.view(), factor, method).unwrap(), expected, "{method} of {shape:?} by {factor:?}");
        let turned = volume.slice(s![..;-1, ..;-1, ..;-1]);
        let expected = oracle::shrink(&turned.to_owned(), factor, method);
        assert_eq!(shrink(turned, factor, method).unwrap(), expected, "{method} of reversed {shape:?} by {factor:?}");
    }
}

fn real<T: Oracle>(shape: [usize; 3], factor: [usize; 3], seed: u64) {
    let volume: Array3<T> = moderate::<T>(&shape, seed).into_dimensionality().unwrap();
    for method in METHODS {
        let factor = if method == Method::Gaussian { factor.map(|factor| factor.min(2)) } else { factor };
        let expected = oracle::shrink(&volume, factor, method);
        let got = shrink(volume.view(), factor, method).unwrap();
        for (got, expected) in got.iter().zip(&expected) {
            let apart = (Sample::number(*got) - Sample::number(*expected)).abs();
            assert!(
                // The plain sum of 125 terms of up to 100 in f64 is itself off by up to 1.4e-12.
                apart <= 1e2 * <T as Sample>::EPSILON + 1.4e-12,
                "{method} of {shape:?} by {factor:?}: {got:?}, expected {expected:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn methods_agree_with_plain_loops(
        shape in [1..6_usize, 1..14_usize, 1..40_usize],
        factor in [1..4_usize, 1..4_usize, 1..5_usize],
        seed: u64,
        few: bool,
    ) {
        whole::<u8>(shape, factor, seed, few);
        whole::<i8>(shape, factor, seed, few);
        whole::<u16>(shape, factor, seed, few);
        whole::<i16>(shape, factor, seed, few);
        whole::<u32>(shape, factor, seed, few);
        whole::<i32>(shape, factor, seed, few);
        whole::<u64>(shape, factor, seed, few);
        whole::<i64>(shape, factor, seed, few);
        real::<half::f16>(shape, factor, seed);
        real::<f32>(shape, factor, seed);
        real::<f64>(shape, factor, seed);
    }
}

#[test]
fn halving_takes_the_fast_paths_of_wide_planes() {
    for shape in [[1, 300, 517], [2, 301, 516], [3, 64, 1024]] {
        for factor in [[1, 2, 2], [2, 2, 2], [2, 1, 2], [1, 1, 2], [1, 2, 1]] {
            whole::<u16>(shape, factor, 3, false);
            whole::<i16>(shape, factor, 3, false);
        }
    }
}

#[test]
fn constants_stay_constant_to_the_last_corner() {
    fn check<T: Pixel>(value: T) {
        for shape in [[5, 7, 13], [1, 1, 1], [2, 3, 4], [1, 2, 9]] {
            for method in METHODS {
                for factor in [[2, 2, 2], [1, 2, 2], [2, 1, 1]] {
                    let volume = Array3::from_elem(shape, value);
                    let coarse = shrink(volume.view(), factor, method).unwrap();
                    assert!(
                        coarse.iter().all(|pixel| *pixel == value),
                        "{method} of {value:?} by {factor:?}: {coarse:?}"
                    );
                }
            }
        }
    }
    check(100_u8);
    check(i8::MIN);
    check(u16::MAX);
    check(i16::MIN);
    check(u32::MAX);
    check(i32::MIN);
    check(u64::MAX);
    check(i64::MIN);
    check(0.1_f32);
    check(f32::MAX);
    check(0.1_f64);
    check(-1e300_f64);
    check(f64::INFINITY);
    check(f32::NEG_INFINITY);
    check(half::f16::MAX);
}

#[test]
fn a_nan_stays_where_it_belongs() {
    fn check<T: Pixel + From<f32>>(nan: T) {
        for method in [Method::Mean, Method::Median, Method::Max, Method::Min] {
            for place in [[0, 0, 0], [0, 1, 1], [0, 1, 0]] {
                let mut volume = Array3::<T>::from_elem([1, 4, 4], 1.0.into());
                volume[place] = nan;
                let coarse = shrink(volume.view(), [2, 2, 2], method).unwrap();
                #[allow(clippy::eq_op, reason = "what a NaN is known by")]
                let nans = coarse.mapv(|pixel| pixel != pixel);
                assert_eq!(nans, ndarray::arr3(&[[[true, false], [false, false]]]), "{method}");
            }
        }
    }
    check(f32::NAN);
    check(f64::NAN);
}

#[test]
fn golden_levels() {
    let case = Case::load("pyramid");
    for level in 1..4 {
        let finer = case.array::<u16, ndarray::Ix2>(&format!("u16_{}", level - 1)).insert_axis(ndarray::Axis(0));
        let got = shrink(finer.view(), [1, 2, 2], Method::Mean).unwrap();
        let expected = case.array::<u16, ndarray::Ix2>(&format!("u16_{level}")).insert_axis(ndarray::Axis(0));
        // The golden data truncate their means, ours are rounded.
        assert!(got.iter().zip(&expected).all(|(got, expected)| got - expected <= 1), "level {level}");
        let finer = case.array::<f32, ndarray::Ix2>(&format!("f32_{}", level - 1)).insert_axis(ndarray::Axis(0));
        let got = shrink(finer.view(), [1, 2, 2], Method::Mean).unwrap();
        let expected = case.array::<f32, ndarray::Ix2>(&format!("f32_{level}")).insert_axis(ndarray::Axis(0));
        assert!(got.iter().zip(&expected).all(|(got, expected)| (got - expected).abs() <= 1e-6), "level {level}");
    }
}

#[test]
fn factors_are_checked() {
    let volume = Array3::<u8>::zeros([2, 2, 2]);
    for factor in [[0, 1, 1], [1 << 15, 2, 1], [usize::MAX, 2, 1]] {
        let error = shrink(volume.view(), factor, Method::Mean).unwrap_err();
        assert!(matches!(&error, Error::Argument { argument: "factor", .. }), "{error}");
    }
    assert!(shrink(volume.view(), [1, 3, 1], Method::Gaussian).is_err());
    assert_eq!(shrink(volume.view(), [1 << 7, 1 << 7, 2], Method::Mean).unwrap().dim(), (1, 1, 1));
    assert_eq!(shrink(Array3::<u8>::zeros([0, 3, 3]).view(), [2, 2, 2], Method::Max).unwrap().dim(), (0, 2, 2));
}

#[test]
fn names() {
    for method in METHODS {
        assert_eq!(method.name().parse::<Method>().unwrap(), method);
    }
    assert_eq!("dask".parse::<Method>().unwrap(), Method::Mean);
    assert_eq!("dask_coarsen".parse::<Method>().unwrap(), Method::Mean);
    assert!("average".parse::<Method>().is_err());
}
