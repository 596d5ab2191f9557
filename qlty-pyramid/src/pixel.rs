//! The types a pixel can have.

use std::cmp::Ordering;
use std::fmt;

use half::f16;

use crate::twofold::Twofold;

/// The type of the pixels of a stack, known when it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelType {
    /// Unsigned, 8 bits.
    U8,
    /// Signed, 8 bits.
    I8,
    /// Unsigned, 16 bits.
    U16,
    /// Signed, 16 bits.
    I16,
    /// Unsigned, 32 bits.
    U32,
    /// Signed, 32 bits.
    I32,
    /// Unsigned, 64 bits.
    U64,
    /// Signed, 64 bits.
    I64,
    /// IEEE 754, 16 bits.
    F16,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
}

impl PixelType {
    /// All types.
    pub const ALL: [Self; 11] = [
        Self::U8,
        Self::I8,
        Self::U16,
        Self::I16,
        Self::U32,
        Self::I32,
        Self::U64,
        Self::I64,
        Self::F16,
        Self::F32,
        Self::F64,
    ];

    /// The name that Zarr and NumPy give the type, such as `uint16`.
    pub fn name(self) -> &'static str {
        match self {
            Self::U8 => "uint8",
            Self::I8 => "int8",
            Self::U16 => "uint16",
            Self::I16 => "int16",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::U64 => "uint64",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Whether pixels hold fractions.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }

    /// The size of a pixel in bytes.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 | Self::F16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }
}

impl fmt::Display for PixelType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A type that pixels are read, averaged and written in: `u8` to `u64`, `i8` to `i64`, `f16`, `f32`
/// and `f64`.
///
/// Sealed: no other type can implement it.
pub trait Pixel: sealed::Sealed {
    /// The type's name at run time.
    const TYPE: PixelType;
}

pub(crate) mod sealed {
    use std::cmp::Ordering;
    use std::ops::{Add, AddAssign, Mul};

    use qlty_core::zarr::Stored;

    /// The value of any pixel.
    #[derive(Debug, Clone, Copy)]
    pub enum Number {
        /// Of an integer type.
        Whole(i128),
        /// Of a float type.
        Real(f64),
    }

