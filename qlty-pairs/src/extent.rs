//! Sizes of windows and images along two or three axes.

use std::fmt;

use qlty_core::{Error, Result};

/// Sizes along (y, x) or (z, y, x); a plane is a volume of depth 1.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// 2 or 3.
    pub(crate) ndim: usize,
    /// Sizes along (z, y, x); z is 1 for a plane.
    pub(crate) zyx: [usize; 3],
}

impl Extent {
    /// # Errors
    /// [`Error::Argument`] if there are neither two nor three sizes.
    pub(crate) fn new(name: &'static str, sizes: &[usize]) -> Result<Self> {
        let ndim = sizes.len();
        if !(2..=3).contains(&ndim) {
            return Err(Error::argument(name, sizes, "2 or 3 sizes"));
        }
        let mut zyx = [1; 3];
        zyx[3 - ndim..].copy_from_slice(sizes);
        Ok(Self { ndim, zyx })
    }

    /// The extent of a window, which must not be empty.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are neither two nor three sizes, or one is 0.
    pub(crate) fn window(sizes: &[usize]) -> Result<Self> {
        if sizes.contains(&0) {
            return Err(Error::argument("window", sizes, "sizes of at least 1"));
        }
        Self::new("window", sizes)
    }

    /// The sizes, (y, x) or (z, y, x).
    pub(crate) fn sizes(&self) -> &[usize] {
        &self.zyx[3 - self.ndim..]
    }

    /// The existing axes of z = 0, y = 1 and x = 2, slowest first.
    pub(crate) fn axes(&self) -> std::ops::Range<usize> {
        3 - self.ndim..3
    }
}

impl fmt::Debug for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sizes().fmt(f)
    }
}
