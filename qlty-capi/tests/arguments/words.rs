//! Strings, of which some make no sense, and folders to write to.

use std::ffi::{CString, c_char};
use std::path::Path;
use std::ptr::null;

use qlty_tests::fuzz::Draws;

use crate::memory::strange;

/// A string for a call, or NULL.
#[derive(Debug)]
pub(crate) struct Words(Option<CString>);

impl Words {
    /// One of these, or something else.
    pub(crate) fn draw(draws: &mut Draws<'_>, usual: &[&str]) -> Self {
        if !strange(draws) {
            return Self(CString::new(draws.one_of(usual)).ok());
        }
        let bytes = match draws.byte() % 4 {
            0 => return Self(None),
            1 => Vec::new(),
            2 => b"zstd:-\xff\xfe".to_vec(),
            _ => vec![b'a'; 5000],
        };
        Self(CString::new(bytes).ok())
    }

    /// A path in a folder, or one of others, or one that cannot be.
    pub(crate) fn path(draws: &mut Draws<'_>, folder: &Path, usual: &str, others: &[&str]) -> Self {
        let name = match draws.byte() % 64 {
            0..56 => usual.as_bytes().to_vec(),
            56 => return Self(None),
            57 => return Self(Some(CString::default())),
            58 => vec![b'a'; 5000],
            59 => b"\xff\xfe".to_vec(),
            _ => draws.one_of(others).as_bytes().to_vec(),
        };
        Self(CString::new([folder.as_os_str().as_encoded_bytes(), b"/", &name].concat()).ok())
    }

    pub(crate) fn pointer(&self) -> *const c_char {
        self.0.as_ref().map_or(null(), |text| text.as_ptr())
    }
}

/// The handle, or once in a while NULL.
pub(crate) fn handle<T>(draws: &mut Draws<'_>, handle: *mut T) -> *mut T {
    if draws.once_in(60) { std::ptr::null_mut() } else { handle }
}
