//! Options of pairs to be drawn.

use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::AnyPairOptions;

use crate::arguments::{axes, size, sizes};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::options::{init, options};

/// How pairs are drawn from each image. Fill it with qlty_pair_options_init, then set window, pairs_per_image,
/// delta_low and delta_high.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pair_options {
    /// sizeof(qlty_pair_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// The number of spatial axes, 2 or 3. Initially 2.
    pub ndim: i32,
    /// The size of a patch in pixels, (y, x) or (z, y, x). Initially 0, which is not valid.
    pub window: [i64; 3],
    /// The number of pairs drawn from each image. Initially 0.
    pub pairs_per_image: i64,
    /// The least length of the displacement in pixels, at least a quarter of the longest side of the window, rounded
    /// down. Initially 0.
    pub delta_low: f64,
    /// The largest length of the displacement in pixels, at most three quarters of the longest side of the window,
    /// rounded down. Initially 0.
    pub delta_high: f64,
    /// Image n draws from the stream n of this seed. Initially 0.
    pub seed: u64,
    /// The quarter turns of the second patch, counter-clockwise, taken modulo 4, from which each pair draws one;
    /// borrowed for the call. Odd ones need a square window; volumes are not turned. Initially NULL: no turn.
    pub rotations: *const i64,
    /// The number of rotations to choose from. Initially 0.
    pub rotation_count: i64,
}

options! {
    qlty_pair_options, at least 80 bytes, filled by "qlty_pair_options_init";
    ndim: 2,
    window: [0; 3],
    pairs_per_image: 0,
    delta_low: 0.0,
    delta_high: 0.0,
    seed: 0,
    rotations: std::ptr::null(),
    rotation_count: 0,
}

/// More choices than this are a mistake: there are four rotations.
const MOST_ROTATIONS: usize = 1 << 16;

impl qlty_pair_options {
    /// # Safety
    /// `rotations` is NULL or points to `rotation_count` numbers.
    pub(super) unsafe fn options(&self) -> Outcome<AnyPairOptions> {
        let (ndim, count) = (axes(self.ndim)?, size("rotation_count", self.rotation_count)?);
        if count > MOST_ROTATIONS {
            return Err(Failure::argument(format!("rotation_count: got {count}, expected at most {MOST_ROTATIONS}")));
        }
        if count > 0 && self.rotations.is_null() {
            return Err(Failure::argument(format!("rotations: got NULL, expected {count} numbers")));
        }
        // SAFETY: not null where there are any, and the caller promises that many numbers.
        let rotations = (0..count).map(|i| unsafe { self.rotations.add(i).read_unaligned() });
        let window = sizes("window", &self.window[..ndim])?;
        let pairs = size("pairs_per_image", self.pairs_per_image)?;
        let options = AnyPairOptions::new(&window, pairs, (self.delta_low, self.delta_high));
        Ok(options.seed(self.seed).rotations(rotations))
    }
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_pair_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pair_options_init(
    options: *mut qlty_pair_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}
