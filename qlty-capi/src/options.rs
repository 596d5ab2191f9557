//! Options as structs that can grow: each begins with its size.

use std::ffi::c_char;

use qlty_core::zarr::Codec;

use crate::error::{Failure, Outcome, borrow, text, writable};
use crate::rank::sizes;

/// A struct of options.
///
/// # Safety
/// The type is `repr(C)`, its first field is a `u32` with its size, and its fields are numbers and
/// pointers, for which any bytes are values.
pub(crate) unsafe trait Options: Copy {
    /// The options that a host begins with; fields that come later begin with zero.
    const INITIAL: Self;
    /// The size of the first version: a struct cannot be smaller.
    const LEAST_SIZE: usize;
    /// The function that fills the struct.
    const INIT: &'static str;
}

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
    let size = *unsafe { borrow(name, options.cast::<u32>()) }? as usize;
    if size < O::LEAST_SIZE {
        let expected = format!("at least {}; fill {name} with {}", O::LEAST_SIZE, O::INIT);
        return Err(Failure::argument(format!("{name}: got struct_size {size}, expected {expected}")));
    }
    if size > MOST_SIZE {
        let expected = format!("at most {MOST_SIZE}; fill {name} with {}", O::INIT);
        return Err(Failure::argument(format!("{name}: got struct_size {size}, expected {expected}")));
    }
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

/// A string that the host may have left out.
///
/// # Safety
/// `pointer` is NULL or a string that nobody writes during `'a`.
pub(crate) unsafe fn optional<'a>(name: &str, pointer: *const c_char) -> Outcome<Option<&'a str>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { text(name, pointer) }.map(Some)
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

/// A shape that the host may have left out, which is all 0; there may be room for more axes.
pub(crate) fn shape<const D: usize>(name: &str, values: &[i64]) -> Outcome<Option<[usize; D]>> {
    let shape = sizes(name, values)?;
    Ok(Some(shape).filter(|shape| *shape != [0; D]))
}

/// Fills the options of a host that knows `struct_size` bytes of them.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written.
pub(crate) unsafe fn init<O: Options>(options: *mut O, struct_size: u32) -> Outcome {
    let options = writable("options", options)?.cast::<u8>();
    let (size, least) = (struct_size as usize, O::LEAST_SIZE);
    if size < least {
        return Err(Failure::argument(format!("struct_size: got {size}, expected at least {least}")));
    }
    if size > MOST_SIZE {
        return Err(Failure::argument(format!("struct_size: got {size}, expected at most {MOST_SIZE}")));
    }
    let initial = O::INITIAL;
    // SAFETY: the caller gives `size` bytes; what a later host has beyond ours is zeroed, which is
    // what fields unknown here begin with. The size is the first field.
    unsafe {
        options.write_bytes(0, size);
        options.copy_from_nonoverlapping((&raw const initial).cast::<u8>(), size.min(size_of::<O>()));
        options.cast::<u32>().write_unaligned(struct_size);
    }
    Ok(())
}
