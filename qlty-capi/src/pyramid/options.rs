//! Options of pyramids.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use ::qlty_pyramid::{AxisOrder, Halving, LengthUnit, Levels, Normalization, PyramidOptions, ZarrFormat};

use super::pixel_dtype;
use crate::arguments::{optional, size, sizes_at, text};
use crate::dtype::qlty_dtype;
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::options::{codec, init, options, shape};

/// Each level halves Y and X.
pub const QLTY_HALVING_PLANE: i32 = 0;
/// Each level halves Z, Y and X.
pub const QLTY_HALVING_VOLUME: i32 = 1;
/// Each level halves the axes Z, Y and X along which the voxel size is less than the square root of 2 times the
/// smallest, until all are about the same.
pub const QLTY_HALVING_ISOTROPIC: i32 = 2;

/// (T, C, Z, Y, X), where T and C are left out if there is one of them: the order of NGFF.
pub const QLTY_AXES_TCZYX: i32 = 0;
/// (Z, C, Y, X), for one time point. NGFF does not allow this order, so there is no NGFF metadata.
pub const QLTY_AXES_ZCYX: i32 = 1;

/// Pixels are left as they are.
pub const QLTY_NORMALIZATION_NONE: i32 = 0;
/// By mean and standard deviation of each plane, over its channels.
pub const QLTY_NORMALIZATION_PER_SLICE: i32 = 1;
/// By mean and standard deviation of the whole image, which is read twice.
pub const QLTY_NORMALIZATION_GLOBAL: i32 = 2;
/// By the mean and the deviation that are given.
pub const QLTY_NORMALIZATION_BY: i32 = 3;

/// How a pyramid is made and stored. Fill it with qlty_pyramid_options_init. Its pointers are borrowed for the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pyramid_options {
    /// sizeof(qlty_pyramid_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Which axes a level halves, a QLTY_HALVING; ignored if factors are given. Initially QLTY_HALVING_PLANE.
    pub halving: i32,
    /// The number of levels, including the full size; one level is a single Zarr array. Initially 0: until the smaller
    /// of Y and X is at most 256.
    pub levels: i64,
    /// The largest number of levels if it is not given. Initially 5.
    pub most_levels: i64,
    /// A row (z, y, x) for each level after the first, the factors by which it is smaller than the previous level.
    /// Initially NULL: levels are halved.
    pub factors: *const i64,
    /// The number of rows of factors. Initially 0.
    pub factor_count: i64,
    /// How a level is computed from the previous one: "mean", "gaussian", "nearest", "median", "mode", "max" or "min".
    /// Initially NULL: "mean".
    pub method: *const c_char,
    /// The order of the axes, a QLTY_AXES. Initially QLTY_AXES_TCZYX.
    pub axes: i32,
    /// The type of the pixels written, a QLTY_DTYPE, but not bf16 or bool. Values are rounded to nearest and clamped to
    /// the range of an integer type. Initially 0: that of the image, or QLTY_DTYPE_F32 if pixels are normalised.
    pub dtype: qlty_dtype,
    /// Whether and how pixels v are normalised to (v - mean) / deviation first, a QLTY_NORMALIZATION. Initially
    /// QLTY_NORMALIZATION_NONE.
    pub normalization: i32,
    /// The version of Zarr: 3, with NGFF 0.5, or 2, with NGFF 0.4. Initially 3.
    pub zarr_format: i32,
    /// The mean, for QLTY_NORMALIZATION_BY. Initially 0.
    pub mean: f64,
    /// The deviation, for QLTY_NORMALIZATION_BY. Initially 1.
    pub deviation: f64,
    /// The shape of a chunk along (z, y, x), limited to that of the level; along other axes it is 1. Initially all 0:
    /// (8, 256, 256), or less along z if planes are large.
    pub chunk: [i64; 3],
    /// The shape of a shard along (z, y, x), a group of chunks in one file, a multiple of the chunk; not with Zarr 2.
    /// Initially all 0: each chunk is a file.
    pub shard: [i64; 3],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", the last two optionally followed
    /// by "-bitshuffle"; a level may follow after a colon, as in "zstd:9". Initially NULL: "blosc-zstd-bitshuffle:1".
    pub codec: *const c_char,
    /// The size of a voxel along (z, y, x). Initially all 0: that of the image, or 1 if it is unknown.
    pub voxel_size: [f64; 3],
    /// The unit of voxel_size, such as "micrometer" or "nm"; if only this is given, the voxel size of the image is
    /// converted to it. Initially NULL: that of the image.
    pub unit: *const c_char,
    /// The name in the metadata. Initially NULL: that of the stack.
    pub name: *const c_char,
    /// The names of the channels, a string for each. Initially NULL: those of the image.
    pub channel_names: *const *const c_char,
    /// The number of channel_names. Initially 0.
    pub channel_count: i64,
    /// The number of bytes of pixels held at a time; more if a chunk of the requested depth needs it. Initially 256
    /// MiB.
    pub memory: i64,
    /// Whether an existing store is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
    /// Whether to resume a run with the same options that was killed or failed, and to keep what was written if this
    /// one fails or is cancelled. Initially 0.
    pub resume: i32,
}

