//! Errors of reading a page.

use std::io::ErrorKind;
use std::path::Path;

use crate::Error;

/// The [`Error`] of a page whose file and number are not known yet.
#[derive(Debug)]
pub(crate) enum PageError {
    Io(std::io::Error),
    /// From a decoder.
    Data(Box<dyn std::error::Error + Send + Sync>),
    Corrupt(String),
    Unsupported(String),
    Mismatch {
        got: String,
        expected: String,
    },
}

impl PageError {
    pub(super) fn data(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Data(error.into())
    }

    pub(super) fn no_memory(bytes: u64) -> Self {
        Self::Corrupt(format!("a strip or tile of {bytes} bytes does not fit in memory"))
    }

    /// Adds the file and page to the error.
    pub(crate) fn at(self, path: &Path, page: usize) -> Error {
        let path = path.to_path_buf();
        match self {
            Self::Io(source) if source.kind() == ErrorKind::UnexpectedEof => {
                Error::Corrupt { path, page, what: "the file ends too early".to_owned() }
            }
            Self::Io(source) => Error::Io { path, source },
            Self::Data(source) => Error::Tiff { path, page, source },
            Self::Corrupt(what) => Error::Corrupt { path, page, what },
            Self::Unsupported(what) => Error::Unsupported { path, page, what },
            Self::Mismatch { got, expected } => Error::Mismatch { path, page, got, expected },
        }
    }
}
