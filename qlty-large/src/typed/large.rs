//! The typed quilt.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

use ndarray::{Array, ArrayView, ArrayViewMut};
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::internal::array::zeros;
use qlty_core::zarr::{ErasedSource, ImageSource};
use qlty_core::{BatchDim, Element, Monitor, Quilt, Rank, Spatial};

use super::{LargeBuilder, LargeResult};
use crate::options::Accumulator;
use crate::{AnyLargeQuilt, DamagedTile, Progress, Result};

/// Stitches the patches of a batch onto disk as they arrive: in any order, from any number of threads, in bounded
/// memory, and resumable after the process was killed.
///
/// `A` is the type of the sums and of the result, `D` the number of spatial axes. See the [crate documentation](crate)
/// for a complete loop, and for what survives a kill or a power failure.
#[doc(alias = "LargeNCYXQuilt")]
#[doc(alias = "LargeNCZYXQuilt")]
pub struct LargeQuilt<A, const D: usize> {
    quilt: Quilt<D>,
    any: AnyLargeQuilt,
    sums: PhantomData<fn() -> A>,
}

/// Patches and their indices; see [`LargeQuilt::unstitch_next`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct NextPatches<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The index of each patch, ascending.
    pub indices: Vec<usize>,
    /// The patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches: Array<T, BatchDim<D>>,
}

impl<A, const D: usize> fmt::Debug for LargeQuilt<A, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.debug("LargeQuilt", f)
    }
}

