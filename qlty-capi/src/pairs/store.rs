//! Writing pairs to a Zarr store.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::path::Path;

use ::qlty_pairs::dynamic::extract_patches_to_zarr;
use ::qlty_pairs::{Positions, StoreOptions};

use super::handle::qlty_pairs;
use crate::arguments::{path_text, required};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};
use crate::options::{codec, init, options, read, shape};
use crate::source::{Source, qlty_images};

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
    /// The shape of a chunk of the patch arrays, (pairs, C, y, x) or (pairs, C, z, y, x); limited to the arrays' shape.
    /// A chunk is read whole. Initially all 0: as many whole patches as fit in 4 MiB, or a slab of a larger patch.
    pub chunk: [i64; 5],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
    /// by "-bitshuffle"; a level may follow after a colon, as in "zstd:9"; borrowed for the call. Initially NULL:
    /// "blosc-zstd".
    pub codec: *const c_char,
    /// Whether an existing store is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
    /// Not used. Hosts compiled for release 0.1 have padding here, with any value.
    pub reserved: i32,
}

options! {
    qlty_store_options, at least 64 bytes, filled by "qlty_store_options_init";
    positions: QLTY_POSITIONS_NONE,
    chunk: [0; 5],
    codec: std::ptr::null(),
    overwrite: 0,
    reserved: 0,
}

impl qlty_store_options {
    /// The options for pairs with `ndim` spatial axes.
    ///
    /// # Safety
    /// `codec` is NULL or a string.
    unsafe fn options(&self, ndim: usize) -> Outcome<StoreOptions> {
        let positions = match self.positions {
            QLTY_POSITIONS_NONE => Positions::None,
            QLTY_POSITIONS_PIXELS => Positions::Pixels,
            QLTY_POSITIONS_WITH_IMAGE => Positions::WithImage,
            other => return Err(Failure::argument(format!("positions: got {other}, expected a QLTY_POSITIONS"))),
        };
        let mut chunk = shape("chunk", &self.chunk)?;
        if let Some(sizes) = &mut chunk {
            if sizes[ndim + 2..].iter().any(|size| *size != 0) {
                let expected = format!("{} sizes and then 0, since the pairs have {ndim} spatial axes", ndim + 2);
                return Err(Failure::argument(format!("chunk: got {sizes:?}, expected {expected}")));
            }
            sizes.truncate(ndim + 2);
        }
        // SAFETY: the caller's promise.
        let codec = unsafe { codec("codec", self.codec) }?.unwrap_or_default();
        let options = StoreOptions::new().chunk(chunk).positions(positions);
        Ok(options.codec(codec).overwrite(self.overwrite != 0))
    }
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_store_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_store_options_init(
    options: *mut qlty_store_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}

/// Writes the patches of measured pairs to a Zarr v3 group in the folder `path`, in UTF-8; qlty_pairs_select chooses
/// among them.
///
/// The images are `batch` or `images`, the other is NULL. The group's arrays are `patches1` and `patches2` of the
/// images' type, `deltas` (float32), `rotations` (int64) and, if asked for, `positions1` and `positions2` (int64); its
/// attribute `metadata` has the columns of the pairs. With more than a thousand pairs, chunks are grouped in shards of
/// about 64 MiB. The store appears at its path when it is complete; a failure leaves no new store, and an old one
/// unchanged. A destination has one writer at a time. Memory is bounded by 256 MiB of patches, or two files of them.
/// Progress counts files. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if the pairs were not measured,
/// leave the images or have a rotation that is not possible with their window, or if an option is invalid;
/// QLTY_STATUS_EXISTS if the destination exists and may not be replaced; QLTY_STATUS_BUSY if another writer has it;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_write(
    pairs: Option<&qlty_pairs>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    path: *const c_char,
    options: *const qlty_store_options,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let pairs = &required("pairs", pairs)?.0;
        let source = Source::new(batch, images, pairs.ndim(), &mut arrays)?;
        // SAFETY: the path and the options are as the host promises for all calls.
        let (path, options) = unsafe { (path_text("path", path)?, read(options)?.options(pairs.ndim())?) };
        source.with_bools(|images| {
            run(progress, user, |monitor| {
                extract_patches_to_zarr(images, pairs, None, Path::new(path), &options, monitor)
            })
        })
    })
}
