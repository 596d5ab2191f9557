//! The meaning of the tags of a page: its shape and type, how it is stored, and which kinds are refused.

use super::directory::Directory;
use super::{PageError, PageHeader};
use qlty_core::DType;

/// The tags that are used, with their numbers in TIFF 6.0.
pub(super) mod tag {
    pub(crate) const SUBFILE: u16 = 254;
    pub(crate) const WIDTH: u16 = 256;
    pub(crate) const HEIGHT: u16 = 257;
    pub(crate) const BITS: u16 = 258;
    pub(crate) const COMPRESSION: u16 = 259;
    pub(crate) const PHOTOMETRIC: u16 = 262;
    pub(crate) const FILL_ORDER: u16 = 266;
    pub(crate) const DESCRIPTION: u16 = 270;
    pub(crate) const STRIP_OFFSETS: u16 = 273;
    pub(crate) const SAMPLES: u16 = 277;
    pub(crate) const ROWS_PER_STRIP: u16 = 278;
    pub(crate) const STRIP_BYTE_COUNTS: u16 = 279;
    pub(crate) const X_RESOLUTION: u16 = 282;
    pub(crate) const Y_RESOLUTION: u16 = 283;
    pub(crate) const PLANAR: u16 = 284;
    pub(crate) const RESOLUTION_UNIT: u16 = 296;
    pub(crate) const PREDICTOR: u16 = 317;
    pub(crate) const TILE_WIDTH: u16 = 322;
    pub(crate) const TILE_HEIGHT: u16 = 323;
    pub(crate) const TILE_OFFSETS: u16 = 324;
    pub(crate) const TILE_BYTE_COUNTS: u16 = 325;
    pub(crate) const SAMPLE_FORMAT: u16 = 339;
    pub(crate) const JPEG_TABLES: u16 = 347;
}

/// How the samples of a page are stored.
#[derive(Debug)]
pub(super) struct Coding {
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// The number of bits of a stored sample: that of the pixel type, or fewer, packed.
    pub(super) bits: usize,
    /// Whether the maximum value stands for black.
    pub(super) inverted: bool,
    /// Whether the first bit of a byte is its lowest.
    pub(super) reversed: bool,
    /// Whether each sample has its own strips or tiles.
    pub(super) planar: bool,
}

