//! Writing the chunks of an array.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use ndarray::{Dimension, IxDyn};
use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayBytes, ArrayToBytesCodecTraits, CodecOptions};

use super::storage::Storage;
use super::{Error, FolderStore, Layout, Result};
use crate::DType;
use crate::dynamic::{ArrayRef, OwnedArray, Scalar};

/// A Zarr array that is written chunk by chunk, by any number of threads; created by a [`Plan`](super::Plan).
///
/// Each file (a chunk, or a shard of several) is written as a whole, through the array's [`FolderStore`], and
/// compressed on the calling thread.
pub struct ArrayWriter {
    pub(super) store: Arc<FolderStore>,
    pub(super) path: PathBuf,
    pub(super) array: Array<Storage>,
    pub(super) dtype: DType,
    pub(super) layout: Layout,
    pub(super) fill: Scalar,
    pub(super) store_fill: bool,
    pub(super) threads: usize,
    /// The number of chunks or shards that were written, each to its own file.
    pub(super) files: AtomicU64,
}

impl std::fmt::Debug for ArrayWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, dtype, layout, fill, .. } = self;
        let mut debug = f.debug_struct("ArrayWriter");
        debug.field("path", path).field("dtype", dtype).field("layout", layout).field("fill", fill);
        debug.finish_non_exhaustive()
    }
}

impl ArrayWriter {
    /// Sets the number of threads that compress the chunks of a shard in parallel. Default: 1, the calling thread.
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The sizes.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The value of elements that were never written.
    pub fn fill(&self) -> Scalar {
        self.fill
    }

