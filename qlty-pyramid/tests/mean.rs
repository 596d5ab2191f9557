//! Block means against plain loops.

use ndarray::{Array3, s};
use qlty_pyramid::{Error, block_mean, mean_levels};

/// SplitMix64: random enough, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// The specification: each block's pixels, in exact arithmetic.
fn oracle(volume: &Array3<u16>, block: [usize; 3]) -> Array3<u16> {
    let (depth, height, width) = volume.dim();
    let shape = [depth.div_ceil(block[0]), height.div_ceil(block[1]), width.div_ceil(block[2])];
    Array3::from_shape_fn(shape, |(z, y, x)| {
        let range = |at: usize, block: usize, size: usize| at * block..((at + 1) * block).min(size);
        let z = range(z, block[0], depth);
        let y = range(y, block[1], height);
        let x = range(x, block[2], width);
        let pixels: Vec<f64> = volume.slice(s![z, y, x]).iter().map(|pixel| f64::from(*pixel)).collect();
        (pixels.iter().sum::<f64>() / pixels.len() as f64).round_ties_even() as u16
    })
}

#[test]
fn blocks_agree_with_the_oracle() {
    let mut random = Random(1);
    for _ in 0..200 {
        let shape = [1 + random.below(7), 1 + random.below(9), 1 + random.below(11)];
        let block = [1 + random.below(4), 1 + random.below(4), 1 + random.below(4)];
        // Small values, so that ties are common.
        let volume = Array3::from_shape_simple_fn(shape, || random.below(7) as u16);
        let means = block_mean(volume.view(), block).unwrap();
        assert_eq!(means, oracle(&volume, block), "{shape:?} in blocks {block:?}");
        // Strides do not matter.
        let reversed = volume.slice(s![..;-1, ..;-1, ..;-1]);
        assert_eq!(block_mean(reversed, block).unwrap(), oracle(&reversed.to_owned(), block));
    }
}

#[test]
fn constants_stay_constant_to_the_last_corner() {
    fn check<T: qlty_pyramid::Pixel>(value: T) {
        let volume = Array3::from_elem([5, 7, 13], value);
        let levels = mean_levels(volume.view(), [1.0; 3], [2, 2, 2], 5).unwrap();
        assert_eq!(levels.last().unwrap().pixels.dim(), (1, 1, 1));
        assert!(levels.iter().all(|level| level.pixels.iter().all(|pixel| *pixel == value)));
    }
    check(100_u8);
    check(u64::MAX);
    check(i64::MIN);
    check(i32::MIN);
    check(0.1_f32);
    check(f32::MAX);
    check(half::f16::MAX);
}

#[test]
fn nan_stays_in_its_block() {
    let mut volume = Array3::<f32>::zeros([1, 4, 4]);
    volume[[0, 0, 0]] = f32::NAN;
    let means = block_mean(volume.view(), [2, 2, 2]).unwrap();
    assert!(means[[0, 0, 0]].is_nan());
    assert_eq!(means.iter().filter(|mean| mean.is_nan()).count(), 1);
}

#[test]
fn levels_know_where_they_lie() {
    let volume = Array3::<u8>::zeros([8, 64, 63]);
    let levels = mean_levels(volume.view(), [2.0, 0.5, 0.5], [1, 2, 2], 2).unwrap();
    assert_eq!(levels[0].pixels.dim(), (8, 32, 32));
    assert_eq!(levels[0].voxel_size, [2.0, 1.0, 1.0]);
    assert_eq!(levels[0].translation, [0.0, 0.25, 0.25]);
    assert_eq!(levels[1].pixels.dim(), (8, 16, 16));
    assert_eq!(levels[1].voxel_size, [2.0, 2.0, 2.0]);
    assert_eq!(levels[1].translation, [0.0, 0.75, 0.75]);
}

#[test]
fn a_block_has_a_size() {
    let volume = Array3::<u8>::zeros([2, 2, 2]);
    for block in [[0, 1, 1], [1 << 16, 1 << 15, 1], [usize::MAX, 2, 1]] {
        let error = block_mean(volume.view(), block).unwrap_err();
        assert!(matches!(&error, Error::Argument { argument: "block", .. }), "{error}");
    }
    assert_eq!(block_mean(volume.view(), [1 << 15, 1 << 15, 1]).unwrap().dim(), (1, 1, 2));
}
