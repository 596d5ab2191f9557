//! A decoded chunk, in the buffer that the codec returned.

use std::ffi::c_void;

use zarrs::array::ArrayBytes;

use crate::DType;
use crate::dynamic::ArrayRef;

/// The elements of a chunk.
#[derive(Debug)]
pub(super) struct Chunk {
    dtype: DType,
    shape: Vec<usize>,
    /// The number of elements given by the shape, aligned for their type; those of `Bool` are 0 or 1.
    elements: Elements,
}

#[derive(Debug)]
enum Elements {
    /// The codec's buffer: copying it would take as long as a fast codec.
    Decoded(Vec<u8>),
    /// A copy, if that buffer is not aligned.
    Copied(Vec<u64>),
}

impl Elements {
    fn start(&self) -> *const c_void {
        match self {
            Self::Decoded(bytes) => bytes.as_ptr().cast(),
            Self::Copied(words) => words.as_ptr().cast(),
        }
    }
}

impl Chunk {
    /// The chunk of this shape and type with these bytes. Errors are described in words.
    pub(super) fn new(bytes: ArrayBytes<'static>, dtype: DType, shape: Vec<usize>) -> Result<Self, String> {
        let bytes = bytes.into_fixed().map_err(|error| error.to_string())?.into_owned();
        let expected = shape.iter().product::<usize>() * dtype.size();
        if bytes.len() != expected {
            return Err(format!("got a chunk of {} bytes, expected {expected}", bytes.len()));
        }
        if let (DType::Bool, Some(byte)) = (dtype, bytes.iter().find(|byte| **byte > 1)) {
            return Err(format!("got a truth value of {byte}, expected 0 or 1"));
        }
        let is_aligned = bytes.as_ptr().addr() % dtype.size() == 0;
        let elements = if is_aligned { Elements::Decoded(bytes) } else { Elements::Copied(words(&bytes)) };
        Ok(Self { dtype, shape, elements })
    }

    /// The elements, in C order.
    pub(super) fn array(&self) -> crate::Result<ArrayRef<'_>> {
        let mut strides = vec![1; self.shape.len()];
        for axis in (1..self.shape.len()).rev() {
            strides[axis - 1] = strides[axis] * self.shape[axis].max(1) as isize;
        }
        // SAFETY: `new` has checked that there are as many contiguous elements as the shape says, and that those of
        // `Bool` are 0 or 1; they are not written while `self` is borrowed.
        unsafe { ArrayRef::from_raw("chunk", self.elements.start(), self.dtype, &self.shape, &strides) }
    }
}

/// The bytes in memory that is aligned for any element, padded with zeros.
fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_ne_bytes(word)
    };
    bytes.chunks(8).map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(bytes: Vec<u8>, dtype: DType, shape: &[usize]) -> Result<Chunk, String> {
        Chunk::new(ArrayBytes::new_flen(bytes), dtype, shape.to_vec())
    }

    #[test]
    fn bytes_stay_where_they_are() {
        let bytes: Vec<u8> = (0..64).collect();
        let at = bytes.as_ptr();
        let chunk = chunk(bytes, DType::U8, &[4, 16]).unwrap();
        let array = chunk.array().unwrap();
        assert_eq!((array.addresses(), array.strides()), (at.addr()..at.addr() + 64, &[16, 1][..]));
        assert_eq!(array.view::<u8>("chunk").unwrap()[[2, 3]], 35);
    }

    #[test]
    fn bytes_that_are_not_aligned_are_copied() {
        let values = [1_u16, 2, 3, 4, 5];
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let copied = Elements::Copied(words(&bytes));
        let chunk = Chunk { dtype: DType::U16, shape: vec![5], elements: copied };
        assert!(chunk.array().unwrap().view::<u16>("chunk").unwrap().iter().eq(&values));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        assert!(chunk(vec![1, 2, 3], DType::U16, &[2]).unwrap_err().contains("3 bytes, expected 4"));
        let truths = chunk(vec![0, 1], DType::Bool, &[2]).unwrap();
        assert!(truths.array().unwrap().view::<bool>("chunk").unwrap().iter().eq(&[false, true]));
        assert!(chunk(vec![0, 2], DType::Bool, &[2]).unwrap_err().contains("got a truth value of 2"));
    }
}
