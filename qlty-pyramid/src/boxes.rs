//! Boxes of the levels of an image on disk.

use ndarray::{ArrayViewMutD, Axis};

use crate::{Error, Result};

/// The bytes of decoded chunks that are kept of a level: 64 MiB of the largest, of each smaller one a quarter of
/// that.
pub(crate) fn cache_bytes(level: usize) -> usize {
    (64_usize << 20).checked_shr(2 * level as u32).unwrap_or(0)
}

/// Fails where a box is not within an array.
pub(crate) fn check_box(start: &[usize], shape: &[usize], whole: &[usize]) -> Result<()> {
    let fits = |axis: usize| start[axis].checked_add(shape[axis]).is_some_and(|end| end <= whole[axis]);
    if start.len() != whole.len() || shape.len() != whole.len() || !(0..whole.len()).all(fits) {
        let got = (start, shape);
        return Err(Error::argument("start and shape of a box", got, format!("a box within {whole:?}")));
    }
    Ok(())
}

/// Cuts a box that begins at `start` of an array where its chunks end, along some axes. Gives each part
/// with where it begins.
pub(crate) fn cut_at_chunks<'a, T>(
    array: ArrayViewMutD<'a, T>,
    start: &[usize],
    chunk: &[usize],
    axes: std::ops::Range<usize>,
) -> Vec<(Vec<usize>, ArrayViewMutD<'a, T>)> {
    let mut parts = vec![(start.to_vec(), array)];
    for axis in axes {
        let whole = std::mem::take(&mut parts);
        for (mut at, mut rest) in whole {
            loop {
                let to_end = chunk[axis] - at[axis] % chunk[axis];
                if rest.shape()[axis] <= to_end {
                    parts.push((at, rest));
                    break;
                }
                let (first, second) = rest.split_at(Axis(axis), to_end);
                parts.push((at.clone(), first));
                at[axis] += to_end;
                rest = second;
            }
        }
    }
    parts
}
