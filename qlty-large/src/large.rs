//! The quilt that stitches onto disk, with its rank and its sum type known at run time.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use qlty_core::dynamic::{AnyQuilt, ArrayMut, ArrayRef};
use qlty_core::zarr::AnyImageSource;
use qlty_core::{DType, Error, Monitor};

use crate::engine::Engine;
use crate::job::Job;
use crate::memory::lock;
use crate::options::{AnyLargeBuilder, Start};
use crate::unstitch::unstitch_into;
use crate::{AnyLargeResult, DamagedTile, Progress, Result};

/// [`crate::LargeQuilt`] with a sum type and a number of spatial axes known at run time.
///
/// Patches are (P,C,y,x) or (P,C,z,y,x), of any type.
pub struct AnyLargeQuilt {
    engine: AnyEngine,
    /// Whether a call that changes state has panicked.
    poisoned: AtomicBool,
}

/// A result in progress, with sums of either type.
enum AnyEngine {
    F32(Engine<f32>),
    F64(Engine<f64>),
}

/// Evaluates an expression with the engine, of either type.
macro_rules! with_engine {
    ($large:expr, $engine:ident => $run:expr) => {
        match &$large.engine {
            AnyEngine::F32($engine) => $run,
            AnyEngine::F64($engine) => $run,
        }
    };
}

impl fmt::Debug for AnyLargeQuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.debug("AnyLargeQuilt", f)
    }
}

impl AnyLargeQuilt {
    /// Starts the options of a result for a batch of `images`. With the path `folder/name` the arrays are
    /// `folder/name_mean.zarr` and `folder/name_std.zarr`, and unfinished work is in `folder/name_state`.
    pub fn builder(quilt: &AnyQuilt, images: usize, path: impl AsRef<Path>) -> AnyLargeBuilder {
        AnyLargeBuilder::new(quilt, images, path.as_ref())
    }

    pub(crate) fn start(options: AnyLargeBuilder, start: Start, monitor: &Monitor) -> Result<Self> {
        let engine = match options.dtype {
            DType::F32 => AnyEngine::F32(Engine::start(options, start, monitor)?),
            DType::F64 => AnyEngine::F64(Engine::start(options, start, monitor)?),
            other => return Err(Error::dtype("result", other, "f32 or f64").into()),
        };
        Ok(Self { engine, poisoned: AtomicBool::new(false) })
    }

    /// Formats the options, under the name of a type.
    pub(crate) fn debug(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.job().options;
        f.debug_struct(name)
            .field("path", &options.path)
            .field("quilt", &options.quilt)
            .field("images", &options.images)
            .field("channels", &self.channels())
            .field("dtype", &options.dtype)
            .field("std", &options.std)
            .field("shard", &options.shard)
            .field("memory_budget", &options.memory_budget)
            .finish_non_exhaustive()
    }

    fn job(&self) -> &Job {
        with_engine!(self, engine => &engine.job)
    }

    /// Makes a call that changes tiles, unless an earlier one has panicked. Fails in a process that was forked from the
    /// one that opened the result: its sums would not include the patches that the other stitches from then on.
    fn change<T>(&self, call: impl FnOnce() -> Result<T>) -> Result<T> {
        /// Sets the flag if it is dropped by a panic.
        struct Poison<'a>(&'a AtomicBool);

