//! Decompressing a strip or tile to the bytes of its samples.
//!
//! Each decoder fills a buffer of known length and stops; trailing bytes are ignored. (The LZW end codes of tiles are
//! missing or misplaced in many otherwise intact files.)

use weezl::LzwStatus;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::PageError;
use super::tags::Compression;

/// The shape of a strip or tile: rows, columns, samples.
pub(super) type Shape = [usize; 3];

/// Decodes `stored` into all of `decoded`, a strip or tile of `shape`.
pub(super) fn decode(
    compression: &Compression,
    stored: &[u8],
    shape: Shape,
    decoded: &mut [u8],
) -> Result<(), PageError> {
    match compression {
        Compression::None => match stored.get(..decoded.len()) {
            Some(whole) => {
                decoded.copy_from_slice(whole);
                Ok(())
            }
            None => Err(short(stored.len(), decoded.len())),
        },
        Compression::Lzw => lzw(stored, decoded),
        Compression::Deflate => deflate(stored, decoded),
        Compression::PackBits => pack_bits(stored, decoded),
        Compression::Zstd => match zstd::bulk::decompress_to_buffer(stored, decoded).map_err(PageError::data)? {
            filled if filled < decoded.len() => Err(short(filled, decoded.len())),
            _ => Ok(()),
        },
        Compression::Fax => fax(stored, shape, decoded),
        Compression::Jpeg { tables, ycbcr } => jpeg(tables, *ycbcr, stored, shape, decoded),
    }
}

fn short(got: usize, expected: usize) -> PageError {
    PageError::Corrupt(format!("a strip or tile gives {got} bytes where {expected} are expected"))
}

fn lzw(stored: &[u8], decoded: &mut [u8]) -> Result<(), PageError> {
    // Before 1993 some writers packed the codes from the lowest bit; such data start with a reversed clear code.
    if matches!(stored, [0, second, ..] if second & 1 == 1) {
        return Err(PageError::Unsupported("LZW of the oldest kind (codes from the lowest bit)".to_owned()));
    }
    let order = weezl::BitOrder::Msb;
    let settings = weezl::decode::Configuration::with_tiff_size_switch(order, 8).with_yield_on_full_buffer(true);
    let mut decoder = settings.build();
    let (mut from, mut filled) = (0, 0);
    while filled < decoded.len() {
        let step = decoder.decode_bytes(&stored[from..], &mut decoded[filled..]);
        from += step.consumed_in;
        filled += step.consumed_out;
        match step.status.map_err(PageError::data)? {
            LzwStatus::Ok if step.consumed_in + step.consumed_out > 0 => {}
            _ if filled == decoded.len() => {}
            _ => return Err(short(filled, decoded.len())),
        }
    }
    Ok(())
}

fn deflate(stored: &[u8], decoded: &mut [u8]) -> Result<(), PageError> {
    let mut decoder = flate2::Decompress::new(true);
    let (mut from, mut filled) = (0, 0);
    while filled < decoded.len() {
        // A call can read and write at most 4 GiB.
        let finish = flate2::FlushDecompress::Finish;
        decoder.decompress(&stored[from..], &mut decoded[filled..], finish).map_err(PageError::data)?;
        let (taken, given) = (decoder.total_in() as usize, decoder.total_out() as usize);
        if (taken, given) == (from, filled) {
            return Err(short(filled, decoded.len()));
        }
        (from, filled) = (taken, given);
    }
    Ok(())
}

/// TIFF 6.0, section 9.
fn pack_bits(stored: &[u8], decoded: &mut [u8]) -> Result<(), PageError> {
    let expected = decoded.len();
    let (mut rest, mut free) = (stored, decoded);
    while !free.is_empty() {
        let filled = expected - free.len();
        let [head, tail @ ..] = rest else {
            return Err(short(filled, expected));
        };
        let head = *head as i8;
        let taken = match head {
            -128 => 0,
            0.. => {
                // A run should not cross the end of a row, but it is harmless if it does.
                let count = (head as usize + 1).min(free.len());
                let Some(literal) = tail.get(..count) else {
                    return Err(short(filled + tail.len(), expected));
                };
                free[..count].copy_from_slice(literal);
                free = &mut free[count..];
                count
            }
            _ => {
                let count = (1 - isize::from(head)) as usize;
                let count = count.min(free.len());
                let Some(repeated) = tail.first() else {
                    return Err(short(filled, expected));
                };
                free[..count].fill(*repeated);
                free = &mut free[count..];
                1
            }
        };
        rest = &tail[taken..];
    }
    Ok(())
}

/// One bit per pixel, 1 for black; the photometric interpretation says how that is displayed.
fn fax(stored: &[u8], [height, width, _]: Shape, decoded: &mut [u8]) -> Result<(), PageError> {
    let size =
        |size: usize| u16::try_from(size).map_err(|_| PageError::Unsupported(format!("fax of {size} pixels a side")));
    let (height, width) = (size(height)?, size(width)?);
    decoded.fill(0);
    let mut rows = decoded.chunks_exact_mut(usize::from(width).div_ceil(8));
    let ended = fax::decoder::decode_g4(stored.iter().copied(), width, Some(height), |changes| {
        let Some(row) = rows.next() else { return };
        // White until the first change, black until the second.
        for run in changes.chunks(2) {
            let end = run.get(1).copied().unwrap_or(width).min(width);
            for x in run[0]..end {
                row[usize::from(x / 8)] |= 0x80 >> (x % 8);
            }
        }
    });
    ended.ok_or_else(|| PageError::Corrupt("the fax code breaks off".to_owned()))
}

