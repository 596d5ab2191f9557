//! Stitching with sums of one type.
//!
//! The tile is the unit of memory, locking, writing, the record of finished work, and checkpoints. Each tile records
//! independently which patches it has, so no two files on disk have to agree.

use std::sync::Mutex;

use ndarray::Array3;
use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, Scalar};
use qlty_core::internal::array::{with_capacity, zeros};
use qlty_core::internal::region::BoxAccumulator;

use crate::Result;
use crate::job::Job;
use crate::options::{AnyLargeBuilder, Start, Std};
use crate::parallel::try_for_each;
use crate::sums::Sum;
use crate::tile::Tile;

mod finish;
mod recall;
mod stitch;
mod tiles;

/// A result in progress, with sums of type `A`.
#[derive(Debug)]
pub(crate) struct Engine<A> {
    pub(crate) job: Job,
    accumulator: BoxAccumulator<A>,
    /// The weights of a window, (z, y, x), for [`Std::Total`] only.
    window: Option<Array3<A>>,
    /// The tiles of this worker, starting with `job.tiling.own.start`.
    tiles: Vec<Mutex<Tile<A>>>,
}

impl<A: Sum> Engine<A> {
    /// Creates a result, or opens the one on disk; the options have this sum type.
    pub(crate) fn start(mut options: AnyLargeBuilder, start: Start, monitor: &Monitor) -> Result<Self> {
        options.check()?;
        let fill = A::from_f64(options.fill);
        // The result on disk is compared with the value after rounding.
        options.fill = fill.to_f64();
        let (quilt, std) = (options.quilt, options.std);
        let total = quilt.patch_count(options.images)?;
        let accumulator = BoxAccumulator::new(&quilt)?;
        let window = match std {
            Std::None | Std::Within => None,
            Std::Total => {
                let mut weights = zeros::<A, ndarray::IxDyn>("weights of a window", &quilt.window())?;
                quilt.window_weight_into(ArrayMut::of("weights of a window", weights.view_mut())?)?;
                let (weights, _) = weights.into_raw_vec_and_offset();
                Array3::from_shape_vec(quilt.window3(), weights).ok()
            }
        };
        let job = Job::start(options, Scalar::of(fill), start)?;
        let tiles = empty_tiles(job.tiling.own.len())?;
        let mut engine = Self { job, accumulator, window, tiles };
        engine.recall_all(total, start == Start::Repair, monitor)?;
        engine.write_unwritten()?;
        Ok(engine)
    }

    fn tile(&self, index: usize) -> &Mutex<Tile<A>> {
        &self.tiles[index - self.job.tiling.own.start]
    }

    /// Calls `work` with each tile of this worker, in parallel. Progress counts tiles.
    fn each_tile(&self, monitor: &Monitor, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
        let own = &self.job.tiling.own;
        try_for_each(own.len(), &|number| {
            monitor.check()?;
            work(own.start + number)?;
            monitor.advance(1);
            Ok(())
        })
    }
}

fn empty_tiles<A>(count: usize) -> qlty_core::Result<Vec<Mutex<Tile<A>>>> {
    // The number of images may be absurdly large by mistake.
    let mut tiles = with_capacity("tiles", count)?;
    tiles.resize_with(count, || Mutex::new(Tile::new()));
    Ok(tiles)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use qlty_core::Error;
    use qlty_core::dynamic::{AnyQuilt, ArrayRef};

    use super::*;

    /// No other thread may use the sums of a tile that a panic has left in an inconsistent state.
    #[test]
    fn a_panic_keeps_others_from_the_tile() {
        let folder = tempfile::tempdir().unwrap();
        let quilt = AnyQuilt::builder(&[10, 12], &[4, 4], &[3, 4]).build().unwrap();
        let options = AnyLargeBuilder::new(&quilt, 1, &folder.path().join("a")).channels(1).tile_shape(&[4, 4]);
        let engine = Engine::<f32>::start(options, Start::Create, &Monitor::new()).unwrap();
        let ones = ndarray::Array4::<u8>::ones((1, 1, 4, 4));
        let ones = ArrayRef::of("ones", ones.view()).unwrap();
        let stitch = |index| engine.stitch(&[index], ones, None, &Monitor::new());
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _tile = engine.tile(0).lock().unwrap();
            panic!("a defect");
        }));
        assert!(panicked.is_err());
        // Patches 0 and 3 reach the tile, patch 8 does not.
        let is_poisoned = |result| matches!(result, Err(crate::Error::Core(Error::Poisoned { .. })));
        assert!(is_poisoned(stitch(0)) && is_poisoned(stitch(3)) && stitch(8).is_ok());
        assert!(is_poisoned(engine.checkpoint(&Monitor::new())));
        assert!(engine.finish().is_err());
    }
}
