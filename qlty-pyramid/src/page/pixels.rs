//! Reading a page: strip by strip or tile by tile, into planes.

use super::chunks::Chunks;
use super::directory::TiffFile;
use super::header::{self, Coding, Compression};
use super::{Fault, PageHeader, codec, samples};

/// What is stored of a strip or tile beyond twice its pixels and this is not read: no decoder needs it.
const SLACK: u64 = 64 << 10;

/// The bytes that are read and put in order at a time, so that they are still in the cache.
const PIECE: usize = 256 << 10;

/// A page whose header is checked.
#[derive(Debug)]
pub(super) struct Page<'f> {
    file: &'f TiffFile,
    pub(super) header: PageHeader,
    coding: Coding,
    chunks: Chunks,
}

/// Memory that one strip or tile after the other uses.
#[derive(Default)]
struct Scratch {
    stored: Vec<u8>,
    decoded: Vec<u8>,
    /// A row.
    unpacked: Vec<u8>,
}

impl<'f> Page<'f> {
    /// The page whose directory is at an offset; or, if `image` is above 0, the image so many images
    /// behind it, which follows without a directory of its own.
    pub(super) fn open(file: &'f TiffFile, offset: u64, image: u64) -> Result<Self, Fault> {
        let directory = file.directory(offset)?;
        let (header, coding) = header::read(&directory)?;
        let mut chunks = Chunks::read(&directory, &header, &coding, file.length())?;
        if image > 0 {
            chunks.shift(image, &header, &coding, file.length())?;
        }
        Ok(Self { file, header, coding, chunks })
    }

    /// Decodes the page into `planes`, the bytes of (samples, Y, X) in C order.
    pub(super) fn read(&self, planes: &mut [u8]) -> Result<(), Fault> {
        let size = self.header.pixel_type.bytes();
        let row_bytes = self.header.width * size;
        if self.header.samples == 1 && self.coding.bits == 8 * size {
            if let Some((mut offset, _)) = self.chunks.run(&self.header, &self.coding) {
                for piece in planes.chunks_mut((PIECE / row_bytes).max(1) * row_bytes) {
                    self.file.read(offset, piece)?;
                    offset += piece.len() as u64;
                    samples::restore(piece, row_bytes, 1, size, &self.coding, self.swap());
                }
                return Ok(());
            }
        }
        let mut scratch = Scratch::default();
        let (down, across) = (self.chunks.down, self.chunks.across);
        for (index, part) in planes.chunks_mut(self.chunks.samples * self.header.height * row_bytes).enumerate() {
            for row in 0..down {
                for column in 0..across {
                    let place = self.chunks.place((index * down + row) * across + column);
                    self.read_chunk(place, row, column, part, &mut scratch)?;
                }
            }
        }
        Ok(())
    }

    /// Decodes the strip or tile in a row and a column of them into the planes of its samples.
    fn read_chunk(
        &self,
        place: Option<(u64, u64)>,
        row: usize,
        column: usize,
        planes: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), Fault> {
        let Self { header, coding, chunks, .. } = self;
        let size = header.pixel_type.bytes();
        let (stored_rows, rows) = chunks.rows(row, header);
        let (first_row, first_column) = (row * chunks.height, column * chunks.width);
        let columns = chunks.width.min(header.width - first_column);
        let shape = [stored_rows, chunks.width, chunks.samples];
        let row_bytes = chunks.row_bytes(coding);

        let packed = coding.bits != 8 * size;
        if !packed && chunks.samples == 1 && chunks.width == header.width && stored_rows == rows {
            let target = &mut planes[first_row * row_bytes..][..rows * row_bytes];
            self.fetch(place, shape, target, &mut scratch.stored)?;
            samples::restore(target, row_bytes, 1, size, coding, self.swap());
            return Ok(());
        }
        let Scratch { stored, decoded, unpacked } = scratch;
        let decoded = room(decoded, stored_rows * row_bytes)?;
        self.fetch(place, shape, decoded, stored)?;
        if !packed {
            samples::restore(decoded, row_bytes, chunks.samples, size, coding, self.swap());
        }
        let plane_bytes = header.height * header.width * size;
        for (offset, from) in decoded.chunks_exact(row_bytes).take(rows).enumerate() {
            let start = ((first_row + offset) * header.width + first_column) * size;
            let from = if packed {
                unpacked.clear();
                samples::unpack(from, columns * chunks.samples, size, coding, unpacked);
                unpacked.as_slice()
            } else {
                from
            };
            for (sample, plane) in planes.chunks_exact_mut(plane_bytes).enumerate() {
                samples::pick(from, chunks.samples, sample, size, &mut plane[start..start + columns * size]);
            }
        }
        Ok(())
    }

    /// The bytes of a strip or tile after decompression; zeros if the file does not have it.
    fn fetch(
        &self,
        place: Option<(u64, u64)>,
        shape: codec::Shape,
        decoded: &mut [u8],
        stored: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let Some((offset, count)) = place else {
            decoded.fill(0);
            return Ok(());
        };
        if let Compression::None = self.coding.compression {
            return self.file.read(offset, decoded);
        }
        let useful = (decoded.len() as u64).saturating_mul(2).saturating_add(SLACK);
        let count = usize::try_from(count.min(useful)).map_err(|_| Fault::no_memory(count))?;
        let stored = room(stored, count)?;
        self.file.read(offset, stored)?;
        codec::decode(&self.coding.compression, stored, shape, decoded)
    }

    /// Whether this machine has another byte order than the file.
    fn swap(&self) -> bool {
        self.file.big_endian() != cfg!(target_endian = "big")
    }
}

/// The first `count` bytes of a buffer, which grows if need be.
fn room(buffer: &mut Vec<u8>, count: usize) -> Result<&mut [u8], Fault> {
    if let Some(missing) = count.checked_sub(buffer.len()) {
        buffer.try_reserve_exact(missing).map_err(|_| Fault::no_memory(count as u64))?;
        buffer.resize(count, 0);
    }
    Ok(&mut buffer[..count])
}
