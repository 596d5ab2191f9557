//! The plan of a pyramid: sizes, positions and files of its levels.

use qlty_core::DType;
use qlty_core::internal::array::product;

use super::axes::Axes;
use super::options::{Halving, Levels, Normalization, PyramidOptions, ZarrFormat};
use super::slab_writer::ArraySpec;
use crate::pixel::check_dtype;
use crate::{Error, LengthUnit, PlaneSource, Result};

/// The smaller of Y and X at which automatic levels end.
const SMALL: usize = 256;

/// The plan of a pyramid.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// (T,C,Z,Y,X) of the full size.
    pub(crate) shape: [usize; 5],
    pub(crate) axes: Axes,
    pub(crate) dtype: DType,
    pub(crate) unit: Option<LengthUnit>,
    pub(crate) name: String,
    /// The names of the channels, one for each.
    pub(crate) channel_names: Vec<Option<String>>,
    /// From fine to coarse; never empty.
    pub(crate) levels: Vec<PlannedLevel>,
    /// The number of full-size planes that are read at a time.
    pub(crate) planes: usize,
}

/// The plan of a level.
#[derive(Debug, Clone)]
pub(crate) struct PlannedLevel {
    /// The factors along Z, Y and X from the previous level.
    pub(crate) factor: [usize; 3],
    /// The size of a voxel along Z, Y and X.
    pub(crate) voxel_size: [f64; 3],
    /// The centre of the first voxel, relative to that of the full size.
    pub(crate) translation: [f64; 3],
    pub(crate) array: ArraySpec,
}

impl PlannedLevel {
    /// The size along Z, Y and X.
    pub(crate) fn size(&self) -> [usize; 3] {
        let [_, _, z, y, x] = self.array.shape;
        [z, y, x]
    }
}

impl Plan {
    pub(crate) fn new(source: &dyn PlaneSource, options: &PyramidOptions) -> Result<Self> {
        let shape = source.shape();
        if shape.contains(&0) {
            return Err(Error::argument("shape of the image", shape, "sizes above 0"));
        }
        let dtype = dtype(source.dtype(), options)?;
        let plane = product("an image", &[shape[1], shape[3], shape[4], dtype.size()])?;
        options.codec.check()?;
        let axes = Axes::new(options.axes, shape);
        if !axes.are_ngff() && shape[0] > 1 {
            return Err(Error::argument("axis order", axes.word(), format!("TCZYX for {} time points", shape[0])));
        }
        let channel_names = channel_names(source, options)?;
        let (voxel_size, unit) = voxel_size(source, options)?;
        let factors = factors(shape, voxel_size, options)?;
        let (chunk, shard) = files(plane, options)?;
        let mut levels = Vec::<PlannedLevel>::new();
        for factor in std::iter::once([1; 3]).chain(factors) {
            let finer = levels
                .last()
                .map_or(([shape[2], shape[3], shape[4]], voxel_size), |level| (level.size(), level.voxel_size));
            let size: [usize; 3] = std::array::from_fn(|axis| finer.0[axis].div_ceil(factor[axis]));
            let level_voxel: [f64; 3] = std::array::from_fn(|axis| finer.1[axis] * factor[axis] as f64);
            let shift = |axis: usize| (level_voxel[axis] - voxel_size[axis]) / 2.0;
            let translation = std::array::from_fn(|axis| if options.method.is_binning() { shift(axis) } else { 0.0 });
            let chunk: [usize; 3] = std::array::from_fn(|axis| chunk[axis].min(size[axis]));
            let whole = |axis: usize| size[axis].next_multiple_of(chunk[axis]);
            let shard = shard.map(|shard: [usize; 3]| {
                std::array::from_fn(|axis| (shard[axis] / chunk[axis] * chunk[axis]).min(whole(axis)))
            });
            let array = ArraySpec {
                shape: [shape[0], shape[1], size[0], size[1], size[2]],
                axes: axes.clone(),
                chunk,
                shard,
                codec: options.codec,
                format: options.format,
            };
            levels.push(PlannedLevel { factor, voxel_size: level_voxel, translation, array });
        }
        let depth = levels[0].array.file()[0];
        // Two slabs are in memory at a time, one being read and one being written, each with its coarser levels.
        let slabs = (options.memory / held(plane.saturating_mul(depth))).max(1);
        let planes = slabs.saturating_mul(depth).min(shape[2]);
        let name = options.name.clone().unwrap_or_else(|| source.name().to_owned());
        Ok(Self { shape, axes, dtype, unit, name, channel_names, levels, planes })
    }
}

/// The memory in bytes for a slab of `slab` bytes: twice the slab and its coarser levels.
fn held(slab: usize) -> usize {
    (slab / 3).saturating_mul(8).max(1)
}

