//! Statuses, errors, and the barrier that no panic passes.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use qlty_core::Error;

/// What came of a call.
pub type qlty_status = i32;

/// The call succeeded.
pub const QLTY_STATUS_OK: qlty_status = 0;
/// An argument has a value that the call cannot take, or is NULL where it must not be.
pub const QLTY_STATUS_INVALID_ARGUMENT: qlty_status = 1;
/// An array has another shape than the call asks for.
pub const QLTY_STATUS_SHAPE: qlty_status = 2;
/// An array has another type of values than the call asks for.
pub const QLTY_STATUS_DTYPE: qlty_status = 3;
/// A product of sizes does not fit the address space.
pub const QLTY_STATUS_OVERFLOW: qlty_status = 4;
/// The system did not give the memory that the call needs.
pub const QLTY_STATUS_OUT_OF_MEMORY: qlty_status = 5;
/// Patches are missing.
pub const QLTY_STATUS_INCOMPLETE: qlty_status = 6;
/// A patch was given twice.
pub const QLTY_STATUS_DUPLICATE: qlty_status = 7;
/// The progress function asked to stop. The values in an output array are then unspecified.
pub const QLTY_STATUS_CANCELLED: qlty_status = 8;
/// A defect of the library; please report it with the message.
pub const QLTY_STATUS_PANIC: qlty_status = 9;
/// The system, or Zarr underneath, refused to read or write a file.
pub const QLTY_STATUS_IO: qlty_status = 10;
/// A store does not hold what it should.
pub const QLTY_STATUS_STORE: qlty_status = 11;
/// There is something where a store is to be written, and it may not be replaced.
pub const QLTY_STATUS_EXISTS: qlty_status = 12;
/// A result on disk was begun with another geometry, or other options, than are given now.
pub const QLTY_STATUS_GEOMETRY: qlty_status = 13;
/// What is under the name of a result was not made by this library, so it is left alone.
pub const QLTY_STATUS_FOREIGN: qlty_status = 14;
/// A chunk of a Zarr array, or a file of the library's own, is cut short or does not hold what was written.
pub const QLTY_STATUS_DAMAGED: qlty_status = 15;
/// Another process, or another handle, is at the same work.
pub const QLTY_STATUS_BUSY: qlty_status = 16;
/// An image file is broken, of a kind that is not read, or does not go with the others of its stack.
pub const QLTY_STATUS_IMAGE: qlty_status = 17;

/// Why a call failed. Opaque; belongs to the caller, who frees it with qlty_error_free.
#[derive(Debug)]
pub struct qlty_error {
    status: qlty_status,
    message: CString,
}

/// The status that the failed call returned. Any thread. QLTY_STATUS_OK for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_status(error: *const qlty_error) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(QLTY_STATUS_OK, |error| error.status)
}

/// What went wrong, in UTF-8: what was got and what was expected. The string lives as long as the
/// error. Any thread. An empty string for NULL.
///
/// # Safety
/// `error` is NULL or an error that has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_message(error: *const qlty_error) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe { error.as_ref() }.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Frees an error. NULL is fine. Any thread.
///
/// # Safety
/// `error` is NULL or an error that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_free(error: *mut qlty_error) {
    if !error.is_null() {
        // SAFETY: errors are made by `Box::into_raw` in `guard`, and the caller frees one once.
        drop(unsafe { Box::from_raw(error) });
    }
}

/// A failure on its way to the caller.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: qlty_status,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: qlty_status, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(QLTY_STATUS_INVALID_ARGUMENT, message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::Shape { .. } => QLTY_STATUS_SHAPE,
            Error::Overflow { .. } => QLTY_STATUS_OVERFLOW,
            Error::OutOfMemory { .. } => QLTY_STATUS_OUT_OF_MEMORY,
            Error::Incomplete { .. } => QLTY_STATUS_INCOMPLETE,
            Error::Duplicate { .. } => QLTY_STATUS_DUPLICATE,
            Error::Cancelled => QLTY_STATUS_CANCELLED,
            _ => QLTY_STATUS_INVALID_ARGUMENT,
        };
        Self::new(status, error.to_string())
    }
}

