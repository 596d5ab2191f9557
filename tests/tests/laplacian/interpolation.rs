//! Interpolation against plain loops.

use ndarray::{Array2, Array3, Axis, s};
use proptest::prelude::*;
use qlty_pyramid::{Error, Interpolation, LaplacianLevels, LaplacianPixel, upsample};
use qlty_tests::strategy::cases;

/// The weights of all pixels of the smaller axis for pixel `x` of the larger.
fn weights(x: usize, fine: usize, coarse: usize, way: Interpolation) -> Vec<f64> {
    let centre = (x as f64 + 0.5) * coarse as f64 / fine as f64 - 0.5;
    let mut weights: Vec<f64> = (0..coarse)
        .map(|pixel| {
            let d = (pixel as f64 - centre).abs();
            match way {
                Interpolation::Bilinear => (1.0 - d).max(0.0),
                _ if d < 1.0 => 1.5 * d.powi(3) - 2.5 * d.powi(2) + 1.0,
                _ if d < 2.0 => -0.5 * d.powi(3) + 2.5 * d.powi(2) - 4.0 * d + 2.0,
                _ => 0.0,
            }
        })
        .collect();
    // At the edge the remaining weight is distributed among the existing pixels.
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    weights
}

/// The specification, in double precision.
pub(super) fn oracle(coarse: &Array2<f64>, size: [usize; 2], way: Interpolation) -> Array2<f64> {
    let axes = [0, 1].map(|axis| {
        let all = (0..size[axis]).flat_map(|x| weights(x, size[axis], coarse.shape()[axis], way));
        Array2::from_shape_vec((size[axis], coarse.shape()[axis]), all.collect()).unwrap()
    });
    axes[0].dot(coarse).dot(&axes[1].t())
}

fn way() -> impl Strategy<Value = Interpolation> {
    prop_oneof![Just(Interpolation::Bilinear), Just(Interpolation::Bicubic)]
}

/// A size and a larger one: about twice, or any.
fn sizes() -> impl Strategy<Value = (usize, usize)> {
    (1..40_usize).prop_flat_map(|coarse| {
        (Just(coarse), prop_oneof![Just(2 * coarse), Just(2 * coarse - 1), Just(coarse), coarse..5 * coarse])
    })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_size_to_any_larger_one(y in sizes(), x in sizes(), way in way(), seed in any::<u64>()) {
        let mut random = seed;
        let coarse = Array2::from_shape_simple_fn([y.0, x.0], || {
            random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (random >> 48) as u16
        });
        let expected = oracle(&coarse.mapv(f64::from), [y.1, x.1], way);
        let volume = coarse.insert_axis(Axis(0));
        let doubles = upsample(volume.mapv(f64::from).view(), [y.1, x.1], way).unwrap();
        let singles = upsample(volume.mapv(f32::from).view(), [y.1, x.1], way).unwrap();
        let integers = upsample(volume.view(), [y.1, x.1], way).unwrap();
        for (index, expected) in expected.indexed_iter() {
            let index = (0, index.0, index.1);
            prop_assert!((doubles[index] - expected).abs() < 1e-9, "{} {expected}", doubles[index]);
            prop_assert!((f64::from(singles[index]) - expected).abs() < 0.1, "{} {expected}", singles[index]);
            let held = expected.clamp(0.0, 65535.0);
            prop_assert!((f64::from(integers[index]) - held).abs() < 0.6, "{} {expected}", integers[index]);
        }
    }
}

/// Pixels with the difference that `exact` gives, for all sizes and both interpolations.
fn differences<T: LaplacianPixel + number::AsF64>(
    pixel: impl Fn(usize) -> T,
    check: impl Fn(T, T::Difference, f64) -> bool,
) {
    for (size, way) in [([16, 12], 0), ([13, 9], 0), ([16, 12], 1), ([13, 9], 1)] {
        let way = [Interpolation::Bilinear, Interpolation::Bicubic][way];
        let volume = Array3::from_shape_fn([1, size[0], size[1]], |(_, y, x)| pixel(y * 31 + x * 17));
        let levels = LaplacianLevels::of(volume.view(), 2, way).unwrap();
        let base = levels.base.slice(s![0, .., ..]).mapv(number::AsF64::as_f64);
        let predicted = oracle(&base, size, way);
        for ((y, x), predicted) in predicted.indexed_iter() {
            let (pixel, difference) = (volume[[0, y, x]], levels.differences[0][[0, y, x]]);
            assert!(check(pixel, difference, *predicted), "{pixel:?} {difference:?} {predicted}");
        }
    }
}

