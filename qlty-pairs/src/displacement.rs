//! The possible displacements of a pair: counted row by row, not stored.
//!
//! The integer vectors whose length is within a range fill a disc or a ball with a hole. A row along the fastest axis
//! intersects it in one run or two, so the number of vectors up to the end of each row is enough to find the n-th
//! vector: a ball of radius 384 takes 5 MB instead of 5 GB.
//!
//! A vector is in the range if its length *as computed in `f64`* is, so `low = high = sqrt(50)` includes (5, 5).

use qlty_core::internal::array::{product, with_capacity};
use qlty_core::{Error, Result};

use crate::AnyPairOptions;
use crate::extent::Extent;

/// Longer lengths would overflow when their squares are added.
const LONGEST: f64 = (1_u64 << 30) as f64;

/// The integer vectors (z, y, x) whose length is within a range and whose components are within limits.
#[derive(Clone)]
pub(crate) struct Displacements {
    /// The largest component along (z, y, x); 0 along z in a plane.
    reach: [u64; 3],
    /// The smallest and the largest squared length.
    squares: (u64, u64),
    /// The number of vectors up to the end of each row; rows are in C order over (z, y).
    ends: Vec<u64>,
}

impl std::fmt::Debug for Displacements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Displacements").field("count", &self.len()).field("reach", &self.reach).finish_non_exhaustive()
    }
}

impl Displacements {
    /// The displacements of two windows within an image of this size, which is at least that of the window.
    pub(crate) fn new(options: &AnyPairOptions, window: Extent, size: Extent) -> Result<Self> {
        let (low, high) = options.delta_range;
        if high > LONGEST {
            let expected = format!("at most {LONGEST}, beyond which squares overflow");
            return Err(Error::argument("delta range", options.delta_range, expected));
        }
        let reach: [u64; 3] = std::array::from_fn(|d| (high as u64).min((size.zyx[d] - window.zyx[d]) as u64));
        let length = |square: u64| (square as f64).sqrt();
        let mut least = ((low * low) as u64).saturating_sub(2);
        while length(least) < low {
            least += 1;
        }
        let mut most = (high * high) as u64 + 2;
        while length(most) > high {
            most -= 1;
        }
        let mut displacements = Self { reach, squares: (least, most), ends: Vec::new() };
        displacements.count_rows()?;
        if displacements.len() == 0 {
            let reach: Vec<_> = size.axes().map(|d| format!("|{}| <= {}", ["dz", "dy", "dx"][d], reach[d])).collect();
            let expected = format!(
                "a range with the length of an integer vector with {}, since two windows {window:?} must fit into \
                 images {size:?}",
                reach.join(", ")
            );
            return Err(Error::argument("delta range", options.delta_range, expected));
        }
        Ok(displacements)
    }

    fn count_rows(&mut self) -> Result<()> {
        let widths: Vec<usize> = self.reach[..2].iter().map(|reach| 2 * *reach as usize + 1).collect();
        let rows = product("rows of displacements", &widths)?;
        self.ends = with_capacity("rows of displacements", rows)?;
        let mut end = 0_u64;
        for row in 0..rows {
            let (inner, outer) = self.run(&self.slow(row));
            let count = match (inner, outer) {
                (0, Some(outer)) => 2 * outer + 1,
                (inner, Some(outer)) if inner <= outer => 2 * (outer - inner + 1),
                _ => 0,
            };
            let overflow = || Error::Overflow { what: "displacements", factors: widths.clone() };
            end = end.checked_add(count).ok_or_else(overflow)?;
            self.ends.push(end);
        }
        Ok(())
    }

    /// The components of a row along z and y.
    fn slow(&self, mut row: usize) -> [i64; 3] {
        let mut slow = [0; 3];
        for d in (0..2).rev() {
            let width = 2 * self.reach[d] as usize + 1;
            slow[d] = (row % width) as i64 - self.reach[d] as i64;
            row /= width;
        }
        slow
    }

    /// The smallest and the largest absolute value of the x component in a row; the largest is `None` if the row is
    /// beyond all lengths.
    fn run(&self, slow: &[i64; 3]) -> (u64, Option<u64>) {
        let square: u64 = slow.iter().map(|component| component.unsigned_abs().pow(2)).sum();
        let outer = self.squares.1.checked_sub(square).map(|rest| rest.isqrt().min(self.reach[2]));
        let rest = self.squares.0.saturating_sub(square);
        let root = rest.isqrt();
        (root + u64::from(root * root < rest), outer)
    }