        impl Drop for Poison<'_> {
            fn drop(&mut self) {
                self.0.store(true, SeqCst);
            }
        }

        // Nothing is written to a complete result.
        self.job().session.as_ref().map_or(Ok(()), |session| session.owner.check("large quilt"))?;
        if self.poisoned.load(SeqCst) {
            return Err(Error::Poisoned { what: "large quilt" }.into());
        }
        let poison = Poison(&self.poisoned);
        let result = call();
        std::mem::forget(poison);
        result
    }

    /// The quilt of the patches.
    pub fn quilt(&self) -> &AnyQuilt {
        self.job().quilt()
    }

    /// The type of the sums and of the result, [`DType::F32`] or [`DType::F64`].
    pub fn dtype(&self) -> DType {
        self.job().options.dtype
    }

    /// The number of images of the batch.
    pub fn images(&self) -> usize {
        self.job().options.images
    }

    /// The number of channels, once it is known.
    pub fn channels(&self) -> Option<usize> {
        self.job().arrays().map(|arrays| arrays.channels)
    }

    /// The tiles of the shard, numbered in C order over (n, z, y, x).
    pub fn tiles(&self) -> Range<usize> {
        self.job().tiling.own.clone()
    }

    /// The indices of the shard's patches that have not been stitched, ascending, including those whose call failed. A
    /// pending patch that also overlaps finished tiles is added only to the unfinished ones.
    pub fn pending(&self) -> Vec<usize> {
        lock(&self.job().claims).pending().collect()
    }

    /// The progress of the shard.
    pub fn progress(&self) -> Progress {
        self.job().progress()
    }

    /// The tiles of the shard that were damaged when the result was opened: finished ones, and sums of a checkpoint.
    /// Their patches are pending again.
    pub fn damaged(&self) -> &[DamagedTile] {
        &self.job().damaged
    }

    /// Reads the shard's finished tiles, in parallel, and returns those that are missing or do not agree with their
    /// checksums, ascending: to make their patches pending again, open the result for
    /// [repair](AnyLargeBuilder::repair). At most `most` tiles, evenly spread, or all if it is `None`. Progress counts
    /// tiles.
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`] if a file cannot be read; [`Error::OutOfMemory`] and
    /// [`Error::Cancelled`].
    pub fn verify(&self, most: Option<usize>, monitor: &Monitor) -> Result<Vec<DamagedTile>> {
        with_engine!(self, engine => engine.verify(most, monitor))
    }

    /// The next pending patches that have not been handed out, at most `most`; none at the end. Concurrent calls get
    /// different ones.
    pub fn next_indices(&self, most: usize) -> Vec<usize> {
        lock(&self.job().claims).hand_out(most)
    }

    /// Starts handing out from the first pending patch again: for patches that were handed out and not stitched.
    pub fn rewind(&self) {
        lock(&self.job().claims).rewind();
    }

    /// Extracts the patches of these indices, in their order, from images in memory or on disk. Progress counts
    /// patches.
    ///
    /// # Errors
    /// [`Error::Shape`] if the batch does not have the number of images and the size of the quilt, or `patches` does
    /// not have the shape of the patches; [`Error::DataType`] if `patches` has a different type than the images (those
    /// of `Bool` can be read as `U8`); [`Error::Argument`] if there is no such patch: nothing is written then.
    /// [`Error::Cancelled`], and the errors of the source.
    pub fn unstitch_into(
        &self,
        source: &dyn AnyImageSource,
        indices: &[usize],
        patches: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        unstitch_into(self.quilt(), self.images(), source, indices, patches, monitor)
    }

    /// Adds patches in any order; see [`crate::LargeQuilt::stitch`].
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::stitch`].
    pub fn stitch(&self, indices: &[usize], patches: ArrayRef<'_>, variances: Option<ArrayRef<'_>>) -> Result<()> {
        self.stitch_with_monitor(indices, patches, variances, &Monitor::new())
    }

    /// [`AnyLargeQuilt::stitch`], with progress, which counts tiles.
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::stitch_with_monitor`].
    pub fn stitch_with_monitor(
        &self,
        indices: &[usize],
        patches: ArrayRef<'_>,
        variances: Option<ArrayRef<'_>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.change(|| with_engine!(self, engine => engine.stitch(indices, patches, variances, monitor)))
    }

    /// Notes that patches will not arrive; see [`crate::LargeQuilt::skip`].
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::skip`].
    pub fn skip(&self, indices: &[usize]) -> Result<()> {
        self.change(|| with_engine!(self, engine => engine.skip(indices)))
    }

    /// Writes the sums of all unfinished tiles; see [`crate::LargeQuilt::checkpoint`].
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::checkpoint`].
    pub fn checkpoint(&self) -> Result<()> {
        self.checkpoint_with_monitor(&Monitor::new())
    }

    /// [`AnyLargeQuilt::checkpoint`], with progress, which counts tiles.
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::checkpoint_with_monitor`].
    pub fn checkpoint_with_monitor(&self, monitor: &Monitor) -> Result<()> {
        self.change(|| with_engine!(self, engine => engine.checkpoint(monitor)))
    }

    /// The result, once all patches of the shard have arrived; see [`crate::LargeQuilt::finish`].
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::finish`].
    pub fn finish(&self) -> Result<AnyLargeResult> {
        self.change(|| with_engine!(self, engine => engine.finish()))
    }

    /// The result of the patches that have arrived; see [`crate::LargeQuilt::finish_incomplete`].
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::finish_incomplete`].
    pub fn finish_incomplete(&self) -> Result<AnyLargeResult> {
        self.finish_incomplete_with_monitor(&Monitor::new())
    }

    /// [`AnyLargeQuilt::finish_incomplete`], with progress, which counts each tile twice.
    ///
    /// # Errors
    /// The errors of [`crate::LargeQuilt::finish_incomplete_with_monitor`].
    pub fn finish_incomplete_with_monitor(&self, monitor: &Monitor) -> Result<AnyLargeResult> {
        self.change(|| with_engine!(self, engine => engine.finish_incomplete(monitor)))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use qlty_core::internal::owner::Owner;

    use super::*;

    fn is_poisoned<T>(result: Result<T>) -> bool {
        matches!(result, Err(crate::Error::Core(Error::Poisoned { .. })))
    }

    /// After a panic no call may use the sums in memory; the data on disk is still valid.
    #[test]
    fn a_panic_poisons_the_quilt_and_not_the_result() {
        let folder = tempfile::tempdir().unwrap();
        let quilt = AnyQuilt::builder(&[10, 12], &[4, 4], &[3, 4]).build().unwrap();
        let builder = || AnyLargeQuilt::builder(&quilt, 1, folder.path().join("a")).channels(1).tile_shape(&[4, 4]);
        let large = builder().create().unwrap();
        let ones = ndarray::Array4::<u8>::ones((1, 1, 4, 4));
        let stitch =
            |large: &AnyLargeQuilt, index| large.stitch(&[index], ArrayRef::of("ones", ones.view()).unwrap(), None);
        stitch(&large, 0).unwrap();
        large.checkpoint().unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| large.change::<()>(|| panic!("a defect"))));
        assert!(panicked.is_err());
        assert!(is_poisoned(stitch(&large, 1)) && is_poisoned(large.skip(&[1])));
        assert!(is_poisoned(large.checkpoint()) && is_poisoned(large.finish_incomplete()));
        drop(large);
        let large = builder().open().unwrap();
        assert_eq!(large.pending(), (1..9).collect::<Vec<_>>());
    }

    /// Two processes with the same tiles would overwrite each other's.
    #[test]
    fn a_child_may_not_stitch_for_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let quilt = AnyQuilt::builder(&[10, 12], &[4, 4], &[3, 4]).build().unwrap();
        let builder = AnyLargeQuilt::builder(&quilt, 1, folder.path().join("a")).channels(1);
        let mut large = builder.create().unwrap();
        let AnyEngine::F32(engine) = &mut large.engine else { panic!("the default type is f32") };
        engine.job.session.as_mut().unwrap().owner = Owner::another_process();
        let ones = ndarray::Array4::<u8>::ones((1, 1, 4, 4));
        let stitched = large.stitch(&[0], ArrayRef::of("ones", ones.view()).unwrap(), None);
        for result in [stitched, large.skip(&[0]), large.checkpoint(), large.finish_incomplete().map(drop)] {
            let told = result.unwrap_err().to_string();
            assert!(told.starts_with("large quilt: got a call in process "), "{told}");
        }
        assert_eq!(large.pending().len(), 9);
    }

    #[test]
    fn it_prints_its_options() {
        let folder = tempfile::tempdir().unwrap();
        let quilt = AnyQuilt::builder(&[10, 12], &[4, 4], &[3, 4]).build().unwrap();
        let large = AnyLargeQuilt::builder(&quilt, 1, folder.path().join("a")).create().unwrap();
        let text = format!("{large:?}");
        assert!(
            text.starts_with("AnyLargeQuilt { path: ") && text.ends_with(", memory_budget: 1073741824, .. }"),
            "{text}"
        );
    }
}
