//! Compensated sums of `f64`, so that a mean of equal values is exactly that value.

use std::ops::{Add, AddAssign, Mul};

/// A sum together with the accumulated rounding errors of its additions (Neumaier, 1974).
#[derive(Debug, Clone, Copy, Default)]
pub struct CompensatedSum {
    sum: f64,
    error: f64,
}

impl CompensatedSum {
    /// The sum divided by `weight`, rounded once.
    #[inline(always)]
    pub(crate) fn over(self, weight: f64) -> f64 {
        let quotient = (self.sum + self.error) / weight;
        if !quotient.is_finite() {
            return self.sum / weight;
        }
        quotient + ((-quotient).mul_add(weight, self.sum) + self.error) / weight
    }
}

impl From<f64> for CompensatedSum {
    #[inline(always)]
    fn from(value: f64) -> Self {
        Self { sum: value, error: 0.0 }
    }
}

impl From<u16> for CompensatedSum {
    #[inline(always)]
    fn from(value: u16) -> Self {
        Self { sum: f64::from(value), error: 0.0 }
    }
}

impl Add for CompensatedSum {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let sum = self.sum + other.sum;
        // The parts of both terms that are in the sum; the remainders are the rounding error (Knuth's two-sum).
        let of_other = sum - self.sum;
        let of_self = sum - of_other;
        let error = (self.sum - of_self) + (other.sum - of_other);
        Self { sum, error: self.error + other.error + error }
    }
}

impl AddAssign for CompensatedSum {
    #[inline(always)]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for CompensatedSum {
    type Output = Self;

    /// The product with an integer, which is exact.
    #[inline(always)]
    fn mul(self, weight: Self) -> Self {
        let sum = self.sum * weight.sum;
        Self { sum, error: self.sum.mul_add(weight.sum, -sum) + self.error * weight.sum }
    }
}
