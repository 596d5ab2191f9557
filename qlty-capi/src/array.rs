//! Arrays of the host, as views.

use std::ffi::c_void;
use std::ops::Range;

use ndarray::{ArrayView, ArrayView1, ArrayViewD, ArrayViewMut, ArrayViewMutD, Axis, Dimension, IxDyn, ShapeBuilder};

use crate::dtype::{Typed, mismatch, qlty_dtype, with_type};
use crate::error::{
    Failure, Outcome, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_OVERFLOW, QLTY_STATUS_SHAPE, borrow, size,
};

/// The most axes that an array can have.
pub const QLTY_MAX_NDIM: usize = 6;

/// An array in the host's memory.
///
/// Value (i, j, ...) lies at `data`, taken as a pointer to values of `dtype`, plus
/// `i * strides[0] + j * strides[1] + ...`: strides count values, not bytes, and may be negative
/// or, in an input, zero. Of `shape` and `strides` the first `ndim` numbers count. `data` is aligned
/// for its type, and is not looked at where the array has no values.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_array {
    /// The value at (0, 0, ...).
    pub data: *mut c_void,
    /// The type of the values, a QLTY_DTYPE.
    pub dtype: qlty_dtype,
    /// The number of axes, 1 to 6.
    pub ndim: i32,
    /// The number of values along each axis.
    pub shape: [i64; QLTY_MAX_NDIM],
    /// The distance of neighbours along each axis, in values.
    pub strides: [i64; QLTY_MAX_NDIM],
}

/// What an array needs: its shape, its strides where they are not negative, and the bytes.
#[derive(Debug)]
struct Layout {
    shape: Vec<usize>,
    strides: Vec<usize>,
    /// The axes along which the host counts backwards.
    reversed: Vec<Axis>,
    /// The value of the lowest address, counted from `data`.
    lowest: isize,
    /// The number of values between the first and the last in memory, both included.
    extent: usize,
}

impl qlty_array {
    /// An array of this type and shape in C order, of no memory yet.
    pub(crate) fn describe(dtype: qlty_dtype, shape: &[usize]) -> Outcome<Self> {
        let mut array = Self { data: std::ptr::null_mut(), dtype, ndim: 0, shape: [0; 6], strides: [0; 6] };
        let mut stride = 1i64;
        for (axis, len) in shape.iter().enumerate().rev() {
            array.shape[axis] = i64::try_from(*len).map_err(|_| too_large("shape"))?;
            array.strides[axis] = stride;
            stride = stride.checked_mul(array.shape[axis].max(1)).ok_or_else(|| too_large("shape"))?;
        }
        array.ndim = i32::try_from(shape.len()).map_err(|_| too_large("shape"))?;
        Ok(array)
    }

    fn layout<T: Typed>(&self, name: &str) -> Outcome<Layout> {
        if !T::accepts(self.dtype) {
            return Err(mismatch(name, self.dtype, &crate::dtype::name(T::DTYPE)));
        }
        let shape = self.shape(name)?;
        let ndim = shape.len();
        let mut layout = Layout { strides: vec![0; ndim], reversed: Vec::new(), lowest: 0, extent: 0, shape };
        if layout.shape.contains(&0) {
            return Ok(layout);
        }
        let mut last = 0usize;
        for (axis, len) in layout.shape.iter().enumerate().filter(|(_, len)| **len > 1) {
            let stride = self.strides[axis];
            let reach = usize::try_from(stride.unsigned_abs()).ok().and_then(|stride| stride.checked_mul(len - 1));
            last = reach.and_then(|reach| last.checked_add(reach)).ok_or_else(|| too_large(name))?;
            if stride < 0 {
                layout.reversed.push(Axis(axis));
                layout.lowest -= reach.and_then(|reach| isize::try_from(reach).ok()).ok_or_else(|| too_large(name))?;
            }
            layout.strides[axis] = stride.unsigned_abs() as usize;
        }
        let bytes = last.checked_add(1).and_then(|values| values.checked_mul(size_of::<T>()));
        bytes.filter(|bytes| isize::try_from(*bytes).is_ok()).ok_or_else(|| too_large(name))?;
        layout.extent = last + 1;
        if self.data.is_null() {
            return Err(Failure::argument(format!("{name}: got data NULL, expected {} values", layout.extent)));
        }
        if !self.data.cast::<T>().is_aligned() {
            let expected = format!("an address that is a multiple of {}", align_of::<T>());
            return Err(Failure::argument(format!("{name}: got data at {:?}, expected {expected}", self.data)));
        }
        Ok(layout)
    }

