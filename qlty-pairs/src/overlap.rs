//! The overlapping pixels of both patches of a pair, and their positions.
//!
//! An overlap is a box. Its rows are numbered across all pairs, so any range of rows can be a task; a rotated patch is
//! rotated back plane by plane before the channels of its pixels are interleaved.

use std::fmt;
use std::ops::Range;

use ndarray::{ArrayBase, ArrayViewMut2, Axis, Ix1, Ix2, Ix5, RawData};
use qlty_core::dynamic::ArrayRef;
use qlty_core::internal::array::{product, with_capacity};
use qlty_core::{DType, Error, Monitor, Result};

use crate::extent::Extent;
use crate::options::check_rotation;
use crate::turn::Rect;

mod adjoint;
mod correspondence;
mod gather;

/// The overlaps of pairs, with types and the number of axes known at run time; see [`crate::Overlap`].
///
/// ```
/// use qlty_core::dynamic::{ArrayRef, OwnedArray};
/// use qlty_pairs::{Monitor, dynamic::AnyOverlap};
/// let deltas = ndarray::arr2(&[[3.0_f32, -2.0]]);
/// let overlap = AnyOverlap::new(&[16, 16], ArrayRef::of("deltas", deltas.view())?, None)?;
/// let patches = ndarray::Array4::<u8>::ones((1, 3, 16, 16));
/// let patches = ArrayRef::of("patches", patches.view())?;
/// let pixels = || OwnedArray::zeros("pixels", patches.dtype(), &[overlap.count(), 3]);
/// let (mut pixels1, mut pixels2) = (pixels()?, pixels()?);
/// overlap.extract_into(patches, patches, pixels1.array_mut(), pixels2.array_mut(), &Monitor::new())?;
/// assert_eq!(pixels1.shape(), [13 * 14, 3]);
/// # Ok::<(), qlty_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct AnyOverlap {
    /// The size of a patch, which a rotation does not change.
    window: Extent,
    overlaps: Vec<PairOverlap>,
}

/// The overlap of the two patches of a pair: a box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PairOverlap {
    /// The first pixel (z, y, x) of the box in the first patch, and in the second before its rotation.
    starts: [[usize; 3]; 2],
    size: [usize; 3],
    /// The quarter turns of the second patch.
    rotation: u8,
    /// The numbers of rows and of pixels of all earlier pairs.
    rows_before: usize,
    pixels_before: usize,
}

impl PairOverlap {
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

impl fmt::Debug for AnyOverlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("AnyOverlap");
        told.field("window", &self.window).field("pairs", &self.pairs()).field("count", &self.count()).finish()
    }
}

impl AnyOverlap {
    /// The overlaps of patches of size `window`, (y, x) or (z, y, x), with these deltas, rows (dx, dy) or (dx, dy, dz)
    /// of type `f32`, and quarter turns of the second patches, of type `i64`, modulo 4; `None` means no rotation.
    ///
    /// # Errors
    /// The errors of [`crate::Overlap::new`], and [`Error::DataType`].
    pub fn new(window: &[usize], deltas: ArrayRef<'_>, rotations: Option<ArrayRef<'_>>) -> Result<Self> {
        let window = Extent::window(window)?;
        let (ndim, size) = (window.ndim, window.zyx);
        let &[count, columns] = deltas.shape() else {
            return Err(Error::shape("deltas", deltas.shape(), format!("(P, {ndim})")));
        };
        if columns != ndim {
            return Err(Error::shape("deltas", deltas.shape(), format!("{ndim} columns")));
        }
        if let Some(rotations) = rotations.filter(|rotations| rotations.shape() != [count]) {
            return Err(Error::shape("rotations", rotations.shape(), format!("[{count}], one for each delta")));
        }
        let expected = |_| Error::shape("deltas", &[count, columns], "two axes");
        let deltas = deltas.view::<f32>("deltas")?.into_dimensionality::<Ix2>().map_err(expected)?;
        let rotations = match rotations {
            Some(rotations) => {
                let expected = |_| Error::shape("rotations", rotations.shape(), "one axis");
                Some(rotations.view::<i64>("rotations")?.into_dimensionality::<Ix1>().map_err(expected)?)
            }
            None => None,
        };
        product("pixels of a patch", &size)?;
        let mut overlaps = with_capacity("overlaps", count)?;
        let (mut rows_before, mut pixels_before) = (0_usize, 0_usize);
        for (p, delta) in deltas.outer_iter().enumerate() {
            let rotation = rotations.as_ref().map_or(0, |rotations| rotations[p].rem_euclid(4) as u8);
            check_rotation(window, rotation)?;
            let mut overlap = PairOverlap { starts: [[0; 3]; 2], size, rotation, rows_before, pixels_before };
            for (axis, delta) in [2, 1, 0].into_iter().zip(delta) {
                if delta.fract() != 0.0 {
                    return Err(Error::argument(format!("delta of pair {p}"), delta, "whole numbers of pixels"));
                }
                // The cast saturates; patches that far apart do not overlap anyway.
                let delta = *delta as i64;
                let away = usize::try_from(delta.unsigned_abs()).unwrap_or(usize::MAX);
                overlap.size[axis] = size[axis].saturating_sub(away);
                overlap.starts[usize::from(delta < 0)][axis] = away;
            }
            if overlap.size.contains(&0) {
                overlap.size = [0; 3];
            }
            let overflow = || Error::Overflow { what: "overlapping pixels", factors: vec![count, overlap.pixels()] };
            rows_before = rows_before.checked_add(overlap.rows()).ok_or_else(overflow)?;
            pixels_before = pixels_before.checked_add(overlap.pixels()).ok_or_else(overflow)?;
            overlaps.push(overlap);
        }
        Ok(Self { window, overlaps })
    }

