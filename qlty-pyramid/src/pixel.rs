//! Operations that depend on the pixel type: sums and means, order, and conversion.
//!
//! Images are passed through this crate as arrays of any type, [`ArrayRef`](qlty_core::dynamic::ArrayRef) and
//! [`ArrayMut`](qlty_core::dynamic::ArrayMut), so most of it is compiled once. Only the loops over the pixels of a
//! plane or a row are compiled for each type, and dispatched there with [`with_dtype!`](qlty_core::with_dtype).

use std::cmp::Ordering;
use std::path::Path;

use qlty_core::Element;
use qlty_core::dynamic::{DType, bf16, f16};
use qlty_core::zarr::{ArrayInfo, ArrayReader, Error as ZarrError};

use crate::{Error, Result};

mod compensated;
mod convert;

use compensated::CompensatedSum;
pub(crate) use convert::{convert, normalize};
pub(crate) use sealed::{Arithmetic, Wide};

/// A pixel type: every [`Element`] except `bool`.
///
/// Sealed: no other type can implement it.
pub trait Pixel: Element + sealed::Arithmetic {}

impl<T: Element + sealed::Arithmetic> Pixel for T {}

pub(crate) mod sealed {
    use std::cmp::Ordering;
    use std::ops::{Add, AddAssign, Mul};

    use qlty_core::Element;

    /// The operations on pixels inside this crate.
    pub trait Arithmetic: Element + PartialOrd {
        /// A weighted sum of pixels, whose weights add up to at most [`super::MOST_WEIGHT`]: exact for integers, in f64
        /// or better for floats.
        type Total: Copy
            + Default
            + AddAssign
            + Add<Output = Self::Total>
            + Mul<Output = Self::Total>
            + From<u16>
            + Send;

        /// The intermediate type for conversions to other pixel types: one that represents all values of this type.
        type Wide: Wide;

        /// The pixel as a term of a sum.
        fn term(self) -> Self::Total;

        /// The mean of pixels whose weights add up to `weight`: for integers rounded to nearest, ties to even.
        fn mean(total: Self::Total, weight: u16) -> Self;

        /// A total order of all values; a NaN sorts after every number.
        fn order(&self, other: &Self) -> Ordering;

        /// Whether it is NaN.
        fn is_nan(self) -> bool;

        /// The same value in the wide type.
        fn wide(self) -> Self::Wide;

        /// The nearest value of this type: rounded to nearest, ties to even, and clamped to the range of an integer
        /// type.
        fn nearest_i64(value: i64) -> Self;

        /// [`Arithmetic::nearest_i64`] for an unsigned value.
        fn nearest_u64(value: u64) -> Self;

        /// [`Arithmetic::nearest_i64`] for a float; a NaN becomes 0 in an integer type.
        fn nearest_f64(value: f64) -> Self;

        /// Reinterprets bytes that are aligned for these pixels, and whose length is a multiple of their size, as
        /// pixels.
        fn cast_mut(bytes: &mut [u8]) -> &mut [Self];

        /// The bytes of pixels.
        fn bytes_mut(pixels: &mut [Self]) -> &mut [u8];
    }

    /// `i64`, `u64` or `f64`.
    pub trait Wide: Copy + Default {
        /// The value as `f64`, rounded if necessary.
        fn to_f64(self) -> f64;

        /// The value as `f32`, rounded if necessary.
        fn to_f32(self) -> f32;

        /// The lowest 16 bits of an integer; the bits of a float in half precision.
        fn low_bits(self) -> u16;

        /// Whether it is neither NaN nor infinite.
        fn is_finite(self) -> bool;

        /// The nearest value of a pixel type.
        fn nearest<T: Arithmetic>(self) -> T;
    }
}

/// The largest sum of weights for which sums of pixels do not overflow.
pub(crate) const MOST_WEIGHT: u16 = 1 << 15;

/// Fails if pixels cannot have this type, which is `bool`.
pub(crate) fn check_dtype(what: &'static str, dtype: DType) -> Result<()> {
    if dtype == DType::Bool {
        return Err(Error::argument(what, dtype, "an integer or a float type"));
    }
    Ok(())
}

/// The type of an array of pixels.
pub(crate) fn pixel_dtype(path: &Path, array: &ArrayInfo) -> Result<DType> {
    let expected = "integers or floats of up to 64 bits";
    let dtype = array.dtype().filter(|dtype| *dtype != DType::Bool);
    dtype.ok_or_else(|| ZarrError::store(path, "element type", &array.data_type, expected).into())
}

/// Fails if an array is to be read as a type other than its own.
pub(crate) fn check_read_dtype(array: &ArrayReader, asked: DType) -> Result<()> {
    if asked != array.dtype() {
        let (path, got) = (array.path().to_path_buf(), array.dtype().zarr_name().to_owned());
        return Err(ZarrError::DataType { path, got, expected: asked.zarr_name().to_owned() }.into());
    }
    Ok(())
}

