//! The accumulation kernel: adds weighted patches to images, in the order of the patch memory.
//!
//! A task owns some channels of a band of rows of one image, small enough for the L2 cache, and adds to it every patch
//! that overlaps the band, in the order of the patch index. Each piece of a patch is therefore read once and
//! sequentially, the sums stay in the cache, no two threads write the same pixel, and the order of the additions at a
//! pixel does not depend on the number of threads. Small and large windows take the same path; only the height of a
//! band depends on the sizes.

use std::ops::Range;

use rayon::prelude::*;

use crate::axis::Axis;
use crate::dynamic::ArrayRef;
use crate::element::{Element, Real};
use crate::monitor::Monitor;
use crate::rows::Rows;
use crate::slots::Slots;
use crate::weights::{Coverage, CoverageRow, WindowRows, column_runs};

/// The size of a task's sums in bytes: a fraction of the L2 cache of common processors.
pub(crate) const BAND_BYTES: usize = 512 << 10;

/// Bands are not split below this number of rows while there are channels to split: lower bands would shorten the
/// sequential reads of patch memory.
const LEAST_ROWS: usize = 32;

/// How far ahead of the sums patch memory is prefetched, in bytes: a patch's piece of a band is contiguous, but too
/// short for the hardware prefetcher.
const FETCH_AHEAD: usize = 2048;

/// Patches to be added to sums of type `S`, and the parameters of the addition.
#[derive(Debug)]
pub(crate) struct Accumulation<'a, S> {
    pub(crate) axes: [Axis; 3],
    /// Patches (slots, C, z, y, x), of all channels of the images and of any type.
    pub(crate) patches: ArrayRef<'a>,
    pub(crate) slots: Slots<'a>,
    pub(crate) weights: &'a WindowRows<S>,
    /// Divide by these weights at the end.
    pub(crate) divide_by: Option<&'a Coverage>,
    /// Start from zero, whatever the images hold.
    pub(crate) fresh: bool,
    pub(crate) monitor: &'a Monitor,
}

/// Some channels of a band of rows of one image.
pub(crate) struct Band<'b, S> {
    pub(crate) image: usize,
    pub(crate) first_channel: usize,
    /// The rows, numbered across planes: row `r` is (z, y) = (r / height, r % height).
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
    /// The sums of each channel, row after row.
    pub(crate) channels: Vec<&'b mut [S]>,
}

