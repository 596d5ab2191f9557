//! Unstitching: batches to patches.

use ndarray::{ArrayView5, ArrayViewMut5};

use crate::Result;
use crate::array::{self, product};
use crate::dynamic::{ArrayMut, ArrayRef, check_copy};
use crate::element::Element;
use crate::geometry::{AnyQuilt, check_last};
use crate::interleaved::interleave_both;
use crate::monitor::Monitor;
use crate::rows::Rows;
use crate::stream::{RowWriter, STREAM_BYTES};

/// The number of patch bytes that a thread extracts at a time: enough to be worth a task, few enough for every thread
/// to get some.
const TASK_BYTES: usize = 512 << 10;

/// The position of a row of a patch: its first pixel (z, y, x) in the image, and its (z, y) in the window.
pub(crate) type RowPlace = ([usize; 3], [usize; 2]);

impl AnyQuilt {
    /// The shape of an array of `count` patches of a batch of this shape; of all of them for `None`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt, [`crate::Error::Overflow`].
    pub fn unstitch_shape(&self, batch: &[usize], count: Option<usize>) -> Result<Vec<usize>> {
        let channels = self.check_batch("batch", batch)?;
        let count = match count {
            Some(count) => count,
            None => self.patch_count(batch[0])?,
        };
        let shape = self.patches_shape(count, channels);
        product("patches", &shape)?;
        Ok(shape)
    }

    /// Extracts patches of a batch, as many as `patches` has room for, starting with patch index `first`. Both have the
    /// same type; pixels are copied bit by bit. Progress is counted in patches.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt, or `patches` does not have the size of
    /// its windows and the channels of the batch; [`crate::Error::DataType`]; [`crate::Error::Argument`] if there are
    /// fewer patches; [`crate::Error::Cancelled`].
    pub fn unstitch_into(
        &self,
        batch: ArrayRef<'_>,
        first: usize,
        patches: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        let channels = self.check_batch("batch", batch.shape())?;
        let count = patches.outer_len();
        let last = check_last(first, count)?;
        self.check_range(&(first..last), batch.shape()[0])?;
        self.check_patches(patches.shape(), count, Some(channels))?;
        check_copy("patches", patches.dtype(), batch.dtype())?;
        let (batch, patches) = (batch.five("batch", self.ndim)?, patches.five("patches", self.ndim)?);
        let (batch, patches, values) = interleave_both(batch, patches);
        let quilt = self.interleaved(values);
        crate::with_width!(batch.dtype(), W => {
            // SAFETY: the bits of pixels are copied to pixels of the same type, or of `Bool` to `U8`.
            let to = unsafe { patches.bits::<W>() };
            quilt.extract(batch.bits::<W>(), first, to, monitor, |to, from, _| copy_row(to, from))
        })
    }

    /// Writes patches row by row: `write` gets the row to write, the corresponding row of the batch, and its position.
    pub(crate) fn extract<T: Element>(
        &self,
        batch: ArrayView5<'_, T>,
        first: usize,
        patches: ArrayViewMut5<'_, T>,
        monitor: &Monitor,
        write: impl Fn(&mut [T], &[T], RowPlace) + Sync,
    ) -> Result<()> {
        let (count, channels, depth, height, width) = patches.dim();
        monitor.begin(count as u64);
        monitor.check()?;
        if patches.is_empty() {
            monitor.advance(count as u64);
            return Ok(());
        }
        let streaming = patches.len() * size_of::<T>() >= STREAM_BYTES;
        let source = Rows::new(batch);
        let leaf = |at: [usize; 4], mut part: ArrayViewMut5<'_, T>| {
            if monitor.is_cancelled() {
                return;
            }
            let (parts, part_channels, part_depth, part_height, _) = part.dim();
            let mut rows = RowWriter::new(&mut part, streaming);
            for p in at[0]..at[0] + parts {
                let (image, [z0, y0, x0]) = self.position(first + p);
                for c in at[1]..at[1] + part_channels {
                    for z in at[2]..at[2] + part_depth {
                        let mut y = at[3];
                        while y < at[3] + part_height {
                            let count = (rows.room() / width).min(at[3] + part_height - y);
                            rows.write(count * width, |to| {
                                let from = [image, c, z0 + z, y0 + y];
                                let mut to = to.chunks_exact_mut(width);
                                source.lines(from, count, x0..x0 + width, |i, row| {
                                    if let Some(to) = to.next() {
                                        write(to, row, ([z0 + z, y0 + y + i, x0], [z, y + i]));
                                    }
                                });
                            });
                            y += count;
                        }
                    }
                }
            }
            rows.finish();
            // A patch that is extracted in parts is counted with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                monitor.advance(parts as u64);
            }
        };
        array::divide(patches, [0; 4], TASK_BYTES / size_of::<T>(), &leaf);
        monitor.check()
    }
}

/// Copies a row; short ones block by block, which avoids a call to `memcpy`.
#[inline(always)]
fn copy_row<T: Copy>(to: &mut [T], from: &[T]) {
    const BLOCK: usize = 16;
    const SHORT_BYTES: usize = 512;
    if size_of_val(from) > SHORT_BYTES {
        return to.copy_from_slice(from);
    }
    // The usual small window has rows of one block, which needs no loop.
    if let (Ok(to), Ok(from)) = (<&mut [T; BLOCK]>::try_from(&mut *to), <&[T; BLOCK]>::try_from(from)) {
        *to = *from;
        return;
    }
    let (mut to_blocks, mut from_blocks) = (to.chunks_exact_mut(BLOCK), from.chunks_exact(BLOCK));
    for (to, from) in to_blocks.by_ref().zip(from_blocks.by_ref()) {
        // The length is known at compile time, so this is no call either.
        if let (Ok(to), Ok(from)) = (<&mut [T; BLOCK]>::try_from(to), <&[T; BLOCK]>::try_from(from)) {
            *to = *from;
        }
    }
    let (to, from) = (to_blocks.into_remainder(), from_blocks.remainder());
    if !to.is_empty() {
        to.copy_from_slice(from);
    }
}
