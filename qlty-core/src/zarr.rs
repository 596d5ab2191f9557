//! Reading and writing Zarr arrays, for the crates that do so; behind the Cargo feature `zarr`.
//!
//! | what | where |
//! |---|---|
//! | reading boxes of an array through a chunk cache | [`ArrayReader`] |
//! | the metadata of an array or a group | [`inspect`], [`group_attributes`] |
//! | images to read from: arrays in memory, on disk, or the caller's own | [`ImageSource`], [`ZarrImages`] |
//! | the same with a type known at run time | [`AnyImageSource`], [`AnyZarrImages`], [`ArrayImages`], [`ErasedSource`] |
//! | creating arrays and groups, writing chunks | [`Plan`], [`ArrayWriter`], [`create_group`] |
//! | compression, by name | [`Codec`] |
//! | atomic file writes, and durability | [`FolderStore`] |
//! | stores that appear under their name only when they are complete | [`Partial`] |
//! | finding damaged chunks and missing files | [`verify`], [`verify_all`], [`ArrayReader::check_file`], [`check_file_count`] |
//! | files that one process at a time holds | [`FileLock`] |
//!
//! Types are known at run time ([`DType`](crate::DType)); the typed interfaces are thin layers on top. The types of the
//! underlying Zarr library are not part of the interface.
//!
//! Two rules hold for everything that is written. All bytes of chunks and metadata go through a [`FolderStore`], which
//! defines when a file becomes visible and when it survives a power failure. And a thread that waits for a chunk starts
//! no other threads: calls divide their work among threads themselves, so codecs run on the thread that needs the
//! chunk, unless [`ArrayWriter::with_threads`] sets a different number.

mod cache;
pub(crate) mod checksum;
mod chunk;
mod codec;
mod error;
mod file_count;
mod folder_store;
mod inspect;
mod lock;
mod partial;
mod plan;
mod reader;
mod source;
mod storage;
mod sync;
mod verify;
mod walk;
mod writer;

pub use codec::Codec;
pub use error::{Error, Result};
pub use file_count::check_file_count;
pub use folder_store::FolderStore;
pub use inspect::{ArrayInfo, create_group, create_group_v2, group_attributes, inspect};
pub use lock::{FileLock, is_at};
pub use partial::Partial;
pub use plan::{Layout, Plan};
pub use reader::{ArrayReader, DEFAULT_CACHE_BYTES};
pub use source::{
    AnyImageSource, AnyRegion, AnyZarrImages, ArrayImages, BoolImages, ErasedSource, ImageSource, Region, ZarrImages,
};
pub use verify::{Damage, FileState, verify, verify_arrays};
pub use walk::verify_all;
pub use writer::ArrayWriter;
