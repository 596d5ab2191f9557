//! Reading boxes of an array, by way of the chunks that hold them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayViewD, ArrayViewMutD, Slice};
use zarrs::array::{
    Array, ArrayShardedExt, ArrayShardedReadableExt, ArrayShardedReadableExtCache, ArraySubset, ChunkGrid,
    CodecOptions, DataType,
};
use zarrs::plugin::ExtensionName;

use super::cache::ChunkCache;
use super::chunk::Chunk;
use super::{Error, FolderStore, Result, Stored};

/// The decoded chunks that a reader keeps unless it is told otherwise, in bytes.
pub const DEFAULT_CACHE_BYTES: usize = 256 << 20;

/// A Zarr v2 or v3 array on disk, read box by box. Threads may share it.
///
/// Chunks (of a sharded array, the chunks within its shards) are decoded whole and kept, the most
/// recently used of them, so boxes that lie together cost little. The array must not change.
pub struct ArrayReader<T> {
    array: Array<FolderStore>,
    path: PathBuf,
    shape: Vec<usize>,
    chunk: Vec<usize>,
    /// The grid of chunks, within shards if there are any.
    grid: ChunkGrid,
    shard_indices: ArrayShardedReadableExtCache,
    chunks: ChunkCache<Chunk<T>>,
}

impl<T> std::fmt::Debug for ArrayReader<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrayReader").field("path", &self.path).field("shape", &self.shape).finish_non_exhaustive()
    }
}

fn open(path: &Path) -> Result<Array<FolderStore>> {
    // The library's words for a path that is not there do not name it.
    path.metadata().map_err(Error::io(path))?;
    Array::open(Arc::new(FolderStore::new(path)), "/").map_err(Error::zarr(path))
}

/// The name that Zarr v3 gives an element type.
fn name_of(data_type: &DataType) -> String {
    data_type.name_v3().map_or_else(|| data_type.to_string(), |name| name.into_owned())
}

/// The name of the element type of the array in a folder, such as `uint16`, and its number of axes.
///
/// # Errors
/// [`Error::Io`] and [`Error::Zarr`].
pub fn inspect(path: &Path) -> Result<(String, usize)> {
    let array = open(path)?;
    Ok((name_of(array.data_type()), array.dimensionality()))
}

/// The bytes of a chunk of this shape.
///
/// # Errors
/// [`Error::Store`] where there are more than can be counted; a shard's index has 16 bytes for each of its chunks.
fn chunk_bytes<T>(path: &Path, shape: &[usize]) -> Result<usize> {
    let too_large = |_| Error::store(path, "chunk shape", shape, "chunks whose bytes can be counted");
    let most = crate::array::product("a chunk", &[shape, &[16]].concat()).map_err(too_large)?;
    Ok(most / 16 * size_of::<T>())
}

/// Fails where there is no memory for a chunk, which the library would take without asking.
fn check_memory(bytes: usize) -> Result<()> {
    let is_small = bytes < 64 << 20;
    let room = || Vec::<u8>::new().try_reserve_exact(bytes);
    if is_small || room().is_ok() {
        return Ok(());
    }
    Err(crate::Error::OutOfMemory { what: "a chunk of a Zarr array", bytes }.into())
}

impl<T: Stored> ArrayReader<T> {
    /// Opens the array in a folder, to keep `cache_bytes` of decoded chunks, and one chunk at least.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`], [`Error::DataType`] where its elements are not `T`, and [`Error::Store`] where
    /// its chunks are larger than can be counted.
    pub fn open(path: impl AsRef<Path>, cache_bytes: usize) -> Result<Self> {
        let path = path.as_ref();
        let array = open(path)?;
        if T::validate_data_type(array.data_type()).is_err() {
            let (path, got) = (path.to_path_buf(), name_of(array.data_type()));
            return Err(Error::DataType { path, got, expected: T::NAME });
        }
        let sizes = array.shape().iter().map(|size| usize::try_from(*size));
        let shape = sizes.collect::<Result<Vec<_>, _>>().map_err(Error::zarr(path))?;
        crate::array::product("elements of an array", &shape)?;
        let grid = array.subchunk_grid();
        let first_of = |grid: &ChunkGrid| -> Result<Vec<usize>> {
            let sizes = grid.chunk_shape_u64(&vec![0; shape.len()]).map_err(Error::zarr(path))?;
            let sizes = sizes.unwrap_or_else(|| vec![1; shape.len()]);
            sizes.iter().map(|size| usize::try_from(*size)).collect::<Result<_, _>>().map_err(Error::zarr(path))
        };
        // Where there are shards, their own shape too is multiplied by the library, unchecked.
        chunk_bytes::<T>(path, &first_of(array.chunk_grid())?)?;
        let chunk = first_of(&grid)?;
        let most = cache_bytes / chunk_bytes::<T>(path, &chunk)?.max(1);
        let shard_indices = ArrayShardedReadableExtCache::new(&array);
        let (path, chunks) = (path.to_path_buf(), ChunkCache::new(most));
        Ok(Self { array, path, shape, chunk, grid, shard_indices, chunks })
    }