    /// The number of values along each axis.
    pub(crate) fn shape(&self, name: &str) -> Outcome<Vec<usize>> {
        let ndim = usize::try_from(self.ndim).ok().filter(|ndim| (1..=QLTY_MAX_NDIM).contains(ndim));
        let Some(ndim) = ndim else {
            return Err(Failure::argument(format!("{name}: got ndim {}, expected 1 to {QLTY_MAX_NDIM}", self.ndim)));
        };
        let shape = &self.shape[..ndim];
        let sizes: Result<Vec<_>, _> = shape.iter().map(|len| usize::try_from(*len)).collect();
        let sizes = sizes.map_err(|_| {
            Failure::new(QLTY_STATUS_SHAPE, format!("{name}: got shape {shape:?}, expected 0 or more along each axis"))
        })?;
        // What ndarray asks of a shape, also of one whose strides are zero.
        let product = sizes
            .iter()
            .filter(|len| **len > 0)
            .try_fold(1isize, |product, len| isize::try_from(*len).ok().and_then(|len| product.checked_mul(len)));
        product.ok_or_else(|| too_large(name))?;
        Ok(sizes)
    }

    /// The bytes between the first and the last value; nothing where there is no value.
    fn bytes(&self, name: &str) -> Outcome<Range<usize>> {
        with_type!(name, self.dtype, T => {
            let layout = self.layout::<T>(name)?;
            let first = (self.data as usize).wrapping_add_signed(layout.lowest * size_of::<T>() as isize);
            Ok(first..first + layout.extent * size_of::<T>())
        })
    }

    /// A view for reading.
    ///
    /// # Safety
    /// The values are in memory that lives and is not written during `'a`.
    pub(crate) unsafe fn view<'a, T: Typed, Dim: Dimension>(&self, name: &str) -> Outcome<ArrayView<'a, T, Dim>> {
        let layout = self.layout::<T>(name)?;
        if layout.extent == 0 {
            let empty = ArrayViewD::from_shape(IxDyn(&layout.shape), &[]).map_err(|error| inconsistent(name, error))?;
            return typed(name, &layout.shape, empty.into_dimensionality().ok());
        }
        // SAFETY: `lowest` is the offset of a value of the array, by the caller's promise in the
        // same allocation as `data`.
        let first = unsafe { self.data.cast::<T>().cast_const().offset(layout.lowest) };
        // SAFETY: `first` is aligned and not null, `layout` has checked that the extent fits
        // `isize` in bytes, strides are not negative, and the caller promises the values.
        let mut view =
            unsafe { ArrayViewD::from_shape_ptr(IxDyn(&layout.shape).strides(IxDyn(&layout.strides)), first) };
        layout.reversed.iter().for_each(|axis| view.invert_axis(*axis));
        typed(name, &layout.shape, view.into_dimensionality().ok())
    }

