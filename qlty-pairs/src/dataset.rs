//! Reading stored patch pairs: one by one, in batches, and in shuffled epochs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array, Array1, Array2, Dimension};
use qlty_core::dynamic::ArrayMut;
use qlty_core::internal::array::{check_copy, product, zeros};
use qlty_core::zarr::{ArrayReader, DEFAULT_CACHE_BYTES, Damage, Error, Result, verify_arrays};
use qlty_core::{DType, Element, Monitor};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::draw::stream;
use crate::extent::Extent;
use crate::metadata::check_indices;
use crate::pair::{check_array, matrix};
use crate::patches::check_patches;
use crate::{AnyPairMetadata, AnyPairsMut, AnyPatchPairs, Positions};

mod metadata;

/// The pairs of a store, with type and number of axes known at run time; see [`crate::PatchPairDataset`].
///
/// Threads may share it, and clones are cheap and share the cache.
#[derive(Clone)]
pub struct AnyDataset(Arc<Inner>);

struct Inner {
    path: PathBuf,
    /// Patches, (P,C,y,x) or (P,C,z,y,x), both of one type and shape.
    patches: [ArrayReader; 2],
    /// The size of a patch.
    window: Extent,
    deltas: Array2<f32>,
    rotations: Array1<i64>,
    positions: Option<[Array2<i64>; 2]>,
}

impl fmt::Debug for AnyDataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("AnyDataset");
        told.field("path", &self.path()).field("dtype", &self.dtype()).field("patches", &self.shape());
        told.field("positions", &self.positions()).finish()
    }
}

