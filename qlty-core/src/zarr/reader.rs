//! Reading boxes of an array through its chunks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zarrs::array::{
    Array, ArrayBytes, ArrayShardedExt, ArrayShardedReadableExt, ArrayShardedReadableExtCache, ArraySubset, ChunkGrid,
    CodecOptions,
};

use super::cache::ChunkCache;
use super::checksum::sealed;
use super::chunk::Chunk;
use super::inspect::{name_of, open_array};
use super::storage::Storage;
use super::{Error, Result};
use crate::DType;
use crate::dynamic::{ArrayMut, ArrayRef, MAX_NDIM};

/// The default size of a reader's cache of decoded chunks, in bytes.
pub const DEFAULT_CACHE_BYTES: usize = 256 << 20;

/// A Zarr v2 or v3 array on disk, read box by box. Threads may share it.
///
/// Chunks (in a sharded array, the chunks within its shards) are decoded whole, on the calling thread, and the most
/// recently used are cached, so reading neighbouring boxes is cheap. The array must not change while it is open.
pub struct ArrayReader {
    pub(super) array: Array<Storage>,
    path: PathBuf,
    pub(super) dtype: DType,
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// The grid of chunks, within shards if there are any.
    grid: ChunkGrid,
    shard_indices: ArrayShardedReadableExtCache,
    chunks: ChunkCache<Chunk>,
}

impl std::fmt::Debug for ArrayReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, dtype, shape, chunk, .. } = self;
        let mut debug = f.debug_struct("ArrayReader");
        debug.field("path", path).field("dtype", dtype).field("shape", shape).field("chunk", chunk);
        debug.finish_non_exhaustive()
    }
}

/// The number of bytes of a chunk of this shape.
///
/// # Errors
/// [`Error::Store`] if it does not fit `usize`; a shard's index has 16 bytes for each of its chunks.
pub(super) fn chunk_bytes(path: &Path, shape: &[usize], dtype: DType) -> Result<usize> {
    let too_large = |_| Error::store(path, "chunk shape", shape, "chunks whose bytes can be counted");
    let most = crate::array::product("a chunk", &[shape, &[16]].concat()).map_err(too_large)?;
    Ok(most / 16 * dtype.size())
}

/// Fails if there is not enough memory for a chunk; the library would abort instead.
pub(super) fn check_memory(bytes: usize) -> Result<()> {
    let is_small = bytes < 64 << 20;
    let room = || Vec::<u8>::new().try_reserve_exact(bytes);
    if is_small || room().is_ok() {
        return Ok(());
    }
    Err(crate::Error::OutOfMemory { what: "a chunk of a Zarr array", bytes }.into())
}

/// Fails if the metadata of an array has a checksum that it does not agree with.
fn check_metadata(path: &Path) -> Result<()> {
    let path = path.join("zarr.json");
    let bytes = match std::fs::read(&path) {
        // That of Zarr v2 has none.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        bytes => bytes.map_err(Error::io(&path))?,
    };
    match sealed(&serde_json::from_slice(&bytes).map_err(Error::zarr(&path))?) {
        Some((got, expected)) if got != expected => {
            let what = format!("the checksum of the metadata is {got:08x}, expected {expected:08x}");
            Err(Error::damaged(&path, what))
        }
        _ => Ok(()),
    }
}

impl ArrayReader {
    /// Opens the array in a folder, with a cache of `cache_bytes` of decoded chunks, and at least one chunk.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`Error::Damaged`] if its metadata does not agree with its checksum, which
    /// arrays of this library have; [`Error::DataType`] if its elements have no corresponding [`DType`];
    /// [`Error::Store`] if it has more axes than [`MAX_NDIM`], or chunks whose size does not fit `usize`.
    pub fn open(path: impl AsRef<Path>, cache_bytes: usize) -> Result<Self> {
        Self::open_if(path.as_ref(), None, cache_bytes)
    }