    /// The shape of the array.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape of what is decoded in one go: a chunk's, of a sharded array that of one within a shard.
    pub fn chunk_shape(&self) -> &[usize] {
        &self.chunk
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the box that begins at `start` and has the shape of `out`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the box leaves the array; [`crate::Error::OutOfMemory`] where there is no memory for a
    /// chunk; [`Error::Damaged`] where one is not what was written; [`Error::Io`] and [`Error::Zarr`].
    pub fn read_into(&self, start: &[usize], mut out: ArrayViewMutD<'_, T>) -> Result<()> {
        let shape = out.shape().to_vec();
        self.visit(start, &shape, true, |at, part| {
            let mut to = out.slice_each_axis_mut(|axis| {
                let axis = axis.axis.index();
                Slice::from(at[axis]..at[axis] + part.shape()[axis])
            });
            to.assign(&part);
        })
    }

    /// Calls `each` with the parts of a box that lie in one chunk, and where in the box they begin. A chunk
    /// that the box holds whole is not kept, unless it is there already.
    ///
    /// # Errors
    /// As [`ArrayReader::read_into`].
    pub fn for_each_part(
        &self,
        start: &[usize],
        shape: &[usize],
        each: impl FnMut(&[usize], ArrayViewD<'_, T>),
    ) -> Result<()> {
        self.visit(start, shape, false, each)
    }

    fn visit(
        &self,
        start: &[usize],
        shape: &[usize],
        keep_whole: bool,
        mut each: impl FnMut(&[usize], ArrayViewD<'_, T>),
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
            // What the box and the chunk have in common, as (from, to) of the array.
            let common = |axis: usize| {
                let (from, len) = (from[axis] as usize, size[axis]);
                (from.max(start[axis]), (from + len).min(start[axis] + shape[axis]))
            };
            let is_whole = |axis: usize| {
                let (from, end) = (from[axis] as usize, from[axis] as usize + size[axis]);
                common(axis) == (from, end.min(self.shape[axis]))
            };
            let decode = || {
                check_memory(chunk_bytes::<T>(&self.path, &size)?)?;
                // The caller's threads are busy with chunks of their own, so the codec starts none.
                let options = CodecOptions::default().with_concurrent_target(1);
                let chunk = self.array.retrieve_subchunk_opt(&self.shard_indices, &place, &options);
                chunk.map_err(|error| Error::chunk(&self.file_of(lies.start()), error))
            };
            let chunk: Arc<Chunk<T>> = match !keep_whole && (0..axes).all(is_whole) {
                true => self.chunks.peek_or(&place, decode),
                false => self.chunks.get(&place, decode),
            }?;
            let chunk = ArrayViewD::from_shape(size.as_slice(), chunk.values()).map_err(self.failed())?;
            let part = chunk.slice_each_axis(|axis| {
                let (axis, (start, end)) = (axis.axis.index(), common(axis.axis.index()));
                Slice::from(start - from[axis] as usize..end - from[axis] as usize)
            });
            let at: Vec<usize> = (0..axes).map(|axis| common(axis).0 - start[axis]).collect();
            each(&at, part);
        }
        Ok(())
    }

    /// The file that holds an element.
    fn file_of(&self, element: &[u64]) -> PathBuf {
        let place = self.array.chunk_grid().chunk_indices(element).ok().flatten();
        place
            .map_or_else(|| self.path.clone(), |place| self.array.storage().path(self.array.chunk_key(&place).as_str()))
    }

    fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(&self) -> impl FnOnce(E) -> Error {
        Error::zarr(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store without chunks, of 4 x 4 `float32` in chunks of this shape.
    fn open_with_chunks(folder: &Path, chunk: [u64; 2]) -> Result<ArrayReader<f32>> {
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
            open_with_chunks(folder.path(), chunk)?.read_into(&[1, 2], out.view_mut().into_dyn())?;
            Ok::<_, Error>(out)
        };
        assert!(read([2, 4]).unwrap().iter().all(|value| *value == 0.0));
        // More than can be counted, and more than a machine has.
        for chunk in [[1 << 40, 1 << 40], [1 << 62, 1], [u64::MAX, 2]] {
            assert!(matches!(read(chunk), Err(Error::Store { .. } | Error::Zarr { .. })), "{chunk:?}");
        }
        assert!(matches!(read([1 << 28, 1 << 28]), Err(Error::Core(crate::Error::OutOfMemory { .. }))));
    }
}
