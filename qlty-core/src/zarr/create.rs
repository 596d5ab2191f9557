//! Making an array to be written.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use zarrs::array::{Array, ArrayBuilder, ArrayMetadata};
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

/// Makes the Zarr v3 array of this name in a store, filled with zeros, and writes its metadata. The empty
/// name is the store's root.
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

/// Makes the Zarr v2 array of this name in a store, filled with zeros, its chunks in folders, and writes
/// its metadata. Zarr v2 has no names of axes and no shards.
///
/// # Errors
/// [`Error::Zarr`] where the library refuses, naming `path`; [`crate::Error::Argument`] where the layout
/// has shards, or Zarr v2 no such elements.
pub fn create_v2<T: Stored>(
    store: &Arc<FilesystemStore>,
    path: &Path,
    name: &str,
    layout: &Layout,
    codec: Codec,
) -> Result<Array<FilesystemStore>> {
    if layout.shard.is_some() {
        return Err(crate::Error::argument("shard", &layout.shard, "none in Zarr v2").into());
    }
    let Some(dtype) = dtype_v2::<T>() else {
        return Err(crate::Error::argument("element type", T::NAME, "one that Zarr v2 has").into());
    };
    let metadata = json!({
        "zarr_format": 2,
        "node_type": "array",
        "shape": layout.shape,
        "chunks": layout.chunk,
        "dtype": dtype,
        "compressor": codec.compressor(size_of::<T>()),
        "fill_value": zero_of::<T>(),
        "order": "C",
        "filters": null,
        "dimension_separator": "/",
    });
    let metadata = serde_json::from_value(metadata).map_err(Error::zarr(path))?;
    let array = Array::new_with_metadata(Arc::clone(store), &format!("/{name}"), ArrayMetadata::V2(metadata));
    let array = array.map_err(Error::zarr(path))?;
    array.store_metadata().map_err(Error::zarr(path))?;
    Ok(array)
}

/// NumPy's short name of the type, as Zarr v2 has it.
fn dtype_v2<T: Stored>() -> Option<String> {
    let kind = match T::NAME {
        "bool" => 'b',
        "bfloat16" => return None,
        name if name.starts_with("uint") => 'u',
        name if name.starts_with("int") => 'i',
        _ => 'f',
    };
    let bytes = size_of::<T>();
    Some(format!("{}{kind}{bytes}", if bytes == 1 { '|' } else { '<' }))
}

/// The fill value, zero or false.
fn zero_of<T: Stored>() -> zarrs::metadata::FillValueMetadata {
    if T::NAME == "bool" { false.into() } else { 0.into() }
}
