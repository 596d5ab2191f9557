//! Arrays of the host as arrays of the crates.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Range;

use qlty_core::dynamic::{ArrayMut, ArrayRef, MAX_NDIM};
use qlty_core::{DType, Error};

use crate::arguments::{required, size};
use crate::dtype::{host_dtype, mismatch, qlty_dtype};
use crate::error::{Failure, Outcome, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_OVERFLOW, QLTY_STATUS_SHAPE};

/// The most axes that an array can have.
pub const QLTY_MAX_NDIM: usize = 6;

const _: () = assert!(QLTY_MAX_NDIM == MAX_NDIM, "the crates take the same arrays");

/// An array in memory of the host.
///
/// Value (i, j, ...) is at `data`, as a pointer to values of `dtype`, plus `i * strides[0] + j * strides[1] + ...`:
/// strides count values, not bytes. They may be negative; those of an input may be zero. Only the first `ndim` numbers
/// of `shape` and `strides` are read. `data` is aligned for its type, and is ignored if the array has no values.
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

// Without padding, as a field of a struct that begins with its size must be.
const _: () = assert!(size_of::<qlty_array>() == size_of::<*mut c_void>() + 2 * 4 + 2 * 8 * QLTY_MAX_NDIM);

impl qlty_array {
    /// All bytes are 0.
    pub(crate) const EMPTY: Self =
        Self { data: std::ptr::null_mut(), dtype: 0, ndim: 0, shape: [0; QLTY_MAX_NDIM], strides: [0; QLTY_MAX_NDIM] };

    /// An array of this type and shape in C order, of no memory yet.
    pub(crate) fn describe(dtype: qlty_dtype, shape: &[usize]) -> Outcome<Self> {
        let mut array = Self { dtype, ..Self::EMPTY };
        let mut stride = 1i64;
        for (axis, len) in shape.iter().enumerate().rev() {
            array.shape[axis] = i64::try_from(*len).map_err(|_| too_large("shape"))?;
            array.strides[axis] = stride;
            stride = stride.checked_mul(array.shape[axis].max(1)).ok_or_else(|| too_large("shape"))?;
        }
        array.ndim = i32::try_from(shape.len()).map_err(|_| too_large("shape"))?;
        Ok(array)
    }

    /// The number of values along each axis.
    pub(crate) fn shape(&self, name: &str) -> Outcome<Vec<usize>> {
        let ndim = usize::try_from(self.ndim).ok().filter(|ndim| (1..=QLTY_MAX_NDIM).contains(ndim));
        let Some(ndim) = ndim else {
            return Err(Failure::argument(format!("{name}: got ndim {}, expected 1 to {QLTY_MAX_NDIM}", self.ndim)));
        };
        let shape = &self.shape[..ndim];
        let sizes: Result<Vec<_>, _> = shape.iter().map(|len| usize::try_from(*len)).collect();
        sizes.map_err(|_| {
            Failure::new(QLTY_STATUS_SHAPE, format!("{name}: got shape {shape:?}, expected 0 or more along each axis"))
        })
    }

    /// What the crates take an array of: its address, type, shape and strides.
    fn parts(&self, name: &str) -> Outcome<(*mut c_void, DType, Vec<usize>, Vec<isize>)> {
        let dtype = host_dtype(name, self.dtype)?;
        let shape = self.shape(name)?;
        let strides = self.strides.iter().take(shape.len()).map(|stride| isize::try_from(*stride));
        let strides = strides.collect::<Result<_, _>>().map_err(|_| too_large(name))?;
        Ok((self.data, dtype, shape, strides))
    }
}

