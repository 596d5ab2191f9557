//! The shape and type of a page.

use std::fmt;

use qlty_core::DType;

use super::PageError;

/// The shape and type of a page, which all pages of a stack share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageHeader {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The number of samples per pixel, which become channels.
    pub(crate) samples: usize,
    pub(crate) dtype: DType,
}

impl fmt::Display for PageHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows x {} columns of ", self.height, self.width)?;
        if self.samples > 1 {
            write!(f, "{} x ", self.samples)?;
        }
        f.write_str(self.dtype.zarr_name())
    }
}

impl PageHeader {
    /// The number of bytes of a page's pixels. It fits `usize`, which is checked when a page is opened.
    pub(crate) fn bytes(&self) -> usize {
        self.samples * self.height * self.width * self.dtype.size()
    }

    /// Fails unless this page's header equals that of the first page of the stack.
    pub(super) fn check_same(&self, expected: &Self) -> Result<(), PageError> {
        if self == expected {
            return Ok(());
        }
        Err(PageError::Mismatch { got: self.to_string(), expected: expected.to_string() })
    }
}