options! {
    qlty_pyramid_options, at least 208 bytes, filled by "qlty_pyramid_options_init";
    halving: QLTY_HALVING_PLANE,
    levels: 0,
    most_levels: 5,
    factors: std::ptr::null(),
    factor_count: 0,
    method: std::ptr::null(),
    axes: QLTY_AXES_TCZYX,
    dtype: 0,
    normalization: QLTY_NORMALIZATION_NONE,
    zarr_format: 3,
    mean: 0.0,
    deviation: 1.0,
    chunk: [0; 3],
    shard: [0; 3],
    codec: std::ptr::null(),
    voxel_size: [0.0; 3],
    unit: std::ptr::null(),
    name: std::ptr::null(),
    channel_names: std::ptr::null(),
    channel_count: 0,
    memory: 256 << 20,
    overwrite: 0,
    resume: 0,
}

/// More levels than this are a mistake: each halves an axis of at most 2^63 pixels, or is asked for by a row of
/// factors.
const MOST_LEVELS: usize = 1 << 10;

impl qlty_pyramid_options {
    /// # Safety
    /// The strings are NULL or strings, `factors` is NULL or points to three numbers for each of `factor_count`, and
    /// `channel_names` is NULL or points to `channel_count` strings.
    pub(super) unsafe fn options(&self) -> Outcome<PyramidOptions> {
        let halving = match self.halving {
            QLTY_HALVING_PLANE => Halving::Plane,
            QLTY_HALVING_VOLUME => Halving::Volume,
            QLTY_HALVING_ISOTROPIC => Halving::Isotropic,
            other => return Err(Failure::argument(format!("halving: got {other}, expected a QLTY_HALVING"))),
        };
        let axes = match self.axes {
            QLTY_AXES_TCZYX => AxisOrder::Tczyx,
            QLTY_AXES_ZCYX => AxisOrder::Zcyx,
            other => return Err(Failure::argument(format!("axes: got {other}, expected a QLTY_AXES"))),
        };
        let normalization = match self.normalization {
            QLTY_NORMALIZATION_NONE => Normalization::None,
            QLTY_NORMALIZATION_PER_SLICE => Normalization::PerSlice,
            QLTY_NORMALIZATION_GLOBAL => Normalization::Global,
            QLTY_NORMALIZATION_BY => Normalization::By { mean: self.mean, deviation: self.deviation },
            other => {
                return Err(Failure::argument(format!("normalization: got {other}, expected a QLTY_NORMALIZATION")));
            }
        };
        let format = match self.zarr_format {
            2 => ZarrFormat::V2,
            3 => ZarrFormat::V3,
            other => return Err(Failure::argument(format!("zarr_format: got {other}, expected 2 or 3"))),
        };
        let dtype = match self.dtype {
            0 => None,
            dtype => Some(pixel_dtype("dtype", dtype)?),
        };
        // SAFETY: the caller's promise.
        let [method, unit, name] =
            unsafe { [optional("method", self.method)?, optional("unit", self.unit)?, optional("name", self.name)?] };
        let unit = match unit {
            None => None,
            Some(name) => {
                let unknown = || Failure::argument(format!("unit: got {name:?}, expected a unit of length"));
                Some(LengthUnit::parse(name).ok_or_else(unknown)?)
            }
        };
        // SAFETY: the caller's promise.
        let (levels, codec, channel_names) =
            unsafe { (self.levels()?, codec("codec", self.codec)?, self.channel_names()?) };
        let [chunk, shard] = [box_shape("chunk", &self.chunk)?, box_shape("shard", &self.shard)?];
        let mut options = PyramidOptions::new()
            .levels(levels)
            .halving(halving)
            .axes(axes)
            .dtype(dtype)
            .normalization(normalization)
            .chunk(chunk)
            .shard(shard)
            .codec(codec.unwrap_or(PyramidOptions::CODEC))
            .format(format)
            .voxel_size(Some(self.voxel_size).filter(|size| *size != [0.0; 3]))
            .unit(unit)
            .channel_names(channel_names)
            .memory(size("memory", self.memory)?)
            .overwrite(self.overwrite != 0)
            .resume(self.resume != 0);
        if let Some(method) = method {
            options = options.method(method.parse()?);
        }
        if let Some(name) = name {
            options = options.name(name);
        }
        Ok(options)
    }

