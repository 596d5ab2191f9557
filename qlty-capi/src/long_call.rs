//! Threads, progress and cancelling: what long calls have in common.

use std::ffi::c_void;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use qlty_core::{Monitor, with_progress};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Failure, Outcome, QLTY_STATUS_OUT_OF_MEMORY, guard, qlty_error, qlty_status, size, writable};

/// Told how far a long call has come: `done` of `total` units of the call's own. Called after a few
/// milliseconds, then some twenty times a second, and once at the end of the call, always on the
/// thread that made it. A result that is not zero cancels the call, where it has not ended yet,
/// and is the last that is asked for. It must return by itself, not by longjmp or an exception.
pub type qlty_progress = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// The only global state: the threads that calls work on, where the default was changed.
static POOL: RwLock<Option<Arc<ThreadPool>>> = RwLock::new(None);

/// More than a machine has processors for; so many idle threads only cost time and memory.
const MOST_THREADS: usize = 1024;

/// Sets the number of threads that calls work on, from the next call on; 0 means as many as there
/// are processors, which is the default. Results do not depend on it. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for a negative number or more than 1024,
/// QLTY_STATUS_OUT_OF_MEMORY where the system does not give the threads.
///
/// # Safety
/// `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_threads_set(threads: i64, error: *mut *mut qlty_error) -> qlty_status {
    let body = || {
        let threads = size("threads", threads)?;
        if threads > MOST_THREADS {
            return Err(Failure::argument(format!("threads: got {threads}, expected at most {MOST_THREADS}")));
        }
        let pool = match threads {
            0 => None,
            threads => {
                let pool = ThreadPoolBuilder::new().num_threads(threads).build();
                let failure = |error| Failure::new(QLTY_STATUS_OUT_OF_MEMORY, format!("{threads} threads: {error}"));
                Some(Arc::new(pool.map_err(failure)?))
            }
        };
        *POOL.write().unwrap_or_else(PoisonError::into_inner) = pool;
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the number of threads that calls work on. Any thread.
///
/// # Safety
/// `threads` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_threads_get(threads: *mut i64, error: *mut *mut qlty_error) -> qlty_status {
    let body = || {
        let threads = writable("threads", threads)?;
        let count = in_pool(rayon::current_num_threads);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { threads.write(count as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Runs `work` on the threads that were chosen.
pub(crate) fn in_pool<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    erased(|_| work(), |work| pooled(&Monitor::new(), work))
}

/// Runs a long call's work, with the progress function called on this thread.
pub(crate) fn run<R: Send, E: Send>(
    progress: qlty_progress,
    user: *mut c_void,
    work: impl FnOnce(&Monitor) -> Result<R, E> + Send,
) -> Outcome<R>
where
    Failure: From<E>,
{
    Ok(erased(work, |work| watched(progress, user, work))?)
}

/// The work of a call, whatever its type. Behind a pointer, as there are hundreds of them: what runs
/// them would be compiled for each, threads and all.
type Work<'a> = &'a mut (dyn FnMut(&Monitor) + Send);

fn watched(progress: qlty_progress, user: *mut c_void, work: Work<'_>) {
    let Some(progress) = progress else { return pooled(&Monitor::new(), work) };
    let report = |done, total| {
        // SAFETY: the host gave the function for this, with `user` for its argument, and
        // `with_progress` calls it on this thread only.
        if unsafe { progress(user, done, total) } == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    with_progress(|monitor| pooled(monitor, work), report);
}

fn pooled(monitor: &Monitor, work: Work<'_>) {
    let pool = POOL.read().unwrap_or_else(PoisonError::into_inner).clone();
    match pool {
        Some(pool) => pool.install(|| work(monitor)),
        None => work(monitor),
    }
}

/// The result of `work`, which `runs` calls once, as [`Work`].
fn erased<R: Send>(work: impl FnOnce(&Monitor) -> R + Send, runs: impl FnOnce(Work<'_>)) -> R {
    let (mut work, mut result) = (Some(work), None);
    runs(&mut |monitor| result = work.take().map(|work| work(monitor)));
    result.unwrap_or_else(|| unreachable!("the work has been run"))
}
