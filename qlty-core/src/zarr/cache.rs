//! A cache of the most recently used decoded chunks, shared by threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A chunk that is decoded, or is being decoded by the thread that holds the lock.
type Slot<C> = Arc<Mutex<Option<Arc<C>>>>;

/// The most recently used chunks. A chunk that several threads need at once is decoded by one of them.
#[derive(Debug)]
pub(super) struct ChunkCache<C> {
    /// The maximum number of chunks to keep, at least one.
    most: usize,
    state: Mutex<State<C>>,
}

#[derive(Debug)]
struct State<C> {
    /// Chunks by their position in the grid, with the time of their last use.
    slots: HashMap<Vec<u64>, (u64, Slot<C>)>,
    /// Counts the uses.
    clock: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that can panic leaves a change half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C> ChunkCache<C> {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), state: Mutex::new(State { slots: HashMap::new(), clock: 0 }) }
    }

    /// The chunk at `place`; decoded by `decode` and cached if it is not in the cache.
    pub(super) fn get<E>(&self, place: &[u64], decode: impl FnOnce() -> Result<C, E>) -> Result<Arc<C>, E> {
        let slot = self.slot(place);
        let mut chunk = lock(&slot);
        if let Some(chunk) = &*chunk {
            return Ok(Arc::clone(chunk));
        }
        let decoded = Arc::new(decode()?);
        *chunk = Some(Arc::clone(&decoded));
        Ok(decoded)
    }

    /// The chunk at `place` if it is cached, or else the result of `decode`, which is not cached.
    pub(super) fn peek_or<E>(&self, place: &[u64], decode: impl FnOnce() -> Result<C, E>) -> Result<Arc<C>, E> {
        let slot = lock(&self.state).slots.get(place).map(|(_, slot)| Arc::clone(slot));
        let kept = slot.and_then(|slot| lock(&slot).as_ref().map(Arc::clone));
        kept.map_or_else(|| decode().map(Arc::new), Ok)
    }

    /// The slot of a chunk; a new slot evicts the least recently used one if the cache is full.
    fn slot(&self, place: &[u64]) -> Slot<C> {
        let mut state = lock(&self.state);
        state.clock += 1;
        let now = state.clock;
        if let Some((used, slot)) = state.slots.get_mut(place) {
            *used = now;
            return Arc::clone(slot);
        }
        if state.slots.len() >= self.most {
            let oldest = state.slots.iter().min_by_key(|(_, (used, _))| *used).map(|(place, _)| place.clone());
            oldest.and_then(|oldest| state.slots.remove(&oldest));
        }
        let slot = Slot::default();
        state.slots.insert(place.to_vec(), (now, Arc::clone(&slot)));
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::ChunkCache;

    #[test]
    fn the_least_recently_used_goes() {
        let cache = ChunkCache::new(2);
        let decoded = AtomicUsize::new(0);
        let get = |place: u64| {
            cache
                .get(&[place], || {
                    decoded.fetch_add(1, SeqCst);
                    Ok::<_, ()>(vec![place])
                })
                .unwrap()[0]
        };
        assert_eq!([get(1), get(2), get(1), get(3), get(1)], [1, 2, 1, 3, 1]);
        assert_eq!(decoded.load(SeqCst), 3);
        get(2);
        assert_eq!(decoded.load(SeqCst), 4);
    }

    #[test]
    fn a_failure_is_not_kept_and_threads_share_the_work() {
        let cache = ChunkCache::new(4);
        assert!(cache.get(&[0], || Err::<Vec<u8>, _>("no")).is_err());
        let decoded = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let chunk = cache.get(&[0], || {
                        decoded.fetch_add(1, SeqCst);
                        Ok::<_, ()>(vec![7_u8])
                    });
                    assert_eq!(chunk.unwrap()[0], 7);
                });
            }
        });
        assert_eq!(decoded.load(SeqCst), 1);
    }
}
