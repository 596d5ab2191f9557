//! The first error among the tasks of a call.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use qlty_core::Monitor;
use qlty_core::zarr::{Error, Result};

/// Keeps the first error among the tasks of a call; the other tasks then stop.
#[derive(Debug)]
pub(crate) struct Failure<'a> {
    monitor: &'a Monitor,
    failed: AtomicBool,
    first: Mutex<Option<Error>>,
}

impl<'a> Failure<'a> {
    pub(crate) fn new(monitor: &'a Monitor) -> Self {
        Self { monitor, failed: AtomicBool::new(false), first: Mutex::new(None) }
    }

    /// Whether the tasks should stop: one has failed, or the caller has cancelled.
    pub(crate) fn stops(&self) -> bool {
        self.failed.load(Relaxed) || self.monitor.is_cancelled()
    }

    /// Keeps the error of a task if it is the first.
    pub(crate) fn note(&self, result: Result<()>) {
        if let Err(error) = result {
            self.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            self.failed.store(true, Relaxed);
        }
    }

    /// The result of the call.
    pub(crate) fn into_result(self) -> Result<()> {
        match self.first.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(self.monitor.check()?),
        }
    }
}
