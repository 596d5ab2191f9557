//! Options of pyramids.

use std::ffi::c_char;

use ::qlty_pyramid::{AxisOrder, Halving, LengthUnit, Levels, Normalization, PyramidOptions, ZarrFormat};

use super::pixel_type;
use crate::dtype::qlty_dtype;
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status, size, text};
use crate::options::{Options, codec, init, optional, shape};
use crate::rank::sizes;

/// Each level halves Y and X.
pub const QLTY_HALVING_PLANE: i32 = 0;
/// Each level halves Z, Y and X.
pub const QLTY_HALVING_VOLUME: i32 = 1;
/// Each level halves those of Z, Y and X whose voxel is less than the square root of 2 times the
/// smallest, until all are about the same.
pub const QLTY_HALVING_ISOTROPIC: i32 = 2;

/// (T, C, Z, Y, X), where T and C are left out if there is one of them: the order of NGFF.
pub const QLTY_AXES_TCZYX: i32 = 0;
/// (Z, C, Y, X), for one time point. NGFF does not allow it, so there is no metadata of NGFF.
pub const QLTY_AXES_ZCYX: i32 = 1;

/// Pixels are left as they are.
pub const QLTY_NORMALIZATION_NONE: i32 = 0;
/// By mean and standard deviation of each plane, over its channels.
pub const QLTY_NORMALIZATION_PER_SLICE: i32 = 1;
/// By mean and standard deviation of the whole image, for which it is read twice.
pub const QLTY_NORMALIZATION_GLOBAL: i32 = 2;
/// By the mean and the deviation that are given.
pub const QLTY_NORMALIZATION_BY: i32 = 3;

/// How a pyramid is made and stored. Fill it with qlty_pyramid_options_init. What it points to is borrowed
/// for the call.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pyramid_options {
    /// sizeof(qlty_pyramid_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Which axes a level halves, a QLTY_HALVING; not looked at where factors are given. Initially
    /// QLTY_HALVING_PLANE.
    pub halving: i32,
    /// The number of levels, full size included; one makes no pyramid but a single Zarr array.
    /// Initially 0, which means until the smaller of Y and X is at most 256.
    pub levels: i64,
    /// The most levels where their number is not given. Initially 5.
    pub most_levels: i64,
    /// A row (z, y, x) for each level after the first: by how much it is smaller than the level
    /// before. Initially NULL, which means that levels are halved.
    pub factors: *const i64,
    /// The number of rows of factors. Initially 0.
    pub factor_count: i64,
    /// How a level is made of the level before: "mean", "gaussian", "nearest", "median", "mode", "max" or
    /// "min". Initially NULL, which means "mean".
    pub method: *const c_char,
    /// The order of the axes, a QLTY_AXES. Initially QLTY_AXES_TCZYX.
    pub axes: i32,
    /// The type of the pixels written, a QLTY_DTYPE, but not bf16 or bool. Values are rounded to nearest
    /// and held to the range of an integer type. Initially 0, which means that of the image, or
    /// QLTY_DTYPE_F32 where pixels are normalised.
    pub dtype: qlty_dtype,
    /// Whether a pixel v becomes (v - mean) / deviation first, a QLTY_NORMALIZATION. Initially
    /// QLTY_NORMALIZATION_NONE.
    pub normalization: i32,
    /// The version of Zarr: 3, with NGFF 0.5, or 2, with NGFF 0.4. Initially 3.
    pub zarr_format: i32,
    /// What becomes 0, with QLTY_NORMALIZATION_BY. Initially 0.
    pub mean: f64,
    /// What becomes a difference of 1, with QLTY_NORMALIZATION_BY. Initially 1.
    pub deviation: f64,
    /// The shape of a chunk along (z, y, x), cut down to that of the level; along other axes it is 1.
    /// Initially all 0, which means (8, 256, 256), less along z where planes are large.
    pub chunk: [i64; 3],
    /// The shape along (z, y, x) of what makes one file, a multiple of the chunk's; not with Zarr 2.
    /// Initially all 0, which means that each chunk is a file.
    pub shard: [i64; 3],
    /// How chunks are compressed: "none", "gzip", "zstd", "blosc-lz4" or "blosc-zstd", these two with
    /// "-bitshuffle" behind it or without, and with a level behind a colon where the default is not
    /// wanted, as in "zstd:9". Initially NULL, which means "blosc-zstd-bitshuffle:1".
    pub codec: *const c_char,
    /// The size of a voxel along (z, y, x). Initially all 0, which means that of the image, or 1 where
    /// that says nothing.
    pub voxel_size: [f64; 3],
    /// The unit of voxel_size, such as "micrometer" or "nm"; where only this is given, the size of the
    /// image is converted to it. Initially NULL, which means that of the image.
    pub unit: *const c_char,
    /// The name in the metadata. Initially NULL, which means that of the stack.
    pub name: *const c_char,
    /// The names of the channels, a string for each. Initially NULL, which means what the image says of
    /// them.
    pub channel_names: *const *const c_char,
    /// The number of channel_names. Initially 0.
    pub channel_count: i64,
    /// How many bytes of pixels are held at a time, unless a chunk as deep as asked for takes more.
    /// Initially 256 MiB.
    pub memory: i64,
    /// Whether a store of the same name is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
    /// Whether to go on where a run with the same options was killed or failed, and to keep what is
    /// there when this one fails or is cancelled. Initially 0.
    pub resume: i32,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and pointers.
