//! Errors and their messages.

use std::path::{Path, PathBuf};

use qlty_core::DType;

/// The error of an underlying library, whose type is not part of this crate's interface.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a stack could not be read, or an image not written.
///
/// The message names the file, what was got and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system could not read or write.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// An argument has a value that the call does not accept.
    #[error("{argument}: got {got}, expected {expected}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// Its value.
        got: String,
        /// The accepted values.
        expected: String,
    },
    /// A folder holds no slice.
    #[error("{}: no file with the extension {extension:?} matches {pattern:?}", folder.display())]
    NoSlices {
        /// The folder that was searched.
        folder: PathBuf,
        /// The extension, in lower case, without its dot.
        extension: String,
        /// The regular expression.
        pattern: String,
    },
    /// Two files of one stack have the same counter.
    #[error("{} and {} both have the counter {counter}", first.display(), second.display())]
    DuplicateCounter {
        /// The counter.
        counter: u64,
        /// The first file, by name.
        first: PathBuf,
        /// The second file, by name.
        second: PathBuf,
    },
    /// The counter matched by the expression does not fit 64 bits.
    #[error("{}: the counter {counter:?} is not a whole number of 64 bits", path.display())]
    Counter {
        /// The file.
        path: PathBuf,
        /// The counter's text.
        counter: String,
    },
    /// A page's TIFF structure or its compressed data are invalid.
    #[error("{}, page {page}: {source}", path.display())]
    Tiff {
        /// The file.
        path: PathBuf,
        /// The page, from 0.
        page: usize,
        /// The decoder's error.
        source: Cause,
    },
    /// A page's sizes contradict each other or the size of the file.
    #[error("{}, page {page}: {what}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The page, from 0.
        page: usize,
        /// The contradiction, with its numbers.
        what: String,
    },
    /// A page is valid TIFF of a kind that this crate cannot decode faithfully.
    #[error("{}, page {page}: {what} is not supported", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The page, from 0.
        page: usize,
        /// The kind.
        what: String,
    },
    /// A page differs from the first page of its stack.
    #[error("{}, page {page}: got {got}, expected {expected} as in the first page of the stack", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The page, from 0.
        page: usize,
        /// The shape and type of this page.
        got: String,
        /// The shape and type of the first.
        expected: String,
    },
    /// A stack was to be read as a type other than its own.
    #[error("stack {stack:?}: asked for {}, but its pixels are {}", asked.zarr_name(), actual.zarr_name())]
    DataType {
        /// The stack's name.
        stack: String,
        /// The requested type.
        asked: DType,
        /// Its type.
        actual: DType,
    },
    /// An array does not fit the address space, or memory.
    #[error("{what} of shape {shape:?} does not fit in memory")]
    TooLarge {
        /// What the array is for.
        what: &'static str,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// Zarr could not read or write, or the destination exists.
    #[error(transparent)]
    Store(qlty_core::zarr::Error),
    /// An array has an unexpected shape, memory is missing, or the caller cancelled.
    #[error(transparent)]
    Core(#[from] qlty_core::Error),
}

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn argument(argument: &'static str, got: impl std::fmt::Debug, expected: impl Into<String>) -> Self {
        Self::Argument { argument, got: format!("{got:?}"), expected: expected.into() }
    }
}

impl From<qlty_core::zarr::Error> for Error {
    fn from(error: qlty_core::zarr::Error) -> Self {
        match error {
            qlty_core::zarr::Error::Core(error) => Self::Core(error),
            qlty_core::zarr::Error::Io { path, source } => Self::Io { path, source },
            error => Self::Store(error),
        }
    }
}
