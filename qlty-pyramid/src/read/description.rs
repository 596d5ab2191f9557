//! The description in the first page, in which ImageJ and OME state the meaning of each page.

use super::calibration::VoxelSize;
use super::channel::Channel;
use super::page::{PageError, PageHeader};

mod imagej;
mod ome;

pub(crate) use imagej::ImageJ;
use ome::Ome;

/// The parsed description of a file's first page.
#[derive(Debug)]
pub(crate) enum Description {
    /// There is none, or it is free text.
    None,
    ImageJ(ImageJ),
    Ome(Ome),
}

/// The meaning of the pages of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contents {
    /// The numbers of time points, of channels (a page with several samples counts once), and of planes.
    pub(crate) frames: usize,
    pub(crate) channel_pages: usize,
    pub(crate) depth: usize,
    /// The page of each image in the order (T, Z, C), if the pages have a different order.
    pub(crate) order: Option<Vec<usize>>,
    pub(crate) voxel_size: Option<VoxelSize>,
    /// The time between frames, in seconds.
    pub(crate) frame_interval: Option<f64>,
    /// The channels, one for each sample; empty if nothing is stated about them.
    pub(crate) channels: Vec<Channel>,
}

impl Description {
    pub(crate) fn parse(text: &str) -> Result<Self, PageError> {
        if text.starts_with("ImageJ=") {
            Ok(Self::ImageJ(ImageJ::parse(text)))
        } else if text.contains("<OME") || text.contains(":OME") {
            Ome::parse(text).map(Self::Ome)
        } else {
            Ok(Self::None)
        }
    }

    /// Whether the description's page numbers include reduced copies and masks.
    pub(crate) fn counts_all_pages(&self) -> bool {
        matches!(self, Self::Ome(_))
    }

    /// The meaning of the `pages` pages of the file `name`, the first of which has the header `header`. If the file
    /// does not state it, they are planes along Z if `planes`, or else channels.
    pub(crate) fn contents(
        &self,
        header: &PageHeader,
        pages: usize,
        name: &str,
        planes: bool,
    ) -> Result<Contents, PageError> {
        match self {
            Self::None => {
                let (channel_pages, depth) = if planes { (1, pages) } else { (pages, 1) };
                Ok(Contents { frames: 1, channel_pages, depth, ..Contents::default() })
            }
            Self::ImageJ(imagej) => imagej.contents(pages),
            Self::Ome(ome) => ome.contents(header, pages, name),
        }
    }
}

impl Contents {
    /// The number of pages that these should be.
    pub(crate) fn images(&self) -> usize {
        // The product was checked when this was created.
        self.frames * self.channel_pages * self.depth
    }
}
