//! The strips or tiles of a page: their offsets, and whether they can hold the pixels that the header declares.
//!
//! This is checked before memory is allocated for the pixels, which bounds decompression bombs.

use super::directory::Directory;
use super::tags::{Coding, Compression, tag};
use super::{PageError, PageHeader};

/// The maximum size in bytes of a strip or tile that may be absent from the file.
const ABSENT_LIMIT: u64 = 4 << 20;

/// The bytes by which a tile may exceed four times the size of the image.
const TILE_LIMIT: u64 = 64 << 20;

/// The strips or tiles of a page, in the order of the file: by sample if each has its own, then by row.
#[derive(Debug)]
pub(super) struct Chunks {
    /// The height and width of one. A tile at the edge extends beyond the image, a strip does not.
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) tiled: bool,
    /// The numbers of them along Y and X, per sample if each has its own.
    pub(super) down: usize,
    pub(super) across: usize,
    /// The number of samples in one.
    pub(super) samples: usize,
    places: Vec<(u64, u64)>,
}

impl Chunks {
    /// The strips or tiles of a page in a file of `length` bytes.
    pub(super) fn read(
        directory: &Directory<'_>,
        header: &PageHeader,
        coding: &Coding,
        length: u64,
    ) -> Result<Self, PageError> {
        let numbers = |tag: u16| {
            let numbers = directory.numbers(tag)?;
            numbers.ok_or_else(|| PageError::Corrupt(format!("the tag {tag} of the strips or tiles is absent")))
        };
        let size = |tag: u16| match usize::try_from(directory.number(tag)?.unwrap_or(0)) {
            Ok(size) if size > 0 && size <= u32::MAX as usize => Ok(size),
            _ => Err(PageError::Corrupt(format!("tiles without a size (tag {tag})"))),
        };
        let tiled = directory.number(tag::TILE_OFFSETS)?.is_some();
        let (height, width, offsets, counts) = if tiled {
            let (height, width) = (size(tag::TILE_HEIGHT)?, size(tag::TILE_WIDTH)?);
            (height, width, numbers(tag::TILE_OFFSETS)?, numbers(tag::TILE_BYTE_COUNTS)?)
        } else {
            let rows = directory.number(tag::ROWS_PER_STRIP)?.unwrap_or(u64::MAX);
            if rows == 0 {
                return Err(PageError::Corrupt("strips of 0 rows".to_owned()));
            }
            let rows = usize::try_from(rows).unwrap_or(usize::MAX).min(header.height);
            (rows, header.width, numbers(tag::STRIP_OFFSETS)?, numbers(tag::STRIP_BYTE_COUNTS)?)
        };
        let (down, across) = (header.height.div_ceil(height), header.width.div_ceil(width));
        let (planes, samples) = if coding.planar { (header.samples, 1) } else { (1, header.samples) };
        let expected = down.checked_mul(across).and_then(|count| count.checked_mul(planes));
        if expected != Some(offsets.len()) || offsets.len() != counts.len() {
            return Err(PageError::Corrupt(format!(
                "{} offsets and {} byte counts for {down} x {across} strips or tiles in {planes} planes",
                offsets.len(),
                counts.len(),
            )));
        }
        let places = offsets.into_iter().zip(counts).collect();
        let chunks = Self { height, width, tiled, down, across, samples, places };
        chunks.check(header, coding, length)?;
        Ok(chunks)
    }

    /// The offset and the length of a strip or tile; `None` if it is absent from the file, which means zeros.
    pub(super) fn place(&self, index: usize) -> Option<(u64, u64)> {
        self.places.get(index).copied().filter(|(offset, count)| *offset > 0 && *count > 0)
    }

    /// The number of stored rows of the strips or tiles in row `row`, and the number of those within the image.
    pub(super) fn rows(&self, row: usize, header: &PageHeader) -> (usize, usize) {
        let within = self.height.min(header.height - row * self.height);
        (if self.tiled { self.height } else { within }, within)
    }

    /// The offset and the number of bytes of all pixels, if they are stored uncompressed and contiguously.
    pub(super) fn run(&self, header: &PageHeader, coding: &Coding) -> Option<(u64, u64)> {
        if self.tiled || !matches!(coding.compression, Compression::None) {
            return None;
        }
        let start = self.places.first()?.0;
        let mut next = start;
        for (index, &(offset, _)) in self.places.iter().enumerate() {
            if offset == 0 || offset != next {
                return None;
            }
            let (rows, _) = self.rows(index % self.down, header);
            next = offset.checked_add((rows * self.row_bytes(coding)) as u64)?;
        }
        Some((start, next - start))
    }

