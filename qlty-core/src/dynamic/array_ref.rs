//! Borrowed arrays of any type.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{
    ArrayView, ArrayView5, ArrayViewD, ArrayViewMut, ArrayViewMut5, ArrayViewMutD, Axis, Dimension, Ix5, IxDyn,
    ShapeBuilder,
};

use super::DType;
use crate::element::Element;
use crate::{Error, Result};

/// The most axes that an array can have.
pub const MAX_NDIM: usize = 6;

/// Type, shape and strides of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    dtype: DType,
    ndim: usize,
    /// The sizes of the first `ndim` axes; those after them are 1.
    shape: [usize; MAX_NDIM],
    /// The distances of neighbours in elements; 0 after the first `ndim` axes.
    strides: [isize; MAX_NDIM],
}

/// An array to be read: elements of a [`DType`] at any strides, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct ArrayRef<'a> {
    layout: Layout,
    /// The element at (0, 0, ...); not looked at where there is no element.
    first: *const u8,
    memory: PhantomData<&'a [u8]>,
}

/// An array to be written: elements of a [`DType`] at any strides under which no two share memory, borrowed.
#[derive(Debug)]
pub struct ArrayMut<'a> {
    layout: Layout,
    first: *mut u8,
    memory: PhantomData<&'a mut [u8]>,
}

// SAFETY: as `&[T]` of the elements, which are numbers, for the lifetime that is in the type.
unsafe impl Send for ArrayRef<'_> {}
// SAFETY: as above; nothing is written through it.
unsafe impl Sync for ArrayRef<'_> {}
// SAFETY: as `&mut [T]` of the elements, which are numbers, for the lifetime that is in the type.
unsafe impl Send for ArrayMut<'_> {}
// SAFETY: through a shared reference only the layout and addresses are told, and nothing is read.
unsafe impl Sync for ArrayMut<'_> {}

/// The elements that an array reaches: the lowest one's distance from the first, and how many from the lowest to
/// the highest.
#[derive(Debug, Clone, Copy)]
struct Reach {
    lowest: isize,
    extent: usize,
}

impl Layout {
    fn new(name: &'static str, dtype: DType, shape: &[usize], strides: &[isize]) -> Result<Self> {
        if shape.len() > MAX_NDIM || shape.len() != strides.len() {
            return Err(Error::shape(name, shape, format!("at most {MAX_NDIM} axes, and a stride for each")));
        }
        let mut layout = Self { dtype, ndim: shape.len(), shape: [1; MAX_NDIM], strides: [0; MAX_NDIM] };
        layout.shape[..shape.len()].copy_from_slice(shape);
        layout.strides[..shape.len()].copy_from_slice(strides);
        layout.reach().ok_or_else(|| Error::Overflow { what: name, factors: shape.to_vec() })?;
        Ok(layout)
    }

    fn shape(&self) -> &[usize] {
        &self.shape[..self.ndim]
    }

    fn strides(&self) -> &[isize] {
        &self.strides[..self.ndim]
    }

    fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// `None` where the bytes cannot be addressed.
    fn reach(&self) -> Option<Reach> {
        // What ndarray asks of a shape, also of one whose strides are zero.
        let sizes = self.shape().iter().filter(|len| **len > 0);
        sizes
            .clone()
            .try_fold(1_usize, |product, len| product.checked_mul(*len))
            .filter(|n| isize::try_from(*n).is_ok())?;
        if self.is_empty() {
            return Some(Reach { lowest: 0, extent: 0 });
        }
        let (mut lowest, mut last) = (0_isize, 0_usize);
        for (len, stride) in self.shape().iter().zip(self.strides()) {
            let reach = stride.unsigned_abs().checked_mul(len - 1)?;
            last = last.checked_add(reach)?;
            if *stride < 0 {
                lowest = lowest.checked_sub(isize::try_from(reach).ok()?)?;
            }
        }
        let extent = last.checked_add(1)?;
        let bytes = extent.checked_mul(self.dtype.size())?;
        isize::try_from(bytes).ok().map(|_| Reach { lowest, extent })
    }

    /// [`Layout::reach`] of a layout that was checked when it was made.
    fn checked_reach(&self) -> Reach {
        self.reach().unwrap_or(Reach { lowest: 0, extent: 0 })
    }

    /// Whether two elements may share memory: unless each stride is larger than all that the smaller ones reach.
    fn may_overlap(&self) -> bool {
        if self.is_empty() {
            return false;
        }
        let axes = self.shape().iter().zip(self.strides()).filter(|(len, _)| **len > 1);
        let mut axes: Vec<_> = axes.map(|(len, stride)| (stride.unsigned_abs(), *len)).collect();
        axes.sort_unstable();
        let mut reach = 0;
        axes.iter().any(|(stride, len)| {
            let overlapping = *stride <= reach;
            // The sum of these does not overflow: `new` has checked it.
            reach += stride * (len - 1);
            overlapping
        })
    }

