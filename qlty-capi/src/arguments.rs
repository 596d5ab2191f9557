//! Arguments of calls: pointers that must not be NULL, strings, lists of numbers, indices, and outputs.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;

use crate::error::{Failure, Outcome};

/// An argument that must not be NULL.
pub(crate) fn required<T>(name: &str, argument: Option<T>) -> Outcome<T> {
    argument.ok_or_else(|| Failure::argument(format!("{name}: got NULL, expected a pointer")))
}

/// Fails if a pointer to numbers, options or a string is NULL.
pub(crate) fn not_null<T>(name: &str, pointer: *const T) -> Outcome {
    required(name, (!pointer.is_null()).then_some(()))
}

/// Stores an output that the host may have left out.
pub(crate) fn store<T>(output: Option<&mut MaybeUninit<T>>, value: T) {
    if let Some(output) = output {
        output.write(value);
    }
}

/// Stores an output, which ends a call.
pub(crate) fn done<T>(output: &mut MaybeUninit<T>, value: T) -> Outcome {
    output.write(value);
    Ok(())
}

/// Stores a handle to `value`, which the host frees; this ends a call.
pub(crate) fn into_handle<T>(output: &mut MaybeUninit<*mut T>, value: T) -> Outcome {
    done(output, Box::into_raw(Box::new(value)))
}

/// A size or an index that crosses as a signed number.
pub(crate) fn size(name: &str, value: i64) -> Outcome<usize> {
    usize::try_from(value).map_err(|_| Failure::argument(format!("{name}: got {value}, expected 0 or more")))
}

/// A number of spatial axes.
pub(crate) fn axes(ndim: i32) -> Outcome<usize> {
    match ndim {
        2 => Ok(2),
        3 => Ok(3),
        other => Err(Failure::argument(format!("ndim: got {other}, expected 2 or 3"))),
    }
}

/// Sizes or indices in a list.
pub(crate) fn sizes(name: &str, values: &[i64]) -> Outcome<Vec<usize>> {
    values.iter().map(|value| size(name, *value)).collect()
}

/// `count` sizes or indices that the host points to.
///
/// # Safety
/// `numbers` is NULL or points to `count` numbers.
pub(crate) unsafe fn sizes_at(name: &str, numbers: *const i64, count: usize) -> Outcome<Vec<usize>> {
    not_null(name, numbers)?;
    // SAFETY: not null, and the caller promises `count` numbers.
    (0..count).map(|i| size(name, unsafe { numbers.add(i).read_unaligned() })).collect()
}

/// Where a box begins along `count` axes; NULL means at 0.
///
/// # Safety
/// As for [`sizes_at`].
pub(crate) unsafe fn start_at(start: *const i64, count: usize) -> Outcome<Vec<usize>> {
    // SAFETY: the caller's promise.
    if start.is_null() { Ok(vec![0; count]) } else { unsafe { sizes_at("start", start, count) } }
}

/// Stores numbers at a place that the host may have left out.
///
/// # Safety
/// `output` is NULL or has room for the values.
pub(crate) unsafe fn store_all<T>(output: *mut T, values: impl IntoIterator<Item = T>) {
    if output.is_null() {
        return;
    }
    for (i, value) in values.into_iter().enumerate() {
        // SAFETY: not null, and the caller promises room for each value.
        unsafe { output.add(i).write_unaligned(value) };
    }
}

/// A string of the host, in UTF-8.
///
/// # Safety
/// `pointer` is NULL or points to a string that ends with NUL and that nobody writes during `'a`.
pub(crate) unsafe fn text<'a>(name: &str, pointer: *const c_char) -> Outcome<&'a str> {
    not_null(name, pointer)?;
    // SAFETY: not null, and the caller promises a string that nobody writes.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|_| Failure::argument(format!("{name}: got {bytes:?}, expected UTF-8")))
}

/// A path of the host. An empty one is refused, since it means the current folder in some calls of the system and
/// nothing in others.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn path_text<'a>(name: &str, pointer: *const c_char) -> Outcome<&'a str> {
    // SAFETY: the caller's promise.
    match unsafe { text(name, pointer) }? {
        "" => Err(Failure::argument(format!("{name}: got \"\", expected a path"))),
        path => Ok(path),
    }
}

/// A string that the host may have left out.
///
/// # Safety
/// `pointer` is NULL or a string that nobody writes during `'a`.
pub(crate) unsafe fn optional<'a>(name: &str, pointer: *const c_char) -> Outcome<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { text(name, pointer) }.map(Some)
}

/// A string that lives as long as the handle that it is in.
pub(crate) fn lasting(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

/// The entry of a list at an index of the host.
pub(crate) fn at<'a, T>(name: &str, list: &'a [T], index: i64) -> Outcome<&'a T> {
    let found = usize::try_from(index).ok().and_then(|index| list.get(index));
    found.ok_or_else(|| Failure::argument(format!("{name}: got {index}, expected 0 to less than {}", list.len())))
}