impl AnyDataset {
    /// Opens a store, with a cache of up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`Error::DataType`] if its patches have no corresponding [`DType`], and
    /// [`Error::Store`] if its arrays do not match.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`AnyDataset::open`] with a different cache size; at least one chunk of each of the two arrays is always cached.
    ///
    /// # Errors
    /// The errors of [`AnyDataset::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        Self::open_as(path.as_ref(), bytes, None)
    }

    /// Opens a store, and checks its type and number of spatial axes if these are given.
    pub(crate) fn open_as(path: &Path, bytes: usize, expected: Option<(DType, usize)>) -> Result<Self> {
        let (path1, path2) = (path.join("patches1"), path.join("patches2"));
        let patches1 = match expected {
            None => ArrayReader::open(path1, bytes / 2)?,
            Some((dtype, _)) => ArrayReader::open_as(path1, dtype, bytes / 2)?,
        };
        let patches2 = ArrayReader::open_as(path2, patches1.dtype(), bytes / 2)?;
        let shape = patches1.shape();
        match (shape.len(), expected) {
            (axes, Some((_, ndim))) if axes != ndim + 2 => {
                let expected = format!("(pairs, channels) and {ndim} axes of pixels");
                return Err(Error::store(patches1.path(), "shape", shape, expected));
            }
            (4 | 5, _) => {}
            (axes, _) => return Err(Error::store(patches1.path(), "number of axes", axes, "4 or 5")),
        }
        if patches2.shape() != shape {
            let expected = format!("{shape:?}, that of the first patches");
            return Err(Error::store(patches2.path(), "shape", patches2.shape(), expected));
        }
        let (count, window) = (shape[0], Extent::new("window", &shape[2..])?);
        let ndim = window.ndim;
        let deltas = whole(path, "deltas", count, Some(&[ndim]))?;
        let rotations = whole(path, "rotations", count, None)?;
        let positions = match path.join("positions1").is_dir() && path.join("positions2").is_dir() {
            false => None,
            true => {
                let read = |name| whole(path, name, count, Some(&[ndim, ndim + 1]));
                Some([read("positions1")?, read("positions2")?])
            }
        };
        let path = path.to_path_buf();
        Ok(Self(Arc::new(Inner { path, patches: [patches1, patches2], window, deltas, rotations, positions })))
    }

    /// The folder of the store.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The type of the patches.
    pub fn dtype(&self) -> DType {
        self.0.patches[0].dtype()
    }

    /// The number of spatial axes, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.0.window.ndim
    }

    /// The shape of the array of all first patches, which is also that of all second patches: (P,C,y,x) or (P,C,z,y,x).
    pub fn shape(&self) -> &[usize] {
        self.0.patches[0].shape()
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.shape()[0]
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.shape()[1]
    }

    /// The size of a patch, (y, x) or (z, y, x).
    pub fn window(&self) -> &[usize] {
        &self.shape()[2..]
    }

    /// Which positions the store contains.
    pub fn positions(&self) -> Positions {
        match &self.0.positions {
            None => Positions::None,
            Some([first, _]) if first.ncols() == self.ndim() => Positions::Pixels,
            Some(_) => Positions::WithImage,
        }
    }

    /// The metadata of the pairs; row i belongs to pair i.
    ///
    /// # Errors
    /// [`Error::Zarr`] if the group cannot be read, and [`Error::Store`] if it has no such metadata, as in stores
    /// written by qlty.
    pub fn metadata(&self) -> Result<AnyPairMetadata> {
        metadata::read(&self.0.path, self.0.window, self.len())
    }

    /// The pairs with these indices, in their order.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if there is no such pair; [`Error::Io`] and [`Error::Zarr`];
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn get_batch(&self, indices: &[usize]) -> Result<AnyPatchPairs> {
        check_indices(indices, self.len())?;
        let mut batch =
            AnyPatchPairs::zeros(self.dtype(), indices.len(), self.channels(), self.window(), self.positions())?;
        self.get_batch_into(indices, batch.view_mut()?)?;
        Ok(batch)
    }

    /// [`AnyDataset::get_batch`] into the caller's arrays, of any strides; positions are written only if the store has
    /// them and the caller provides an array for them.
    ///
    /// # Errors
    /// The errors of [`AnyDataset::get_batch`]; [`qlty_core::Error::Shape`] and [`qlty_core::Error::DataType`]. After
    /// these two, or if there is no such pair, nothing is written.
    pub fn get_batch_into(&self, indices: &[usize], out: AnyPairsMut<'_>) -> Result<()> {
        check_indices(indices, self.len())?;
        let count = indices.len();
        let (patches, mut places) = out.split();
        let shape = [&[count], &self.shape()[1..]].concat();
        check_patches(&patches, &shape)?;
        for (name, patches) in ["patches1", "patches2"].into_iter().zip(&patches) {
            check_copy(name, patches.dtype(), self.dtype())?;
        }
        places.check(self.ndim(), count)?;
        if let Some(stored) = &self.0.positions {
            for ((_, _, positions), stored) in places.positions().into_iter().zip(stored) {
                let Some(positions) = positions else { continue };
                check_array("positions", positions, DType::I64, &[count, stored.ncols()])?;
            }
        }
        let [patches1, patches2] = patches;
        let [reader1, reader2] = &self.0.patches;
        let (first, second) =
            rayon::join(|| read_rows(reader1, indices, patches1), || read_rows(reader2, indices, patches2));
        first.and(second)?;
        if let Some(deltas) = &mut places.deltas {
            let mut deltas = matrix::<f32>("deltas", deltas)?;
            indices.iter().zip(deltas.outer_iter_mut()).for_each(|(i, mut row)| row.assign(&self.0.deltas.row(*i)));
        }
        if let Some(rotations) = &mut places.rotations {
            let mut rotations = rotations.view_mut::<i64>("rotations")?;
            indices.iter().zip(rotations.iter_mut()).for_each(|(i, to)| *to = self.0.rotations[*i]);
        }
        if let Some(stored) = &self.0.positions {
            for ((name, _, positions), stored) in places.positions().into_iter().zip(stored) {
                let Some(positions) = positions else { continue };
                let mut positions = matrix::<i64>(name, positions)?;
                indices.iter().zip(positions.outer_iter_mut()).for_each(|(i, mut row)| row.assign(&stored.row(*i)));
            }
        }
        Ok(())
    }

    /// Decodes the files of all arrays of the store, in parallel, past the cache, and returns those that are damaged, and
    /// arrays that lack files, as far as they tell their number of files: those written by this library do. At most
    /// `most` files, evenly spread, are decoded; all if it is `None`. Progress counts files.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`] if a file cannot be read; [`qlty_core::Error::OutOfMemory`] and
    /// [`qlty_core::Error::Cancelled`].
    pub fn verify(&self, most: Option<usize>, monitor: &Monitor) -> Result<Vec<Damage>> {
        let positions: &[&str] = if self.0.positions.is_some() { &["positions1", "positions2"] } else { &[] };
        let names = ["patches1", "patches2", "deltas", "rotations"].iter().chain(positions);
        let folders: Vec<PathBuf> = names.map(|name| self.path().join(name)).collect();
        verify_arrays(&folders, most, monitor)
    }

    /// All indices in the random order of an epoch: the order depends on the seed and the epoch.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut stream(seed, epoch));
        order
    }
}