impl From<qlty_core::zarr::Error> for Failure {
    fn from(error: qlty_core::zarr::Error) -> Self {
        use qlty_core::zarr::Error;
        let status = match error {
            Error::Core(error) => return error.into(),
            Error::DataType { .. } => QLTY_STATUS_DTYPE,
            Error::Store { .. } => QLTY_STATUS_STORE,
            Error::Exists { .. } | Error::NotAStore { .. } => QLTY_STATUS_EXISTS,
            Error::Geometry { .. } => QLTY_STATUS_GEOMETRY,
            Error::Foreign { .. } => QLTY_STATUS_FOREIGN,
            Error::Damaged { .. } | Error::Truncated { .. } | Error::Checksum { .. } => QLTY_STATUS_DAMAGED,
            Error::Busy { .. } => QLTY_STATUS_BUSY,
            _ => QLTY_STATUS_IO,
        };
        Self::new(status, error.to_string())
    }
}

impl From<::qlty_pyramid::Error> for Failure {
    fn from(error: ::qlty_pyramid::Error) -> Self {
        use ::qlty_pyramid::Error;
        let status = match error {
            Error::Core(error) => return error.into(),
            Error::Store(error) => return error.into(),
            Error::Argument { .. } => QLTY_STATUS_INVALID_ARGUMENT,
            Error::PixelType { .. } => QLTY_STATUS_DTYPE,
            Error::TooLarge { .. } => QLTY_STATUS_OUT_OF_MEMORY,
            Error::Io { .. } => QLTY_STATUS_IO,
            _ => QLTY_STATUS_IMAGE,
        };
        Self::new(status, error.to_string())
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Runs the body of a call: its failure or panic becomes a status and an error.
///
/// # Safety
/// `error` is NULL or may be written.
pub(crate) unsafe fn guard(error: *mut *mut qlty_error, body: impl FnOnce() -> Outcome) -> qlty_status {
    // Nothing that the body borrows is looked at again after a panic, except handles, whose
    // state is written last.
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Failure::new(QLTY_STATUS_PANIC, format!("a defect of qlty: {text}")))
    });
    let Err(Failure { status, message }) = outcome else { return QLTY_STATUS_OK };
    if !error.is_null() {
        let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { error.write(Box::into_raw(Box::new(qlty_error { status, message }))) };
    }
    status
}

/// A reference to what an argument points to.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that nobody writes during `'a`.
pub(crate) unsafe fn borrow<'a, T>(name: &str, pointer: *const T) -> Outcome<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| Failure::argument(format!("{name}: got NULL, expected a pointer")))
}

/// A reference to what an argument points to, to change it.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that nobody else uses during `'a`.
pub(crate) unsafe fn borrow_mut<'a, T>(name: &str, pointer: *mut T) -> Outcome<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| Failure::argument(format!("{name}: got NULL, expected a pointer")))
}

/// Fails where an output argument is NULL.
pub(crate) fn writable<T>(name: &str, pointer: *mut T) -> Outcome<*mut T> {
    if pointer.is_null() {
        return Err(Failure::argument(format!("{name}: got NULL, expected a pointer")));
    }
    Ok(pointer)
}

/// A string of the host's, in UTF-8.
///
/// # Safety
/// `pointer` is NULL or points to a string that ends with NUL and that nobody writes during `'a`.
pub(crate) unsafe fn text<'a>(name: &str, pointer: *const c_char) -> Outcome<&'a str> {
    // SAFETY: the caller's promise.
    unsafe { borrow(name, pointer) }?;
    // SAFETY: not null, and else the caller's promise.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|_| Failure::argument(format!("{name}: got {bytes:?}, expected UTF-8")))
}

/// A path of the host's. An empty one, which the system would take for the current folder in some calls and for nothing
/// in others, is none.
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

/// Hands something over to the host, as the handle that frees it.
///
/// # Safety
/// `to` may be written.
pub(crate) unsafe fn hand_over<T>(to: *mut *mut T, made: T) {
    // SAFETY: the caller's promise.
    unsafe { to.write(Box::into_raw(Box::new(made))) };
}

/// Frees what was handed over. NULL is fine.
///
/// # Safety
/// `handle` is NULL or was handed over, has not been freed, and is not used after.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: `hand_over` has made it by `Box::into_raw`, and the caller frees it once.
        drop(unsafe { Box::from_raw(handle) });
    }
}

/// A size or an index that crosses as a signed number.
pub(crate) fn size(name: &str, value: i64) -> Outcome<usize> {
    usize::try_from(value).map_err(|_| Failure::argument(format!("{name}: got {value}, expected 0 or more")))
}
