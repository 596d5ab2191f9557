//! Extracting overlapping pixels from patches.

use std::ops::Range;

use ndarray::{ArrayView3, ArrayView5, ArrayViewMut2, ArrayViewMut5, Axis, s};
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::internal::stream::{RowWriter, STREAM_BYTES};
use qlty_core::{Element, Monitor, Result, with_width};

use super::{AnyOverlap, check_types, in_rows};
use crate::turn::Plane;

/// The number of pixel bytes that a task gathers.
const TASK_BYTES: usize = 512 << 10;

/// The number of pixel bytes that are rotated back at a time: planes of common patches, each read sequentially, which
/// stay in the L2 cache.
const UPRIGHT_BYTES: usize = 128 << 10;

/// The number of pixels interleaved at a time: a vector per channel.
const BLOCK: usize = 8;

impl AnyOverlap {
    /// Extracts the overlapping pixels of patches, (P,C,y,x) or (P,C,z,y,x), as (K,C); all arrays have the same type.
    /// See [`crate::Overlap::extract_into`].
    ///
    /// # Errors
    /// The errors of [`crate::Overlap::extract_into`], and [`qlty_core::Error::DataType`].
    #[doc(alias = "extract_overlapping_pixels")]
    #[doc(alias = "extract_overlapping_pixels_3d")]
    pub fn extract_into(
        &self,
        patches1: ArrayRef<'_>,
        patches2: ArrayRef<'_>,
        pixels1: ArrayMut<'_>,
        pixels2: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        let patches = [patches1.shape(), patches2.shape()];
        let channels = self.check_sides(patches, [pixels1.shape(), pixels2.shape()])?;
        let others = [("patches2", patches2.dtype()), ("pixels1", pixels1.dtype()), ("pixels2", pixels2.dtype())];
        check_types(patches1.dtype(), others)?;
        monitor.begin(2 * self.rows() as u64);
        monitor.check()?;
        if channels == 0 {
            monitor.advance(2 * self.rows() as u64);
            return Ok(());
        }
        let patches1 = patches1.five("patches1", self.ndim())?;
        let patches2 = patches2.five("patches2", self.ndim())?;
        // The axes of the pixels become (1,1,1,K,C).
        let (pixels1, pixels2) = (pixels1.five("pixels1", 2)?, pixels2.five("pixels2", 2)?);
        let gather = |side: usize, patches: ArrayRef<'_>, pixels: ArrayMut<'_>| {
            with_width!(patches.dtype(), W => {
                // SAFETY: everything written is copied from elements of the same type.
                let pixels = unsafe { pixels.bits::<W>() };
                self.gather_side(side, patches.bits::<W>(), pixels, monitor);
            });
        };
        rayon::join(|| gather(0, patches1, pixels1), || gather(1, patches2, pixels2));
        monitor.check()
    }

    fn gather_side<W: Element>(
        &self,
        side: usize,
        patches: ArrayView5<'_, W>,
        pixels: ArrayViewMut5<'_, W>,
        monitor: &Monitor,
    ) {
        let streaming = pixels.len() * size_of::<W>() >= STREAM_BYTES;
        self.divide(0..self.rows(), in_rows(pixels), TASK_BYTES / size_of::<W>(), monitor, &|rows, part| {
            self.gather(side, patches, rows, part, streaming);
        });
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
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, the only feature that the function needs.
            return unsafe { self.gather_avx2(side, patches, rows, out, streaming) };
        }
        self.gather_kernel(side, patches, rows, out, streaming);
    }

    /// [`Self::gather_kernel`], compiled for wider vectors.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn gather_avx2<T: Element>(
        &self,
        side: usize,
        patches: ArrayView5<'_, T>,
        rows: Range<usize>,
        out: ArrayViewMut2<'_, T>,
        streaming: bool,
    ) {
        self.gather_kernel(side, patches, rows, out, streaming);
    }

    #[inline(always)]
    fn gather_kernel<T: Element>(
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
        let mut upright = Upright { values: Vec::new(), spare: Vec::new() };
        for (pair, z, rows) in self.planes(rows) {
            let overlap = &self.overlaps[pair];
            let (z, width) = (overlap.starts[side][0] + z, overlap.size[2]);
            let most = (UPRIGHT_BYTES / size_of::<T>() / (channels * width)).max(1);
            for first in rows.clone().step_by(most) {
                let rows = first..rows.end.min(first + most);
                let (rect, back) = self.stored(overlap, side, rows.clone());
                let ([y, x], [height, stored_width]) = (rect.start, rect.size);
                let part = patches.slice(s![pair, .., z, y..y + height, x..x + stored_width]);
                if back == 0 && part.stride_of(Axis(2)) == 1 {
                    let plane = |c: usize| part.index_axis_move(Axis(0), c);
                    let row = |c: usize, y: usize| plane(c).index_axis_move(Axis(0), y).to_slice().unwrap_or_default();
                    write(channels, rows.len(), row, &mut writer);
                } else {
                    upright.set(part, back);
                    let plane = rows.len() * width;
                    write(channels, 1, |c, _| &upright.values[c * plane..(c + 1) * plane], &mut writer);
                }
            }
        }
        writer.finish();
    }
}