    fn bytes(&self, first: *const u8) -> Range<usize> {
        let (Reach { lowest, extent }, size) = (self.checked_reach(), self.dtype.size());
        let start = (first as usize).wrapping_add_signed(lowest.wrapping_mul(size as isize));
        start..start + extent * size
    }

    fn check_address(&self, name: &'static str, first: *const u8) -> Result<()> {
        let extent = self.checked_reach().extent;
        if extent > 0 && first.is_null() {
            let got = std::fmt::from_fn(|f| f.write_str("data NULL"));
            return Err(Error::argument(name, got, format!("{extent} values")));
        }
        if extent > 0 && !(first as usize).is_multiple_of(self.dtype.size()) {
            let got = std::fmt::from_fn(|f| write!(f, "data at {first:?}"));
            return Err(Error::argument(name, got, format!("an address that is a multiple of {}", self.dtype.size())));
        }
        Ok(())
    }

    /// The elements `range` along an axis, and by how many elements the first moves.
    fn part(mut self, axis: usize, range: Range<usize>) -> (Self, isize) {
        assert!(axis < self.ndim && range.start <= range.end && range.end <= self.shape[axis], "a part of the array");
        self.shape[axis] = range.len();
        // Of no elements there is no address to be moved.
        let by = if self.is_empty() { 0 } else { self.strides[axis] * range.start as isize };
        (self, by)
    }

    /// The five axes (N,C,Z,Y,X) of a batch of `spatial` axes, with or without channels, or of a window or an image
    /// without both.
    fn five(mut self, name: &'static str, spatial: usize) -> Result<Self> {
        let batch: &[usize] = match self.ndim.saturating_sub(spatial) {
            0 => &[0, 0],
            1 => &[1],
            _ => &[],
        };
        if self.ndim + batch.len() + (3 - spatial) != 5 {
            return Err(Error::shape(name, self.shape(), "at most five axes"));
        }
        for at in batch.iter().copied().chain((spatial..3).map(|_| 2)) {
            self.shape.copy_within(at..MAX_NDIM - 1, at + 1);
            self.strides.copy_within(at..MAX_NDIM - 1, at + 1);
            (self.shape[at], self.strides[at]) = (1, 0);
        }
        self.ndim = 5;
        Ok(self)
    }

    fn check_type<T: Element>(&self, name: &'static str) -> Result<()> {
        if !self.dtype.can_be_read_as(T::DTYPE) {
            return Err(Error::dtype(name, self.dtype, T::DTYPE.name()));
        }
        Ok(())
    }

    /// A view made by `view` of the lowest element, its shape and strides that are not negative.
    fn with_ndarray<T, V>(&self, first: *const u8, view: impl FnOnce(*const T, IxDyn, IxDyn) -> V) -> (V, Vec<Axis>) {
        let reach = self.checked_reach();
        let empty = reach.extent == 0;
        let strides = self.strides().iter().zip(self.shape());
        // The stride along an axis of one element is never taken.
        let strides: Vec<usize> =
            strides.map(|(stride, len)| if *len > 1 && !empty { stride.unsigned_abs() } else { 0 }).collect();
        let reversed = (0..self.ndim).filter(|axis| self.strides[*axis] < 0 && self.shape[*axis] > 1);
        let reversed = reversed.filter(|_| !empty).map(Axis).collect();
        let lowest = if empty {
            std::ptr::NonNull::<T>::dangling().as_ptr().cast_const()
        } else {
            first.cast::<T>().wrapping_offset(reach.lowest)
        };
        (view(lowest, IxDyn(self.shape()), IxDyn(&strides)), reversed)
    }
}

/// What both kinds of arrays tell.
macro_rules! tell_layout {
    ($($array:ident)*) => {$(
        impl $array<'_> {
            /// The type of the elements.
            pub fn dtype(&self) -> DType {
                self.layout.dtype
            }

            /// The number of elements along each axis.
            pub fn shape(&self) -> &[usize] {
                self.layout.shape()
            }

            /// The distance of neighbours along each axis, in elements.
            pub fn strides(&self) -> &[isize] {
                self.layout.strides()
            }

            /// The number of axes.
            pub fn ndim(&self) -> usize {
                self.layout.ndim
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                self.layout.len()
            }

            /// Whether there is no element.
            pub fn is_empty(&self) -> bool {
                self.layout.is_empty()
            }

            /// The addresses from the first byte to the end of the last in memory; none of an empty array.
            pub fn addresses(&self) -> Range<usize> {
                self.layout.bytes(self.first)
            }
        }
    )*};
}

tell_layout!(ArrayRef ArrayMut);

