//! Interpolating a plane to the size of the next larger level, or any part of it, row by row.
//!
//! Code that depends on the pixel type is behind [`CoarseRows`], so the interpolation is compiled only for `f32` and
//! `f64`.

use std::ops::Range;

use ndarray::ArrayView2;
use qlty_core::internal::stream::prefetch;

use super::interpolation::{Axis, Interpolation, Span, Work};
use super::rows::contiguous;
use super::work::sealed::Predicted;

/// A part of a plane.
#[derive(Debug, Clone)]
pub(super) struct Part<'a, T> {
    pub(super) pixels: ArrayView2<'a, T>,
    /// The row and the column of its first pixel in the plane.
    pub(super) origin: [usize; 2],
}

/// Rows of a plane of the smaller level, or of a part of it, converted to the type of the interpolation.
pub(super) trait CoarseRows<W> {
    /// Fills `wide` with columns of row `y`.
    fn widen(&self, y: usize, columns: Range<usize>, wide: &mut [W]);

    /// Prefetches columns of row `y`, if it exists.
    fn prefetch(&self, y: usize, columns: Range<usize>);
}

impl<T: Predicted> CoarseRows<T::Work> for Part<'_, T> {
    fn widen(&self, y: usize, columns: Range<usize>, wide: &mut [T::Work]) {
        let row = contiguous(self.pixels.row(y - self.origin[0]));
        T::widen_row(&row[columns.start - self.origin[1]..columns.end - self.origin[1]], wide);
    }

    fn prefetch(&self, y: usize, columns: Range<usize>) {
        if y < self.origin[0] + self.pixels.nrows()
            && let Some(row) = self.pixels.row(y - self.origin[0]).to_slice()
        {
            prefetch(&row[columns.start - self.origin[1]..columns.end - self.origin[1]]);
        }
    }
}

/// Rows and columns of a plane.
pub(super) type Area = [Range<usize>; 2];

/// The sizes of planes at two levels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planes {
    rows: Span,
    columns: Span,
    interpolation: Interpolation,
}

impl Planes {
    /// From the size (Y, X) `coarse` to `fine`; neither is 0, and `fine` is not smaller along an axis.
    pub(super) fn new(coarse: [usize; 2], fine: [usize; 2], interpolation: Interpolation) -> Self {
        let [rows, columns] = [0, 1].map(|axis| Span { coarse: coarse[axis], fine: fine[axis] });
        Self { rows, columns, interpolation }
    }

    /// The area of the smaller plane from which an area of the larger is interpolated.
    pub(super) fn needs(&self, area: &Area) -> Area {
        let reach = self.interpolation.reach();
        [self.rows.needs(&area[0], reach), self.columns.needs(&area[1], reach)]
    }

    /// The interpolation of this area of the larger plane and all parts of it.
    pub(super) fn upsampler(&self, area: &Area) -> Upsampler {
        let axis = |span, range| Axis::new(span, self.interpolation, range);
        let (rows, columns) = (axis(self.rows, &area[0]), axis(self.columns, &area[1]));
        Upsampler { rows, columns, reach: self.interpolation.reach() }
    }
}

/// The interpolation of planes to a larger size.
///
/// Rows are interpolated along X, then columns along Y; each sum runs over the neighbours from the first to the last. A
/// pixel is computed from the same numbers in the same order, whatever area it is computed with.
#[derive(Debug)]
pub(super) struct Upsampler {
    rows: Axis,
    columns: Axis,
    reach: usize,
}

impl Upsampler {
    /// Interpolates an area of the larger plane, and passes its rows to `each` in order, with their position in the
    /// area. `coarse` must hold at least what the area needs.
    pub(super) fn for_each_row<W: Work>(
        &self,
        coarse: &dyn CoarseRows<W>,
        area: &Area,
        each: &mut dyn FnMut(usize, &[W]),
    ) {
        if area.iter().any(Range::is_empty) {
            return;
        }
        match self.reach {
            1 => self.rows_with::<W, 1, 2>(coarse, area, each),
            _ => self.rows_with::<W, 2, 4>(coarse, area, each),
        }
    }

