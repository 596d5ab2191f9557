//! Read-only borrowed arrays of any type.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{ArrayView, ArrayView5, ArrayViewD, Axis, Dimension};

use super::DType;
use super::layout::{Layout, MAX_NDIM, layout_accessors};
use crate::Result;
use crate::element::Element;

/// A read-only borrowed array: elements of a [`DType`] at any strides.
#[derive(Debug, Clone, Copy)]
pub struct ArrayRef<'a> {
    pub(super) layout: Layout,
    /// The element at (0, 0, ...); never read if the array is empty.
    pub(super) first: *const u8,
    pub(super) memory: PhantomData<&'a [u8]>,
}

// SAFETY: the same as `&[T]` of the elements, which are numbers, for the lifetime in the type.
unsafe impl Send for ArrayRef<'_> {}
// SAFETY: as above; nothing is written through it.
unsafe impl Sync for ArrayRef<'_> {}
layout_accessors!(ArrayRef);

impl<'a> ArrayRef<'a> {
    /// The array of a typed view.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if it has more than [`MAX_NDIM`] axes.
    pub fn of<T: Element, D: Dimension>(name: &'static str, view: ArrayView<'a, T, D>) -> Result<Self> {
        let layout = Layout::of_view(name, T::DTYPE, view.shape(), view.strides())?;
        Ok(Self { layout, first: view.as_ptr().cast(), memory: PhantomData })
    }

    /// An array of this shape whose elements are all `value`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if there are more than [`MAX_NDIM`] axes, [`crate::Error::Overflow`].
    pub(crate) fn repeated<T: Element>(name: &'static str, value: &'a T, shape: &[usize]) -> Result<Self> {
        let layout = Layout::new(name, T::DTYPE, shape, &vec![0; shape.len()])?;
        Ok(Self { layout, first: std::ptr::from_ref(value).cast(), memory: PhantomData })
    }

    /// Five axes without elements: no patches. As there are none, they go with sums of any type.
    pub(crate) fn no_patches() -> Self {
        Self { layout: Layout::no_patches(), first: std::ptr::null(), memory: PhantomData }
    }

    /// An array at `data`: element (i, j, ...) is at `data` plus `i * strides[0] + j * strides[1] + ...` elements.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if there are more than [`MAX_NDIM`] axes or a different number of strides;
    /// [`crate::Error::Overflow`] if its bytes cannot be addressed; [`crate::Error::Argument`] if it has elements and
    /// `data` is null or not aligned.
    ///
    /// # Safety
    /// The elements are in one allocation that stays alive and is not written during `'a`; those of `Bool` are 0 or 1.
    pub unsafe fn from_raw(
        name: &'static str,
        data: *const c_void,
        dtype: DType,
        shape: &[usize],
        strides: &[isize],
    ) -> Result<Self> {
        let layout = Layout::new(name, dtype, shape, strides)?;
        layout.check_address(name, data.cast())?;
        Ok(Self { layout, first: data.cast(), memory: PhantomData })
    }

    /// The typed view.
    ///
    /// # Errors
    /// [`crate::Error::DataType`] if the elements are not `T`; those of `Bool` can be read as `u8` too.
    pub fn view<T: Element>(&self, name: &'static str) -> Result<ArrayViewD<'a, T>> {
        self.layout.check_type::<T>(name)?;
        // SAFETY: the elements are of this type, or `Bool` elements, which are bytes.
        Ok(unsafe { self.cast() })
    }

    /// # Safety
    /// The bytes of each element are a valid `T`.
    pub(super) unsafe fn cast<T: Element>(&self) -> ArrayViewD<'a, T> {
        let (mut view, reversed) = self.layout.with_ndarray(self.first, |lowest: *const T, shape| {
            // SAFETY: the creator of the array has promised its elements for `'a`, `new` has checked that they can be
            // addressed, and the address is aligned because it came from a view or passed `check_address`.
            unsafe { ArrayView::from_shape_ptr(shape, lowest) }
        });
        reversed.into_iter().for_each(|axis| view.invert_axis(axis));
        view
    }

    /// The array as five axes (N,C,Z,Y,X): of a batch with or without channels, or of an image without both, with
    /// `spatial` spatial axes.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if there are more.
    #[doc(hidden)]
    pub fn five(&self, name: &'static str, spatial: usize) -> Result<Self> {
        Ok(Self { layout: self.layout.five(name, spatial)?, ..*self })
    }

    pub(crate) fn with_channels_in_rows(self) -> Self {
        Self { layout: self.layout.with_channels_in_rows(), ..self }
    }

    /// The elements as unsigned integers of their width, or as their own type, with five axes.
    ///
    /// # Panics
    /// If there are not five axes, or `W` has a different size.
    #[doc(hidden)]
    pub fn bits<W: Element>(&self) -> ArrayView5<'a, W> {
        assert!(self.layout.check_bits::<W>(), "{} as {}", self.dtype(), W::DTYPE);
        let (mut view, reversed) = self.layout.with_five(self.first, |lowest: *const W, shape| {
            // SAFETY: as in `cast`; the elements are numbers of this size, and any bytes are a `W`, which `check_bits`
            // has seen.
            unsafe { ArrayView5::from_shape_ptr(shape, lowest) }
        });
        (0..5).filter(|axis| reversed[*axis]).for_each(|axis| view.invert_axis(Axis(axis)));
        view
    }

    /// The elements `range` along an axis.
    ///
    /// # Panics
    /// If there is no such axis, or the range leaves it.
    pub fn part(&self, axis: usize, range: Range<usize>) -> Self {
        let (layout, by) = self.layout.part(axis, range);
        Self { layout, first: self.first.wrapping_offset(by * self.dtype().size() as isize), ..*self }
    }

    /// The same array with its axes reordered: axis i of the result is axis `order[i]`.
    ///
    /// # Panics
    /// If `order` does not contain each axis once.
    pub fn permuted(&self, order: &[usize]) -> Self {
        let mut seen = [false; MAX_NDIM];
        order.iter().for_each(|axis| seen[*axis] = true);
        assert!(order.len() == self.ndim() && seen[..order.len()].iter().all(|seen| *seen), "an order of the axes");
        let mut layout = self.layout;
        for (to, from) in order.iter().enumerate() {
            (layout.shape[to], layout.strides[to]) = (self.layout.shape[*from], self.layout.strides[*from]);
        }
        Self { layout, ..*self }
    }
}
