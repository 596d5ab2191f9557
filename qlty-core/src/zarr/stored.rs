//! The element types that a Zarr array can have.

use crate::Element;

/// An [`Element`] that Zarr arrays hold: all of them.
pub trait Stored: Element + zarrs::array::ElementOwned {
    /// The name that Zarr and NumPy give the type, such as `uint16`.
    const NAME: &'static str;

    /// The value as that of elements that nobody has written.
    fn fill(self) -> zarrs::array::FillValue;
}

macro_rules! stored {
    ($($type:ty: $name:literal),*) => {$(
        impl Stored for $type {
            const NAME: &'static str = $name;
            fn fill(self) -> zarrs::array::FillValue {
                self.into()
            }
        }
    )*};
}

stored! {
    bool: "bool", u8: "uint8", i8: "int8", u16: "uint16", i16: "int16", u32: "uint32", i32: "int32", u64: "uint64",
    i64: "int64", half::f16: "float16", half::bf16: "bfloat16", f32: "float32", f64: "float64"
}