fn jpeg(tables: &[u8], ycbcr: bool, stored: &[u8], shape: Shape, decoded: &mut [u8]) -> Result<(), PageError> {
    let [height, width, samples] = shape;
    // The decoder makes up pixels for truncated data.
    if !stored.windows(2).rev().take(64).any(|marker| marker == [0xff, 0xd9]) {
        return Err(PageError::Corrupt("JPEG data without an end".to_owned()));
    }
    // The tables are a JPEG file without an image: without its end marker, and followed by the image without its start
    // marker, it becomes a complete file.
    let whole;
    let bytes = match (tables, stored) {
        ([head @ .., 0xff, 0xd9], [0xff, 0xd8, tail @ ..]) => {
            whole = [head, tail].concat();
            whole.as_slice()
        }
        ([], _) => stored,
        _ => return Err(PageError::Corrupt("JPEG tables or data without their markers".to_owned())),
    };
    let options = DecoderOptions::default().set_strict_mode(true).set_max_height(height).set_max_width(width);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(PageError::data)?;
    let wanted = match (ycbcr, samples) {
        (true, 3) => ColorSpace::RGB,
        (true, _) | (false, 2 | 4..) => {
            let kind = if ycbcr { " (YCbCr)" } else { "" };
            return Err(PageError::Unsupported(format!("JPEG of {samples} samples{kind}")));
        }
        // Only samples declared as YCbCr are converted.
        (false, _) => match decoder.input_colorspace() {
            Some(stored) => stored,
            None => return Err(PageError::Corrupt("JPEG data without components".to_owned())),
        },
    };
    decoder.set_options(options.jpeg_set_out_colorspace(wanted));
    let got = decoder.dimensions().map(|(width, height)| [height, width, wanted.num_components()]);
    if got != Some(shape) || decoder.output_buffer_size() != Some(decoded.len()) {
        return Err(PageError::Corrupt(format!("JPEG data of the shape {got:?} in a strip or tile of {shape:?}")));
    }
    decoder.decode_into(decoded).map_err(PageError::data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_of_the_specification() {
        let stored = [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let mut decoded = [0; 24];
        pack_bits(&stored, &mut decoded).unwrap();
        let expected = "aaaaaa80002aaaaaaaaa80002a22aaaaaaaaaaaaaaaaaaaa";
        assert_eq!(decoded.map(|byte| format!("{byte:02x}")).concat(), expected);
        assert!(pack_bits(&stored, &mut [0; 25]).is_err());
        assert!(pack_bits(&stored[..14], &mut [0; 24]).is_err());
        pack_bits(&[0x80, 0x80, 0x00, 7], &mut decoded[..1]).unwrap();
        assert_eq!(decoded[0], 7);
    }

    #[test]
    fn lzw_needs_no_end_code() {
        let plain: Vec<u8> = (0..5000_u32).map(|number| ((number * number) >> 5) as u8).collect();
        let stored = weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8).encode(&plain).unwrap();
        let mut decoded = vec![0; plain.len()];
        for cut in 0..3 {
            lzw(&stored[..stored.len() - cut], &mut decoded[..plain.len() - 8]).unwrap();
            assert_eq!(decoded[..plain.len() - 8], plain[..plain.len() - 8]);
        }
        lzw(&stored, &mut decoded).unwrap();
        assert_eq!(decoded, plain);
        assert!(lzw(&stored[..stored.len() / 2], &mut decoded).is_err());
    }

    #[test]
    fn jpeg_with_its_tables_apart_and_cut() {
        let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/jpeg_grey.tif")).unwrap();
        let find = |marker: [u8; 2], from: usize| from + file[from..].windows(2).position(|two| two == marker).unwrap();
        let start = find([0xff, 0xd8], 0);
        let stored = &file[start..find([0xff, 0xd9], start) + 2];
        let mut whole = [0; 32 * 32];
        jpeg(&[], false, stored, [32, 32, 1], &mut whole).unwrap();
        assert!(
            whole.iter().zip((0..32).flat_map(|y| (0..32).map(move |x| 2 * y + x))).all(|(a, b)| a.abs_diff(b) < 6)
        );

        // A segment is a marker followed by a length that includes itself.
        let (mut tables, mut rest, mut at) = (vec![0xff, 0xd8], vec![0xff, 0xd8], 2);
        while stored[at + 1] != 0xda {
            let end = at + 2 + usize::from(u16::from_be_bytes([stored[at + 2], stored[at + 3]]));
            let shared = matches!(stored[at + 1], 0xc4 | 0xdb);
            if shared { &mut tables } else { &mut rest }.extend(&stored[at..end]);
            at = end;
        }
        tables.extend([0xff, 0xd9]);
        rest.extend(&stored[at..]);
        let mut apart = [0; 32 * 32];
        jpeg(&tables, false, &rest, [32, 32, 1], &mut apart).unwrap();
        assert_eq!(apart, whole);
        assert!(jpeg(&[], false, &rest, [32, 32, 1], &mut apart).is_err());
        assert!(jpeg(&tables[..4], false, &rest, [32, 32, 1], &mut apart).is_err());
        assert!(jpeg(&tables, false, &rest, [32, 31, 1], &mut apart).is_err());
        for length in 0..stored.len() - 8 {
            assert!(jpeg(&[], false, &stored[..length], [32, 32, 1], &mut apart).is_err(), "cut at {length}");
        }
    }
}
