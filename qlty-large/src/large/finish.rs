//! Checkpoints, and the result at the end.

use qlty_core::zarr::{Error, Result};
use qlty_core::{Monitor, Rank, Spatial};
use rayon::prelude::*;

use super::LargeQuilt;
use crate::arrays::Arrays;
use crate::memory::lock;
use crate::options::Accumulator;
use crate::result::LargeResult;
use crate::tile::Tile;
use crate::tiling::Reaching;
use crate::work::What;

impl<A: Accumulator, const D: usize> LargeQuilt<A, D>
where
    Spatial<D>: Rank,
{
    /// Writes the sums of all tiles that are not finished, so that nothing of what was stitched is lost: a process that is
    /// killed later goes on from here. When the call returns, all that it and earlier calls wrote survives a power
    /// failure as well. Other threads may stitch meanwhile.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; what an earlier checkpoint wrote is then still there.
    pub fn checkpoint(&self) -> Result<()> {
        self.checkpoint_with(&Monitor::new())
    }

    /// [`LargeQuilt::checkpoint`], with progress, which counts tiles.
    ///
    /// # Errors
    /// Those of [`LargeQuilt::checkpoint`], and [`qlty_core::Error::Cancelled`].
    pub fn checkpoint_with(&self, monitor: &Monitor) -> Result<()> {
        monitor.begin(self.tiles.len() as u64);
        self.save_all(monitor)
    }

    fn save_all(&self, monitor: &Monitor) -> Result<()> {
        let Some(arrays) = self.arrays.get() else { return Ok(()) };
        self.write_unwritten(arrays)?;
        self.tiling.own.clone().into_par_iter().try_for_each(|index| {
            monitor.check()?;
            self.save(arrays, index)?;
            monitor.advance(1);
            Ok::<_, Error>(())
        })?;
        arrays.sync()?;
        self.state.sync()
    }

    /// Writes the tiles that are complete and could not be written before.
    pub(super) fn write_unwritten(&self, arrays: &Arrays<A, D>) -> Result<()> {
        let unwritten = |index: &usize| lock(self.tile(*index)).is_waiting();
        let unwritten: Vec<usize> = self.tiling.own.clone().filter(unwritten).collect();
        unwritten.into_par_iter().try_for_each(|index| self.work::<A>(arrays, index, &[], &What::Skip))
    }

    /// The result, once all patches of the shard have come: it survives a power failure then. Of other shards it has what
    /// they have finished.
    ///
    /// # Errors
    /// [`qlty_core::Error::Incomplete`] where patches are pending, after which more may come; [`Error::Io`] and
    /// [`Error::Zarr`].
    pub fn finish(&self) -> Result<LargeResult<A, D>> {
        if let Some(arrays) = self.arrays.get() {
            self.write_unwritten(arrays)?;
            self.note_done()?;
        }
        let claims = lock(&self.claims);
        let (done, total) = claims.counts();
        if done < total {
            let first = claims.pending().take(10).collect();
            return Err(qlty_core::Error::Incomplete { missing: total - done, total, first }.into());
        }
        drop(claims);
        self.result()
    }

    /// The result of what has come: pixels that no patch has reached hold the fill value. The sums are kept as a
    /// checkpoint, so that more may come in this session or another; the result is then written anew.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`qlty_core::Error::Argument`] where no patch has come and the number of channels
    /// is not known.
    pub fn finish_incomplete(&self) -> Result<LargeResult<A, D>> {
        self.finish_incomplete_with(&Monitor::new())
    }

    /// [`LargeQuilt::finish_incomplete`], with progress, which counts each tile twice.
    ///
    /// # Errors
    /// Those of [`LargeQuilt::finish_incomplete`], and [`qlty_core::Error::Cancelled`].
    pub fn finish_incomplete_with(&self, monitor: &Monitor) -> Result<LargeResult<A, D>> {
        monitor.begin(2 * self.tiles.len() as u64);
        // A tile with sums is not finished, whatever files it has: so they have to be there first.
        self.save_all(monitor)?;
        if let Some(arrays) = self.arrays.get() {
            self.tiling.own.clone().into_par_iter().try_for_each(|index| {
                monitor.check()?;
                self.write_incomplete(arrays, index)?;
                monitor.advance(1);
                Ok::<_, Error>(())
            })?;
        }
        self.result()
    }

    /// Notes the patches whose call failed, but which are now on disk.
    fn note_done(&self) -> Result<()> {
        let mut claims = lock(&self.claims);
        let pending: Vec<usize> = claims.pending().filter(|patch| !claims.is_in_work(*patch)).collect();
        for patch in pending {
            let mut tiles = self.tiling.reached(self.quilt(), patch);
            let has = |index: usize| {
                let tile = lock(self.tile(index));
                let number = || Reaching::new(self.quilt(), &self.tiling.pixels(index)).map(|all| all.number(patch));
                let arrived =
                    |tile: &Tile<A>| tile.arrived.as_ref().is_some_and(|all| number().is_ok_and(|n| all.has(n)));
                tile.is_finished() || arrived(&tile)
            };
            if tiles.all(has) {
                claims.finish(patch);
            }
        }
        Ok(())
    }

    fn result(&self) -> Result<LargeResult<A, D>> {
        let arrays = self.arrays.get().ok_or_else(|| {
            qlty_core::Error::argument("channels", "none", "their number, by the options or by a patch")
        })?;
        arrays.sync()?;
        LargeResult::open(&self.paths, self.kind.std)
    }
}