    /// The number of spatial axes, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.window.ndim
    }

    /// The number of overlapping pixels of all pairs.
    pub fn count(&self) -> usize {
        self.overlaps.last().map_or(0, |last| last.pixels_before + last.pixels())
    }

    /// The number of pairs.
    pub fn pairs(&self) -> usize {
        self.overlaps.len()
    }

    /// The number of rows of overlapping pixels of all pairs.
    fn rows(&self) -> usize {
        self.overlaps.last().map_or(0, |last| last.rows_before + last.rows())
    }

    /// The shape of arrays of patches with this number of channels, (P,C,y,x) or (P,C,z,y,x).
    pub(crate) fn patches_shape(&self, channels: usize) -> Vec<usize> {
        [&[self.pairs(), channels], self.window.sizes()].concat()
    }

    /// Checks that an array has the shape of the patches of these pairs, and returns its number of channels.
    pub(crate) fn check_patches(&self, name: &'static str, shape: &[usize]) -> Result<usize> {
        let channels = shape.get(1).copied().unwrap_or(0);
        if shape != self.patches_shape(channels) {
            let expected = format!("({}, channels) and then {:?}", self.pairs(), self.window);
            return Err(Error::shape(name, shape, expected));
        }
        product("overlapping pixels", &[self.count(), channels.max(1), 16])?;
        Ok(channels)
    }

    /// Checks that the patches and pixels of both sides match these pairs and agree in their channels, and returns the
    /// number of channels.
    fn check_sides(&self, patches: [&[usize]; 2], pixels: [&[usize]; 2]) -> Result<usize> {
        let channels = self.check_patches("patches1", patches[0])?;
        if patches[1] != patches[0] {
            let expected = format!("{:?}, that of the first patches", patches[0]);
            return Err(Error::shape("patches2", patches[1], expected));
        }
        self.check_pixels("pixels1", pixels[0], channels)?;
        self.check_pixels("pixels2", pixels[1], channels)?;
        Ok(channels)
    }

    /// Fails unless an array has this number of columns and one row per overlapping pixel.
    pub(crate) fn check_pixels(&self, name: &'static str, shape: &[usize], columns: usize) -> Result<()> {
        if shape != [self.count(), columns] {
            return Err(Error::shape(name, shape, format!("[{}, {columns}]", self.count())));
        }
        Ok(())
    }

    /// Divides an array with one row per overlapping pixel among threads: `leaf` gets each part and its rows of pixels,
    /// numbered across all pairs.
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

    /// The pair of a row of pixels; the row must exist.
    fn pair_of(&self, row: usize) -> usize {
        self.overlaps.partition_point(|overlap| overlap.rows_before + overlap.rows() <= row)
    }

    /// The number of pixels before a row.
    fn pixels_before(&self, row: usize) -> usize {
        let overlap = &self.overlaps[self.pair_of(row)];
        overlap.pixels_before + (row - overlap.rows_before) * overlap.size[2]
    }

    /// The parts of planes in a range of rows: the pair, the plane of the box, and the rows of the plane.
    fn planes(&self, rows: Range<usize>) -> impl Iterator<Item = (usize, usize, Range<usize>)> + '_ {
        let mut row = rows.start;
        let mut pair = self.pair_of(row);
        std::iter::from_fn(move || {
            if row >= rows.end {
                return None;
            }
            while row >= self.overlaps[pair].rows_before + self.overlaps[pair].rows() {
                pair += 1;
            }
            let overlap = &self.overlaps[pair];
            let (z, y) = ((row - overlap.rows_before) / overlap.size[1], (row - overlap.rows_before) % overlap.size[1]);
            let count = (overlap.size[1] - y).min(rows.end - row);
            row += count;
            Some((pair, z, y..y + count))
        })
    }

    /// The rectangle of a plane of a stored patch that holds some rows of the box, and the quarter turns that rotate it
    /// back.
    fn stored(&self, overlap: &PairOverlap, side: usize, rows: Range<usize>) -> (Rect, u8) {
        let [_, height, width] = self.window.zyx;
        let [_, y, x] = overlap.starts[side];
        let upright = Rect { start: [y + rows.start, x], size: [rows.len(), overlap.size[2]] };
        let back = (4 - overlap.turns(side)) % 4;
        (upright.unturned(back, [height, width]), back)
    }
}

/// Pixels (1,1,1,K,C) as (K,C).
fn in_rows<S: RawData>(pixels: ArrayBase<S, Ix5>) -> ArrayBase<S, Ix2> {
    pixels.index_axis_move(Axis(0), 0).index_axis_move(Axis(0), 0).index_axis_move(Axis(0), 0)
}

/// Fails if arrays have types other than `expected`.
fn check_types(expected: DType, arrays: [(&'static str, DType); 3]) -> Result<()> {
    match arrays.into_iter().find(|(_, dtype)| *dtype != expected) {
        Some((name, dtype)) => Err(Error::dtype(name, dtype, format!("{expected} like the first array"))),
        None => Ok(()),
    }
}
