//! The specification of an array to be written, and creating it.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::{Map, Value, json};
use zarrs::array::{Array, ArrayBuilder, ArrayMetadata, FillValue};

use super::storage::Storage;
use super::{ArrayWriter, Codec, Error, FolderStore, Result};
use crate::DType;
use crate::dynamic::Scalar;

/// The sizes of an array and of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The shape of the array.
    pub shape: Vec<usize>,
    /// The shape of a chunk, the unit of compression.
    pub chunk: Vec<usize>,
    /// The shape of a shard, the unit of files, a multiple of the chunk's, if chunks share files.
    pub shard: Option<Vec<usize>>,
}

impl Layout {
    /// The shape of what is stored in one file.
    pub fn file(&self) -> &[usize] {
        self.shard.as_deref().unwrap_or(&self.chunk)
    }
}

/// The specification of an array, before it is created.
///
/// ```
/// use std::sync::Arc;
///
/// use qlty_core::DType;
/// use qlty_core::dynamic::ArrayRef;
/// use qlty_core::zarr::{ArrayReader, Codec, FolderStore, Layout, Plan, Result};
///
/// # fn main() -> Result<()> {
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path().join("image.zarr");
/// let layout = Layout { shape: vec![300, 400], chunk: vec![128, 128], shard: None };
/// let plan = Plan::new(DType::U16, layout).codec(Codec::Zstd(5)).axis_names(&["y", "x"]);
/// let store = Arc::new(FolderStore::new(&folder));
/// let writer = plan.create(&store, "")?; // "": the folder itself is the array
/// let pixels = ndarray::Array2::<u16>::ones((300, 400));
/// writer.write_all(ArrayRef::of("pixels", pixels.view())?)?;
/// store.sync()?; // now it survives a power failure
/// assert_eq!(ArrayReader::open(&folder, 0)?.shape(), [300, 400]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Plan<'a> {
    dtype: DType,
    layout: Layout,
    codec: Codec,
    checksum: bool,
    axis_names: &'a [&'a str],
    fill: Scalar,
    store_fill: bool,
    attributes: Map<String, Value>,
}

impl<'a> Plan<'a> {
    /// An array with this type and these sizes.
    pub fn new(dtype: DType, layout: Layout) -> Self {
        let (codec, fill) = (Codec::default(), Scalar::zero(dtype));
        Self { dtype, layout, codec, checksum: false, axis_names: &[], fill, store_fill: false, attributes: Map::new() }
    }

    /// How chunks are compressed. Default: [`Codec::default`].
    pub fn codec(self, codec: Codec) -> Self {
        Self { codec, ..self }
    }

    /// Whether each chunk is stored with a checksum, which lets a reader detect corrupted bytes. Default: no. Not
    /// available in Zarr v2.
    pub fn checksum(self, checksum: bool) -> Self {
        Self { checksum, ..self }
    }

