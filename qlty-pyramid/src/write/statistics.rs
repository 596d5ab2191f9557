//! What viewers want to know of the values of a channel, measured while they pass.

use half::f16;
use serde_json::{Value, json};

use crate::pixel::Number;
use crate::source::real;
use crate::{Pixel, PixelType};

/// The fractions of pixels that a viewer's first window leaves out below and keeps up to.
const TAILS: [f64; 2] = [0.001, 0.999];
const BINS: usize = 1 << 16;

/// The finite values of a channel: the smallest and the largest of all, and how often each occurs among some.
///
/// Integers of up to 16 bits and `f16` have a bin for each value; other types are counted by the upper half
/// of their `f32`, so to 1 % of the value.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    range: Option<(f64, f64)>,
    counts: Vec<u64>,
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self { range: None, counts: vec![0; BINS] }
    }

    /// Counts a plane of rows of `width` pixels: all for the range, some of the rows for the rest.
    pub(crate) fn add<T: Pixel>(&mut self, plane: &[T], width: usize) {
        // 64 rows of a plane tell its distribution well.
        let step = (plane.len() / width / 64).clamp(1, 16);
        for (y, row) in plane.chunks_exact(width).enumerate() {
            if let Some((min, max)) = range(row) {
                self.widen((real(min), real(max)));
            }
            if y % step == 0 {
                for pixel in row.iter().filter(|pixel| is_finite(**pixel)) {
                    self.counts[bin(*pixel)] += 1;
                }
            }
        }
    }

    fn widen(&mut self, (min, max): (f64, f64)) {
        let (least, most) = self.range.unwrap_or((min, max));
        self.range = Some((least.min(min), most.max(max)));
    }

    /// Adds what another has counted.
    pub(crate) fn merge(&mut self, other: &Self) {
        if let Some(range) = other.range {
            self.widen(range);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, other)| *count += other);
    }

    /// The window of an `omero` channel: the range of all values, and the one that a viewer starts with.
    pub(crate) fn window(&self, pixel_type: PixelType) -> Value {
        let (min, max) = self.range.unwrap_or((0.0, 0.0));
        let [start, end] = TAILS.map(|fraction| self.quantile(fraction, pixel_type).clamp(min, max));
        // A window of no width shows nothing.
        let above = |low: f64, high: f64| if high > low { high } else { low + 1.0 };
        json!({ "min": min, "max": above(min, max), "start": start, "end": above(start, end) })
    }

    /// The value that at least this fraction of the counted ones does not exceed.
    fn quantile(&self, fraction: f64, pixel_type: PixelType) -> f64 {
        let wanted = fraction * self.counts.iter().sum::<u64>() as f64;
        let mut so_far = 0;
        for (bin, count) in self.counts.iter().enumerate() {
            so_far += count;
            if *count > 0 && so_far as f64 >= wanted {
                return value(bin as u16, pixel_type);
            }
        }
        0.0
    }

    /// For the state of a run that may be resumed.
    pub(crate) fn to_json(&self) -> Value {
        let counts = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        // Bits, since decimals read back may differ in the last of them.
        json!({
            "range": self.range.map(|(min, max)| [min.to_bits(), max.to_bits()]),
            "counts": counts.map(|(bin, count)| json!([bin, count])).collect::<Vec<_>>(),
        })
    }

    /// What [`Self::to_json`] wrote, if it is that.
    pub(crate) fn from_json(json: &Value) -> Option<Self> {
        let mut statistics = Self::new();
        for entry in json["counts"].as_array()? {
            let bin = usize::try_from(entry[0].as_u64()?).ok()?;
            *statistics.counts.get_mut(bin)? = entry[1].as_u64()?;
        }
        if let Some(range) = json["range"].as_array() {
            let bits = |at: usize| range.get(at)?.as_u64().map(f64::from_bits);
            statistics.range = Some((bits(0)?, bits(1)?));
        }
        Some(statistics)
    }
}

#[inline(always)]
fn is_finite<T: Pixel>(pixel: T) -> bool {
    match pixel.number() {
        Number::Whole(_) => true,
        Number::Real(real) => real.is_finite(),
    }
}

