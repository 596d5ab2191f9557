//! The pages of one TIFF file: their headers, checked, and their pixels.
//!
//! The decoder underneath takes many kinds of page and gives some of them back changed, without a
//! word. So a page is read only if it is of a kind that is known to come back as it was stored.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use tiff::TiffError;
use tiff::decoder::{Decoder, Limits};

use crate::description::Description;
use crate::{Error, Pixel, PixelType, Result, VoxelSize};

mod header;
mod payload;

/// The most memory that the decoder may spend on the values of one tag, in bytes: enough for two
/// million strips.
const TAG_LIMIT: usize = 16 << 20;

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PageHeader {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) pixel_type: PixelType,
}

impl std::fmt::Display for PageHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows x {} columns of {}", self.height, self.width, self.pixel_type)
    }
}

/// An open file, at one of its pages.
pub(crate) struct Pages {
    path: PathBuf,
    length: u64,
    decoder: Decoder<BufReader<File>>,
    /// Where the decoder stands.
    page: usize,
}

impl Pages {
    /// Opens a file at its first page.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io(path))?;
        let length = file.metadata().map_err(Error::io(path))?.len();
        let decoder = Decoder::new(BufReader::new(file)).map_err(|error| at(path, 0, error))?;
        let mut limits = Limits::default();
        // Pixels go into the caller's buffer, whose size the caller has checked; what is compressed
        // cannot be larger than its file.
        limits.decoding_buffer_size = usize::MAX;
        limits.intermediate_buffer_size = usize::try_from(length).unwrap_or(usize::MAX);
        limits.ifd_value_size = TAG_LIMIT;
        Ok(Self { path: path.to_path_buf(), length, decoder: decoder.with_limits(limits), page: 0 })
    }

    /// Goes to a page, by its place in the file from 0.
    pub(crate) fn seek(&mut self, page: usize) -> Result<()> {
        if page != self.page {
            self.page = page;
            self.decoder.seek_to_image(page).map_err(|error| at(&self.path, page, error))?;
        }
        Ok(())
    }

    /// Whether a page follows this one.
    pub(crate) fn more(&self) -> bool {
        self.decoder.more_images()
    }

    /// The page's header, if the page is of a kind that decodes faithfully and its sizes agree with
    /// each other and with the file's.
    pub(crate) fn header(&mut self) -> Result<PageHeader> {
        let checked = header::read(&mut self.decoder).and_then(|header| {
            payload::check(&mut self.decoder, &header, self.length)?;
            Ok(header)
        });
        checked.map_err(|fault| self.refuse(fault))
    }

    /// What the page's description says of the file.
    pub(crate) fn description(&mut self) -> Result<Description> {
        let text = header::description(&mut self.decoder).map_err(|fault| self.refuse(fault))?;
        Ok(Description::parse(&text))
    }

    /// The size of a voxel, if the page states it with a unit.
    pub(crate) fn voxel_size(&mut self, description: &Description) -> Result<Option<VoxelSize>> {
        let resolution = header::resolution(&mut self.decoder).map_err(|fault| self.refuse(fault))?;
        Ok(VoxelSize::from_tags(resolution.fractions, resolution.unit, description))
    }

    /// Decodes the page, which must have the header `expected`, into `plane`, which must have as
    /// many pixels.
    pub(crate) fn read<T: Pixel>(&mut self, expected: &PageHeader, plane: &mut [T]) -> Result<()> {
        let got = self.header()?;
        self.same(&got, expected)?;
        let mut buffer = T::decoding_buffer(plane);
        self.decoder.read_image_bytes(buffer.as_bytes_mut()).map_err(|error| at(&self.path, self.page, error))
    }

    /// Fails unless this page's header is the one that the stack began with.
    pub(crate) fn same(&self, got: &PageHeader, expected: &PageHeader) -> Result<()> {
        if got == expected {
            return Ok(());
        }
        Err(Error::Mismatch {
            path: self.path.clone(),
            page: self.page,
            got: got.to_string(),
            expected: expected.to_string(),
        })
    }

    /// The error that this page is of a kind that is not read.
    pub(crate) fn unsupported(&self, what: String) -> Error {
        self.refuse(Fault::Unsupported(what))
    }

    fn refuse(&self, fault: Fault) -> Error {
        let (path, page) = (self.path.clone(), self.page);
        match fault {
            Fault::Tiff(error) => at(&path, page, error),
            Fault::Unsupported(what) => Error::Unsupported { path, page, what },
            Fault::Corrupt(what) => Error::Corrupt { path, page, what },
        }
    }
}

/// An [`Error`] before it knows its file and page.
enum Fault {
    Tiff(TiffError),
    Unsupported(String),
    Corrupt(String),
}

impl From<TiffError> for Fault {
    fn from(error: TiffError) -> Self {
        Self::Tiff(error)
    }
}

fn at(path: &Path, page: usize, error: TiffError) -> Error {
    let path = path.to_path_buf();
    match error {
        TiffError::IoError(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => Error::Io { path, source },
        source => Error::Tiff { path, page, source: source.into() },
    }
}
