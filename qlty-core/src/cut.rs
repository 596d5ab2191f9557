//! Cutting: batches to patches.

use std::ops::Range;

use ndarray::{Array, ArrayView, ArrayView5, ArrayViewMut, ArrayViewMut5, Axis};

use crate::array::{self, product};
use crate::element::Element;
use crate::lanes::fold;
use crate::monitor::Monitor;
use crate::quilt::{Quilt, check_last};
use crate::rank::{BatchDim, ImageDim, Rank, Spatial, five, five_mut};
use crate::rows::Rows;
use crate::stream::{RowWriter, STREAM_BYTES};
use crate::{Error, Result};

/// The bytes of patches that a thread cuts at a time: enough to be worth a task, few enough that
/// every thread gets some.
const TASK_BYTES: usize = 512 << 10;

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// All patches of a batch (N,C,Y,X) or (N,C,Z,Y,X) of any strides, as (P,C,y,x) or
    /// (P,C,z,y,x), in the order of the patch index. Pixels are copied bit by bit.
    ///
    /// # Errors
    /// [`Error::Shape`] where the batch does not have the size of the quilt, [`Error::Overflow`]
    /// and [`Error::OutOfMemory`].
    pub fn unstitch<T: Element>(&self, batch: ArrayView<'_, T, BatchDim<D>>) -> Result<Array<T, BatchDim<D>>> {
        let patches = self.patch_count(batch.shape()[0])?;
        self.unstitch_range(batch, 0..patches)
    }

    /// The patches of a range of patch indices; see [`Quilt::unstitch`].
    ///
    /// # Errors
    /// Those of [`Quilt::unstitch`]; [`Error::Argument`] where the range leaves the batch.
    pub fn unstitch_range<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        range: Range<usize>,
    ) -> Result<Array<T, BatchDim<D>>> {
        let channels = self.check_batch("batch", batch.shape())?;
        self.check_range(&range, batch.shape()[0])?;
        let mut patches = array::zeros("patches", &self.patches_shape(range.len(), channels))?;
        self.unstitch_into(batch, range.start, patches.view_mut(), &Monitor::new())?;
        Ok(patches)
    }

    /// One patch, (C,y,x) or (C,z,y,x); see [`Quilt::unstitch`].
    ///
    /// # Errors
    /// Those of [`Quilt::unstitch`]; [`Error::Argument`] where the index leaves the batch.
    pub fn unstitch_one<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        index: usize,
    ) -> Result<Array<T, ImageDim<D>>> {
        Ok(self.unstitch_range(batch, index..index.saturating_add(1))?.index_axis_move(Axis(0), 0))
    }

    /// Cuts as many patches as `patches` has room for, from index `first` on, into an array of the
    /// caller's, of any strides. Progress is counted in patches.
    ///
    /// # Errors
    /// [`Error::Shape`] where the batch does not have the size of the quilt or `patches` not the
    /// size of its windows and the channels of the batch, [`Error::Argument`] where there are not
    /// so many patches, and [`Error::Cancelled`].
    pub fn unstitch_into<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        first: usize,
        patches: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let channels = self.check_batch("batch", batch.shape())?;
        let count = patches.shape()[0];
        let last = check_last(first, count)?;
        self.check_range(&(first..last), batch.shape()[0])?;
        self.check_patches(patches.shape(), count, Some(channels))?;
        let (mut batch, mut patches) = (five::<_, _, D>("batch", batch)?, five_mut::<_, _, D>("patches", patches)?);
        let quilt = self.with_lanes(fold(&mut batch, &mut patches));
        quilt.cut(batch, first, patches, monitor, |to, from, _| copy_row(to, from))
    }

    /// Writes patches row by row: `write` gets the row to be written, the row of the batch that
    /// lies there, and where the row is, as (z, y, x) of its first pixel in the image and the
    /// window's (z, y).
    pub(crate) fn cut<T: Element>(
        &self,
        batch: ArrayView5<'_, T>,
        first: usize,
        patches: ArrayViewMut5<'_, T>,
        monitor: &Monitor,
        write: impl Fn(&mut [T], &[T], ([usize; 3], [usize; 2])) + Sync,
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
                let (image, window) = self.place(first + p);
                let [z0, y0, x0] = self.starts(window);
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
            // A patch that is cut in parts counts with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                monitor.advance(parts as u64);
            }
        };
        array::divide(patches, [0; 4], TASK_BYTES / size_of::<T>(), &leaf);
        monitor.check()
    }

    /// The shape of an array of `count` patches of a batch of this shape; of all of them for `None`.
    ///
    /// # Errors
    /// [`Error::Shape`] where the batch does not have the size of the quilt, [`Error::Overflow`].
    pub fn unstitch_shape(&self, batch: &[usize], count: Option<usize>) -> Result<Vec<usize>> {
        let channels = self.check_batch("batch", batch)?;
        let shape = self.patches_shape(count.unwrap_or(self.patch_count(batch[0])?), channels);
        product("patches", &shape)?;
        Ok(shape)
    }

    /// The number of channels of a batch, whose size is checked.
    pub(crate) fn check_batch(&self, argument: &'static str, shape: &[usize]) -> Result<usize> {
        if shape.len() != D + 2 || shape[2..] != self.size() {
            let expected = format!("(images, channels) and then {:?}", self.size());
            return Err(Error::shape(argument, shape, expected));
        }
        self.patch_count(shape[0])?;
        Ok(shape[1])
    }

    pub(crate) fn check_range(&self, range: &Range<usize>, images: usize) -> Result<()> {
        let patches = self.patch_count(images)?;
        if range.start > range.end || range.end > patches {
            let expected = format!("a range within the {patches} patches of the batch");
            return Err(Error::argument("patch indices", range, expected));
        }
        Ok(())
    }

    /// The number of channels of an array of `count` patches, whose shape is checked.
    pub(crate) fn check_patches(&self, shape: &[usize], count: usize, channels: Option<usize>) -> Result<usize> {
        let channels = channels.or(shape.get(1).copied()).unwrap_or(1);
        let expected = self.patches_shape(count, channels);
        if shape != expected {
            return Err(Error::shape("patches", shape, format!("{expected:?}")));
        }
        product("patches", shape)?;
        Ok(channels)
    }

    /// The shape of an array of `count` patches.
    pub(crate) fn patches_shape(&self, count: usize, channels: usize) -> Vec<usize> {
        [count, channels].into_iter().chain(self.window()).collect()
    }
}

/// Copies a row; short ones block by block, which spares them a call to the system's copy.
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
    let (to_blocks, to_rest) = to.as_chunks_mut::<BLOCK>();
    let (from_blocks, from_rest) = from.as_chunks::<BLOCK>();
    for (to, from) in to_blocks.iter_mut().zip(from_blocks) {
        *to = *from;
    }
    if !to_rest.is_empty() {
        to_rest.copy_from_slice(from_rest);
    }
}