/// Some rows of all channels of a plane, rotated back.
struct Upright<T> {
    /// Channel after channel, row after row.
    values: Vec<T>,
    spare: Vec<T>,
}

impl<T: Element> Upright<T> {
    /// Stores the rows, (C,y,x), rotated back.
    #[inline(always)]
    fn set(&mut self, part: ArrayView3<'_, T>, back: u8) {
        let plane = part.len() / part.dim().0;
        self.values.resize(part.len(), T::default());
        for (to, channel) in self.values.chunks_exact_mut(plane).zip(part.outer_iter()) {
            let rows = if back % 2 == 1 { channel.ncols() } else { channel.nrows() };
            Plane::new(channel.reborrow(), &mut self.spare).turned_rows(back, 0..rows, to);
        }
    }
}

/// Writes rows pixel by pixel; `row(c, y)` is row y of channel c.
#[inline(always)]
fn write<'a, T: Element>(
    channels: usize,
    rows: usize,
    row: impl Fn(usize, usize) -> &'a [T],
    writer: &mut RowWriter<'_, T>,
) {
    match channels {
        1 => write_rows::<T, 1>(rows, row, writer),
        2 => write_rows::<T, 2>(rows, row, writer),
        3 => write_rows::<T, 3>(rows, row, writer),
        4 => write_rows::<T, 4>(rows, row, writer),
        _ => {
            for y in 0..rows {
                let (width, mut done) = (row(0, y).len(), 0);
                while done < width {
                    let count = (writer.room() / channels).min(width - done);
                    let to = writer.space(count * channels);
                    for c in 0..channels {
                        let to = to[c..].iter_mut().step_by(channels);
                        to.zip(&row(c, y)[done..]).for_each(|(to, value)| *to = *value);
                    }
                    writer.advance(count * channels);
                    done += count;
                }
            }
        }
    }
}

/// [`write`] for `C` channels.
#[inline(always)]
fn write_rows<'a, T: Element, const C: usize>(
    rows: usize,
    row: impl Fn(usize, usize) -> &'a [T],
    writer: &mut RowWriter<'_, T>,
) {
    for y in 0..rows {
        let channels: [&[T]; C] = std::array::from_fn(|c| row(c, y));
        let mut done = 0;
        while done < channels[0].len() {
            let count = (writer.room() / C).min(channels[0].len() - done);
            let from = channels.map(|channel| &channel[done..done + count]);
            interleave(from, writer.space(count * C).as_chunks_mut::<C>().0);
            writer.advance(count * C);
            done += count;
        }
    }
}

/// Writes pixels; each slice holds one channel.
#[inline(always)]
fn interleave<T: Element, const C: usize>(channels: [&[T]; C], to: &mut [[T; C]]) {
    let count = to.len();
    if count < BLOCK {
        for (i, to) in to.iter_mut().enumerate() {
            *to = channels.map(|channel| channel[i]);
        }
        return;
    }
    // If the number of pixels is no multiple of the block, the last block overlaps the previous one.
    for at in (0..count.div_ceil(BLOCK)).map(|i| (i * BLOCK).min(count - BLOCK)) {
        let mut pixels = [[T::default(); C]; BLOCK];
        for (c, channel) in channels.iter().enumerate() {
            let block = &channel[at..at + BLOCK];
            pixels.iter_mut().zip(block).for_each(|(pixel, value)| pixel[c] = *value);
        }
        to[at..at + BLOCK].copy_from_slice(&pixels);
    }
}