unsafe impl Options for qlty_pyramid_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
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
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_pyramid_options_init";
}

/// More levels than this are a mistake: each halves an axis of at most 2^63 pixels, or is asked for by a
/// row of factors.
const MOST_LEVELS: usize = 1 << 10;

impl qlty_pyramid_options {
    /// # Safety
    /// The strings are NULL or strings, `factors` is NULL or points to three numbers for each of
    /// `factor_count`, and `channel_names` is NULL or points to `channel_count` strings.
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
        let pixel_type = match self.dtype {
            0 => None,
            dtype => Some(pixel_type("dtype", dtype)?),
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
        Ok(PyramidOptions {
            // SAFETY: the caller's promise.
            levels: unsafe { self.levels() }?,
            halving,
            method: method.map_or(Ok(Default::default()), str::parse)?,
            axes,
            pixel_type,
            normalization,
            chunk: shape("chunk", &self.chunk)?,
            shard: shape("shard", &self.shard)?,
            // SAFETY: the caller's promise.
            codec: unsafe { codec("codec", self.codec) }?.unwrap_or(PyramidOptions::CODEC),
            format,
            voxel_size: Some(self.voxel_size).filter(|size| *size != [0.0; 3]),
            unit,
            name: name.map(str::to_owned),
            // SAFETY: the caller's promise.
            channel_names: unsafe { self.channel_names() }?,
            memory: size("memory", self.memory)?,
            overwrite: self.overwrite != 0,
            resume: self.resume != 0,
        })
    }

    /// # Safety
    /// `channel_names` is NULL or points to `channel_count` strings.
    unsafe fn channel_names(&self) -> Outcome<Vec<String>> {
        let count = size("channel_count", self.channel_count)?;
        if self.channel_names.is_null() && count > 0 {
            return Err(Failure::argument(format!("channel_names: got NULL, expected {count} strings")));
        }
        // SAFETY: not null where there are any, and the caller promises so many strings.
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
        let row = |row: usize| {
            // SAFETY: not null, and the caller promises so many numbers.
            let numbers: [i64; 3] =
                std::array::from_fn(|axis| unsafe { self.factors.add(3 * row + axis).read_unaligned() });
            sizes("factors", &numbers)
        };
        Ok(Levels::Factors((0..rows).map(row).collect::<Outcome<_>>()?))
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_pyramid_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramid_options_init(
    options: *mut qlty_pyramid_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}
