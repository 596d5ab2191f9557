//! TIFF files written tag by tag, so that tests can write any contents, including invalid ones.

#![allow(dead_code, reason = "each test says something else")]

use std::path::Path;

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
pub(crate) const RESOLUTION_UNIT: u16 = 296;
pub(crate) const PREDICTOR: u16 = 317;
pub(crate) const TILE_WIDTH: u16 = 322;
pub(crate) const TILE_HEIGHT: u16 = 323;
pub(crate) const TILE_OFFSETS: u16 = 324;
pub(crate) const TILE_BYTE_COUNTS: u16 = 325;
pub(crate) const SAMPLE_FORMAT: u16 = 339;

/// A tag's value, little-endian, with its TIFF type and count.
#[derive(Clone)]
pub(crate) struct Value {
    kind: u16,
    count: u32,
    bytes: Vec<u8>,
}

pub(crate) fn long(value: u32) -> Value {
    Value { kind: 4, count: 1, bytes: value.to_le_bytes().to_vec() }
}

pub(crate) fn longs(values: &[u32]) -> Value {
    Value { kind: 4, count: values.len() as u32, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
}

pub(crate) fn text(value: &[u8]) -> Value {
    let bytes = [value, b"\0"].concat();
    Value { kind: 2, count: bytes.len() as u32, bytes }
}

pub(crate) fn rational(numerator: u32, denominator: u32) -> Value {
    Value { kind: 5, count: 1, bytes: [numerator.to_le_bytes(), denominator.to_le_bytes()].concat() }
}

/// A page: its pixels' bytes, and tags that replace the default ones.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) pixels: Vec<u8>,
    tags: Vec<(u16, Value)>,
}

/// A grey page with `bits` unsigned bits per pixel, one strip, uncompressed.
pub(crate) fn grey(width: u32, height: u32, bits: u32, pixels: Vec<u8>) -> Page {
    let page = Page { pixels, tags: Vec::new() };
    page.with(WIDTH, long(width))
        .with(HEIGHT, long(height))
        .with(BITS, long(bits))
        .with(COMPRESSION, long(1))
        .with(PHOTOMETRIC, long(1))
        .with(SAMPLES, long(1))
}

impl Page {
    /// The page with a different value of a tag.
    pub(crate) fn with(mut self, tag: u16, value: Value) -> Self {
        self.tags.retain(|(other, _)| *other != tag);
        self.tags.push((tag, value));
        self
    }
}

/// Writes pages one after another into a little-endian file, and returns the offsets of the directories.
pub(crate) fn write(path: &Path, pages: &[Page]) -> Vec<usize> {
    let mut file = b"II\x2a\0\0\0\0\0".to_vec();
    let mut link = 4;
    let mut directories = Vec::new();
    for page in pages {
        let mut tags = page.tags.clone();
        let mut default = |tag, value: usize| {
            if !tags.iter().any(|(other, _)| *other == tag) {
                tags.push((tag, long(value as u32)));
            }
        };
        default(STRIP_OFFSETS, file.len());
        default(STRIP_BYTE_COUNTS, page.pixels.len());
        file.extend(&page.pixels);
        tags.sort_by_key(|(tag, _)| *tag);

        let mut entries = Vec::new();
        for (tag, value) in tags {
            entries.extend(tag.to_le_bytes());
            entries.extend(value.kind.to_le_bytes());
            entries.extend(value.count.to_le_bytes());
            if value.bytes.len() <= 4 {
                entries.extend(&value.bytes);
                entries.resize(entries.len().next_multiple_of(4), 0);
            } else {
                entries.extend((file.len() as u32).to_le_bytes());
                file.extend(&value.bytes);
            }
        }
        let directory = file.len();
        directories.push(directory);
        file[link..link + 4].copy_from_slice(&(directory as u32).to_le_bytes());
        file.extend(((entries.len() / 12) as u16).to_le_bytes());
        file.extend(&entries);
        link = file.len();
        file.extend([0; 4]);
    }
    std::fs::write(path, file).unwrap();
    directories
}
