//! Loops over tiles and files, divided among the threads of the pool.

use rayon::prelude::*;

use crate::Result;

/// Calls `work` with each number below `count`, on several threads, until one call fails.
///
/// `work` is behind a pointer so that the loop is compiled once, not for each caller and type of sums.
pub(crate) fn try_for_each(count: usize, work: &(dyn Fn(usize) -> Result<()> + Sync)) -> Result<()> {
    (0..count).into_par_iter().with_max_len(1).try_for_each(work)
}
