//! The flags of the options that all pyramids share.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args};
use qlty_pyramid::{
    AxisOrder, Codec, DType, Halving, Interpolation, LengthUnit, Levels, Method, Normalization, PyramidOptions,
    ZarrFormat,
};

/// The default codec, by name.
pub(crate) const CODEC: &str = "blosc-zstd-bitshuffle:1";

/// The image, its levels and its files.
#[derive(Args, Debug)]
pub(crate) struct PyramidArgs {
    /// The number of levels, full size included; 1 makes a single Zarr array
    #[arg(long, value_name = "N", value_parser = positive, conflicts_with_all = ["max_levels", "factor"], help_heading = "Levels")]
    levels: Option<usize>,
    /// At most this number of levels, until the smaller of Y and X is at most 256
    #[arg(long, value_name = "N", value_parser = positive, default_value = "5", conflicts_with = "factor", help_heading = "Levels")]
    max_levels: usize,
    /// The factors of a level relative to the previous one, once for each level after the full size
    #[arg(long, value_name = "Z,Y,X", value_parser = sizes, action = ArgAction::Append, help_heading = "Levels")]
    factor: Vec<[usize; 3]>,
    /// Which axes each level halves: Y and X, Z too, or those whose voxel is still the smallest
    #[arg(long, default_value = "plane", value_parser = halving(), conflicts_with = "factor", help_heading = "Levels")]
    halving: Halving,
    /// How a level is computed from the previous one; `mode` is for labels
    #[arg(long, default_value = "mean", value_parser = method(), help_heading = "Levels")]
    method: Method,

    /// The order of the axes; NGFF does not allow `zcyx`, so such stores have no NGFF metadata
    #[arg(long, default_value = "tczyx", value_parser = axes(), help_heading = "Pixels")]
    axes: AxisOrder,
    /// The type of the pixels written, rounded and clamped to the range of an integer type
    /// [default: the source's, or float32 after --normalize]
    #[arg(long, value_name = "TYPE", value_parser = dtype(), help_heading = "Pixels")]
    dtype: Option<DType>,
    /// Normalize by mean and standard deviation: none, slice (of each slice), global (of all), or MEAN,DEVIATION
    #[arg(long, value_name = "HOW", default_value = "none", allow_hyphen_values = true, value_parser = normalization, help_heading = "Pixels")]
    normalize: Normalization,
    /// The size of a voxel [default: the source's, or 1]
    #[arg(long, value_name = "Z,Y,X", value_parser = lengths, help_heading = "Pixels")]
    voxel_size: Option<[f64; 3]>,
    /// The unit of the voxel size, such as um; without a size, the source's is converted to it [default: the source's]
    #[arg(long, value_parser = unit, help_heading = "Pixels")]
    unit: Option<LengthUnit>,

    /// The shape of a chunk [default: 8,256,256, or fewer planes if they are large]
    #[arg(long, value_name = "Z,Y,X", value_parser = sizes, help_heading = "Files")]
    chunk: Option<[usize; 3]>,
    /// The shape of a file (shard), a multiple of the chunk's [default: the chunk's]
    #[arg(long, value_name = "Z,Y,X", value_parser = sizes, help_heading = "Files")]
    shard: Option<[usize; 3]>,
    /// none, gzip, zstd, or blosc-lz4 or blosc-zstd, optionally with -bitshuffle; with a level as in zstd:9
    #[arg(long, default_value = CODEC, value_parser = codec, help_heading = "Files")]
    codec: Codec,
    /// The Zarr version: 3 with NGFF 0.5 metadata, or 2 with NGFF 0.4
    #[arg(long, value_name = "VERSION", default_value = "3", value_parser = format(), help_heading = "Files")]
    zarr: ZarrFormat,
    /// The maximum number of bytes of pixels in memory, such as 512M or 2G
    #[arg(long, value_name = "BYTES", default_value = "256M", value_parser = memory, help_heading = "Files")]
    memory: usize,
    /// The image's name in the metadata [default: the stack's]
    #[arg(long, help_heading = "Files")]
    name: Option<String>,
    /// The names of all channels, separated by commas [default: the source's]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help_heading = "Files")]
    channel_names: Vec<String>,
}

impl PyramidArgs {
    pub(crate) fn options(&self) -> PyramidOptions {
        let levels = match (self.levels, self.factor.as_slice()) {
            (Some(count), _) => Levels::Count(count),
            (None, []) => Levels::UpTo(self.max_levels),
            (None, factors) => Levels::Factors(factors.to_vec()),
        };
        let mut options = PyramidOptions::new()
            .levels(levels)
            .halving(self.halving)
            .method(self.method)
            .axes(self.axes)
            .dtype(self.dtype)
            .normalization(self.normalize)
            .chunk(self.chunk)
            .shard(self.shard)
            .codec(self.codec)
            .format(self.zarr)
            .voxel_size(self.voxel_size)
            .unit(self.unit)
            .channel_names(&self.channel_names)
            .memory(self.memory);
        options.name = self.name.clone();
        options
    }
}

