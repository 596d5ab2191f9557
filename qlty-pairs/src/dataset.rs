//! Reading stored patch pairs, one by one, in batches, and in shuffled epochs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array, Array1, Array2, ArrayViewMutD, Axis};
use qlty_core::array::product;
use qlty_core::zarr::{ArrayReader, DEFAULT_CACHE_BYTES, Error, Result, Stored};
use qlty_core::{ImageDim, Rank, Spatial};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::draw::stream;
use crate::metadata::check_indices;
use crate::{PatchPairs, PatchPairsMut, Positions};

mod batches;
mod metadata;

pub use batches::Batches;

/// A pair of patches.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPair<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The first patch, (C,y,x) or (C,z,y,x).
    pub patch1: Array<T, ImageDim<D>>,
    /// The second patch, displaced and turned.
    pub patch2: Array<T, ImageDim<D>>,
    /// Where the second starts relative to the first: (dx, dy) or (dx, dy, dz).
    pub delta: Array1<f32>,
    /// The quarter turns of the second, counter-clockwise.
    pub rotation: i64,
    /// Where the first starts, if the store says so.
    pub position1: Option<Array1<i64>>,
    /// Where the second starts, if the store says so.
    pub position2: Option<Array1<i64>>,
}

/// The pairs of a store, as [`crate::extract_patches_to_zarr`] or qlty wrote it.
///
/// Threads may share it, and a clone is the same dataset: it costs nothing and shares the cache.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("pairs.zarr");
/// use qlty_pairs::*;
/// let images = ndarray::Array4::<f32>::from_shape_fn((4, 1, 60, 80), |(n, _, y, x)| (n * y * x) as f32);
/// let metadata = extract_patch_pairs_metadata(&images.view(), &PairOptions::new([16, 16], 8, (4.0, 12.0)))?;
/// extract_patches_to_zarr(&images.view(), &metadata, None, &path, &StoreOptions::default(), &Monitor::new())?;
///
/// let dataset = PatchPairDataset::<f32, 2>::open(&path)?;
/// for epoch in 0..2 {
///     for batch in dataset.batches(dataset.epoch(0, epoch), 5, 2)? {
///         let batch: PatchPairs<f32, 2> = batch?; // the last one is smaller
///         assert_eq!(batch.patches1.dim().1, 1);
///     }
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PatchPairDataset<T, const D: usize>(Arc<Inner<T>>);

#[derive(Debug)]
struct Inner<T> {
    path: PathBuf,
    /// Patches, (P,C,y,x) or with z, both of one shape.
    patches: [ArrayReader<T>; 2],
    deltas: Array2<f32>,
    rotations: Array1<i64>,
    positions: Option<[Array2<i64>; 2]>,
}

