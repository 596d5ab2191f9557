//! Reading boxes of an array, by way of the chunks that hold them.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayViewD, ArrayViewMutD, Slice};
use zarrs::array::{
    Array, ArrayShardedExt, ArrayShardedReadableExt, ArrayShardedReadableExtCache, ArraySubset, ChunkGrid,
    CodecOptions, DataType,
};
use zarrs::plugin::ExtensionName;

use super::cache::ChunkCache;
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
    chunks: ChunkCache<T>,
    of: PhantomData<T>,
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

/// Fails where the system does not give the memory for a chunk: what decodes it would not come back from that.
fn room_for<T>(shape: &[usize]) -> Result<()> {
    let what = "a decoded chunk";
    let len = crate::array::product(what, shape)?;
    let bytes = len.saturating_mul(size_of::<T>());
    let reserved = Vec::<T>::new().try_reserve_exact(len);
    Ok(reserved.map_err(|_| crate::Error::OutOfMemory { what, bytes })?)
}

impl<T: Stored> ArrayReader<T> {
    /// Opens the array in a folder, to keep `cache_bytes` of decoded chunks, and one chunk at least.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`], and [`Error::DataType`] where its elements are not `T`.
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
        let first = grid.chunk_shape_u64(&vec![0; shape.len()]).map_err(Error::zarr(path))?;
        let chunk = match &first {
            Some(sizes) => sizes.iter().map(|size| usize::try_from(*size)).collect::<Result<_, _>>(),
            None => Ok(vec![1; shape.len()]),
        };
        let chunk = chunk.map_err(Error::zarr(path))?;
        let chunk_bytes = first.iter().flatten().product::<u64>().saturating_mul(size_of::<T>() as u64).max(1);
        let most = usize::try_from(cache_bytes as u64 / chunk_bytes).unwrap_or(usize::MAX);
        let shard_indices = ArrayShardedReadableExtCache::new(&array);
        let (path, chunks) = (path.to_path_buf(), ChunkCache::new(most));
        Ok(Self { array, path, shape, chunk, grid, shard_indices, chunks, of: PhantomData })
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
    /// [`crate::Error::Shape`] where the box leaves the array; [`Error::Io`] and [`Error::Zarr`].
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
                room_for::<T>(&size)?;
                // The caller's threads are busy with chunks of their own, so the codec starts none.
                let options = CodecOptions::default().with_concurrent_target(1);
                let chunk = self.array.retrieve_subchunk_opt::<Vec<T>>(&self.shard_indices, &place, &options);
                chunk.map_err(|error| Error::zarr(&self.file_of(lies.start()))(error))
            };
            let chunk = match !keep_whole && (0..axes).all(is_whole) {
                true => self.chunks.peek_or(&place, decode),
                false => self.chunks.get(&place, decode),
            };
            let chunk = chunk?;
            let chunk = ArrayViewD::from_shape(size.as_slice(), &chunk).map_err(self.failed())?;
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
