//! Arrays of any type that own their memory.

use std::any::Any;
use std::fmt;

use ndarray::{Array, ArrayD, Dimension, IxDyn};

use super::{ArrayMut, ArrayRef, DType};
use crate::array;
use crate::element::Element;
use crate::{Error, Result};

/// An array in standard layout that owns its elements.
pub struct OwnedArray {
    dtype: DType,
    shape: Vec<usize>,
    /// An `ArrayD<T>` of the Rust type of its `dtype`.
    values: Box<dyn AnyArray>,
}

impl fmt::Debug for OwnedArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedArray").field("dtype", &self.dtype).field("shape", &self.shape).finish_non_exhaustive()
    }
}

/// An `ArrayD<T>` of any `T`.
trait AnyArray: Any + Send + Sync {
    fn array_ref(&self) -> Result<ArrayRef<'_>>;
    fn array_mut(&mut self) -> Result<ArrayMut<'_>>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Element> AnyArray for ArrayD<T> {
    fn array_ref(&self) -> Result<ArrayRef<'_>> {
        ArrayRef::of("array", self.view())
    }

    fn array_mut(&mut self) -> Result<ArrayMut<'_>> {
        ArrayMut::of("array", self.view_mut())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl OwnedArray {
    /// An array of zeros; `what` names it in errors.
    ///
    /// # Errors
    /// [`Error::Shape`] if it has more axes than [`super::MAX_NDIM`]; [`Error::Overflow`] and
    /// [`Error::OutOfMemory`].
    pub fn zeros(what: &'static str, dtype: DType, shape: &[usize]) -> Result<Self> {
        match dtype {
            DType::Bool => Self::from_array(what, array::zeros::<bool, IxDyn>(what, shape)?),
            dtype => crate::with_dtype!(dtype, T => Self::from_array(what, array::zeros::<T, IxDyn>(what, shape)?)),
        }
    }

    /// Converts a typed array.
    ///
    /// # Errors
    /// [`Error::Shape`] if it has more axes than [`super::MAX_NDIM`].
    pub fn from_array<T: Element, D: Dimension>(what: &'static str, values: Array<T, D>) -> Result<Self> {
        if values.ndim() > super::MAX_NDIM {
            return Err(Error::shape(what, values.shape(), format!("at most {} axes", super::MAX_NDIM)));
        }
        Ok(Self { dtype: T::DTYPE, shape: values.shape().to_vec(), values: Box::new(values.into_dyn()) })
    }

    /// Converts to a typed array.
    ///
    /// # Errors
    /// [`Error::DataType`] if the elements are not `T`, [`Error::Shape`] if it has a different number of axes.
    pub fn into_array<T: Element, D: Dimension>(self) -> Result<Array<T, D>> {
        let mismatch = || Error::dtype("array", self.dtype, T::DTYPE.name());
        let values = self.values.into_any().downcast::<ArrayD<T>>().map_err(|_| mismatch())?;
        let expected = || format!("{:?} axes", D::NDIM);
        values.into_dimensionality().map_err(|_| Error::shape("array", &self.shape, expected()))
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// A read-only view of the array.
    ///
    /// # Panics
    /// Never: the number of axes was checked when the array was created.
    #[allow(clippy::expect_used, reason = "the doc says why not")]
    pub fn array_ref(&self) -> ArrayRef<'_> {
        self.values.array_ref().expect("axes were counted")
    }

    /// A mutable view of the array.
    ///
    /// # Panics
    /// Never: the number of axes was checked when the array was created.
    #[allow(clippy::expect_used, reason = "the doc says why not")]
    pub fn array_mut(&mut self) -> ArrayMut<'_> {
        self.values.array_mut().expect("axes were counted")
    }
}