mod number {
    pub(super) trait AsF64: Copy {
        fn as_f64(self) -> f64;
    }
    macro_rules! as_f64 {
        ($($type:ty)*) => {$(impl AsF64 for $type { fn as_f64(self) -> f64 { self as f64 } })*};
    }
    as_f64!(u8 i8 u16 i16 u32 i32 f32 f64);
}

#[test]
fn a_difference_is_to_the_nearest_integer() {
    // An interpolation error in single precision may round a value near a half to the other side.
    fn near(difference: i64, exact: f64) -> bool {
        (difference as f64 - exact).abs() <= 0.5 + 0.02
    }
    differences(|i| (i * 40_503) as u8, |v, d: i16, p| near(d.into(), f64::from(v) - p));
    differences(|i| (i * 40_503) as i8, |v, d: i16, p| near(d.into(), f64::from(v) - p));
    differences(|i| (i * 40_503) as u16, |v, d: i32, p| near(d.into(), f64::from(v) - p));
    differences(|i| (i * 40_503) as i16, |v, d: i32, p| near(d.into(), f64::from(v) - p));
    differences(|i| (i * 2_654_435_761) as u32, |v, d: i64, p| near(d, f64::from(v) - p));
    differences(|i| (i * 2_654_435_761) as i32, |v, d: i64, p| near(d, f64::from(v) - p));
    differences(|i| (i as f32).sin(), |v, d: f32, p| (f64::from(v) - p - f64::from(d)).abs() < 1e-6);
    differences(|i| (i as f64).sin(), |v, d: f64, p| (v - p - d).abs() < 1e-14);
}

#[test]
fn ties_go_to_even() {
    // Means 0 and 2, and between them 0.5 and 1.5.
    let volume = Array3::from_shape_fn([1, 2, 4], |(_, _, x)| if x < 2 { 0_u8 } else { 2 });
    let levels = LaplacianLevels::of(volume.view(), 2, Interpolation::Bilinear).unwrap();
    assert_eq!(levels.base.as_slice().unwrap(), [0, 2]);
    assert_eq!(levels.differences[0].slice(s![0, 0, ..]).to_vec(), [0_i16, 0, 0, 0]);
    assert_eq!(
        upsample(levels.base.view(), [2, 4], Interpolation::Bilinear).unwrap().slice(s![0, 0, ..]).to_vec(),
        [0, 0, 2, 2]
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let (volume, none) = (Array3::<u8>::zeros([2, 4, 4]), Array3::<u8>::zeros([2, 0, 4]));
    let way = Interpolation::Bilinear;
    for error in [
        upsample(volume.view(), [3, 8], way).unwrap_err(),
        upsample(none.view(), [3, 8], way).unwrap_err(),
        LaplacianLevels::of(volume.view(), 0, way).unwrap_err(),
        LaplacianLevels::of(none.view(), 2, way).unwrap_err(),
        LaplacianLevels::of(volume.view(), 2, way).unwrap().reconstruct(2).unwrap_err(),
        "nearest".parse::<Interpolation>().unwrap_err(),
    ] {
        assert!(matches!(&error, Error::Argument { .. }), "{error}");
    }
    let mut foreign = LaplacianLevels::of(volume.view(), 2, way).unwrap();
    foreign.differences[0][[1, 3, 3]] = 256;
    let error = foreign.reconstruct(0).unwrap_err();
    assert!(error.to_string().contains("uint8"), "{error}");
    foreign.base = Array3::zeros([2, 5, 2]);
    assert!(foreign.reconstruct(0).is_err());
}