/// A value parser for the names in a table.
fn named<T: Clone + Send + Sync + 'static, const N: usize>(
    table: [(&'static str, T); N],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(table.clone().map(|(name, _)| name)).try_map(move |text| {
        let found = table.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| value.clone()).ok_or("is not known")
    })
}

fn halving() -> impl TypedValueParser<Value = Halving> {
    named([("plane", Halving::Plane), ("volume", Halving::Volume), ("isotropic", Halving::Isotropic)])
}

fn axes() -> impl TypedValueParser<Value = AxisOrder> {
    named([("tczyx", AxisOrder::Tczyx), ("zcyx", AxisOrder::Zcyx)])
}

fn format() -> impl TypedValueParser<Value = ZarrFormat> {
    named([("3", ZarrFormat::V3), ("2", ZarrFormat::V2)])
}

fn method() -> impl TypedValueParser<Value = Method> {
    let mean = PossibleValue::new("mean").aliases(["dask", "dask_coarsen"]);
    let others = ["gaussian", "nearest", "median", "mode", "max", "min"].map(PossibleValue::new);
    PossibleValuesParser::new(std::iter::once(mean).chain(others)).try_map(|name| name.parse::<Method>())
}

pub(crate) fn interpolation() -> impl TypedValueParser<Value = Interpolation> {
    named([Interpolation::Bilinear, Interpolation::Bicubic].map(|way| (way.name(), way)))
}

fn dtype() -> impl TypedValueParser<Value = DType> {
    let numbers = DType::ALL.iter().filter(|dtype| **dtype != DType::Bool);
    PossibleValuesParser::new(numbers.map(|dtype| dtype.zarr_name()))
        .try_map(|name| DType::from_zarr_name(&name).ok_or("is not known"))
}

pub(crate) fn codec(text: &str) -> Result<Codec, String> {
    text.parse().map_err(|error: qlty_core::Error| error.to_string())
}

fn unit(text: &str) -> Result<LengthUnit, String> {
    LengthUnit::parse(text).ok_or_else(|| "not one of angstrom, nm, um, mm, cm, m and inch".to_owned())
}

fn normalization(text: &str) -> Result<Normalization, String> {
    match text {
        "none" => Ok(Normalization::None),
        "slice" => Ok(Normalization::PerSlice),
        "global" => Ok(Normalization::Global),
        _ => {
            let [mean, deviation] = numbers(text).ok_or("not none, slice, global, or a mean and a deviation")?;
            if deviation <= 0.0 {
                return Err("a deviation is above 0".to_owned());
            }
            Ok(Normalization::By { mean, deviation })
        }
    }
}

pub(crate) fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "not a whole number above 0".to_owned())
}

/// Three integers above 0, separated by commas.
fn sizes(text: &str) -> Result<[usize; 3], String> {
    let parts: Option<Vec<usize>> = text.split(',').map(|part| positive(part.trim()).ok()).collect();
    let three = parts.and_then(|parts| parts.try_into().ok());
    three.ok_or_else(|| "not three whole numbers above 0 for Z, Y and X, such as 1,2,2".to_owned())
}

fn lengths(text: &str) -> Result<[f64; 3], String> {
    let three = numbers(text).filter(|sizes: &[f64; 3]| sizes.iter().all(|size| *size > 0.0));
    three.ok_or_else(|| "not three numbers above 0 for Z, Y and X, such as 2,0.325,0.325".to_owned())
}

/// Finite numbers, separated by commas.
fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let parts = text.split(',').map(|part| part.trim().parse().ok().filter(|number: &f64| number.is_finite()));
    parts.collect::<Option<Vec<f64>>>()?.try_into().ok()
}

/// A number of bytes, with K, M or G for powers of 1024.
fn memory(text: &str) -> Result<usize, String> {
    let text = text.trim_end_matches("iB").trim_end_matches('B');
    let (number, shift) = match text.chars().last().map(|last| last.to_ascii_uppercase()) {
        Some('K') => (&text[..text.len() - 1], 10),
        Some('M') => (&text[..text.len() - 1], 20),
        Some('G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(1 << shift));
    bytes.filter(|bytes| *bytes > 0).ok_or_else(|| "not a number of bytes above 0, such as 512M".to_owned())
}
