//! Reading a page into planes, strip by strip or tile by tile.

use std::ops::Range;

use super::chunks::Chunks;
use super::directory::TiffFile;
use super::tags::{self, Coding, Compression};
use super::{PageError, PageHeader, codec, samples};

/// The stored bytes of a strip or tile beyond twice the size of its pixels plus this number are not read: no decoder
/// needs them.
const SLACK: u64 = 64 << 10;

/// The minimum number of bytes that are read and reordered at a time, while they are in the cache.
const PIECE: usize = 256 << 10;

/// A page whose header has been checked.
#[derive(Debug)]
pub(super) struct Page<'f> {
    file: &'f TiffFile,
    pub(super) header: PageHeader,
    coding: Coding,
    chunks: Chunks,
}

/// Buffers that are reused between strips or tiles.
#[derive(Default)]
struct Scratch {
    stored: Vec<u8>,
    decoded: Vec<u8>,
    /// A row.
    unpacked: Vec<u8>,
}

impl<'f> Page<'f> {
    /// The page whose directory is at an offset; or, if `image` is above 0, the image that many images after it, which
    /// follows without its own directory.
    pub(super) fn open(file: &'f TiffFile, offset: u64, image: u64) -> Result<Self, PageError> {
        let directory = file.directory(offset)?;
        let (header, coding) = tags::read(&directory)?;
        let mut chunks = Chunks::read(&directory, &header, &coding, file.length())?;
        if image > 0 {
            chunks.shift(image, &header, &coding, file.length())?;
        }
        Ok(Self { file, header, coding, chunks })
    }

    /// The rows that are best read at a time: those of a strip or tile.
    pub(super) fn band(&self) -> usize {
        self.chunks.height
    }

    /// Decodes some rows of the page into `planes`, the bytes of (samples, rows, X) in C order.
    pub(super) fn read(&self, rows: Range<usize>, planes: &mut [u8]) -> Result<(), PageError> {
        let size = self.header.dtype.size();
        let row_bytes = self.header.width * size;
        if self.header.samples == 1
            && self.coding.bits == 8 * size
            && let Some((start, _)) = self.chunks.run(&self.header, &self.coding)
        {
            let mut offset = start + (rows.start * row_bytes) as u64;
            for piece in planes.chunks_mut(PIECE.div_ceil(row_bytes) * row_bytes) {
                self.stored(offset, piece)?;
                offset += piece.len() as u64;
                samples::restore(piece, row_bytes, 1, size, &self.coding, self.swap());
            }
            return Ok(());
        }
        let mut scratch = Scratch::default();
        let Chunks { down, across, height, .. } = self.chunks;
        for (index, part) in planes.chunks_mut(self.chunks.samples * rows.len() * row_bytes).enumerate() {
            for row in rows.start / height..rows.end.div_ceil(height) {
                for column in 0..across {
                    let place = self.chunks.place((index * down + row) * across + column);
                    self.read_chunk(place, row, column, &rows, part, &mut scratch)?;
                }
            }
        }
        Ok(())
    }

    /// Decodes the `wanted` rows of the strip or tile at a row and a column of the grid into `planes`, (samples, wanted
    /// rows, X).
    fn read_chunk(
        &self,
        place: Option<(u64, u64)>,
        row: usize,
        column: usize,
        wanted: &Range<usize>,
        planes: &mut [u8],
        scratch: &mut Scratch,
    ) -> Result<(), PageError> {
        let Self { header, coding, chunks, .. } = self;
        let size = header.dtype.size();
        let (stored_rows, within) = chunks.rows(row, header);
        let first = row * chunks.height;
        let rows = wanted.start.max(first)..wanted.end.min(first + within);
        let row_bytes = chunks.row_bytes(coding);
        let Scratch { stored, decoded, unpacked } = scratch;

        if let Compression::None = coding.compression {
            // Uncompressed rows need not be read all at once.
            let step = PIECE.div_ceil(row_bytes);
            for from in rows.clone().step_by(step) {
                let part = from..rows.end.min(from + step);
                let decoded = room(decoded, part.len() * row_bytes)?;
                match place {
                    Some((offset, _)) => self.stored(offset + ((from - first) * row_bytes) as u64, decoded)?,
                    None => decoded.fill(0),
                }
                self.scatter(decoded, part, column, wanted, planes, unpacked);
            }
            return Ok(());
        }
        let shape = [stored_rows, chunks.width, chunks.samples];
        let whole = coding.bits == 8 * size && chunks.samples == 1 && chunks.width == header.width;
        if whole && rows.len() == stored_rows {
            let target = &mut planes[(first - wanted.start) * row_bytes..][..stored_rows * row_bytes];
            self.fetch(place, shape, target, stored)?;
            samples::restore(target, row_bytes, 1, size, coding, self.swap());
            return Ok(());
        }
        let decoded = room(decoded, stored_rows * row_bytes)?;
        self.fetch(place, shape, decoded, stored)?;
        let part = &mut decoded[(rows.start - first) * row_bytes..][..rows.len() * row_bytes];
        self.scatter(part, rows, column, wanted, planes, unpacked);
        Ok(())
    }

