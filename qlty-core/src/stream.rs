//! Copying with non-temporal stores, for results larger than the caches.
//!
//! An ordinary store first reads the cache line that it overwrites. If a result will have left the cache before it is
//! read, a streaming store saves that read, a third of the memory traffic of a copy.

use crate::element::Element;

mod row_writer;

pub use row_writer::RowWriter;

/// Results smaller than this may still be in a cache when they are read.
pub const STREAM_BYTES: usize = 32 << 20;

/// Copies `source` to the first values of `target`, bypassing the caches if the processor can.
///
/// # Panics
/// Where `target` is shorter than `source`.
#[cfg(target_arch = "x86_64")]
pub fn copy<T: Element>(target: &mut [T], source: &[T]) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    const LINE: usize = 64;
    let target = &mut target[..source.len()];
    let bytes = size_of_val(source);
    // Whole cache lines are streamed; the values before and after them are copied.
    let head = target.as_ptr().align_offset(LINE).min(target.len());
    let lines = (bytes - head * size_of::<T>()) / LINE;
    let tail = head + lines * LINE / size_of::<T>();
    if lines == 0 {
        target.copy_from_slice(source);
        return;
    }
    target[..head].copy_from_slice(&source[..head]);
    target[tail..].copy_from_slice(&source[tail..]);
    let from = source[head..tail].as_ptr().cast::<__m128i>();
    let to = target[head..tail].as_mut_ptr().cast::<__m128i>();
    for piece in 0..lines * LINE / size_of::<__m128i>() {
        // SAFETY: `head..tail` holds `lines * LINE` bytes of both slices, which do not overlap, as one is borrowed
        // mutably; `piece` counts the 16-byte pieces of those bytes. `to` is at the start of a line, so its pieces are
        // aligned; the load may be unaligned. All bytes of an `Element` are initialised, and 64 is a multiple of its
        // size. SSE2 is part of x86-64.
        unsafe { _mm_stream_si128(to.add(piece), _mm_loadu_si128(from.add(piece))) };
    }
    // SAFETY: SSE is part of x86-64. The fence orders the streamed bytes before any store that tells another thread
    // that they are there, as ordinary stores would be ordered.
    unsafe { _mm_sfence() };
}

/// Copies `source` to the first values of `target`.
///
/// # Panics
/// Where `target` is shorter than `source`.
#[cfg(not(target_arch = "x86_64"))]
pub fn copy<T: Element>(target: &mut [T], source: &[T]) {
    target[..source.len()].copy_from_slice(source);
}

/// Prefetches values that are read or written soon, in rows too far apart for the hardware prefetcher.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub fn prefetch<T>(values: &[T]) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

    const LINE: usize = 64;
    let start = values.as_ptr().cast::<i8>();
    for at in (0..size_of_val(values)).step_by(LINE) {
        // SAFETY: `at` is within the slice, so the address is too; a prefetch has no effect that a program can observe.
        // SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.add(at)) };
    }
}

/// Prefetches values that are read or written soon, if the processor can.
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch<T>(_values: &[T]) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Element>(value: impl Fn(usize) -> T) {
        for len in [0, 1, 3, 15, 16, 17, 64, 100, 513] {
            for (skip, from) in [(0, 0), (1, 0), (0, 1), (3, 2), (16, 5)] {
                let source: Vec<T> = (0..len + from).map(&value).collect();
                let mut target = vec![T::default(); len + skip + 9];
                copy(&mut target[skip..], &source[from..]);
                assert_eq!(target[skip..skip + len], source[from..]);
                assert!(target[..skip].iter().chain(&target[skip + len..]).all(|v| *v == T::default()));
            }
        }
    }

    #[test]
    fn a_copy_is_a_copy_at_every_alignment_and_length() {
        check(|i| (i % 255) as u8 + 1);
        check(|i| i as u16 + 1);
        check(|i| i as f32 + 1.0);
        check(|i| i as f64 + 1.0);
    }
}
