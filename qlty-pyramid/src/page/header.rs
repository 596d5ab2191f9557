//! What a page's tags say, and which pages are refused for it.

use std::io::{Read, Seek};

use tiff::decoder::Decoder;
use tiff::decoder::ifd::Value;
use tiff::tags::{CompressionMethod, PhotometricInterpretation, Tag};

use super::{Fault, PageHeader, TAG_LIMIT};
use crate::PixelType;

/// The header of the decoder's page.
pub(super) fn read<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<PageHeader, Fault> {
    refuse_unfaithful(decoder)?;
    let bits = number(decoder, Tag::BitsPerSample, 1)?;
    let format = number(decoder, Tag::SampleFormat, 1)?;
    let pixel_type = match (format, bits) {
        (1, 8) => PixelType::U8,
        (1, 16) => PixelType::U16,
        (1, 32) => PixelType::U32,
        (1, 64) => PixelType::U64,
        (2, 8) => PixelType::I8,
        (2, 16) => PixelType::I16,
        (2, 32) => PixelType::I32,
        (2, 64) => PixelType::I64,
        (3, 16) => PixelType::F16,
        (3, 32) => PixelType::F32,
        (3, 64) => PixelType::F64,
        _ => {
            let kind = match format {
                1 => "unsigned".to_owned(),
                2 => "signed".to_owned(),
                3 => "float".to_owned(),
                other => format!("sample format {other}"),
            };
            return Err(Fault::Unsupported(format!("a pixel of {bits} bits ({kind})")));
        }
    };
    let (width, height) = decoder.dimensions()?;
    let too_wide = |_| Fault::Corrupt(format!("{height} x {width} pixels do not fit the address space"));
    Ok(PageHeader {
        height: usize::try_from(height).map_err(too_wide)?,
        width: usize::try_from(width).map_err(too_wide)?,
        pixel_type,
    })
}

/// Refuses, by name, the kinds of page that the decoder would change on the way or that are not one
/// grey value a pixel.
fn refuse_unfaithful<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<(), Fault> {
    let unsupported = |what: String| Err(Fault::Unsupported(what));
    let samples = number(decoder, Tag::SamplesPerPixel, 1)?;
    let photometric = number(decoder, Tag::PhotometricInterpretation, u16::MAX)?;
    match PhotometricInterpretation::from_u16(photometric) {
        Some(PhotometricInterpretation::BlackIsZero) => {}
        Some(PhotometricInterpretation::WhiteIsZero) => {
            return unsupported("the interpretation MinIsWhite".to_owned());
        }
        Some(PhotometricInterpretation::RGBPalette) => {
            return unsupported("a palette image".to_owned());
        }
        Some(other) => {
            return unsupported(format!("the interpretation {other:?} of {samples} samples a pixel"));
        }
        None => return unsupported(format!("the interpretation {photometric}")),
    }
    if samples != 1 {
        return unsupported(format!("a grey image of {samples} samples a pixel"));
    }
    let compression = number(decoder, Tag::Compression, 1)?;
    match CompressionMethod::from_u16_exhaustive(compression) {
        CompressionMethod::None
        | CompressionMethod::LZW
        | CompressionMethod::Deflate
        | CompressionMethod::OldDeflate
        | CompressionMethod::PackBits
        | CompressionMethod::ZSTD => {}
        other => return unsupported(format!("the compression {other:?} ({compression})")),
    }
    match number(decoder, Tag::FillOrder, 1)? {
        1 => Ok(()),
        order => unsupported(format!("the fill order {order} (bits reversed)")),
    }
}

/// How many pixels there are to a unit of length.
pub(super) struct Resolution {
    /// Along Y and X: pixels over units, both above 0.
    pub(super) fractions: Option<[(u32, u32); 2]>,
    /// 1 none, 2 inch, 3 centimetre.
    pub(super) unit: u16,
}

/// The resolution of the decoder's page.
pub(super) fn resolution<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<Resolution, Fault> {
    let mut fraction = |tag| match decoder.find_tag(tag) {
        Ok(Some(Value::Rational(pixels, units))) if pixels > 0 && units > 0 => Some((pixels, units)),
        _ => None,
    };
    let fractions = fraction(Tag::YResolution).zip(fraction(Tag::XResolution)).map(|(y, x)| [y, x]);
    // TIFF 6.0: inches, if the tag is absent.
    Ok(Resolution { fractions, unit: number(decoder, Tag::ResolutionUnit, 2)? })
}

/// The description of the decoder's page, or nothing.
pub(super) fn description<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<String, Fault> {
    let mut tags = decoder.image_ifd();
    let Some(entry) = tags.find_entry(Tag::ImageDescription) else {
        return Ok(String::new());
    };
    let length = usize::try_from(entry.count()).unwrap_or(usize::MAX).min(TAG_LIMIT);
    let mut bytes = vec![0; length];
    // Read as bytes, because the decoder fails on a micro sign in Latin-1.
    let read = tags.find_tag_bytes(Tag::ImageDescription, &mut bytes, 0)?.unwrap_or(0);
    bytes.truncate(read);
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
}

/// A tag's first value, or what TIFF says that its absence means.
fn number<R: Read + Seek>(decoder: &mut Decoder<R>, tag: Tag, absent: u16) -> Result<u16, Fault> {
    let values = decoder.find_tag_unsigned_vec::<u16>(tag)?;
    Ok(values.and_then(|values| values.first().copied()).unwrap_or(absent))
}
