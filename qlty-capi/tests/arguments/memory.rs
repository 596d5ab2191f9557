//! Arrays in memory that is watched, and numbers, of which some make no sense.

use std::mem::MaybeUninit;
use std::ptr::null_mut;

use qlty::*;
use qlty_tests::fuzz::Draws;

/// Where data begins, and what is left behind it, in bytes.
const MARGIN: usize = 4096;
/// What may be described, in bytes.
const ROOM: usize = 1 << 16;
const FILLING: u8 = 0xa5;

/// An array and its memory. What describes none has memory too, which must stay as it is.
#[derive(Debug)]
pub(crate) struct Memory {
    /// Of eight bytes each, so that every type is aligned.
    words: Vec<u64>,
    pub(crate) array: qlty_array,
    /// The pointer to the array is NULL.
    is_null: bool,
}

impl Memory {
    /// An array of this type and shape, in C order.
    pub(crate) fn new(dtype: qlty_dtype, shape: &[i64]) -> Self {
        let mut words = vec![u64::from_ne_bytes([FILLING; 8]); (ROOM + 2 * MARGIN) / 8];
        // Indices that differ, flags that are set, and zeros of any other type.
        let inside = words[MARGIN / 8..(MARGIN + ROOM) / 8].iter_mut().enumerate();
        inside.for_each(|(index, word)| {
            *word = match dtype {
                QLTY_DTYPE_I64 => index as u64,
                QLTY_DTYPE_BOOL => u64::from_ne_bytes([1; 8]),
                _ => 0,
            };
        });
        let array = qlty_array { data: null_mut(), dtype, ndim: shape.len() as i32, shape: [0; 6], strides: [0; 6] };
        let mut new = Self { words, array, is_null: false };
        new.array.shape[..shape.len()].copy_from_slice(shape);
        new.lay(|_| 1);
        new
    }

    /// Sets strides that fit: C order, times -1, 0 or 1 along each axis. What is too long becomes empty.
    fn lay(&mut self, mut times: impl FnMut(usize) -> i64) {
        let array = &mut self.array;
        let (mut stride, mut lowest) = (1i64, 0i64);
        for axis in (0..array.ndim as usize).rev() {
            let length = array.shape[axis].max(1);
            array.strides[axis] = stride * times(axis);
            lowest += array.strides[axis].min(0) * (length - 1);
            stride = stride.saturating_mul(length);
        }
        let size = bytes(array.dtype);
        if (stride as usize).saturating_mul(size) > ROOM {
            array.shape[0] = 0;
        }
        let first = self.words.as_mut_ptr().cast::<u8>().wrapping_add(MARGIN);
        array.data = first.wrapping_offset(-lowest as isize * size as isize).cast();
    }

    /// An array of about this type and shape, or something else.
    pub(crate) fn draw(draws: &mut Draws<'_>, dtype: qlty_dtype, shape: &[i64]) -> Self {
        let mut new = Self::new(dtype, shape);
        if !strange(draws) {
            return new;
        }
        if draws.once_in(3) {
            new.array.dtype = draws.one_of(&[1, 3, 5, 7, 9, 10, 11, 12, 13, 8]);
        }
        if draws.once_in(4) {
            let axis = draws.below(6);
            new.array.shape[axis] = draws.one_of(&[0, 1, 2, 3, 5, 17]);
        }
        if draws.once_in(8) {
            new.array.ndim = draws.one_of(&[1, 2, 3, 4, 5, 6]);
            new.array.shape.iter_mut().filter(|length| **length == 0).for_each(|length| *length = 1);
        }
        new.lay(|_| match draws.byte() % 12 {
            10 => 0,
            11 => -1,
            _ => 1,
        });
        let axes = new.array.ndim as usize;
        let array = &mut new.array;
        if array.shape[..axes].contains(&0) && draws.once_in(2) {
            array.data = null_mut();
        }
        // What no call may use.
        match draws.byte() % 12 {
            0 => array.data = null_mut(),
            1 => array.data = array.data.cast::<u8>().wrapping_add(1).cast(),
            2 => array.dtype = draws.one_of(&[0, -1, 14, i32::MAX, i32::MIN]),
            3 => array.ndim = draws.one_of(&[0, -1, 7, i32::MAX, i32::MIN]),
            4 => array.shape[draws.below(axes)] = draws.one_of(&[-1, i64::MIN]),
            // The product of two of them is no number.
            5 if axes > 1 => array.shape[..2].fill(draws.one_of(&[i64::MAX, 1 << 40, 1 << 32])),
            6 => array.strides = [draws.one_of(&[i64::MAX, i64::MIN]); 6],
            _ => {}
        }
        new.is_null = draws.once_in(12);
        new
    }