/// The type of the pixels written.
fn dtype(source: DType, options: &PyramidOptions) -> Result<DType> {
    check_dtype("type of the image", source)?;
    let default = if options.normalization == Normalization::None { source } else { DType::F32 };
    let dtype = options.dtype.unwrap_or(default);
    check_dtype("dtype", dtype)?;
    if (options.format, dtype) == (ZarrFormat::V2, DType::BF16) {
        return Err(Error::argument("dtype", dtype, "a type that Zarr v2 has"));
    }
    if options.normalization == Normalization::None {
        return Ok(dtype);
    }
    if let Normalization::By { mean, deviation } = options.normalization
        && !(mean.is_finite() && deviation.is_finite() && deviation > 0.0)
    {
        let expected = "finite numbers, the deviation above 0";
        return Err(Error::argument("normalization", options.normalization, expected));
    }
    if !dtype.is_float() {
        return Err(Error::argument("dtype", dtype, "a float type, since pixels are normalised"));
    }
    Ok(dtype)
}

/// The names of the channels, if they are known.
fn channel_names(source: &dyn PlaneSource, options: &PyramidOptions) -> Result<Vec<Option<String>>> {
    let (count, given) = (source.shape()[1], &options.channel_names);
    if !given.is_empty() && given.len() != count {
        return Err(Error::argument("channel names", given, format!("{count}, one for each channel")));
    }
    let known = source.channels();
    let name = |index: usize| given.get(index).or_else(|| known.get(index)?.name.as_ref()).cloned();
    Ok((0..count).map(name).collect())
}

/// The size of a voxel along Z, Y and X, and its unit.
fn voxel_size(source: &dyn PlaneSource, options: &PyramidOptions) -> Result<([f64; 3], Option<LengthUnit>)> {
    if let Some(size) = options.voxel_size {
        if !size.iter().all(|size| size.is_finite() && *size > 0.0) {
            return Err(Error::argument("voxel size", size, "sizes above 0"));
        }
        return Ok((size, options.unit));
    }
    let Some(size) = source.voxel_size() else {
        return Ok(([1.0; 3], options.unit));
    };
    let size = size.to(options.unit.unwrap_or(size.unit));
    let sizes = [size.z.unwrap_or(1.0), size.y, size.x];
    if !sizes.iter().all(|size| size.is_finite() && *size > 0.0) {
        return Ok(([1.0; 3], options.unit));
    }
    Ok((sizes, Some(size.unit)))
}

/// The factors of the levels after the first, each relative to the previous level.
fn factors(shape: [usize; 5], voxel_size: [f64; 3], options: &PyramidOptions) -> Result<Vec<[usize; 3]>> {
    let mut size = [shape[2], shape[3], shape[4]];
    let (most, automatic) = match &options.levels {
        Levels::Factors(factors) => {
            factors.iter().try_for_each(|factor| options.method.check(*factor))?;
            return Ok(factors.clone());
        }
        Levels::UpTo(most) => (*most, true),
        Levels::Count(count) => (*count, false),
    };
    if most == 0 {
        return Err(Error::argument("levels", &options.levels, "at least one"));
    }
    let mut voxel = voxel_size;
    let mut factors = Vec::new();
    while factors.len() + 1 < most && !(automatic && size[1].min(size[2]) <= SMALL) {
        let factor = halved(size, voxel, options.halving);
        if factor == [1; 3] {
            if automatic {
                break;
            }
            let expected = format!("at most {}, since nothing is left to halve", factors.len() + 1);
            return Err(Error::argument("levels", most, expected));
        }
        options.method.check(factor)?;
        size = std::array::from_fn(|axis| size[axis].div_ceil(factor[axis]));
        voxel = std::array::from_fn(|axis| voxel[axis] * factor[axis] as f64);
        factors.push(factor);
    }
    Ok(factors)
}

/// 2 along the axes to be halved, 1 along the others. A single pixel cannot be halved.
fn halved(size: [usize; 3], voxel: [f64; 3], halving: Halving) -> [usize; 3] {
    let sizes = size.iter().zip(voxel).filter(|(size, _)| **size > 1).map(|(_, voxel)| voxel);
    let smallest = sizes.fold(f64::INFINITY, f64::min);
    std::array::from_fn(|axis| {
        let wanted = match halving {
            Halving::Plane => axis > 0,
            Halving::Volume => true,
            Halving::Isotropic => voxel[axis] < smallest * std::f64::consts::SQRT_2,
        };
        if wanted && size[axis] > 1 { 2 } else { 1 }
    })
}

/// The shapes of chunks and shards along Z, Y and X, for planes of `plane` bytes.
fn files(plane: usize, options: &PyramidOptions) -> Result<([usize; 3], Option<[usize; 3]>)> {
    let automatic = || {
        let depth = [8, 4, 2].into_iter().find(|depth| held(plane.saturating_mul(*depth)) <= options.memory);
        [depth.unwrap_or(1), 256, 256]
    };
    let chunk = options.chunk.unwrap_or_else(automatic);
    if chunk.contains(&0) {
        return Err(Error::argument("chunk", chunk, "sizes above 0"));
    }
    product("a chunk", &[chunk[0], chunk[1], chunk[2], 8])?;
    if let Some(shard) = options.shard {
        if options.format == ZarrFormat::V2 {
            return Err(Error::argument("shard", shard, "none in Zarr v2"));
        }
        if shard.contains(&0) || shard.iter().zip(chunk).any(|(shard, chunk)| shard % chunk != 0) {
            return Err(Error::argument("shard", shard, format!("multiples of the chunk, {chunk:?}")));
        }
        product("a shard", &[shard[0], shard[1], shard[2], 8])?;
    }
    Ok((chunk, options.shard))
}
