//! Distributing patches among the tiles that they overlap.

use qlty_core::dynamic::ArrayRef;
use qlty_core::{Error, Monitor};

use super::Engine;
use super::tiles::PatchOp;
use crate::Result;
use crate::arrays::Arrays;
use crate::memory::lock;
use crate::options::Std;
use crate::parallel::try_for_each;
use crate::sums::Sum;
use crate::tile::Place;

impl<A: Sum> Engine<A> {
    /// Adds patches: patch `i` of `patches` has the index `indices[i]`.
    pub(crate) fn stitch(
        &self,
        indices: &[usize],
        patches: ArrayRef<'_>,
        variances: Option<ArrayRef<'_>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let channels = patches.shape().get(1).copied().unwrap_or(0);
        let expected = [&[indices.len(), channels], &self.job.quilt().window()[..]].concat();
        if patches.shape() != expected {
            let expected = format!("{expected:?}, a patch for each index");
            return Err(Error::shape("patches", patches.shape(), expected).into());
        }
        match (&variances, self.job.options.std) {
            (Some(variances), Std::Within | Std::Total) if variances.shape() != patches.shape() => {
                let expected = format!("{:?}, that of the patches", patches.shape());
                return Err(Error::shape("variances", variances.shape(), expected).into());
            }
            (None, Std::Within | Std::Total) => {
                let expected = "an array, since a standard deviation is asked for";
                return Err(Error::argument("variances", "none", expected).into());
            }
            (Some(_), Std::None) => {
                let expected = "none, since no standard deviation is asked for";
                return Err(Error::argument("variances", "an array", expected).into());
            }
            _ => {}
        }
        if channels == 0 {
            return Err(Error::shape("patches", patches.shape(), "at least one channel").into());
        }
        self.apply(indices, channels, &PatchOp::Add { patches: &patches, variances: variances.as_ref() }, monitor)
    }

    /// Notes that patches will not arrive.
    pub(crate) fn skip(&self, indices: &[usize]) -> Result<()> {
        let channels = self.job.arrays().map(|arrays| arrays.channels).ok_or_else(|| {
            Error::argument("skip", indices, "the number of channels first, by the options or by a patch")
        })?;
        self.apply(indices, channels, &PatchOp::Skip, &Monitor::new())
    }

    /// Applies an operation to patches in all tiles that they overlap.
    fn apply(&self, indices: &[usize], channels: usize, op: &PatchOp<'_>, monitor: &Monitor) -> Result<()> {
        let mut sorted: Vec<(usize, usize)> = indices.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let indices = || sorted.iter().map(|(index, _)| *index);
        lock(&self.job.claims).begin(indices())?;
        let arrays = self.job.arrays_of(channels, false);
        let result = arrays.and_then(|arrays| self.apply_in_tiles(arrays, &sorted, op, monitor));
        lock(&self.job.claims).end(indices(), result.is_ok());
        result
    }

    fn apply_in_tiles(
        &self,
        arrays: &Arrays,
        sorted: &[(usize, usize)],
        op: &PatchOp<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        let reached = |pair: &(usize, usize)| self.job.tiling.reached(self.job.quilt(), pair.0);
        let mut works: Vec<(usize, (usize, usize))> =
            sorted.iter().flat_map(|pair| reached(pair).map(|tile| (tile, *pair))).collect();
        works.sort_unstable();
        let works: Vec<_> = works.chunk_by(|a, b| a.0 == b.0).collect();
        monitor.begin(works.len() as u64);
        // Tiles in memory come first, before they are evicted to make room for the others.
        let in_memory = |work: &&[(usize, (usize, usize))]| {
            self.tile(work[0].0).try_lock().is_ok_and(|tile| matches!(tile.place, Place::Memory(_)))
        };
        let (first, then): (Vec<_>, Vec<_>) = works.into_iter().partition(in_memory);
        for works in [first, then] {
            try_for_each(works.len(), &|number| {
                monitor.check()?;
                let pairs: Vec<_> = works[number].iter().map(|(_, pair)| *pair).collect();
                self.apply_in_tile(arrays, works[number][0].0, &pairs, op)?;
                monitor.advance(1);
                Ok(())
            })?;
        }
        Ok(())
    }
}
