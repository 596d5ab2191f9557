//! The ranges and histograms of channels for viewers, computed while the planes are processed.

use qlty_core::dynamic::{ArrayRef, DType, f16};
use qlty_core::with_dtype;
use serde_json::{Value, json};

use crate::arrays::slice;
use crate::pixel::Wide;
use crate::{Pixel, Result};

/// The quantiles of the initial display window.
const TAILS: [f64; 2] = [0.001, 0.999];
const BINS: usize = 1 << 16;

/// The finite values of a channel: the minimum and the maximum of all, and a histogram of a sample.
///
/// Integers of up to 16 bits, `f16` and `bf16` have one bin per value; other types are counted by the upper half of
/// their `f32`, so with a resolution of 1 % of the value.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    range: Option<(f64, f64)>,
    counts: Vec<u64>,
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self { range: None, counts: vec![0; BINS] }
    }

    /// Counts a plane, (Y,X) in C order: all rows for the range, some of them for the histogram.
    pub(crate) fn add(&mut self, plane: &ArrayRef<'_>) -> Result<()> {
        let width = plane.shape().last().copied().unwrap_or(0);
        with_dtype!(plane.dtype(), T => self.add_pixels(slice::<T>(plane)?, width));
        Ok(())
    }

    fn add_pixels<T: Pixel>(&mut self, plane: &[T], width: usize) {
        // 64 rows represent the distribution of a plane well.
        let step = (plane.len() / width / 64).clamp(1, 16);
        for (y, row) in plane.chunks_exact(width).enumerate() {
            if let Some((min, max)) = range(row) {
                self.widen((min.wide().to_f64(), max.wide().to_f64()));
            }
            if y % step == 0 {
                for pixel in row.iter().filter(|pixel| pixel.wide().is_finite()) {
                    self.counts[bin(*pixel)] += 1;
                }
            }
        }
    }

    fn widen(&mut self, (min, max): (f64, f64)) {
        let (least, most) = self.range.unwrap_or((min, max));
        self.range = Some((least.min(min), most.max(max)));
    }

    /// Adds the counts of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(range) = other.range {
            self.widen(range);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
    }

    /// The window of an `omero` channel: the range of all values, and the initial display window.
    pub(crate) fn window(&self, dtype: DType) -> Value {
        let (min, max) = self.range.unwrap_or((0.0, 0.0));
        let [start, end] = TAILS.map(|fraction| self.quantile(fraction, dtype).clamp(min, max));
        // A window of zero width shows nothing.
        let above = |low: f64, high: f64| if high > low { high } else { low + 1.0 };
        json!({ "min": min, "max": above(min, max), "start": start, "end": above(start, end) })
    }

    /// The smallest value such that at least this fraction of the counted values does not exceed it.
    fn quantile(&self, fraction: f64, dtype: DType) -> f64 {
        let wanted = fraction * self.counts.iter().sum::<u64>() as f64;
        let mut so_far = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            so_far += count;
            if *count > 0 && so_far as f64 >= wanted {
                return value(bin as u16, dtype);
            }
        }
        0.0
    }

    /// The state of a run that may be resumed.
    pub(crate) fn to_json(&self) -> Value {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        // Stored as bits, since decimals that are read back may differ in the last bit.
        json!({
            "range": self.range.map(|(min, max)| [min.to_bits(), max.to_bits()]),
            "counts": counts.map(|(bin, count)| json!([bin, count])).collect::<Vec<_>>(),
        })
    }

    /// The inverse of [`Self::to_json`]; `None` for other JSON, and for more than `most` values.
    pub(crate) fn from_json(json: &Value, most: u64) -> Option<Self> {
        let mut statistics = Self::new();
        let (mut next, mut sum) = (0, 0_u64);
        for entry in json["counts"].as_array()? {
            let [bin, count] = entry.as_array()?.as_slice() else { return None };
            let (bin, count) = (usize::try_from(bin.as_u64()?).ok()?, count.as_u64()?);
            sum = sum.checked_add(count).filter(|sum| bin >= next && *sum <= most)?;
            *statistics.counts.get_mut(bin)? = count;
            next = bin + 1;
        }
        if !json["range"].is_null() {
            let [min, max] = json["range"].as_array()?.as_slice() else { return None };
            let [min, max] = [f64::from_bits(min.as_u64()?), f64::from_bits(max.as_u64()?)];
            statistics.range = Some((min, max)).filter(|_| min.is_finite() && max.is_finite() && min <= max);
        }
        (statistics.range.is_some() || json.get("range")?.is_null() && sum == 0).then_some(statistics)
    }
}

