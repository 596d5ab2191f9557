//! Writing checkpoints and the final result.

use qlty_core::{Error, Monitor};

use super::Engine;
use super::tiles::{PatchOp, lock_tile};
use crate::memory::lock;
use crate::parallel::try_for_each;
use crate::sums::Sum;
use crate::{AnyLargeResult, Result};

impl<A: Sum> Engine<A> {
    /// Writes the sums of all tiles that are not finished. Progress counts tiles.
    pub(crate) fn checkpoint(&self, monitor: &Monitor) -> Result<()> {
        monitor.begin(self.tiles.len() as u64);
        self.save_all(monitor)
    }

    fn save_all(&self, monitor: &Monitor) -> Result<()> {
        let Some(arrays) = self.job.arrays() else { return Ok(()) };
        self.write_unwritten()?;
        self.each_tile(monitor, &|index| self.save(arrays, index))?;
        self.job.vouch(arrays)
    }

    /// Writes the tiles that are complete and could not be written before.
    pub(super) fn write_unwritten(&self) -> Result<()> {
        let Some(arrays) = self.job.arrays() else { return Ok(()) };
        let unwritten = |index: &usize| lock_tile(self.tile(*index)).is_ok_and(|tile| tile.is_waiting());
        let unwritten: Vec<usize> = self.job.tiling.own.clone().filter(unwritten).collect();
        try_for_each(unwritten.len(), &|number| self.apply_in_tile(arrays, unwritten[number], &[], &PatchOp::Skip))
    }

    /// The result, once all patches of the shard have arrived.
    pub(crate) fn finish(&self) -> Result<AnyLargeResult> {
        if self.job.arrays().is_some() {
            self.write_unwritten()?;
            self.note_done()?;
        }
        let claims = lock(&self.job.claims);
        let (done, total) = claims.counts();
        if done < total {
            let first = claims.pending().take(10).collect();
            return Err(Error::Incomplete { missing: total - done, total, first }.into());
        }
        drop(claims);
        if let Some(arrays) = self.job.arrays() {
            self.check_files(arrays)?;
        }
        self.job.result()
    }

    /// The result of the patches that have arrived. Progress counts each tile twice.
    pub(crate) fn finish_incomplete(&self, monitor: &Monitor) -> Result<AnyLargeResult> {
        monitor.begin(2 * self.tiles.len() as u64);
        // A tile with a checkpoint does not count as finished, even if all its result files exist: so the checkpoint is
        // written first.
        self.save_all(monitor)?;
        if let Some(arrays) = self.job.arrays() {
            self.each_tile(monitor, &|index| self.write_incomplete(arrays, index))?;
        }
        self.job.result()
    }

    /// Marks patches as done whose call failed but which are on disk by now.
    fn note_done(&self) -> Result<()> {
        let tiling = &self.job.tiling;
        let mut claims = lock(&self.job.claims);
        let pending: Vec<usize> = claims.pending().filter(|patch| !claims.is_in_work(*patch)).collect();
        for patch in pending {
            let has = |index: usize| {
                let Ok(tile) = lock_tile(self.tile(index)) else { return false };
                let reaching = || self.reaching(&tiling.pixels(index));
                tile.is_finished() || reaching().is_ok_and(|reaching| tile.has(reaching.number(patch)))
            };
            if tiling.reached(self.job.quilt(), patch).all(has) {
                claims.finish(patch);
            }
        }
        Ok(())
    }
}
