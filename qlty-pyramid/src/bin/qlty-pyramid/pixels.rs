//! Pixels of a type known at run time.

use qlty_core::{Element, Real, with_dtype};
use qlty_pyramid::ArrayRef;

/// The values of all pixels of an array, in C order.
pub(crate) fn numbers(pixels: &ArrayRef<'_>) -> qlty_pyramid::Result<Vec<f64>> {
    fn all<T: Element>(pixels: &ArrayRef<'_>) -> qlty_pyramid::Result<Vec<f64>> {
        Ok(pixels.view::<T>("pixels")?.iter().map(|pixel| pixel.widen().to_f64()).collect())
    }
    with_dtype!(pixels.dtype(), T => all::<T>(pixels))
}
