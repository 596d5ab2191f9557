//! Batches that are read ahead while the ones before are used.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use qlty_core::zarr::{Error, Result, Stored};
use qlty_core::{Rank, Spatial};

use super::PatchPairDataset;
use crate::PatchPairs;
use crate::metadata::check_indices;

/// The batches of an epoch, in order, read ahead by a thread of their own; see
/// [`PatchPairDataset::batches`]. Dropped before its end, it stops the thread.
#[derive(Debug)]
pub struct Batches<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// What the thread has read, as long as it is wanted.
    batches: Option<Receiver<Result<PatchPairs<T, D>>>>,
    reader: Option<JoinHandle<()>>,
    /// How many batches are still to come.
    left: usize,
}

impl<T: Stored, const D: usize> PatchPairDataset<T, D>
where
    Spatial<D>: Rank,
{
    /// The pairs of `order` in batches of `size`, the last of which may be smaller. Up to `ahead` batches
    /// are read before they are asked for, on the threads of rayon's global pool.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] where there is no such pair or `size` is zero; [`Error::Io`] where no
    /// thread could be started.
    pub fn batches(&self, order: Vec<usize>, size: usize, ahead: usize) -> Result<Batches<T, D>> {
        self.batches_within(order, size, ahead, |read| read())
    }

    /// [`PatchPairDataset::batches`] for a program with thread pools of its own: each batch is read by
    /// way of `within`, which calls what it is given once, say with `ThreadPool::install`.
    ///
    /// # Errors
    /// Those of [`PatchPairDataset::batches`].
    pub fn batches_within(
        &self,
        order: Vec<usize>,
        size: usize,
        ahead: usize,
        within: impl Fn(&mut (dyn FnMut() + Send)) + Send + 'static,
    ) -> Result<Batches<T, D>> {
        check_indices(&order, self.len())?;
        if size == 0 {
            return Err(qlty_core::Error::argument("batch size", size, "at least 1").into());
        }
        let left = order.len().div_ceil(size);
        // One more waits in the thread's hands.
        let (sender, batches) = sync_channel(ahead.saturating_sub(1).min(left));
        let dataset = self.clone();
        let read = move || {
            for indices in order.chunks(size) {
                let mut batch = None;
                within(&mut || batch = Some(dataset.get_batch(indices)));
                let Some(batch) = batch else { return };
                if sender.send(batch).is_err() {
                    return;
                }
            }
        };
        let started = std::thread::Builder::new().name("qlty-batches".to_owned()).spawn(read);
        let reader = started.map_err(Error::io(&self.0.path))?;
        Ok(Batches { batches: Some(batches), reader: Some(reader), left })
    }
}

impl<T: Stored, const D: usize> Iterator for Batches<T, D>
where
    Spatial<D>: Rank,
{
    type Item = Result<PatchPairs<T, D>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match self.batches.as_ref()?.recv() {
            Ok(batch) => Some(batch),
            // The thread has ended before its time, which only a panic in it can do: it is ours now.
            Err(_) => match self.reader.take()?.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => None,
            },
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T: Stored, const D: usize> ExactSizeIterator for Batches<T, D> where Spatial<D>: Rank {}

impl<T, const D: usize> Drop for Batches<T, D>
where
    Spatial<D>: Rank,
{
    fn drop(&mut self) {
        // Nobody listens any more: the thread stops after the batch that it reads.
        self.batches = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
