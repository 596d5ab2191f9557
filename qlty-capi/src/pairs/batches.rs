//! Batches of stored pairs that are read ahead.

use ::qlty_pairs::{Batches, PatchPairDataset, PatchPairs, Positions};
use qlty_core::Spatial;

use super::dataset::{Crossing, qlty_dataset};
use super::handle::PairRank;
use super::outputs::{Outputs, copy};
use crate::array::{indices, qlty_array};
use crate::error::{
    Failure, Outcome, borrow, borrow_mut, free, guard, hand_over, qlty_error, qlty_status, size, writable,
};
use crate::long_call::in_pool;

/// The batches of an epoch, in order, read ahead by a thread of their own. Opaque; one thread at a
/// time may use one. Free it with qlty_batches_free.
#[derive(Debug)]
pub struct qlty_batches(Box<dyn AnyBatches>);

/// Batches of any type of patches and number of spatial axes.
pub(super) trait AnyBatches: std::fmt::Debug + Send {
    /// The number of pairs of the next batch, 0 at the end.
    fn next_count(&self) -> usize;
    /// # Safety
    /// The arrays are as [`Outputs::views`] asks.
    unsafe fn next(&mut self, out: &Outputs<'_>) -> Outcome;
}

/// The batches that are still to come.
#[derive(Debug)]
pub(super) struct Upcoming<T, const D: usize>
where
    Spatial<D>: PairRank<D>,
{
    batches: Batches<T, D>,
    /// The next batch, where the host's arrays did not fit it.
    next: Option<PatchPairs<T, D>>,
    positions: Positions,
    /// How many pairs are still to come, and how many a batch has.
    left: usize,
    size: usize,
}

impl<T: Crossing, const D: usize> Upcoming<T, D>
where
    Spatial<D>: PairRank<D>,
{
    pub(super) fn new(dataset: &PatchPairDataset<T, D>, order: Vec<usize>, size: usize, ahead: usize) -> Outcome<Self> {
        let (left, positions) = (order.len(), dataset.positions());
        // The threads are those that are chosen when a batch is read.
        let batches = dataset.batches_within(order, size, ahead, |read| in_pool(read))?;
        Ok(Self { batches, next: None, positions, left, size })
    }
}

impl<T: Crossing, const D: usize> AnyBatches for Upcoming<T, D>
where
    Spatial<D>: PairRank<D>,
{
    fn next_count(&self) -> usize {
        self.left.min(self.size)
    }

    unsafe fn next(&mut self, out: &Outputs<'_>) -> Outcome {
        if self.left == 0 {
            return Err(Failure::argument("batches: got a call after the last batch, expected one to come"));
        }
        out.check_positions(self.positions != Positions::None)?;
        // SAFETY: the caller's promise.
        let views = unsafe { out.views::<T::Host, D>(&[]) }?;
        let rest = self.left - self.next_count();
        let batch = match self.next.take() {
            Some(batch) => batch,
            None => match self.batches.next() {
                Some(Ok(batch)) => batch,
                Some(Err(error)) => {
                    self.left = rest;
                    return Err(error.into());
                }
                None => {
                    self.left = 0;
                    return Err(Failure::argument("batches: got a call after a defect, expected none"));
                }
            },
        };
        let copied = copy(&batch, views, T::cross);
        match copied {
            Ok(()) => self.left = rest,
            Err(_) => self.next = Some(batch),
        }
        copied
    }
}

/// Begins to read the pairs of `order`, (K) of type i64, in batches of `size`, the last of which may be
/// smaller, and stores what gives them in `*batches`. Up to `ahead` batches are read before they are
/// asked for. The dataset may be freed before. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, where there is no such pair, or
/// where `size` is 0; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY;
/// QLTY_STATUS_IO where no thread could be started.
///
/// # Safety
/// `dataset` is NULL or a dataset; `order` is NULL or an array that is not written during the call;
/// `batches` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_new(
    dataset: *const qlty_dataset,
    order: *const qlty_array,
    size: i64,
    ahead: i64,
    batches: *mut *mut qlty_batches,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (dataset, out) = (unsafe { borrow("dataset", dataset) }?, writable("batches", batches)?);
        let (size, ahead) = (self::size("size", size)?, self::size("ahead", ahead)?);
        // SAFETY: the caller's promise.
        let order = unsafe { indices("order", order) }?;
        let begun = dataset.0.batches(order, size, ahead)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_batches(begun)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees batches, also before the last; waits for the batch that is being read. NULL is fine.
///
/// # Safety
/// `batches` is NULL or batches that have not been freed and that no other thread uses, and is not
/// used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_free(batches: *mut qlty_batches) {
    // SAFETY: the caller's promise.
    unsafe { free(batches) };
}

/// Stores the number of pairs of the next batch, 0 after the last. It does not wait.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `batches` is NULL or batches that no other thread changes; `count` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_next_count(
    batches: *const qlty_batches,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (batches, stored) = (unsafe { borrow("batches", batches) }?, writable("count", count)?);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { stored.write(batches.0.next_count() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Writes the next batch, for which it waits if need be; the arrays are those of qlty_dataset_read.
///
/// Errors, after which the batch is still the next: QLTY_STATUS_INVALID_ARGUMENT for NULL, after the
/// last batch, where positions are asked for and the store has none, or where arrays overlap;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. Where the batch cannot be read, QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED or QLTY_STATUS_OUT_OF_MEMORY, it is passed over.
///
/// # Safety
/// `batches` is NULL or batches that no other thread uses; the arrays are NULL or arrays that are not
/// used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_next(
    batches: *mut qlty_batches,
    patches1: *const qlty_array,
    patches2: *const qlty_array,
    deltas: *const qlty_array,
    rotations: *const qlty_array,
    positions1: *const qlty_array,
    positions2: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let batches = unsafe { borrow_mut("batches", batches) }?;
        // SAFETY: the caller's promise.
        let out = unsafe { Outputs::new([patches1, patches2], deltas, rotations, [positions1, positions2]) }?;
        // SAFETY: the caller's promise.
        unsafe { batches.0.next(&out) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
