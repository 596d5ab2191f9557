//! Where overlapping pixels lie, for hosts that gather by themselves.

use ndarray::{Array2, ArrayViewMut2, Axis};
use qlty_core::array::zeros;
use qlty_core::{Monitor, Rank, Result, Spatial};

use super::Overlap;

/// The values that a thread writes at a time.
const TASK: usize = 1 << 16;

impl<const D: usize> Overlap<D>
where
    Spatial<D>: Rank,
{
    /// Where each overlapping pixel lies: a row (pair, u1, v1, u2, v2) of images, or
    /// (pair, u1, v1, w1, u2, v2, w2) of volumes. u, v and w count along the axes of a patch, slowest
    /// first; those of the second patch are where the pixel lies after the patch was turned, that is,
    /// in the array.
    ///
    /// # Errors
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn correspondence(&self) -> Result<Array2<i64>> {
        let mut rows = zeros("correspondence", &[self.count(), 1 + 2 * D])?;
        self.correspondence_into(rows.view_mut(), &Monitor::new())?;
        Ok(rows)
    }

    /// [`Overlap::correspondence`] into an array of the caller's, of any strides. Progress is counted
    /// in rows of pixels.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] and [`qlty_core::Error::Cancelled`].
    pub fn correspondence_into(&self, out: ArrayViewMut2<'_, i64>, monitor: &Monitor) -> Result<()> {
        self.check_pixels("correspondence", out.shape(), 1 + 2 * D)?;
        monitor.begin(self.rows() as u64);
        monitor.check()?;
        self.divide(0..self.rows(), out, TASK, monitor, &|rows, mut out| {
            let mut lines = out.axis_iter_mut(Axis(0));
            for (pair, z, rows) in self.planes(rows) {
                let common = &self.commons[pair];
                for (y, x) in rows.flat_map(|y| (0..common.size[2]).map(move |x| (y, x))) {
                    let [first, second] = common.starts.map(|start| [start[0] + z, start[1] + y, start[2] + x]);
                    let second = self.turned(second, common.rotation);
                    let values = [pair].into_iter().chain(first.into_iter().skip(3 - D));
                    let values = values.chain(second.into_iter().skip(3 - D));
                    if let Some(line) = lines.next() {
                        line.into_iter().zip(values).for_each(|(to, value)| *to = value as i64);
                    }
                }
            }
        });
        monitor.check()
    }

    /// Where a pixel (z, y, x) of a patch lies after so many quarter turns.
    fn turned(&self, [z, y, x]: [usize; 3], turns: u8) -> [usize; 3] {
        let [_, height, width] = self.window;
        match turns {
            1 => [z, width - 1 - x, y],
            2 => [z, height - 1 - y, width - 1 - x],
            3 => [z, x, height - 1 - y],
            _ => [z, y, x],
        }
    }
}