    pub(crate) fn pointer(&self) -> Option<&qlty_array> {
        (!self.is_null).then_some(&self.array)
    }

    /// Fails if something was written outside the memory of the array.
    pub(crate) fn check(&self) {
        let filling = u64::from_ne_bytes([FILLING; 8]);
        let (before, after) = (&self.words[..MARGIN / 8], &self.words[(MARGIN + ROOM) / 8..]);
        assert!(before.iter().chain(after).all(|word| *word == filling), "memory outside {:?} was written", self.array);
    }
}

/// The bytes of a value.
fn bytes(dtype: qlty_dtype) -> usize {
    match dtype {
        QLTY_DTYPE_U8 | QLTY_DTYPE_I8 | QLTY_DTYPE_BOOL => 1,
        QLTY_DTYPE_U16 | QLTY_DTYPE_I16 | QLTY_DTYPE_F16 | QLTY_DTYPE_BF16 => 2,
        QLTY_DTYPE_U32 | QLTY_DTYPE_I32 | QLTY_DTYPE_F32 => 4,
        _ => 8,
    }
}

/// Whether something is to be strange: not often, since a call of which two things are strange is refused for one of
/// them.
pub(crate) fn strange(draws: &mut Draws<'_>) -> bool {
    draws.once_in(14)
}

/// A number that a call might get.
pub(crate) fn number(draws: &mut Draws<'_>, usual: i64) -> i64 {
    if strange(draws) { draws.one_of(&[-1, i64::MAX, i64::MIN, 0, 1 << 40, usual + 1, 1]) } else { usual }
}

/// The size that a struct begins with, or another that no version of it has.
pub(crate) fn struct_size<T>(draws: &mut Draws<'_>) -> u32 {
    let size = size_of::<T>() as u32;
    if strange(draws) { draws.one_of(&[0, 4, size / 2, u32::MAX]) } else { size }
}

/// Where a call stores an error.
pub(crate) type Error<'a> = Option<&'a mut MaybeUninit<*mut qlty_error>>;

/// A place for an output.
pub(crate) fn place<T>(output: &mut T) -> Option<&mut MaybeUninit<T>> {
    // SAFETY: the layout is the same, and calls write values only.
    Some(unsafe { &mut *(&raw mut *output).cast() })
}

/// The handle, to be freed.
///
/// # Safety
/// It is NULL, or a call has stored it and it has not been freed.
pub(crate) unsafe fn owned<T>(handle: *mut T) -> Option<Box<T>> {
    // SAFETY: the caller's promise.
    (!handle.is_null()).then(|| unsafe { Box::from_raw(handle) })
}

/// Calls, with a place for an error, which comes where the call fails and says something, and else does not.
pub(crate) fn call(name: &str, function: impl FnOnce(Error<'_>) -> qlty_status) -> bool {
    let mut error: *mut qlty_error = null_mut();
    let status = function(place(&mut error));
    assert_ne!(status, QLTY_STATUS_PANIC, "{name} has panicked");
    assert_eq!(status == QLTY_STATUS_OK, error.is_null(), "{name}: status {status}");
    if !error.is_null() {
        // SAFETY: an error that was just stored, freed once.
        unsafe {
            let message = std::ffi::CStr::from_ptr(qlty_error_message(error.as_ref())).to_str();
            assert!(!message.unwrap_or_default().is_empty(), "{name}: an error without a text");
            qlty_error_free(owned(error));
        }
    }
    status == QLTY_STATUS_OK
}

/// Options as their function fills them.
pub(crate) fn initial<O>(init: unsafe extern "C" fn(*mut O, u32, Error<'_>) -> qlty_status) -> O {
    // SAFETY: options are numbers and pointers, all of which may be zero.
    let mut options: O = unsafe { std::mem::zeroed() };
    // SAFETY: the options are as large as is said, and the error is a place for one.
    assert!(call("options", |error| unsafe { init(&mut options, size_of::<O>() as u32, error) }));
    options
}
