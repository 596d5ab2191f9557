//! A single value of any element type.

use std::fmt;

use super::{ArrayMut, DType};
use crate::Result;
use crate::element::Element;

/// A value of a [`DType`]: a fill value, or the label that means "missing".
///
/// Two scalars are equal if their types and bytes are equal: a NaN equals itself, and 0.0 does not equal -0.0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scalar {
    dtype: DType,
    /// The bytes of the value as in memory, padded with zeros.
    bytes: [u8; 8],
}

impl Scalar {
    /// The scalar of a typed value.
    pub fn of<T: Element>(value: T) -> Self {
        const { assert!(size_of::<T>() <= 8) };
        let mut bytes = [0; 8];
        // SAFETY: an `Element` is a number or a `bool`, so all its bytes are initialised; source and destination are
        // large enough and do not overlap.
        unsafe { std::ptr::copy_nonoverlapping((&raw const value).cast(), bytes.as_mut_ptr(), size_of::<T>()) };
        Self { dtype: T::DTYPE, bytes }
    }

    /// The scalar of a type from its bytes as in memory; `None` if the number of bytes is wrong, or they are not a
    /// valid `bool`.
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != dtype.size() || (dtype == DType::Bool && bytes[0] > 1) {
            return None;
        }
        let mut scalar = Self::zero(dtype);
        scalar.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(scalar)
    }

    /// The zero of a type; of `Bool`, `false`.
    pub fn zero(dtype: DType) -> Self {
        Self { dtype, bytes: [0; 8] }
    }

    /// The type of the value.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The bytes of the value as in memory; their number is the size of its type.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.dtype.size()]
    }

    /// The value, if its type is `T`; a `Bool` can also be read as `u8`.
    pub fn get<T: Element>(&self) -> Option<T> {
        // SAFETY: the bytes are a value that can be read as this type; the read need not be aligned.
        self.dtype.can_be_read_as(T::DTYPE).then(|| unsafe { self.bytes.as_ptr().cast::<T>().read_unaligned() })
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({self})", self.dtype)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype {
            DType::Bool => write!(f, "{}", self.bytes[0] != 0),
            dtype => crate::with_dtype!(dtype, T => self.get::<T>().map_or(Ok(()), |value| write!(f, "{value:?}"))),
        }
    }
}

impl ArrayMut<'_> {
    /// Sets all elements to a value of their type.
    ///
    /// # Errors
    /// [`crate::Error::DataType`] if the value is of a different type.
    pub fn fill(&mut self, name: &'static str, value: Scalar) -> Result<()> {
        fn fill<T: Element>(array: &mut ArrayMut<'_>, name: &'static str, value: Scalar) -> Result<()> {
            if let Some(value) = value.get::<T>() {
                array.view_mut::<T>(name)?.fill(value);
            }
            Ok(())
        }
        super::check_copy(name, self.dtype(), value.dtype)?;
        match self.dtype() {
            DType::Bool => fill::<bool>(self, name, value),
            dtype => crate::with_dtype!(dtype, T => fill::<T>(self, name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamic::{OwnedArray, f16};

    #[test]
    fn a_value_comes_back_as_its_type_alone() {
        let value = Scalar::of(-7_i16);
        assert_eq!((value.dtype(), value.get::<i16>(), value.get::<u16>()), (DType::I16, Some(-7), None));
        assert_eq!(value.bytes(), (-7_i16).to_ne_bytes());
        assert_eq!(Scalar::of(1.5_f64).get::<f64>(), Some(1.5));
        let truth = Scalar::of(true);
        assert_eq!((truth.get::<bool>(), truth.get::<u8>(), truth.get::<i8>()), (Some(true), Some(1), None));
        assert_eq!(Scalar::of(1_u8).get::<bool>(), None);
        assert_eq!(Scalar::of(f32::NAN), Scalar::of(f32::NAN));
    }

    #[test]
    fn zeros_and_words() {
        for dtype in DType::ALL {
            let zero = Scalar::zero(*dtype);
            assert!(zero.bytes().len() == dtype.size() && zero.bytes().iter().all(|byte| *byte == 0), "{dtype}");
            let word = zero.to_string();
            assert!(["0", "0.0", "false"].contains(&word.as_str()), "{dtype}: {word}");
        }
        assert_eq!(format!("{:?} {:?}", Scalar::of(2_u8), Scalar::of(true)), "u8(2) bool(true)");
    }

    #[test]
    fn arrays_are_filled_with_values_of_their_type() {
        let mut array = OwnedArray::zeros("array", DType::F16, &[2, 3]).unwrap();
        array.array_mut().fill("array", Scalar::of(f16::from_f32(0.5))).unwrap();
        assert!(array.array_mut().fill("array", Scalar::of(0.5_f32)).is_err());
        assert_eq!(array.into_array::<f16, ndarray::Ix2>().unwrap().sum(), f16::from_f32(3.0));
        for (value, dtype) in [(Scalar::of(true), DType::Bool), (Scalar::of(true), DType::U8)] {
            let mut array = OwnedArray::zeros("array", dtype, &[2]).unwrap();
            array.array_mut().fill("array", value).unwrap();
            assert!(array.array_ref().view::<u8>("array").unwrap().iter().all(|byte| *byte == 1));
        }
    }
}
