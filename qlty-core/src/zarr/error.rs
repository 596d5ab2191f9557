//! Errors of reading and writing files.

use std::path::{Path, PathBuf};

use zarrs::array::{ArrayError, CodecError};
use zarrs::storage::StorageError;

/// The error of an underlying library, whose type is not part of the interface.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call that reads or writes Zarr failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is wrong, memory is missing, or the caller cancelled.
    #[error(transparent)]
    Core(#[from] crate::Error),
    /// The operating system could not read or write.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The Zarr library could not read or write.
    #[error("{}: {source}", path.display())]
    Zarr {
        /// The store or array.
        path: PathBuf,
        /// The library's error.
        source: Cause,
    },
    /// A chunk was read, but it is not valid output of its codec.
    #[error("{}: is damaged: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The library's error.
        source: Cause,
    },
    /// An array has elements of a type other than the requested one.
    #[error("{}: got elements of type {got}, expected {expected}", path.display())]
    DataType {
        /// The array.
        path: PathBuf,
        /// Its type.
        got: String,
        /// The requested type, or all that this library reads.
        expected: String,
    },
    /// A store does not have the expected contents.
    #[error("{}: {what}: got {got}, expected {expected}", path.display())]
    Store {
        /// The store or array.
        path: PathBuf,
        /// What was checked.
        what: String,
        /// What it holds.
        got: String,
        /// What it should hold.
        expected: String,
    },
    /// The destination exists, and overwriting was not requested.
    #[error("{}: exists already, and overwriting was not asked for", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// Another process is writing to the destination.
    #[error("{}: {holder} is writing there", path.display())]
    Busy {
        /// The file that it has locked.
        path: PathBuf,
        /// The process and its machine, as far as they are known.
        holder: String,
    },
    /// The destination exists and was not written by this library, so it is not replaced.
    #[error("{}: is not a Zarr store, so it is not overwritten", path.display())]
    NotAStore {
        /// The destination.
        path: PathBuf,
    },
}

/// The result of calls that read or write Zarr.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Io`] from an operating system error: for the implementation of calls.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// An [`Error::Zarr`] from a library error: for the implementation of calls.
    pub fn zarr<E: Into<Cause>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Zarr { path, source: source.into() }
    }

    /// An [`Error::DataType`] of an array with elements of type `got`, by its Zarr name.
    pub(super) fn data_type(path: &Path, got: String, expected: Option<crate::DType>) -> Self {
        let names = || crate::DType::ALL.iter().map(|dtype| dtype.zarr_name()).collect::<Vec<_>>().join(", ");
        let expected = expected.map_or_else(|| format!("one of {}", names()), |dtype| dtype.zarr_name().to_owned());
        Self::DataType { path: path.to_path_buf(), got, expected }
    }

    /// An [`Error::Damaged`] from a description of the damage.
    pub(super) fn damaged(path: &Path, source: impl Into<Cause>) -> Self {
        Self::Damaged { path: path.to_path_buf(), source: source.into() }
    }

    /// An [`Error::Damaged`] if a chunk was read but not decoded, or an [`Error::Zarr`] if it could not be read.
    pub(super) fn chunk(path: &Path, error: ArrayError) -> Self {
        let is_damaged = match &error {
            ArrayError::CodecError(CodecError::StorageError(error)) => is_cut_short(error),
            ArrayError::StorageError(error) => is_cut_short(error),
            ArrayError::CodecError(_) | ArrayError::UnexpectedChunkDecodedSize(..) => true,
            _ => false,
        };
        let (path, source) = (path.to_path_buf(), error.into());
        if is_damaged { Self::Damaged { path, source } } else { Self::Zarr { path, source } }
    }

    /// An [`Error::Store`]: for the implementation of calls.
    pub fn store(path: &Path, what: impl Into<String>, got: impl std::fmt::Debug, expected: impl Into<String>) -> Self {
        Self::Store { path: path.to_path_buf(), what: what.into(), got: format!("{got:?}"), expected: expected.into() }
    }
}

/// Whether the error is a read beyond the end of a file.
fn is_cut_short(error: &StorageError) -> bool {
    matches!(error, StorageError::InvalidByteRangeError(_))
}
