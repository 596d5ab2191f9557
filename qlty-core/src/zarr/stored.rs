//! The element types that a Zarr array can have.

use crate::Element;

/// An [`Element`] that Zarr arrays hold: all of them.
pub trait Stored: Element + zarrs::array::ElementOwned {
    /// The name that Zarr and NumPy give the type, such as `uint16`.
    const NAME: &'static str;

    /// The value as that of elements that nobody has written.
    fn fill(self) -> zarrs::array::FillValue;

    /// The values that bytes hold, where any bytes would be values and these are aligned and as many as some
    /// values have.
    fn cast(bytes: &[u8]) -> Option<&[Self]>;
}

macro_rules! stored {
    ($($type:ty: $name:literal, $cast:expr;)*) => {$(
        impl Stored for $type {
            const NAME: &'static str = $name;
            fn fill(self) -> zarrs::array::FillValue {
                self.into()
            }
            fn cast(bytes: &[u8]) -> Option<&[Self]> {
                let cast: fn(&[u8]) -> Option<&[Self]> = $cast;
                cast(bytes)
            }
        }
    )*};
}

fn plain<T: bytemuck::AnyBitPattern>(bytes: &[u8]) -> Option<&[T]> {
    bytemuck::try_cast_slice(bytes).ok()
}

stored! {
    bool: "bool", |_| None;
    u8: "uint8", plain;
    i8: "int8", plain;
    u16: "uint16", plain;
    i16: "int16", plain;
    u32: "uint32", plain;
    i32: "int32", plain;
    u64: "uint64", plain;
    i64: "int64", plain;
    half::f16: "float16", plain;
    half::bf16: "bfloat16", plain;
    f32: "float32", plain;
    f64: "float64", plain;
}
