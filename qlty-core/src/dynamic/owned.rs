//! Arrays of any type that own their memory.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;

use ndarray::{Array, ArrayD, Dimension, IxDyn};

use super::layout::Layout;
use super::{ArrayMut, ArrayRef, DType};
use crate::array;
use crate::element::Element;
use crate::{Error, Result};

/// An array that owns its elements.
pub struct OwnedArray {
    /// That of `values`.
    layout: Layout,
    /// An `ArrayD<T>` of the Rust type of the layout's `dtype`.
    values: Box<dyn AnyArray>,
}

impl fmt::Debug for OwnedArray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedArray").field("dtype", &self.dtype()).field("shape", &self.shape()).finish_non_exhaustive()
    }
}

/// An `ArrayD<T>` of any `T`.
trait AnyArray: Any + Send + Sync {
    fn first(&self) -> *const u8;
    fn first_mut(&mut self) -> *mut u8;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<T: Element> AnyArray for ArrayD<T> {
    fn first(&self) -> *const u8 {
        self.as_ptr().cast()
    }

    fn first_mut(&mut self) -> *mut u8 {
        self.as_mut_ptr().cast()
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
        let layout = Layout::of_view(what, T::DTYPE, values.shape(), values.strides())?;
        Ok(Self { layout, values: Box::new(values.into_dyn()) })
    }

    /// Converts to a typed array.
    ///
    /// # Errors
    /// [`Error::DataType`] if the elements are not `T`, [`Error::Shape`] if it has a different number of axes.
    pub fn into_array<T: Element, D: Dimension>(self) -> Result<Array<T, D>> {
        let mismatch = |_| Error::dtype("array", self.layout.dtype, T::DTYPE.name());
        let values = self.values.into_any().downcast::<ArrayD<T>>().map_err(mismatch)?;
        let expected = || format!("{:?} axes", D::NDIM);
        values.into_dimensionality().map_err(|_| Error::shape("array", self.layout.shape(), expected()))
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.layout.dtype
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

    /// A read-only view of the array.
    pub fn array_ref(&self) -> ArrayRef<'_> {
        // The layout is that of the values, which are borrowed with `self`.
        ArrayRef { layout: self.layout, first: self.values.first(), memory: PhantomData }
    }

    /// A mutable view of the array.
    pub fn array_mut(&mut self) -> ArrayMut<'_> {
        ArrayMut { layout: self.layout, first: self.values.first_mut(), memory: PhantomData }
    }
}
