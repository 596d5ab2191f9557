//! An allocator that counts the memory in use, and its peak.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, counting. A test binary makes it its `#[global_allocator]`.
#[derive(Debug)]
pub struct Counting;

fn grow(bytes: usize) {
    let held = HELD.fetch_add(bytes, SeqCst) + bytes;
    MOST.fetch_max(held, SeqCst);
}

fn shrink(bytes: usize) {
    HELD.fetch_sub(bytes, SeqCst);
}

// SAFETY: every call is passed to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc`.
        let start = unsafe { System.alloc(layout) };
        if !start.is_null() {
            grow(layout.size());
        }
        start
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `alloc_zeroed`.
        let start = unsafe { System.alloc_zeroed(layout) };
        if !start.is_null() {
            grow(layout.size());
        }
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(start, layout) };
        shrink(layout.size());
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller upholds the contract of `realloc`.
        let moved = unsafe { System.realloc(start, layout, size) };
        if !moved.is_null() {
            // Old and new may both exist for a moment.
            grow(size);
            shrink(layout.size());
        }
        moved
    }
}

/// The peak memory during a call, in bytes, beyond what was in use before it.
///
/// Counts all threads: only one such call may run at a time, and nothing else concurrently.
pub fn most_held<R>(call: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.load(SeqCst);
    MOST.store(before, SeqCst);
    let result = call();
    (result, MOST.load(SeqCst).saturating_sub(before))
}
