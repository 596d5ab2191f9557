//! The element types: one table, from which every list of them is generated.

use std::fmt;

/// Calls the macro named in brackets with its arguments, in brackets, followed by the table of element types.
///
/// A row holds the variant of [`DType`], its number, its name in Rust and in Zarr, the type of its values, the type
/// that they are read as in memory, the type that they are summed in, and whether they are fractional (`float`) or
/// `whole`.
#[doc(hidden)]
#[macro_export]
macro_rules! dtypes {
    ([$($then:tt)*] $($arguments:tt)*) => {
        $($then)*! { [$($arguments)*]
            U8 = 1, "u8", "uint8", u8 as u8, f32, whole;
            I8 = 2, "i8", "int8", i8 as i8, f32, whole;
            U16 = 3, "u16", "uint16", u16 as u16, f32, whole;
            I16 = 4, "i16", "int16", i16 as i16, f32, whole;
            U32 = 5, "u32", "uint32", u32 as u32, f64, whole;
            I32 = 6, "i32", "int32", i32 as i32, f64, whole;
            U64 = 7, "u64", "uint64", u64 as u64, f64, whole;
            I64 = 8, "i64", "int64", i64 as i64, f64, whole;
            F16 = 9, "f16", "float16", $crate::dynamic::f16 as $crate::dynamic::f16, f32, float;
            BF16 = 10, "bf16", "bfloat16", $crate::dynamic::bf16 as $crate::dynamic::bf16, f32, float;
            F32 = 11, "f32", "float32", f32 as f32, f32, float;
            F64 = 12, "f64", "float64", f64 as f64, f64, float;
            Bool = 13, "bool", "bool", bool as u8, f32, whole;
        }
    };
}

macro_rules! define_dtype {
    ([] $($Name:ident = $number:literal, $short:literal, $zarr:literal, $type:ty as $memory:ty, $sum:ident, $class:ident;)*) => {
        /// The type of the elements of an array.
        ///
        /// The numbers are those of the C ABI.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        #[repr(i32)]
        pub enum DType {
            $(#[doc = concat!("`", $short, "`, which Zarr and NumPy call `", $zarr, "`.")] $Name = $number,)*
        }

        impl DType {
            /// All types.
            pub const ALL: &[Self] = &[$(Self::$Name),*];

            /// The name of the type in Rust, such as `u16`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Name => $short),* }
            }

            /// The name that Zarr and NumPy give the type, such as `uint16`.
            pub const fn zarr_name(self) -> &'static str {
                match self { $(Self::$Name => $zarr),* }
            }

            /// The size of an element in bytes.
            pub const fn size(self) -> usize {
                match self { $(Self::$Name => size_of::<$type>()),* }
            }

            /// The type in which elements are summed: `F32` or `F64`.
            pub const fn sum(self) -> Self {
                match self { $(Self::$Name => define_dtype!(@sum $sum)),* }
            }

            /// Whether the elements are floating-point numbers.
            pub const fn is_float(self) -> bool {
                match self { $(Self::$Name => define_dtype!(@class $class)),* }
            }
        }
    };
    (@sum f32) => { Self::F32 };
    (@sum f64) => { Self::F64 };
    (@class float) => { true };
    (@class whole) => { false };
}

crate::dtypes! { [define_dtype] }

