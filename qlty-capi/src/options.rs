//! Structs that can grow: each begins with its size.

use std::ffi::c_char;

use qlty_core::zarr::Codec;

use crate::arguments::{not_null, optional, required, sizes};
use crate::error::{Failure, Outcome};

/// A struct of options.
///
/// # Safety
/// The type is `repr(C)` without padding, its first field is a `u32` with its size, and its fields are numbers,
/// pointers and arrays of the host, for which any bytes are values.
pub(crate) unsafe trait Options: Copy {
    /// The initial values; fields that are added later are initially zero.
    const INITIAL: Self;
    /// The size in the first release that had the struct, which hosts compiled for it still give. It never changes.
    const LEAST_SIZE: usize;
    /// The function that fills the struct, if there is one.
    const INIT: &'static str;

    /// What a host whose struct has a wrong size should do.
    fn advice(name: &str) -> String {
        match Self::INIT {
            "" => "; set it to the size of the struct".to_owned(),
            init => format!("; fill {name} with {init}"),
        }
    }
}

/// The size of a field, for the assertion in [`options`].
pub(crate) const fn size_of_field<T, F>(_: fn(&T) -> &F) -> usize {
    size_of::<F>()
}

/// Implements [`Options`] with the initial values of all fields but the first. A struct with padding does not compile:
/// its bytes would be undefined in some hosts, and a field could not be put there later.
macro_rules! options {
    ($type:ident, at least $least:literal bytes, filled by $init:literal; $($field:ident: $initial:expr,)*) => {
        const _: () = {
            let fields = size_of::<u32>() $(+ $crate::options::size_of_field(|options: &$type| &options.$field))*;
            assert!(std::mem::offset_of!($type, struct_size) == 0 && size_of::<$type>() == fields);
            assert!(size_of::<$type>() >= $least);
        };

        // SAFETY: the struct is `repr(C)` and begins with its size; as asserted, there is no padding; its fields are
        // numbers, pointers, lists of numbers, and a `qlty_array`, which has no padding either.
        unsafe impl $crate::options::Options for $type {
            const INITIAL: Self = Self { struct_size: size_of::<Self>() as u32, $($field: $initial,)* };
            const LEAST_SIZE: usize = $least;
            const INIT: &'static str = $init;
        }
    };
}
pub(crate) use options;

/// No version will be larger: what claims to be is not a size, and is not read or written.
const MOST_SIZE: usize = 4096;

/// The options that a host gave as the argument `options`, with initial values for fields that it does not have.
///
/// # Safety
/// As for [`read_as`].
pub(crate) unsafe fn read<O: Options>(options: *const O) -> Outcome<O> {
    // SAFETY: the caller's promise.
    unsafe { read_as("options", options) }
}

/// The same, where the argument has another name.
///
/// # Safety
/// `options` is NULL or points to options of the size that they begin with.
pub(crate) unsafe fn read_as<O: Options>(name: &str, options: *const O) -> Outcome<O> {
    // SAFETY: every version of the struct begins with its size.
    let size = *required(name, unsafe { options.cast::<u32>().as_ref() })? as usize;
    check_size::<O>(&format!("{name}: got struct_size"), size, &O::advice(name))?;
    for offset in size_of::<O>()..size {
        // SAFETY: the host's struct has `size` bytes.
        if unsafe { options.cast::<u8>().add(offset).read() } != 0 {
            let problem = format!("got an option at byte {offset}, which this release of the library does not know");
            return Err(Failure::argument(format!("{name}: {problem}, expected it as initialised")));
        }
    }
    let mut known = O::INITIAL;
    let bytes = size.min(size_of::<O>());
    // SAFETY: the host's struct has `size` bytes, of which at most all of ours are copied; any bytes
    // are values of the fields.
    unsafe { std::ptr::copy_nonoverlapping(options.cast::<u8>(), (&raw mut known).cast::<u8>(), bytes) };
    Ok(known)
}

/// A codec, by its name, that the host may have left out.
///
/// # Safety
/// `pointer` is NULL or a string.
pub(crate) unsafe fn codec(name: &str, pointer: *const c_char) -> Outcome<Option<Codec>> {
    // SAFETY: the caller's promise.
    let Some(text) = unsafe { optional(name, pointer) }? else { return Ok(None) };
    // The error speaks of "codec", which the host may have more than one of.
    let renamed = |error: qlty_core::Error| Failure::argument(error.to_string().replacen("codec", name, 1));
    text.parse().map(Some).map_err(renamed)
}

/// A shape that the host may have left out, which is all 0.
pub(crate) fn shape(name: &str, values: &[i64]) -> Outcome<Option<Vec<usize>>> {
    Ok(Some(sizes(name, values)?).filter(|shape| shape.iter().any(|size| *size != 0)))
}

/// Fills the options of a host that knows `struct_size` bytes of them.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written.
pub(crate) unsafe fn init<O: Options>(options: *mut O, struct_size: u32) -> Outcome {
    not_null("options", options)?;
    check_size::<O>("struct_size: got", struct_size as usize, "")?;
    // SAFETY: the caller's promise.
    unsafe { fill(options, O::INITIAL, struct_size) };
    Ok(())
}

/// Writes a struct of which the host knows as many bytes as it begins with.
///
/// # Safety
/// `to` is NULL or points to as many bytes, which may be written.
pub(crate) unsafe fn write<O: Options>(name: &str, to: *mut O, from: O) -> Outcome {
    // SAFETY: every version of the struct begins with its size.
    let size = *required(name, unsafe { to.cast::<u32>().as_ref() })?;
    check_size::<O>(&format!("{name}: got struct_size"), size as usize, &O::advice(name))?;
    // SAFETY: the caller's promise.
    unsafe { fill(to, from, size) };
    Ok(())
}

/// # Safety
/// `to` points to `size` bytes that may be written, at least 4.
unsafe fn fill<O: Options>(to: *mut O, from: O, size: u32) {
    let (to, bytes) = (to.cast::<u8>(), size as usize);
    // SAFETY: the caller gives `size` bytes; what a later host has beyond ours is zeroed, which is
    // what fields unknown here begin with. The size is the first field.
    unsafe {
        to.write_bytes(0, bytes);
        to.copy_from_nonoverlapping((&raw const from).cast::<u8>(), bytes.min(size_of::<O>()));
        to.cast::<u32>().write_unaligned(size);
    }
}

/// Fails if no version of a struct has this size.
fn check_size<O: Options>(prefix: &str, size: usize, advice: &str) -> Outcome {
    let bound = match size {
        size if size < O::LEAST_SIZE => format!("at least {}", O::LEAST_SIZE),
        size if size > MOST_SIZE => format!("at most {MOST_SIZE}"),
        _ => return Ok(()),
    };
    Err(Failure::argument(format!("{prefix} {size}, expected {bound}{advice}")))
}
