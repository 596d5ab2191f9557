//! Mutable borrowed arrays of any type.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{ArrayViewMut, ArrayViewMut5, ArrayViewMutD, Axis, Dimension, Ix5};

use super::layout::{Layout, argument, layout_accessors};
use super::{ArrayRef, DType};
use crate::element::Element;
use crate::{Error, Result};

/// A mutable borrowed array: elements of a [`DType`] at any strides for which no two elements share memory.
#[derive(Debug)]
pub struct ArrayMut<'a> {
    pub(super) layout: Layout,
    pub(super) first: *mut u8,
    pub(super) memory: PhantomData<&'a mut [u8]>,
}

// SAFETY: the same as `&mut [T]` of the elements, which are numbers, for the lifetime in the type.
unsafe impl Send for ArrayMut<'_> {}
// SAFETY: as `&mut [T]`, which is `Sync` for numbers; through a shared reference elements are only read.
unsafe impl Sync for ArrayMut<'_> {}

layout_accessors!(ArrayMut);

impl<'a> ArrayMut<'a> {
    /// The array of a typed view.
    ///
    /// # Errors
    /// [`Error::Shape`] if it has more than [`super::MAX_NDIM`] axes.
    pub fn of<T: Element, D: Dimension>(name: &'static str, mut view: ArrayViewMut<'a, T, D>) -> Result<Self> {
        let layout = Layout::of_view(name, T::DTYPE, view.shape(), view.strides())?;
        Ok(Self { layout, first: view.as_mut_ptr().cast(), memory: PhantomData })
    }

    /// An array at `data`; see [`ArrayRef::from_raw`].
    ///
    /// # Errors
    /// The errors of [`ArrayRef::from_raw`], and [`Error::Argument`] if two elements may share memory.
    ///
    /// # Safety
    /// The elements are in one allocation that stays alive and is used by nothing else during `'a`; those of `Bool` are
    /// 0 or 1.
    pub unsafe fn from_raw(
        name: &'static str,
        data: *mut c_void,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self> {
        let layout = Layout::new(name, dtype, shape, strides)?;
        layout.check_address(name, data.cast())?;
        if layout.may_overlap() {
            let got = format!("strides {strides:?} for shape {shape:?}");
            return Err(argument(name, got, "no two values in one place".to_owned()));
        }
        Ok(Self { layout, first: data.cast(), memory: PhantomData })
    }

    /// The typed view.
    ///
    /// # Errors
    /// [`Error::DataType`] if the elements are not `T`.
    pub fn view_mut<T: Element>(&mut self, name: &'static str) -> Result<ArrayViewMutD<'_, T>> {
        if self.dtype() != T::DTYPE {
            return Err(Error::dtype(name, self.dtype(), T::DTYPE.name()));
        }
        // SAFETY: the elements are of this type.
        Ok(unsafe { self.reborrow().cast() })
    }

    /// # Safety
    /// The bytes of each element are a valid `T`, and those of each `T` that is written are a valid element.
    unsafe fn cast<T: Element>(self) -> ArrayViewMutD<'a, T> {
        let (mut view, reversed) = self.layout.with_ndarray(self.first, |lowest: *const T, shape| {
            // SAFETY: the creator of the array has promised exclusive access to its elements for `'a`, no two of them
            // share memory, `new` has checked that they can be addressed, and the address is aligned as in `ArrayRef`.
            unsafe { ArrayViewMut::from_shape_ptr(shape, lowest.cast_mut()) }
        });
        reversed.into_iter().for_each(|axis| view.invert_axis(axis));
        view
    }

    /// The same array, borrowed for a shorter time.
    pub fn reborrow(&mut self) -> ArrayMut<'_> {
        ArrayMut { layout: self.layout, first: self.first, memory: PhantomData }
    }

