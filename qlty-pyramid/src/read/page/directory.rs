//! The directories of a TIFF file, each read at its offset.
//!
//! The decoder of the `tiff` crate finds a page by walking there from the first, and limits the tables of a directory
//! to 1 MiB. Here a page is an offset, so stacks of any length can be read in any order, and images can have any number
//! of tiles.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::PageError;

/// The maximum number of bytes of the value of a tag: enough for four million strips.
const VALUE_LIMIT: u64 = 64 << 20;

/// More bytes than most directories have, so that a single read suffices.
const DIRECTORY_GUESS: u64 = 1024;

/// A file open for reading, whose first bytes are a TIFF or BigTIFF header.
#[derive(Debug)]
pub(crate) struct TiffFile {
    file: File,
    length: u64,
    big_endian: bool,
    /// BigTIFF: offsets have 8 bytes, not 4.
    big_tiff: bool,
    first: u64,
    /// The total number of bytes of directories and values read so far.
    read: Cell<u64>,
}

/// The tags of a page.
#[derive(Debug)]
pub(crate) struct Directory<'f> {
    file: &'f TiffFile,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// The value if it fits, else its offset; a classic TIFF uses four bytes.
    field: [u8; 8],
}

impl TiffFile {
    /// Opens a file of `length` bytes.
    pub(crate) fn new(file: File, length: u64) -> Result<Self, PageError> {
        let mut tiff = Self { file, length, big_endian: false, big_tiff: false, first: 0, read: Cell::new(0) };
        let head = tiff.bytes(0, 8.min(length))?;
        tiff.big_endian = match head.get(..2) {
            Some(b"II") => false,
            Some(b"MM") => true,
            _ => return Err(PageError::Corrupt(format!("begins with {head:02x?}, which is no TIFF"))),
        };
        match (tiff.number(head.get(2..4).unwrap_or_default()), head.len()) {
            (42, 8) => tiff.first = tiff.number(&head[4..]),
            (43, 8) => {
                tiff.big_tiff = true;
                if head[4..] != [8_u16, 0].map(|number| tiff.stored(number)).concat() {
                    return Err(PageError::Corrupt("a BigTIFF of other than 8 bytes an offset".to_owned()));
                }
                tiff.first = tiff.number(&tiff.bytes(8, 8)?);
            }
            (version, _) => {
                return Err(PageError::Corrupt(format!("is a TIFF of the version {version}, not 42 or 43")));
            }
        }
        Ok(tiff)
    }

    /// The length of the file in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether numbers in the file are big-endian.
    pub(crate) fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// The offsets of the directories of all pages, in order; never empty.
    pub(crate) fn directories(&self) -> Result<Vec<u64>, PageError> {
        let mut offsets = Vec::new();
        let mut seen = HashSet::new();
        let mut next = self.first;
        while next != 0 {
            if !seen.insert(next) {
                return Err(PageError::Corrupt(format!("the directories are a cycle: one at {next} follows itself")));
            }
            offsets.push(next);
            let (_, link) = self.entries(next)?;
            next = link;
        }
        if offsets.is_empty() {
            return Err(PageError::Corrupt("has no page".to_owned()));
        }
        Ok(offsets)
    }

