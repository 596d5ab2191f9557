//! Which process something belongs to.
//!
//! After a `fork`, the child has a copy of all the parent's values, but the files and threads behind them are the
//! parent's.

use crate::{Error, Result};

/// The process that has opened or started something.
#[derive(Debug, Clone, Copy)]
pub struct Owner(u32);

impl Owner {
    /// This process.
    pub fn this_process() -> Self {
        Self(std::process::id())
    }

    /// Whether this is the process, and not one that was forked from it.
    pub fn is_this_process(&self) -> bool {
        self.0 == std::process::id()
    }

    /// Fails in any other process; `what` is what belongs to this one.
    ///
    /// # Errors
    /// [`Error::Argument`].
    pub fn check(&self, what: &str) -> Result<()> {
        if self.is_this_process() {
            return Ok(());
        }
        let expected = format!("one in process {}, to which it belongs: open it again in this process", self.0);
        Err(Error::argument(what, format_args!("a call in process {}", std::process::id()), expected))
    }

    /// Another process, as if this one were its child: for tests.
    #[cfg(any(test, feature = "zarr"))]
    pub fn another_process() -> Self {
        Self(std::process::id() ^ 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn only_the_process_itself_may_go_on() {
        Owner::this_process().check("result").unwrap();
        let told = Owner::another_process().check("result").unwrap_err().to_string();
        let expected = format!("result: got a call in process {}, expected one in process ", std::process::id());
        assert!(told.starts_with(&expected) && told.ends_with("open it again in this process"), "{told}");
    }
}
