//! Files of pages: what is in them, checked, and their pixels.
//!
//! A page is read only if it is of a kind that is known to come back as it was stored.

use std::fs::File;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::description::{Contents, Description};
use crate::{Error, PixelType, Result, VoxelSize};

mod chunks;
mod codec;
mod directory;
mod header;
mod pixels;
#[cfg(feature = "png")]
mod png;
mod samples;

use directory::TiffFile;
use pixels::Page;

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageHeader {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The numbers of a pixel, which become channels.
    pub(crate) samples: usize,
    pub(crate) pixel_type: PixelType,
}

impl std::fmt::Display for PageHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows x {} columns of ", self.height, self.width)?;
        if self.samples > 1 {
            write!(f, "{} x ", self.samples)?;
        }
        self.pixel_type.fmt(f)
    }
}

/// Where a page is in its file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageAt {
    /// The offset of its directory; of no meaning in a PNG file.
    offset: u64,
    /// Its place among all pages of the file, from 0, for errors to name.
    number: usize,
}

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The header of every page.
    pub(crate) header: PageHeader,
    /// The rows of the first page that are best read at a time.
    pub(crate) band: usize,
    /// The pages in the order (T, Z, C); or the first only, if the others follow without directories.
    pub(crate) pages: Vec<PageAt>,
    pub(crate) contents: Contents,
    pub(crate) voxel_size: Option<VoxelSize>,
}

/// An open file of one or more pages.
pub(crate) struct PageFile {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Tiff(TiffFile),
    #[cfg(feature = "png")]
    Png,
}

impl PageFile {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut file = File::open(path).map_err(Error::io(path))?;
        let metadata = file.metadata().map_err(Error::io(path))?;
        let path = path.to_path_buf();
        if is_png(&mut file).map_err(Error::io(&path))? {
            #[cfg(feature = "png")]
            return Ok(Self { path, kind: Kind::Png });
            #[cfg(not(feature = "png"))]
            return Err(Error::Unsupported { path, page: 0, what: "PNG without the feature `png`".to_owned() });
        }
        match TiffFile::new(file, metadata.len()) {
            Ok(file) => Ok(Self { path, kind: Kind::Tiff(file) }),
            Err(fault) => Err(fault.at(&path, 0)),
        }
    }

    /// Reads the headers of all pages. `planes` says what pages are of which the file says nothing:
    /// planes along Z, or else channels of one plane.
    pub(crate) fn survey(&self, planes: bool) -> Result<Survey> {
        match &self.kind {
            Kind::Tiff(file) => self.survey_tiff(file, planes),
            #[cfg(feature = "png")]
            Kind::Png => png::survey(&self.path).map_err(|fault| fault.at(&self.path, 0)),
        }
    }

    /// Decodes rows of a page, or of the image so many images behind it, into the bytes of (samples,
    /// rows, X).
    ///
    /// The page must have the header `expected`, and `planes` as many bytes.
    pub(crate) fn read(
        &self,
        (page, image): (PageAt, u64),
        expected: &PageHeader,
        rows: Range<usize>,
        planes: &mut [u8],
    ) -> Result<()> {
        let number = page.number + image as usize;
        let read = || match &self.kind {
            Kind::Tiff(file) => {
                let page = Page::open(file, page.offset, image)?;
                page.header.same(expected)?;
                page.read(rows, planes)
            }
            #[cfg(feature = "png")]
            Kind::Png => png::read(&self.path, expected, rows, planes),
        };
        read().map_err(|fault| fault.at(&self.path, number))
    }

    fn survey_tiff(&self, file: &TiffFile, planes: bool) -> Result<Survey> {
        let at = |number: usize| move |fault: Fault| fault.at(&self.path, number);
        let offsets = file.directories().map_err(at(0))?;
        let mut pages: Vec<PageAt> =
            offsets.iter().enumerate().map(|(number, &offset)| PageAt { offset, number }).collect();
        let first = file.directory(pages[0].offset).map_err(at(0))?;
        let text = header::description(&first).map_err(at(0))?;
        let resolution = header::resolution(&first).map_err(at(0))?;
        let (header, _) = header::read(&first).map_err(at(0))?;

        let description = Description::parse(&text).map_err(at(0))?;
        if !description.counts_all_pages() {
            let mut whole = Vec::with_capacity(pages.len());
            for page in pages {
                let directory = file.directory(page.offset).map_err(at(page.number))?;
                if page.number == 0 || !header::is_aside(&directory).map_err(at(page.number))? {
                    whole.push(page);
                }
            }
            pages = whole;
        }
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let mut contents = description.contents(&header, pages.len(), &name, planes).map_err(at(0))?;
        if let Some(order) = contents.order.take() {
            pages = order.iter().map(|&number| pages[number]).collect();
        }
        let images = contents.images();
        if images > pages.len() {
            // The pages that follow the last directory have none, but they are in the file.
            Page::open(file, pages[0].offset, images as u64 - 1).map_err(at(images - 1))?;
            pages.truncate(1);
        } else {
            for page in &pages {
                let opened = Page::open(file, page.offset, 0).and_then(|page| page.header.same(&header));
                opened.map_err(at(page.number))?;
            }
        }
        let band = Page::open(file, pages[0].offset, 0).map_err(at(pages[0].number))?.band();
        let voxel_size =
            contents.voxel_size.or(VoxelSize::from_tags(resolution.fractions, resolution.unit, &description));
        Ok(Survey { header, band, pages, contents, voxel_size })
    }
}

impl PageHeader {
    /// The bytes of a page's pixels, which fit in memory: opening has seen to it.
    pub(crate) fn bytes(&self) -> usize {
        self.samples * self.height * self.width * self.pixel_type.bytes()
    }

    /// Fails unless this page's header is the one that the stack began with.
    fn same(&self, expected: &Self) -> Result<(), Fault> {
        if self == expected {
            return Ok(());
        }
        Err(Fault::Mismatch { got: self.to_string(), expected: expected.to_string() })
    }
}

fn is_png(file: &mut File) -> std::io::Result<bool> {
    use std::io::Read;
    let mut head = [0; 8];
    match file.read_exact(&mut head) {
        Ok(()) => Ok(head == *b"\x89PNG\r\n\x1a\n"),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// An [`Error`] before it knows its file and page.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(std::io::Error),
    /// What a decoder said.
    Data(Box<dyn std::error::Error + Send + Sync>),
    Corrupt(String),
    Unsupported(String),
    Mismatch {
        got: String,
        expected: String,
    },
}

impl Fault {
    fn data(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Data(error.into())
    }

    fn no_memory(bytes: u64) -> Self {
        Self::Corrupt(format!("a strip or tile of {bytes} bytes does not fit in memory"))
    }

    pub(crate) fn at(self, path: &Path, page: usize) -> Error {
        let path = path.to_path_buf();
        match self {
            Self::Io(source) if source.kind() == ErrorKind::UnexpectedEof => {
                Error::Corrupt { path, page, what: "the file ends too early".to_owned() }
            }
            Self::Io(source) => Error::Io { path, source },
            Self::Data(source) => Error::Tiff { path, page, source },
            Self::Corrupt(what) => Error::Corrupt { path, page, what },
            Self::Unsupported(what) => Error::Unsupported { path, page, what },
            Self::Mismatch { got, expected } => Error::Mismatch { path, page, got, expected },
        }
    }
}
