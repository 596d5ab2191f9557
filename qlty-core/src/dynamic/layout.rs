//! The type, shape and strides of an array, and what is derived from them.

use std::ops::Range;

use ndarray::{Axis, Ix5, IxDyn, ShapeBuilder, StrideShape};

use super::DType;
use crate::element::Element;
use crate::{Error, Result};

/// The maximum number of axes of an array.
pub const MAX_NDIM: usize = 6;

/// Type, shape and strides of an array.
///
/// The bytes of an array that has elements can be addressed: `new` checks it, and views of ndarray ensure it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) dtype: DType,
    pub(super) ndim: usize,
    /// The sizes of the first `ndim` axes; those after them are 1.
    pub(super) shape: [usize; MAX_NDIM],
    /// The distances between neighbours in elements; 0 after the first `ndim` axes.
    pub(super) strides: [isize; MAX_NDIM],
}

/// The memory range of an array in elements: the distance from the lowest element to the first, and the number of
/// elements from the lowest to the highest.
#[derive(Debug, Clone, Copy)]
struct Reach {
    lowest: isize,
    extent: usize,
}

impl Layout {
    pub(super) fn new(name: &'static str, dtype: DType, shape: &[usize], strides: &[isize]) -> Result<Self> {
        let layout = Self::of_view(name, dtype, shape, strides)?;
        layout.reach().ok_or_else(|| Error::Overflow { what: name, factors: shape.to_vec() })?;
        Ok(layout)
    }

    /// The layout of a view, whose bytes can be addressed as those of any view can.
    pub(super) fn of_view(name: &'static str, dtype: DType, shape: &[usize], strides: &[isize]) -> Result<Self> {
        if shape.len() > MAX_NDIM || shape.len() != strides.len() {
            return Err(Error::shape(name, shape, format!("at most {MAX_NDIM} axes, and a stride for each")));
        }
        let mut layout = Self { dtype, ndim: shape.len(), shape: [1; MAX_NDIM], strides: [0; MAX_NDIM] };
        layout.shape[..shape.len()].copy_from_slice(shape);
        layout.strides[..shape.len()].copy_from_slice(strides);
        Ok(layout)
    }

    /// Five axes without elements.
    pub(super) fn no_patches() -> Self {
        Self { dtype: DType::F32, ndim: 5, shape: [0, 0, 0, 0, 0, 1], strides: [0; MAX_NDIM] }
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape[..self.ndim]
    }

    pub(super) fn strides(&self) -> &[isize] {
        &self.strides[..self.ndim]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shape().contains(&0)
    }