    /// [`ArrayReader::open`] for elements of this type.
    ///
    /// # Errors
    /// The errors of [`ArrayReader::open`], and [`Error::DataType`] if its elements are of a different type.
    pub fn open_as(path: impl AsRef<Path>, dtype: DType, cache_bytes: usize) -> Result<Self> {
        Self::open_if(path.as_ref(), Some(dtype), cache_bytes)
    }

    fn open_if(path: &Path, expected: Option<DType>, cache_bytes: usize) -> Result<Self> {
        let array = open_array(path)?;
        check_metadata(path)?;
        let name = name_of(array.data_type());
        let dtype = DType::from_zarr_name(&name).filter(|dtype| expected.is_none_or(|expected| *dtype == expected));
        let dtype = dtype.ok_or_else(|| Error::data_type(path, name, expected))?;
        let sizes = array.shape().iter().map(|size| usize::try_from(*size));
        let shape = sizes.collect::<Result<Vec<_>, _>>().map_err(Error::zarr(path))?;
        if shape.len() > MAX_NDIM {
            return Err(Error::store(path, "number of axes", shape.len(), format!("at most {MAX_NDIM}")));
        }
        crate::array::product("elements of an array", &shape)?;
        let grid = array.subchunk_grid();
        let first_of = |grid: &ChunkGrid| -> Result<Vec<usize>> {
            let sizes = grid.chunk_shape_u64(&vec![0; shape.len()]).map_err(Error::zarr(path))?;
            let sizes = sizes.unwrap_or_else(|| vec![1; shape.len()]);
            sizes.iter().map(|size| usize::try_from(*size)).collect::<Result<_, _>>().map_err(Error::zarr(path))
        };
        // With shards, the library multiplies their shape too, unchecked.
        chunk_bytes(path, &first_of(array.chunk_grid())?, dtype)?;
        let chunk = first_of(&grid)?;
        let most = cache_bytes / chunk_bytes(path, &chunk, dtype)?.max(1);
        let shard_indices = ArrayShardedReadableExtCache::new(&array);
        let (path, chunks) = (path.to_path_buf(), ChunkCache::new(most));
        Ok(Self { array, path, dtype, shape, chunk, grid, shard_indices, chunks })
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The shape of the array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape of a chunk, the unit of decoding; in a sharded array, of a chunk within a shard.
    pub fn chunk_shape(&self) -> &[usize] {
        &self.chunk
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the box that starts at `start` and has the shape of `out`, whose elements must have the type of the array;
    /// those of `Bool` can also be read as `U8`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the box extends beyond the array, [`crate::Error::DataType`] if `out` has other
    /// elements; [`crate::Error::OutOfMemory`] if there is not enough memory for a chunk; [`Error::Damaged`] if a chunk
    /// is corrupted; [`Error::Io`] and [`Error::Zarr`].
    pub fn read_into(&self, start: &[usize], mut out: ArrayMut<'_>) -> Result<()> {
        const OUT: &str = "box of a Zarr array";
        if !self.dtype.can_be_read_as(out.dtype()) {
            return Err(crate::Error::dtype(OUT, out.dtype(), self.dtype.name()).into());
        }
        let shape = out.shape().to_vec();
        self.visit(start, &shape, true, &mut |at, part| {
            let mut to = out.reborrow();
            for (axis, (start, len)) in at.iter().zip(part.shape()).enumerate() {
                to = to.part(axis, *start..start + len);
            }
            Ok(to.assign(OUT, &part)?)
        })
    }

    /// Calls `each` with the parts of a box that are in one chunk each, and where in the box they start. A chunk that
    /// is entirely in the box is not added to the cache.
    ///
    /// # Errors
    /// The errors of [`ArrayReader::read_into`].
    pub fn for_each_part(
        &self,
        start: &[usize],
        shape: &[usize],
        each: &mut dyn FnMut(&[usize], ArrayRef<'_>),
    ) -> Result<()> {
        self.visit(start, shape, false, &mut |at, part| {
            each(at, part);
            Ok(())
        })
    }

    fn visit(
        &self,
        start: &[usize],
        shape: &[usize],
        keep_whole: bool,
        each: &mut dyn FnMut(&[usize], ArrayRef<'_>) -> Result<()>,
    ) -> Result<()> {
        let axes = self.shape.len();
        let fits = |axis: usize| start[axis].checked_add(shape[axis]).is_some_and(|end| end <= self.shape[axis]);
        if start.len() != axes || shape.len() != axes || !(0..axes).all(fits) {
            let expected = format!("a box that begins at {start:?} within {:?}", self.shape);
            return Err(crate::Error::shape("box of a Zarr array", shape, expected).into());
        }
        if shape.contains(&0) {
            return Ok(());
        }
        let sizes = |sizes: &[usize]| sizes.iter().map(|size| *size as u64).collect::<Vec<u64>>();
        let wanted = ArraySubset::new_with_start_shape(sizes(start), sizes(shape)).map_err(self.failed())?;
        let places = self.grid.chunks_in_array_subset(&wanted).map_err(self.failed())?;
        let outside = || Error::store(&self.path, "chunk grid", &self.grid, "chunks wherever there are elements");
        for place in &places.ok_or_else(outside)?.indices() {
            let lies = self.grid.subset(&place).map_err(self.failed())?.ok_or_else(outside)?;
            let (from, size) = (lies.start(), lies.shape_usize());
            // The intersection of the box and the chunk, as (from, to) in the array.
            let common = |axis: usize| {
                let (from, len) = (from[axis] as usize, size[axis]);
                (from.max(start[axis]), (from + len).min(start[axis] + shape[axis]))
            };
            let is_whole = |axis: usize| {
                let (from, end) = (from[axis] as usize, from[axis] as usize + size[axis]);
                common(axis) == (from, end.min(self.shape[axis]))
            };
            let decode = || {
                check_memory(chunk_bytes(&self.path, &size, self.dtype)?)?;
                // The caller's threads decode chunks of their own, so the codec must not start more.
                let options = CodecOptions::default().with_concurrent_target(1);
                let decoded = self.array.retrieve_subchunk_opt(&self.shard_indices, &place, &options);
                let file = || self.file_of(lies.start());
                let bytes: ArrayBytes<'static> = decoded.map_err(|error| Error::chunk(&file(), error))?;
                Chunk::new(bytes, self.dtype, size.clone()).map_err(|error| Error::damaged(&file(), error))
            };
            let chunk: Arc<Chunk> = match !keep_whole && (0..axes).all(is_whole) {
                true => self.chunks.peek_or(&place, decode),
                false => self.chunks.get(&place, decode),
            }?;
            let mut part = chunk.array()?;
            for (axis, from) in from.iter().enumerate() {
                let (from, (start, end)) = (*from as usize, common(axis));
                part = part.part(axis, start - from..end - from);
            }
            let at: Vec<usize> = (0..axes).map(|axis| common(axis).0 - start[axis]).collect();
            each(&at, part)?;
        }
        Ok(())
    }

    /// The file that holds an element.
    fn file_of(&self, element: &[u64]) -> PathBuf {
        let place = self.array.chunk_grid().chunk_indices(element).ok().flatten();
        let file = |place: Vec<u64>| self.array.storage().0.path(self.array.chunk_key(&place).as_str());
        place.map_or_else(|| self.path.clone(), file)
    }

    fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(&self) -> impl FnOnce(E) -> Error {
        Error::zarr(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store without chunks, of 4 x 4 `float32` in chunks of this shape.
    fn open_with_chunks(folder: &Path, chunk: [u64; 2]) -> Result<ArrayReader> {
        let metadata = serde_json::json!({
            "zarr_format": 3, "node_type": "array", "shape": [4, 4], "data_type": "float32", "fill_value": 0,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
            "chunk_key_encoding": {"name": "default"},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        });
        std::fs::write(folder.join("zarr.json"), metadata.to_string()).unwrap();
        ArrayReader::open(folder, 0)
    }

    #[test]
    fn chunks_of_any_size_are_read_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let read = |chunk| {
            let mut out = ndarray::Array2::<f32>::ones((3, 2));
            open_with_chunks(folder.path(), chunk)?.read_into(&[1, 2], ArrayMut::of("out", out.view_mut())?)?;
            Ok::<_, Error>(out)
        };
        assert!(read([2, 4]).unwrap().iter().all(|value| *value == 0.0));
        // Sizes that overflow, and sizes larger than any memory.
        for chunk in [[1 << 40, 1 << 40], [1 << 62, 1], [u64::MAX, 2]] {
            assert!(matches!(read(chunk), Err(Error::Store { .. } | Error::Zarr { .. })), "{chunk:?}");
        }
        assert!(matches!(read([1 << 28, 1 << 28]), Err(Error::Core(crate::Error::OutOfMemory { .. }))));
    }

    /// An array of this shape and type with one chunk of zeros.
    fn write(folder: &Path, data_type: &str, shape: &[usize], bytes: &[u8]) {
        let metadata = serde_json::json!({
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": data_type,
            "fill_value": match data_type {
                "bool" => serde_json::json!(false),
                "complex64" => serde_json::json!([0, 0]),
                _ => serde_json::json!(0),
            },
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
            "chunk_key_encoding": {"name": "default"},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
        });
        std::fs::write(folder.join("zarr.json"), metadata.to_string()).unwrap();
        let file = folder.join("c").join(vec!["0"; shape.len()].join("/"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    #[test]
    fn types_are_told_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "uint16", &[2, 2], &[0; 8]);
        assert_eq!(ArrayReader::open_as(folder.path(), DType::U16, 0).unwrap().dtype(), DType::U16);
        let text = |error: Error| error.to_string().replace(&folder.path().display().to_string(), "folder");
        let other = text(ArrayReader::open_as(folder.path(), DType::F32, 0).unwrap_err());
        assert_eq!(other, "folder: got elements of type uint16, expected float32");
        write(folder.path(), "complex64", &[2, 2], &[0; 32]);
        let unknown = text(ArrayReader::open(folder.path(), 0).unwrap_err());
        let start = "folder: got elements of type complex64, expected one of uint8, int8, ";
        assert!(unknown.starts_with(start) && unknown.ends_with(", float64, bool"), "{unknown}");
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "uint8", &[1; 7], &[0]);
        let text = |error: Error| error.to_string();
        assert!(
            text(ArrayReader::open(folder.path(), 0).unwrap_err())
                .ends_with("number of axes: got 7, expected at most 6")
        );
    }

    #[test]
    fn truth_values_are_read_as_themselves_and_as_bytes() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "bool", &[4], &[0, 1, 1, 0]);
        let reader = ArrayReader::open(folder.path(), 0).unwrap();
        let (mut truths, mut bytes, mut signed) = ([false; 2], [9_u8; 2], [9_i8; 2]);
        let of = |name, out: ndarray::ArrayViewMut1<'_, u8>| reader.read_into(&[1], ArrayMut::of(name, out)?);
        of("bytes", (&mut bytes).into()).unwrap();
        reader.read_into(&[2], ArrayMut::of("truths", (&mut truths).into()).unwrap()).unwrap();
        assert_eq!((truths, bytes), ([true, false], [1, 1]));
        let wrong = reader.read_into(&[0], ArrayMut::of("signed", ndarray::ArrayViewMut1::from(&mut signed)).unwrap());
        assert!(matches!(wrong, Err(Error::Core(crate::Error::DataType { .. }))));
        write(folder.path(), "bool", &[4], &[0, 1, 2, 0]);
        let damaged = ArrayReader::open(folder.path(), 0).unwrap();
        let damaged = damaged.read_into(&[0], ArrayMut::of("bytes", ndarray::ArrayViewMut1::from(&mut bytes)).unwrap());
        assert!(matches!(damaged, Err(Error::Damaged { .. })), "{damaged:?}");
    }
}
