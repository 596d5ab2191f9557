//! Making an array to be written.

use std::path::Path;
use std::sync::Arc;

use zarrs::array::{Array, ArrayBuilder};
use zarrs::filesystem::FilesystemStore;

use super::{Codec, Error, Result, Stored};

/// The sizes of an array and of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The shape of the array.
    pub shape: Vec<usize>,
    /// The shape of what is compressed in one go.
    pub chunk: Vec<usize>,
    /// The shape of what makes one file, a multiple of the chunk's, if chunks share files.
    pub shard: Option<Vec<usize>>,
}

impl Layout {
    /// The shape of what makes one file.
    pub fn file(&self) -> &[usize] {
        self.shard.as_deref().unwrap_or(&self.chunk)
    }
}

/// Makes the Zarr v3 array of this name in a store, filled with zeros, and writes its metadata.
///
/// # Errors
/// [`Error::Zarr`] where the library refuses, naming `path`.
pub fn create<T: Stored>(
    store: &Arc<FilesystemStore>,
    path: &Path,
    name: &str,
    layout: &Layout,
    codec: Codec,
    axis_names: &[&str],
) -> Result<Array<FilesystemStore>> {
    let sizes = |sizes: &[usize]| sizes.iter().map(|size| *size as u64).collect::<Vec<u64>>();
    let codecs = codec.chain(size_of::<T>()).map_err(Error::zarr(path))?;
    let zero = zero_of::<T>();
    let mut builder = ArrayBuilder::new(sizes(&layout.shape), sizes(layout.file()), T::NAME, zero);
    builder.bytes_to_bytes_codecs(codecs).dimension_names(Some(axis_names.iter().copied()));
    if layout.shard.is_some() {
        builder.subchunk_shape(sizes(&layout.chunk));
    }
    let array = builder.build(Arc::clone(store), &format!("/{name}")).map_err(Error::zarr(path))?;
    array.store_metadata().map_err(Error::zarr(path))?;
    Ok(array)
}

/// The fill value, zero or false.
fn zero_of<T: Stored>() -> zarrs::metadata::FillValueMetadata {
    if T::NAME == "bool" { false.into() } else { 0.into() }
}
