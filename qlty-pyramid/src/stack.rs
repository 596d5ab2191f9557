//! A volume made of TIFF pages: opened with all its headers checked, read when asked.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};

use ndarray::parallel::prelude::*;
use ndarray::{Array3, Axis};

use crate::page::{PageHeader, Pages};
use crate::{Error, Pixel, PixelType, Result, SliceSet, VoxelSize};

/// A volume (Z, Y, X) of one grey value a voxel, whose planes are TIFF pages.
///
/// Opening reads every page's header and refuses, with the file's name, what is not one volume of
/// one type, and what would not decode to exactly what was stored: MinIsWhite, palettes, colours,
/// JPEG, pixels of other than 8, 16, 32 or 64 bits, sparse tiles, hyperstacks of several channels or
/// time points. Rows come in the order of the file; the orientation tag is not applied.
///
/// Two kinds of file end in an error of the decoder beneath, though they are whole: many with LZW in
/// tiles ("no lzw end code found"), and those whose first page has over 130,000 strips or tiles.
///
/// ```no_run
/// let stack = qlty_pyramid::Stack::from_pages("brain.tif")?;
/// println!("{:?} voxels of {}", stack.shape(), stack.pixel_type());
/// let volume = stack.read::<u16>()?;
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stack {
    name: String,
    source: Source,
    /// The header of every page.
    header: PageHeader,
    voxel_size: Option<VoxelSize>,
    missing: Vec<RangeInclusive<u64>>,
}

/// Where the planes are; never empty.
#[derive(Debug, Clone)]
enum Source {
    /// One page a file.
    Files(Vec<PathBuf>),
    /// The pages of one file.
    Pages { path: PathBuf, count: usize },
}

impl Stack {
    /// Opens slices, each a file of one page.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] for a file that
    /// is not read, and [`Error::Mismatch`] for one of another shape or type than the first;
    /// [`Error::Argument`] if there is no slice.
    pub fn from_slices(set: &SliceSet) -> Result<Self> {
        let Some(first) = set.slices.first() else {
            return Err(Error::argument("slices", 0, "at least one"));
        };
        let mut pages = Pages::open(&first.path)?;
        let header = pages.header()?;
        let description = pages.description()?;
        let voxel_size = pages.voxel_size(&description)?;
        set.slices.par_iter().try_for_each(|slice| {
            let mut pages = Pages::open(&slice.path)?;
            let got = pages.header()?;
            pages.same(&got, &header)?;
            if let Some(what) = pages.description()?.refusal(1) {
                return Err(pages.unsupported(what));
            }
            if pages.more() {
                return Err(pages.unsupported("a slice of more than one page".to_owned()));
            }
            Ok(())
        })?;
        let files = set.slices.iter().map(|slice| slice.path.clone()).collect();
        Ok(Self {
            name: set.name.clone(),
            source: Source::Files(files),
            header,
            voxel_size,
            missing: set.missing.clone(),
        })
    }

    /// Opens a TIFF or BigTIFF file whose pages are the planes, and names the stack by the file's
    /// name without its extension.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] if the file or a
    /// page is not read, and [`Error::Mismatch`] for a page of another shape or type than the first.
    pub fn from_pages(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut pages = Pages::open(path)?;
        let header = pages.header()?;
        let description = pages.description()?;
        let voxel_size = pages.voxel_size(&description)?;
        let mut count = 1;
        while pages.more() {
            pages.seek(count)?;
            let got = pages.header()?;
            pages.same(&got, &header)?;
            count += 1;
        }
        if let Some(what) = description.refusal(count) {
            pages.seek(0)?;
            return Err(pages.unsupported(what));
        }
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            name: name.unwrap_or_default(),
            source: Source::Pages { path: path.to_path_buf(), count },
            header,
            voxel_size,
            missing: Vec::new(),
        })
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The numbers of planes, rows and columns: (Z, Y, X).
    pub fn shape(&self) -> [usize; 3] {
        let planes = match &self.source {
            Source::Files(files) => files.len(),
            Source::Pages { count, .. } => *count,
        };
        [planes, self.header.height, self.header.width]
    }

    /// The type of the pixels.
    pub fn pixel_type(&self) -> PixelType {
        self.header.pixel_type
    }

    /// The size of a voxel, if the first page states it with a unit.
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        self.voxel_size
    }

    /// The counters between the first and the last slice that no file had. The planes on both sides
    /// of a gap are neighbours in the volume.
    pub fn missing(&self) -> &[RangeInclusive<u64>] {
        &self.missing
    }

    /// Reads all planes, in parallel: an array (Z, Y, X) in C order.
    ///
    /// # Errors
    /// As [`Stack::read_planes`].
    pub fn read<T: Pixel>(&self) -> Result<Array3<T>> {
        self.read_planes(0..self.shape()[0])
    }

    /// Reads some planes, in parallel: an array (planes, Y, X) in C order.
    ///
    /// # Errors
    /// - [`Error::PixelType`] if `T` is not [`Stack::pixel_type`];
    /// - [`Error::Argument`] if the planes are not all in the stack;
    /// - [`Error::TooLarge`] if there is no memory for them;
    /// - [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`], [`Error::Unsupported`] or
    ///   [`Error::Mismatch`] if a page does not decode, or has changed since the stack was opened.
    pub fn read_planes<T: Pixel>(&self, planes: Range<usize>) -> Result<Array3<T>> {
        let [depth, height, width] = self.shape();
        if T::TYPE != self.pixel_type() {
            let (stack, asked, actual) = (self.name.clone(), T::TYPE, self.pixel_type());
            return Err(Error::PixelType { stack, asked, actual });
        }
        if planes.start > planes.end || planes.end > depth {
            return Err(Error::argument("planes", planes, format!("a range within 0..{depth}")));
        }
        let mut volume = allocate([planes.len(), height, width])?;
        // A file of many pages is read by few readers, since each finds its first page by walking
        // through the directories before it.
        let run = match &self.source {
            Source::Files(_) => 1,
            Source::Pages { .. } => planes.len().div_ceil(rayon::current_num_threads()).max(1),
        };
        let runs = volume.axis_chunks_iter_mut(Axis(0), run).into_par_iter().enumerate();
        runs.try_for_each(|(index, mut run_planes)| {
            let first = planes.start + index * run;
            let mut pages = match &self.source {
                Source::Files(files) => Pages::open(&files[first])?,
                Source::Pages { path, .. } => Pages::open(path)?,
            };
            for (offset, mut plane) in run_planes.outer_iter_mut().enumerate() {
                if let Source::Pages { .. } = self.source {
                    pages.seek(first + offset)?;
                }
                // A plane of a new C-ordered array is contiguous.
                if let Some(pixels) = plane.as_slice_mut() {
                    pages.read(&self.header, pixels)?;
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(volume)
    }
}

/// An array of zeros, or an error where `ndarray` would panic or abort.
fn allocate<T: Pixel>(shape: [usize; 3]) -> Result<Array3<T>> {
    let too_large = || Error::TooLarge { what: "a stack", shape: shape.to_vec() };
    let pixels = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    let pixels = pixels.ok_or_else(too_large)?;
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(pixels).map_err(|_| too_large())?;
    zeros.resize(pixels, T::default());
    Array3::from_shape_vec(shape, zeros).map_err(|_| too_large())
}
