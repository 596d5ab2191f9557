//! Which patches a worker needs, which are done, and which are being added.

use qlty_core::internal::array::zeroed;
use qlty_core::{Error, Result};

/// A set of patch indices, one bit each.
#[derive(Debug, Clone)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn new(len: usize) -> Result<Self> {
        Ok(Self(zeroed("a bit per patch", len.div_ceil(64))?))
    }

    pub(crate) fn from_words(words: Vec<u64>) -> Self {
        Self(words)
    }

    pub(crate) fn words(&self) -> &[u64] {
        &self.0
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Adds an index, and returns whether it is new.
    pub(crate) fn insert(&mut self, index: usize) -> bool {
        let new = !self.has(index);
        self.0[index / 64] |= 1 << (index % 64);
        new
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.0[index / 64] &= !(1 << (index % 64));
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

/// The patches of a worker. Invariant: those done or in progress are wanted, and none is both.
#[derive(Debug)]
pub(crate) struct Claims {
    /// The number of patches of the batch.
    total: usize,
    /// The patches that overlap a tile of this worker.
    wanted: Bits,
    /// The patches that have been added to every tile of this worker that they overlap, or that will not arrive.
    done: Bits,
    /// Those that a thread is adding.
    in_work: Bits,
    wanted_count: usize,
    done_count: usize,
    /// Patches from this index on have not been handed out.
    next: usize,
}

impl Claims {
    pub(crate) fn new(total: usize, wanted: Bits, done: Bits) -> Result<Self> {
        let (wanted_count, done_count) = (wanted.count(), done.count());
        Ok(Self { total, wanted, done, in_work: Bits::new(total)?, wanted_count, done_count, next: 0 })
    }

    /// Marks patches as in progress: all of them, or none.
    ///
    /// # Errors
    /// [`Error::Argument`] if an index is not a patch of the batch or overlaps no tile of this worker;
    /// [`Error::Duplicate`] if a patch has arrived, is in progress, or is listed twice.
    pub(crate) fn begin(&mut self, indices: impl Iterator<Item = usize> + Clone) -> Result<()> {
        for (taken, index) in indices.clone().enumerate() {
            let result = if index >= self.total {
                Err(Error::argument("patch index", index, format!("less than {}", self.total)))
            } else if !self.wanted.has(index) {
                Err(Error::argument("patch index", index, "a patch that reaches a tile of this shard"))
            } else if self.done.has(index) || !self.in_work.insert(index) {
                Err(Error::Duplicate { index })
            } else {
                Ok(())
            };
            if result.is_err() {
                indices.take(taken).for_each(|index| self.in_work.remove(index));
                return result;
            }
        }
        Ok(())
    }

    /// Ends the work on patches, successfully if `done`.
    pub(crate) fn end(&mut self, indices: impl Iterator<Item = usize>, done: bool) {
        for index in indices {
            self.in_work.remove(index);
            if done {
                self.finish(index);
            }
        }
    }

    /// Notes that a patch is done.
    pub(crate) fn finish(&mut self, index: usize) {
        self.done_count += usize::from(self.done.insert(index));
    }

    /// Whether a thread is adding a patch.
    pub(crate) fn is_in_work(&self, index: usize) -> bool {
        self.in_work.has(index)
    }

    /// The wanted patches that are not done, ascending.
    pub(crate) fn pending(&self) -> impl Iterator<Item = usize> {
        (0..self.total).filter(|index| self.wanted.has(*index) && !self.done.has(*index))
    }

    /// The next patches that are pending and have not been handed out, at most `most`.
    pub(crate) fn hand_out(&mut self, most: usize) -> Vec<usize> {
        let mut indices = Vec::new();
        while indices.len() < most && self.next < self.total {
            let index = self.next;
            if self.wanted.has(index) && !self.done.has(index) && !self.in_work.has(index) {
                indices.push(index);
            }
            self.next += 1;
        }
        indices
    }

    /// Starts handing out from the first patch again.
    pub(crate) fn rewind(&mut self) {
        self.next = 0;
    }

    /// The numbers of done and of wanted patches.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.done_count, self.wanted_count)
    }
}