    pub(super) fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// `None` if the bytes cannot be addressed.
    fn reach(&self) -> Option<Reach> {
        // The limit that ndarray sets for a shape, even if its strides are zero.
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

    /// [`Layout::reach`] of a layout whose bytes can be addressed.
    fn checked_reach(&self) -> Reach {
        self.reach().unwrap_or(Reach { lowest: 0, extent: 0 })
    }

    /// Whether two elements may share memory: true unless each stride is larger than the range covered by all smaller
    /// ones.
    pub(super) fn may_overlap(&self) -> bool {
        if self.is_empty() {
            return false;
        }
        let axes = self.shape().iter().zip(self.strides()).filter(|(len, _)| **len > 1);
        let mut axes: Vec<_> = axes.map(|(len, stride)| (stride.unsigned_abs(), *len)).collect();
        axes.sort_unstable();
        let mut reach = 0;
        axes.iter().any(|(stride, len)| {
            let overlapping = *stride <= reach;
            // This sum does not overflow: `new` has checked it.
            reach += stride * (len - 1);
            overlapping
        })
    }

    pub(super) fn bytes(&self, first: *const u8) -> Range<usize> {
        let (Reach { lowest, extent }, size) = (self.checked_reach(), self.dtype.size());
        if extent == 0 {
            return 0..0;
        }
        let start = (first as usize).wrapping_add_signed(lowest.wrapping_mul(size as isize));
        start..start + extent * size
    }

    pub(super) fn check_address(&self, name: &'static str, first: *const u8) -> Result<()> {
        let extent = self.checked_reach().extent;
        if extent > 0 && first.is_null() {
            return Err(argument(name, "data NULL".to_owned(), format!("{extent} values")));
        }
        let size = self.dtype.size();
        if extent > 0 && first as usize % size != 0 {
            let expected = format!("an address that is a multiple of {size}");
            return Err(argument(name, format!("data at {first:?}"), expected));
        }
        Ok(())
    }

    /// The elements `range` along an axis, and the offset of the new first element.
    pub(super) fn part(mut self, axis: usize, range: Range<usize>) -> (Self, isize) {
        assert!(axis < self.ndim && range.start <= range.end && range.end <= self.shape[axis], "a part of the array");
        self.shape[axis] = range.len();
        // An empty array has no address to move.
        let by = if self.is_empty() { 0 } else { self.strides[axis] * range.start as isize };
        (self, by)
    }

    /// The five axes (N,C,Z,Y,X) of a batch with `spatial` spatial axes, with or without channels, or of a window or an
    /// image without both.
    pub(super) fn five(mut self, name: &'static str, spatial: usize) -> Result<Self> {
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

    /// (N,C,Z,Y,X) with interleaved channels merged into X; see [`crate::interleaved`].
    pub(super) fn with_channels_in_rows(mut self) -> Self {
        self.shape[4] *= self.shape[1];
        (self.strides[4], self.shape[1], self.strides[1]) = (1, 1, 0);
        self
    }

    pub(super) fn check_type<T: Element>(&self, name: &'static str) -> Result<()> {
        if !self.dtype.can_be_read_as(T::DTYPE) {
            return Err(Error::dtype(name, self.dtype, T::DTYPE.name()));
        }
        Ok(())
    }

    /// Whether neighbours along an axis are looked for at lower addresses.
    fn is_reversed(&self, axis: usize) -> bool {
        self.strides[axis] < 0 && self.shape[axis] > 1
    }

    /// The lowest element of an array that starts at `first`. Without elements it points nowhere.
    fn lowest<T>(&self, first: *const u8) -> *const T {
        if self.is_empty() {
            return std::ptr::NonNull::dangling().as_ptr();
        }
        let back = (0..self.ndim).filter(|axis| self.is_reversed(*axis));
        let back: isize = back.map(|axis| self.strides[axis] * (self.shape[axis] - 1) as isize).sum();
        first.cast::<T>().wrapping_offset(back)
    }

    /// The strides of a view that starts at the lowest element; those along axes of one element are not used.
    fn ascending(&self) -> [usize; MAX_NDIM] {
        std::array::from_fn(|axis| if self.shape[axis] > 1 { self.strides[axis].unsigned_abs() } else { 0 })
    }

    /// A view created by `view` from the lowest element, its shape and non-negative strides, and the axes to reverse.
    pub(super) fn with_ndarray<T, V>(
        &self,
        first: *const u8,
        view: impl FnOnce(*const T, StrideShape<IxDyn>) -> V,
    ) -> (V, Vec<Axis>) {
        let (lowest, shape) = (self.lowest(first), IxDyn(self.shape()));
        if self.is_empty() {
            // Without strides ndarray takes those that it gives all arrays without elements, zeros: then no part of the
            // view moves its pointer, which points nowhere.
            return (view(lowest, shape.into()), Vec::new());
        }
        let strides = IxDyn(&self.ascending()[..self.ndim]);
        let reversed = (0..self.ndim).filter(|axis| self.is_reversed(*axis)).map(Axis).collect();
        (view(lowest, shape.strides(strides)), reversed)
    }

    /// [`Layout::with_ndarray`] of five axes, which allocates nothing.
    ///
    /// # Panics
    /// If there are not five axes.
    pub(super) fn with_five<T, V>(
        &self,
        first: *const u8,
        view: impl FnOnce(*const T, StrideShape<Ix5>) -> V,
    ) -> (V, [bool; 5]) {
        assert!(self.ndim == 5, "{:?} has not five axes", self.shape());
        let [n, c, z, y, x, _] = self.shape;
        let (lowest, shape) = (self.lowest(first), Ix5(n, c, z, y, x));
        if self.is_empty() {
            return (view(lowest, shape.into()), [false; 5]);
        }
        let [n, c, z, y, x, _] = self.ascending();
        (view(lowest, shape.strides(Ix5(n, c, z, y, x))), std::array::from_fn(|axis| self.is_reversed(axis)))
    }

    /// Whether any bytes of an element are a valid `W`: a type of the same size other than `bool`, or the same type.
    pub(super) fn check_bits<W: Element>(&self) -> bool {
        W::DTYPE == self.dtype || (W::DTYPE != DType::Bool && W::DTYPE.size() == self.dtype.size())
    }
}

/// The accessors that both array types share.
macro_rules! layout_accessors {
    ($array:ident) => {
        impl $array<'_> {
            /// The type of the elements.
            pub fn dtype(&self) -> DType {
                self.layout.dtype
            }

            /// The number of elements along each axis.
            pub fn shape(&self) -> &[usize] {
                self.layout.shape()
            }

            /// The distance between neighbours along each axis, in elements.
            pub fn strides(&self) -> &[isize] {
                self.layout.strides()
            }

            /// The number of axes.
            pub fn ndim(&self) -> usize {
                self.layout.ndim
            }

            /// The number of elements along the first axis, such as that of patches; 0 without axes.
            pub(crate) fn outer_len(&self) -> usize {
                self.shape().first().copied().unwrap_or(0)
            }

            /// The number of elements.
            pub fn len(&self) -> usize {
                self.layout.len()
            }

            /// Whether there is no element.
            pub fn is_empty(&self) -> bool {
                self.layout.is_empty()
            }

            /// The address range from the first byte to the end of the last; empty for an empty array.
            pub fn addresses(&self) -> Range<usize> {
                self.layout.bytes(self.first)
            }
        }
    };
}
pub(super) use layout_accessors;

/// An [`Error::Argument`] whose `got` is a phrase.
pub(super) fn argument(name: &'static str, got: String, expected: String) -> Error {
    Error::Argument { argument: name.to_owned(), got, expected }
}
