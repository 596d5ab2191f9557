//! What can go wrong where files are concerned.

use std::path::{Path, PathBuf};

use zarrs::array::{ArrayError, CodecError};
use zarrs::storage::StorageError;

/// The error of a library underneath, whose type is no part of the interface.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call that reads or writes Zarr failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is wrong, memory is missing, or the caller cancelled.
    #[error(transparent)]
    Core(#[from] crate::Error),
    /// The system refused to read or write.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Zarr refused to read or write.
    #[error("{}: {source}", path.display())]
    Zarr {
        /// The store or array.
        path: PathBuf,
        /// What the library said.
        source: Cause,
    },
    /// A chunk was read, but is not what a codec has written.
    #[error("{}: is damaged: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the library said.
        source: Cause,
    },
    /// An array has elements of another type than was asked for.
    #[error("{}: got elements of type {got}, expected {expected}", path.display())]
    DataType {
        /// The array.
        path: PathBuf,
        /// The type that it has.
        got: String,
        /// The type asked for.
        expected: &'static str,
    },
    /// A store does not hold what it should.
    #[error("{}: {what}: got {got}, expected {expected}", path.display())]
    Store {
        /// The store or array.
        path: PathBuf,
        /// What of it.
        what: String,
        /// What it holds.
        got: String,
        /// What it should hold.
        expected: String,
    },
    /// A result on disk was begun with another geometry, or other options, than are given now.
    #[error("{}: was begun with {on_disk}, given are {given}", path.display())]
    Geometry {
        /// The array.
        path: PathBuf,
        /// What it was begun with, where the two differ.
        on_disk: String,
        /// What is given now.
        given: String,
    },
    /// What is under the name of a result was not made by this library.
    #[error("{}: was not made by qlty-large, so it is left alone", path.display())]
    Foreign {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file of this library ends too early.
    #[error("{}: is cut short: got {got} bytes, expected {expected}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        got: u64,
        /// The length that it should have.
        expected: String,
    },
    /// A file of this library does not hold what was written.
    #[error("{}: its checksum is {got:08x}, expected {expected:08x}: the file has changed", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The checksum of what it holds.
        got: u32,
        /// The checksum of what was written.
        expected: u32,
    },
    /// Another process is at the same work.
    #[error("{}: another process stitches some of the same tiles", path.display())]
    Busy {
        /// What that process holds.
        path: PathBuf,
    },
    /// The destination exists, and overwriting was not asked for.
    #[error("{}: exists already, and overwriting was not asked for", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// The destination exists and is not something that this library writes, so it is not replaced.
    #[error("{}: is not a Zarr store, so it is not overwritten", path.display())]
    NotAStore {
        /// The destination.
        path: PathBuf,
    },
}

/// The result of calls that read or write Zarr.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An [`Error::Io`] from what the system said: for the implementation of calls.
    pub fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// An [`Error::Zarr`] from what the library said: for the implementation of calls.
    pub fn zarr<E: Into<Cause>>(path: &Path) -> impl FnOnce(E) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Zarr { path, source: source.into() }
    }

    /// An [`Error::Damaged`] where a chunk was not decoded, or an [`Error::Zarr`] where it was not even read.
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

/// Whether a file was to be read beyond its end.
fn is_cut_short(error: &StorageError) -> bool {
    matches!(error, StorageError::InvalidByteRangeError(_))
}