/// Reads rows of an array; rows that share a chunk are read one after the other.
fn read_rows(reader: &ArrayReader, indices: &[usize], out: ArrayMut<'_>) -> Result<()> {
    let (mut rows, mut rest) = (Vec::with_capacity(indices.len()), out);
    for index in indices {
        let (row, others) = rest.split_at(0, 1);
        rows.push((*index, row));
        rest = others;
    }
    rows.sort_by_key(|(index, _)| *index);
    rows.into_par_iter().try_for_each(|(index, row)| {
        let mut start = vec![0; reader.shape().len()];
        start[0] = index;
        reader.read_into(&start, row)
    })
}

/// Reads a whole array with one row per pair of `count` pairs, whose number of columns is one of `columns`.
fn whole<T: Element, Dim: Dimension>(
    path: &Path,
    name: &'static str,
    count: usize,
    columns: Option<&[usize]>,
) -> Result<Array<T, Dim>> {
    let reader = ArrayReader::open_as(path.join(name), T::DTYPE, 0)?;
    let fits = match (reader.shape(), columns) {
        ([rows], None) => *rows == count,
        ([rows, width], Some(columns)) => *rows == count && columns.contains(width),
        _ => false,
    };
    if !fits {
        let expected = match columns {
            Some(columns) => format!("{count} rows of {columns:?} columns"),
            None => format!("{count} values"),
        };
        return Err(Error::store(reader.path(), "shape", reader.shape(), expected));
    }
    product(name, &[count, 4, size_of::<T>()])?;
    let mut values = zeros::<T, Dim>(name, reader.shape())?;
    reader.read_into(&vec![0; reader.shape().len()], ArrayMut::of(name, values.view_mut())?)?;
    Ok(values)
}

/// Reads the element type and rank of a store of pairs, to choose the type parameters of [`crate::PatchPairDataset`].
///
/// # Errors
/// [`Error::Io`] and [`Error::Zarr`]; [`Error::DataType`] if the patches have no corresponding [`DType`], and
/// [`Error::Store`] if they are neither planes nor volumes.
pub fn inspect_dataset(path: impl AsRef<Path>) -> Result<DatasetKind> {
    let patches = ArrayReader::open(path.as_ref().join("patches1"), 0)?;
    match patches.shape().len() {
        4 | 5 => Ok(DatasetKind { dtype: patches.dtype(), ndim: patches.shape().len() - 2 }),
        axes => Err(Error::store(patches.path(), "number of axes", axes, "4 or 5")),
    }
}

/// The element type and rank of a store of pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetKind {
    /// The type of the patches.
    pub dtype: DType,
    /// The number of spatial axes, 2 or 3.
    pub ndim: usize,
}