/// The smallest and the largest finite value.
fn range<T: Pixel>(row: &[T]) -> Option<(T, T)> {
    let mut finite = row.iter().copied().filter(|pixel| is_finite(*pixel));
    let first = finite.next()?;
    let lesser = |a: T, b: T| if b < a { b } else { a };
    let greater = |a: T, b: T| if b > a { b } else { a };
    Some(finite.fold((first, first), |(min, max), pixel| (lesser(min, pixel), greater(max, pixel))))
}

/// The sign bit of a bin that is made of the bits of a float.
const SIGN: u16 = 0x8000;

/// The bin of a value; bins are in the order of their values.
#[inline(always)]
fn bin<T: Pixel>(pixel: T) -> usize {
    let float = |bits: u16| if bits & SIGN == 0 { bits | SIGN } else { !bits };
    let bin = match (T::TYPE, pixel.number()) {
        (PixelType::U8 | PixelType::U16, Number::Whole(whole)) => whole as u16,
        (PixelType::I8 | PixelType::I16, Number::Whole(whole)) => (whole as u16) ^ SIGN,
        (PixelType::F16, Number::Real(real)) => float(f16::from_f64(real).to_bits()),
        (_, Number::Whole(whole)) => float(((whole as f32).to_bits() >> 16) as u16),
        (_, Number::Real(real)) => float(((real as f32).to_bits() >> 16) as u16),
    };
    usize::from(bin)
}

/// A value of a bin.
fn value(bin: u16, pixel_type: PixelType) -> f64 {
    let bits = if bin & SIGN == 0 { !bin } else { bin ^ SIGN };
    match pixel_type {
        PixelType::U8 | PixelType::U16 => f64::from(bin),
        PixelType::I8 | PixelType::I16 => f64::from((bin ^ SIGN) as i16),
        PixelType::F16 => f16::from_bits(bits).to_f64(),
        _ => f64::from(f32::from_bits(u32::from(bits) << 16)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics<T: Pixel>(values: &[T]) -> Statistics {
        let mut statistics = Statistics::new();
        statistics.add(values, values.len());
        statistics
    }

    #[test]
    fn small_types_are_counted_exactly() {
        let values: Vec<i16> = (-500..500).collect();
        let window = statistics(&values).window(PixelType::I16);
        assert_eq!(window, json!({ "min": -500.0, "max": 499.0, "start": -500.0, "end": 498.0 }));
        let window = statistics(&[7_u8; 9]).window(PixelType::U8);
        assert_eq!(window, json!({ "min": 7.0, "max": 8.0, "start": 7.0, "end": 8.0 }));
    }

    #[test]
    fn large_types_are_counted_to_a_percent() {
        let values: Vec<f64> = (0..10_000).map(|i| f64::from(i) * 1e3 - 5e6).collect();
        let window = statistics(&values).window(PixelType::F64);
        assert_eq!((window["min"].as_f64(), window["max"].as_f64()), (Some(-5e6), Some(4_999_000.0)));
        let close = |name: &str, expected: f64| (window[name].as_f64().unwrap() / expected - 1.0).abs() < 0.01;
        assert!(close("start", -4.99e6) && close("end", 4.99e6), "{window}");
    }

    #[test]
    fn what_is_not_finite_does_not_count() {
        let values = [f32::NAN, f32::NEG_INFINITY, 1.0, 2.0, f32::INFINITY];
        let window = statistics(&values).window(PixelType::F32);
        assert_eq!((window["min"].as_f64(), window["max"].as_f64()), (Some(1.0), Some(2.0)));
        let window = statistics(&[f32::NAN]).window(PixelType::F32);
        assert_eq!((window["start"].as_f64(), window["end"].as_f64()), (Some(0.0), Some(1.0)));
    }

    #[test]
    fn what_is_written_down_comes_back() {
        let before = statistics(&[0.1_f64, -2e300, 7.0]);
        let after = Statistics::from_json(&before.to_json()).unwrap();
        assert_eq!((after.range, after.counts), (before.range, before.counts));
        assert!(Statistics::from_json(&json!({ "counts": [[70_000, 1]] })).is_none());
    }
}