impl DType {
    /// The type with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|dtype| *dtype as i32 == number)
    }

    /// The type with this Zarr name.
    pub fn from_zarr_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dtype| dtype.zarr_name() == name)
    }

    /// Whether the bytes of an element of this type are valid elements of `other`: the same type, or `bool` read as
    /// `u8`.
    pub fn can_be_read_as(self, other: Self) -> bool {
        self == other || (self, other) == (Self::Bool, Self::U8)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Evaluates an expression with a name for the Rust type of a [`DType`]: `with_dtype!(dtype, T => size_of::<T>())`.
///
/// The elements of `Bool` are bytes, so `T` is `u8` there.
#[macro_export]
macro_rules! with_dtype {
    ($dtype:expr, $T:ident => $run:expr) => {
        $crate::dtypes! { [$crate::match_dtype] ($dtype) ($T) ($run) }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! match_dtype {
    ([($dtype:expr) ($T:ident) ($run:expr)]
        $($Name:ident = $number:literal, $short:literal, $zarr:literal, $type:ty as $memory:ty, $sum:ident, $class:ident;)*
    ) => {
        match $dtype {
            $($crate::DType::$Name => {
                type $T = $memory;
                $run
            })*
            #[allow(unreachable_patterns, reason = "other crates must expect types that are added later")]
            _ => ::core::unreachable!("a type that is not in the table"),
        }
    };
}

/// [`with_dtype!`] for the floating-point types: `with_float!(dtype, T => run, else other)`.
#[macro_export]
macro_rules! with_float {
    ($dtype:expr, $T:ident => $run:expr, else $other:expr) => {
        $crate::dtypes! { [$crate::match_float] ($dtype) ($T) ($run) ($other) }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! match_float {
    ([($dtype:expr) ($T:ident) ($run:expr) $other:tt]
        $($Name:ident = $number:literal, $short:literal, $zarr:literal, $type:ty as $memory:ty, $sum:ident, $class:ident;)*
    ) => {
        match $dtype {
            $($crate::DType::$Name => $crate::match_float!(@$class { type $T = $memory; $run } else $other),)*
            #[allow(unreachable_patterns, reason = "other crates must expect types that are added later")]
            _ => $crate::match_float!(@whole {} else $other),
        }
    };
    (@float $run:block else $other:tt) => { $run };
    (@whole $run:tt else ($other:expr)) => { $other };
}

/// [`with_dtype!`] for the types of sums, `f32` and `f64`: `with_real!(dtype, S => run, else other)`.
#[macro_export]
macro_rules! with_real {
    ($dtype:expr, $S:ident => $run:expr, else $other:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $S = f32;
                $run
            }
            $crate::DType::F64 => {
                type $S = f64;
                $run
            }
            _ => $other,
        }
    };
}

/// Evaluates an expression with a name for the unsigned integer as wide as the elements of a [`DType`], as which they
/// can be copied: `with_width!(dtype, W => copy::<W>(from, to))`.
#[macro_export]
macro_rules! with_width {
    ($dtype:expr, $W:ident => $run:expr) => {
        match $dtype.size() {
            1 => {
                type $W = u8;
                $run
            }
            2 => {
                type $W = u16;
                $run
            }
            4 => {
                type $W = u32;
                $run
            }
            _ => {
                type $W = u64;
                $run
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::DType;
    use crate::Element;

    #[test]
    fn numbers_and_names_tell_types_apart() {
        for (index, dtype) in DType::ALL.iter().enumerate() {
            assert_eq!(*dtype as usize, index + 1);
            assert_eq!(DType::from_number(*dtype as i32), Some(*dtype));
            assert_eq!(DType::from_zarr_name(dtype.zarr_name()), Some(*dtype));
        }
        assert_eq!(
            (DType::from_number(0), DType::from_number(14), DType::from_zarr_name("complex64")),
            (None, None, None)
        );
    }

    #[test]
    fn the_table_agrees_with_the_types() {
        for dtype in DType::ALL {
            with_dtype!(*dtype, T => {
                assert!(dtype.can_be_read_as(T::DTYPE), "{dtype}");
                assert_eq!((size_of::<T>(), <T as Element>::Sum::DTYPE), (dtype.size(), dtype.sum()), "{dtype}");
            });
            with_width!(dtype, W => assert_eq!((size_of::<W>(), align_of::<W>()), (dtype.size(), dtype.size())));
            assert_eq!(with_float!(*dtype, T => size_of::<T>() > 0, else false), dtype.is_float());
        }
    }
}
