//! The adjoint of gathering overlapping pixels, with which a host registers its gradient.

use ndarray::{Array, ArrayView2, ArrayViewMut, ArrayViewMut5};
use qlty_core::array::{divide, five_mut, zeros};
use qlty_core::stream::{RowWriter, STREAM_BYTES};
use qlty_core::{BatchDim, Element, Monitor, Rank, Result, Spatial};

use super::{Common, Overlap};

/// The bytes of patches that a thread writes at a time.
const TASK_BYTES: usize = 512 << 10;

/// Arrays like the first patches and like the second.
pub type PatchArrays<T, const D: usize> = (Array<T, BatchDim<D>>, Array<T, BatchDim<D>>);

impl<const D: usize> Overlap<D>
where
    Spatial<D>: Rank,
{
    /// The adjoint of [`Overlap::extract`]: patches that hold the pixels (K,C) where they were gathered
    /// from, and zero elsewhere.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] where there is not a row for each overlapping pixel, or the channels of the two
    /// differ; [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn adjoint<T: Element>(
        &self,
        pixels1: ArrayView2<'_, T>,
        pixels2: ArrayView2<'_, T>,
    ) -> Result<PatchArrays<T, D>> {
        let shape = self.five(pixels1.ncols());
        let shape: Vec<usize> = shape[..2].iter().chain(&shape[5 - D..]).copied().collect();
        self.check_pixels("pixels 1", pixels1.shape(), pixels1.ncols())?;
        let (mut patches1, mut patches2) = (zeros("patches 1", &shape)?, zeros("patches 2", &shape)?);
        self.adjoint_into(pixels1, pixels2, patches1.view_mut(), patches2.view_mut(), &Monitor::new())?;
        Ok((patches1, patches2))
    }

    /// [`Overlap::adjoint`] into arrays of the caller's, of any strides, whose values do not matter.
    /// Progress is counted in patches.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] and [`qlty_core::Error::Cancelled`].
    pub fn adjoint_into<T: Element>(
        &self,
        pixels1: ArrayView2<'_, T>,
        pixels2: ArrayView2<'_, T>,
        patches1: ArrayViewMut<'_, T, BatchDim<D>>,
        patches2: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_sides([patches1.shape(), patches2.shape()], [pixels1.shape(), pixels2.shape()])?;
        monitor.begin(2 * self.pairs() as u64);
        monitor.check()?;
        let patches1 = five_mut::<_, _, D>("patches 1", patches1)?;
        let patches2 = five_mut::<_, _, D>("patches 2", patches2)?;
        rayon::join(|| self.scatter(0, pixels1, patches1, monitor), || self.scatter(1, pixels2, patches2, monitor));
        monitor.check()
    }

    fn scatter<T: Element>(
        &self,
        side: usize,
        pixels: ArrayView2<'_, T>,
        patches: ArrayViewMut5<'_, T>,
        monitor: &Monitor,
    ) {
        let (_, channels, depth, height, width) = patches.dim();
        let streaming = patches.len() * size_of::<T>() >= STREAM_BYTES;
        if patches.is_empty() {
            return monitor.advance(self.pairs() as u64);
        }
        divide(patches, [0; 4], TASK_BYTES / size_of::<T>(), &|at, mut part| {
            let (parts, part_channels, part_depth, part_height, _) = part.dim();
            if monitor.is_cancelled() {
                return;
            }
            let mut writer = RowWriter::new(&mut part, streaming);
            for common in &self.commons[at[0]..at[0] + parts] {
                for c in at[1]..at[1] + part_channels {
                    for z in at[2]..at[2] + part_depth {
                        for y in at[3]..at[3] + part_height {
                            let run = self.run(common, side, [z, y]);
                            writer.write(width, |to| {
                                to.fill(T::default());
                                let Some(run) = run else { return };
                                for (i, to) in to[run.first..run.first + run.count].iter_mut().enumerate() {
                                    *to = pixels[[run.pixel.wrapping_add_signed(i as isize * run.step), c]];
                                }
                            });
                        }
                    }
                }
            }
            writer.finish();
            // A patch that is written in parts counts with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                monitor.advance(parts as u64);
            }
        });
    }

    /// The overlapping pixels in a row (z, y) of a stored patch.
    fn run(&self, common: &Common, side: usize, [z, y]: [usize; 2]) -> Option<Run> {
        let [_, height, width] = self.window;
        // The row of the stored patch runs along an axis of the upright one, forwards or backwards,
        // and lies at a fixed place on the other.
        let turns = common.turns(side);
        let (along, backwards) = [(2, false), (1, false), (2, true), (1, true)][usize::from(turns)];
        let fixed = match turns {
            0 | 3 => y,
            1 => width - 1 - y,
            _ => height - 1 - y,
        };
        let (start, size, across) = (common.starts[side], common.size, 3 - along);
        let inside = |axis: usize, at: usize| at.checked_sub(start[axis]).filter(|at| *at < size[axis]);
        let (z, fixed) = (inside(0, z)?, inside(across, fixed)?);
        if common.pixels() == 0 {
            return None;
        }
        let strides = [size[1] * size[2], size[2], 1];
        let length = if along == 2 { width } else { height };
        let first = if backwards { length - start[along] - size[along] } else { start[along] };
        let from = if backwards { size[along] - 1 } else { 0 };
        let pixel = common.pixels_before + z * strides[0] + fixed * strides[across] + from * strides[along];
        let step = strides[along] as isize * if backwards { -1 } else { 1 };
        Some(Run { first, count: size[along], pixel, step })
    }
}

/// Overlapping pixels that lie in one row of a stored patch.
struct Run {
    /// The first of them in the row, and how many there are.
    first: usize,
    count: usize,
    /// The number of the first overlapping pixel, and how far it is to the next.
    pixel: usize,
    step: isize,
}
