//! One coarse pixel from each block of fine ones.

use super::FinePixels;
use crate::Pixel;

/// Computes the coarse rows from `first` on as means of blocks.
pub(super) fn mean_rows<T: Pixel>(fine: &FinePixels<'_, T>, factor: [usize; 3], first: usize, coarse: &mut [T]) {
    let [_, height, width] = fine.size;
    let mut totals = vec![T::Total::default(); width];
    for (y, coarse) in coarse.chunks_exact_mut(width.div_ceil(factor[2])).enumerate() {
        let from = (first + y) * factor[1];
        let rows = from..(from + factor[1]).min(height);
        let lines = fine.planes.len() * rows.len();
        if let ([plane], [_, 2, 2], 2) = (fine.planes.as_slice(), factor, lines) {
            let (above, below) = plane[from * width..(from + 2) * width].split_at(width);
            mean_of_two(above, below, coarse);
            continue;
        }
        totals.fill(T::Total::default());
        for plane in &fine.planes {
            for row in rows.clone() {
                for (total, pixel) in totals.iter_mut().zip(&plane[row * width..(row + 1) * width]) {
                    *total += pixel.term();
                }
            }
        }
        match (factor[2], lines) {
            (1, _) => {
                for (mean, total) in coarse.iter_mut().zip(&totals) {
                    *mean = T::mean(*total, lines as u16);
                }
            }
            // With a constant weight the division is a shift.
            (2, 4) => mean_of_pairs::<T, 8>(&totals, coarse),
            (2, 2) => mean_of_pairs::<T, 4>(&totals, coarse),
            (step, _) => {
                for (mean, totals) in coarse.iter_mut().zip(totals.chunks(step)) {
                    let total = totals.iter().fold(T::Total::default(), |sum, total| sum + *total);
                    // The product of the factors has been checked to be small.
                    *mean = T::mean(total, (lines * totals.len()) as u16);
                }
            }
        }
    }
}

/// The means of blocks of two by two, the most frequent case.
fn mean_of_two<T: Pixel>(above: &[T], below: &[T], coarse: &mut [T]) {
    let (pairs_above, last_above) = above.as_chunks::<2>();
    let (pairs_below, last_below) = below.as_chunks::<2>();
    for ((mean, above), below) in coarse.iter_mut().zip(pairs_above).zip(pairs_below) {
        *mean = T::mean(above[0].term() + above[1].term() + (below[0].term() + below[1].term()), 4);
    }
    if let (Some(mean), [above], [below]) = (coarse.last_mut(), last_above, last_below) {
        *mean = T::mean(above.term() + below.term(), 2);
    }
}

/// The means of pairs of neighbouring totals, which together cover `WEIGHT` pixels.
fn mean_of_pairs<T: Pixel, const WEIGHT: u16>(totals: &[T::Total], coarse: &mut [T]) {
    let (pairs, last) = totals.as_chunks::<2>();
    for (mean, pair) in coarse.iter_mut().zip(pairs) {
        *mean = T::mean(pair[0] + pair[1], WEIGHT);
    }
    if let (Some(mean), [total]) = (coarse.last_mut(), last) {
        *mean = T::mean(*total, WEIGHT / 2);
    }
}

/// Computes the coarse rows from `first` on as the first pixel of each block.
pub(super) fn first_rows<T: Pixel>(fine: &FinePixels<'_, T>, factor: [usize; 3], first: usize, coarse: &mut [T]) {
    let [_, _, width] = fine.size;
    for (y, coarse) in coarse.chunks_exact_mut(width.div_ceil(factor[2])).enumerate() {
        let row = &fine.planes[0][(first + y) * factor[1] * width..][..width];
        for (to, from) in coarse.iter_mut().zip(row.iter().step_by(factor[2])) {
            *to = *from;
        }
    }
}

/// Makes the coarse rows from `first` on, each pixel chosen from its block; the choice may put the block
/// in another order.
pub(super) fn choose_rows<T: Pixel>(
    fine: &FinePixels<'_, T>,
    factor: [usize; 3],
    first: usize,
    coarse: &mut [T],
    choose: impl Fn(&mut [T]) -> T,
) {
    let [_, height, width] = fine.size;
    let mut block = Vec::new();
    for (y, coarse) in coarse.chunks_exact_mut(width.div_ceil(factor[2])).enumerate() {
        let from = (first + y) * factor[1];
        for (x, chosen) in coarse.iter_mut().enumerate() {
            let columns = x * factor[2]..((x + 1) * factor[2]).min(width);
            block.clear();
            for plane in &fine.planes {
                for row in from..(from + factor[1]).min(height) {
                    block.extend_from_slice(&plane[row * width..][columns.clone()]);
                }
            }
            *chosen = choose(&mut block);
        }
    }
}

/// The largest or smallest pixel by `ahead`, or a NaN if there is one.
pub(super) fn extreme<T: Pixel>(pixels: &[T], ahead: impl Fn(T, T) -> bool) -> T {
    let mut best = pixels[0];
    for pixel in &pixels[1..] {
        if ahead(*pixel, best) || pixel.is_nan() {
            best = *pixel;
        }
    }
    best
}

/// The pixel in the middle, or the mean of the two in the middle, or a NaN if there is one.
pub(super) fn median<T: Pixel>(pixels: &mut [T]) -> T {
    pixels.sort_unstable_by(T::order);
    let (last, middle) = (pixels[pixels.len() - 1], pixels.len() / 2);
    if last.is_nan() {
        return last;
    }
    if pixels.len() % 2 == 1 {
        return pixels[middle];
    }
    T::mean(pixels[middle - 1].term() + pixels[middle].term(), 2)
}

/// The most frequent pixel, the smallest of them if there are several.
pub(super) fn mode<T: Pixel>(pixels: &mut [T]) -> T {
    pixels.sort_unstable_by(T::order);
    let runs = pixels.chunk_by(|a, b| a.order(b).is_eq());
    let longest = runs.fold(&pixels[..1], |longest, run| if run.len() > longest.len() { run } else { longest });
    longest[0]
}
