//! Writing pairs to a Zarr store.

use std::ffi::{c_char, c_void};

use ::qlty_pairs::{Positions, StoreOptions, extract_patches_to_zarr};
use qlty_core::{Rank, Spatial};

use super::handle::qlty_pairs;
use crate::array::qlty_array;
use crate::dtype::{QLTY_DTYPE_BOOL, with_type};
use crate::error::{Failure, Outcome, borrow, guard, path_text, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};
use crate::options::{Options, codec, init, read, shape};
use crate::rank::with_rank;
use crate::source::{Source, Truths, qlty_images};

/// No positions.
pub const QLTY_POSITIONS_NONE: i32 = 0;
/// Rows (y, x) or (z, y, x).
pub const QLTY_POSITIONS_PIXELS: i32 = 1;
/// Rows (n, y, x) or (n, z, y, x), the image first.
pub const QLTY_POSITIONS_WITH_IMAGE: i32 = 2;

/// How pairs are stored. Fill it with qlty_store_options_init.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_store_options {
    /// sizeof(qlty_store_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Which positions are stored, a QLTY_POSITIONS. Initially QLTY_POSITIONS_NONE.
    pub positions: i32,
    /// The shape of a chunk of the patch arrays, (pairs, C, y, x) or (pairs, C, z, y, x); cut down to
    /// the arrays' shape. A chunk is read whole. Initially all 0, which means as many whole patches as
    /// fit in 4 MiB, or a slab of a larger one.
    pub chunk: [i64; 5],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
    /// "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
    /// wanted, as in "zstd:9"; borrowed for the call.
    /// Initially NULL, which means "blosc-zstd".
    pub codec: *const c_char,
    /// Whether a store of the same name is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and a pointer.
unsafe impl Options for qlty_store_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
        positions: QLTY_POSITIONS_NONE,
        chunk: [0; 5],
        codec: std::ptr::null(),
        overwrite: 0,
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_store_options_init";
}

impl qlty_store_options {
    /// # Safety
    /// `codec` is NULL or a string.
    unsafe fn options<const D: usize>(&self) -> Outcome<StoreOptions>
    where
        Spatial<D>: Rank,
    {
        let positions = match self.positions {
            QLTY_POSITIONS_NONE => Positions::None,
            QLTY_POSITIONS_PIXELS => Positions::Pixels,
            QLTY_POSITIONS_WITH_IMAGE => Positions::WithImage,
            other => return Err(Failure::argument(format!("positions: got {other}, expected a QLTY_POSITIONS"))),
        };
        let chunk = match shape::<5>("chunk", &self.chunk)? {
            None => None,
            Some(chunk) if chunk[D + 2..].iter().any(|size| *size != 0) => {
                let expected = format!("{} sizes and then 0, since the pairs have {D} spatial axes", D + 2);
                return Err(Failure::argument(format!("chunk: got {chunk:?}, expected {expected}")));
            }
            Some(chunk) => Some(chunk[..D + 2].to_vec()),
        };
        // SAFETY: the caller's promise.
        let codec = unsafe { codec("codec", self.codec) }?.unwrap_or_default();
        Ok(StoreOptions { chunk, positions, codec, overwrite: self.overwrite != 0 })
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_store_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_store_options_init(
    options: *mut qlty_store_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}

/// Writes the patches of pairs, which were measured, to a Zarr v3 group in the folder `path`, in UTF-8;
/// qlty_pairs_select chooses among them.
///
/// The images are `batch` or `images`, the other is NULL. The group's arrays are `patches1` and
/// `patches2` of the images' type, `deltas` (float32), `rotations` (int64) and, if asked for,
/// `positions1` and `positions2` (int64); its attribute `metadata` has the columns of the pairs.
/// Above a thousand pairs, chunks are gathered in shards of about 64 MiB. The store appears under
/// its name when it is complete; a failure leaves no new store, and an old one as it was. Two writers of
/// one destination must exclude each other. Memory is bounded by 256 MiB of patches, or two files of
/// them. Progress counts files. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where the
/// pairs were not measured, leave the images or are turned as their window cannot be, or where an
/// option is none; QLTY_STATUS_EXISTS where there is something under that name that may not be
/// replaced; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY,
/// QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `pairs` is NULL or pairs; `batch` is NULL or an array that is not written during the call;
/// `images` is NULL or images; `path` is NULL or a string; `options` is NULL or was filled by
/// qlty_store_options_init, and its codec is NULL or a string; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_write(
    pairs: *const qlty_pairs,
    batch: *const qlty_array,
    images: *const qlty_images,
    path: *const c_char,
    options: *const qlty_store_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, source) = unsafe { (borrow("pairs", pairs)?, Source::new(batch, images)?) };
        // SAFETY: the caller's promise.
        let (path, options) = unsafe { (path_text("path", path)?, read(options)?) };
        with_rank!(&pairs.0, p, D => {
            // SAFETY: the caller's promise.
            let options = unsafe { options.options::<D>() }?;
            if source.dtype() == QLTY_DTYPE_BOOL {
                // SAFETY: the caller's promise.
                return unsafe { source.with::<u8, _, D>(|images| {
                    let truths = Truths(images);
                    run(progress, user, |monitor| extract_patches_to_zarr(&truths, p, None, path, &options, monitor))
                }) };
            }
            with_type!("batch", source.dtype(), T => {
                // SAFETY: the caller's promise.
                unsafe { source.with::<T, _, D>(|images| {
                    run(progress, user, |monitor| extract_patches_to_zarr(images, p, None, path, &options, monitor))
                }) }
            })
        })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
