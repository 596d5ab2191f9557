//! Batches of stored pairs, prefetched while earlier ones are used.

use std::fmt;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use qlty_core::internal::owner::Owner;
use qlty_core::zarr::{Error, Result};

use crate::metadata::check_indices;
use crate::{AnyDataset, AnyPairsMut, AnyPatchPairs};

/// How each batch is read: calls its argument once, for example with `ThreadPool::install`.
pub type ReadWithin = dyn Fn(&mut (dyn FnMut() + Send)) + Send;

/// The batches of an epoch, in order, prefetched by a separate thread; see [`AnyDataset::batches`]. Dropping it before
/// the end stops the thread. A process that was forked from the one that started them has no such thread, so there the
/// next batch is an error.
pub struct AnyBatches {
    /// The batches that the thread has read. The mutex makes this `Sync`; it is never locked.
    batches: Option<Mutex<Receiver<Result<AnyPatchPairs>>>>,
    reader: Option<JoinHandle<()>>,
    /// The next batch, kept because it did not fit the caller's arrays.
    kept: Option<AnyPatchPairs>,
    /// The number of remaining pairs.
    left: usize,
    /// The number of pairs in a batch.
    size: usize,
    owner: Owner,
}

impl fmt::Debug for AnyBatches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyBatches").field("pairs_left", &self.left).field("size", &self.size).finish_non_exhaustive()
    }
}

impl AnyDataset {
    /// The pairs of `order` in batches of `size`, the last of which may be smaller. Up to `ahead` batches are
    /// prefetched on the threads of rayon's global pool.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if there is no such pair or `size` is zero; [`Error::Io`] if the thread could not
    /// be started.
    pub fn batches(&self, order: Vec<usize>, size: usize, ahead: usize) -> Result<AnyBatches> {
        self.batches_within(order, size, ahead, Box::new(|read| read()))
    }

    /// [`AnyDataset::batches`] for programs with their own thread pools: each batch is read through `within`.
    ///
    /// # Errors
    /// The errors of [`AnyDataset::batches`].
    pub fn batches_within(
        &self,
        order: Vec<usize>,
        size: usize,
        ahead: usize,
        within: Box<ReadWithin>,
    ) -> Result<AnyBatches> {
        check_indices(&order, self.len())?;
        if size == 0 {
            return Err(qlty_core::Error::argument("batch size", size, "at least 1").into());
        }
        let left = order.len();
        // The thread itself holds one more.
        let (sender, batches) = sync_channel(ahead.saturating_sub(1).min(left.div_ceil(size)));
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
        let reader = started.map_err(Error::io(self.path()))?;
        Ok(AnyBatches {
            batches: Some(Mutex::new(batches)),
            reader: Some(reader),
            kept: None,
            left,
            size,
            owner: Owner::this_process(),
        })
    }
}

impl AnyBatches {
    /// The number of pairs of the next batch; 0 at the end.
    pub fn next_count(&self) -> usize {
        self.left.min(self.size)
    }

    /// Writes the next batch into the caller's arrays, as [`AnyPatchPairs::copy_to`] does, and waits for it if needed.
    ///
    /// # Errors
    /// The errors of [`AnyPatchPairs::copy_to`], and [`qlty_core::Error::Argument`] after the last batch; the next
    /// batch then stays the same. The errors of [`AnyDataset::get_batch`] if it cannot be read; it is then skipped.
    pub fn next_into(&mut self, out: AnyPairsMut<'_>) -> Result<()> {
        let count = self.next_count();
        match self.next() {
            Some(Ok(batch)) => Ok(batch.copy_to(out).inspect_err(|_| {
                self.left += count;
                self.kept = Some(batch);
            })?),
            Some(Err(error)) => Err(error),
            None if count == 0 => {
                let got = format_args!("a call after the last batch");
                Err(qlty_core::Error::argument("batches", got, "one to come").into())
            }
            None => {
                self.left = 0;
                let got = format_args!("a call after a panic of the reading thread");
                Err(qlty_core::Error::argument("batches", got, "none").into())
            }
        }
    }
}

impl Iterator for AnyBatches {
    type Item = Result<AnyPatchPairs>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        if let Err(error) = self.owner.check("batches") {
            self.left = 0;
            return Some(Err(error.into()));
        }
        self.left -= self.next_count();
        if let Some(batch) = self.kept.take() {
            return Some(Ok(batch));
        }
        let batches = self.batches.as_mut()?.get_mut().unwrap_or_else(PoisonError::into_inner);
        match batches.recv() {
            Ok(batch) => Some(batch),
            // The thread has ended early, which only a panic can cause: the panic is propagated.
            Err(_) => match self.reader.take()?.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => None,
            },
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let batches = self.left.div_ceil(self.size);
        (batches, Some(batches))
    }
}

impl ExactSizeIterator for AnyBatches {}

impl Drop for AnyBatches {
    fn drop(&mut self) {
        if !self.owner.is_this_process() {
            // There is no thread to wait for, and it may have held the lock of the channel when the process was forked.
            std::mem::forget((self.batches.take(), self.reader.take()));
            return;
        }
        // Without a receiver, the thread stops after the batch that it is reading.
        self.batches = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}
