//! One spatial axis: where its windows start, and which of them overlap a coordinate.

use std::ops::Range;

use crate::profile::Profile;

/// Window `index` of [`Axis::count`] starts at `min(index * step, size - window)`.
///
/// Invariants: `1 <= window <= size`, `1 <= step`, `2 * border < window`, and all are multiples of `values`, which is
/// at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Axis {
    pub(crate) size: usize,
    pub(crate) window: usize,
    pub(crate) step: usize,
    pub(crate) border: usize,
    /// The number of values per pixel along the axis: the number of channels if they are interleaved along it.
    pub(crate) values: usize,
}

impl Axis {
    /// The z axis of a plane: one pixel.
    pub(crate) const UNIT: Self = Self { size: 1, window: 1, step: 1, border: 0, values: 1 };

    /// The axis with `values` values per pixel.
    pub(crate) fn interleaved(self, values: usize) -> Self {
        let Self { size, window, step, border, .. } = self;
        // A step may be larger than any image.
        Self {
            size: size * values,
            window: window * values,
            step: step.saturating_mul(values),
            border: border * values,
            values,
        }
    }

    /// The axis with one value per pixel.
    pub(crate) fn of_pixels(self) -> Self {
        let Self { size, window, step, border, values } = self;
        Self { size: size / values, window: window / values, step: step / values, border: border / values, values: 1 }
    }

    /// The number of windows. The last may be pulled back to end at the end of the axis.
    pub(crate) fn count(&self) -> usize {
        (self.size - self.window).div_ceil(self.step) + 1
    }

    /// The start of window `index`.
    pub(crate) fn start(&self, index: usize) -> usize {
        index.saturating_mul(self.step).min(self.size - self.window)
    }

    /// The number of windows that start at or before `from`, which is `None` before the axis.
    fn started(&self, from: Option<usize>) -> usize {
        let last = self.count() - 1;
        // All but the last start at a multiple of the step.
        from.map_or(0, |from| (from / self.step + 1).min(last) + usize::from(self.start(last) <= from))
    }

    /// The windows that overlap the coordinates `from..to`, a non-empty range within the axis.
    pub(crate) fn overlapping(&self, from: usize, to: usize) -> Range<usize> {
        self.started(from.checked_sub(self.window))..self.started(Some(to - 1))
    }

    /// The number of windows that have the coordinate `at` inside their border.
    pub(crate) fn inner_count(&self, at: usize) -> usize {
        self.started(at.checked_sub(self.border)) - self.started(at.checked_sub(self.window - self.border))
    }

    /// Whether every coordinate is in a window.
    pub(crate) fn is_covered(&self) -> bool {
        self.step.min(self.size - self.window) <= self.window
    }

    /// The profile's factor at a coordinate of the window.
    pub(crate) fn factor(&self, profile: Profile, offset: usize) -> f64 {
        profile.factor(offset / self.values, self.window / self.values)
    }

    /// Whether a coordinate of the window is inside its border.
    pub(crate) fn is_inner(&self, offset: usize) -> bool {
        (self.border..self.window - self.border).contains(&offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn windows_are_counted_placed_and_found(size in 1usize..60, window in 1usize..60, step in 1usize..70, a in 0usize..60, b in 0usize..60) {
            prop_assume!(window <= size);
            let axis = Axis { size, window, step, border: 0, values: 1 };
            let rest = (size - window) % step != 0;
            prop_assert_eq!(axis.count(), (size - window) / step + 1 + usize::from(rest));
            prop_assert_eq!(axis.start(axis.count() - 1), size - window);
            let (from, to) = (a.min(b) % size, a.max(b) % size + 1);
            prop_assume!(from < to);
            let reach = |i: &usize| axis.start(*i) < to && axis.start(*i) + window > from;
            let found: Vec<_> = axis.overlapping(from, to).collect();
            let expected: Vec<_> = (0..axis.count()).filter(reach).collect();
            prop_assert_eq!(found, expected);
            for border in 0..window.div_ceil(2) {
                let axis = Axis { border, ..axis };
                let inner = (0..axis.count()).filter(|i| from >= axis.start(*i) && axis.is_inner(from - axis.start(*i)));
                prop_assert_eq!(axis.inner_count(from), inner.count());
            }
            let covered = (0..size).all(|x| (0..axis.count()).any(|i| (axis.start(i)..axis.start(i) + window).contains(&x)));
            prop_assert_eq!(axis.is_covered(), covered);
        }
    }
}
