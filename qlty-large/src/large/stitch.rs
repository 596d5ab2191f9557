//! Patches to the tiles that they reach.

use ndarray::ArrayView;
use qlty_core::zarr::{Error, Result};
use qlty_core::{BatchDim, Element, Monitor, Rank, Spatial};
use rayon::prelude::*;

use super::LargeQuilt;
use crate::arrays::Arrays;
use crate::memory::lock;
use crate::options::{Accumulator, Std};
use crate::tile::Place;
use crate::work::What;

impl<A: Accumulator, const D: usize> LargeQuilt<A, D>
where
    Spatial<D>: Rank,
{
    /// Adds patches, (P,C,y,x) or (P,C,z,y,x) of any strides and in any order: the first of `patches` has the first of
    /// the `indices`, and so on. Variances, of the same shape, come with them where a standard deviation is asked for.
    /// Tiles that are then complete are written before the call returns.
    ///
    /// Threads may call this at once. Patches that one thread adds in the order of their index give the result of
    /// [`qlty_core::Quilt::stitch`] to the bit, where the type of the sums is the same; other orders give it to the
    /// rounding of the sums.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] where the patches have another size or number of channels than the first had, or the
    /// variances another shape; [`qlty_core::Error::Argument`] where an index is no patch of the shard, there are not as
    /// many as patches, or variances are missing or not asked for; [`qlty_core::Error::Duplicate`] where a patch has come
    /// before. Nothing is added then.
    ///
    /// [`Error::Io`], as on a full disk, [`Error::Zarr`], and [`qlty_core::Error::OutOfMemory`]: some may be added then,
    /// and none is lost. The patches of the call stay pending, and the same call may be made again, which adds what is
    /// missing.
    pub fn stitch<T: Element>(
        &self,
        indices: &[usize],
        patches: ArrayView<'_, T, BatchDim<D>>,
        variances: Option<ArrayView<'_, T, BatchDim<D>>>,
    ) -> Result<()> {
        self.stitch_with(indices, patches, variances, &Monitor::new())
    }

    /// [`LargeQuilt::stitch`], with progress, which counts tiles.
    ///
    /// # Errors
    /// Those of [`LargeQuilt::stitch`], and [`qlty_core::Error::Cancelled`], after which things are as after an
    /// [`Error::Io`].
    pub fn stitch_with<T: Element>(
        &self,
        indices: &[usize],
        patches: ArrayView<'_, T, BatchDim<D>>,
        variances: Option<ArrayView<'_, T, BatchDim<D>>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let channels = patches.shape()[1];
        let expected: Vec<usize> = [indices.len(), channels].into_iter().chain(self.quilt().window()).collect();
        if patches.shape() != expected {
            let expected = format!("{expected:?}, a patch for each index");
            return Err(qlty_core::Error::shape("patches", patches.shape(), expected).into());
        }
        match (&variances, self.kind.std) {
            (Some(variances), Std::Within | Std::Total) if variances.shape() != patches.shape() => {
                let expected = format!("{:?}, that of the patches", patches.shape());
                return Err(qlty_core::Error::shape("variances", variances.shape(), expected).into());
            }
            (None, Std::Within | Std::Total) => {
                let expected = "an array, since a standard deviation is asked for";
                return Err(qlty_core::Error::argument("variances", "none", expected).into());
            }
            (Some(_), Std::None) => {
                let expected = "none, since no standard deviation is asked for";
                return Err(qlty_core::Error::argument("variances", "an array", expected).into());
            }
            _ => {}
        }
        if channels == 0 {
            let expected = "at least one channel";
            return Err(qlty_core::Error::shape("patches", patches.shape(), expected).into());
        }
        self.work_on(indices, channels, &What::Add { patches, variances }, monitor)
    }

    /// Says that patches will not come, as of background: their weights then count nowhere, and pixels that only they
    /// reach hold the fill value. A skipped patch is done; a new session knows of it only by its finished tiles and by
    /// the last checkpoint.
    ///
    /// # Errors
    /// Those of [`LargeQuilt::stitch`]; [`qlty_core::Error::Argument`] where the number of channels is not known yet.
    pub fn skip(&self, indices: &[usize]) -> Result<()> {
        let channels = self.channels().ok_or_else(|| {
            qlty_core::Error::argument("skip", indices, "the number of channels first, by the options or by a patch")
        })?;
        self.work_on::<A>(indices, channels, &What::Skip, &Monitor::new())
    }

    fn work_on<T: Element>(
        &self,
        indices: &[usize],
        channels: usize,
        what: &What<'_, T, D>,
        monitor: &Monitor,
    ) -> Result<()> {
        let mut sorted: Vec<(usize, usize)> = indices.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let indices = || sorted.iter().map(|(index, _)| *index);
        lock(&self.claims).begin(indices())?;
        let result = self.arrays(channels, false).and_then(|arrays| self.each_tile(arrays, &sorted, what, monitor));
        lock(&self.claims).end(indices(), result.is_ok());
        result
    }

    fn each_tile<T: Element>(
        &self,
        arrays: &Arrays<A, D>,
        sorted: &[(usize, usize)],
        what: &What<'_, T, D>,
        monitor: &Monitor,
    ) -> Result<()> {
        let reached = |pair: &(usize, usize)| self.tiling.reached(self.quilt(), pair.0);
        let mut works: Vec<(usize, (usize, usize))> =
            sorted.iter().flat_map(|pair| reached(pair).map(|tile| (tile, *pair))).collect();
        works.sort_unstable();
        let works: Vec<_> = works.chunk_by(|a, b| a.0 == b.0).collect();
        monitor.begin(works.len() as u64);
        // What is in memory comes first, before it has to go to make room for what is not.
        let in_memory = |work: &&[(usize, (usize, usize))]| {
            self.tile(work[0].0).try_lock().is_ok_and(|tile| matches!(tile.place, Place::Memory(_)))
        };
        let (first, then): (Vec<_>, Vec<_>) = works.into_iter().partition(in_memory);
        for works in [first, then] {
            works.into_par_iter().with_max_len(1).try_for_each(|work| {
                monitor.check()?;
                let pairs: Vec<_> = work.iter().map(|(_, pair)| *pair).collect();
                self.work(arrays, work[0].0, &pairs, what)?;
                monitor.advance(1);
                Ok::<_, Error>(())
            })?;
        }
        Ok(())
    }
}
