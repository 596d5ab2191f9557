//! The element types of images and patches, and the types in which they are summed.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};

use crate::DType;

mod sealed {
    pub trait Sealed {}
}

/// A pixel type: `u8 i8 u16 i16 u32 i32 u64 i64 f16 bf16 f32 f64` and `bool`.
///
/// Unstitching copies any of them; stitching sums them as [`Element::Sum`]. Sealed: all-zero bytes are a valid value of
/// each of these types, which allocation relies on.
pub trait Element: sealed::Sealed + Copy + Default + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// The type of sums: `f32` for types of up to 16 bits, for `f32` and for `bool`, else `f64`.
    type Sum: Real;

    /// The type at run time.
    const DTYPE: DType;

    /// The value as a term of a sum.
    fn widen(self) -> Self::Sum;

    /// `sums[i] += values[i] * (scale * weights[i])`, for the length of the shortest of the three slices.
    #[doc(hidden)]
    #[inline(always)]
    fn add_weighted<S: Real>(sums: &mut [S], values: &[Self], scale: S, weights: &[S]) {
        for ((sum, value), weight) in sums.iter_mut().zip(values).zip(weights) {
            *sum += S::from_f64(value.widen().to_f64()) * (scale * *weight);
        }
    }
}

/// A floating-point [`Element`]: `f16`, `bf16`, `f32` and `f64`.
pub trait Float: Element {
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
}

/// A type of sums: `f32` or `f64`.
pub trait Real:
    Float<Sum = Self>
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::AddAssign
    + std::ops::DivAssign
{
    /// The square root.
    fn sqrt(self) -> Self;

    /// The value as `f64`, which represents all of them.
    fn to_f64(self) -> f64;
}

macro_rules! element {
    ($($type:ty = $dtype:ident => $sum:ty, $widen:expr;)*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            type Sum = $sum;
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn widen(self) -> $sum {
                let widen: fn($type) -> $sum = $widen;
                widen(self)
            }
        }
    )*};
}

element! {
    bool = Bool => f32, |v| f32::from(u8::from(v));
    u8 = U8 => f32, f32::from;
    i8 = I8 => f32, f32::from;
    u16 = U16 => f32, f32::from;
    i16 = I16 => f32, f32::from;
    u32 = U32 => f64, f64::from;
    i32 = I32 => f64, f64::from;
    u64 = U64 => f64, |v| v as f64;
    i64 = I64 => f64, |v| v as f64;
    f32 = F32 => f32, |v| v;
    f64 = F64 => f64, |v| v;
}

macro_rules! half_element {
    ($($type:ty = $dtype:ident;)*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            type Sum = f32;
            const DTYPE: DType = DType::$dtype;
            #[inline(always)]
            fn widen(self) -> f32 {
                self.to_f32()
            }
            // `half` detects conversion instructions on each call: one call per block of values costs a fraction of one
            // call per value.
            #[inline(always)]
            fn add_weighted<S: Real>(sums: &mut [S], values: &[Self], scale: S, weights: &[S]) {
                const BLOCK: usize = 256;
                let mut wide = [0.0; BLOCK];
                let blocks = sums.chunks_mut(BLOCK).zip(values.chunks(BLOCK)).zip(weights.chunks(BLOCK));
                for ((sums, values), weights) in blocks {
                    let wide = &mut wide[..values.len()];
                    values.convert_to_f32_slice(wide);
                    f32::add_weighted(sums, wide, scale, weights);
                }
            }
        }
        impl Float for $type {
            fn from_f64(value: f64) -> Self {
                <$type>::from_f64(value)
            }
        }
    )*};
}

half_element! {
    f16 = F16;
    bf16 = BF16;
}

impl Float for f32 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Float for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

macro_rules! real {
    ($($type:ty)*) => {$(
        impl Real for $type {
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
        }
    )*};
}

real!(f32 f64);
