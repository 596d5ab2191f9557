//! Making an array to be written, and writing its chunks.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use zarrs::array::{Array, ArrayBuilder, ArrayMetadata, ArrayToBytesCodecTraits, CodecOptions, IntoArrayBytes};

use super::{Codec, Error, FolderStore, Result, Stored};

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

/// What an array to be written is made of.
#[derive(Debug, Clone)]
pub struct Plan<'a, T> {
    /// The sizes.
    pub layout: Layout,
    /// How chunks are compressed.
    pub codec: Codec,
    /// Whether the stored bytes of each chunk carry a checksum, by which a reader sees that they have changed.
    pub checksum: bool,
    /// The names of the axes.
    pub axis_names: &'a [&'a str],
    /// What an element is that nobody has written.
    pub fill: T,
    /// What is said about the array.
    pub attributes: Map<String, Value>,
}

impl<T: Stored> Plan<'_, T> {
    /// The array of this name in a store, or the store itself as an array where the name is empty. Nothing is
    /// written yet.
    ///
    /// # Errors
    /// [`Error::Zarr`] where the library refuses, naming the array.
    pub fn build(&self, store: &Arc<FolderStore>, name: &str) -> Result<Array<FolderStore>> {
        let path = store.path(name);
        let sizes = |sizes: &[usize]| sizes.iter().map(|size| *size as u64).collect::<Vec<u64>>();
        let codecs = self.codec.chain(size_of::<T>(), self.checksum).map_err(Error::zarr(&path))?;
        let layout = &self.layout;
        let mut builder = ArrayBuilder::new(sizes(&layout.shape), sizes(layout.file()), T::NAME, self.fill.fill());
        builder.bytes_to_bytes_codecs(codecs).dimension_names(Some(self.axis_names.iter().copied()));
        builder.attributes(self.attributes.clone());
        if layout.shard.is_some() {
            builder.subchunk_shape(sizes(&layout.chunk));
        }
        builder.build(Arc::clone(store), &format!("/{name}")).map_err(Error::zarr(&path))
    }
}

/// Makes the Zarr v3 array of this name in a store, filled with zeros, and writes its metadata. The empty
/// name is the store's root.
///
/// # Errors
/// [`Error::Zarr`] where the library refuses, naming the array.
pub fn create<T: Stored>(
    store: &Arc<FolderStore>,
    name: &str,
    layout: &Layout,
    codec: Codec,
    axis_names: &[&str],
) -> Result<Array<FolderStore>> {
    let (layout, fill, attributes) = (layout.clone(), T::default(), Map::new());
    let array = Plan { layout, codec, checksum: false, axis_names, fill, attributes }.build(store, name)?;
    array.store_metadata().map_err(Error::zarr(&store.path(name)))?;
    Ok(array)
}

/// Writes the chunk, or shard, at `place` of the array of this `name`, also where all its values are the fill
/// value: on this thread alone.
///
/// # Errors
/// [`Error::Io`] and [`Error::Zarr`], naming the file; it is then as it was before.
pub fn write_chunk<T: Stored>(array: &Array<FolderStore>, place: &[u64], values: &[T]) -> Result<()> {
    let chunk = encode_chunk(array, place, values, true)?;
    array.storage().write(array.chunk_key(place).as_str(), &[chunk.as_deref().unwrap_or_default()])
}

/// The bytes of the file of the chunk, or shard, at `place` of an array, made on this thread alone. Unless
/// fill values are to be stored, there is no file of nothing else, nor a chunk of a shard.
///
/// # Errors
/// [`Error::Zarr`], naming the file.
pub fn encode_chunk<'a, T: Stored>(
    array: &Array<FolderStore>,
    place: &[u64],
    values: &'a [T],
    store_fill: bool,
) -> Result<Option<Cow<'a, [u8]>>> {
    let options = CodecOptions::default().with_concurrent_target(1).with_store_empty_chunks(store_fill);
    let encoded = || {
        let bytes = values.into_array_bytes(array.data_type())?;
        let shape = array.chunk_shape(place)?;
        bytes.validate(shape.iter().map(|size| size.get()).product(), array.data_type())?;
        let (data_type, fill) = (array.data_type(), array.fill_value());
        if !store_fill && bytes.is_fill_value(fill) {
            return Ok(None);
        }
        Ok(Some(array.codecs().encode(bytes, &shape, data_type, fill, &options)?))
    };
    let refused = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::zarr(&array.storage().path(array.chunk_key(place).as_str()))(error)
    };
    encoded().map_err(refused)
}

/// Makes the Zarr v2 array of this name in a store, filled with zeros, its chunks in folders, and writes
/// its metadata. Zarr v2 has no names of axes and no shards.
///
/// # Errors
/// [`Error::Zarr`] where the library refuses, naming the array; [`crate::Error::Argument`] where the layout
/// has shards, or Zarr v2 no such elements.
pub fn create_v2<T: Stored>(
    store: &Arc<FolderStore>,
    name: &str,
    layout: &Layout,
    codec: Codec,
) -> Result<Array<FolderStore>> {
    let path = &store.path(name);
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
        "fill_value": if T::NAME == "bool" { json!(false) } else { json!(0) },
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
