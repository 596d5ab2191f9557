//! The pixels of the files in `fixtures`, as `make.py` there generates them.

use half::f16;
use ndarray::Array3;
use qlty_pyramid::{ArrayMut, Pixel, Stack};

/// A type whose pixels are the high bits of a hash.
pub(crate) trait Formula: Pixel {
    fn from_hash(hash: u64) -> Self;
}

macro_rules! integer {
    ($($type:ty),*) => {$(
        impl Formula for $type {
            fn from_hash(hash: u64) -> Self {
                (hash >> (64 - Self::BITS)) as Self
            }
        }
    )*};
}

integer!(u8, i8, u16, i16, u32, i32, u64, i64);

/// A fraction with `bits` bits.
fn fraction(hash: u64, bits: u32, scale: f64) -> f64 {
    ((hash >> (64 - bits)) as f64 - f64::from(1 << (bits - 1))) / scale
}

impl Formula for f16 {
    fn from_hash(hash: u64) -> Self {
        Self::from_f64(fraction(hash, 11, 8.0))
    }
}

impl Formula for f32 {
    fn from_hash(hash: u64) -> Self {
        fraction(hash, 24, 64.0) as Self
    }
}

impl Formula for f64 {
    fn from_hash(hash: u64) -> Self {
        fraction(hash, 24, 64.0)
    }
}

/// The pixel at `place` in an array (T, C, Z, Y, X) of `shape`.
pub(crate) fn pixel<T: Formula>(shape: [usize; 5], place: [usize; 5]) -> T {
    let index = shape.iter().zip(place).fold(0, |index, (size, place)| index * size + place);
    // Three columns share a value.
    let index = (index - place[4] % 3 + 1) as u64;
    let mixed = index.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    T::from_hash((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9))
}

/// Reads every plane of a stack, which must be `shape` pixels of the formula, each through `stored`.
pub(crate) fn check<T: Formula>(stack: &Stack, shape: [usize; 5], stored: impl Fn(T) -> T) {
    let name = stack.name();
    assert_eq!((stack.shape(), stack.dtype()), (shape, T::DTYPE), "{name}");
    assert_eq!(stack.channels().len(), shape[1], "{name}");
    let [frames, channels, depth, height, width] = shape;
    let mut planes = Array3::from_elem([channels, height, width], T::from_hash(u64::MAX));
    // In reverse order, so that no page is read after its predecessor.
    for t in (0..frames).rev() {
        for z in (0..depth).rev() {
            stack.read_plane(t, z, ArrayMut::of("planes", planes.view_mut()).unwrap()).unwrap();
            let mut got = planes.iter();
            for c in 0..channels {
                for y in 0..height {
                    for x in 0..width {
                        let expected = stored(pixel(shape, [t, c, z, y, x]));
                        assert_eq!(got.next(), Some(&expected), "{name} at {:?}", [t, c, z, y, x]);
                    }
                }
            }
        }
    }
}
