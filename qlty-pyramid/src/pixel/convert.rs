//! Converting pixels from one type to another.
//!
//! Pixels are converted through `i64`, `u64` or `f64`, a block at a time, so there is one loop for each type into these
//! and one for each type out of them, not one for each pair of types.

use qlty_core::dynamic::{ArrayMut, ArrayRef, DType};
use qlty_core::with_dtype;

use super::{Arithmetic, Wide};
use crate::Result;
use crate::arrays::{bytes_mut, slice};

/// The number of pixels converted at a time, which stay in the L1 cache.
const BLOCK: usize = 1024;

/// Converts pixels to another type: rounded to nearest, ties to even, and clamped to its range. Both arrays have the
/// same number of pixels, in C order.
pub(crate) fn convert(from: &ArrayRef<'_>, to: &mut ArrayMut<'_>) -> Result<()> {
    let dtype = to.dtype();
    let to = bytes_mut(to)?;
    with_dtype!(from.dtype(), S => each_block::<S, <S as Arithmetic>::Wide>(slice(from)?, to, dtype, S::wide));
    Ok(())
}

/// Converts pixels v to (v - mean) / deviation in a float type. Both arrays have the same number of pixels, in C
/// order.
pub(crate) fn normalize(from: &ArrayRef<'_>, to: &mut ArrayMut<'_>, mean: f64, deviation: f64) -> Result<()> {
    let dtype = to.dtype();
    let to = bytes_mut(to)?;
    with_dtype!(from.dtype(), S => {
        each_block::<S, f64>(slice(from)?, to, dtype, |pixel| (pixel.wide().to_f64() - mean) / deviation);
    });
    Ok(())
}

/// Converts pixels to a wide type with `widen`, and from there to `dtype`, block by block.
fn each_block<S: Copy, W: Wide>(from: &[S], to: &mut [u8], dtype: DType, widen: impl Fn(S) -> W) {
    let mut block = [W::default(); BLOCK];
    for (from, to) in from.chunks(BLOCK).zip(to.chunks_mut(BLOCK * dtype.size())) {
        block.iter_mut().zip(from).for_each(|(wide, pixel)| *wide = widen(*pixel));
        with_dtype!(dtype, T => narrow::<W, T>(&block[..from.len()], T::cast_mut(to)));
    }
}

#[inline(never)]
fn narrow<W: Wide, T: Arithmetic>(from: &[W], to: &mut [T]) {
    to.iter_mut().zip(from).for_each(|(to, wide)| *to = wide.nearest());
}
