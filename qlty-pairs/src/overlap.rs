//! The pixels that both patches of a pair show, and where they lie.

use std::ops::Range;

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use qlty_core::array::product;
use qlty_core::{Error, Monitor, Rank, Result, Spatial};

use crate::options::check_rotation;
use crate::turn::Rect;

mod adjoint;
mod correspondence;
mod gather;

pub use adjoint::PatchArrays;

/// The overlaps of pairs: which pixels of the first patches and of the second show the same place.
///
/// With (dx, dy) the delta of a pair, the pixel (u, v) of its first patch is the pixel (u - dy, v - dx)
/// of its second patch before that was turned; volumes alike. Overlapping pixels are counted in the
/// order of the pairs, and within a pair row by row in the first patch. Pairs that do not overlap
/// have none.
///
/// ```
/// use qlty_pairs::{Overlap, PairOptions, Positions, extract_patch_pairs};
/// let images = ndarray::Array4::<f32>::from_shape_fn((2, 3, 60, 80), |(_, c, y, x)| (c * y * x) as f32);
/// let options = PairOptions { rotations: vec![0, 1, 2, 3], ..PairOptions::new([16, 16], 5, (4.0, 12.0)) };
/// let pairs = extract_patch_pairs(&images.view(), &options, Positions::None)?;
/// let overlap = Overlap::new([16, 16], pairs.deltas.view(), Some(pairs.rotations.view()))?;
/// let (pixels1, pixels2) = overlap.extract(pairs.patches1.view(), pairs.patches2.view())?;
/// assert_eq!(pixels1.dim(), (overlap.count(), 3));
/// assert_eq!(pixels1, pixels2);
/// # Ok::<(), qlty_pairs::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap<const D: usize> {
    /// The size of a patch (z, y, x), before it is turned or after.
    window: [usize; 3],
    /// What each pair has in common.
    commons: Vec<Common>,
}

/// What the patches of a pair have in common: a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Common {
    /// The first pixel (z, y, x) of the box in the first patch, and in the second before it is turned.
    starts: [[usize; 3]; 2],
    size: [usize; 3],
    /// The quarter turns of the second patch.
    rotation: u8,
    /// How many rows, and how many pixels, come before this pair's.
    rows_before: usize,
    pixels_before: usize,
}

impl Common {
    fn rows(&self) -> usize {
        self.size[0] * self.size[1]
    }

    fn pixels(&self) -> usize {
        self.rows() * self.size[2]
    }

    /// The quarter turns of the patch of a side.
    fn turns(&self, side: usize) -> u8 {
        if side == 0 { 0 } else { self.rotation }
    }
}