/// The smallest and the largest finite value.
fn range<T: Pixel>(row: &[T]) -> Option<(T, T)> {
    let mut finite = row.iter().copied().filter(|pixel| pixel.wide().is_finite());
    let first = finite.next()?;
    let lesser = |a: T, b: T| if b < a { b } else { a };
    let greater = |a: T, b: T| if b > a { b } else { a };
    Some(finite.fold((first, first), |(min, max), pixel| (lesser(min, pixel), greater(max, pixel))))
}

/// The sign bit of a bin that consists of the bits of a float.
const SIGN: u16 = 0x8000;

/// The bin of a value; bins are ordered by their values.
#[inline(always)]
fn bin<T: Pixel>(pixel: T) -> usize {
    let float = |bits: u16| if bits & SIGN == 0 { bits | SIGN } else { !bits };
    let bin = match T::DTYPE {
        DType::U8 | DType::U16 => pixel.wide().low_bits(),
        DType::I8 | DType::I16 => pixel.wide().low_bits() ^ SIGN,
        DType::F16 => float(pixel.wide().low_bits()),
        _ => float((pixel.wide().to_f32().to_bits() >> 16) as u16),
    };
    usize::from(bin)
}

/// The value of a bin.
fn value(bin: u16, dtype: DType) -> f64 {
    let bits = if bin & SIGN == 0 { !bin } else { bin ^ SIGN };
    match dtype {
        DType::U8 | DType::U16 => f64::from(bin),
        DType::I8 | DType::I16 => f64::from((bin ^ SIGN) as i16),
        DType::F16 => f16::from_bits(bits).to_f64(),
        _ => f64::from(f32::from_bits(u32::from(bits) << 16)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics<T: Pixel>(values: &[T]) -> Statistics {
        let mut statistics = Statistics::new();
        statistics.add_pixels(values, values.len());
        statistics
    }

    #[test]
    fn small_types_are_counted_exactly() {
        let values: Vec<i16> = (-500..500).collect();
        let window = statistics(&values).window(DType::I16);
        assert_eq!(window, json!({ "min": -500.0, "max": 499.0, "start": -500.0, "end": 498.0 }));
        let window = statistics(&[7_u8; 9]).window(DType::U8);
        assert_eq!(window, json!({ "min": 7.0, "max": 8.0, "start": 7.0, "end": 8.0 }));
    }

    #[test]
    fn large_types_are_counted_to_a_percent() {
        let values: Vec<f64> = (0..10_000).map(|i| f64::from(i) * 1e3 - 5e6).collect();
        let window = statistics(&values).window(DType::F64);
        assert_eq!((window["min"].as_f64(), window["max"].as_f64()), (Some(-5e6), Some(4_999_000.0)));
        let close = |name: &str, expected: f64| (window[name].as_f64().unwrap() / expected - 1.0).abs() < 0.01;
        assert!(close("start", -4.99e6) && close("end", 4.99e6), "{window}");
    }

    #[test]
    fn what_is_not_finite_does_not_count() {
        let values = [f32::NAN, f32::NEG_INFINITY, 1.0, 2.0, f32::INFINITY];
        let window = statistics(&values).window(DType::F32);
        assert_eq!((window["min"].as_f64(), window["max"].as_f64()), (Some(1.0), Some(2.0)));
        let window = statistics(&[f32::NAN]).window(DType::F32);
        assert_eq!((window["start"].as_f64(), window["end"].as_f64()), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn what_is_written_down_comes_back() {
        for values in [&[0.1_f64, -2e300, 7.0][..], &[f64::NAN]] {
            let before = statistics(values);
            let after = Statistics::from_json(&before.to_json(), 3).unwrap();
            assert_eq!((after.range, after.counts), (before.range, before.counts));
        }
        let range = |min: f64, max: f64| json!([min.to_bits(), max.to_bits()]);
        for wrong in [
            json!({ "counts": [[70_000, 1]], "range": range(0.0, 1.0) }),
            json!({ "counts": [[5, 1], [5, 1]], "range": range(0.0, 1.0) }),
            json!({ "counts": [[5, 1, 1]], "range": range(0.0, 1.0) }),
            json!({ "counts": [[5, 3], [6, 1]], "range": range(0.0, 1.0) }),
            json!({ "counts": [[5, 3], [6, u64::MAX]], "range": range(0.0, 1.0) }),
            json!({ "counts": [[5, 1]], "range": range(1.0, 0.0) }),
            json!({ "counts": [[5, 1]], "range": range(f64::NAN, 1.0) }),
            json!({ "counts": [[5, 1]], "range": range(0.0, f64::INFINITY) }),
            json!({ "counts": [[5, 1]], "range": null }),
            json!({ "counts": [] }),
            json!({ "range": null }),
            json!(null),
        ] {
            assert!(Statistics::from_json(&wrong, 3).is_none(), "{wrong}");
        }
    }
}
