//! Why stitching onto disk failed.

use std::path::{Path, PathBuf};

use qlty_core::zarr;

/// Why a call of this crate failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An argument is wrong, memory or patches are missing, or the caller cancelled.
    #[error(transparent)]
    Core(#[from] qlty_core::Error),
    /// A file or a Zarr array could not be read or written, or does not have the expected contents. Never a
    /// [`zarr::Error::Core`], which becomes an [`Error::Core`].
    #[error(transparent)]
    Zarr(zarr::Error),
    /// The result on disk was created with a different geometry or options than those given now.
    #[error("{}: was created with {on_disk}; given now: {given}", path.display())]
    Geometry {
        /// The array.
        path: PathBuf,
        /// What it was created with, limited to the differences.
        on_disk: String,
        /// What is given now.
        given: String,
    },
    /// The file or folder with the name of a result was not created by this library.
    #[error("{}: was not made by qlty-large, so it is left alone", path.display())]
    Foreign {
        /// The file or folder.
        path: PathBuf,
    },
    /// A file of this library is truncated.
    #[error("{}: is cut short: got {got} bytes, expected {expected}", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its length.
        got: u64,
        /// The length that it should have.
        expected: String,
    },
    /// A file of this library is corrupted.
    #[error("{}: its checksum is {got:08x}, expected {expected:08x}: the file has changed", path.display())]
    Checksum {
        /// The file.
        path: PathBuf,
        /// The checksum of its contents.
        got: u32,
        /// The checksum of what was written.
        expected: u32,
    },
    /// The result was removed while patches were stitched onto it.
    #[error("{}: was removed since it was opened", path.display())]
    Removed {
        /// The array.
        path: PathBuf,
    },
    /// Tiles that were finished are missing or damaged; opening the result for repair makes their patches pending again.
    #[error("{damage} (tile {tile}, the first of {count} such tiles); open the result for repair", damage = first)]
    DamagedTiles {
        /// The number of these tiles.
        count: usize,
        /// The first of them.
        tile: usize,
        /// Its damage.
        first: zarr::Damage,
    },
    /// Another process, or another quilt in this process, is stitching some of the same tiles.
    #[error("{}: another process stitches some of the same tiles", path.display())]
    Busy {
        /// The folder of its session.
        path: PathBuf,
    },
}

/// The result of the calls of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<zarr::Error> for Error {
    fn from(error: zarr::Error) -> Self {
        match error {
            zarr::Error::Core(error) => Self::Core(error),
            error => Self::Zarr(error),
        }
    }
}

impl Error {
    /// A [`zarr::Error::Io`] from an operating system error.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let error = zarr::Error::io(path);
        |source| error(source).into()
    }
}
