//! The types of values, as the numbers that hosts know them by.

use qlty_core::DType;

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
/// A truth value in a byte, 0 or 1; treated as QLTY_DTYPE_U8.
pub const QLTY_DTYPE_BOOL: qlty_dtype = 13;

/// The numbers are those of the crates; they are literals so that the header has them.
const _: () = {
    let numbers = [
        (QLTY_DTYPE_U8, DType::U8),
        (QLTY_DTYPE_I8, DType::I8),
        (QLTY_DTYPE_U16, DType::U16),
        (QLTY_DTYPE_I16, DType::I16),
        (QLTY_DTYPE_U32, DType::U32),
        (QLTY_DTYPE_I32, DType::I32),
        (QLTY_DTYPE_U64, DType::U64),
        (QLTY_DTYPE_I64, DType::I64),
        (QLTY_DTYPE_F16, DType::F16),
        (QLTY_DTYPE_BF16, DType::BF16),
        (QLTY_DTYPE_F32, DType::F32),
        (QLTY_DTYPE_F64, DType::F64),
        (QLTY_DTYPE_BOOL, DType::Bool),
    ];
    assert!(numbers.len() == DType::ALL.len(), "a type that the header does not have");
    let mut i = 0;
    while i < numbers.len() {
        assert!(numbers[i].0 == numbers[i].1 as i32);
        i += 1;
    }
};

/// The type that a number stands for.
pub(crate) fn dtype_of(argument: &str, number: qlty_dtype) -> Outcome<DType> {
    let unknown = || Failure::new(QLTY_STATUS_DTYPE, format!("{argument}: got dtype {number}, expected a QLTY_DTYPE"));
    DType::from_number(number).ok_or_else(unknown)
}

/// The type in which values of the host are read and summed. A truth value of a host is a byte of any value, so it is
/// taken for a `u8`.
pub(crate) fn host_dtype(argument: &str, number: qlty_dtype) -> Outcome<DType> {
    Ok(match dtype_of(argument, number)? {
        DType::Bool => DType::U8,
        dtype => dtype,
    })
}

/// The number of a type.
pub(crate) fn number(dtype: DType) -> qlty_dtype {
    dtype as qlty_dtype
}

/// A failure because of a type.
pub(crate) fn mismatch(argument: &str, got: DType, expected: &str) -> Failure {
    Failure::new(QLTY_STATUS_DTYPE, format!("{argument}: got dtype {got}, expected {expected}"))
}