/// The arrays of a call: makes those of the crates out of those of the host, and makes sure that no output shares
/// memory with another array.
#[derive(Debug)]
pub(crate) struct Arrays<'a> {
    /// The names and addresses of all arrays so far.
    seen: Vec<(&'static str, Range<usize>)>,
    memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Arrays<'a> {
    /// # Safety
    /// All arrays that are given to the result describe, as far as their shapes have values, memory that lives during
    /// `'a`. During `'a`, other than by the result, nobody writes the values of inputs or uses those of outputs.
    pub(crate) unsafe fn of_call() -> Self {
        Self { seen: Vec::new(), memory: PhantomData }
    }

    /// An array to be read.
    pub(crate) fn input(&mut self, name: &'static str, array: Option<&qlty_array>) -> Outcome<ArrayRef<'a>> {
        let (data, dtype, shape, strides) = required(name, array)?.parts(name)?;
        // SAFETY: the promise of `of_call`; no type that `parts` gives is `Bool`.
        let array = unsafe { ArrayRef::from_raw(name, data, dtype, &shape, &strides) }.map_err(renamed(name))?;
        self.seen.push((name, array.addresses()));
        Ok(array)
    }

    /// An array to be written, which overlaps with no array before it.
    pub(crate) fn output(&mut self, name: &'static str, array: Option<&qlty_array>) -> Outcome<ArrayMut<'a>> {
        let (data, dtype, shape, strides) = required(name, array)?.parts(name)?;
        // SAFETY: the promise of `of_call`, and below it is made sure that no other array of the call overlaps.
        let array = unsafe { ArrayMut::from_raw(name, data, dtype, &shape, &strides) }.map_err(renamed(name))?;
        let own = array.addresses();
        if let Some((other, _)) = self.seen.iter().find(|(_, other)| own.start < other.end && other.start < own.end) {
            return Err(Failure::argument(format!("{name}: got memory that overlaps with {other}, expected none")));
        }
        self.seen.push((name, own));
        Ok(array)
    }

    /// [`Arrays::input`], of one of these types.
    pub(crate) fn input_of(
        &mut self,
        name: &'static str,
        array: Option<&qlty_array>,
        dtypes: &[DType],
    ) -> Outcome<ArrayRef<'a>> {
        check_dtype(name, array, dtypes)?;
        self.input(name, array)
    }

    /// [`Arrays::output`], of one of these types.
    pub(crate) fn output_of(
        &mut self,
        name: &'static str,
        array: Option<&qlty_array>,
        dtypes: &[DType],
    ) -> Outcome<ArrayMut<'a>> {
        check_dtype(name, array, dtypes)?;
        self.output(name, array)
    }

    /// [`Arrays::input`], or nothing for NULL.
    pub(crate) fn optional_input(
        &mut self,
        name: &'static str,
        array: Option<&qlty_array>,
    ) -> Outcome<Option<ArrayRef<'a>>> {
        array.map(|array| self.input(name, Some(array))).transpose()
    }

    /// [`Arrays::output`], or nothing for NULL.
    pub(crate) fn optional_output(
        &mut self,
        name: &'static str,
        array: Option<&qlty_array>,
    ) -> Outcome<Option<ArrayMut<'a>>> {
        array.map(|array| self.output(name, Some(array))).transpose()
    }

    /// The indices in an array (K) of type i64.
    pub(crate) fn indices(&mut self, name: &'static str, indices: Option<&qlty_array>) -> Outcome<Vec<usize>> {
        let indices = self.input_of(name, indices, &[DType::I64])?;
        check_ndim(name, indices.shape(), 1)?;
        collect(name, indices.view::<i64>(name)?.iter().map(|index| size(name, *index)))
    }

    /// The indices of `patches`, one for each, in an array (P) of type i64.
    pub(crate) fn indices_of(&mut self, patches: &ArrayRef<'_>, indices: Option<&qlty_array>) -> Outcome<Vec<usize>> {
        let (got, count) = (required("indices", indices)?.shape("indices")?[0], patches.shape()[0]);
        if got != count {
            return Err(Failure::argument(format!("number of indices: got {got}, expected {count}, one per patch")));
        }
        self.indices("indices", indices)
    }
}

/// Writes `values` to the front of an array (K) of type i64, which may have room for more.
pub(crate) fn write_indices(name: &'static str, array: &mut ArrayMut<'_>, values: &[usize]) -> Outcome {
    check_ndim(name, array.shape(), 1)?;
    array.view_mut::<i64>(name)?.iter_mut().zip(values).for_each(|(to, index)| *to = *index as i64);
    Ok(())
}

/// Fails if an array is there and has none of these types.
fn check_dtype(name: &str, array: Option<&qlty_array>, dtypes: &[DType]) -> Outcome {
    let Some(array) = array else { return Ok(()) };
    let dtype = host_dtype(name, array.dtype)?;
    if dtypes.contains(&dtype) {
        return Ok(());
    }
    let names: Vec<_> =
        dtypes.iter().map(|dtype| if *dtype == DType::U8 { "u8 or bool" } else { dtype.name() }).collect();
    Err(mismatch(name, dtype, &names.join(" or ")))
}

/// Makes an error of a crate name an argument as the header does.
pub(crate) fn argument<E: Into<Failure>>(name: &str) -> impl FnOnce(E) -> Failure {
    move |error| {
        let Failure { status, message } = error.into();
        match message.split_once(": ") {
            Some((_, rest)) => Failure::new(status, format!("{name}: {rest}")),
            None => Failure::new(status, message),
        }
    }
}

/// Fails if an array has another number of axes.
pub(crate) fn check_ndim(name: &str, shape: &[usize], ndim: usize) -> Outcome {
    if shape.len() == ndim {
        return Ok(());
    }
    let message = format!("{name}: got {} axes, shape {shape:?}, expected {ndim}", shape.len());
    Err(Failure::new(QLTY_STATUS_SHAPE, message))
}

/// Fails if an array of the host does not have this shape.
pub(crate) fn check_shape(name: &str, got: &[usize], expected: &[usize]) -> Outcome {
    if got == expected {
        return Ok(());
    }
    Err(Failure::new(QLTY_STATUS_SHAPE, format!("{name}: got shape {got:?}, expected {expected:?}")))
}

/// Collects values of the host. With strides of zero a huge shape costs the host no memory, so ours may not suffice.
pub(crate) fn collect<T>(name: &str, values: impl ExactSizeIterator<Item = Outcome<T>>) -> Outcome<Vec<T>> {
    let mut collected = Vec::new();
    let expected = || format!("{name}: no memory for {} values", values.len());
    collected.try_reserve_exact(values.len()).map_err(|_| Failure::new(QLTY_STATUS_OUT_OF_MEMORY, expected()))?;
    for value in values {
        collected.push(value?);
    }
    Ok(collected)
}

fn too_large(name: &str) -> Failure {
    Failure::new(QLTY_STATUS_OVERFLOW, format!("{name}: got a shape and strides that reach beyond the address space"))
}

/// The failure for an array that the crates do not take.
fn renamed(name: &str) -> impl FnOnce(Error) -> Failure {
    move |error| match error {
        Error::Overflow { .. } => too_large(name),
        error => error.into(),
    }
}