impl<S: Real> Accumulation<'_, S> {
    /// Accumulates whole images: `images` holds the sums of (N, C, Z, Y, X) in standard layout, starting with image
    /// `first_image`.
    pub(crate) fn images(&self, images: &mut [S], first_image: usize, channels: usize) {
        let volume: usize = self.axes.iter().map(|axis| axis.size).product();
        let rows = self.axes[0].size * self.axes[1].size;
        if images.is_empty() {
            return;
        }
        let band = |(n, image): (usize, &'_ mut [S])| {
            let channels = image.chunks_exact_mut(volume).collect();
            let columns = 0..self.axes[2].size;
            self.split(Band { image: first_image + n, first_channel: 0, rows: 0..rows, columns, channels });
        };
        images.par_chunks_exact_mut(channels * volume).enumerate().for_each(band);
    }

    /// Accumulates a part of an image in `sums`: channels by rows by columns, in standard layout.
    pub(crate) fn part(
        &self,
        sums: &mut [S],
        image: usize,
        channels: Range<usize>,
        rows: Range<usize>,
        columns: Range<usize>,
    ) {
        let (first_channel, run) = (channels.start, rows.len() * columns.len());
        self.split(Band { image, first_channel, rows, columns, channels: sums.chunks_exact_mut(run).collect() });
    }

    /// Halves a band until it fits the cache: first by rows down to `LEAST_ROWS`, then by channels, then by rows again.
    fn split(&self, band: Band<'_, S>) {
        let width = band.columns.len();
        let (rows, channels) = (band.rows.len(), band.channels.len());
        if self.monitor.is_cancelled() || self.is_idle(&band) {
            return;
        }
        if rows * width * channels * size_of::<S>() <= BAND_BYTES || rows.max(channels) == 1 {
            self.band(band);
            return;
        }
        let Band { image, first_channel, rows: Range { start, end }, columns, channels: mut sums } = band;
        let (low, high) = if rows > LEAST_ROWS || channels == 1 {
            let middle = start + rows / 2;
            let (low, high) = sums.into_iter().map(|sums| sums.split_at_mut(rows / 2 * width)).unzip();
            (
                Band { image, first_channel, rows: start..middle, columns: columns.clone(), channels: low },
                Band { image, first_channel, rows: middle..end, columns, channels: high },
            )
        } else {
            let high = sums.split_off(channels / 2);
            (
                Band { image, first_channel, rows: start..end, columns: columns.clone(), channels: sums },
                Band { image, first_channel: first_channel + channels / 2, rows: start..end, columns, channels: high },
            )
        };
        rayon::join(|| self.split(low), || self.split(high));
    }

    /// Whether a band needs no work, so that it need not be split and searched.
    fn is_idle(&self, band: &Band<'_, S>) -> bool {
        !self.fresh && self.divide_by.is_none() && {
            let [nz, ny, nx] = self.axes.map(|axis| axis.count());
            let (planes, lines) = self.planes_and_lines(&band.rows);
            let z = self.axes[0].overlapping(planes.start, planes.end);
            let y = self.axes[1].overlapping(lines.start, lines.end);
            let index = |z: usize, y: usize| ((band.image * nz + z) * ny + y) * nx;
            self.slots.within(index(z.start, y.start)..index(z.end - 1, y.end - 1) + nx).next().is_none()
        }
    }

    /// The planes of a range of rows, and the range of lines within them.
    fn planes_and_lines(&self, rows: &Range<usize>) -> (Range<usize>, Range<usize>) {
        let height = self.axes[1].size;
        let planes = rows.start / height..(rows.end - 1) / height + 1;
        let lines = if planes.len() == 1 {
            rows.start - planes.start * height..rows.end - planes.start * height
        } else {
            0..height
        };
        (planes, lines)
    }

    /// Accumulates a band on this thread.
    pub(crate) fn band(&self, band: Band<'_, S>) {
        let done = (band.rows.len() * band.channels.len()) as u64;
        crate::with_dtype!(self.patches.dtype(), T => self.band_of::<T>(band));
        self.monitor.advance(done);
    }

    /// [`Self::band`], of patches of type `T`.
    fn band_of<T: Element>(&self, band: Band<'_, S>) {
        let patches = Rows::<T>::new(self.patches.bits());
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the one feature that the function is compiled for.
            return unsafe { self.band_avx2(&patches, band) };
        }
        self.band_kernel(&patches, band);
    }

    /// [`Self::band_kernel`], compiled for wider vectors. The operations and their order are the same and none are
    /// fused, so the results are bit-identical.
    ///
    /// # Safety
    /// The processor has AVX2.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    unsafe fn band_avx2<T: Element>(&self, patches: &Rows<'_, T>, band: Band<'_, S>) {
        self.band_kernel(patches, band);
    }

    #[inline(always)]
    fn band_kernel<T: Element>(&self, patches: &Rows<'_, T>, mut band: Band<'_, S>) {
        let [az, ay, ax] = self.axes;
        let [nz, ny, nx] = self.axes.map(|axis| axis.count());
        if self.fresh {
            band.channels.iter_mut().for_each(|sums| sums.fill(S::default()));
        }
        let (planes, lines) = self.planes_and_lines(&band.rows);
        let mut spare = Vec::new();
        for iz in az.overlapping(planes.start, planes.end) {
            for iy in ay.overlapping(lines.start, lines.end) {
                let first = ((band.image * nz + iz) * ny + iy) * nx;
                let corner = [az.start(iz), ay.start(iy)];
                let reaching = ax.overlapping(band.columns.start, band.columns.end);
                for (index, slot) in self.slots.within(first + reaching.start..first + reaching.end) {
                    let place = Place { slot, corner, x0: ax.start(index - first) };
                    self.add_patch(patches, &mut band, &place, &mut spare);
                }
            }
        }
        if let Some(coverage) = self.divide_by {
            divide(coverage, &mut band, ay.size);
        }
    }

    /// Adds the part of a patch that overlaps a band.
    #[inline(always)]
    fn add_patch<T: Element>(
        &self,
        patches: &Rows<'_, T>,
        band: &mut Band<'_, S>,
        &Place { slot, corner, x0 }: &Place,
        spare: &mut Vec<T>,
    ) {
        let [az, ay, ax] = self.axes;
        let Band { first_channel, rows, columns, channels, .. } = band;
        let width = columns.len();
        let columns = columns.start.max(x0)..columns.end.min(x0 + ax.window);
        let first_column = columns.start - band.columns.start;
        let planes = rows.start / ay.size..(rows.end - 1) / ay.size + 1;
        let planes = planes.start.max(corner[0])..planes.end.min(corner[0] + az.window);
        let count = channels.len();
        for (c, sums) in channels.iter_mut().enumerate() {
            // The next channel's piece comes after the last channel of the next patch.
            let channels_to_next = if c + 1 < count { 1 } else { patches.channels() + 1 - count };
            let to_next = channels_to_next * az.window * ay.window * ax.window;
            for z in planes.clone() {
                // The lines of this plane that are in the band and in the window.
                let from = rows.start.saturating_sub(z * ay.size).max(corner[1]);
                let to = (rows.end - z * ay.size).min(corner[1] + ay.window).min(ay.size);
                if from >= to {
                    continue;
                }
                let passed = (z - planes.start) * ay.window * ax.window;
                let piece = Piece {
                    slot,
                    channel: *first_channel + c,
                    plane: z - corner[0],
                    lines: from - corner[1]..to - corner[1],
                    columns: columns.start - x0..columns.end - x0,
                    width,
                    to_next: to_next - passed,
                    is_last: z + 1 == planes.end,
                };
                let first = z * ay.size + from - rows.start;
                self.add_piece(&mut sums[first * width + first_column..], &piece, patches, spare);
            }
        }
    }

    /// Adds some lines of one plane of a patch to `sums`, which start at the first of these pixels.
    #[inline(always)]
    fn add_piece<T: Element>(&self, sums: &mut [S], piece: &Piece, patches: &Rows<'_, T>, spare: &mut Vec<T>) {
        let [_, _, ax] = self.axes;
        let mut line = piece.lines.start;
        while line < piece.lines.end {
            let at = [piece.slot, piece.channel, piece.plane, line];
            let mut values = patches.block(at, piece.lines.end - line, spare).chunks_exact(ax.window);
            while values.len() > 0 {
                let (run, scale, weights) = self.weights.run(piece.plane, line..line + values.len());
                let weights = &weights[piece.columns.clone()];
                let sums = sums[(line - piece.lines.start) * piece.width..].chunks_mut(piece.width);
                for (sums, values) in sums.zip(values.by_ref().take(run)) {
                    let passed = (line - piece.lines.start) * ax.window;
                    let left = if piece.is_last { piece.lines.len() * ax.window - passed } else { usize::MAX };
                    fetch_ahead(values, left, piece.to_next - passed);
                    let values = &values[piece.columns.clone()];
                    T::add_weighted(&mut sums[..values.len()], values, scale, weights);
                    line += 1;
                }
            }
        }
    }
}