impl<A: Accumulator, const D: usize> LargeQuilt<A, D>
where
    Spatial<D>: Rank,
{
    /// Starts the options of a result for a batch of `images`. With the path `folder/name` the arrays are
    /// `folder/name_mean.zarr` and `folder/name_std.zarr`, and unfinished work is in `folder/name_state`.
    pub fn builder(quilt: &Quilt<D>, images: usize, path: impl AsRef<Path>) -> LargeBuilder<A, D> {
        LargeBuilder::new(quilt, images, path.as_ref())
    }

    pub(super) fn new(quilt: Quilt<D>, any: AnyLargeQuilt) -> Self {
        Self { quilt, any, sums: PhantomData }
    }

    /// The quilt with its sum type and rank known at run time.
    pub fn as_any(&self) -> &AnyLargeQuilt {
        &self.any
    }

    /// The quilt of the patches.
    pub fn quilt(&self) -> &Quilt<D> {
        &self.quilt
    }

    /// The number of images of the batch.
    pub fn images(&self) -> usize {
        self.any.images()
    }

    /// The number of channels, once it is known.
    pub fn channels(&self) -> Option<usize> {
        self.any.channels()
    }

    /// The tiles of the shard, numbered in C order over (n, z, y, x).
    pub fn tiles(&self) -> Range<usize> {
        self.any.tiles()
    }

    /// The indices of the shard's patches that have not been stitched, ascending, including those whose call failed. A
    /// pending patch that also overlaps finished tiles is added only to the unfinished ones.
    pub fn pending(&self) -> Vec<usize> {
        self.any.pending()
    }

    /// The progress of the shard.
    pub fn progress(&self) -> Progress {
        self.any.progress()
    }

    /// The tiles of the shard that were damaged when the result was opened: finished ones, and sums of a checkpoint.
    /// Their patches are pending again.
    pub fn damaged(&self) -> &[DamagedTile] {
        self.any.damaged()
    }

    /// Reads the shard's finished tiles, in parallel, and returns those that are missing or do not agree with their
    /// checksums, ascending: to make their patches pending again, open the result for [repair](LargeBuilder::repair).
    /// At most `most` tiles, evenly spread, or all if it is `None`. Progress counts tiles.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`] if a file cannot be read;
    /// [`qlty_core::Error::OutOfMemory`] and [`qlty_core::Error::Cancelled`].
    pub fn verify(&self, most: Option<usize>, monitor: &Monitor) -> Result<Vec<DamagedTile>> {
        self.any.verify(most, monitor)
    }

    /// The next pending patches that have not been handed out, at most `most`; none at the end. Concurrent calls get
    /// different ones.
    pub fn next_indices(&self, most: usize) -> Vec<usize> {
        self.any.next_indices(most)
    }

    /// Starts handing out from the first pending patch again: for patches that were handed out and not stitched.
    pub fn rewind(&self) {
        self.any.rewind();
    }

    /// Extracts the patches of these indices, (P,C,y,x) or (P,C,z,y,x), in their order, from a batch (N,C,Y,X) or
    /// (N,C,Z,Y,X) in memory or on disk.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] if the batch does not have the number of images and the size of the quilt;
    /// [`qlty_core::Error::Argument`] if there is no such patch; [`qlty_core::Error::OutOfMemory`]; the errors of the
    /// source.
    pub fn unstitch<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        indices: &[usize],
    ) -> Result<Array<T, BatchDim<D>>> {
        let shape: Vec<usize> = [indices.len(), source.channels()].into_iter().chain(self.quilt.window()).collect();
        let mut patches = zeros("patches", &shape)?;
        self.unstitch_into(source, indices, patches.view_mut(), &Monitor::new())?;
        Ok(patches)
    }

    /// [`LargeQuilt::unstitch`] into the caller's array, of any strides. Progress counts patches.
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::unstitch`], and [`qlty_core::Error::Shape`] if `patches` does not have the shape of the
    /// patches: nothing is written then, unless the source fails. [`qlty_core::Error::Cancelled`].
    pub fn unstitch_into<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        indices: &[usize],
        patches: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.any.unstitch_into(&ErasedSource::new(source), indices, ArrayMut::of("patches", patches)?, monitor)
    }

    /// The next pending patches, at most `most`; `None` at the end. See [`LargeQuilt::next_indices`].
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::unstitch`]; the patches then count as handed out, until [`LargeQuilt::rewind`].
    pub fn unstitch_next<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        most: usize,
    ) -> Result<Option<NextPatches<T, D>>> {
        let indices = self.next_indices(most);
        if indices.is_empty() {
            return Ok(None);
        }
        let patches = self.unstitch(source, &indices)?;
        Ok(Some(NextPatches { indices, patches }))
    }

    /// Adds patches, (P,C,y,x) or (P,C,z,y,x) of any strides and in any order: patch `i` of `patches` has the index
    /// `indices[i]`. Variances, of the same shape, are required if a standard deviation is requested. Tiles that are
    /// then complete are written before the call returns.
    ///
    /// Threads may call this concurrently. Patches that one thread adds in the order of their index give a result
    /// bit-identical to [`qlty_core::Quilt::stitch`] if the sum type is the same; other orders differ by the rounding
    /// of the sums.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] if the patches have a different size or number of channels than the first had, or
    /// the variances a different shape; [`qlty_core::Error::Argument`] if an index is not a patch of the shard, the
    /// numbers of indices and patches differ, or variances are missing or not expected; [`qlty_core::Error::Duplicate`]
    /// if a patch has arrived before; [`qlty_core::Error::Poisoned`] after a call that panicked. Nothing is added then.
    ///
    /// [`qlty_core::zarr::Error::Io`], for example on a full disk, [`qlty_core::zarr::Error::Zarr`], and
    /// [`qlty_core::Error::OutOfMemory`]: some patches may have been added then, and none is lost. The patches of the
    /// call stay pending, and the same call can be repeated, which adds what is missing.
    pub fn stitch<T: Element>(
        &self,
        indices: &[usize],
        patches: ArrayView<'_, T, BatchDim<D>>,
        variances: Option<ArrayView<'_, T, BatchDim<D>>>,
    ) -> Result<()> {
        self.stitch_with_monitor(indices, patches, variances, &Monitor::new())
    }

    /// [`LargeQuilt::stitch`], with progress, which counts tiles.
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::stitch`], and [`qlty_core::Error::Cancelled`], after which the same call can be
    /// repeated.
    pub fn stitch_with_monitor<T: Element>(
        &self,
        indices: &[usize],
        patches: ArrayView<'_, T, BatchDim<D>>,
        variances: Option<ArrayView<'_, T, BatchDim<D>>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let variances = variances.map(|variances| ArrayRef::of("variances", variances)).transpose()?;
        self.any.stitch_with_monitor(indices, ArrayRef::of("patches", patches)?, variances, monitor)
    }

    /// Notes that patches will not arrive, for example those of background: their weights are then left out everywhere,
    /// and pixels that only they cover get the fill value. A skipped patch is done; a later session knows of it only
    /// through finished tiles and the last checkpoint.
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::stitch`]; [`qlty_core::Error::Argument`] if the number of channels is not known yet.
    pub fn skip(&self, indices: &[usize]) -> Result<()> {
        self.any.skip(indices)
    }

    /// Writes the sums of all unfinished tiles, so that a later process resumes from here if this one is killed. When
    /// the call returns, everything that it and earlier calls wrote survives a power failure as well. Other threads may
    /// stitch meanwhile.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`]; the previous checkpoint then remains for
    /// the tiles that have no new one. [`qlty_core::Error::Poisoned`] after a call that panicked.
    pub fn checkpoint(&self) -> Result<()> {
        self.any.checkpoint()
    }

    /// [`LargeQuilt::checkpoint`], with progress, which counts tiles.
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::checkpoint`], and [`qlty_core::Error::Cancelled`].
    pub fn checkpoint_with_monitor(&self, monitor: &Monitor) -> Result<()> {
        self.any.checkpoint_with_monitor(monitor)
    }

    /// The result, once all patches of the shard have arrived; it then survives a power failure. From other shards it
    /// contains the tiles that they have finished.
    ///
    /// # Errors
    /// [`qlty_core::Error::Incomplete`] if patches are pending, after which more may arrive;
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`]; [`qlty_core::Error::Poisoned`] after a call
    /// that panicked.
    pub fn finish(&self) -> Result<LargeResult<A, D>> {
        LargeResult::new(self.any.finish()?)
    }

    /// The result of the patches that have arrived: pixels that none covers hold the fill value. The sums are kept as a
    /// checkpoint, so more patches may arrive in this session or another; the result is then rewritten.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`]; [`qlty_core::Error::Argument`] if no patch
    /// has arrived and the number of channels is not known; [`qlty_core::Error::Poisoned`] after a call that panicked.
    pub fn finish_incomplete(&self) -> Result<LargeResult<A, D>> {
        self.finish_incomplete_with_monitor(&Monitor::new())
    }

    /// [`LargeQuilt::finish_incomplete`], with progress, which counts each tile twice.
    ///
    /// # Errors
    /// The errors of [`LargeQuilt::finish_incomplete`], and [`qlty_core::Error::Cancelled`].
    pub fn finish_incomplete_with_monitor(&self, monitor: &Monitor) -> Result<LargeResult<A, D>> {
        LargeResult::new(self.any.finish_incomplete_with_monitor(monitor)?)
    }
}
