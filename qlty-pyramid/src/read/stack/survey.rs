//! Examining the contents of a multi-page file.

use crate::Result;
use crate::read::calibration::{LengthUnit, VoxelSize};
use crate::read::description::{Contents, Description};
use crate::read::page::{FirstPage, PageAt, PageError, PageFile, PageHeader, Resolution};

/// The contents of a file.
#[derive(Debug)]
pub(super) struct FileInfo {
    /// The header of every page.
    pub(super) header: PageHeader,
    /// The number of rows of the first page that are best read at a time.
    pub(super) band: usize,
    /// The pages in the order (T, Z, C); or the first only, if the others follow without directories.
    pub(super) pages: Vec<PageAt>,
    pub(super) contents: Contents,
    pub(super) voxel_size: Option<VoxelSize>,
}

impl PageFile {
    /// Reads and checks the headers of all pages. Pages without a stated meaning are planes along Z if `planes`, or
    /// else channels of one plane.
    pub(super) fn survey(&self, planes: bool) -> Result<FileInfo> {
        let at = |number: usize| move |error: PageError| error.at(self.path(), number);
        let mut pages = self.pages().map_err(at(0))?;
        let FirstPage { header, description, resolution, pixel_size } = self.first_page(pages[0]).map_err(at(0))?;
        let description = Description::parse(&description).map_err(at(0))?;
        if !description.counts_all_pages() {
            let mut full = Vec::with_capacity(pages.len());
            for page in pages {
                if page.number == 0 || !self.is_copy_or_mask(page).map_err(at(page.number))? {
                    full.push(page);
                }
            }
            pages = full;
        }
        let name = self.path().file_name().unwrap_or_default().to_string_lossy();
        let mut contents = description.contents(&header, pages.len(), &name, planes).map_err(at(0))?;
        if let Some(order) = contents.order.take() {
            pages = order.iter().map(|&number| pages[number]).collect();
        }
        let images = contents.images();
        if images > pages.len() {
            // The images that follow the last directory have none, but their pixels must be in the file.
            self.check(pages[0], images as u64 - 1, &header).map_err(at(images - 1))?;
            pages.truncate(1);
        }
        let mut bands = Vec::with_capacity(pages.len());
        for page in &pages {
            bands.push(self.check(*page, 0, &header).map_err(at(page.number))?);
        }
        let of_tags = resolution.and_then(|resolution| voxel_size(&resolution, &description));
        let voxel_size = contents.voxel_size.or(of_tags).or(pixel_size);
        Ok(FileInfo { header, band: bands[0], pages, contents, voxel_size })
    }
}

/// The size of a voxel from a page's tags and description, if they state it with a unit.
fn voxel_size(resolution: &Resolution, description: &Description) -> Option<VoxelSize> {
    // The fraction is inverted before the division, so that 40/13 gives exactly 0.325, not a neighbouring number.
    let [y, x] = resolution.fractions?.map(|(pixels, units)| move |unit| unit * f64::from(units) / f64::from(pixels));
    if let Description::ImageJ(imagej) = description {
        return Some(VoxelSize { z: imagej.spacing, y: y(1.0), x: x(1.0), unit: imagej.unit? });
    }
    // TIFF only has inches and centimetres; microscopy uses micrometres.
    let micrometers = match resolution.unit {
        2 => 25_400.0,
        3 => 10_000.0,
        _ => return None,
    };
    Some(VoxelSize { z: None, y: y(micrometers), x: x(micrometers), unit: LengthUnit::Micrometer })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::description::ImageJ;

    fn size(fractions: [(u32, u32); 2], unit: u64, description: &Description) -> Option<VoxelSize> {
        voxel_size(&Resolution { fractions: Some(fractions), unit }, description)
    }

    #[test]
    fn resolution_tags_give_micrometres() {
        let centimetre = size([(10, 1), (20, 1)], 3, &Description::None).unwrap();
        assert_eq!((centimetre.y, centimetre.x, centimetre.z), (1000.0, 500.0, None));
        assert_eq!(centimetre.to(LengthUnit::Millimeter).y, 1.0);
        let inch = size([(25_400, 1); 2], 2, &Description::None).unwrap();
        assert_eq!((inch.x, inch.unit), (1.0, LengthUnit::Micrometer));
    }

    #[test]
    fn without_a_unit_there_is_no_size() {
        assert_eq!(size([(10, 1); 2], 1, &Description::None), None);
        let imagej = Description::ImageJ(ImageJ::default());
        assert_eq!(size([(10, 1); 2], 3, &imagej), None);
    }
}
