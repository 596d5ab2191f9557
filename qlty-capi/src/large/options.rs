//! Options of a result on disk.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use ::qlty_large::{AnyLargeBuilder, AnyLargeQuilt, Result, Shard, Std};
use qlty_core::Monitor;
use qlty_core::dynamic::AnyQuilt;

use crate::arguments::size;
use crate::dtype::{QLTY_DTYPE_F32, dtype_of, mismatch, qlty_dtype};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::options::{codec, init, options, shape};

/// Creates the result; there must be none.
pub const QLTY_START_CREATE: i32 = 0;
/// Resumes the result; there must be one.
pub const QLTY_START_OPEN: i32 = 1;
/// Resumes the result if there is one, otherwise creates it: for several workers that start at once.
pub const QLTY_START_CREATE_OR_OPEN: i32 = 2;
/// Resumes the result; there must be one. All its finished tiles are read first, and the patches of damaged ones are
/// pending again.
pub const QLTY_START_REPAIR: i32 = 3;

/// No standard deviation: patches come without variances.
pub const QLTY_STD_NONE: i32 = 0;
/// sqrt(sum(w v) / sum(w)) over the variances v of the patches over a pixel, with the weights w of their windows.
pub const QLTY_STD_WITHIN: i32 = 1;
/// sqrt(sum(w (v + (x - m)^2)) / sum(w)): also with the spread of the patches' values x around their weighted mean m.
pub const QLTY_STD_TOTAL: i32 = 2;

/// How a batch is stitched onto disk. Fill it with qlty_large_options_init, then set images.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_large_options {
    /// sizeof(qlty_large_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// The type of the sums and the results, QLTY_DTYPE_F32 or QLTY_DTYPE_F64. Initially QLTY_DTYPE_F32.
    pub dtype: qlty_dtype,
    /// Whether a result may or must exist, a QLTY_START. Initially QLTY_START_CREATE.
    pub start: i32,
    /// Which standard deviation is written in addition to the mean, a QLTY_STD. Initially QLTY_STD_NONE.
    pub std: i32,
    /// The number of images of the batch. Initially 0, which is not valid.
    pub images: i64,
    /// The number of channels of the patches. Initially 0: that of an existing result, or of the first patch.
    pub channels: i64,
    /// The number of bytes of sums held in memory, at least a tile per thread; the rest is moved to a scratch folder.
    /// Initially 1 GiB.
    pub memory_budget: i64,
    /// The size in pixels of a tile, which is summed, finished and written as one, (y, x) or (z, y, x): a multiple of
    /// the chunk, or of the shard if there are shards. Initially all 0: that of an existing result, or about 1 MiB of
    /// results.
    pub tile_shape: [i64; 3],
    /// The size of a chunk in pixels; it has all channels of one image. Initially all 0: that of an existing result, or
    /// the tile.
    pub chunk_shape: [i64; 3],
    /// The size of a shard, a group of chunks in one file, in pixels, a multiple of the chunk. Initially all 0: that of
    /// an existing result, or no shards.
    pub shard_shape: [i64; 3],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
    /// by "-bitshuffle"; a level may follow after a colon, as in "zstd:9"; borrowed for the call. Initially NULL: as in
    /// an existing result, or "zstd:1".
    pub codec: *const c_char,
    /// The value of pixels that no patch has reached. Initially NaN.
    pub fill: f64,
    /// The index of this worker among several, below shard_count: each has its own tiles, and needs only the patches
    /// that reach them. Initially 0.
    pub shard_index: i64,
    /// The number of workers. Initially 1.
    pub shard_count: i64,
    /// Whether the mean is divided by its sum over the channels, as probabilities are, and the standard deviation by
    /// the absolute value of that. Initially 0.
    pub normalize: i32,
    /// Not used. Hosts compiled for release 0.1 have padding here, with any value.
    pub reserved: i32,
}

options! {
    qlty_large_options, at least 152 bytes, filled by "qlty_large_options_init";
    dtype: QLTY_DTYPE_F32,
    start: QLTY_START_CREATE,
    std: QLTY_STD_NONE,
    images: 0,
    channels: 0,
    memory_budget: ::qlty_large::DEFAULT_MEMORY_BUDGET as i64,
    tile_shape: [0; 3],
    chunk_shape: [0; 3],
    shard_shape: [0; 3],
    codec: std::ptr::null(),
    fill: f64::NAN,
    shard_index: 0,
    shard_count: 1,
    normalize: 0,
    reserved: 0,
}

impl qlty_large_options {
    /// What creates a result, or resumes one.
    ///
    /// # Safety
    /// `codec` is NULL or a string.
    pub(super) unsafe fn start(
        &self,
        quilt: &AnyQuilt,
        path: &str,
    ) -> Outcome<impl FnOnce() -> Result<AnyLargeQuilt> + Send + use<>> {
        // SAFETY: the caller's promise.
        let builder = unsafe { self.builder(quilt, path) }?;
        let start = match self.start {
            QLTY_START_CREATE => AnyLargeBuilder::create,
            QLTY_START_OPEN => AnyLargeBuilder::open,
            QLTY_START_CREATE_OR_OPEN => AnyLargeBuilder::create_or_open,
            QLTY_START_REPAIR => |builder: AnyLargeBuilder| builder.repair(&Monitor::new()),
            other => return Err(Failure::argument(format!("start: got {other}, expected a QLTY_START"))),
        };
        Ok(move || start(builder))
    }

    /// # Safety
    /// `codec` is NULL or a string.
    unsafe fn builder(&self, quilt: &AnyQuilt, path: &str) -> Outcome<AnyLargeBuilder> {
        let std = match self.std {
            QLTY_STD_NONE => Std::None,
            QLTY_STD_WITHIN => Std::Within,
            QLTY_STD_TOTAL => Std::Total,
            other => return Err(Failure::argument(format!("std: got {other}, expected a QLTY_STD"))),
        };
        let dtype = dtype_of("dtype", self.dtype)?;
        if dtype.sum() != dtype {
            return Err(mismatch("dtype", dtype, "f32 or f64"));
        }
        let shard =
            Shard { index: size("shard_index", self.shard_index)?, count: size("shard_count", self.shard_count)? };
        let mut builder = AnyLargeQuilt::builder(quilt, size("images", self.images)?, path)
            .dtype(dtype)
            .memory_budget(size("memory_budget", self.memory_budget)?)
            .std(std)
            .normalize(self.normalize != 0)
            .fill(self.fill)
            .shard(shard);
        let channels = size("channels", self.channels)?;
        if channels > 0 {
            builder = builder.channels(channels);
        }
        let ndim = quilt.ndim();
        if let Some(shape) = shape("tile_shape", &self.tile_shape[..ndim])? {
            builder = builder.tile_shape(&shape);
        }
        if let Some(shape) = shape("chunk_shape", &self.chunk_shape[..ndim])? {
            builder = builder.chunk_shape(&shape);
        }
        if let Some(shape) = shape("shard_shape", &self.shard_shape[..ndim])? {
            builder = builder.shard_shape(&shape);
        }
        // SAFETY: the caller's promise.
        if let Some(codec) = unsafe { codec("codec", self.codec) }? {
            builder = builder.codec(codec);
        }
        Ok(builder)
    }
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_large_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_options_init(
    options: *mut qlty_large_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}
