//! Decomposing and reconstructing.

use half::f16;
use ndarray::{Array3, s};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use qlty_pyramid::{Interpolation, LaplacianLevels, LaplacianPixel, Method, shrink, upsample};
use qlty_tests::strategy::cases;

const WAYS: [Interpolation; 2] = [Interpolation::Bilinear, Interpolation::Bicubic];

/// Shapes that are odd, even and small, numbers of levels, and an interpolation.
fn shape() -> impl Strategy<Value = ([usize; 3], usize, Interpolation)> {
    let size = || prop_oneof![1..6_usize, 1..80_usize];
    ((1..3_usize, size(), size()).prop_map(<[usize; 3]>::from), 1..=5_usize, prop::sample::select(&WAYS[..]))
}

fn exact<T: LaplacianPixel>(value: impl Strategy<Value = T> + Clone) {
    let volume = shape().prop_flat_map(move |(shape, levels, way)| {
        let count = shape.iter().product::<usize>();
        (Just(shape), prop::collection::vec(value.clone(), count), Just(levels), Just(way))
    });
    TestRunner::new(cases(150))
        .run(&volume, |(shape, values, count, way)| {
            let volume = Array3::from_shape_vec(shape, values).unwrap();
            let levels = LaplacianLevels::of(volume.view(), count, way).unwrap();
            let mut level = volume;
            for index in 0..count {
                prop_assert_eq!(&levels.reconstruct(index).unwrap(), &level, "level {} of {:?}", index, way);
                level = shrink(level.view(), [1, 2, 2], Method::Mean).unwrap();
            }
            Ok(())
        })
        .unwrap();
}

/// All values, with the two extremes more often than by chance.
macro_rules! ends_and_all {
    ($type:ty) => {
        prop_oneof![1 => Just(<$type>::MIN), 1 => Just(<$type>::MAX), 2 => any::<$type>()]
    };
}

#[test]
fn integers_come_back_to_the_bit() {
    exact(ends_and_all!(u8));
    exact(ends_and_all!(i8));
    exact(ends_and_all!(u16));
    exact(ends_and_all!(i16));
    exact(ends_and_all!(u32));
    exact(ends_and_all!(i32));
    exact(ends_and_all!(u64));
    exact(ends_and_all!(i64));
}

#[test]
fn checkerboards_come_back_to_the_bit() {
    fn check<T: LaplacianPixel>(ends: [T; 2]) {
        for (way, square) in WAYS.into_iter().flat_map(|way| [1, 2, 3, 4, 5].map(|square| (way, square))) {
            let volume = Array3::from_shape_fn([2, 61, 46], |(z, y, x)| ends[(z + y / square + x / square) % 2]);
            let levels = LaplacianLevels::of(volume.view(), 5, way).unwrap();
            assert_eq!(levels.reconstruct(0).unwrap(), volume, "{way}, squares of {square}");
        }
    }
    check([u8::MIN, u8::MAX]);
    check([u16::MIN, u16::MAX]);
    check([i16::MIN, i16::MAX]);
    check([u32::MIN, u32::MAX]);
    check([u64::MIN, u64::MAX]);
    check([i64::MIN, i64::MAX]);
}

/// The distance from `value` to the next number away from zero, at full precision.
fn unit_in_the_last_place(value: f64, digits: i32, smallest: i32) -> f64 {
    let exponent = if value == 0.0 { smallest } else { value.abs().log2().floor() as i32 };
    2_f64.powi((exponent - digits + 1).max(smallest))
}

#[test]
fn floats_come_back_within_a_unit_in_the_last_place() {
    fn check<T: LaplacianPixel>(digits: i32, smallest: i32, narrow: fn(f64) -> T, wide: fn(T) -> f64) {
        let value = prop_oneof![-1.0..1.0, -1e4..1e4, Just(0.0), Just(1.0), -1e-7..1e-7];
        let volume = shape().prop_flat_map(move |(shape, levels, way)| {
            let count = shape.iter().product::<usize>();
            (Just(shape), prop::collection::vec(value.clone(), count), Just(levels), Just(way))
        });
        let exact = |(shape, values, count, way): ([usize; 3], Vec<f64>, usize, Interpolation)| {
            let volume = Array3::from_shape_vec(shape, values).unwrap().mapv(narrow);
            // One level at a time: an error in a level propagates to the ones above it.
            let levels = LaplacianLevels::of(volume.view(), count.min(2), way).unwrap();
            let back = levels.reconstruct(0).unwrap();
            let predicted = upsample(levels.base.view(), [shape[1], shape[2]], way).unwrap();
            for ((back, pixel), predicted) in back.iter().zip(&volume).zip(&predicted) {
                let (back, pixel, predicted) = (wide(*back), wide(*pixel), wide(*predicted));
                let unit = unit_in_the_last_place(pixel.abs().max(predicted.abs()), digits, smallest);
                prop_assert!((back - pixel).abs() <= unit, "{back} for {pixel}, predicted {predicted}");
            }
            Ok(())
        };
        TestRunner::new(cases(150)).run(&volume, exact).unwrap();
    }
    check::<f16>(11, -24, f16::from_f64, f64::from);
    check::<f32>(24, -149, |v| v as f32, f64::from);
    check::<f64>(53, -1074, |v| v, |v| v);
}

