//! The types of values, as numbers that cross the ABI.

use crate::error::{Failure, Outcome, QLTY_STATUS_DTYPE};

/// The type of an array's values.
pub type qlty_dtype = i32;

/// Unsigned 8-bit integer.
pub const QLTY_DTYPE_U8: qlty_dtype = 1;
/// Signed 8-bit integer.
pub const QLTY_DTYPE_I8: qlty_dtype = 2;
/// Unsigned 16-bit integer.
pub const QLTY_DTYPE_U16: qlty_dtype = 3;
/// Signed 16-bit integer.
pub const QLTY_DTYPE_I16: qlty_dtype = 4;
/// Unsigned 32-bit integer.
pub const QLTY_DTYPE_U32: qlty_dtype = 5;
/// Signed 32-bit integer.
pub const QLTY_DTYPE_I32: qlty_dtype = 6;
/// Unsigned 64-bit integer.
pub const QLTY_DTYPE_U64: qlty_dtype = 7;
/// Signed 64-bit integer.
pub const QLTY_DTYPE_I64: qlty_dtype = 8;
/// IEEE 754 binary16.
pub const QLTY_DTYPE_F16: qlty_dtype = 9;
/// bfloat16: the upper half of a binary32.
pub const QLTY_DTYPE_BF16: qlty_dtype = 10;
/// IEEE 754 binary32.
pub const QLTY_DTYPE_F32: qlty_dtype = 11;
/// IEEE 754 binary64.
pub const QLTY_DTYPE_F64: qlty_dtype = 12;
/// A truth value in a byte, 0 or 1; its bytes are treated as QLTY_DTYPE_U8.
pub const QLTY_DTYPE_BOOL: qlty_dtype = 13;

/// The name of a type, for messages.
pub(crate) fn name(dtype: qlty_dtype) -> String {
    let names = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f16", "bf16", "f32", "f64", "bool"];
    let index = dtype.checked_sub(1).and_then(|index| usize::try_from(index).ok());
    index.and_then(|index| names.get(index)).map_or_else(|| dtype.to_string(), ToString::to_string)
}

/// Fails where a number stands for no type.
pub(crate) fn check_dtype(argument: &str, dtype: qlty_dtype) -> Outcome {
    sum_of(argument, dtype).map(|_| ())
}

/// A failure for want of another type.
pub(crate) fn mismatch(argument: &str, got: qlty_dtype, expected: &str) -> Failure {
    Failure::new(QLTY_STATUS_DTYPE, format!("{argument}: got dtype {}, expected {expected}", name(got)))
}

/// A type of values that can stand behind a [`qlty_dtype`].
pub(crate) trait Typed: qlty_core::Element {
    const DTYPE: qlty_dtype;

    /// Whether values of this type may be read and written as `Self`.
    fn accepts(dtype: qlty_dtype) -> bool {
        dtype == Self::DTYPE || (dtype == QLTY_DTYPE_BOOL && Self::DTYPE == QLTY_DTYPE_U8)
    }
}

macro_rules! typed {
    ($($type:ty => $dtype:ident;)*) => {
        $(impl Typed for $type {
            const DTYPE: qlty_dtype = $dtype;
        })*

        /// The type that Zarr calls so.
        pub(crate) fn stored_as(name: &str) -> Option<qlty_dtype> {
            use qlty_core::zarr::Stored;
            $(if name == <$type as Stored>::NAME {
                return Some($dtype);
            })*
            (name == <bool as Stored>::NAME).then_some(QLTY_DTYPE_BOOL)
        }

        /// The type in which values of a type are summed.
        pub(crate) fn sum_of(argument: &str, dtype: qlty_dtype) -> Outcome<qlty_dtype> {
            match dtype {
                $($dtype => Ok(<<$type as qlty_core::Element>::Sum as Typed>::DTYPE),)*
                QLTY_DTYPE_BOOL => Ok(QLTY_DTYPE_F32),
                other => Err(mismatch(argument, other, "a QLTY_DTYPE")),
            }
        }
    };
}

typed! {
    u8 => QLTY_DTYPE_U8;
    i8 => QLTY_DTYPE_I8;
    u16 => QLTY_DTYPE_U16;
    i16 => QLTY_DTYPE_I16;
    u32 => QLTY_DTYPE_U32;
    i32 => QLTY_DTYPE_I32;
    u64 => QLTY_DTYPE_U64;
    i64 => QLTY_DTYPE_I64;
    half::f16 => QLTY_DTYPE_F16;
    half::bf16 => QLTY_DTYPE_BF16;
    f32 => QLTY_DTYPE_F32;
    f64 => QLTY_DTYPE_F64;
}

/// Runs a body with a type parameter standing for the type behind a dtype:
/// `with_type!("batch", dtype, T => body)`, with `: float`, `: real` or `: pixel` for some types only.
macro_rules! with_type {
    (@match $argument:expr, $dtype:expr, $t:ident, $body:expr, $expected:literal, [$($name:ident $type:ty),*]) => {
        match $dtype {
            $($crate::dtype::$name => {
                type $t = $type;
                $body
            })*
            other => Err($crate::dtype::mismatch($argument, other, $expected)),
        }
    };
    ($argument:expr, $dtype:expr, $t:ident: real => $body:expr) => {
        $crate::dtype::with_type!(@match $argument, $dtype, $t, $body, "f32 or f64",
            [QLTY_DTYPE_F32 f32, QLTY_DTYPE_F64 f64])
    };
    ($argument:expr, $dtype:expr, $t:ident: float => $body:expr) => {
        $crate::dtype::with_type!(@match $argument, $dtype, $t, $body, "f16, bf16, f32 or f64",
            [QLTY_DTYPE_F16 half::f16, QLTY_DTYPE_BF16 half::bf16, QLTY_DTYPE_F32 f32, QLTY_DTYPE_F64 f64])
    };
    ($argument:expr, $dtype:expr, $t:ident: pixel => $body:expr) => {
        $crate::dtype::with_type!(@match $argument, $dtype, $t, $body, "an integer type, f16, f32, f64 or bool",
            [QLTY_DTYPE_U8 u8, QLTY_DTYPE_I8 i8, QLTY_DTYPE_U16 u16, QLTY_DTYPE_I16 i16, QLTY_DTYPE_U32 u32,
             QLTY_DTYPE_I32 i32, QLTY_DTYPE_U64 u64, QLTY_DTYPE_I64 i64, QLTY_DTYPE_F16 half::f16,
             QLTY_DTYPE_F32 f32, QLTY_DTYPE_F64 f64, QLTY_DTYPE_BOOL u8])
    };
    ($argument:expr, $dtype:expr, $t:ident => $body:expr) => {
        $crate::dtype::with_type!(@match $argument, $dtype, $t, $body, "a QLTY_DTYPE",
            [QLTY_DTYPE_U8 u8, QLTY_DTYPE_I8 i8, QLTY_DTYPE_U16 u16, QLTY_DTYPE_I16 i16, QLTY_DTYPE_U32 u32,
             QLTY_DTYPE_I32 i32, QLTY_DTYPE_U64 u64, QLTY_DTYPE_I64 i64, QLTY_DTYPE_F16 half::f16,
             QLTY_DTYPE_BF16 half::bf16, QLTY_DTYPE_F32 f32, QLTY_DTYPE_F64 f64, QLTY_DTYPE_BOOL u8])
    };
}
pub(crate) use with_type;
