//! For the implementation of the other crates of this workspace: not part of the public interface, and not stable.
#![doc(hidden)]

/// Allocating, checking types, and dividing among threads.
pub mod array {
    pub use crate::array::{divide, product, with_capacity, zeroed, zeros};
    pub use crate::dynamic::array_mut::check_copy;
}

/// What belongs to one process.
pub mod owner {
    pub use crate::owner::Owner;
}

/// Accumulating box by box.
pub mod region {
    pub use crate::region::{BoxAccumulator, PixelBox};
}

/// Copying with stores that bypass the caches.
pub mod stream {
    pub use crate::stream::{RowWriter, STREAM_BYTES, copy, prefetch};
}

/// The checksum of an array's metadata.
#[cfg(feature = "zarr")]
pub mod zarr_checksum {
    pub use crate::zarr::checksum::{OURS, seal, sealed};
}
