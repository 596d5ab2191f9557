//! Overlapping pixels out of patches.

use std::ops::Range;

use ndarray::{Array2, ArrayView, ArrayView5, ArrayViewMut2, Axis, s};
use qlty_core::array::{five, zeros};
use qlty_core::stream::{RowWriter, STREAM_BYTES};
use qlty_core::{BatchDim, Element, Error, Monitor, Rank, Result, Spatial};

use super::Overlap;
use crate::turn::Plane;

/// The bytes of pixels that a thread gathers at a time.
const TASK_BYTES: usize = 512 << 10;

/// The rows of a plane that are set upright at a time: a block of the transposition, or few more.
const UPRIGHT_ROWS: usize = 16;

impl<const D: usize> Overlap<D>
where
    Spatial<D>: Rank,
{
    /// The overlapping pixels of patches (P,C,y,x) or (P,C,z,y,x), as (K,C): row k of both shows one
    /// place. Without any overlap, K is 0.
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches are not those of the pairs, or differ in their channels;
    /// [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn extract<T: Element>(
        &self,
        patches1: ArrayView<'_, T, BatchDim<D>>,
        patches2: ArrayView<'_, T, BatchDim<D>>,
    ) -> Result<(Array2<T>, Array2<T>)> {
        let channels = self.check_patches("patches 1", patches1.shape())?;
        let mut pixels1 = zeros("pixels 1", &[self.count(), channels])?;
        let mut pixels2 = zeros("pixels 2", &[self.count(), channels])?;
        self.extract_into(patches1, patches2, pixels1.view_mut(), pixels2.view_mut(), &Monitor::new())?;
        Ok((pixels1, pixels2))
    }

    /// [`Overlap::extract`] into arrays of the caller's, of any strides. Progress is counted in rows of
    /// pixels.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Cancelled`].
    pub fn extract_into<T: Element>(
        &self,
        patches1: ArrayView<'_, T, BatchDim<D>>,
        patches2: ArrayView<'_, T, BatchDim<D>>,
        pixels1: ArrayViewMut2<'_, T>,
        pixels2: ArrayViewMut2<'_, T>,
        monitor: &Monitor,
    ) -> Result<()> {
        let channels = self.check_patches("patches 1", patches1.shape())?;
        if patches2.shape() != patches1.shape() {
            let expected = format!("{:?}, that of the first patches", patches1.shape());
            return Err(Error::shape("patches 2", patches2.shape(), expected));
        }
        self.check_pixels("pixels 1", pixels1.shape(), channels)?;
        self.check_pixels("pixels 2", pixels2.shape(), channels)?;
        monitor.begin(2 * self.rows() as u64);
        monitor.check()?;
        if channels == 0 {
            monitor.advance(2 * self.rows() as u64);
            return Ok(());
        }
        let patches1 = five::<_, _, D>("patches 1", patches1)?;
        let patches2 = five::<_, _, D>("patches 2", patches2)?;
        let gather = |side, patches, pixels: ArrayViewMut2<'_, T>| {
            let streaming = pixels.len() * size_of::<T>() >= STREAM_BYTES;
            self.divide(0..self.rows(), pixels, TASK_BYTES / size_of::<T>(), monitor, &|rows, part| {
                self.gather(side, patches, rows, part, streaming);
            });
        };
        rayon::join(|| gather(0, patches1, pixels1), || gather(1, patches2, pixels2));
        monitor.check()
    }

    /// Gathers the pixels of some rows from the patches of one side.
    fn gather<T: Element>(
        &self,
        side: usize,
        patches: ArrayView5<'_, T>,
        rows: Range<usize>,
        out: ArrayViewMut2<'_, T>,
        streaming: bool,
    ) {
        let channels = out.ncols();
        let mut out = out.insert_axis(Axis(0)).insert_axis(Axis(0)).insert_axis(Axis(0));
        let mut writer = RowWriter::new(&mut out, streaming);
        let mut upright = Upright::new(channels);
        for (pair, z, rows) in self.planes(rows) {
            let common = &self.commons[pair];
            let z = common.starts[side][0] + z;
            for first in rows.clone().step_by(UPRIGHT_ROWS) {
                let rows = first..rows.end.min(first + UPRIGHT_ROWS);
                let (rect, back) = self.stored(common, side, rows.clone());
                let ([y, x], [height, width]) = (rect.start, rect.size);
                let part = patches.slice(s![pair, .., z, y..y + height, x..x + width]);
                upright.set(part, back);
                upright.write(rows.len(), common.size[2], &mut writer);
            }
        }
        writer.finish();
    }
}

/// Some rows of all channels of a plane, set upright.
struct Upright<T> {
    channels: usize,
    /// Channel after channel, row after row.
    values: Vec<T>,
    spare: Vec<T>,
}

impl<T: Element> Upright<T> {
    fn new(channels: usize) -> Self {
        Self { channels, values: Vec::new(), spare: Vec::new() }
    }

    /// Takes the rows, (C,y,x), turned back.
    fn set(&mut self, part: ndarray::ArrayView3<'_, T>, back: u8) {
        let plane = part.len() / self.channels;
        self.values.resize(part.len(), T::default());
        for (to, channel) in self.values.chunks_exact_mut(plane).zip(part.outer_iter()) {
            let rows = if back % 2 == 1 { channel.ncols() } else { channel.nrows() };
            Plane::new(channel.reborrow(), &mut self.spare).turned_rows(back, 0..rows, to);
        }
    }

    /// Writes the rows pixel by pixel.
    fn write(&self, rows: usize, width: usize, writer: &mut RowWriter<'_, T>) {
        let mut done = 0;
        while done < rows * width {
            let count = (writer.room() / self.channels).min(rows * width - done);
            writer.write(count * self.channels, |to| match self.channels {
                1 => to.copy_from_slice(&self.values[done..done + count]),
                2 => self.interleave::<2>(rows * width, done, to),
                3 => self.interleave::<3>(rows * width, done, to),
                4 => self.interleave::<4>(rows * width, done, to),
                _ => {
                    for (c, channel) in self.values.chunks_exact(rows * width).enumerate() {
                        let to = to[c..].iter_mut().step_by(self.channels);
                        to.zip(&channel[done..]).for_each(|(to, value)| *to = *value);
                    }
                }
            });
            done += count;
        }
    }

    #[inline(always)]
    fn interleave<const C: usize>(&self, plane: usize, done: usize, to: &mut [T]) {
        let (to, _) = to.as_chunks_mut::<C>();
        let channels: [&[T]; C] = std::array::from_fn(|c| &self.values[c * plane + done..][..to.len()]);
        for (i, to) in to.iter_mut().enumerate() {
            *to = std::array::from_fn(|c| channels[c][i]);
        }
    }
}
