//! Reading and writing Zarr arrays: what the crates beside this one share of it.
//!
//! Behind the Cargo feature `zarr`. [`ArrayReader`] reads boxes of an array, decoding each chunk
//! rarely; [`ImageSource`] is whatever images can be read from, [`ZarrImages`] among them; [`create`]
//! makes an array to be written chunk by chunk; [`FolderStore`] is where the files of all of them lie,
//! and says what survives what; [`Partial`] makes a store appear under its name only when it is complete.

mod cache;
mod chunk;
mod codec;
mod create;
mod error;
mod partial;
mod reader;
mod source;
mod storage;
mod stored;

pub use codec::Codec;
pub use create::{Layout, Plan, create, create_v2, encode_chunk, write_chunk};
pub use error::{Error, Result};
pub use partial::Partial;
pub use reader::{ArrayReader, DEFAULT_CACHE_BYTES, inspect};
pub use source::{ImageSource, Region, ZarrImages, shape_of};
pub use storage::FolderStore;
pub use stored::Stored;
