//! Watching the progress of a long call, and cancelling it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crate::{Error, Result};

/// The progress of a long call, and a request to stop it.
///
/// Share one between the thread that makes the call and the thread that watches. Work is counted in units that depend
/// on the call (patches, rows); only the ratio to the total is meaningful.
///
/// ```
/// use qlty_core::{Error, Monitor, NcyxQuilt};
/// let quilt = NcyxQuilt::builder([32, 32], [8, 8], [4, 4]).build()?;
/// let batch = ndarray::Array4::<f32>::zeros((1, 1, 32, 32));
/// let mut patches = ndarray::Array4::<f32>::zeros((49, 1, 8, 8));
/// let monitor = Monitor::new();
/// quilt.unstitch_into(batch.view(), 0, patches.view_mut(), &monitor)?;
/// assert_eq!(monitor.done(), monitor.total());
/// monitor.cancel();
/// let stopped = quilt.unstitch_into(batch.view(), 0, patches.view_mut(), &monitor);
/// assert_eq!(stopped, Err(Error::Cancelled));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Monitor {
    done: AtomicU64,
    total: AtomicU64,
    cancelled: AtomicBool,
}

impl Monitor {
    /// A monitor of a call that has not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// The units done so far.
    pub fn done(&self) -> u64 {
        self.done.load(Relaxed)
    }

    /// The total number of units; zero before the call has started.
    pub fn total(&self) -> u64 {
        self.total.load(Relaxed)
    }

    /// Asks the call to stop soon, with [`Error::Cancelled`]. The request is never reset.
    pub fn cancel(&self) {
        self.cancelled.store(true, Relaxed);
    }

    /// Whether the call has been asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Relaxed)
    }

    /// Starts a call of `total` units: for the implementation of long calls.
    pub fn begin(&self, total: u64) {
        self.done.store(0, Relaxed);
        self.total.store(total, Relaxed);
    }

    /// Counts `units` as done: for the implementation of long calls.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Relaxed);
    }

    /// Fails if the call has been asked to stop: for the implementation of long calls.
    ///
    /// # Errors
    /// [`Error::Cancelled`] after [`Monitor::cancel`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// Runs `work` on another thread while this one calls `progress(done, total)`: a few milliseconds after the work has
/// started, then about twenty times a second, and once at the end. [`ControlFlow::Break`] cancels, after which
/// `progress` is not called again. If the system cannot start another thread, this one does the work, and `progress` is
/// called only at the end.
///
/// `progress` is only called on the calling thread, so it may use data that is not `Send`.
pub fn with_progress<R: Send>(
    work: impl FnOnce(&Monitor) -> R + Send,
    mut progress: impl FnMut(u64, u64) -> ControlFlow<()>,
) -> R {
    const FIRST: Duration = Duration::from_millis(2);
    const USUAL: Duration = Duration::from_millis(50);
    let monitor = Monitor::new();
    // Shared, so that it is still here if the thread does not start.
    let work = Mutex::new(Some(work));
    let run = || {
        let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
        work.map(|work| work(&monitor))
    };
    std::thread::scope(|scope| {
        let (finished, wait) = channel::<()>();
        let worker = Builder::new().spawn_scoped(scope, || {
            // Dropped when the work ends, even by a panic, which wakes the loop below.
            let _finished = finished;
            run()
        });
        let mut pause = FIRST;
        while let Err(RecvTimeoutError::Timeout) = wait.recv_timeout(pause) {
            if report(&monitor, &mut progress) {
                pause = USUAL;
            }
        }
        let result = match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // The thread did not start, so nobody has taken the work.
            Err(_) => run(),
        };
        report(&monitor, &mut progress);
        result.unwrap_or_else(|| unreachable!("the work is taken once"))
    })
}

/// Reports the progress of the work, and returns whether it has started.
fn report(monitor: &Monitor, progress: &mut impl FnMut(u64, u64) -> ControlFlow<()>) -> bool {
    let total = monitor.total();
    if total > 0 && !monitor.is_cancelled() && progress(monitor.done().min(total), total).is_break() {
        monitor.cancel();
    }
    total > 0
}
