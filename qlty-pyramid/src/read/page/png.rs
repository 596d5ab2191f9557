//! PNG files: one image each.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use png::{BitDepth, ColorType, Decoder, Reader, Transformations, Unit};
use qlty_core::DType;

use super::tags::{Coding, Compression, Predictor};
use super::{FirstPage, PageError, PageHeader, samples};
use crate::{LengthUnit, VoxelSize};

/// The header of a file.
pub(super) fn first_page(path: &Path) -> Result<FirstPage, PageError> {
    let reader = open(path)?;
    let info = reader.info();
    let pixel_size = info.pixel_dims.filter(|size| size.unit == Unit::Meter && size.xppu > 0 && size.yppu > 0);
    let pixel_size = pixel_size.map(|size| VoxelSize {
        z: None,
        y: 1e6 / f64::from(size.yppu),
        x: 1e6 / f64::from(size.xppu),
        unit: LengthUnit::Micrometer,
    });
    let header = header(&reader)?;
    // The image is compressed with Deflate. This bounds decompression bombs.
    let stored = std::fs::metadata(path).map_err(PageError::Io)?.len();
    let possible = stored.saturating_mul(Compression::Deflate.most_from_a_byte());
    let needed = (info.raw_row_length() as u64 - 1).saturating_mul(header.height as u64);
    if needed > possible {
        return Err(PageError::Corrupt(format!("the file is too short for the {needed} bytes of {header}")));
    }
    Ok(FirstPage { header, description: String::new(), resolution: None, pixel_size })
}

/// Decodes some rows of a file into the bytes of (samples, rows, X).
pub(super) fn read(path: &Path, expected: &PageHeader, rows: Range<usize>, planes: &mut [u8]) -> Result<(), PageError> {
    let mut reader = open(path)?;
    header(&reader)?.check_same(expected)?;
    let (header, size) = (expected, expected.dtype.size());
    let info = reader.info();
    let bits = info.bit_depth as usize;
    let interlaced = info.interlaced;
    let row_bytes = info.raw_row_length() - 1;
    let coding = Coding {
        compression: Compression::None,
        predictor: Predictor::None,
        bits,
        inverted: false,
        reversed: false,
        planar: false,
    };
    let plane_bytes = rows.len() * header.width * size;
    let mut unpacked = Vec::new();
    let mut place = |y: usize, row: &mut [u8]| {
        if !rows.contains(&y) {
            return;
        }
        let row = if bits < 8 {
            unpacked.clear();
            samples::unpack(row, header.width * header.samples, size, &coding, &mut unpacked);
            unpacked.as_slice()
        } else {
            samples::restore(row, row_bytes, header.samples, size, &coding, cfg!(target_endian = "little"));
            &*row
        };
        for (sample, plane) in planes.chunks_exact_mut(plane_bytes).enumerate() {
            let start = (y - rows.start) * header.width * size;
            samples::pick(row, header.samples, sample, size, &mut plane[start..start + header.width * size]);
        }
    };
    if interlaced {
        // The rows are interlaced in seven passes, so the whole image is decoded.
        let mut image = vec![0; row_bytes * header.height];
        reader.next_frame(&mut image).map_err(PageError::data)?;
        image.chunks_exact_mut(row_bytes).enumerate().for_each(|(y, row)| place(y, row));
        return Ok(());
    }
    let mut row = vec![0; row_bytes];
    for y in 0..rows.end {
        match reader.read_row(&mut row).map_err(PageError::data)? {
            Some(_) => place(y, &mut row),
            None => return Err(PageError::Corrupt(format!("ends after {y} of {} rows", header.height))),
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Reader<BufReader<File>>, PageError> {
    let file = File::open(path).map_err(PageError::Io)?;
    let mut decoder = Decoder::new(BufReader::new(file));
    // The indices of a palette are kept, and 16 bits stay 16.
    decoder.set_transformations(Transformations::IDENTITY);
    let reader = decoder.read_info().map_err(PageError::data)?;
    match reader.info().animation_control {
        Some(animation) if animation.num_frames > 1 => {
            Err(PageError::Unsupported(format!("an animation of {} frames", animation.num_frames)))
        }
        _ => Ok(reader),
    }
}

fn header(reader: &Reader<BufReader<File>>) -> Result<PageHeader, PageError> {
    let info = reader.info();
    let samples = match info.color_type {
        ColorType::Grayscale | ColorType::Indexed => 1,
        ColorType::GrayscaleAlpha => 2,
        ColorType::Rgb => 3,
        ColorType::Rgba => 4,
    };
    let dtype = if info.bit_depth == BitDepth::Sixteen { DType::U16 } else { DType::U8 };
    let sizes = [info.height as usize, info.width as usize];
    let bytes = sizes.iter().try_fold(samples * dtype.size(), |bytes, size| bytes.checked_mul(*size));
    match bytes {
        Some(bytes) if isize::try_from(bytes).is_ok() && bytes > 0 => {
            Ok(PageHeader { height: sizes[0], width: sizes[1], samples, dtype })
        }
        _ => Err(PageError::Corrupt(format!("an image of {} rows x {} columns", sizes[0], sizes[1]))),
    }
}
