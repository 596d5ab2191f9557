//! Options of a quilt.

use std::mem::MaybeUninit;

use qlty_core::Profile;

use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::options::{init, options};

/// The weight of pixels is 1 inside the border and border_weight on it.
pub const QLTY_PROFILE_BORDER: i32 = 0;
/// sin^2(pi t) per axis, at the centres t = (i + 0.5) / window of the pixels.
pub const QLTY_PROFILE_HANN: i32 = 1;
/// 1 - |2 t - 1| per axis.
pub const QLTY_PROFILE_TRIANGULAR: i32 = 2;
/// exp(-(t - 0.5)^2 / (2 sigma^2)) per axis; sigma is the profile_parameter, 0.125 is usual.
pub const QLTY_PROFILE_GAUSSIAN: i32 = 3;
/// 1 in the middle with cosine flanks; the profile_parameter is the tapered part, 0 to 1.
pub const QLTY_PROFILE_TUKEY: i32 = 4;

/// The geometry and weights of a quilt. Fill it with qlty_quilt_options_init, then set size, window and step.
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
    /// The border of a window in pixels. Initially 0, no border.
    pub border: [i64; 3],
    /// The weight of the border, 0 to 1. Initially NaN, which means 0.1.
    pub border_weight: f64,
    /// The weights of the pixels of a window, a QLTY_PROFILE. Initially QLTY_PROFILE_BORDER.
    pub profile: i32,
    /// Not used. Hosts compiled for release 0.1 have padding here, with any value.
    pub reserved: i32,
    /// The parameter of the profile, if it has one. Initially 0.
    pub profile_parameter: f64,
}

options! {
    qlty_quilt_options, at least 128 bytes, filled by "qlty_quilt_options_init";
    ndim: 2,
    size: [0; 3],
    window: [0; 3],
    step: [0; 3],
    border: [0; 3],
    border_weight: f64::NAN,
    profile: QLTY_PROFILE_BORDER,
    reserved: 0,
    profile_parameter: 0.0,
}

impl qlty_quilt_options {
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
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_quilt_options) in the host; fields that it does not
/// have are not written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if `struct_size` is less than in the first version, or more than 4096.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_quilt_options_init(
    options: *mut qlty_quilt_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}