    /// The number of displacements.
    pub(crate) fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The vector (z, y, x) with this number, which is below [`Displacements::len`].
    pub(crate) fn get(&self, number: u64) -> [i64; 3] {
        let row = self.ends.partition_point(|end| *end <= number);
        let before = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let (at, mut vector) = ((number - before) as i64, self.slow(row));
        let (inner, outer) = self.run(&vector);
        let (inner, outer) = (inner as i64, outer.unwrap_or(0) as i64);
        let first_run = outer - inner + 1;
        vector[2] = if inner == 0 || at < first_run { at - outer } else { inner + at - first_run };
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn displacements(options: &AnyPairOptions, size: &[usize]) -> Result<Displacements> {
        Displacements::new(options, Extent::window(&options.window)?, Extent::new("size", size)?)
    }

    /// Each vector in the range appears once, in order.
    fn check<const D: usize>(window: [usize; D], range: (f64, f64), size: [usize; D]) {
        let options = AnyPairOptions::new(&window, 1, range);
        options.check().unwrap();
        let reach = 40_i64;
        let width = (2 * reach + 1) as usize;
        let all = (0..width.pow(D as u32)).map(|mut flat| {
            let mut vector = [0; D];
            for d in (0..D).rev() {
                vector[d] = (flat % width) as i64 - reach;
                flat /= width;
            }
            vector
        });
        let admitted: Vec<_> = all
            .filter(|vector: &[i64; D]| {
                let length = vector.iter().map(|v| (v * v) as f64).sum::<f64>().sqrt();
                let fits = (0..D).all(|d| vector[d].unsigned_abs() as usize <= size[d] - window[d]);
                range.0 <= length && length <= range.1 && fits
            })
            .collect();
        match displacements(&options, &size) {
            Ok(found) => {
                let all = (0..found.len()).map(|n| found.get(n));
                let all: Vec<[i64; D]> = all.map(|vector| std::array::from_fn(|d| vector[3 - D + d])).collect();
                assert_eq!(all, admitted);
            }
            Err(error) => assert!(admitted.is_empty(), "{error}"),
        }
    }

    #[test]
    fn all_and_only_those_admitted() {
        for range in [(3.0, 9.0), (5.0, 5.0), (3.5, 3.6), (6.0, 6.0), (50_f64.sqrt(), 50_f64.sqrt()), (3.0, 3.1)] {
            for size in [[12, 12], [14, 40], [12, 15], [21, 21], [13, 13], [60, 12]] {
                check([12, 9], range, size);
            }
        }
        check([3, 2], (0.0, 2.0), [9, 9]);
        check([1, 1], (0.0, 0.0), [1, 1]);
        for range in [(2.0, 6.0), (3.0, 3.0), (5.2, 5.3)] {
            for size in [[30, 30, 30], [8, 12, 9], [5, 6, 8], [6, 30, 9]] {
                check([5, 6, 8], range, size);
            }
        }
    }

    #[test]
    fn what_admits_none_says_so() {
        let refused = |range, size: [usize; 2]| {
            let options = AnyPairOptions::new(&[12, 12], 1, range);
            displacements(&options, &size).unwrap_err().to_string()
        };
        let text = refused((5.5, 5.6), [40, 40]);
        assert!(text.contains("got (5.5, 5.6)") && text.contains("|dy| <= 5, |dx| <= 5"), "{text}");
        let text = refused((4.0, 8.0), [13, 14]);
        assert!(text.contains("|dy| <= 1, |dx| <= 2") && text.contains("[13, 14]"), "{text}");
    }

    #[test]
    fn a_large_window_is_no_burden() {
        let options = AnyPairOptions::new(&[512; 3], 1, (128.0, 384.0));
        let found = displacements(&options, &[2048; 3]).unwrap();
        // The volume of the shell, to within 0.1 %.
        let volume = 4.0 / 3.0 * std::f64::consts::PI * (384_f64.powi(3) - 128_f64.powi(3));
        assert!((found.len() as f64 / volume - 1.0).abs() < 1e-3);
        assert!(found.ends.len() * 8 < 5 << 20);
    }
}
