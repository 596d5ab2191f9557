//! Batches of stored pairs that are read ahead.

use std::mem::MaybeUninit;

use ::qlty_pairs::Positions;
use ::qlty_pairs::dynamic::{AnyBatches, AnyPairsMut, AnyPatchPairs};

use super::arrays::{PairArrays, qlty_pair_arrays};
use super::dataset::qlty_dataset;
use crate::arguments::{done, into_handle, required, size};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{in_place, in_pool};
use crate::poison::Poisonable;

/// The batches of an epoch, in order, read ahead by a background thread. Opaque; one thread at a time may use one. Free
/// it with qlty_batches_free.
#[derive(Debug)]
pub struct qlty_batches {
    batches: Poisonable<Batches>,
    /// Which positions the store has.
    positions: Positions,
}

#[derive(Debug)]
struct Batches {
    read: AnyBatches,
    /// The next batch, if it has been waited for.
    next: Option<AnyPatchPairs>,
}

impl Batches {
    fn next_count(&self) -> usize {
        self.next.as_ref().map_or(self.read.next_count(), |batch| batch.patches1.shape()[0])
    }

    /// [`AnyBatches::next_into`], waiting on this thread and copying in the pool: a thread of the pool that waited
    /// could not read the batch.
    fn next_into(&mut self, out: AnyPairsMut<'_>) -> Outcome {
        if self.next.is_none() && self.read.next_count() > 0 {
            self.next = self.read.next().transpose()?;
        }
        match &self.next {
            Some(batch) => in_place(|| batch.copy_to(out))?,
            // Says that there is none.
            None => self.read.next_into(out)?,
        }
        self.next = None;
        Ok(())
    }
}

/// Starts reading the pairs with the indices in `order`, (K) of type i64, in batches of `size`, the last of which may
/// be smaller, and stores a handle in `*batches`. Up to `ahead` batches are read before they are requested. The dataset
/// may be freed before. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, if there is no such pair, or if `size` is 0;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY; QLTY_STATUS_IO if no thread could be started.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_new(
    dataset: Option<&qlty_dataset>,
    order: Option<&qlty_array>,
    size: i64,
    ahead: i64,
    batches: Option<&mut MaybeUninit<*mut qlty_batches>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (dataset, out) = (&required("dataset", dataset)?.0, required("batches", batches)?);
        let (size, ahead) = (self::size("size", size)?, self::size("ahead", ahead)?);
        let order = arrays.indices("order", order)?;
        // The threads are those that are chosen when a batch is read. Some have been started, by this call if no other,
        // so reading cannot fail for want of them.
        let within = |read: &mut (dyn FnMut() + Send)| {
            let _ = in_pool(|| {
                read();
                Ok::<_, Failure>(())
            });
        };
        let read = in_pool(|| dataset.batches_within(order, size, ahead, Box::new(within)))?;
        let batches = Poisonable::new("batches", Batches { read, next: None });
        into_handle(out, qlty_batches { batches, positions: dataset.positions() })
    })
}

/// Frees batches, also before the last; waits until the batch that is being read is done. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_free(batches: Option<Box<qlty_batches>>) {
    drop(batches);
}

/// Stores the number of pairs of the next batch, 0 after the last. It does not wait.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_next_count(
    batches: Option<&qlty_batches>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (batches, out) = (required("batches", batches)?, required("count", count)?);
        done(out, batches.batches.get()?.next_count() as i64)
    })
}

/// Writes the next batch, waiting for it if necessary; the arrays are those of qlty_dataset_read_into.
///
/// Errors, after which the same batch is next: QLTY_STATUS_INVALID_ARGUMENT for NULL, after the last batch, if
/// positions are asked for and the store has none, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE. If the
/// batch cannot be read (QLTY_STATUS_IO, QLTY_STATUS_DAMAGED or QLTY_STATUS_OUT_OF_MEMORY), it is skipped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_next_into(
    batches: Option<&mut qlty_batches>,
    arrays: *const qlty_pair_arrays,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let batches = required("batches", batches)?;
        // SAFETY: the struct and the arrays are as the host promises for all calls.
        unsafe { next(batches, PairArrays::read(arrays)?) }
    })
}

/// Deprecated: qlty_batches_next_into does the same with the arrays in a struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_batches_next(
    batches: Option<&mut qlty_batches>,
    patches1: Option<&qlty_array>,
    patches2: Option<&qlty_array>,
    deltas: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    positions1: Option<&qlty_array>,
    positions2: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let batches = required("batches", batches)?;
        let out = PairArrays { patches: [patches1, patches2], deltas, rotations, positions: [positions1, positions2] };
        // SAFETY: the arrays are as the host promises for all calls.
        unsafe { next(batches, out) }
    })
}

/// # Safety
/// The arrays are as [`Arrays::of_call`] requires.
unsafe fn next(batches: &mut qlty_batches, out: PairArrays<'_>) -> Outcome {
    // SAFETY: the caller's promise.
    let mut arrays = unsafe { Arrays::of_call() };
    out.check_positions(batches.positions)?;
    let out = out.outputs(&mut arrays)?;
    batches.batches.change(|batches| batches.next_into(out))
}
