//! Allocating arrays with checked sizes, and dividing them among threads.

use ndarray::{Array, ArrayViewMut5, Axis, Dimension, IxDyn};

use crate::element::Element;
use crate::{Error, Result};

/// The product of `factors`, if a slice can have this length in bytes.
///
/// # Errors
/// [`Error::Overflow`].
pub fn product(what: &'static str, factors: &[usize]) -> Result<usize> {
    let product = factors.iter().try_fold(1usize, |product, factor| product.checked_mul(*factor));
    product
        .filter(|product| isize::try_from(*product).is_ok())
        .ok_or_else(|| Error::Overflow { what, factors: factors.to_vec() })
}

/// A vector of `len` zeros.
///
/// The pages come zeroed from the system and are first touched by the thread that fills them. `vec![T::default(); len]`
/// would abort if memory is missing and, for some `T`, write the values twice.
///
/// # Errors
/// [`Error::Overflow`] and [`Error::OutOfMemory`].
pub fn zeroed<T: Element>(what: &'static str, len: usize) -> Result<Vec<T>> {
    let bytes = product(what, &[len, size_of::<T>()])?;
    let out_of_memory = Error::OutOfMemory { what, bytes };
    if bytes == 0 {
        return Ok(Vec::new());
    }
    let layout = std::alloc::Layout::array::<T>(len).map_err(|_| out_of_memory.clone())?;
    // SAFETY: the layout has a size that is not zero.
    let start = unsafe { std::alloc::alloc_zeroed(layout) }.cast::<T>();
    if start.is_null() {
        return Err(out_of_memory);
    }
    // SAFETY: the global allocator returned `start` for `len` values of `T`, and all-zero bytes are a valid value of
    // every `Element`, which this sealed trait guarantees.
    Ok(unsafe { Vec::from_raw_parts(start, len, len) })
}

/// An empty vector with room for `len` values.
///
/// # Errors
/// [`Error::OutOfMemory`].
pub fn with_capacity<T>(what: &'static str, len: usize) -> Result<Vec<T>> {
    let bytes = len.saturating_mul(size_of::<T>());
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| Error::OutOfMemory { what, bytes })?;
    Ok(values)
}

/// An array of zeros in standard layout.
///
/// # Errors
/// [`Error::Overflow`] and [`Error::OutOfMemory`]; [`Error::Shape`] if `shape` does not have the
/// axes of `Dim`.
pub fn zeros<T: Element, Dim: Dimension>(what: &'static str, shape: &[usize]) -> Result<Array<T, Dim>> {
    let values = zeroed(what, product(what, shape)?)?;
    let mismatch = |_| Error::shape(what, shape, format!("{:?} axes", Dim::NDIM));
    Array::from_shape_vec(IxDyn(shape), values).map_err(mismatch)?.into_dimensionality().map_err(mismatch)
}

/// Calls `leaf` with the parts of an array, from several threads. Each part has at most `most` values or is a single
/// row along the last axis, and is contiguous if the whole array is.
///
/// `at` is the start of the array within a larger one; `leaf` gets the start of its part. `leaf` is a trait object so
/// that this function is compiled once per type, not once per closure.
pub fn divide<T: Send>(
    array: ArrayViewMut5<'_, T>,
    at: [usize; 4],
    most: usize,
    leaf: &(dyn Fn([usize; 4], ArrayViewMut5<'_, T>) + Sync),
) {
    let outermost = array.shape()[..4].iter().position(|len| *len > 1);
    let Some(axis) = outermost.filter(|_| array.len() > most) else { return leaf(at, array) };
    let half = array.shape()[axis] / 2;
    let (low, high) = array.split_at(Axis(axis), half);
    let mut at_high = at;
    at_high[axis] += half;
    rayon::join(|| divide(low, at, most, leaf), || divide(high, at_high, most, leaf));
}