    /// The store that contains the array.
    pub fn store(&self) -> &FolderStore {
        &self.store
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The attributes, written by [`ArrayWriter::store_metadata`].
    pub fn attributes_mut(&mut self) -> &mut Map<String, Value> {
        self.array.attributes_mut()
    }

    /// The metadata as JSON, the contents of `zarr.json` or `.zarray`, for callers that write it themselves.
    ///
    /// # Errors
    /// [`Error::Zarr`], naming the array.
    pub fn metadata_json(&self) -> Result<Vec<u8>> {
        serde_json::to_vec_pretty(self.array.metadata()).map_err(Error::zarr(&self.path))
    }

    /// Writes the metadata, including the attributes.
    ///
    /// # Errors
    /// [`Error::Zarr`], naming the array.
    pub fn store_metadata(&self) -> Result<()> {
        self.array.store_metadata().map_err(Error::zarr(&self.path))
    }

    /// The number of files that [`ArrayWriter::write_chunk`] has written.
    pub fn files(&self) -> u64 {
        self.files.load(Relaxed)
    }

    /// The key, in the store, of the file at `place` in the grid of files.
    pub fn key(&self, place: &[u64]) -> String {
        self.array.chunk_key(place).as_str().to_owned()
    }

    /// The file at `place` in the grid of files.
    pub fn file(&self, place: &[u64]) -> PathBuf {
        self.store.path(&self.key(place))
    }

    /// Writes the chunk or shard at `place` in the grid of files. `values` must have its shape, or the shape of its
    /// part within the array; the rest is then set to the fill value.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] and [`crate::Error::DataType`] if the values do not match;
    /// [`crate::Error::OutOfMemory`]; [`Error::Io`] and [`Error::Zarr`], naming the file. The file is then unchanged,
    /// unless the store is that of a [`Partial`](super::Partial).
    pub fn write_chunk(&self, place: &[u64], values: ArrayRef<'_>) -> Result<()> {
        match self.encode_chunk(place, values)? {
            Some(bytes) => {
                self.store.write(&self.key(place), &[&bytes])?;
                self.files.fetch_add(1, Relaxed);
                Ok(())
            }
            None => self.store.remove(&self.key(place)),
        }
    }

    /// The bytes that [`ArrayWriter::write_chunk`] would write; `None` if all values equal the fill value and need not
    /// be stored.
    ///
    /// # Errors
    /// The errors of [`ArrayWriter::write_chunk`].
    pub fn encode_chunk<'a>(&self, place: &[u64], values: ArrayRef<'a>) -> Result<Option<Cow<'a, [u8]>>> {
        if values.dtype() != self.dtype {
            return Err(crate::Error::dtype("values of a chunk", values.dtype(), self.dtype.name()).into());
        }
        let (file, part) = (self.layout.file(), self.part_within(place)?);
        if values.shape() == file {
            return match bytes_of(&values)? {
                Some(bytes) => self.encode(place, bytes),
                None => Ok(self.encode_copy(place, values)?.map(Cow::Owned)),
            };
        }
        if values.shape() != part {
            let expected = if part == file { format!("{file:?}") } else { format!("{file:?} or {part:?}") };
            return Err(crate::Error::shape("values of a chunk", values.shape(), expected).into());
        }
        Ok(self.encode_copy(place, values)?.map(Cow::Owned))
    }

    /// Writes the whole array, chunk by chunk, on this thread.
    ///
    /// # Errors
    /// The errors of [`ArrayWriter::write_chunk`]; chunks already written remain.
    pub fn write_all(&self, values: ArrayRef<'_>) -> Result<()> {
        let (shape, file) = (&self.layout.shape, self.layout.file());
        if values.shape() != shape {
            return Err(crate::Error::shape("values of an array", values.shape(), format!("{shape:?}")).into());
        }
        let counts: Vec<usize> = shape.iter().zip(file).map(|(size, file)| size.div_ceil(*file)).collect();
        for at in ndarray::indices(IxDyn(&counts)) {
            let place: Vec<u64> = at.slice().iter().map(|index| *index as u64).collect();
            let mut part = values;
            for (axis, size) in self.part_within(&place)?.into_iter().enumerate() {
                let start = at[axis] * file[axis];
                part = part.part(axis, start..start + size);
            }
            self.write_chunk(&place, part)?;
        }
        Ok(())
    }

    /// The shape of the part of a chunk or shard that is within the array.
    fn part_within(&self, place: &[u64]) -> Result<Vec<usize>> {
        let Layout { shape, .. } = &self.layout;
        let part = shape.iter().zip(self.layout.file()).zip(place).map(|((size, file), index)| {
            let start = usize::try_from(*index).ok()?.checked_mul(*file)?;
            Some(size.checked_sub(start)?.min(*file))
        });
        let part = part.collect::<Option<Vec<usize>>>().filter(|_| place.len() == shape.len());
        let outside = || {
            let expected = format!("one in an array of {shape:?} in files of {:?}", self.layout.file());
            crate::Error::argument("place of a chunk", place, expected)
        };
        Ok(part.ok_or_else(outside)?)
    }

    /// Encodes a full-size copy of the values in C order.
    fn encode_copy(&self, place: &[u64], values: ArrayRef<'_>) -> Result<Option<Vec<u8>>> {
        const WHAT: &str = "values of a chunk";
        let file = self.layout.file();
        let mut copy = OwnedArray::zeros(WHAT, self.dtype, file)?;
        let mut to = copy.array_mut();
        if values.shape() != file {
            to.fill(WHAT, self.fill)?;
            for (axis, size) in values.shape().iter().enumerate() {
                to = to.part(axis, 0..*size);
            }
        }
        to.assign(WHAT, &values)?;
        let encoded = self.encode(place, bytes_of(&copy.array_ref())?.unwrap_or_default())?;
        Ok(encoded.map(Cow::into_owned))
    }

    fn encode<'a>(&self, place: &[u64], bytes: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>> {
        let options = CodecOptions::default().with_concurrent_target(self.threads);
        let options = options.with_store_empty_chunks(self.store_fill);
        let (array, data_type, fill) = (&self.array, self.array.data_type(), self.array.fill_value());
        let encoded = || {
            let (bytes, shape) = (ArrayBytes::new_flen(bytes), array.chunk_shape(place)?);
            bytes.validate(shape.iter().map(|size| size.get()).product(), data_type)?;
            if !self.store_fill && bytes.is_fill_value(fill) {
                return Ok(None);
            }
            Ok(Some(array.codecs().encode(bytes, &shape, data_type, fill, &options)?))
        };
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::zarr(&self.file(place))(error);
        encoded().map_err(failed)
    }
}