/// The position of a patch: its slot, and the start of its window, (z, y) and x.
struct Place {
    slot: usize,
    corner: [usize; 2],
    x0: usize,
}

/// Lines and columns of one plane of a patch.
struct Piece {
    slot: usize,
    channel: usize,
    plane: usize,
    lines: Range<usize>,
    columns: Range<usize>,
    /// The width of the band that they are added to.
    width: usize,
    /// The number of values between the first of these and the next values to be read after the last.
    to_next: usize,
    /// Whether these are the last lines needed from the channel.
    is_last: bool,
}

/// Divides the sums of a band by the accumulated window weights.
#[inline(always)]
fn divide<S: Real>(coverage: &Coverage, band: &mut Band<'_, S>, height: usize) {
    let width = band.columns.len();
    for columns in column_runs(band.columns.clone()) {
        let first = columns.start - band.columns.start;
        let last = columns.end - band.columns.start;
        let mut weights = CoverageRow::new(coverage, columns);
        for (i, r) in band.rows.clone().enumerate() {
            let weights = weights.at(r / height, r % height);
            for sums in &mut band.channels {
                let sums = &mut sums[i * width + first..i * width + last];
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum /= *weight);
            }
        }
    }
}

/// Prefetches the memory needed a fixed distance after `values`, which are the start of the last `left` values of a
/// piece of memory; the next piece starts `to_next` values from here.
#[inline(always)]
fn fetch_ahead<T>(values: &[T], left: usize, to_next: usize) {
    let ahead = FETCH_AHEAD / size_of::<T>();
    let ahead = if ahead < left { ahead } else { ahead - left + to_next };
    let _ = ahead;
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of_val(values)).step_by(64) {
        let wanted = values.as_ptr().wrapping_add(ahead).cast::<i8>().wrapping_add(line);
        // SAFETY: a prefetch is a hint that reads nothing and faults at no address; the pointer is computed with
        // wrapping arithmetic and never dereferenced. SSE is part of x86-64.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(wanted) };
    }
}