impl<const D: usize> Overlap<D>
where
    Spatial<D>: Rank,
{
    /// The overlaps of patches of size `window`, (y, x) or (z, y, x), with these deltas, rows (dx, dy) or
    /// (dx, dy, dz), and quarter turns of the second patches, taken modulo 4; none means no turn.
    ///
    /// # Errors
    /// [`Error::Shape`] where there is not a row of D deltas, or a rotation, for each pair;
    /// [`Error::Argument`] where a delta is not a whole number or a rotation does not go with the window;
    /// [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn new(
        window: [usize; D],
        deltas: ArrayView2<'_, f32>,
        rotations: Option<ArrayView1<'_, i64>>,
    ) -> Result<Self> {
        if window.contains(&0) {
            return Err(Error::argument("window", window, "sizes of at least 1"));
        }
        let count = deltas.nrows();
        if deltas.ncols() != D {
            return Err(Error::shape("deltas", deltas.shape(), format!("{D} columns")));
        }
        if let Some(rotations) = rotations.filter(|rotations| rotations.len() != count) {
            return Err(Error::shape("rotations", rotations.shape(), format!("[{count}], one for each delta")));
        }
        let mut size = [1; 3];
        size[3 - D..].copy_from_slice(&window);
        product("pixels of a patch", &size)?;
        let mut commons = Vec::new();
        let bytes = count.saturating_mul(size_of::<Common>());
        commons.try_reserve_exact(count).map_err(|_| Error::OutOfMemory { what: "overlaps", bytes })?;
        let (mut rows_before, mut pixels_before) = (0_usize, 0_usize);
        for (p, delta) in deltas.rows().into_iter().enumerate() {
            let rotation = rotations.map_or(0, |rotations| rotations[p].rem_euclid(4) as u8);
            check_rotation(window, rotation)?;
            let mut common = Common { starts: [[0; 3]; 2], size, rotation, rows_before, pixels_before };
            for (axis, delta) in [2, 1, 0].into_iter().zip(delta) {
                if delta.fract() != 0.0 {
                    let expected = "whole numbers of pixels";
                    return Err(Error::argument(format!("delta of pair {p}"), delta, expected));
                }
                // Saturates where the patches are far apart anyway.
                let delta = *delta as i64;
                let away = usize::try_from(delta.unsigned_abs()).unwrap_or(usize::MAX);
                common.size[axis] = size[axis].saturating_sub(away);
                common.starts[usize::from(delta < 0)][axis] = away;
            }
            if common.size.contains(&0) {
                common.size = [0; 3];
            }
            let overflow = || Error::Overflow { what: "overlapping pixels", factors: vec![count, common.pixels()] };
            rows_before = rows_before.checked_add(common.rows()).ok_or_else(overflow)?;
            pixels_before = pixels_before.checked_add(common.pixels()).ok_or_else(overflow)?;
            commons.push(common);
        }
        Ok(Self { window: size, commons })
    }

    /// The number of overlapping pixels of all pairs.
    pub fn count(&self) -> usize {
        self.commons.last().map_or(0, |last| last.pixels_before + last.pixels())
    }

    /// The number of pairs.
    pub fn pairs(&self) -> usize {
        self.commons.len()
    }

    /// The number of rows of overlapping pixels of all pairs.
    fn rows(&self) -> usize {
        self.commons.last().map_or(0, |last| last.rows_before + last.rows())
    }

    /// The shape of arrays of patches of so many channels, (P,C,z,y,x).
    fn five(&self, channels: usize) -> [usize; 5] {
        let [z, y, x] = self.window;
        [self.commons.len(), channels, z, y, x]
    }

    /// Fails where an array is not of the patches of these pairs; its number of channels.
    fn check_patches(&self, name: &'static str, shape: &[usize]) -> Result<usize> {
        let channels = shape.get(1).copied().unwrap_or(0);
        let expected = self.five(channels);
        let spatial = &expected[5 - D..];
        if shape.len() != D + 2 || shape[0] != expected[0] || shape[2..] != *spatial {
            let expected = format!("({}, channels) and then {spatial:?}", expected[0]);
            return Err(Error::shape(name, shape, expected));
        }
        product("overlapping pixels", &[self.count(), channels.max(1), 16])?;
        Ok(channels)
    }

    /// Fails where the patches of both sides, or their pixels, are not those of these pairs, or differ in
    /// their channels; the number of these.
    fn check_sides(&self, patches: [&[usize]; 2], pixels: [&[usize]; 2]) -> Result<usize> {
        let channels = self.check_patches("patches 1", patches[0])?;
        if patches[1] != patches[0] {
            let expected = format!("{:?}, that of the first patches", patches[0]);
            return Err(Error::shape("patches 2", patches[1], expected));
        }
        self.check_pixels("pixels 1", pixels[0], channels)?;
        self.check_pixels("pixels 2", pixels[1], channels)?;
        Ok(channels)
    }

    /// Fails where an array has not a row of so many columns for each overlapping pixel.
    fn check_pixels(&self, name: &'static str, shape: &[usize], columns: usize) -> Result<()> {
        if shape != [self.count(), columns] {
            return Err(Error::shape(name, shape, format!("[{}, {columns}]", self.count())));
        }
        Ok(())
    }

    /// Divides an array with a row for each overlapping pixel among threads: `leaf` gets the rows of
    /// pixels of each part, counted through the pairs, and the part.
    fn divide<T: Send>(
        &self,
        rows: Range<usize>,
        out: ArrayViewMut2<'_, T>,
        most: usize,
        monitor: &Monitor,
        leaf: &(dyn Fn(Range<usize>, ArrayViewMut2<'_, T>) + Sync),
    ) {
        if monitor.is_cancelled() || rows.is_empty() {
            return;
        }
        if out.len() <= most || rows.len() == 1 {
            let done = rows.len() as u64;
            leaf(rows, out);
            monitor.advance(done);
            return;
        }
        let middle = rows.start + rows.len() / 2;
        let pixels = self.pixels_before(middle) - self.pixels_before(rows.start);
        let (low, high) = out.split_at(Axis(0), pixels);
        rayon::join(
            || self.divide(rows.start..middle, low, most, monitor, leaf),
            || self.divide(middle..rows.end, high, most, monitor, leaf),
        );
    }

    /// The pair that a row of pixels belongs to. There are rows after it, or it is one.
    fn pair_of(&self, row: usize) -> usize {
        self.commons.partition_point(|common| common.rows_before + common.rows() <= row)
    }

    /// How many pixels come before a row.
    fn pixels_before(&self, row: usize) -> usize {
        let common = &self.commons[self.pair_of(row)];
        common.pixels_before + (row - common.rows_before) * common.size[2]
    }

    /// The parts of planes that a range of rows is made of: the pair, the plane of the box, and the rows
    /// of the plane.
    fn planes(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, usize, Range<usize>)> + '_ {
        let mut row = rows.start;
        let mut pair = self.pair_of(row);
        std::iter::from_fn(move || {
            if row >= rows.end {
                return None;
            }
            while row >= self.commons[pair].rows_before + self.commons[pair].rows() {
                pair += 1;
            }
            let common = &self.commons[pair];
            let (z, y) = ((row - common.rows_before) / common.size[1], (row - common.rows_before) % common.size[1]);
            let count = (common.size[1] - y).min(rows.end - row);
            row += count;
            Some((pair, z, y..y + count))
        })
    }

    /// The rectangle of a plane of a stored patch that holds some rows of the box, and how it is to be
    /// turned to show them upright.
    fn stored(&self, common: &Common, side: usize, rows: Range<usize>) -> (Rect, u8) {
        let [_, height, width] = self.window;
        let [_, y, x] = common.starts[side];
        let upright = Rect { start: [y + rows.start, x], size: [rows.len(), common.size[2]] };
        let back = (4 - common.turns(side)) % 4;
        (upright.unturned(back, [height, width]), back)
    }
}
