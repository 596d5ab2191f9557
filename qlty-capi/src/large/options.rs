//! Options of a result on disk.

use std::ffi::c_char;

use ::qlty_large::{Accumulator, LargeBuilder, LargeQuilt, Shard, Std};
use qlty_core::{Quilt, Rank, Spatial};

use crate::dtype::{QLTY_DTYPE_F32, qlty_dtype};
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status, size};
use crate::options::{Options, codec, init, shape};

/// Nothing may be there: the result is begun.
pub const QLTY_START_CREATE: i32 = 0;
/// A result must be there, with which the work goes on.
pub const QLTY_START_OPEN: i32 = 1;
/// The work goes on with a result if there is one, and begins it otherwise: for several workers that
/// start at once.
pub const QLTY_START_CREATE_OR_OPEN: i32 = 2;

/// No standard deviation: patches come without variances.
pub const QLTY_STD_NONE: i32 = 0;
/// sqrt(sum(w v) / sum(w)) over the variances v of the patches over a pixel, with the weights w of
/// their windows.
pub const QLTY_STD_WITHIN: i32 = 1;
/// sqrt(sum(w (v + (x - m)^2)) / sum(w)): that, and how far the values x of the patches are from
/// their weighted mean m.
pub const QLTY_STD_TOTAL: i32 = 2;

/// How a batch is stitched onto disk. Fill it with qlty_large_options_init, then set images.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_large_options {
    /// sizeof(qlty_large_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// The type of the sums and the results, QLTY_DTYPE_F32 or QLTY_DTYPE_F64. Initially
    /// QLTY_DTYPE_F32.
    pub dtype: qlty_dtype,
    /// What may be on disk already, a QLTY_START. Initially QLTY_START_CREATE.
    pub start: i32,
    /// Which standard deviation is written beside the mean, a QLTY_STD. Initially QLTY_STD_NONE.
    pub std: i32,
    /// The number of images of the batch. Initially 0, which is not valid.
    pub images: i64,
    /// The number of channels of the patches. Initially 0, which means that of a result that is there,
    /// or of the first patch.
    pub channels: i64,
    /// How many bytes of sums are held in memory, and a tile for each thread at least; what is more goes
    /// to a scratch folder. Initially 1 GiB.
    pub memory_budget: i64,
    /// The size in pixels of what is summed, finished and written as one, (y, x) or (z, y, x): a
    /// multiple of the chunk, or of the shard if there are shards. Initially all 0, which means
    /// that of a result that is there, or about 1 MiB of results.
    pub tile_shape: [i64; 3],
    /// The size of a chunk in pixels; it has all channels of one image. Initially all 0, which means
    /// that of a result that is there, or the tile.
    pub chunk_shape: [i64; 3],
    /// The size of a shard in pixels, a multiple of the chunk: chunks that share a file. Initially all
    /// 0, which means that of a result that is there, or no shards.
    pub shard_shape: [i64; 3],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
    /// "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
    /// wanted, as in "zstd:9"; borrowed for the call.
    /// Initially NULL, which means as in a result that is there, or "zstd:1".
    pub codec: *const c_char,
    /// What a pixel is that no patch has reached. Initially NaN.
    pub fill: f64,
    /// Which of several workers this is, below their number: each has tiles of its own, and needs only
    /// the patches that reach them. Initially 0.
    pub shard_index: i64,
    /// How many workers there are. Initially 1.
    pub shard_count: i64,
    /// Whether the mean is divided by its sum over the channels, as probabilities are, and the standard
    /// deviation by the absolute value of that. Initially 0.
    pub normalize: i32,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and a pointer.
unsafe impl Options for qlty_large_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
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
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_large_options_init";
}

impl qlty_large_options {
    /// Begins a result, or goes on with one.
    ///
    /// # Safety
    /// `codec` is NULL or a string.
    pub(super) unsafe fn start<A: Accumulator, const D: usize>(
        &self,
        quilt: &Quilt<D>,
        path: &str,
    ) -> Outcome<LargeQuilt<A, D>>
    where
        Spatial<D>: Rank,
    {
        // SAFETY: the caller's promise.
        let builder = unsafe { self.builder(quilt, path) }?;
        Ok(match self.start {
            QLTY_START_CREATE => builder.create()?,
            QLTY_START_OPEN => builder.open()?,
            QLTY_START_CREATE_OR_OPEN => builder.create_or_open()?,
            other => return Err(Failure::argument(format!("start: got {other}, expected a QLTY_START"))),
        })
    }

    /// # Safety
    /// `codec` is NULL or a string.
    unsafe fn builder<A: Accumulator, const D: usize>(
        &self,
        quilt: &Quilt<D>,
        path: &str,
    ) -> Outcome<LargeBuilder<A, D>>
    where
        Spatial<D>: Rank,
    {
        let std = match self.std {
            QLTY_STD_NONE => Std::None,
            QLTY_STD_WITHIN => Std::Within,
            QLTY_STD_TOTAL => Std::Total,
            other => return Err(Failure::argument(format!("std: got {other}, expected a QLTY_STD"))),
        };
        let shard =
            Shard { index: size("shard_index", self.shard_index)?, count: size("shard_count", self.shard_count)? };
        let mut builder = LargeQuilt::builder(quilt, size("images", self.images)?, path)
            .memory_budget(size("memory_budget", self.memory_budget)?)
            .std(std)
            .normalize(self.normalize != 0)
            .fill(A::from_f64(self.fill))
            .shard(shard);
        let channels = size("channels", self.channels)?;
        if channels > 0 {
            builder = builder.channels(channels);
        }
        if let Some(shape) = shape("tile_shape", &self.tile_shape)? {
            builder = builder.tile_shape(shape);
        }
        if let Some(shape) = shape("chunk_shape", &self.chunk_shape)? {
            builder = builder.chunk_shape(shape);
        }
        if let Some(shape) = shape("shard_shape", &self.shard_shape)? {
            builder = builder.shard_shape(shape);
        }
        // SAFETY: the caller's promise.
        if let Some(codec) = unsafe { codec("codec", self.codec) }? {
            builder = builder.codec(codec);
        }
        Ok(builder)
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_large_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_options_init(
    options: *mut qlty_large_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}
