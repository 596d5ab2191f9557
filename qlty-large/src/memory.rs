//! The memory budget: which tiles' sums are in memory, and the eviction order.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex that is never left with a half-finished change by a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts the bytes of sums in memory, and evicts the least recently used tiles first.
#[derive(Debug)]
pub(crate) struct Memory {
    budget: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    bytes: usize,
    /// Counts the uses.
    clock: u64,
    /// The tiles in memory, by the time of their last use; the inverse of `used`.
    order: BTreeMap<u64, usize>,
    used: HashMap<usize, u64>,
}

impl Held {
    fn forget(&mut self, tile: usize) {
        if let Some(time) = self.used.remove(&tile) {
            self.order.remove(&time);
        }
    }
}

impl Memory {
    pub(crate) fn new(budget: usize) -> Self {
        Self { budget, held: Mutex::default() }
    }

    /// Takes `bytes` of the budget. If they exceed it, takes nothing and returns the tile to evict before trying again;
    /// if there is no such tile, the budget is exceeded.
    pub(crate) fn take(&self, bytes: usize) -> Option<usize> {
        let mut held = lock(&self.held);
        let oldest = held.order.first_key_value().map(|(_, tile)| *tile);
        match oldest.filter(|_| held.bytes + bytes > self.budget) {
            Some(tile) => {
                held.forget(tile);
                Some(tile)
            }
            None => {
                held.bytes += bytes;
                None
            }
        }
    }

    /// Releases the bytes that a tile took, or that were taken for one.
    pub(crate) fn give_back(&self, tile: usize, bytes: usize) {
        let mut held = lock(&self.held);
        held.bytes -= bytes;
        held.forget(tile);
    }

    /// Notes that a tile is in memory and in use.
    pub(crate) fn touch(&self, tile: usize) {
        let mut held = lock(&self.held);
        held.forget(tile);
        held.clock += 1;
        let time = held.clock;
        held.order.insert(time, tile);
        held.used.insert(tile, time);
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[test]
    fn the_least_recently_used_goes() {
        let memory = Memory::new(10);
        for tile in [1, 2] {
            assert_eq!(memory.take(5), None);
            memory.touch(tile);
        }
        memory.touch(1);
        assert_eq!(memory.take(5), Some(2));
        memory.give_back(2, 5);
        assert_eq!(memory.take(5), None);
        memory.touch(3);
        assert_eq!(memory.take(1), Some(1));
        assert_eq!(memory.take(1), Some(3));
        // Nothing is left to evict: the budget is exceeded.
        assert_eq!(memory.take(1), None);
    }
}