    /// # Safety
    /// `channel_names` is NULL or points to `channel_count` strings.
    unsafe fn channel_names(&self) -> Outcome<Vec<String>> {
        let count = size("channel_count", self.channel_count)?;
        if self.channel_names.is_null() && count > 0 {
            return Err(Failure::argument(format!("channel_names: got NULL, expected {count} strings")));
        }
        // SAFETY: not null where there are any, and the caller promises that many strings.
        let name = |index| unsafe { text("channel_names", self.channel_names.add(index).read_unaligned()) };
        (0..count).map(|index| Ok(name(index)?.to_owned())).collect()
    }

    /// # Safety
    /// `factors` is NULL or points to three numbers for each of `factor_count`.
    unsafe fn levels(&self) -> Outcome<Levels> {
        let (levels, most) = (size("levels", self.levels)?, size("most_levels", self.most_levels)?);
        let rows = size("factor_count", self.factor_count)?;
        for (name, count) in [("levels", levels), ("factor_count", rows)] {
            if count > MOST_LEVELS {
                return Err(Failure::argument(format!("{name}: got {count}, expected at most {MOST_LEVELS}")));
            }
        }
        if self.factors.is_null() {
            return match (rows, levels) {
                (0, 0) => Ok(Levels::UpTo(most)),
                (0, levels) => Ok(Levels::Count(levels)),
                _ => Err(Failure::argument(format!("factors: got NULL, expected {rows} rows of 3 numbers"))),
            };
        }
        if levels != 0 && levels != rows + 1 {
            let expected = format!("0 or {}, one more than there are rows of factors", rows + 1);
            return Err(Failure::argument(format!("levels: got {levels}, expected {expected}")));
        }
        // SAFETY: the caller promises three numbers for each row.
        let factors = unsafe { sizes_at("factors", self.factors, 3 * rows) }?;
        Ok(Levels::Factors(factors.chunks_exact(3).map(|row| [row[0], row[1], row[2]]).collect()))
    }
}

/// A shape along (z, y, x), which the host leaves out by 0 along all.
fn box_shape(name: &str, values: &[i64; 3]) -> Outcome<Option<[usize; 3]>> {
    Ok(shape(name, values)?.map(|shape| [shape[0], shape[1], shape[2]]))
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_pyramid_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramid_options_init(
    options: *mut qlty_pyramid_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}
