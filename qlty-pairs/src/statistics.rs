//! The mean and the standard deviation of patches, without loss of precision at large offsets.
//!
//! The values of a patch are taken relative to its first one and summed in `f64`, with their squares. Since the first
//! value belongs to the patch, the variance is at least its contribution: with n values, no offset costs more than
//! log2(n) of the 53 bits. 64-bit integers are subtracted as integers.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use ndarray::{ArrayView2, ArrayView4, Axis};
use qlty_core::dynamic::ArrayRef;
use qlty_core::{Element, with_dtype};

/// The number of independent partial sums, so that no addition waits for the previous one.
const LANES: usize = 8;

/// The number of differences that are computed before they are summed.
const BLOCK: usize = 128;

/// An element type with statistics.
trait Value: Element {
    /// The value, rounded to the nearest `f64`.
    fn number(self) -> f64;

    /// The difference of two values, rounded to the nearest `f64`.
    fn minus(self, other: Self) -> f64;

    /// Adds the differences of values from `shift`, and their squares, to sums.
    #[inline(always)]
    fn add_shifted(values: &[Self], shift: Self, sums: &mut Sums) {
        sums.add(values, |value| value.minus(shift));
    }
}

/// Sums of differences and of their squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sums: [f64; LANES],
    squares: [f64; LANES],
}

