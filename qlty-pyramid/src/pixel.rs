//! The types a pixel can have.

use std::fmt;

use half::f16;

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
pub trait Pixel: sealed::Sealed + Copy + Default + PartialEq + fmt::Debug + Send + Sync {
    /// The type's name at run time.
    const TYPE: PixelType;
}

pub(crate) mod sealed {
    use std::ops::AddAssign;

    /// What a pixel does inside this crate.
    pub trait Sealed: zarrs::array::Element + bytemuck::Pod {
        /// A sum of up to 2^31 pixels: exact for integers, in f64 for floats.
        type Sum: Copy + Default + AddAssign + Send;

        /// The pixel as a term of a sum.
        fn widen(self) -> Self::Sum;

        /// The mean of `count` pixels whose sum is `sum`: for integers rounded to nearest, ties to even.
        fn mean(sum: Self::Sum, count: u32) -> Self;
    }
}

macro_rules! integer_pixel {
    ($($type:ty, $name:ident, $sum:ty;)*) => {$(
        impl Pixel for $type {
            const TYPE: PixelType = PixelType::$name;
        }
        impl sealed::Sealed for $type {
            type Sum = $sum;
            fn widen(self) -> $sum {
                self as $sum
            }
            fn mean(sum: $sum, count: u32) -> Self {
                let count = <$sum>::from(count);
                let (below, rest) = (sum.div_euclid(count), 2 * sum.rem_euclid(count));
                let up = rest > count || (rest == count && below % 2 != 0);
                // A mean lies between the smallest and the largest pixel, so it fits.
                (below + <$sum>::from(up)) as Self
            }
        }
    )*};
}

integer_pixel! {
    u8, U8, i64;
    i8, I8, i64;
    u16, U16, i64;
    i16, I16, i64;
    u32, U32, i64;
    i32, I32, i64;
    u64, U64, i128;
    i64, I64, i128;
}

macro_rules! float_pixel {
    ($($type:ty, $name:ident, $narrow:expr;)*) => {$(
        impl Pixel for $type {
            const TYPE: PixelType = PixelType::$name;
        }
        impl sealed::Sealed for $type {
            type Sum = f64;
            fn widen(self) -> f64 {
                f64::from(self)
            }
            fn mean(sum: f64, count: u32) -> Self {
                let narrow: fn(f64) -> Self = $narrow;
                narrow(sum / f64::from(count))
            }
        }
    )*};
}

float_pixel! {
    f16, F16, f16::from_f64;
    f32, F32, |mean| mean as f32;
    f64, F64, |mean| mean;
}

#[cfg(test)]
mod tests {
    use super::sealed::Sealed;

    #[test]
    fn integer_means_round_half_to_even() {
        let mean = |sum, count| <i16 as Sealed>::mean(sum, count);
        assert_eq!([mean(2, 4), mean(6, 4), mean(10, 4)], [0, 2, 2]);
        assert_eq!([mean(-2, 4), mean(-6, 4), mean(-10, 4)], [0, -2, -2]);
        assert_eq!([mean(3, 4), mean(-3, 4), mean(1, 4), mean(-1, 4)], [1, -1, 0, 0]);
    }

    #[test]
    fn the_largest_values_do_not_wrap() {
        for value in [u64::MIN, u64::MAX] {
            let sum = i128::from(value) * i128::from(1_u32 << 31);
            assert_eq!(<u64 as Sealed>::mean(sum, 1 << 31), value);
        }
        for value in [i32::MIN, i32::MAX] {
            let sum = i64::from(value) * i64::from(1_u32 << 31);
            assert_eq!(<i32 as Sealed>::mean(sum, 1 << 31), value);
        }
    }
}