    /// Moves to the image `images` images after this one, as in ImageJ files of more than 4 GB, which only have a
    /// directory for the first.
    pub(super) fn shift(
        &mut self,
        images: u64,
        header: &PageHeader,
        coding: &Coding,
        length: u64,
    ) -> Result<(), PageError> {
        let Some((start, bytes)) = self.run(header, coding) else {
            let what = format!("image {images} of a file with one directory and compressed or scattered pixels");
            return Err(PageError::Unsupported(what));
        };
        let shift = images.checked_mul(bytes);
        let end = shift.and_then(|shift| shift.checked_add(start)?.checked_add(bytes));
        match shift.zip(end) {
            Some((shift, end)) if end <= length => {
                self.places.iter_mut().for_each(|(offset, _)| *offset += shift);
                Ok(())
            }
            _ => Err(PageError::Corrupt(format!(
                "image {images} of {bytes} bytes, counted from {start}, is beyond the file's end at {length}"
            ))),
        }
    }

    /// The number of bytes of a decoded row of a strip or tile.
    pub(super) fn row_bytes(&self, coding: &Coding) -> usize {
        // Neither this nor its product with the rows overflows: `check` has checked it.
        (self.width * self.samples * coding.bits).div_ceil(8)
    }

    /// Refuses strips or tiles that are outside the file, or that cannot hold their pixels.
    fn check(&self, header: &PageHeader, coding: &Coding, length: u64) -> Result<(), PageError> {
        let kind = if self.tiled { "tile" } else { "strip" };
        let page = [header.height, header.width, header.samples, header.dtype.size()];
        let product = |product: u64, size: &usize| product.checked_mul(*size as u64);
        let in_memory = |bytes: &u64| isize::try_from(*bytes).is_ok();
        let page = page.iter().try_fold(1, product).filter(in_memory);
        let page = page.ok_or_else(|| PageError::Corrupt(format!("the sizes of {header} overflow")))?;
        for (index, &(offset, count)) in self.places.iter().enumerate() {
            let (rows, _) = self.rows(index / self.across % self.down, header);
            let bits = [self.width, self.samples, coding.bits].iter().try_fold(1_u64, product);
            let needed = bits.and_then(|bits| bits.div_ceil(8).checked_mul(rows as u64)).filter(in_memory);
            let needed = needed.ok_or_else(|| PageError::Corrupt(format!("the sizes of {kind} {index} overflow")))?;
            if needed > page.saturating_mul(4).saturating_add(TILE_LIMIT) {
                return Err(PageError::Corrupt(format!("{kind} {index} has {needed} bytes, all of the image {page}")));
            }
            if offset == 0 || count == 0 {
                if needed > ABSENT_LIMIT {
                    return Err(PageError::Unsupported(format!("an absent {kind} of {needed} bytes (number {index})")));
                }
                continue;
            }
            if offset.checked_add(count).is_none_or(|end| end > length) {
                return Err(PageError::Corrupt(format!(
                    "{kind} {index} is {count} bytes from {offset}, but the file ends at {length}"
                )));
            }
            if needed > count.saturating_mul(coding.compression.most_from_a_byte()) {
                let name = coding.compression.name();
                return Err(PageError::Corrupt(format!(
                    "{kind} {index} holds {count} bytes ({name}), which cannot give the {needed} that it should"
                )));
            }
        }
        Ok(())
    }
}

impl Compression {
    /// The maximum number of bytes that one stored byte can decode to.
    pub(super) fn most_from_a_byte(&self) -> u64 {
        match self {
            Self::None => 1,
            // Two bytes repeat one byte up to 128 times.
            Self::PackBits => 64,
            // A match of 258 bytes takes two bits.
            Self::Deflate => 1032,
            // A 12-bit code stands for fewer bytes than the table has entries.
            Self::Lzw => 4096,
            // A 4-byte block repeats one byte 128 Ki times.
            Self::Zstd => 32768,
            // A white row of up to 8 KiB takes a bit.
            Self::Fax => 65536,
            // A block of 64 pixels takes a bit for each of its two codes, and chrominance less.
            Self::Jpeg { .. } => 2048,
        }
    }
}