#[derive(Debug)]
pub(super) enum Compression {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
    /// CCITT group 4.
    Fax,
    Jpeg {
        /// The tables that all strips or tiles share.
        tables: Vec<u8>,
        /// Whether the samples are luminance and chrominance, to be converted to RGB.
        ycbcr: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Predictor {
    None,
    /// Each sample is stored as its difference from that of the previous pixel.
    Horizontal,
    /// The bytes of a row are sorted by significance, and then stored as differences.
    Float,
}

/// The header of a page, and how the page is stored.
pub(super) fn read(directory: &Directory<'_>) -> Result<(PageHeader, Coding), PageError> {
    let number = |tag, absent| Ok(directory.number(tag)?.unwrap_or(absent));
    let required = |tag, name: &str| {
        directory.number(tag)?.ok_or_else(|| PageError::Corrupt(format!("the tag {tag} ({name}) is absent")))
    };
    let (width, height) = (required(tag::WIDTH, "width")?, required(tag::HEIGHT, "height")?);
    let size = |size: u64, most: u32, what: &str| match u32::try_from(size) {
        Ok(size) if (1..=most).contains(&size) => Ok(size as usize),
        _ => Err(PageError::Corrupt(format!("an image of {size} {what}"))),
    };
    let (width, height) = (size(width, u32::MAX, "columns")?, size(height, u32::MAX, "rows")?);
    let samples = size(number(tag::SAMPLES, 1)?, u16::MAX.into(), "samples a pixel")?;
    let bits = uniform(directory, tag::BITS, 1, samples, "bits")?;
    let format = uniform(directory, tag::SAMPLE_FORMAT, 1, samples, "sample formats")?;
    let dtype = dtype(bits, format)?;
    let header = PageHeader { height, width, samples, dtype };

    let planar = match number(tag::PLANAR, 1)? {
        1 => false,
        2 => true,
        other => return Err(PageError::Corrupt(format!("the planar configuration {other}"))),
    };
    let reversed = match number(tag::FILL_ORDER, 1)? {
        1 => false,
        2 => true,
        other => return Err(PageError::Corrupt(format!("the fill order {other}"))),
    };
    let (compression, inverted) = coding(directory, &header)?;
    if matches!(compression, Compression::Fax) && (bits, samples) != (1, 1) {
        return Err(PageError::Unsupported(format!("fax of {samples} samples of {bits} bits")));
    }
    let bits = bits as usize;
    let predictor = predictor(number(tag::PREDICTOR, 1)?, &compression, bits, dtype)?;
    Ok((header, Coding { compression, predictor, bits, inverted, reversed, planar }))
}

/// The value of a tag that must be the same for all samples.
fn uniform(directory: &Directory<'_>, tag: u16, absent: u64, samples: usize, what: &str) -> Result<u64, PageError> {
    let values = directory.numbers(tag)?.unwrap_or_else(|| vec![absent]);
    match values.first() {
        // Some writers store a single value for all samples.
        Some(first) if values.len() == 1 || values.len() == samples => {
            match values.iter().all(|value| value == first) {
                true => Ok(*first),
                false => {
                    Err(PageError::Unsupported(format!("a pixel whose samples differ in their {what}, {values:?},")))
                }
            }
        }
        _ => Err(PageError::Corrupt(format!("{} {what} for {samples} samples", values.len()))),
    }
}

fn dtype(bits: u64, format: u64) -> Result<DType, PageError> {
    Ok(match (format, bits) {
        // A missing SampleFormat means unsigned.
        (1 | 4, 1..=8) => DType::U8,
        (1 | 4, 9..=16) => DType::U16,
        (1 | 4, 32) => DType::U32,
        (1 | 4, 64) => DType::U64,
        (2, 8) => DType::I8,
        (2, 16) => DType::I16,
        (2, 32) => DType::I32,
        (2, 64) => DType::I64,
        (3, 16) => DType::F16,
        (3, 32) => DType::F32,
        (3, 64) => DType::F64,
        _ => {
            let kind = match format {
                1 => "unsigned".to_owned(),
                2 => "signed".to_owned(),
                3 => "float".to_owned(),
                4 => "of no declared format".to_owned(),
                5 | 6 => "complex".to_owned(),
                other => format!("sample format {other}"),
            };
            return Err(PageError::Unsupported(format!("a sample of {bits} bits ({kind})")));
        }
    })
}

/// The compression, and whether black and white are inverted.
fn coding(directory: &Directory<'_>, header: &PageHeader) -> Result<(Compression, bool), PageError> {
    let unsupported = |what: String| Err(PageError::Unsupported(what));
    let photometric = directory.number(tag::PHOTOMETRIC)?;
    let compression = match directory.number(tag::COMPRESSION)?.unwrap_or(1) {
        1 => Compression::None,
        4 => Compression::Fax,
        5 => Compression::Lzw,
        8 | 32946 => Compression::Deflate,
        32773 => Compression::PackBits,
        50000 => Compression::Zstd,
        7 => {
            let tables = directory.opaque(tag::JPEG_TABLES)?.unwrap_or_default();
            Compression::Jpeg { tables, ycbcr: photometric == Some(6) }
        }
        other => {
            let name = match other {
                2 | 3 => "CCITT group 3",
                6 => "old JPEG",
                33003 | 33005 | 34712 => "JPEG 2000",
                34887 => "LERC",
                34925 => "LZMA",
                50001 => "WebP",
                50002 => "JPEG XL",
                _ => "unknown",
            };
            return unsupported(format!("the compression {other} ({name})"));
        }
    };
    let jpeg = matches!(compression, Compression::Jpeg { .. });
    match photometric {
        // The indices of a palette are kept: ImageJ writes measured grey values with a palette for display.
        None | Some(1 | 2 | 3 | 5) => Ok((compression, false)),
        Some(0) => match header.dtype {
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => Ok((compression, true)),
            other => unsupported(format!("the interpretation MinIsWhite of {}", other.zarr_name())),
        },
        Some(6) if jpeg => Ok((compression, false)),
        Some(other) => {
            let name = match other {
                4 => "transparency mask",
                6 => "YCbCr, not JPEG",
                8..=10 => "CIE L*a*b*",
                32803 => "colour filter array",
                32844 | 32845 => "LogLuv",
                34892 => "linear raw",
                _ => "unknown",
            };
            unsupported(format!("the interpretation {other} ({name})"))
        }
    }
}

fn predictor(number: u64, compression: &Compression, bits: usize, dtype: DType) -> Result<Predictor, PageError> {
    let predictor = match number {
        1 => return Ok(Predictor::None),
        2 if bits == 8 * dtype.size() => Predictor::Horizontal,
        3 if matches!(dtype, DType::F16 | DType::F32 | DType::F64) => Predictor::Float,
        other => {
            let what = format!("the predictor {other} of {} in {bits} bits", dtype.zarr_name());
            return Err(PageError::Unsupported(what));
        }
    };
    // Readers disagree about predictors with other compressions.
    match compression {
        Compression::Lzw | Compression::Deflate | Compression::Zstd => Ok(predictor),
        other => Err(PageError::Unsupported(format!("a predictor of {} data", other.name()))),
    }
}

impl Compression {
    /// The name of the compression.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::None => "uncompressed",
            Self::Lzw => "LZW",
            Self::Deflate => "Deflate",
            Self::PackBits => "PackBits",
            Self::Zstd => "Zstandard",
            Self::Fax => "CCITT group 4",
            Self::Jpeg { .. } => "JPEG",
        }
    }
}

/// The number of pixels per unit of length.
pub(crate) struct Resolution {
    /// Along Y and X: pixels over units, both above 0.
    pub(crate) fractions: Option<[(u32, u32); 2]>,
    /// 1 none, 2 inch, 3 centimetre.
    pub(crate) unit: u64,
}

/// The resolution of a page.
pub(super) fn resolution(directory: &Directory<'_>) -> Result<Resolution, PageError> {
    let (y, x) = (directory.fraction(tag::Y_RESOLUTION)?, directory.fraction(tag::X_RESOLUTION)?);
    // TIFF 6.0: inches, if the tag is absent.
    let unit = directory.number(tag::RESOLUTION_UNIT)?.unwrap_or(2);
    Ok(Resolution { fractions: y.zip(x).map(|(y, x)| [y, x]), unit })
}

/// Whether a page is a reduced copy or a mask of another.
pub(super) fn is_copy_or_mask(directory: &Directory<'_>) -> Result<bool, PageError> {
    const REDUCED_OR_MASK: u64 = 0b101;
    Ok(directory.number(tag::SUBFILE)?.unwrap_or(0) & REDUCED_OR_MASK != 0)
}

/// The description of a page, or an empty string.
pub(super) fn description(directory: &Directory<'_>) -> Result<String, PageError> {
    let bytes = directory.opaque(tag::DESCRIPTION)?.unwrap_or_default();
    // ImageJ writes a micro sign in Latin-1, which is not UTF-8.
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}