impl<'a> ArrayRef<'a> {
    /// The array of a typed view.
    ///
    /// # Errors
    /// [`Error::Shape`] where it has more than [`MAX_NDIM`] axes.
    pub fn of<T: Element, D: Dimension>(name: &'static str, view: ArrayView<'a, T, D>) -> Result<Self> {
        let layout = Layout::new(name, T::DTYPE, view.shape(), view.strides())?;
        Ok(Self { layout, first: view.as_ptr().cast(), memory: PhantomData })
    }

    /// An array at `data`: element (i, j, ...) lies at `data` plus `i * strides[0] + j * strides[1] + ...` elements.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are more than [`MAX_NDIM`] axes or not as many strides; [`Error::Overflow`] where
    /// its bytes cannot be addressed; [`Error::Argument`] where it has elements and `data` is null or not aligned.
    ///
    /// # Safety
    /// The elements are in memory of one allocation that lives and is not written during `'a`; those of `Bool` are 0
    /// or 1.
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
    /// [`Error::DataType`] where the elements are not `T`; those of `Bool` can be read as `u8` too.
    pub fn view<T: Element>(&self, name: &'static str) -> Result<ArrayViewD<'a, T>> {
        self.layout.check_type::<T>(name)?;
        // SAFETY: the elements are of this type, or truth values, which are bytes.
        Ok(unsafe { self.cast() })
    }

    /// # Safety
    /// The bytes of each element are a `T`.
    unsafe fn cast<T: Element>(&self) -> ArrayViewD<'a, T> {
        let (mut view, reversed) = self.layout.with_ndarray(self.first, |lowest: *const T, shape, strides| {
            // SAFETY: whoever made the array has promised its elements for `'a`, `new` has checked that they can be
            // addressed, and that the address is aligned follows from where it came: a view or `check_address`.
            unsafe { ArrayView::from_shape_ptr(shape.strides(strides), lowest) }
        });
        reversed.into_iter().for_each(|axis| view.invert_axis(axis));
        view
    }

    /// The five axes (N,C,Z,Y,X) of an array of a batch, with or without channels, or of an image without both, of
    /// `spatial` axes.
    ///
    /// # Errors
    /// [`Error::Shape`] where there are more.
    #[doc(hidden)]
    pub fn five(&self, name: &'static str, spatial: usize) -> Result<Self> {
        Ok(Self { layout: self.layout.five(name, spatial)?, ..*self })
    }

    /// The elements as unsigned integers of their width, or of their own type, of five axes.
    ///
    /// # Panics
    /// Where there are not five axes, or `W` has another size.
    #[doc(hidden)]
    pub fn bits<W: Element>(&self) -> ArrayView5<'a, W> {
        assert!(self.layout.check_bits::<W>(), "{} as {}", self.dtype(), W::DTYPE);
        // SAFETY: the elements are numbers of this size, and any bytes are a `W`, which `check_bits` has seen.
        let view = unsafe { self.cast::<W>() };
        #[allow(clippy::expect_used, reason = "the doc says so")]
        view.into_dimensionality::<Ix5>().expect("five axes")
    }

    /// The elements `range` along an axis.
    ///
    /// # Panics
    /// Where there is no such axis, or the range leaves it.
    pub fn part(&self, axis: usize, range: Range<usize>) -> Self {
        let (layout, by) = self.layout.part(axis, range);
        Self { layout, first: self.first.wrapping_offset(by * self.dtype().size() as isize), ..*self }
    }

    /// The same array with its axes in another order: axis i of the result is axis `order[i]`.
    ///
    /// # Panics
    /// Where `order` does not have each axis once.
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

impl Layout {
    /// Whether any bytes of an element are a `W`: one of the same size which is no truth value, or the same type.
    fn check_bits<W: Element>(&self) -> bool {
        W::DTYPE == self.dtype || (W::DTYPE != DType::Bool && W::DTYPE.size() == self.dtype.size())
    }
}

impl<'a> ArrayMut<'a> {
    /// The array of a typed view.
    ///
    /// # Errors
    /// [`Error::Shape`] where it has more than [`MAX_NDIM`] axes.
    pub fn of<T: Element, D: Dimension>(name: &'static str, mut view: ArrayViewMut<'a, T, D>) -> Result<Self> {
        let layout = Layout::new(name, T::DTYPE, view.shape(), view.strides())?;
        Ok(Self { layout, first: view.as_mut_ptr().cast(), memory: PhantomData })
    }

