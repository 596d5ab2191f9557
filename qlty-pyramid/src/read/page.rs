//! Multi-page files: the headers of pages, checked, and their pixels.
//!
//! A page is read only if its kind is known to decode to the stored values.
//!
//! | module | what it does |
//! |---|---|
//! | `directory` | the tags of a page, read at its offset |
//! | `tags` | the meaning of the tags: shape, type, compression, and what is refused |
//! | `chunks` | strips and tiles: their offsets, and whether they can hold the pixels |
//! | `codec` | decompression |
//! | `samples` | conversion of stored bits and bytes to pixels |
//! | `pixels` | the loop over strips and tiles; `png` does all of this for PNG files |
//!
//! A page is identified by an offset, not by a position in a walk through the file. So planes are read in any order by
//! any number of threads, each with its own file handle and memory for one strip or tile. For this reason, and because
//! the decoder of the `tiff` crate decodes some files wrongly without an error, only codecs of other crates are used.
//!
//! The work is bounded by the size of the file: opening reads at most 16 times the file's length in directories, and a
//! strip or tile decodes to at most the maximum that its compression could expand it to. A directory is parsed again
//! for each plane. It is small compared with the pixels, and this detects whether the file has changed meanwhile.
//!
//! A new compression is a variant of `Compression` in `tags`, its maximum expansion of a byte in `chunks`, its decoder
//! in `codec`, and a file in `tests/fixtures`.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::calibration::VoxelSize;
use crate::{Error, Result};

mod chunks;
mod codec;
mod directory;
mod error;
mod header;
mod pixels;
#[cfg(feature = "png")]
mod png;
mod samples;
mod tags;

use directory::TiffFile;
pub(super) use error::PageError;
pub(super) use header::PageHeader;
use pixels::Page;
pub(super) use tags::Resolution;

/// The position of a page in its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct PageAt {
    /// The offset of its directory; unused in a PNG file.
    offset: u64,
    /// Its number among all pages of the file, from 0, for error messages.
    pub(super) number: usize,
}

/// The metadata of the first page and the file.
pub(super) struct FirstPage {
    pub(super) header: PageHeader,
    /// The description, or an empty string.
    pub(super) description: String,
    /// The resolution in the tags of a TIFF file.
    pub(super) resolution: Option<Resolution>,
    /// The size of a pixel as stated by a PNG file.
    pub(super) pixel_size: Option<VoxelSize>,
}

/// An open file of one or more pages.
pub(super) struct PageFile {
    path: PathBuf,
    format: FileFormat,
}

enum FileFormat {
    Tiff(TiffFile),
    #[cfg(feature = "png")]
    Png,
}

impl PageFile {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let metadata = file.metadata().map_err(Error::io(path))?;
        let path = path.to_path_buf();
        if is_png(&mut file).map_err(Error::io(&path))? {
            #[cfg(feature = "png")]
            return Ok(Self { path, format: FileFormat::Png });
            #[cfg(not(feature = "png"))]
            return Err(Error::Unsupported { path, page: 0, what: "PNG without the feature `png`".to_owned() });
        }
        match TiffFile::new(file, metadata.len()) {
            Ok(file) => Ok(Self { path, format: FileFormat::Tiff(file) }),
            Err(error) => Err(error.at(&path, 0)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All pages, in the order of the file; never empty.
    pub(super) fn pages(&self) -> Result<Vec<PageAt>, PageError> {
        match &self.format {
            FileFormat::Tiff(file) => {
                let offsets = file.directories()?;
                Ok(offsets.iter().enumerate().map(|(number, &offset)| PageAt { offset, number }).collect())
            }
            #[cfg(feature = "png")]
            FileFormat::Png => Ok(vec![PageAt { offset: 0, number: 0 }]),
        }
    }

    /// Reads the metadata of the first page.
    pub(super) fn first_page(&self, page: PageAt) -> Result<FirstPage, PageError> {
        match &self.format {
            FileFormat::Tiff(file) => {
                let directory = file.directory(page.offset)?;
                let description = tags::description(&directory)?;
                let resolution = Some(tags::resolution(&directory)?);
                let (header, _) = tags::read(&directory)?;
                Ok(FirstPage { header, description, resolution, pixel_size: None })
            }
            #[cfg(feature = "png")]
            FileFormat::Png => png::first_page(&self.path),
        }
    }

    /// Whether a page is a reduced copy or a mask of another.
    pub(super) fn is_copy_or_mask(&self, page: PageAt) -> Result<bool, PageError> {
        match &self.format {
            FileFormat::Tiff(file) => tags::is_copy_or_mask(&file.directory(page.offset)?),
            #[cfg(feature = "png")]
            FileFormat::Png => Ok(false),
        }
    }

    /// Checks a page, or the image `image` images after it, which must have the header `expected`. Returns the number
    /// of rows that are best read at a time.
    pub(super) fn check(&self, page: PageAt, image: u64, expected: &PageHeader) -> Result<usize, PageError> {
        match &self.format {
            FileFormat::Tiff(file) => {
                let page = Page::open(file, page.offset, image)?;
                page.header.check_same(expected)?;
                Ok(page.band())
            }
            // A row depends on all rows before it.
            #[cfg(feature = "png")]
            FileFormat::Png => Ok(expected.height),
        }
    }

    /// Decodes rows of a page, or of the image `image` images after it, into the bytes of (samples, rows, X).
    ///
    /// The page must have the header `expected`, and `planes` the corresponding number of bytes.
    pub(super) fn read(
        &self,
        page: PageAt,
        image: u64,
        expected: &PageHeader,
        rows: Range<usize>,
        planes: &mut [u8],
    ) -> Result<()> {
        let number = page.number + image as usize;
        let read = || match &self.format {
            FileFormat::Tiff(file) => {
                let page = Page::open(file, page.offset, image)?;
                page.header.check_same(expected)?;
                page.read(rows, planes)
            }
            #[cfg(feature = "png")]
            FileFormat::Png => png::read(&self.path, expected, rows, planes),
        };
        read().map_err(|error| error.at(&self.path, number))
    }
}

fn is_png(file: &mut File) -> std::io::Result<bool> {
    let mut head = [0; 8];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(head == *b"\x89PNG\r\n\x1a\n"),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
