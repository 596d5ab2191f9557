//! Reading and writing Zarr arrays: what the crates beside this one share of it.
//!
//! Behind the Cargo feature `zarr`. [`ArrayReader`] reads boxes of an array, decoding each chunk
//! rarely; [`create`] makes an array to be written chunk by chunk; [`Partial`] makes a store appear
//! under its name only when it is complete.

mod cache;
mod codec;
mod create;
mod error;
mod partial;
mod reader;
mod stored;

pub use codec::Codec;
pub use create::{Layout, create, create_v2};
pub use error::{Error, Result};
pub use partial::Partial;
pub use reader::{ArrayReader, DEFAULT_CACHE_BYTES, inspect};
pub use stored::Stored;