/// The bytes of the elements, if they are contiguous in C order.
fn bytes_of<'a>(values: &ArrayRef<'a>) -> crate::Result<Option<&'a [u8]>> {
    crate::with_dtype!(values.dtype(), T => {
        Ok(values.view::<T>("values of a chunk")?.to_slice().map(bytemuck::cast_slice))
    })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, s};

    use super::*;
    use crate::zarr::{ArrayReader, Codec, Plan};

    fn plan(fill: u16) -> Plan<'static> {
        let layout = Layout { shape: vec![5, 7], chunk: vec![2, 4], shard: None };
        Plan::new(DType::U16, layout).fill(Scalar::of(fill))
    }

    fn read(folder: &Path) -> Array2<u16> {
        let mut out = OwnedArray::zeros("array", DType::U16, &[5, 7]).unwrap();
        ArrayReader::open(folder, 0).unwrap().read_into(&[0, 0], out.array_mut()).unwrap();
        out.into_array().unwrap()
    }

    #[test]
    fn values_of_any_strides_are_written_and_edges_filled() {
        let folder = tempfile::tempdir().unwrap();
        let values = Array2::from_shape_fn((7, 10), |(y, x)| (10 * y + x) as u16);
        let values = values.slice(s![..;-1, 1..6]).reversed_axes();
        let writer = plan(9).create(&Arc::new(FolderStore::new(folder.path())), "").unwrap();
        writer.write_all(ArrayRef::of("values", values).unwrap()).unwrap();
        assert_eq!(read(folder.path()), values);
        // Values beyond the edge equal the fill value, as a file with only fill values shows.
        let whole = Array2::from_shape_fn((2, 4), |(y, x)| if y == 0 && x < 3 { values[[4, 4 + x]] } else { 9 });
        let corner = ArrayRef::of("values", values.slice(s![4.., 4..])).unwrap();
        let whole = ArrayRef::of("values", whole.view()).unwrap();
        let encode = |values| writer.encode_chunk(&[2, 1], values).unwrap().unwrap().into_owned();
        assert_eq!(encode(corner), encode(whole));
    }

    #[test]
    fn chunks_of_the_fill_value_have_files_where_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let filled = Array2::<u16>::from_elem((2, 4), 9);
        let filled = ArrayRef::of("values", filled.view()).unwrap();
        for store_fill in [true, false] {
            let store = Arc::new(FolderStore::new(folder.path()));
            let writer = plan(9).store_fill(store_fill).create(&store, "").unwrap();
            writer.write_chunk(&[1, 0], filled).unwrap();
            assert_eq!(writer.file(&[1, 0]).is_file(), store_fill);
            assert_eq!(read(folder.path()), Array2::from_elem((5, 7), 9));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FolderStore::new(folder.path()));
        let writer = plan(0).create(&store, "").unwrap();
        let values = Array2::<u16>::zeros((2, 4));
        let values = ArrayRef::of("values", values.view()).unwrap();
        let wide = Array2::<u32>::zeros((2, 4));
        assert!(writer.write_chunk(&[0, 0], ArrayRef::of("values", wide.view()).unwrap()).is_err());
        assert!(writer.write_chunk(&[0, 0], values.part(1, 0..3)).is_err());
        for place in [&[3, 0][..], &[0, 2], &[0], &[u64::MAX, 0]] {
            assert!(writer.write_chunk(place, values).is_err(), "{place:?}");
        }
        assert!(writer.write_all(values).is_err());
        assert!(plan(0).fill(Scalar::of(0_u8)).build(&store, "").is_err());
        assert!(plan(0).codec(Codec::Zstd(50)).build(&store, "").is_err());
        assert!(plan(1).create_v2(&store, "").is_err() && plan(0).checksum(true).create_v2(&store, "").is_err());
    }
}
