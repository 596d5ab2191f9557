//! Options of a quilt, as a struct that can grow.

use std::mem::offset_of;

use qlty_core::Profile;

use crate::error::{Failure, Outcome, borrow, guard, qlty_error, qlty_status, writable};

/// How much the pixels of a window count: 1 inside the border and border_weight on it.
pub const QLTY_PROFILE_BORDER: i32 = 0;
/// sin^2(pi t) per axis, at the middles t = (i + 0.5) / window of the pixels.
pub const QLTY_PROFILE_HANN: i32 = 1;
/// 1 - |2 t - 1| per axis.
pub const QLTY_PROFILE_TRIANGULAR: i32 = 2;
/// exp(-(t - 0.5)^2 / (2 sigma^2)) per axis; sigma is the profile_parameter, 0.125 is usual.
pub const QLTY_PROFILE_GAUSSIAN: i32 = 3;
/// 1 in the middle with cosine flanks; the profile_parameter is the tapered part, 0 to 1.
pub const QLTY_PROFILE_TUKEY: i32 = 4;

/// What a quilt is made of. Fill it with qlty_quilt_options_init, then set size, window and step.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_quilt_options {
    /// sizeof(qlty_quilt_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// The number of spatial axes, 2 or 3. Initially 2.
    pub ndim: i32,
    /// The size of an image in pixels, (y, x) or (z, y, x). Initially 0, which is not valid.
    pub size: [i64; 3],
    /// The size of a window in pixels. Initially 0, which is not valid.
    pub window: [i64; 3],
    /// The distance of neighbouring windows in pixels. Initially 0, which is not valid.
    pub step: [i64; 3],
    /// The rim of a window in pixels. Initially 0, no border.
    pub border: [i64; 3],
    /// The weight of the border, 0 to 1. Initially NaN, which means 0.1.
    pub border_weight: f64,
    /// How much the pixels of a window count, a QLTY_PROFILE. Initially QLTY_PROFILE_BORDER.
    pub profile: i32,
    /// The parameter of a profile that has one, else not used. Initially 0.
    pub profile_parameter: f64,
}

/// The options of the first version: a struct cannot be smaller.
const LEAST_SIZE: usize = size_of::<qlty_quilt_options>();

/// No version will be larger: what claims to be is not a size, and is not read or written.
const MOST_SIZE: usize = 4096;

impl qlty_quilt_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
        ndim: 2,
        size: [0; 3],
        window: [0; 3],
        step: [0; 3],
        border: [0; 3],
        border_weight: f64::NAN,
        profile: QLTY_PROFILE_BORDER,
        profile_parameter: 0.0,
    };

    pub(crate) fn profile(&self) -> Outcome<Profile> {
        Ok(match self.profile {
            QLTY_PROFILE_BORDER => Profile::Border,
            QLTY_PROFILE_HANN => Profile::Hann,
            QLTY_PROFILE_TRIANGULAR => Profile::Triangular,
            QLTY_PROFILE_GAUSSIAN => Profile::Gaussian { sigma: self.profile_parameter },
            QLTY_PROFILE_TUKEY => Profile::Tukey { alpha: self.profile_parameter },
            other => return Err(Failure::argument(format!("profile: got {other}, expected a QLTY_PROFILE"))),
        })
    }

    /// The options that a host gave, with initial values for fields that it does not have.
    ///
    /// # Safety
    /// `options` is NULL or points to options of the size that they begin with.
    pub(crate) unsafe fn read(options: *const Self) -> Outcome<Self> {
        // SAFETY: every version of the struct begins with its size.
        let size = *unsafe { borrow("options", options.cast::<u32>()) }? as usize;
        if size < LEAST_SIZE {
            let expected = format!("at least {LEAST_SIZE}; fill options with qlty_quilt_options_init");
            return Err(Failure::argument(format!("options: got struct_size {size}, expected {expected}")));
        }
        if size > MOST_SIZE {
            let expected = format!("at most {MOST_SIZE}; fill options with qlty_quilt_options_init");
            return Err(Failure::argument(format!("options: got struct_size {size}, expected {expected}")));
        }
        for offset in size_of::<Self>()..size {
            // SAFETY: the host's struct has `size` bytes.
            if unsafe { options.cast::<u8>().add(offset).read() } != 0 {
                let problem =
                    format!("got an option at byte {offset}, which this release of the library does not know");
                return Err(Failure::argument(format!("options: {problem}, expected it as initialised")));
            }
        }
        let mut known = Self::INITIAL;
        let bytes = size.min(size_of::<Self>());
        // SAFETY: the host's struct has `size` bytes, of which at most all of ours are copied; all
        // fields are numbers, for which any bytes are values.
        unsafe { std::ptr::copy_nonoverlapping(options.cast::<u8>(), (&raw mut known).cast::<u8>(), bytes) };
        Ok(known)
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_quilt_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_options_init(
    options: *mut qlty_quilt_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        let options = writable("options", options)?.cast::<u8>();
        let size = struct_size as usize;
        if size < LEAST_SIZE {
            return Err(Failure::argument(format!("struct_size: got {size}, expected at least {LEAST_SIZE}")));
        }
        if size > MOST_SIZE {
            return Err(Failure::argument(format!("struct_size: got {size}, expected at most {MOST_SIZE}")));
        }
        let initial = qlty_quilt_options { struct_size, ..qlty_quilt_options::INITIAL };
        // SAFETY: the caller gives `struct_size` bytes, which is at least the size of the struct;
        // what a later host has beyond is zeroed, which is what fields unknown here begin with.
        unsafe {
            options.write_bytes(0, size);
            options.copy_from_nonoverlapping((&raw const initial).cast::<u8>(), size_of::<qlty_quilt_options>());
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

// The size comes first in every version.
const _: () = assert!(offset_of!(qlty_quilt_options, struct_size) == 0);
