//! Threads, progress and cancelling: what long calls have in common.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};

use qlty_core::{Monitor, with_progress};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::arguments::{done, required, size};
use crate::error::{Failure, Outcome, QLTY_STATUS_OUT_OF_MEMORY, guard, qlty_error, qlty_status};

/// Reports the progress of a long call: `done` of `total` units, which each call defines. It is called after a few
/// milliseconds, then about twenty times a second, and once at the end, always on the thread that made the call. A
/// nonzero result cancels the call unless it has ended; the function is not called again then. It must return normally,
/// not by longjmp or an exception.
pub type qlty_progress = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// The only global state: the threads that calls run on, if the default was changed.
static POOL: RwLock<Option<Arc<ThreadPool>>> = RwLock::new(None);

/// More threads than a machine has processors only cost time and memory.
const MOST_THREADS: usize = 1024;

/// Sets the number of threads that later calls run on; 0, the default, means one per processor. Results do not depend
/// on it. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for a negative number or more than 1024, QLTY_STATUS_OUT_OF_MEMORY if the
/// threads cannot be started.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_threads_set(
    threads: i64,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
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
    })
}

/// Stores the number of threads that calls run on. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_threads_get(
    threads: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let threads = required("threads", threads)?;
        let count = in_pool(rayon::current_num_threads);
        done(threads, count as i64)
    })
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

/// The work of a call, whatever its type. Behind a pointer, so that what runs it is compiled once.
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