    /// A view for writing, which shares no memory with `others`.
    ///
    /// # Safety
    /// The values are in memory that lives and is not used by anything else during `'a`, except
    /// possibly by `others`, which is checked.
    pub(crate) unsafe fn view_mut<'a, T: Typed, Dim: Dimension>(
        &self,
        name: &str,
        others: &[(&str, &qlty_array)],
    ) -> Outcome<ArrayViewMut<'a, T, Dim>> {
        let layout = self.layout::<T>(name)?;
        if layout.extent == 0 {
            let empty =
                ArrayViewMutD::from_shape(IxDyn(&layout.shape), &mut []).map_err(|error| inconsistent(name, error))?;
            return typed(name, &layout.shape, empty.into_dimensionality().ok());
        }
        if layout.is_overlapping() {
            let strides = &self.strides[..layout.shape.len()];
            let problem = format!("got strides {strides:?} for shape {:?}", layout.shape);
            return Err(Failure::argument(format!("{name}: {problem}, expected no two values in one place")));
        }
        let own = self.bytes(name)?;
        for (other, array) in others {
            let bytes = array.bytes(other)?;
            if own.start < bytes.end && bytes.start < own.end {
                return Err(Failure::argument(format!("{name}: got memory that overlaps with {other}, expected none")));
            }
        }
        // SAFETY: as in `view`.
        let first = unsafe { self.data.cast::<T>().offset(layout.lowest) };
        // SAFETY: as in `view`; no two values share memory, none is shared with `others`, and the
        // caller promises that nothing else uses them.
        let mut view =
            unsafe { ArrayViewMutD::from_shape_ptr(IxDyn(&layout.shape).strides(IxDyn(&layout.strides)), first) };
        layout.reversed.iter().for_each(|axis| view.invert_axis(*axis));
        typed(name, &layout.shape, view.into_dimensionality().ok())
    }
}

impl Layout {
    /// Whether two values may share memory: unless each stride is larger than all that the
    /// smaller ones reach.
    fn is_overlapping(&self) -> bool {
        let axes = self.strides.iter().zip(&self.shape).filter(|(_, len)| **len > 1);
        let mut axes: Vec<_> = axes.map(|(stride, len)| (*stride, *len)).collect();
        axes.sort_unstable();
        let mut reach = 0;
        axes.iter().any(|(stride, len)| {
            let overlapping = *stride <= reach;
            // `layout` has checked that the sum of these does not overflow.
            reach += stride * (len - 1);
            overlapping
        })
    }
}

fn typed<V>(name: &str, shape: &[usize], view: Option<V>) -> Outcome<V> {
    view.ok_or_else(|| {
        let message = format!("{name}: got {} axes, shape {shape:?}, expected another number of axes", shape.len());
        Failure::new(QLTY_STATUS_SHAPE, message)
    })
}

/// Collects values of the host's: a shape costs the host no memory where strides are zero, and ours
/// may not be enough.
pub(crate) fn collect<T>(name: &str, values: impl ExactSizeIterator<Item = Outcome<T>>) -> Outcome<Vec<T>> {
    let mut collected = Vec::new();
    let expected = || format!("{name}: no memory for {} values", values.len());
    collected.try_reserve_exact(values.len()).map_err(|_| Failure::new(QLTY_STATUS_OUT_OF_MEMORY, expected()))?;
    for value in values {
        collected.push(value?);
    }
    Ok(collected)
}

/// The indices in an array (K) of type i64.
///
/// # Safety
/// `indices` is NULL or an array whose values are not written during the call.
pub(crate) unsafe fn indices(name: &str, indices: *const qlty_array) -> Outcome<Vec<usize>> {
    // SAFETY: the caller's promise.
    let view: ArrayView1<'_, i64> = unsafe { borrow(name, indices)?.view(name) }?;
    collect(name, view.iter().map(|index| size(name, *index)))
}

/// The indices of patches in an array (P) of type i64, one for each.
///
/// # Safety
/// `indices` is NULL or an array whose values are not written during the call.
pub(crate) unsafe fn indices_of(patches: &qlty_array, indices: *const qlty_array) -> Outcome<Vec<usize>> {
    let count = patches.shape("patches")?[0];
    // SAFETY: the caller's promise.
    let got = unsafe { borrow("indices", indices) }?.shape("indices")?[0];
    if got != count {
        return Err(Failure::argument(format!("number of indices: got {got}, expected {count}, one per patch")));
    }
    // SAFETY: the caller's promise.
    unsafe { self::indices("indices", indices) }
}

fn too_large(name: &str) -> Failure {
    Failure::new(QLTY_STATUS_OVERFLOW, format!("{name}: got a shape and strides that reach beyond the address space"))
}

fn inconsistent(name: &str, error: ndarray::ShapeError) -> Failure {
    Failure::new(QLTY_STATUS_SHAPE, format!("{name}: {error}"))
}
