//! Options of pairs to be drawn.

use ::qlty_pairs::PairOptions;
use qlty_core::{Rank, Spatial};

use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status, size};
use crate::options::{Options, init};
use crate::rank::sizes;

/// What pairs are drawn from each image. Fill it with qlty_pair_options_init, then set window,
/// pairs_per_image, delta_low and delta_high.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pair_options {
    /// sizeof(qlty_pair_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// The number of spatial axes, 2 or 3. Initially 2.
    pub ndim: i32,
    /// The size of a patch in pixels, (y, x) or (z, y, x). Initially 0, which is not valid.
    pub window: [i64; 3],
    /// How many pairs are drawn from each image. Initially 0.
    pub pairs_per_image: i64,
    /// The least length of the displacement in pixels, at least a quarter of the longest side of the
    /// window, rounded down. Initially 0.
    pub delta_low: f64,
    /// The largest length of the displacement in pixels, at most three quarters of the longest side of
    /// the window, rounded down. Initially 0.
    pub delta_high: f64,
    /// Image n draws from the stream n of this seed. Initially 0.
    pub seed: u64,
    /// The quarter turns of the second patch, counter-clockwise, taken modulo 4, of which each pair
    /// draws one; borrowed for the call. Odd ones need a square window; volumes are not turned.
    /// Initially NULL, which means no turn.
    pub rotations: *const i64,
    /// How many rotations there are to choose from. Initially 0.
    pub rotation_count: i64,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and a pointer.
unsafe impl Options for qlty_pair_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
        ndim: 2,
        window: [0; 3],
        pairs_per_image: 0,
        delta_low: 0.0,
        delta_high: 0.0,
        seed: 0,
        rotations: std::ptr::null(),
        rotation_count: 0,
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_pair_options_init";
}

/// More choices than this are a mistake: there are four rotations.
const MOST_ROTATIONS: usize = 1 << 16;

impl qlty_pair_options {
    /// # Safety
    /// `rotations` is NULL or points to `rotation_count` numbers.
    pub(super) unsafe fn options<const D: usize>(&self) -> Outcome<PairOptions<D>>
    where
        Spatial<D>: Rank,
    {
        let count = size("rotation_count", self.rotation_count)?;
        if count > MOST_ROTATIONS {
            return Err(Failure::argument(format!("rotation_count: got {count}, expected at most {MOST_ROTATIONS}")));
        }
        let rotations = if count == 0 {
            Vec::new()
        } else if self.rotations.is_null() {
            return Err(Failure::argument(format!("rotations: got NULL, expected {count} numbers")));
        } else {
            // SAFETY: not null, and the caller promises so many numbers.
            (0..count).map(|i| unsafe { self.rotations.add(i).read_unaligned() }).collect()
        };
        let window = sizes("window", &self.window)?;
        let pairs = size("pairs_per_image", self.pairs_per_image)?;
        let options = PairOptions::new(window, pairs, (self.delta_low, self.delta_high));
        Ok(PairOptions { seed: self.seed, rotations, ..options })
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_pair_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pair_options_init(
    options: *mut qlty_pair_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}