    /// The names of the axes. Default: none. Zarr v2 has none, so they are omitted there.
    pub fn axis_names(self, axis_names: &'a [&'a str]) -> Self {
        Self { axis_names, ..self }
    }

    /// The value of elements that were never written. Default: zero.
    pub fn fill(self, fill: Scalar) -> Self {
        Self { fill, ..self }
    }

    /// Whether chunks in which all elements equal the fill value are stored as well. Default: no; the file of such a
    /// chunk is then removed if it exists.
    pub fn store_fill(self, store_fill: bool) -> Self {
        Self { store_fill, ..self }
    }

    /// The attributes of the array. Default: none.
    pub fn attributes(self, attributes: Map<String, Value>) -> Self {
        Self { attributes, ..self }
    }

    /// The Zarr v3 array of this name in a store, or the store itself as an array if the name is empty. Nothing is
    /// written yet.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the codec has no such level; [`crate::Error::DataType`] if the fill value has a
    /// different type; [`Error::Zarr`] if the library fails, naming the array.
    pub fn build(&self, store: &Arc<FolderStore>, name: &str) -> Result<ArrayWriter> {
        self.check()?;
        let path = store.path(name);
        let sizes = |sizes: &[usize]| sizes.iter().map(|size| *size as u64).collect::<Vec<u64>>();
        let codecs = self.codec.chain(self.dtype.size(), self.checksum).map_err(Error::zarr(&path))?;
        let (layout, fill) = (&self.layout, FillValue::new(self.fill.bytes().to_vec()));
        let mut builder = ArrayBuilder::new(sizes(&layout.shape), sizes(layout.file()), self.dtype.zarr_name(), fill);
        builder.bytes_to_bytes_codecs(codecs).attributes(self.attributes.clone());
        if !self.axis_names.is_empty() {
            builder.dimension_names(Some(self.axis_names.iter().copied()));
        }
        if layout.shard.is_some() {
            builder.subchunk_shape(sizes(&layout.chunk));
        }
        let array = builder.build(Arc::new(Storage(Arc::clone(store))), &format!("/{name}"));
        Ok(self.writer(store, path, array.map_err(Error::zarr(&store.path(name)))?))
    }

    /// Creates the Zarr v3 array of this name in a store, or makes the store itself an array if the name is empty:
    /// writes its metadata.
    ///
    /// # Errors
    /// The errors of [`Plan::build`], and [`Error::Zarr`] if the metadata cannot be written.
    pub fn create(&self, store: &Arc<FolderStore>, name: &str) -> Result<ArrayWriter> {
        let writer = self.build(store, name)?;
        writer.store_metadata()?;
        Ok(writer)
    }

    /// [`Plan::create`] for a Zarr v2 array, with its chunks in nested folders.
    ///
    /// # Errors
    /// The errors of [`Plan::create`]; [`crate::Error::Argument`] if the plan has shards, checksums, a non-zero fill
    /// value, or elements of a type that Zarr v2 does not have.
    pub fn create_v2(&self, store: &Arc<FolderStore>, name: &str) -> Result<ArrayWriter> {
        self.check()?;
        let refused = |argument: &str, got: &dyn std::fmt::Debug, expected: &str| {
            Err(crate::Error::argument(argument, got, expected).into())
        };
        if let Some(shard) = &self.layout.shard {
            return refused("shard", shard, "none in Zarr v2");
        }
        if self.checksum {
            return refused("checksum", &self.checksum, "none in Zarr v2");
        }
        if self.fill != Scalar::zero(self.dtype) {
            return refused("fill value", &self.fill, "zero in Zarr v2");
        }
        let Some(dtype) = dtype_v2(self.dtype) else {
            return refused("element type", &self.dtype.zarr_name(), "one that Zarr v2 has");
        };
        let path = store.path(name);
        let metadata = json!({
            "zarr_format": 2,
            "node_type": "array",
            "shape": self.layout.shape,
            "chunks": self.layout.chunk,
            "dtype": dtype,
            "compressor": self.codec.compressor(self.dtype.size()),
            "fill_value": if self.dtype == DType::Bool { json!(false) } else { json!(0) },
            "order": "C",
            "filters": null,
            "dimension_separator": "/",
            "attributes": self.attributes,
        });
        let metadata = serde_json::from_value(metadata).map_err(Error::zarr(&path))?;
        let storage = Arc::new(Storage(Arc::clone(store)));
        let array = Array::new_with_metadata(storage, &format!("/{name}"), ArrayMetadata::V2(metadata));
        let array = array.map_err(Error::zarr(&path))?;
        let writer = self.writer(store, path, array);
        writer.store_metadata()?;
        Ok(writer)
    }

    fn check(&self) -> crate::Result<()> {
        if self.fill.dtype() != self.dtype {
            return Err(crate::Error::dtype("fill value", self.fill.dtype(), self.dtype.name()));
        }
        self.codec.check()
    }

    fn writer(&self, store: &Arc<FolderStore>, path: std::path::PathBuf, array: Array<Storage>) -> ArrayWriter {
        ArrayWriter {
            store: Arc::clone(store),
            path,
            array,
            dtype: self.dtype,
            layout: self.layout.clone(),
            fill: self.fill,
            store_fill: self.store_fill,
            threads: 1,
            files: AtomicU64::new(0),
        }
    }
}

/// NumPy's short name of the type, as used in Zarr v2.
fn dtype_v2(dtype: DType) -> Option<String> {
    let kind = match dtype.zarr_name() {
        "bool" => 'b',
        "bfloat16" => return None,
        name if name.starts_with("uint") => 'u',
        name if name.starts_with("int") => 'i',
        _ => 'f',
    };
    let bytes = dtype.size();
    Some(format!("{}{kind}{bytes}", if bytes == 1 { '|' } else { '<' }))
}
