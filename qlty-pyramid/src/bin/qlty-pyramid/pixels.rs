//! Pixels of a type that is known when the tool runs.

use half::f16;

/// Runs an expression with a name for the Rust type that Zarr and NumPy have this name for.
macro_rules! with_type {
    ($name:expr, $type:ident => $run:expr, else $other:expr) => {
        with_type!(@ $name, $type, $run, $other;
            "uint8" u8, "int8" i8, "uint16" u16, "int16" i16, "uint32" u32, "int32" i32, "uint64" u64, "int64" i64,
            "float16" half::f16, "float32" f32, "float64" f64)
    };
    (@ $name:expr, $type:ident, $run:expr, $other:expr; $($known:literal $is:ty),*) => {
        match $name {
            $($known => {
                #[allow(dead_code, reason = "not every expression names the type")]
                type $type = $is;
                $run
            })*
            _ => $other,
        }
    };
}

/// A number that a picture can be made of.
pub(crate) trait Number: Copy {
    /// The nearest `f64`.
    fn number(self) -> f64;
}

macro_rules! numbers {
    ($($type:ty)*) => {$(
        impl Number for $type {
            fn number(self) -> f64 {
                self as f64
            }
        }
    )*};
}

numbers!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

impl Number for f16 {
    fn number(self) -> f64 {
        self.to_f64()
    }
}

/// The numbers of some pixels.
pub(crate) fn numbers<T: Number>(pixels: &[T]) -> Vec<f64> {
    pixels.iter().map(|pixel| pixel.number()).collect()
}
