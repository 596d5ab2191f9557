//! The adjoint of extracting overlapping pixels, for the backward pass of an autodiff framework.

use ndarray::{ArrayView5, ArrayViewMut5};
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::internal::array::divide;
use qlty_core::internal::stream::{RowWriter, STREAM_BYTES};
use qlty_core::{Element, Monitor, Result, with_width};

use super::{AnyOverlap, PairOverlap, check_types, in_rows};

/// The number of patch bytes that a task writes.
const TASK_BYTES: usize = 512 << 10;

impl AnyOverlap {
    /// The adjoint of [`AnyOverlap::extract_into`]: writes the pixels, (K,C), to the positions in the patches that they
    /// were extracted from, and zero elsewhere; all arrays have the same type. See [`crate::Overlap::adjoint_into`].
    ///
    /// # Errors
    /// The errors of [`crate::Overlap::adjoint_into`], and [`qlty_core::Error::DataType`].
    pub fn adjoint_into(
        &self,
        pixels1: ArrayRef<'_>,
        pixels2: ArrayRef<'_>,
        patches1: ArrayMut<'_>,
        patches2: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_sides([patches1.shape(), patches2.shape()], [pixels1.shape(), pixels2.shape()])?;
        let others = [("pixels2", pixels2.dtype()), ("patches1", patches1.dtype()), ("patches2", patches2.dtype())];
        check_types(pixels1.dtype(), others)?;
        monitor.begin(2 * self.pairs() as u64);
        monitor.check()?;
        // The axes of the pixels become (1,1,1,K,C).
        let (pixels1, pixels2) = (pixels1.five("pixels1", 2)?, pixels2.five("pixels2", 2)?);
        let patches1 = patches1.five("patches1", self.ndim())?;
        let patches2 = patches2.five("patches2", self.ndim())?;
        let scatter = |side: usize, pixels: ArrayRef<'_>, patches: ArrayMut<'_>| {
            with_width!(pixels.dtype(), W => {
                // SAFETY: everything written is copied from elements of the same type, or zero, which is valid for all
                // types.
                let patches = unsafe { patches.bits::<W>() };
                self.scatter(side, pixels.bits::<W>(), patches, monitor);
            });
        };
        rayon::join(|| scatter(0, pixels1, patches1), || scatter(1, pixels2, patches2));
        monitor.check()
    }

    fn scatter<T: Element>(
        &self,
        side: usize,
        pixels: ArrayView5<'_, T>,
        patches: ArrayViewMut5<'_, T>,
        monitor: &Monitor,
    ) {
        let pixels = in_rows(pixels);
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
            for overlap in &self.overlaps[at[0]..at[0] + parts] {
                for c in at[1]..at[1] + part_channels {
                    for z in at[2]..at[2] + part_depth {
                        for y in at[3]..at[3] + part_height {
                            let run = self.run(overlap, side, [z, y]);
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
            // A patch that is written in parts is counted with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                monitor.advance(parts as u64);
            }
        });
    }

    /// The overlapping pixels in a row (z, y) of a stored patch.
    fn run(&self, overlap: &PairOverlap, side: usize, [z, y]: [usize; 2]) -> Option<Run> {
        let [_, height, width] = self.window.zyx;
        // The row of the stored patch corresponds to a line along one axis of the unrotated one, forwards or backwards,
        // at a fixed coordinate on the other.
        let turns = overlap.turns(side);
        let (along, backwards) = [(2, false), (1, false), (2, true), (1, true)][usize::from(turns)];
        let fixed = match turns {
            0 | 3 => y,
            1 => width - 1 - y,
            _ => height - 1 - y,
        };
        let (start, size, across) = (overlap.starts[side], overlap.size, 3 - along);
        let inside = |axis: usize, at: usize| at.checked_sub(start[axis]).filter(|at| *at < size[axis]);
        let (z, fixed) = (inside(0, z)?, inside(across, fixed)?);
        if overlap.pixels() == 0 {
            return None;
        }
        let strides = [size[1] * size[2], size[2], 1];
        let length = if along == 2 { width } else { height };
        let first = if backwards { length - start[along] - size[along] } else { start[along] };
        let from = if backwards { size[along] - 1 } else { 0 };
        let pixel = overlap.pixels_before + z * strides[0] + fixed * strides[across] + from * strides[along];
        let step = strides[along] as isize * if backwards { -1 } else { 1 };
        Some(Run { first, count: size[along], pixel, step })
    }
}

/// Overlapping pixels in one row of a stored patch.
struct Run {
    /// The first of them in the row, and their number.
    first: usize,
    count: usize,
    /// The index of the first overlapping pixel, and the distance to the next.
    pixel: usize,
    step: isize,
}
