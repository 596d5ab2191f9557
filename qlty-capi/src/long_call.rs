//! Threads, progress and cancelling: what long calls have in common.

use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::ops::ControlFlow;

use qlty_core::{Monitor, with_progress};

use crate::arguments::{done, required, size};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::pool::Threads;

/// Reports the progress of a long call: `done` of `total` units, which each call defines. It is called after a few
/// milliseconds, then about twenty times a second, and once at the end, always on the thread that made the call. A
/// nonzero result cancels the call unless it has ended; the function is not called again then. It must return normally,
/// not by longjmp or an exception.
pub type qlty_progress = Option<unsafe extern "C" fn(user: *mut c_void, done: u64, total: u64) -> i32>;

/// More threads than a machine has processors only cost time and memory.
const MOST_THREADS: usize = 1024;

/// Sets the number of threads that later calls run on, in this process and in those that are forked from it; 0, the
/// default, means one per processor. Results do not depend on it. Any thread.
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
        Threads::set(threads)
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
        let count = in_pool(|| Ok::<_, Failure>(rayon::current_num_threads()))?;
        done(threads, count as i64)
    })
}

/// Runs `work` on the threads of the library, from its start.
pub(crate) fn in_pool<R: Send, E: Send>(work: impl FnOnce() -> Result<R, E> + Send) -> Outcome<R>
where
    Failure: From<E>,
{
    run(None, std::ptr::null_mut(), |_| work())
}

/// [`in_pool`], except that work that is too small to be divided stays on this thread, which is faster: for work in
/// memory that does not need much stack.
pub(crate) fn in_place<R: Send, E: Send>(work: impl FnOnce() -> Result<R, E> + Send) -> Outcome<R>
where
    Failure: From<E>,
{
    run_in_place(None, std::ptr::null_mut(), |_| work())
}

/// [`in_pool`] for a long call's work, with the progress function called on this thread.
pub(crate) fn run<R: Send, E: Send>(
    progress: qlty_progress,
    user: *mut c_void,
    work: impl FnOnce(&Monitor) -> Result<R, E> + Send,
) -> Outcome<R>
where
    Failure: From<E>,
{
    erased(work, |work| watched(progress, user, work, |threads, work| threads.run_away(work)))
}

/// [`in_place`] for a long call's work, with the progress function called on this thread.
pub(crate) fn run_in_place<R: Send, E: Send>(
    progress: qlty_progress,
    user: *mut c_void,
    work: impl FnOnce(&Monitor) -> Result<R, E> + Send,
) -> Outcome<R>
where
    Failure: From<E>,
{
    erased(work, |work| watched(progress, user, work, |threads, work| threads.run(work)))
}

/// The work of a call, whatever its type. Behind a pointer, so that what runs it is compiled once.
type Work<'a> = &'a mut (dyn FnMut(&Monitor) + Send);

/// How threads run some work.
type Runs = fn(&Threads, &mut (dyn FnMut() + Send));

fn watched(progress: qlty_progress, user: *mut c_void, work: Work<'_>, runs: Runs) -> Outcome {
    let threads = Threads::get()?;
    let Some(progress) = progress else {
        runs(&threads, &mut || work(&Monitor::new()));
        return Ok(());
    };
    let report = |done, total| {
        // SAFETY: the host gave the function for this, with `user` for its argument, and
        // `with_progress` calls it on this thread only.
        if unsafe { progress(user, done, total) } == 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    with_progress(|monitor| runs(&threads, &mut || work(monitor)), report);
    Ok(())
}

/// The result of `work`, which `runs` calls once, as [`Work`], unless it fails.
fn erased<R: Send, E: Send>(
    work: impl FnOnce(&Monitor) -> Result<R, E> + Send,
    runs: impl FnOnce(Work<'_>) -> Outcome,
) -> Outcome<R>
where
    Failure: From<E>,
{
    let (mut work, mut result) = (Some(work), None);
    runs(&mut |monitor| result = work.take().map(|work| work(monitor)))?;
    Ok(result.unwrap_or_else(|| unreachable!("the work has been run"))?)
}