    /// [`Upsampler::for_each_row`] for a reach, with twice as many neighbours.
    fn rows_with<W: Work, const REACH: usize, const TAPS: usize>(
        &self,
        coarse: &dyn CoarseRows<W>,
        area: &Area,
        each: &mut dyn FnMut(usize, &[W]),
    ) {
        let mut stretch = Stretch::<W, REACH, TAPS>::new(&self.columns, &area[1]);
        let width = area[1].len();
        // The rows of the smaller plane around the one beneath, interpolated along X: row y in slot y % slots.
        let slots = 2 * REACH + 1;
        let mut stretched = vec![vec![W::default(); stretch.buffer_len()]; slots];
        let rows = self.rows.span;
        let mut next = rows.needs(&area[0], REACH).start;
        let mut predicted = vec![W::default(); width];
        for (index, y) in area[0].clone().enumerate() {
            let beneath = rows.beneath(y);
            while next <= (beneath + REACH).min(rows.coarse - 1) {
                stretch.row(coarse, next, &mut stretched[next % slots]);
                coarse.prefetch(next + 1, stretch.needs.clone());
                next += 1;
            }
            let slot = |y: usize| &stretched[y % slots][stretch.lead..][..width];
            let centre = slot(beneath);
            // Neighbours with weight 0, including those beyond the edge, are skipped.
            let taps = (0..TAPS).filter_map(|tap| {
                let weight: W = self.rows.weight(tap, y);
                let neighbour = beneath + tap + usize::from(tap >= REACH);
                (weight != W::default()).then(|| (slot(neighbour - REACH), weight))
            });
            predicted.copy_from_slice(centre);
            for (neighbour, weight) in taps {
                for ((sum, value), centre) in predicted.iter_mut().zip(neighbour).zip(centre) {
                    *sum = *sum + weight * (*value - *centre);
                }
            }
            each(index, &predicted);
        }
    }
}

/// Interpolation along X: rows of the smaller plane to rows of an area's columns.
struct Stretch<'a, W, const REACH: usize, const TAPS: usize> {
    axis: &'a Axis,
    columns: Range<usize>,
    /// The columns of the smaller plane that are needed.
    needs: Range<usize>,
    /// The needed pixels, padded at the edges of the plane by the reach.
    padded: Vec<W>,
    /// The number of pixels at the start of a stretched row that are before the area.
    lead: usize,
}

impl<'a, W: Work, const REACH: usize, const TAPS: usize> Stretch<'a, W, REACH, TAPS> {
    fn new(axis: &'a Axis, columns: &Range<usize>) -> Self {
        // If every pixel has two pixels above it, both are computed together.
        let span = axis.span;
        let lead = if span.is_twice() { columns.start % 2 } else { 0 };
        let (first, last) = (span.beneath(columns.start), span.beneath(columns.end - 1));
        let padded = vec![W::default(); last - first + 1 + 2 * REACH];
        Self { axis, columns: columns.clone(), needs: span.needs(columns, REACH), padded, lead }
    }

    fn buffer_len(&self) -> usize {
        if self.axis.span.is_twice() { 2 * (self.padded.len() - 2 * REACH) } else { self.columns.len() }
    }

    /// Interpolates row `y` of the smaller plane along X.
    fn row(&mut self, coarse: &dyn CoarseRows<W>, y: usize, out: &mut [W]) {
        let first = self.axis.span.beneath(self.columns.start);
        // Pixel p of the plane is at index p + REACH - first.
        let from = self.needs.start + REACH - first;
        let to = from + self.needs.len();
        coarse.widen(y, self.needs.clone(), &mut self.padded[from..to]);
        let (start, end) = (self.padded[from], self.padded[to - 1]);
        self.padded[..from].fill(start);
        self.padded[to..].fill(end);
        if self.axis.span.is_twice() { self.twice(first, out) } else { self.any(first, out) }
    }

    /// Two pixels above each.
    fn twice(&self, first: usize, out: &mut [W]) {
        let len = self.padded.len() - 2 * REACH;
        let centres = &self.padded[REACH..][..len];
        let neighbours: [&[W]; TAPS] =
            std::array::from_fn(|tap| &self.padded[tap + usize::from(tap >= REACH)..][..len]);
        let weights: [[&[W]; 2]; TAPS] =
            std::array::from_fn(|tap| [0, 1].map(|half| self.axis.weights(tap, half, first, len)));
        for (k, pair) in out.as_chunks_mut::<2>().0[..len].iter_mut().enumerate() {
            let centre = centres[k];
            let [mut even, mut odd] = [centre; 2];
            for tap in 0..TAPS {
                let difference = neighbours[tap][k] - centre;
                even = even + weights[tap][0][k] * difference;
                odd = odd + weights[tap][1][k] * difference;
            }
            *pair = [even, odd];
        }
    }

    /// Any number of pixels above each.
    fn any(&self, first: usize, out: &mut [W]) {
        for (x, out) in self.columns.clone().zip(out) {
            let at = self.axis.span.beneath(x) - first;
            let centre = self.padded[at + REACH];
            let mut sum = centre;
            for tap in 0..TAPS {
                let neighbour = self.padded[at + tap + usize::from(tap >= REACH)];
                sum = sum + self.axis.weight::<W>(tap, x) * (neighbour - centre);
            }
            *out = sum;
        }
    }
}
