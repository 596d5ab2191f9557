//! Sums of `f64` that keep what rounding takes away, so that a mean of equal values is that value.

use std::ops::{Add, AddAssign, Mul};

/// A sum and what was rounded off it (Neumaier, 1974).
#[derive(Debug, Clone, Copy, Default)]
pub struct Twofold {
    sum: f64,
    rest: f64,
}

impl Twofold {
    /// The sum divided by `weight`, rounded once.
    #[inline(always)]
    pub(crate) fn over(self, weight: f64) -> f64 {
        let quotient = (self.sum + self.rest) / weight;
        if !quotient.is_finite() {
            return self.sum / weight;
        }
        quotient + ((-quotient).mul_add(weight, self.sum) + self.rest) / weight
    }
}

impl From<f64> for Twofold {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Self { sum: value, rest: 0.0 }
    }
}

impl From<u16> for Twofold {
    #[inline(always)]
    fn from(value: u16) -> Self {
        Self { sum: f64::from(value), rest: 0.0 }
    }
}

impl Add for Twofold {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let sum = self.sum + other.sum;
        // What of the one and of the other is in the sum; the rest was rounded off (Knuth's two-sum).
        let of_other = sum - self.sum;
        let of_self = sum - of_other;
        let rest = (self.sum - of_self) + (other.sum - of_other);
        Self { sum, rest: self.rest + other.rest + rest }
    }
}

impl AddAssign for Twofold {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Twofold {
    type Output = Self;

    /// The product with a whole number, whose rest is 0.
    #[inline(always)]
    fn mul(self, weight: Self) -> Self {
        let sum = self.sum * weight.sum;
        Self { sum, rest: self.sum.mul_add(weight.sum, -sum) + self.rest * weight.sum }
    }
}
