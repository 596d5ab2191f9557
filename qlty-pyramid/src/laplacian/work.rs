//! Conversion of pixels to the types of interpolation and back, and differences between pixels and predictions.

use half::slice::HalfFloatSliceExt;
use qlty_core::dynamic::{DType, bf16, f16};
use qlty_core::{Element, with_dtype};

use crate::Pixel;

/// A [`Pixel`] whose levels can be subtracted.
///
/// Differences of integers have a signed type that can represent them all: `i16` for 8 bits, `i32` for 16, `i64` for
/// 32. Those of 64 bits are `i64` modulo 2^64, which addition undoes. Those of floats have the type of the floats.
pub trait LaplacianPixel: Pixel + sealed::Predicted<Residual = <Self as LaplacianPixel>::Difference> {
    /// The type of the difference between a pixel and its prediction.
    type Difference: Pixel;
}

pub(crate) mod sealed {
    /// The operations on pixels between levels, a row at a time; all rows of a call have the same length.
    pub trait Predicted: Copy {
        /// The type of differences.
        type Residual;

        /// The type to interpolate in.
        type Work: super::super::interpolation::Work;

        /// Converts the row to the type of the interpolation.
        fn widen_row(row: &[Self], wide: &mut [Self::Work]);

        /// Converts predictions to pixels: rounded to nearest, ties to even, and clamped to the range of the type.
        fn narrow_row(predicted: &[Self::Work], row: &mut [Self]);

        /// The row minus its prediction.
        fn subtract_row(row: &[Self], predicted: &[Self::Work], difference: &mut [Self::Residual]);

        /// The row from its prediction and the difference; false if a pixel does not fit its type, which never happens
        /// with a difference from `subtract_row`.
        fn add_row(predicted: &[Self::Work], difference: &[Self::Residual], row: &mut [Self]) -> bool;
    }
}

use sealed::Predicted;