    /// Copies decoded rows of a strip or tile in a column of the grid into `planes`, (samples, wanted rows, X).
    fn scatter(
        &self,
        decoded: &mut [u8],
        rows: Range<usize>,
        column: usize,
        wanted: &Range<usize>,
        planes: &mut [u8],
        unpacked: &mut Vec<u8>,
    ) {
        let Self { header, coding, chunks, .. } = self;
        let size = header.dtype.size();
        let row_bytes = chunks.row_bytes(coding);
        let packed = coding.bits != 8 * size;
        if !packed {
            samples::restore(decoded, row_bytes, chunks.samples, size, coding, self.swap());
        }
        let first_column = column * chunks.width;
        let columns = chunks.width.min(header.width - first_column);
        let plane_bytes = wanted.len() * header.width * size;
        for (y, from) in rows.zip(decoded.chunks_exact(row_bytes)) {
            let from = if packed {
                unpacked.clear();
                samples::unpack(from, columns * chunks.samples, size, coding, unpacked);
                unpacked.as_slice()
            } else {
                from
            };
            let start = ((y - wanted.start) * header.width + first_column) * size;
            for (sample, plane) in planes.chunks_exact_mut(plane_bytes).enumerate() {
                samples::pick(from, chunks.samples, sample, size, &mut plane[start..start + columns * size]);
            }
        }
    }

    /// The bytes of a strip or tile after decompression; zeros if the file does not have it.
    fn fetch(
        &self,
        place: Option<(u64, u64)>,
        shape: codec::Shape,
        decoded: &mut [u8],
        stored: &mut Vec<u8>,
    ) -> Result<(), PageError> {
        let Some((offset, count)) = place else {
            decoded.fill(0);
            return Ok(());
        };
        let useful = (decoded.len() as u64).saturating_mul(2).saturating_add(SLACK);
        let count = usize::try_from(count.min(useful)).map_err(|_| PageError::no_memory(count))?;
        let stored = room(stored, count)?;
        self.stored(offset, stored)?;
        codec::decode(&self.coding.compression, stored, shape, decoded)
    }

    /// Fills `bytes` from an offset, reversing the bits of each byte if they are stored lowest first.
    fn stored(&self, offset: u64, bytes: &mut [u8]) -> Result<(), PageError> {
        self.file.read(offset, bytes)?;
        if self.coding.reversed {
            bytes.iter_mut().for_each(|byte| *byte = byte.reverse_bits());
        }
        Ok(())
    }

    /// Whether the byte order of this machine differs from that of the file.
    fn swap(&self) -> bool {
        self.file.big_endian() != cfg!(target_endian = "big")
    }
}

/// The first `count` bytes of a buffer, which grows if needed.
fn room(buffer: &mut Vec<u8>, count: usize) -> Result<&mut [u8], PageError> {
    if let Some(missing) = count.checked_sub(buffer.len()) {
        buffer.try_reserve_exact(missing).map_err(|_| PageError::no_memory(count as u64))?;
        buffer.resize(count, 0);
    }
    Ok(&mut buffer[..count])
}
