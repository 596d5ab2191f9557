//! Reading stored patch pairs: one by one, in batches, and in shuffled epochs.

use std::marker::PhantomData;
use std::path::Path;

use ndarray::{Array, Array1, Array2, Axis};
use qlty_core::zarr::{DEFAULT_CACHE_BYTES, Damage, Result};
use qlty_core::{Element, ImageDim, Monitor, Rank, Spatial};

use super::{PairMetadata, PatchPairs, PatchPairsMut};
use crate::{AnyBatches, AnyDataset, Positions};

/// A pair of patches.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PatchPair<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The first patch, (C,y,x) or (C,z,y,x).
    pub patch1: Array<T, ImageDim<D>>,
    /// The second patch, displaced and rotated.
    pub patch2: Array<T, ImageDim<D>>,
    /// The start of the second relative to the first: (dx, dy) or (dx, dy, dz).
    pub delta: Array1<f32>,
    /// The quarter turns of the second, counter-clockwise.
    pub rotation: i64,
    /// The start of the first, if the store has positions.
    pub position1: Option<Array1<i64>>,
    /// The start of the second, if the store has positions.
    pub position2: Option<Array1<i64>>,
}

/// The pairs of a store written by [`crate::extract_patches_to_zarr`] or qlty.
///
/// Threads may share it, and clones are cheap and share the cache.
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
#[doc(alias = "ZarrPatchPairDataset")]
#[derive(Debug, Clone)]
pub struct PatchPairDataset<T, const D: usize> {
    dataset: AnyDataset,
    patches: PhantomData<fn() -> T>,
}

impl<T: Element, const D: usize> PatchPairDataset<T, D>
where
    Spatial<D>: Rank,
{
    /// Opens a store, with a cache of up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// [`crate::Error::Io`] and [`crate::Error::Zarr`]; [`crate::Error::DataType`] if its patches are not of type `T`,
    /// and [`crate::Error::Store`] if its arrays do not match.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`PatchPairDataset::open`] with a different cache size; at least one chunk of each of the two arrays is always
    /// cached.
    ///
    /// # Errors
    /// The errors of [`PatchPairDataset::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        let dataset = AnyDataset::open_as(path.as_ref(), bytes, Some((T::DTYPE, D)))?;
        Ok(Self { dataset, patches: PhantomData })
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.dataset.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.dataset.is_empty()
    }

    /// The number of channels.
    pub fn channels(&self) -> usize {
        self.dataset.channels()
    }

    /// The size of a patch, (y, x) or (z, y, x).
    pub fn window(&self) -> [usize; D] {
        std::array::from_fn(|d| self.dataset.window()[d])
    }

    /// Which positions the store contains.
    pub fn positions(&self) -> Positions {
        self.dataset.positions()
    }

    /// The metadata of the pairs; row i belongs to pair i.
    ///
    /// # Errors
    /// [`crate::Error::Zarr`] if the group cannot be read, and [`crate::Error::Store`] if it has no such metadata, as
    /// in stores written by qlty.
    pub fn metadata(&self) -> Result<PairMetadata<D>> {
        PairMetadata::of(self.dataset.metadata()?)
    }

    /// The pair with this index.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if there is no such pair; [`crate::Error::Io`] and [`crate::Error::Zarr`].
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

    /// The pairs with these indices, in their order.
    ///
    /// # Errors
    /// The errors of [`PatchPairDataset::get`]; [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn get_batch(&self, indices: &[usize]) -> Result<PatchPairs<T, D>> {
        PatchPairs::of(self.dataset.get_batch(indices)?)
    }

    /// [`PatchPairDataset::get_batch`] into the caller's arrays, of any strides; positions are written only if the
    /// store has them and the caller provides an array for them.
    ///
    /// # Errors
    /// The errors of [`PatchPairDataset::get`]; [`qlty_core::Error::Shape`] if an array does not have the shape of the
    /// result. After this error, or if there is no such pair, nothing is written.
    pub fn get_batch_into(&self, indices: &[usize], out: PatchPairsMut<'_, T, D>) -> Result<()> {
        self.dataset.get_batch_into(indices, out.any()?)
    }

    /// Decodes the files of all arrays of the store, in parallel, past the cache, and returns those that are damaged, and
    /// arrays that lack files, as far as they tell their number of files: those written by this library do. At most
    /// `most` files, evenly spread, are decoded; all if it is `None`. Progress counts files.
    ///
    /// # Errors
    /// [`crate::Error::Io`] and [`crate::Error::Zarr`] if a file cannot be read; [`qlty_core::Error::OutOfMemory`] and
    /// [`qlty_core::Error::Cancelled`].
    pub fn verify(&self, most: Option<usize>, monitor: &Monitor) -> Result<Vec<Damage>> {
        self.dataset.verify(most, monitor)
    }

    /// All indices in the random order of an epoch: the order depends on the seed and the epoch.
    pub fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize> {
        self.dataset.epoch(seed, epoch)
    }

    /// The pairs of `order` in batches of `size`, the last of which may be smaller. Up to `ahead` batches are
    /// prefetched on the threads of rayon's global pool.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if there is no such pair or `size` is zero; [`crate::Error::Io`] if the thread
    /// could not be started.
    pub fn batches(&self, order: Vec<usize>, size: usize, ahead: usize) -> Result<Batches<T, D>> {
        self.batches_within(order, size, ahead, |read| read())
    }

    /// [`PatchPairDataset::batches`] for programs with their own thread pools: each batch is read through `within`,
    /// which calls its argument once, for example with `ThreadPool::install`.
    ///
    /// # Errors
    /// The errors of [`PatchPairDataset::batches`].
    pub fn batches_within(
        &self,
        order: Vec<usize>,
        size: usize,
        ahead: usize,
        within: impl Fn(&mut (dyn FnMut() + Send)) + Send + 'static,
    ) -> Result<Batches<T, D>> {
        let batches = self.dataset.batches_within(order, size, ahead, Box::new(within))?;
        Ok(Batches { batches, patches: PhantomData })
    }
}

/// The batches of an epoch, in order, prefetched by a separate thread; see [`PatchPairDataset::batches`]. Dropping it
/// before the end stops the thread.
#[derive(Debug)]
pub struct Batches<T, const D: usize> {
    batches: AnyBatches,
    patches: PhantomData<fn() -> T>,
}

impl<T: Element, const D: usize> Iterator for Batches<T, D>
where
    Spatial<D>: Rank,
{
    type Item = Result<PatchPairs<T, D>>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.batches.next()?.and_then(PatchPairs::of))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.batches.size_hint()
    }
}

impl<T: Element, const D: usize> ExactSizeIterator for Batches<T, D> where Spatial<D>: Rank {}