    /// The directory at an offset.
    pub(crate) fn directory(&self, offset: u64) -> Result<Directory<'_>, PageError> {
        let (entries, _) = self.entries(offset)?;
        Ok(Directory { file: self, entries })
    }

    /// Fills `bytes` from an offset.
    pub(crate) fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), PageError> {
        self.within(offset, bytes.len() as u64)?;
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(bytes)).map_err(PageError::Io)
    }

    fn within(&self, offset: u64, count: u64) -> Result<(), PageError> {
        match offset.checked_add(count) {
            Some(end) if end <= self.length => Ok(()),
            _ => {
                let length = self.length;
                Err(PageError::Corrupt(format!(
                    "{count} bytes are said to be at {offset}, but the file ends at {length}"
                )))
            }
        }
    }

    /// The entries of the directory at an offset, and the offset of the next or 0.
    fn entries(&self, offset: u64) -> Result<(Vec<Entry>, u64), PageError> {
        let (count_size, entry_size, word) = if self.big_tiff { (8, 20, 8) } else { (2, 12, 4) };
        self.within(offset, count_size)?;
        let mut bytes = self.bytes(offset, DIRECTORY_GUESS.min(self.length - offset))?;
        let count = self.number(&bytes[..count_size as usize]);
        // Tags are 16-bit numbers, each at most once.
        if count > u64::from(u16::MAX) {
            return Err(PageError::Corrupt(format!("the directory at {offset} has {count} entries")));
        }
        let size = count_size + count * entry_size + word;
        self.count(size)?;
        if size > bytes.len() as u64 {
            bytes = self.bytes(offset, size)?;
        }
        let (listed, link) = bytes[count_size as usize..size as usize].split_at((count * entry_size) as usize);
        let mut entries = Vec::with_capacity(count as usize);
        for entry in listed.chunks_exact(entry_size as usize) {
            let (head, value) = entry.split_at(entry_size as usize - word as usize);
            let mut field = [0; 8];
            field[..value.len()].copy_from_slice(value);
            let (tag, kind) = (self.number(&head[..2]) as u16, self.number(&head[2..4]) as u16);
            entries.push(Entry { tag, kind, count: self.number(&head[4..]), field });
        }
        Ok((entries, self.number(link)))
    }

    /// Counts the bytes of a directory or a value.
    ///
    /// Each byte of an intact file is read a few times at most. Thousands of directories that overlap, or point to the
    /// same large table, would take hours.
    fn count(&self, bytes: u64) -> Result<(), PageError> {
        let read = self.read.get().saturating_add(bytes);
        self.read.set(read);
        if read > self.length.saturating_mul(16).saturating_add(1 << 20) {
            return Err(PageError::Corrupt("the directories overlap or share their tables".to_owned()));
        }
        Ok(())
    }

    /// The bytes of a directory or a value.
    fn bytes(&self, offset: u64, count: u64) -> Result<Vec<u8>, PageError> {
        self.within(offset, count)?;
        let mut bytes = vec![0; usize::try_from(count).map_err(|_| PageError::no_memory(count))?];
        self.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    /// An unsigned number in the file's byte order.
    fn number(&self, bytes: &[u8]) -> u64 {
        let append = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        match self.big_endian {
            true => bytes.iter().fold(0, append),
            false => bytes.iter().rev().fold(0, append),
        }
    }

    fn stored(&self, number: u16) -> [u8; 2] {
        if self.big_endian { number.to_be_bytes() } else { number.to_le_bytes() }
    }
}

impl Directory<'_> {
    /// A tag's unsigned integers, or `None` if the tag is absent.
    pub(crate) fn numbers(&self, tag: u16) -> Result<Option<Vec<u64>>, PageError> {
        let Some(entry) = self.entry(tag) else {
            return Ok(None);
        };
        let size = match entry.kind {
            1 => 1,
            3 => 2,
            4 | 13 => 4,
            16 | 18 => 8,
            kind => return Err(PageError::Corrupt(format!("tag {tag} is of type {kind}, not of whole numbers"))),
        };
        let bytes = self.value(entry, size)?;
        Ok(Some(bytes.chunks_exact(size as usize).map(|number| self.file.number(number)).collect()))
    }

    /// A tag's first number, or `None` if the tag is absent.
    pub(crate) fn number(&self, tag: u16) -> Result<Option<u64>, PageError> {
        match self.numbers(tag)? {
            None => Ok(None),
            Some(numbers) => match numbers.first() {
                Some(number) => Ok(Some(*number)),
                None => Err(PageError::Corrupt(format!("tag {tag} has no value"))),
            },
        }
    }

    /// A tag's fraction, if it is above 0.
    pub(crate) fn fraction(&self, tag: u16) -> Result<Option<(u32, u32)>, PageError> {
        let Some(entry) = self.entry(tag).filter(|entry| entry.kind == 5 && entry.count == 1) else {
            return Ok(None);
        };
        let bytes = self.value(entry, 8)?;
        // Eight bytes were requested; they are two 32-bit numbers.
        let [above, below] = [0..4, 4..8].map(|range| self.file.number(&bytes[range]) as u32);
        Ok(Some((above, below)).filter(|_| above > 0 && below > 0))
    }

    /// A tag's bytes, whatever their type, or `None` if the tag is absent.
    pub(crate) fn opaque(&self, tag: u16) -> Result<Option<Vec<u8>>, PageError> {
        self.entry(tag).map(|entry| self.value(entry, 1)).transpose()
    }

    fn entry(&self, tag: u16) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.tag == tag).copied()
    }

    /// The bytes of a value whose elements have `size` bytes each.
    fn value(&self, entry: Entry, size: u64) -> Result<Vec<u8>, PageError> {
        let bytes = entry.count.saturating_mul(size);
        let word = if self.file.big_tiff { 8 } else { 4 };
        if bytes <= word {
            return Ok(entry.field[..bytes as usize].to_vec());
        }
        if bytes > VALUE_LIMIT {
            return Err(PageError::Corrupt(format!("tag {} has {} values", entry.tag, entry.count)));
        }
        self.file.count(bytes)?;
        self.file.bytes(self.file.number(&entry.field[..word as usize]), bytes)
    }
}