impl<T: Stored, const D: usize> PatchPairDataset<T, D>
where
    Spatial<D>: Rank,
{
    /// Opens a store, to keep up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`Error::DataType`] where its patches are not of `T`, and
    /// [`Error::Store`] where its arrays do not go together.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`PatchPairDataset::open`], to keep another amount of decoded chunks; a chunk of each of the two
    /// arrays is always kept.
    ///
    /// # Errors
    /// Those of [`PatchPairDataset::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        let path = path.as_ref();
        let patches = ["patches1", "patches2"].map(|name| ArrayReader::<T>::open(path.join(name), bytes / 2));
        let [patches1, patches2] = patches;
        let patches = [patches1?, patches2?];
        let shape = patches[0].shape();
        if shape.len() != D + 2 {
            let expected = format!("(pairs, channels) and {D} axes of pixels");
            return Err(Error::store(patches[0].path(), "shape", shape, expected));
        }
        if patches[1].shape() != shape {
            let expected = format!("{shape:?}, that of the first patches");
            return Err(Error::store(patches[1].path(), "shape", patches[1].shape(), expected));
        }
        let count = shape[0];
        let deltas = whole(path, "deltas", count, Some(&[D]))?;
        let rotations = whole(path, "rotations", count, None)?;
        let positions = match path.join("positions1").is_dir() && path.join("positions2").is_dir() {
            false => None,
            true => {
                let read = |name| whole(path, name, count, Some(&[D, D + 1]));
                Some([read("positions1")?, read("positions2")?])
            }
        };
        let path = path.to_path_buf();
        Ok(Self(Arc::new(Inner { path, patches, deltas, rotations, positions })))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.patches[0].shape()[0]
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.0.patches[0].shape()[1]
    }

    /// The size of a patch, (y, x) or (z, y, x).
    pub fn window(&self) -> [usize; D] {
        std::array::from_fn(|d| self.0.patches[0].shape()[2 + d])
    }

    /// Which positions the store has.
    pub fn positions(&self) -> Positions {
        match &self.0.positions {
            None => Positions::None,
            Some([first, _]) if first.ncols() == D => Positions::Pixels,
            Some(_) => Positions::WithImage,
        }
    }

    /// The pair of this index.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] where there is no such pair; [`Error::Io`] and [`Error::Zarr`].
    pub fn get(&self, index: usize) -> Result<PatchPair<T, D>> {
        let PatchPairs { patches1, patches2, deltas, rotations, positions1, positions2 } = self.get_batch(&[index])?;
        let only = |positions: Option<Array2<i64>>| positions.map(|rows| rows.index_axis_move(Axis(0), 0));
        Ok(PatchPair {
            patch1: patches1.index_axis_move(Axis(0), 0),
            patch2: patches2.index_axis_move(Axis(0), 0),
            delta: deltas.index_axis_move(Axis(0), 0),
            rotation: rotations[0],
            position1: only(positions1),
            position2: only(positions2),
        })
    }

    /// The pairs of these indices, in their order.
    ///
    /// # Errors
    /// Those of [`PatchPairDataset::get`]; [`qlty_core::Error::Overflow`] and
    /// [`qlty_core::Error::OutOfMemory`].
    pub fn get_batch(&self, indices: &[usize]) -> Result<PatchPairs<T, D>> {
        let mut batch = PatchPairs::zeros(indices.len(), self.channels(), self.window(), self.positions())?;
        self.get_batch_into(indices, batch.view_mut())?;
        Ok(batch)
    }

    /// [`PatchPairDataset::get_batch`] into arrays of the caller's, of any strides; positions only where
    /// the store has them and the caller an array for them.
    ///
    /// # Errors
    /// Those of [`PatchPairDataset::get`]; [`qlty_core::Error::Shape`] where an array has not the shape of
    /// the result, and then, as where there is no such pair, nothing is written.
    pub fn get_batch_into(&self, indices: &[usize], out: PatchPairsMut<'_, T, D>) -> Result<()> {
        check_indices(indices, self.len())?;
        let ([patches1, patches2], mut places) = out.split();
        let expected: Vec<usize> = [indices.len(), self.channels()].into_iter().chain(self.window()).collect();
        for (name, shape) in [("patches 1", patches1.shape()), ("patches 2", patches2.shape())] {
            if shape != expected {
                return Err(qlty_core::Error::shape(name, shape, format!("{expected:?}")).into());
            }
        }
        places.check::<D>(indices.len())?;
        let stored = self.0.positions.as_ref();
        for (i, positions) in places.positions.iter().enumerate() {
            let (Some(positions), Some(stored)) = (positions, stored) else { continue };
            if positions.ncols() != stored[i].ncols() {
                let expected = format!("[{}, {}]", indices.len(), stored[i].ncols());
                return Err(qlty_core::Error::shape("positions", positions.shape(), expected).into());
            }
        }
        let (mut patches1, mut patches2) = (patches1.into_dyn(), patches2.into_dyn());
        let of = |reader, patches: &mut ArrayViewMutD<'_, T>| read_rows(reader, indices, patches);
        let [reader1, reader2] = &self.0.patches;
        let (first, second) = rayon::join(|| of(reader1, &mut patches1), || of(reader2, &mut patches2));
        first.and(second)?;
        for (row, index) in indices.iter().enumerate() {
            places.deltas.row_mut(row).assign(&self.0.deltas.row(*index));
            places.rotations[row] = self.0.rotations[*index];
            for (i, positions) in places.positions.iter_mut().enumerate() {
                if let (Some(positions), Some(stored)) = (positions, stored) {
                    positions.row_mut(row).assign(&stored[i].row(*index));
                }
            }
        }
        Ok(())
    }

    /// All indices in the random order of an epoch: each epoch of a seed has its own.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.shuffle(&mut stream(seed, epoch));
        order
    }
}

/// Reads rows of an array, those that share a chunk one after the other.
fn read_rows<T: Stored>(reader: &ArrayReader<T>, indices: &[usize], out: &mut ArrayViewMutD<'_, T>) -> Result<()> {
    let mut rows: Vec<_> = indices.iter().zip(out.axis_iter_mut(Axis(0))).collect();
    rows.sort_by_key(|(index, _)| **index);
    rows.into_par_iter().try_for_each(|(index, row)| {
        let mut start = vec![0; reader.shape().len()];
        start[0] = *index;
        reader.read_into(&start, row.insert_axis(Axis(0)))
    })
}

/// A whole array with a row for each of `count` pairs; the columns may be as many as one of `columns`.
fn whole<T: Stored, Dim: ndarray::Dimension>(
    path: &Path,
    name: &'static str,
    count: usize,
    columns: Option<&[usize]>,
) -> Result<Array<T, Dim>> {
    let reader = ArrayReader::<T>::open(path.join(name), 0)?;
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
    let mut values = qlty_core::array::zeros::<T, Dim>(name, reader.shape())?;
    reader.read_into(&vec![0; reader.shape().len()], values.view_mut().into_dyn())?;
    Ok(values)
}

/// A dataset of elements that are known when the program runs: what to open it as.
///
/// # Errors
/// [`Error::Io`] and [`Error::Zarr`], and [`Error::Store`] where the patches are neither planes nor volumes.
pub fn inspect_dataset(path: impl AsRef<Path>) -> Result<DatasetKind> {
    let path = path.as_ref().join("patches1");
    let (data_type, axes) = qlty_core::zarr::inspect(&path)?;
    match axes {
        4 | 5 => Ok(DatasetKind { data_type, spatial_axes: axes - 2 }),
        _ => Err(Error::store(&path, "number of axes", axes, "4 or 5")),
    }
}

/// What a store of pairs holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetKind {
    /// The element type, by the name that Zarr gives it, such as `uint16`.
    pub data_type: String,
    /// 2 or 3.
    pub spatial_axes: usize,
}
