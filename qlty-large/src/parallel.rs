//! Parallel loops over tiles and files.

use rayon::prelude::*;

use crate::Result;

/// Calls `work` with each number below `count`, in parallel, until one call fails.
///
/// `work` is a trait object so that the loop is compiled once, not for each caller and sum type.
pub(crate) fn try_for_each(count: usize, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
    (0..count).into_par_iter().with_max_len(1).try_for_each(work)
}