    /// A read-only view of the array.
    pub fn array_ref(&self) -> ArrayRef<'_> {
        ArrayRef { layout: self.layout, first: self.first, memory: PhantomData }
    }

    /// [`ArrayRef::five`].
    ///
    /// # Errors
    /// [`Error::Shape`] if there are more.
    #[doc(hidden)]
    pub fn five(self, name: &'static str, spatial: usize) -> Result<Self> {
        Ok(Self { layout: self.layout.five(name, spatial)?, ..self })
    }

    pub(crate) fn with_channels_in_rows(self) -> Self {
        Self { layout: self.layout.with_channels_in_rows(), ..self }
    }

    /// [`ArrayRef::bits`]. Only valid elements may be written, such as bits copied from elements of the same type.
    ///
    /// # Panics
    /// If there are not five axes, or `W` has a different size.
    ///
    /// # Safety
    /// Only 0 or 1 is written to an array of `Bool`.
    #[doc(hidden)]
    pub unsafe fn bits<W: Element>(self) -> ArrayViewMut5<'a, W> {
        assert!(self.layout.check_bits::<W>(), "{} as {}", self.dtype(), W::DTYPE);
        let (mut view, reversed) = self.layout.with_five(self.first, |lowest: *const W, shape| {
            // SAFETY: as in `cast` and `ArrayRef::bits`, and the caller promises what is written.
            unsafe { ArrayViewMut5::from_shape_ptr(shape, lowest.cast_mut()) }
        });
        (0..5).filter(|axis| reversed[*axis]).for_each(|axis| view.invert_axis(Axis(axis)));
        view
    }

    /// The elements `range` along an axis.
    ///
    /// # Panics
    /// If there is no such axis, or the range leaves it.
    pub fn part(self, axis: usize, range: Range<usize>) -> Self {
        let (layout, by) = self.layout.part(axis, range);
        Self { first: self.first.wrapping_offset(by * layout.dtype.size() as isize), layout, ..self }
    }

    /// Splits an array along an axis, before `index`.
    ///
    /// # Panics
    /// If there is no such axis, or `index` is beyond its end.
    pub fn split_at(self, axis: usize, index: usize) -> (Self, Self) {
        let end = self.shape()[axis];
        let low = Self { layout: self.layout, first: self.first, memory: PhantomData };
        // Both are disjoint parts of an array in which no two elements share memory.
        (low.part(axis, 0..index), self.part(axis, index..end))
    }

    /// Copies the elements of an array of the same shape and type, or from `Bool` to `U8`.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::DataType`].
    pub fn assign(&mut self, name: &'static str, from: &ArrayRef<'_>) -> Result<()> {
        Error::check_shape(name, self.shape(), from.shape())?;
        check_copy(name, self.dtype(), from.dtype())?;
        copy(self.reborrow(), *from);
        Ok(())
    }
}

/// Fails unless elements of type `from` can be copied to the array `name` of type `to`.
///
/// # Errors
/// [`Error::DataType`].
pub fn check_copy(name: &'static str, to: DType, from: DType) -> Result<()> {
    if !from.can_be_read_as(to) {
        return Err(Error::dtype(name, to, from.name()));
    }
    Ok(())
}

/// Copies between arrays of the same shape and element width; large arrays on several threads.
fn copy(to: ArrayMut<'_>, from: ArrayRef<'_>) {
    const TASK_BYTES: usize = 1 << 20;
    if to.len() * to.dtype().size() > TASK_BYTES {
        if let Some(axis) = to.shape().iter().position(|len| *len > 1) {
            let (half, end) = (to.shape()[axis] / 2, to.shape()[axis]);
            let (to_low, to_high) = to.split_at(axis, half);
            let (from_low, from_high) = (from.part(axis, 0..half), from.part(axis, half..end));
            rayon::join(|| copy(to_low, from_low), || copy(to_high, from_high));
            return;
        }
    }
    crate::with_width!(from.dtype(), W => {
        // SAFETY: numbers are copied as numbers of their width; `Bool` elements come from `Bool` elements.
        let (mut to, from) = unsafe { (to.cast::<W>(), from.cast::<W>()) };
        // Batches and patches have five axes; a fixed number of axes makes finding rows faster.
        match (to.view_mut().into_dimensionality::<Ix5>(), from.view().into_dimensionality::<Ix5>()) {
            (Ok(mut to), Ok(from)) => to.assign(&from),
            _ => to.assign(&from),
        }
    });
}
