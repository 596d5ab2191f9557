//! Each method as plain loops over the pixels of each block, written from the documentation.

use ndarray::Array3;
use qlty_pyramid::Method;
use qlty_tests::sample::Sample;

/// A pixel type with its exact mean.
pub(crate) trait Oracle: Sample + PartialOrd + qlty_pyramid::Pixel {
    /// The mean of pixels with integer weights.
    fn exact_mean(weighted: &[(Self, i128)]) -> Self;
}

macro_rules! whole {
    ($($type:ty)*) => {$(
        impl Oracle for $type {
            fn exact_mean(weighted: &[(Self, i128)]) -> Self {
                let total: i128 = weighted.iter().map(|(pixel, weight)| *pixel as i128 * weight).sum();
                let weight: i128 = weighted.iter().map(|(_, weight)| weight).sum();
                let below = total.div_euclid(weight);
                // Twice the distance to the next lower integer, times the weight.
                let up = match (2 * (total - below * weight)).cmp(&weight) {
                    std::cmp::Ordering::Less => 0,
                    std::cmp::Ordering::Equal => below.rem_euclid(2),
                    std::cmp::Ordering::Greater => 1,
                };
                (below + up) as $type
            }
        }
    )*};
}

whole!(u8 i8 u16 i16 u32 i32 u64 i64);

macro_rules! real {
    ($($type:ty)*) => {$(
        impl Oracle for $type {
            fn exact_mean(weighted: &[(Self, i128)]) -> Self {
                let weight: i128 = weighted.iter().map(|(_, weight)| weight).sum();
                let total: f64 = weighted.iter().map(|(pixel, weight)| Sample::number(*pixel) * *weight as f64).sum();
                <$type as Sample>::nearest(total / weight as f64)
            }
        }
    )*};
}

real!(half::f16 f32 f64);

/// The pixels along an axis from which the coarse pixel `at` is computed, and their weights.
fn along(method: Method, at: usize, factor: usize, size: usize) -> Vec<(usize, i128)> {
    let first = (at * factor) as i64;
    let all: Vec<(i64, i128)> = match method {
        Method::Gaussian if factor == 2 => {
            (-2..=2).zip([1, 4, 6, 4, 1]).map(|(by, weight)| (first + by, weight)).collect()
        }
        Method::Nearest => vec![(first, 1)],
        _ => (0..factor as i64).map(|by| (first + by, 1)).collect(),
    };
    let inside = all.into_iter().filter(|(place, _)| (0..size as i64).contains(place));
    inside.map(|(place, weight)| (place as usize, weight)).collect()
}

/// The result of a method on a volume.
pub(crate) fn shrink<T: Oracle>(volume: &Array3<T>, factor: [usize; 3], method: Method) -> Array3<T> {
    let size: [usize; 3] = volume.dim().into();
    let shape: [usize; 3] = std::array::from_fn(|axis| size[axis].div_ceil(factor[axis]));
    Array3::from_shape_fn(shape, |(z, y, x)| {
        let at = [z, y, x];
        let [zs, ys, xs]: [_; 3] = std::array::from_fn(|axis| along(method, at[axis], factor[axis], size[axis]));
        let mut block = Vec::new();
        for (z, of_z) in &zs {
            for (y, of_y) in &ys {
                for (x, of_x) in &xs {
                    block.push((volume[[*z, *y, *x]], of_z * of_y * of_x));
                }
            }
        }
        choose(method, &block)
    })
}

fn choose<T: Oracle>(method: Method, block: &[(T, i128)]) -> T {
    let mut sorted: Vec<T> = block.iter().map(|(pixel, _)| *pixel).collect();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let count = sorted.len();
    match method {
        Method::Max => sorted[count - 1],
        Method::Min => sorted[0],
        Method::Median if count % 2 == 1 => sorted[count / 2],
        Method::Median => T::exact_mean(&[(sorted[count / 2 - 1], 1), (sorted[count / 2], 1)]),
        Method::Mode => {
            let votes = |pixel: &T| sorted.iter().filter(|other| *other == pixel).count();
            let most = sorted.iter().map(votes).max().unwrap();
            *sorted.iter().find(|pixel| votes(pixel) == most).unwrap()
        }
        _ => T::exact_mean(block),
    }
}
