//! Values of every element type, with their bits and numeric values.

use half::{bf16, f16};
use ndarray::{ArrayD, IxDyn};
use qlty_core::Element;

/// An element type for which tests can generate values.
pub trait Sample: Element {
    /// The relative distance between neighbouring values: zero for integers.
    const EPSILON: f64;
    /// Whether the type has negative values.
    const SIGNED: bool;

    /// The bits of the value; the same for every NaN, whose payload may differ by machine.
    fn bits(self) -> u64;

    /// The value as a number.
    fn number(self) -> f64;

    /// The nearest value, implemented here independently of the code under test.
    fn nearest(number: f64) -> Self;

    /// Any value of the type, from random bits, including extremes, infinities and NaN.
    fn any(random: u64) -> Self;

    /// A value that can be summed: at most 100 away from zero.
    fn moderate(random: u64) -> Self {
        let unit = (random >> 11) as f64 / (1_u64 << 53) as f64;
        Self::nearest(if Self::SIGNED { 200.0 * unit - 100.0 } else { 100.0 * unit })
    }
}

macro_rules! integer_samples {
    ($($type:ty)*) => {$(
        impl Sample for $type {
            const EPSILON: f64 = 0.0;
            const SIGNED: bool = <$type>::MIN != 0;
            fn bits(self) -> u64 { self as u64 }
            fn number(self) -> f64 { self as f64 }
            fn nearest(number: f64) -> Self { number as $type }
            fn any(random: u64) -> Self { random as $type }
        }
    )*};
}

integer_samples!(u8 i8 u16 i16 u32 i32 u64 i64);

impl Sample for bool {
    const EPSILON: f64 = 0.0;
    const SIGNED: bool = false;
    fn bits(self) -> u64 {
        u64::from(self)
    }
    fn number(self) -> f64 {
        f64::from(u8::from(self))
    }
    fn nearest(number: f64) -> Self {
        number >= 50.0
    }
    fn any(random: u64) -> Self {
        random & 1 == 1
    }
}

macro_rules! float_samples {
    ($($type:ty, $bits:ty, $epsilon:expr, $to:expr, $from:expr;)*) => {$(
        impl Sample for $type {
            const EPSILON: f64 = $epsilon;
            const SIGNED: bool = true;
            fn bits(self) -> u64 {
                if self.is_nan() { u64::MAX } else { self.to_bits().into() }
            }
            fn number(self) -> f64 { $to(self) }
            fn nearest(number: f64) -> Self { $from(number) }
            fn any(random: u64) -> Self { <$type>::from_bits(random as $bits) }
        }
    )*};
}

float_samples! {
    f16, u16, 1.0 / 1024.0, f16::to_f64, f16::from_f64;
    bf16, u16, 1.0 / 128.0, bf16::to_f64, bf16::from_f64;
    f32, u32, f32::EPSILON as f64, f64::from, |number| number as f32;
    f64, u64, f64::EPSILON, |value| value, |number| number;
}

/// A random number from a seed and a position: SplitMix64.
pub fn random(seed: u64, position: u64) -> u64 {
    let mut z = seed.wrapping_add(position.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn filled<T>(shape: &[usize], value: impl Fn(u64) -> T) -> ArrayD<T> {
    let values = (0..shape.iter().product::<usize>() as u64).map(value).collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).unwrap()
}

/// An array of [`Sample::moderate`] values.
pub fn moderate<T: Sample>(shape: &[usize], seed: u64) -> ArrayD<T> {
    filled(shape, |i| T::moderate(random(seed, i)))
}

/// An array of [`Sample::any`] values.
pub fn any<T: Sample>(shape: &[usize], seed: u64) -> ArrayD<T> {
    filled(shape, |i| T::any(random(seed, i)))
}

/// Calls a macro with every element type, as `name: type` pairs.
#[macro_export]
macro_rules! for_each_element {
    ($do:ident) => {
        $do! {
            of_bool: bool, of_u8: u8, of_i8: i8, of_u16: u16, of_i16: i16, of_u32: u32, of_i32: i32, of_u64: u64,
            of_i64: i64, of_f16: half::f16, of_bf16: half::bf16, of_f32: f32, of_f64: f64
        }
    };
}