    /// An array at `data`; see [`ArrayRef::from_raw`].
    ///
    /// # Errors
    /// Those of [`ArrayRef::from_raw`], and [`Error::Argument`] where two elements may share memory.
    ///
    /// # Safety
    /// The elements are in memory of one allocation that lives and is used by nothing else during `'a`; those of
    /// `Bool` are 0 or 1.
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
            let got = std::fmt::from_fn(|f| write!(f, "strides {strides:?} for shape {shape:?}"));
            return Err(Error::argument(name, got, "no two values in one place"));
        }
        Ok(Self { layout, first: data.cast(), memory: PhantomData })
    }

    /// The typed view.
    ///
    /// # Errors
    /// [`Error::DataType`] where the elements are not `T`.
    pub fn view_mut<T: Element>(&mut self, name: &'static str) -> Result<ArrayViewMutD<'_, T>> {
        if self.dtype() != T::DTYPE {
            return Err(Error::dtype(name, self.dtype(), T::DTYPE.name()));
        }
        // SAFETY: the elements are of this type.
        Ok(unsafe { self.reborrow().cast() })
    }

    /// # Safety
    /// The bytes of each element are a `T`, and those of each `T` that is written are an element.
    unsafe fn cast<T: Element>(self) -> ArrayViewMutD<'a, T> {
        let (mut view, reversed) = self.layout.with_ndarray(self.first, |lowest: *const T, shape, strides| {
            // SAFETY: whoever made the array has promised its elements for `'a` to it alone, no two of them share
            // memory, `new` has checked that they can be addressed, and the address is aligned as in `ArrayRef`.
            unsafe { ArrayViewMut::from_shape_ptr(shape.strides(strides), lowest.cast_mut()) }
        });
        reversed.into_iter().for_each(|axis| view.invert_axis(axis));
        view
    }

    /// The same array, borrowed for a shorter time.
    pub fn reborrow(&mut self) -> ArrayMut<'_> {
        ArrayMut { layout: self.layout, first: self.first, memory: PhantomData }
    }

    /// The array, to be read.
    pub fn array_ref(&self) -> ArrayRef<'_> {
        ArrayRef { layout: self.layout, first: self.first, memory: PhantomData }
    }

    /// [`ArrayRef::five`].
    ///
    /// # Errors
    /// [`Error::Shape`] where there are more.
    #[doc(hidden)]
    pub fn five(self, name: &'static str, spatial: usize) -> Result<Self> {
        Ok(Self { layout: self.layout.five(name, spatial)?, ..self })
    }

    /// [`ArrayRef::bits`]; what is written must be elements, as are bits that are copied from elements of the same
    /// type.
    ///
    /// # Panics
    /// Where there are not five axes, or `W` has another size.
    ///
    /// # Safety
    /// What is written to an array of `Bool` is 0 or 1.
    #[doc(hidden)]
    pub unsafe fn bits<W: Element>(self) -> ArrayViewMut5<'a, W> {
        assert!(self.layout.check_bits::<W>(), "{} as {}", self.dtype(), W::DTYPE);
        // SAFETY: as in `ArrayRef::bits`, and the caller promises what is written.
        let view = unsafe { self.cast::<W>() };
        #[allow(clippy::expect_used, reason = "the doc says so")]
        view.into_dimensionality::<Ix5>().expect("five axes")
    }

    /// The elements `range` along an axis.
    ///
    /// # Panics
    /// Where there is no such axis, or the range leaves it.
    pub fn part(self, axis: usize, range: Range<usize>) -> Self {
        let (layout, by) = self.layout.part(axis, range);
        Self { first: self.first.wrapping_offset(by * layout.dtype.size() as isize), layout, ..self }
    }

    /// The elements before `index` along an axis, and those from it on.
    ///
    /// # Panics
    /// Where there is no such axis, or `index` is beyond its end.
    pub fn split_at(self, axis: usize, index: usize) -> (Self, Self) {
        let end = self.shape()[axis];
        let low = Self { layout: self.layout, first: self.first, memory: PhantomData };
        // Both are parts of an array in which no two elements share memory, and have none in common.
        (low.part(axis, 0..index), self.part(axis, index..end))
    }

    /// Copies the elements of an array of the same shape and type, or of truth values to bytes.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::DataType`].
    pub fn assign(&mut self, name: &'static str, from: &ArrayRef<'_>) -> Result<()> {
        if from.shape() != self.shape() {
            return Err(Error::shape(name, self.shape(), format!("{:?}", from.shape())));
        }
        check_copy(name, self.dtype(), from.dtype())?;
        crate::with_width!(from.dtype(), W => {
            // SAFETY: numbers are copied as numbers of their width; truth values come from truth values.
            let (mut to, from) = unsafe { (self.reborrow().cast::<W>(), from.cast::<W>()) };
            to.assign(&from);
        });
        Ok(())
    }
}

/// Fails unless elements of type `from` can be copied to an array `name` of type `to`.
#[doc(hidden)]
pub(crate) fn check_copy(name: &'static str, to: DType, from: DType) -> Result<()> {
    if !from.can_be_read_as(to) {
        return Err(Error::dtype(name, to, from.name()));
    }
    Ok(())
}