macro_rules! wide {
    ($($type:ty: $low_bits:expr, $is_finite:expr, $nearest:ident;)*) => {$(
        impl Wide for $type {
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn to_f32(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn low_bits(self) -> u16 {
                let low_bits: fn($type) -> u16 = $low_bits;
                low_bits(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                let is_finite: fn($type) -> bool = $is_finite;
                is_finite(self)
            }
            #[inline(always)]
            fn nearest<T: Arithmetic>(self) -> T {
                T::$nearest(self)
            }
        }
    )*};
}

wide! {
    i64: |value| value as u16, |_| true, nearest_i64;
    u64: |value| value as u16, |_| true, nearest_u64;
    f64: |value| f16::from_f64(value).to_bits(), f64::is_finite, nearest_f64;
}

macro_rules! bytes {
    () => {
        fn cast_mut(bytes: &mut [u8]) -> &mut [Self] {
            bytemuck::cast_slice_mut(bytes)
        }
        fn bytes_mut(pixels: &mut [Self]) -> &mut [u8] {
            bytemuck::cast_slice_mut(pixels)
        }
    };
}

macro_rules! integer_pixel {
    ($($type:ty: $total:ty, $wide:ty;)*) => {$(
        impl Arithmetic for $type {
            type Total = $total;
            type Wide = $wide;
            #[inline(always)]
            fn term(self) -> $total {
                self as $total
            }
            #[inline(always)]
            fn mean(total: $total, weight: u16) -> Self {
                let weight = <$total>::from(weight);
                let (below, rest) = (total.div_euclid(weight), 2 * total.rem_euclid(weight));
                let up = rest > weight || (rest == weight && below % 2 != 0);
                // A mean is between the smallest and the largest pixel, so it fits.
                (below + <$total>::from(up)) as Self
            }
            #[inline(always)]
            fn order(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                false
            }
            #[inline(always)]
            fn wide(self) -> $wide {
                self as $wide
            }
            #[inline(always)]
            fn nearest_i64(value: i64) -> Self {
                // The largest `u64` does not fit `i64`.
                let is_u64 = Self::MAX as u64 == u64::MAX;
                if is_u64 { value.max(0) as Self } else { value.clamp(Self::MIN as i64, Self::MAX as i64) as Self }
            }
            #[inline(always)]
            fn nearest_u64(value: u64) -> Self {
                value.min(Self::MAX as u64) as Self
            }
            #[inline(always)]
            fn nearest_f64(value: f64) -> Self {
                // `as` clamps to the range.
                value.round_ties_even() as Self
            }
            bytes!();
        }
    )*};
}

integer_pixel! {
    u8: i32, i64;
    i8: i32, i64;
    u16: i32, i64;
    i16: i32, i64;
    u32: i64, i64;
    i32: i64, i64;
    u64: i128, u64;
    i64: i128, i64;
}

macro_rules! float_pixel {
    ($($type:ty: $total:ty, $over:expr, $narrow:expr;)*) => {$(
        impl Arithmetic for $type {
            type Total = $total;
            type Wide = f64;
            #[inline(always)]
            fn term(self) -> $total {
                f64::from(self).into()
            }
            #[inline(always)]
            fn mean(total: $total, weight: u16) -> Self {
                let over: fn($total, f64) -> f64 = $over;
                Self::nearest_f64(over(total, f64::from(weight)))
            }
            #[inline(always)]
            fn order(&self, other: &Self) -> Ordering {
                self.is_nan().cmp(&other.is_nan()).then(self.total_cmp(other))
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn nearest_i64(value: i64) -> Self {
                Self::nearest_f64(value as f64)
            }
            #[inline(always)]
            fn nearest_u64(value: u64) -> Self {
                Self::nearest_f64(value as f64)
            }
            #[inline(always)]
            fn nearest_f64(value: f64) -> Self {
                let narrow: fn(f64) -> Self = $narrow;
                narrow(value)
            }
            bytes!();
        }
    )*};
}

float_pixel! {
    f16: f64, |total, weight| total / weight, f16::from_f64;
    bf16: f64, |total, weight| total / weight, bf16::from_f64;
    f32: f64, |total, weight| total / weight, |mean| mean as f32;
    f64: CompensatedSum, CompensatedSum::over, |mean| mean;
}

#[cfg(test)]
mod tests {
    use super::{Arithmetic, MOST_WEIGHT};

    #[test]
    fn integer_means_round_half_to_even() {
        let mean = |total, weight| <i16 as Arithmetic>::mean(total, weight);
        assert_eq!([mean(2, 4), mean(6, 4), mean(10, 4)], [0, 2, 2]);
        assert_eq!([mean(-2, 4), mean(-6, 4), mean(-10, 4)], [0, -2, -2]);
        assert_eq!([mean(3, 4), mean(-3, 4), mean(1, 4), mean(-1, 4)], [1, -1, 0, 0]);
    }

    #[test]
    fn the_largest_values_do_not_wrap() {
        for value in [u64::MIN, u64::MAX] {
            assert_eq!(<u64 as Arithmetic>::mean(i128::from(value) * i128::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
        for value in [i32::MIN, i32::MAX] {
            assert_eq!(<i32 as Arithmetic>::mean(i64::from(value) * i64::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
        for value in [u16::MIN, u16::MAX] {
            assert_eq!(<u16 as Arithmetic>::mean(i32::from(value) * i32::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
    }
}
