//! Whether a page's strips or tiles can hold what its header promises.
//!
//! This comes before any memory is taken for the pixels, so that a few bytes of header cannot ask
//! for the whole machine.

use std::io::{Read, Seek};

use tiff::decoder::{ChunkType, Decoder};
use tiff::tags::{CompressionMethod, Tag};

use super::{Fault, PageHeader};

/// Checks the strips or tiles of the decoder's page in a file of `file_length` bytes.
pub(super) fn check<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    header: &PageHeader,
    file_length: u64,
) -> Result<(), Fault> {
    let (kind, offsets, counts) = match decoder.get_chunk_type() {
        ChunkType::Strip => ("strip", Tag::StripOffsets, Tag::StripByteCounts),
        ChunkType::Tile => ("tile", Tag::TileOffsets, Tag::TileByteCounts),
    };
    let offsets = decoder.get_tag_u64_vec(offsets)?;
    let counts = decoder.get_tag_u64_vec(counts)?;
    let mut stored = 0_u64;
    for (index, (&offset, &count)) in offsets.iter().zip(&counts).enumerate() {
        if offset == 0 || count == 0 {
            return Err(Fault::Unsupported(format!("a sparse image ({kind} {index} is absent)")));
        }
        if offset.checked_add(count).is_none_or(|end| end > file_length) {
            return Err(Fault::Corrupt(format!(
                "{kind} {index} is {count} bytes from {offset}, but the file ends at {file_length}"
            )));
        }
        stored = stored.saturating_add(count);
    }
    let needed = decoded_bytes(decoder, header, offsets.len() as u64)?;
    let compression = decoder.find_tag_unsigned(Tag::Compression)?.unwrap_or(1);
    let possible = stored.min(file_length).saturating_mul(most_from_a_byte(compression));
    if needed > possible {
        return Err(Fault::Corrupt(format!(
            "the {kind}s hold {stored} bytes, which cannot give the {needed} bytes of {header}"
        )));
    }
    Ok(())
}

/// The bytes that the strips or tiles decode to, tiles' padding included.
fn decoded_bytes<R: Read + Seek>(decoder: &mut Decoder<R>, header: &PageHeader, chunks: u64) -> Result<u64, Fault> {
    let pixels = match decoder.get_chunk_type() {
        ChunkType::Strip => (header.height as u64).checked_mul(header.width as u64),
        ChunkType::Tile => {
            let (width, height) = decoder.chunk_dimensions();
            chunks.checked_mul(u64::from(width) * u64::from(height))
        }
    };
    let bytes = pixels.and_then(|pixels| pixels.checked_mul(header.pixel_type.bytes() as u64));
    bytes.ok_or_else(|| Fault::Corrupt(format!("the sizes of {header} overflow")))
}

/// The most bytes that a byte of compressed data can stand for.
fn most_from_a_byte(compression: u16) -> u64 {
    match CompressionMethod::from_u16_exhaustive(compression) {
        CompressionMethod::None => 1,
        // Two bytes repeat one up to 128 times.
        CompressionMethod::PackBits => 64,
        // A match of 258 bytes takes two bits.
        CompressionMethod::Deflate | CompressionMethod::OldDeflate => 1032,
        // A code of 12 bits stands for fewer bytes than the table has entries.
        CompressionMethod::LZW => 4096,
        // A block of four bytes repeats one 128 Ki times.
        _ => 32768,
    }
}