/// Integers whose sums with predictions are so small that a float rounds them by adding and subtracting a number whose
/// last digit has the value one: `$shift` is 3/2 times that power of two.
macro_rules! small_integer {
    ($($type:ty: $work:ty, $difference:ty, $bits:ty, $shift:expr;)*) => {$(
        impl LaplacianPixel for $type {
            type Difference = $difference;
        }
        impl Predicted for $type {
            type Residual = $difference;
            type Work = $work;
            fn widen_row(row: &[Self], wide: &mut [$work]) {
                wide.iter_mut().zip(row).for_each(|(wide, pixel)| *wide = <$work>::from(*pixel));
            }
            fn narrow_row(predicted: &[$work], row: &mut [Self]) {
                for (pixel, predicted) in row.iter_mut().zip(predicted) {
                    *pixel = predicted.round_ties_even() as Self;
                }
            }
            fn subtract_row(row: &[Self], predicted: &[$work], difference: &mut [$difference]) {
                const SHIFT: $work = $shift;
                for ((difference, pixel), predicted) in difference.iter_mut().zip(row).zip(predicted) {
                    let rounded = (*predicted + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as $bits;
                    *difference = <$bits>::from(*pixel).wrapping_sub(rounded) as $difference;
                }
            }
            fn add_row(predicted: &[$work], difference: &[$difference], row: &mut [Self]) -> bool {
                const SHIFT: $work = $shift;
                let mut lost = 0;
                for ((pixel, difference), predicted) in row.iter_mut().zip(difference).zip(predicted) {
                    let rounded = (*predicted + SHIFT).to_bits().wrapping_sub(SHIFT.to_bits()) as $bits;
                    let sum = rounded.wrapping_add(<$bits>::from(*difference));
                    *pixel = sum as Self;
                    lost |= sum ^ <$bits>::from(*pixel);
                }
                lost == 0
            }
        }
    )*};
}

/// Rounds values whose magnitude is less than 2^22.
const SHIFT_32: f32 = 1.5 * (1_u32 << 23) as f32;
/// Rounds values whose magnitude is less than 2^51.
const SHIFT_64: f64 = 1.5 * (1_u64 << 52) as f64;

small_integer! {
    u8: f32, i16, i32, SHIFT_32;
    i8: f32, i16, i32, SHIFT_32;
    u16: f32, i32, i32, SHIFT_32;
    i16: f32, i32, i32, SHIFT_32;
    u32: f64, i64, i64, SHIFT_64;
    i32: f64, i64, i64, SHIFT_64;
}

macro_rules! large_integer {
    ($($type:ty)*) => {$(
        impl LaplacianPixel for $type {
            type Difference = i64;
        }
        impl Predicted for $type {
            type Residual = i64;
            type Work = f64;
            fn widen_row(row: &[Self], wide: &mut [f64]) {
                wide.iter_mut().zip(row).for_each(|(wide, pixel)| *wide = *pixel as f64);
            }
            fn narrow_row(predicted: &[f64], row: &mut [Self]) {
                // A cast clamps to the range of the type.
                row.iter_mut().zip(predicted).for_each(|(pixel, wide)| *pixel = wide.round_ties_even() as Self);
            }
            fn subtract_row(row: &[Self], predicted: &[f64], difference: &mut [i64]) {
                for ((difference, pixel), predicted) in difference.iter_mut().zip(row).zip(predicted) {
                    *difference = pixel.wrapping_sub(predicted.round_ties_even() as Self) as i64;
                }
            }
            fn add_row(predicted: &[f64], difference: &[i64], row: &mut [Self]) -> bool {
                for ((pixel, difference), predicted) in row.iter_mut().zip(difference).zip(predicted) {
                    *pixel = (predicted.round_ties_even() as Self).wrapping_add(*difference as Self);
                }
                true
            }
        }
    )*};
}

large_integer!(u64 i64);

macro_rules! float {
    ($($type:ty)*) => {$(
        impl LaplacianPixel for $type {
            type Difference = $type;
        }
        impl Predicted for $type {
            type Residual = $type;
            type Work = $type;
            fn widen_row(row: &[Self], wide: &mut [Self]) {
                wide.copy_from_slice(row);
            }
            fn narrow_row(predicted: &[Self], row: &mut [Self]) {
                row.copy_from_slice(predicted);
            }
            fn subtract_row(row: &[Self], predicted: &[Self], difference: &mut [Self]) {
                for ((difference, pixel), predicted) in difference.iter_mut().zip(row).zip(predicted) {
                    *difference = pixel - if predicted.abs() <= Self::MAX { *predicted } else { 0.0 };
                }
            }
            fn add_row(predicted: &[Self], difference: &[Self], row: &mut [Self]) -> bool {
                for ((pixel, difference), predicted) in row.iter_mut().zip(difference).zip(predicted) {
                    // If the prediction is not finite, the pixel itself is stored.
                    *pixel = difference + if predicted.abs() <= Self::MAX { *predicted } else { 0.0 };
                }
                true
            }
        }
    )*};
}

float!(f32 f64);

macro_rules! half_float {
    ($($type:ty)*) => {$(
        impl LaplacianPixel for $type {
            type Difference = Self;
        }
        impl Predicted for $type {
            type Residual = Self;
            type Work = f32;
            fn widen_row(row: &[Self], wide: &mut [f32]) {
                row.convert_to_f32_slice(wide);
            }
            fn narrow_row(predicted: &[f32], row: &mut [Self]) {
                row.convert_from_f32_slice(predicted);
            }
            fn subtract_row(row: &[Self], predicted: &[f32], difference: &mut [Self]) {
                for ((difference, pixel), predicted) in difference.iter_mut().zip(row).zip(predicted) {
                    *difference = Self::from_f32(pixel.to_f32() - <$type>::finite(*predicted));
                }
            }
            fn add_row(predicted: &[f32], difference: &[Self], row: &mut [Self]) -> bool {
                for ((pixel, difference), predicted) in row.iter_mut().zip(difference).zip(predicted) {
                    *pixel = Self::from_f32(difference.to_f32() + <$type>::finite(*predicted));
                }
                true
            }
        }
        impl FiniteHalf for $type {
            fn finite(predicted: f32) -> f32 {
                let half = Self::from_f32(predicted);
                if half.is_finite() { half.to_f32() } else { 0.0 }
            }
        }
    )*};
}

/// Predictions of half-precision numbers.
trait FiniteHalf {
    /// A prediction as a half-precision number, or zero if that is not finite.
    fn finite(predicted: f32) -> f32;
}

half_float!(f16 bf16);

/// The type of the differences of pixels of a type: [`LaplacianPixel::Difference`].
pub fn difference_dtype(dtype: DType) -> DType {
    with_dtype!(dtype, T => <<T as LaplacianPixel>::Difference as Element>::DTYPE)
}