    /// Pixels of one of the types.
    #[derive(Debug)]
    #[allow(missing_docs, reason = "not public")]
    pub enum AnyPlanes<'a> {
        U8(&'a mut [u8]),
        I8(&'a mut [i8]),
        U16(&'a mut [u16]),
        I16(&'a mut [i16]),
        U32(&'a mut [u32]),
        I32(&'a mut [i32]),
        U64(&'a mut [u64]),
        I64(&'a mut [i64]),
        F16(&'a mut [half::f16]),
        F32(&'a mut [f32]),
        F64(&'a mut [f64]),
    }

    /// What a pixel does inside this crate.
    pub trait Sealed: Stored + bytemuck::Pod + PartialOrd {
        /// A sum of pixels with weights that add up to [`super::MOST_WEIGHT`] at most: exact for integers,
        /// in f64 or better for floats.
        type Total: Copy
            + Default
            + AddAssign
            + Add<Output = Self::Total>
            + Mul<Output = Self::Total>
            + From<u16>
            + Send;

        /// The pixel as a term of a sum.
        fn term(self) -> Self::Total;

        /// The mean of pixels whose weights add up to `weight`: for integers rounded to nearest, ties to even.
        fn mean(total: Self::Total, weight: u16) -> Self;

        /// An order of all values; a NaN comes after every number.
        fn order(&self, other: &Self) -> Ordering;

        /// Whether it is not a number.
        fn is_nan(self) -> bool;

        /// The value, whole or not.
        fn number(self) -> Number;

        /// The nearest value of this type: rounded to nearest, ties to even, and held to the range of
        /// an integer type; a NaN becomes 0 in one.
        fn nearest(number: Number) -> Self;

        /// The pixels as those of one of the types.
        fn any_planes(planes: &mut [Self]) -> AnyPlanes<'_>;
    }
}

pub(crate) use sealed::{AnyPlanes, Number};

/// Runs an expression with a name for the Rust type of a [`PixelType`].
macro_rules! with_pixel_type {
    (@match $pixel_type:expr, $type:ident, $run:expr, [$($name:ident $rust:ty),*]) => {
        match $pixel_type {
            $($crate::PixelType::$name => {
                type $type = $rust;
                $run
            })*
        }
    };
    ($pixel_type:expr, $type:ident => $run:expr) => {
        $crate::pixel::with_pixel_type!(@match $pixel_type, $type, $run,
            [U8 u8, I8 i8, U16 u16, I16 i16, U32 u32, I32 i32, U64 u64, I64 i64, F16 half::f16, F32 f32, F64 f64])
    };
}
pub(crate) use with_pixel_type;

/// The largest sum of weights for which sums of pixels do not overflow.
pub(crate) const MOST_WEIGHT: u16 = 1 << 15;

macro_rules! integer_pixel {
    ($($type:ty, $name:ident, $total:ty;)*) => {$(
        impl Pixel for $type {
            const TYPE: PixelType = PixelType::$name;
        }
        impl sealed::Sealed for $type {
            type Total = $total;
            #[inline(always)]
            fn term(self) -> $total {
                self as $total
            }
            #[inline(always)]
            fn mean(total: $total, weight: u16) -> Self {
                let weight = <$total>::from(weight);
                let (below, rest) = (total.div_euclid(weight), 2 * total.rem_euclid(weight));
                let up = rest > weight || (rest == weight && below % 2 != 0);
                // A mean lies between the smallest and the largest pixel, so it fits.
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
            fn number(self) -> Number {
                Number::Whole(self as i128)
            }
            #[inline(always)]
            fn nearest(number: Number) -> Self {
                match number {
                    Number::Whole(whole) => whole.clamp(Self::MIN as i128, Self::MAX as i128) as Self,
                    // `as` holds to the range.
                    Number::Real(real) => real.round_ties_even() as Self,
                }
            }
            fn any_planes(planes: &mut [Self]) -> AnyPlanes<'_> {
                AnyPlanes::$name(planes)
            }
        }
    )*};
}

integer_pixel! {
    u8, U8, i32;
    i8, I8, i32;
    u16, U16, i32;
    i16, I16, i32;
    u32, U32, i64;
    i32, I32, i64;
    u64, U64, i128;
    i64, I64, i128;
}

macro_rules! float_pixel {
    ($($type:ty, $name:ident, $total:ty, $over:expr, $narrow:expr;)*) => {$(
        impl Pixel for $type {
            const TYPE: PixelType = PixelType::$name;
        }
        impl sealed::Sealed for $type {
            type Total = $total;
            #[inline(always)]
            fn term(self) -> $total {
                f64::from(self).into()
            }
            #[inline(always)]
            fn mean(total: $total, weight: u16) -> Self {
                let (over, narrow): (fn($total, f64) -> f64, fn(f64) -> Self) = ($over, $narrow);
                narrow(over(total, f64::from(weight)))
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
            fn number(self) -> Number {
                Number::Real(f64::from(self))
            }
            #[inline(always)]
            fn nearest(number: Number) -> Self {
                let narrow: fn(f64) -> Self = $narrow;
                match number {
                    Number::Whole(whole) => narrow(whole as f64),
                    Number::Real(real) => narrow(real),
                }
            }
            fn any_planes(planes: &mut [Self]) -> AnyPlanes<'_> {
                AnyPlanes::$name(planes)
            }
        }
    )*};
}

float_pixel! {
    f16, F16, f64, |total, weight| total / weight, f16::from_f64;
    f32, F32, f64, |total, weight| total / weight, |mean| mean as f32;
    f64, F64, Twofold, Twofold::over, |mean| mean;
}

#[cfg(test)]
mod tests {
    use super::MOST_WEIGHT;
    use super::sealed::Sealed;

    #[test]
    fn integer_means_round_half_to_even() {
        let mean = |total, weight| <i16 as Sealed>::mean(total, weight);
        assert_eq!([mean(2, 4), mean(6, 4), mean(10, 4)], [0, 2, 2]);
        assert_eq!([mean(-2, 4), mean(-6, 4), mean(-10, 4)], [0, -2, -2]);
        assert_eq!([mean(3, 4), mean(-3, 4), mean(1, 4), mean(-1, 4)], [1, -1, 0, 0]);
    }

    #[test]
    fn the_largest_values_do_not_wrap() {
        for value in [u64::MIN, u64::MAX] {
            assert_eq!(<u64 as Sealed>::mean(i128::from(value) * i128::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
        for value in [i32::MIN, i32::MAX] {
            assert_eq!(<i32 as Sealed>::mean(i64::from(value) * i64::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
        for value in [u16::MIN, u16::MAX] {
            assert_eq!(<u16 as Sealed>::mean(i32::from(value) * i32::from(MOST_WEIGHT), MOST_WEIGHT), value);
        }
    }
}
