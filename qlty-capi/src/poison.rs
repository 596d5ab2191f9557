//! Handles whose state calls change, and what becomes of them after a panic.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Failure, Outcome, QLTY_STATUS_PANIC};

/// The state behind a handle that calls change. A call that panics may leave it half changed, so all later calls fail
/// with [`QLTY_STATUS_PANIC`]; the handle can still be freed.
#[derive(Debug)]
pub(crate) struct Poisonable<T> {
    name: &'static str,
    state: T,
    is_poisoned: AtomicBool,
}

/// Poisons what it borrows when it is dropped, which only a panic does.
struct Poison<'a>(&'a AtomicBool);

impl Drop for Poison<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs a call, and poisons if it panics.
fn poisoning<R>(is_poisoned: &AtomicBool, call: impl FnOnce() -> R) -> R {
    let poison = Poison(is_poisoned);
    hook();
    let result = call();
    std::mem::forget(poison);
    result
}

impl<T> Poisonable<T> {
    pub(crate) fn new(name: &'static str, state: T) -> Self {
        Self { name, state, is_poisoned: AtomicBool::new(false) }
    }

    /// The state, for a call that only reads it.
    pub(crate) fn get(&self) -> Outcome<&T> {
        self.check()?;
        Ok(&self.state)
    }

    /// Runs a call that changes the state, which no other call uses.
    pub(crate) fn change<R>(&mut self, call: impl FnOnce(&mut T) -> Outcome<R>) -> Outcome<R> {
        self.check()?;
        poisoning(&self.is_poisoned, || call(&mut self.state))
    }

    /// Runs a call that changes the state, which other calls may use at the same time.
    pub(crate) fn change_shared<R>(&self, call: impl FnOnce(&T) -> Outcome<R>) -> Outcome<R> {
        self.check()?;
        poisoning(&self.is_poisoned, || call(&self.state))
    }

    fn check(&self) -> Outcome {
        if !self.is_poisoned.load(Ordering::SeqCst) {
            return Ok(());
        }
        let message = format!("{}: an earlier call panicked, and left it in an unknown state; free it", self.name);
        Err(Failure::new(QLTY_STATUS_PANIC, message))
    }
}

/// What a test does while a call changes a state.
#[cfg(not(test))]
fn hook() {}

#[cfg(test)]
use tests::hook;

#[cfg(test)]
#[path = "../tests/unit/panics.rs"]
mod tests;
