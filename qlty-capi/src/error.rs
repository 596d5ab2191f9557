//! Statuses, errors, and the barrier that stops panics.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The result of a call.
pub type qlty_status = i32;

/// The call succeeded.
pub const QLTY_STATUS_OK: qlty_status = 0;
/// An argument is invalid, or is NULL but must not be.
pub const QLTY_STATUS_INVALID_ARGUMENT: qlty_status = 1;
/// An array has the wrong shape.
pub const QLTY_STATUS_SHAPE: qlty_status = 2;
/// An array has the wrong type.
pub const QLTY_STATUS_DTYPE: qlty_status = 3;
/// A size is too large for the address space.
pub const QLTY_STATUS_OVERFLOW: qlty_status = 4;
/// There is not enough memory.
pub const QLTY_STATUS_OUT_OF_MEMORY: qlty_status = 5;
/// Patches are missing.
pub const QLTY_STATUS_INCOMPLETE: qlty_status = 6;
/// A patch was added twice.
pub const QLTY_STATUS_DUPLICATE: qlty_status = 7;
/// The progress function cancelled the call. The values in output arrays are then unspecified.
pub const QLTY_STATUS_CANCELLED: qlty_status = 8;
/// A defect of the library, or a call on a handle after one. Please report it with the message.
pub const QLTY_STATUS_PANIC: qlty_status = 9;
/// A file could not be read or written.
pub const QLTY_STATUS_IO: qlty_status = 10;
/// A store has unexpected contents.
pub const QLTY_STATUS_STORE: qlty_status = 11;
/// The destination exists and may not be replaced.
pub const QLTY_STATUS_EXISTS: qlty_status = 12;
/// The result on disk was created with a different geometry or different options.
pub const QLTY_STATUS_GEOMETRY: qlty_status = 13;
/// The file or folder at the path of a result was not made by this library, so it is left alone.
pub const QLTY_STATUS_FOREIGN: qlty_status = 14;
/// A chunk of a Zarr array, or a file of the library, is truncated, has the wrong checksum, or is missing from a result
/// that was complete.
pub const QLTY_STATUS_DAMAGED: qlty_status = 15;
/// Another process or handle works on the same tiles, or writes to the same destination.
pub const QLTY_STATUS_BUSY: qlty_status = 16;
/// An image file is broken, in a format that is not supported, or does not match the rest of its stack.
pub const QLTY_STATUS_IMAGE: qlty_status = 17;

/// Why a call failed. Opaque; the caller frees it with qlty_error_free.
#[derive(Debug)]
pub struct qlty_error {
    status: qlty_status,
    message: CString,
}

/// The status that the failed call returned. Any thread. QLTY_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_status(error: Option<&qlty_error>) -> qlty_status {
    error.map_or(QLTY_STATUS_OK, |error| error.status)
}

/// The message, in UTF-8: what was got and what was expected. The string lives as long as the error. Any thread. An
/// empty string for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_message(error: Option<&qlty_error>) -> *const c_char {
    error.map_or(c"".as_ptr(), |error| error.message.as_ptr())
}

/// Frees an error. NULL is fine. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_error_free(error: Option<Box<qlty_error>>) {
    drop(error);
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

impl From<qlty_core::Error> for Failure {
    fn from(error: qlty_core::Error) -> Self {
        use qlty_core::Error;
        let status = match &error {
            Error::Shape { .. } => QLTY_STATUS_SHAPE,
            Error::DataType { .. } => QLTY_STATUS_DTYPE,
            Error::Overflow { .. } => QLTY_STATUS_OVERFLOW,
            Error::OutOfMemory { .. } => QLTY_STATUS_OUT_OF_MEMORY,
            Error::Incomplete { .. } => QLTY_STATUS_INCOMPLETE,
            Error::Duplicate { .. } => QLTY_STATUS_DUPLICATE,
            Error::Poisoned { .. } => QLTY_STATUS_PANIC,
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
            Error::Damaged { .. } => QLTY_STATUS_DAMAGED,
            Error::Busy { .. } => QLTY_STATUS_BUSY,
            _ => QLTY_STATUS_IO,
        };
        Self::new(status, error.to_string())
    }
}

impl From<::qlty_large::Error> for Failure {
    fn from(error: ::qlty_large::Error) -> Self {
        use ::qlty_large::Error;
        let status = match error {
            Error::Core(error) => return error.into(),
            Error::Zarr(error) => return error.into(),
            Error::Geometry { .. } => QLTY_STATUS_GEOMETRY,
            Error::Foreign { .. } => QLTY_STATUS_FOREIGN,
            Error::Truncated { .. } | Error::Checksum { .. } | Error::DamagedTiles { .. } => QLTY_STATUS_DAMAGED,
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
            Error::DataType { .. } => QLTY_STATUS_DTYPE,
            Error::TooLarge { .. } => QLTY_STATUS_OUT_OF_MEMORY,
            Error::Io { .. } => QLTY_STATUS_IO,
            _ => QLTY_STATUS_IMAGE,
        };
        Self::new(status, error.to_string())
    }
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// Runs the body of a call: its failure or panic becomes a status and an error.
pub(crate) fn guard(error: Option<&mut MaybeUninit<*mut qlty_error>>, body: impl FnOnce() -> Outcome) -> qlty_status {
    // After a panic nothing half changed is used again: a handle that calls change is in a `Poisonable`, which then
    // refuses all calls; other handles change only in their caches, which hold complete chunks; and what the host's
    // arrays hold are numbers, whatever was written.
    let outcome = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
        Err(Failure::new(QLTY_STATUS_PANIC, format!("a defect of qlty: {text}")))
    });
    let Err(Failure { status, message }) = outcome else { return QLTY_STATUS_OK };
    if let Some(error) = error {
        let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
        error.write(Box::into_raw(Box::new(qlty_error { status, message })));
    }
    status
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use qlty_core::zarr::{Damage, Error as ZarrError};

    use super::*;

    fn status(error: impl Into<Failure>) -> qlty_status {
        error.into().status
    }

    #[test]
    fn errors_of_files_have_their_statuses() {
        use ::qlty_large::Error;
        let path = PathBuf::from("folder");
        let busy = || ZarrError::Busy { path: path.clone(), holder: "another process".into() };
        assert_eq!(status(busy()), QLTY_STATUS_BUSY);
        assert_eq!(status(Error::from(busy())), QLTY_STATUS_BUSY);
        assert_eq!(status(::qlty_pyramid::Error::from(busy())), QLTY_STATUS_BUSY);
        assert_eq!(status(Error::Busy { path: path.clone() }), QLTY_STATUS_BUSY);
        assert_eq!(status(Error::Removed { path: path.clone() }), QLTY_STATUS_IO);
        let first = Damage::new(path, "is gone");
        assert_eq!(status(Error::DamagedTiles { count: 2, tile: 1, first }), QLTY_STATUS_DAMAGED);
    }
}
