//! The positions of overlapping pixels, for hosts that gather the pixels themselves.

use ndarray::Axis;
use qlty_core::dynamic::ArrayMut;
use qlty_core::{Monitor, Result};

use super::AnyOverlap;
use crate::pair::matrix;

/// The number of values that a task writes.
const TASK: usize = 1 << 16;

impl AnyOverlap {
    /// Writes the position of each overlapping pixel into an array of type `i64`; see
    /// [`crate::Overlap::correspondence`].
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`], [`qlty_core::Error::DataType`] and [`qlty_core::Error::Cancelled`].
    pub fn correspondence_into(&self, mut out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let skip = 3 - self.ndim();
        self.check_pixels("correspondence", out.shape(), 1 + 2 * self.ndim())?;
        let out = matrix::<i64>("correspondence", &mut out)?;
        monitor.begin(self.rows() as u64);
        monitor.check()?;
        self.divide(0..self.rows(), out, TASK, monitor, &|rows, mut out| {
            let mut lines = out.axis_iter_mut(Axis(0));
            for (pair, z, rows) in self.planes(rows) {
                let overlap = &self.overlaps[pair];
                for (y, x) in rows.flat_map(|y| (0..overlap.size[2]).map(move |x| (y, x))) {
                    let [first, second] = overlap.starts.map(|start| [start[0] + z, start[1] + y, start[2] + x]);
                    let second = self.turned(second, overlap.rotation);
                    let values = [pair].into_iter().chain(first.into_iter().skip(skip));
                    let values = values.chain(second.into_iter().skip(skip));
                    if let Some(line) = lines.next() {
                        line.into_iter().zip(values).for_each(|(to, value)| *to = value as i64);
                    }
                }
            }
        });
        monitor.check()
    }

    /// The position of a pixel (z, y, x) of a patch after `turns` quarter turns.
    fn turned(&self, [z, y, x]: [usize; 3], turns: u8) -> [usize; 3] {
        let [_, height, width] = self.window.zyx;
        match turns {
            1 => [z, width - 1 - x, y],
            2 => [z, height - 1 - y, width - 1 - x],
            3 => [z, x, height - 1 - y],
            _ => [z, y, x],
        }
    }
}
