//! Binomial filtering and subsampling by two.

use super::{FinePixels, Method};
use crate::Pixel;

/// The weights of five pixels; the middle one is the pixel that is kept.
const KERNEL: [u16; 5] = [1, 4, 6, 4, 1];

/// The weight of the fine pixel `from` in the coarse pixel `at`.
fn weight(from: usize, at: usize, factor: usize) -> u16 {
    if factor == 1 { 1 } else { KERNEL[from + 2 - at * 2] }
}

/// The sum of the weights of the pixels within the level.
fn weights(at: usize, factor: usize, size: usize) -> u16 {
    Method::Gaussian.support(at, factor, size).map(|from| weight(from, at, factor)).sum()
}

/// Computes the coarse rows from `first` on of the plane `at`: sums along Z and Y first, then along X.
pub(super) fn shrink_rows<T: Pixel>(
    fine: &FinePixels<'_, T>,
    factor: [usize; 3],
    at: usize,
    first: usize,
    coarse: &mut [T],
) {
    let [depth, height, width] = fine.size;
    let mut totals = vec![T::Total::default(); width];
    for (y, coarse) in coarse.chunks_exact_mut(width.div_ceil(factor[2])).enumerate() {
        let y = first + y;
        totals.fill(T::Total::default());
        for (plane, z) in fine.planes.iter().zip(fine.first..) {
            for row in Method::Gaussian.support(y, factor[1], height) {
                let weight = T::Total::from(weight(z, at, factor[0]) * weight(row, y, factor[1]));
                for (total, pixel) in totals.iter_mut().zip(&plane[row * width..(row + 1) * width]) {
                    *total += pixel.term() * weight;
                }
            }
        }
        let lines = weights(at, factor[0], depth) * weights(y, factor[1], height);
        along_x::<T>(&totals, factor[2], lines, coarse);
    }
}

/// Sums along X, and divides by all weights.
fn along_x<T: Pixel>(totals: &[T::Total], factor: usize, lines: u16, coarse: &mut [T]) {
    let width = totals.len();
    let near_edge = |x: usize| {
        let support = Method::Gaussian.support(x, factor, width);
        let sum =
            support.fold(T::Total::default(), |sum, from| sum + totals[from] * T::Total::from(weight(from, x, factor)));
        T::mean(sum, lines * weights(x, factor, width))
    };
    if factor == 1 || width < 5 {
        coarse.iter_mut().enumerate().for_each(|(x, pixel)| *pixel = near_edge(x));
        return;
    }
    let [four, six] = [4_u16, 6].map(T::Total::from);
    // Away from the edges, five totals from 2x - 2 on; with a constant weight the division is a shift.
    let inner = |five: &[T::Total]| five[0] + five[4] + (five[1] + five[3]) * four + five[2] * six;
    let windows = totals.windows(5).step_by(2);
    let count = windows.len();
    coarse[0] = near_edge(0);
    match lines {
        16 => coarse[1..].iter_mut().zip(windows).for_each(|(to, five)| *to = T::mean(inner(five), 256)),
        256 => coarse[1..].iter_mut().zip(windows).for_each(|(to, five)| *to = T::mean(inner(five), 4096)),
        _ => coarse[1..].iter_mut().zip(windows).for_each(|(to, five)| *to = T::mean(inner(five), lines * 16)),
    }
    for (x, pixel) in coarse.iter_mut().enumerate().skip(1 + count) {
        *pixel = near_edge(x);
    }
}
