//! A decoded chunk, where the codec has left it.

use zarrs::array::{ArrayBytes, ArrayError, DataType, FromArrayBytes};

use super::Stored;

/// The values of a chunk.
#[derive(Debug)]
pub(super) enum Chunk<T> {
    /// The bytes of values, aligned: to copy them takes as long as fast codecs do.
    Bytes(Vec<u8>),
    /// What could not stay bytes.
    Values(Vec<T>),
}

impl<T: Stored> Chunk<T> {
    pub(super) fn values(&self) -> &[T] {
        match self {
            // They were seen to be values when the chunk was made, and have not moved since.
            Self::Bytes(bytes) => T::cast(bytes).unwrap_or_default(),
            Self::Values(values) => values,
        }
    }
}

impl<T: Stored> FromArrayBytes for Chunk<T> {
    fn from_array_bytes(bytes: ArrayBytes<'static>, shape: &[u64], data_type: &DataType) -> Result<Self, ArrayError> {
        T::validate_data_type(data_type)?;
        bytes.validate(shape.iter().product(), data_type)?;
        match bytes {
            ArrayBytes::Fixed(bytes) if T::cast(&bytes).is_some() => Ok(Self::Bytes(bytes.into_owned())),
            bytes => Ok(Self::Values(T::from_array_bytes(data_type, bytes)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use zarrs::array::data_type;

    use super::*;

    #[test]
    fn bytes_stay_where_they_are() {
        let bytes: Vec<u8> = (0..64).collect();
        let at = bytes.as_ptr();
        let chunk = Chunk::<u8>::from_array_bytes(ArrayBytes::new_flen(bytes), &[64], &data_type::uint8()).unwrap();
        assert_eq!((chunk.values().as_ptr(), chunk.values().len()), (at, 64));
    }

    #[test]
    fn what_cannot_stay_bytes_is_copied_or_refused() {
        // Half of an element, and a truth value that is none.
        let odd = ArrayBytes::new_flen(Cow::Borrowed(&[1_u8, 2, 3][..])).into_owned();
        assert!(Chunk::<u16>::from_array_bytes(odd, &[2], &data_type::uint16()).is_err());
        let truths = |bytes: &'static [u8]| {
            Chunk::<bool>::from_array_bytes(ArrayBytes::new_flen(bytes), &[2], &data_type::bool())
        };
        assert_eq!(truths(&[0, 1]).unwrap().values(), [false, true]);
        assert!(truths(&[0, 2]).is_err());
        let bytes = ArrayBytes::new_flen(vec![0_u8; 4]);
        assert!(Chunk::<u16>::from_array_bytes(bytes, &[1], &data_type::float32()).is_err());
    }
}