impl Sums {
    #[inline(always)]
    fn add<T: Copy>(&mut self, values: &[T], difference: impl Fn(T) -> f64) {
        // Three loops over a block, all of which the compiler vectorizes.
        let mut block = [0.0; BLOCK];
        for values in values.chunks(BLOCK) {
            let block = &mut block[..values.len()];
            block.iter_mut().zip(values).for_each(|(to, value)| *to = difference(*value));
            let (lanes, rest) = block.as_chunks::<LANES>();
            for values in lanes {
                self.sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            for values in lanes {
                self.squares.iter_mut().zip(values).for_each(|(sum, value)| *sum += value * value);
            }
            self.sums.iter_mut().zip(rest).for_each(|(sum, value)| *sum += value);
            self.squares.iter_mut().zip(rest).for_each(|(sum, value)| *sum += value * value);
        }
    }

    /// The sum of the differences and the sum of their squares.
    #[inline(always)]
    fn total(&self) -> [f64; 2] {
        [self.sums.iter().sum(), self.squares.iter().sum()]
    }
}

macro_rules! exact_in_f64 {
    ($($type:ty)*) => {$(
        impl Value for $type {
            #[inline(always)]
            fn number(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn minus(self, other: Self) -> f64 {
                f64::from(self) - f64::from(other)
            }
        }
    )*};
}

exact_in_f64!(u8 i8 u16 i16 u32 i32 f32 f64);

macro_rules! long_integer {
    ($($type:ty)*) => {$(
        impl Value for $type {
            fn number(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn minus(self, other: Self) -> f64 {
                let size = self.abs_diff(other) as f64;
                if self < other { -size } else { size }
            }
        }
    )*};
}

long_integer!(u64 i64);

macro_rules! half_number {
    ($($type:ty)*) => {$(
        impl Value for $type {
            fn number(self) -> f64 {
                f64::from(self)
            }
            fn minus(self, other: Self) -> f64 {
                f64::from(self) - f64::from(other)
            }
            // `half` detects conversion instructions at each call, so one call converts a block of values.
            #[inline(always)]
            fn add_shifted(values: &[Self], shift: Self, sums: &mut Sums) {
                let (shift, mut wide) = (f64::from(shift), [0.0_f32; 256]);
                for values in values.chunks(wide.len()) {
                    let wide = &mut wide[..values.len()];
                    values.convert_to_f32_slice(wide);
                    sums.add(wide, |value| f64::from(value) - shift);
                }
            }
        }
    )*};
}

half_number!(f16 bf16);

/// The mean and the sample standard deviation (n - 1) of all pixels of a patch, (1,C,Z,Y,X) of any type; NaN if there
/// are too few pixels. `Bool` values count as 0 and 1.
pub(crate) fn mean_and_sigma(pixels: &ArrayRef<'_>) -> [f64; 2] {
    with_dtype!(pixels.dtype(), T => of_type::<T>(pixels.bits().index_axis(Axis(0), 0)))
}

fn of_type<T: Value>(pixels: ArrayView4<'_, T>) -> [f64; 2] {
    let count = pixels.len() as f64;
    let Some(shift) = pixels.first().copied() else { return [f64::NAN; 2] };
    let [sum, squares] = sums(pixels, shift);
    let mean = sum / count;
    // The difference is negative only because of rounding.
    let square = (squares - sum * mean) / (count - 1.0);
    let sigma = if square < 0.0 { 0.0 } else { square.sqrt() };
    [shift.number() + mean, sigma]
}

/// The sums of the differences from `shift` and of their squares, plane by plane.
fn sums<T: Value>(pixels: ArrayView4<'_, T>, shift: T) -> [f64; 2] {
    #[cfg(target_arch = "x86_64")]
    let wide = std::arch::is_x86_feature_detected!("avx2");
    let mut all = [0.0; 2];
    for channel in pixels.outer_iter() {
        for plane in channel.outer_iter() {
            #[cfg(target_arch = "x86_64")]
            let sums = match wide {
                // SAFETY: the processor has AVX2, the only feature that the function needs.
                true => unsafe { plane_avx2(plane, shift) },
                false => plane_sums(plane, shift),
            };
            #[cfg(not(target_arch = "x86_64"))]
            let sums = plane_sums(plane, shift);
            all.iter_mut().zip(sums).for_each(|(all, sum)| *all += sum);
        }
    }
    all
}

/// [`plane_sums`], compiled for wider vectors. The operations and their order are the same and none are fused, so the
/// results are bit-identical.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn plane_avx2<T: Value>(plane: ArrayView2<'_, T>, shift: T) -> [f64; 2] {
    plane_sums(plane, shift)
}

#[inline(always)]
fn plane_sums<T: Value>(plane: ArrayView2<'_, T>, shift: T) -> [f64; 2] {
    let mut sums = Sums::default();
    let mut spare = Vec::new();
    for row in plane.outer_iter() {
        let values = match row.to_slice() {
            Some(values) => values,
            None => {
                spare.clear();
                spare.extend(row);
                &spare
            }
        };
        T::add_shifted(values, shift, &mut sums);
    }
    sums.total()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array4;

    fn statistics<T: Element>(pixels: &ArrayView4<'_, T>) -> [f64; 2] {
        mean_and_sigma(&ArrayRef::of("pixels", pixels.view().insert_axis(Axis(0))).unwrap())
    }

    fn check<T: Value>(offset: T, at: impl Fn(u64) -> T) {
        // 0, 1 and 2 in turn: the mean is 1 and the variance 2/3 n / (n - 1).
        let values = Array4::from_shape_fn((2, 3, 5, 7), |(c, z, y, x)| at(((c * 3 + z) * 35 + y * 7 + x) as u64 % 3));
        let [mean, sigma] = statistics(&values.view());
        assert_eq!(mean, offset.number() + 1.0);
        assert!((sigma - (2.0_f64 / 3.0 * 210.0 / 209.0).sqrt()).abs() < 1e-14, "{sigma}");
        let flipped = values.view().permuted_axes([3, 1, 2, 0]);
        assert!((statistics(&flipped)[1] - sigma).abs() < 1e-14);
    }

    #[test]
    fn a_large_offset_loses_nothing() {
        check(253_u8, |v| 253 + v as u8);
        check(-128_i8, |v| -128 + v as i8);
        check(65_533_u16, |v| 65_533 + v as u16);
        check(i16::MIN, |v| i16::MIN + v as i16);
        check(u32::MAX - 2, |v| u32::MAX - 2 + v as u32);
        check(i32::MIN, |v| i32::MIN + v as i32);
        check(u64::MAX - 2, |v| u64::MAX - 2 + v);
        check(i64::MIN, |v| i64::MIN + v as i64);
        check(f16::from_f32(1000.0), |v| f16::from_f32(1000.0 + v as f32));
        check(bf16::from_f32(100.0), |v| bf16::from_f32(100.0 + v as f32));
        check(1e6_f32, |v| 1e6 + v as f32);
        check(1e15_f64, |v| 1e15 + v as f64);
    }

    #[test]
    fn the_first_value_may_be_an_outlier() {
        let values: Vec<f64> = (0..4096).map(|i| if i == 0 { 1e12 } else { f64::from(i % 7) }).collect();
        let [mean, sigma] = statistics(&ArrayView4::from_shape((1, 1, 64, 64), &values).unwrap());
        let exact_mean = values.iter().sum::<f64>() / 4096.0;
        let exact = (values.iter().map(|v| (v - exact_mean).powi(2)).sum::<f64>() / 4095.0).sqrt();
        assert!((mean / exact_mean - 1.0).abs() < 1e-12 && (sigma / exact - 1.0).abs() < 1e-12);
    }

    #[test]
    fn constants_nan_and_single_pixels() {
        let constant = Array4::from_elem((1, 1, 9, 9), 0.1_f32);
        assert_eq!(statistics(&constant.view()), [f64::from(0.1_f32), 0.0]);
        assert!(statistics(&Array4::from_elem((1, 1, 1, 1), 3_u8).view())[1].is_nan());
        assert!(statistics(&Array4::from_elem((1, 1, 2, 2), f32::NAN).view())[0].is_nan());
    }
}
