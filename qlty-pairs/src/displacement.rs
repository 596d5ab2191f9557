//! The displacements that a pair may have: counted by rows, not stored.
//!
//! The integer vectors of a range of lengths fill a disc or a ball with a hole. A row along the
//! fastest axis meets it in one run or in two, so the number of vectors up to the end of each row is
//! all that is needed to find the n-th vector: a ball of radius 384 takes 5 MB instead of 5 GB.

use qlty_core::{Error, Rank, Result, Spatial};

use crate::PairOptions;

/// Lengths beyond this would overflow where they are squared and added.
const LONGEST: f64 = (1_u64 << 30) as f64;

/// The integer vectors of a range of lengths whose components stay within limits.
#[derive(Debug, Clone)]
pub(crate) struct Displacements<const D: usize> {
    /// The largest component along each axis, slowest first.
    reach: [u64; D],
    /// The least and the largest square of a length.
    squares: (u64, u64),
    /// The number of vectors up to the end of each row, rows in C order over the slower axes.
    ends: Vec<u64>,
}

impl<const D: usize> Displacements<D>
where
    Spatial<D>: Rank,
{
    /// The displacements of two windows within an image of this size.
    pub(crate) fn new(options: &PairOptions<D>, size: [usize; D]) -> Result<Self> {
        let (low, high) = options.delta_range;
        if high > LONGEST {
            let expected = format!("at most {LONGEST}, beyond which squares overflow");
            return Err(Error::argument("delta range", options.delta_range, expected));
        }
        let reach: [u64; D] = std::array::from_fn(|d| (high as u64).min((size[d] - options.window[d]) as u64));
        // The vectors are those whose length, as it is computed in f64, is in the range.
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
            let names = &["dz", "dy", "dx"][3 - D..];
            let reach: Vec<_> = names.iter().zip(reach).map(|(name, reach)| format!("|{name}| <= {reach}")).collect();
            let (reach, window) = (reach.join(", "), options.window);
            let expected = format!(
                "a range with the length of a whole-numbered vector of {reach}: no other lets two windows {window:?} \
                 fit into images {size:?}"
            );
            return Err(Error::argument("delta range", options.delta_range, expected));
        }
        Ok(displacements)
    }

    fn count_rows(&mut self) -> Result<()> {
        let widths: Vec<usize> = self.reach[..D - 1].iter().map(|reach| 2 * *reach as usize + 1).collect();
        let rows = qlty_core::array::product("rows of displacements", &widths)?;
        let bytes = rows.saturating_mul(size_of::<u64>());
        let no_memory = |_| Error::OutOfMemory { what: "rows of displacements", bytes };
        self.ends.try_reserve_exact(rows).map_err(no_memory)?;
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

    /// The components of a row along the slower axes.
    fn slow(&self, mut row: usize) -> [i64; D] {
        let mut slow = [0; D];
        for d in (0..D - 1).rev() {
            let width = 2 * self.reach[d] as usize + 1;
            slow[d] = (row % width) as i64 - self.reach[d] as i64;
            row /= width;
        }
        slow
    }

    /// The least and the largest size of the component along the fastest axis in a row; no largest
    /// where the row is beyond all lengths.
    fn run(&self, slow: &[i64; D]) -> (u64, Option<u64>) {
        let square: u64 = slow.iter().map(|component| component.unsigned_abs().pow(2)).sum();
        let outer = self.squares.1.checked_sub(square).map(|rest| rest.isqrt().min(self.reach[D - 1]));
        let rest = self.squares.0.saturating_sub(square);
        let root = rest.isqrt();
        (root + u64::from(root * root < rest), outer)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The vector of this number, below [`Displacements::len`], along each axis, slowest first.
    pub(crate) fn get(&self, number: u64) -> [i64; D] {
        let row = self.ends.partition_point(|end| *end <= number);
        let before = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        let (at, mut vector) = ((number - before) as i64, self.slow(row));
        let (inner, outer) = self.run(&vector);
        let (inner, outer) = (inner as i64, outer.unwrap_or(0) as i64);
        let first_run = outer - inner + 1;
        vector[D - 1] = if inner == 0 || at < first_run { at - outer } else { inner + at - first_run };
        vector
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each vector that the definition admits comes up once, in order.
    fn check<const D: usize>(window: [usize; D], range: (f64, f64), size: [usize; D])
    where
        Spatial<D>: Rank,
    {
        let options = PairOptions::new(window, 1, range);
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
        match Displacements::new(&options, size) {
            Ok(found) => {
                assert_eq!((0..found.len()).map(|n| found.get(n)).collect::<Vec<_>>(), admitted);
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
        let refused = |range, size| {
            let options = PairOptions::new([12, 12], 1, range);
            Displacements::new(&options, size).unwrap_err().to_string()
        };
        let text = refused((5.5, 5.6), [40, 40]);
        assert!(text.contains("got (5.5, 5.6)") && text.contains("|dy| <= 5, |dx| <= 5"), "{text}");
        let text = refused((4.0, 8.0), [13, 14]);
        assert!(text.contains("|dy| <= 1, |dx| <= 2") && text.contains("[13, 14]"), "{text}");
    }

    #[test]
    fn a_large_window_is_no_burden() {
        let options = PairOptions::new([512; 3], 1, (128.0, 384.0));
        let found = Displacements::new(&options, [2048; 3]).unwrap();
        // The volume of the shell, to a part in a thousand.
        let volume = 4.0 / 3.0 * std::f64::consts::PI * (384_f64.powi(3) - 128_f64.powi(3));
        assert!((found.len() as f64 / volume - 1.0).abs() < 1e-3);
        assert!(found.ends.len() * 8 < 5 << 20);
    }
}
