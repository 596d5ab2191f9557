//! An allocator that knows how much memory is held, and how much was held at most.

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

// SAFETY: every call is handed to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of `alloc`.
        let start = unsafe { System.alloc(layout) };
        if !start.is_null() {
            grow(layout.size());
        }
        start
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the promises of `alloc_zeroed`.
        let start = unsafe { System.alloc_zeroed(layout) };
        if !start.is_null() {
            grow(layout.size());
        }
        start
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(start, layout) };
        shrink(layout.size());
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the promises of `realloc`.
        let moved = unsafe { System.realloc(start, layout, size) };
        if !moved.is_null() {
            // Old and new may both be there for a moment.
            grow(size);
            shrink(layout.size());
        }
        moved
    }
}

/// The most memory held at any moment of a call, in bytes, beyond what was held before it.
///
/// Counts what all threads do: only one such call may run at a time, and nothing beside it.
pub fn most_held<R>(call: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.load(SeqCst);
    MOST.store(before, SeqCst);
    let result = call();
    (result, MOST.load(SeqCst).saturating_sub(before))
}