#[test]
fn constants_leave_no_difference() {
    fn check<T: LaplacianPixel>(value: T) {
        for way in WAYS {
            for shape in [[1, 1, 1], [2, 37, 50], [1, 64, 33], [3, 5, 2]] {
                let volume = Array3::from_elem(shape, value);
                let levels = LaplacianLevels::of(volume.view(), 5, way).unwrap();
                for difference in &levels.differences {
                    assert!(difference.iter().all(|d| *d == T::Difference::default()), "{value:?} in {shape:?}, {way}");
                }
                for level in 0..5 {
                    assert!(levels.reconstruct(level).unwrap().iter().all(|pixel| *pixel == value));
                }
            }
        }
    }
    check(u8::MAX);
    check(i8::MIN);
    check(100_u16);
    check(u16::MAX);
    check(i16::MIN);
    check(u32::MAX);
    check(i32::MIN);
    check(u64::MAX);
    check(i64::MIN);
    check(f16::from_f32(0.1));
    check(0.1_f32);
    check(f32::MAX);
    check(0.1_f64);
}

#[test]
fn what_is_not_finite_stays_in_its_pixel() {
    let mut volume = Array3::from_shape_fn([1, 40, 51], |(_, y, x)| (y * x) as f32);
    volume[[0, 7, 8]] = f32::NAN;
    volume[[0, 20, 0]] = f32::INFINITY;
    volume.slice_mut(s![0, 33.., 40..]).fill(f32::NAN);
    for way in WAYS {
        let levels = LaplacianLevels::of(volume.view(), 4, way).unwrap();
        let back = levels.reconstruct(0).unwrap();
        for (back, pixel) in back.iter().zip(&volume) {
            let same = if pixel.is_finite() { (back - pixel).abs() <= 2e-3 } else { back.to_bits() == pixel.to_bits() };
            assert!(same || (back.is_nan() && pixel.is_nan()), "{back} for {pixel}");
        }
    }
}

/// A hash (FNV-1a) of the predictions from a fixed volume for larger and larger levels.
fn fingerprint<T: LaplacianPixel>(pixel: fn(u64) -> T, way: Interpolation) -> u64 {
    let mut state = 1_u64;
    let mut level = Array3::from_shape_simple_fn([2, 17, 23], || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        pixel(state >> 24)
    });
    let mut text = String::new();
    for size in [[34, 45], [67, 90], [150, 271]] {
        level = upsample(level.view(), size, way).unwrap();
        text.extend(level.iter().map(|pixel| format!("{pixel:?} ")));
    }
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

/// Stores outlive programs: the prediction when a store is read must equal the prediction when it was written, on every
/// machine and in every later version. Never change these numbers.
#[test]
fn predictions_never_change() {
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let got = pool.install(|| {
            WAYS.map(|way| {
                [
                    fingerprint(|random| random as u8, way),
                    fingerprint(|random| random as u16, way),
                    fingerprint(|random| random as i16, way),
                    fingerprint(|random| random as u32, way),
                    fingerprint(|random| (random as i64) << 24, way),
                    fingerprint(|random| f16::from_f32(random as i16 as f32 / 256.0), way),
                    fingerprint(|random| random as i32 as f32 / 1e6, way),
                    fingerprint(|random| random as i32 as f64 / 1e6, way),
                ]
            })
        });
        let expected = [
            [
                0xa2b7_1834_2748_7314,
                0xb245_b9d5_dc83_cd55,
                0x831b_5bcf_7e88_3868,
                0x0c3c_99e3_45fe_bb37,
                0x0f42_c5a5_0914_d1d3,
                0x5e25_4199_6d33_48a9,
                0x52c8_6d04_b8e3_00a0,
                0x7d38_db7e_e642_cca9,
            ],
            [
                0x81df_0bb2_c237_4871,
                0xdb14_a1d0_a7ac_fae8,
                0x4625_3e39_0377_8cea,
                0xf1aa_2fce_b8ae_b8bc,
                0xb234_5ee5_f7b5_8bdd,
                0xed61_436b_7c30_8e58,
                0x7183_0294_0b06_0be9,
                0xaecf_e44b_8e49_22da,
            ],
        ];
        assert_eq!(got, expected, "{got:#x?}");
    }
}
