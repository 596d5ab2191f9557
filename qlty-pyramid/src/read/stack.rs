//! A volume, or several, made of TIFF pages: opened with all its headers checked, read when asked.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::parallel::prelude::*;
use ndarray::{Array4, Axis};

use crate::page::{Fault, PageAt, PageFile, PageHeader, Survey};
use crate::{Error, Pixel, PixelType, Result, SliceSet, VoxelSize};

/// Volumes (T, C, Z, Y, X) whose planes are pages of TIFF files, or PNG files (feature `png`).
///
/// Opening reads every page's header and refuses, with the file's name, what is not of one shape and
/// type, and what would not come back as it was stored. A stack holds no pixels and no open file. A
/// clone is cheap, and every call may be made from many threads at once.
///
/// # What is read
/// - TIFF and BigTIFF of both byte orders, in strips and tiles: uncompressed, LZW, Deflate, PackBits,
///   Zstandard, CCITT group 4 and JPEG, with either predictor.
/// - Integers of 8 to 64 bits, floats of 16 to 64. Unsigned samples of 1 to 7 bits become `u8`, of 9 to
///   15 bits `u16`; their values stay.
/// - All samples of a pixel as channels, in their order: RGB, alpha, and what nobody declared.
/// - Hyperstacks of ImageJ, also those of more than 4 GB with one directory, and OME-TIFF of one image.
///   Smaller copies and masks beside the pages are passed over.
///
/// # What is changed
/// - MinIsWhite: a pixel becomes the largest number less what is stored, so that 0 is black.
/// - JPEG in YCbCr becomes RGB.
///
/// A palette's numbers are kept, and its colours dropped: most such files are measurements that ImageJ
/// saved with a colour table. A strip or tile that a sparse file lacks is zeros. Rows come in the order
/// of the file; the orientation tag is not applied.
///
/// # What is refused by name
/// Other compressions and interpretations, complex numbers, samples that differ in type, predictors
/// of data that are not compressed, OME-TIFF of several images or with planes in other files, animations.
///
/// ```no_run
/// let stack = qlty_pyramid::Stack::from_file("brain.tif")?;
/// let [_, channels, depth, height, width] = stack.shape();
/// let mut planes = vec![0_u16; channels * height * width];
/// for z in 0..depth {
///     stack.read_planes_into(0, z, &mut planes)?;
/// }
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stack(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    /// A plane of one time point each, or one file of all pages; never empty.
    files: Vec<PathBuf>,
    shape: [usize; 5],
    /// The header of every page.
    header: PageHeader,
    band: usize,
    /// The pages in the order (T, Z, C), one for all samples of a pixel. Files whose other images follow
    /// the first without directories have only that one here.
    pages: Vec<PageAt>,
    voxel_size: Option<VoxelSize>,
    frame_interval: Option<f64>,
    /// As many as there are channels.
    channels: Vec<Channel>,
    counters: Option<RangeInclusive<u64>>,
    missing: Vec<RangeInclusive<u64>>,
}

/// What a file says of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Channel {
    /// The channel's name, such as `DAPI`.
    pub name: Option<String>,
    /// The colour to show it in: red, green and blue.
    pub color: Option<[u8; 3]>,
}

impl Stack {
    /// Opens slices, each a file of one plane. The pages of a file of several are its channels, unless
    /// the file says something else of them.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] for a file that
    /// is not read, and [`Error::Mismatch`] for one of another shape or type than the first;
    /// [`Error::Argument`] if there is no slice.
    pub fn from_slices(set: &SliceSet) -> Result<Self> {
        let (Some(first), Some(last)) = (set.slices.first(), set.slices.last()) else {
            return Err(Error::argument("slices", 0, "at least one"));
        };
        let opened = PageFile::open(&first.path)?.survey(false)?;
        let pages = set.slices.par_iter().map(|slice| {
            let got = PageFile::open(&slice.path)?.survey(false)?;
            check_slice(&slice.path, &got, &opened)?;
            Ok(got.pages)
        });
        let pages: Vec<Vec<PageAt>> = pages.collect::<Result<_>>()?;
        let survey = Survey { pages: pages.concat(), ..opened };
        let files = set.slices.iter().map(|slice| slice.path.clone()).collect();
        let mut stack = Inner::new(set.name.clone(), files, set.slices.len(), survey)?;
        stack.counters = Some(first.counter..=last.counter);
        stack.missing.clone_from(&set.missing);
        Ok(Self(Arc::new(stack)))
    }

    /// Opens a file: TIFF, BigTIFF, an ImageJ hyperstack or an OME-TIFF. The stack has the file's name
    /// without its extension. Pages of which the file says nothing are planes along Z.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] if the file or a
    /// page is not read, and [`Error::Mismatch`] for a page of another shape or type than the first.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let survey = PageFile::open(path)?.survey(true)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        // `a.ome.tif` is the stack `a`.
        let name = match name.rsplit_once('.') {
            Some((name, "ome" | "OME")) if !name.is_empty() => name.to_owned(),
            _ => name.into_owned(),
        };
        let depth = survey.contents.depth;
        Ok(Self(Arc::new(Inner::new(name, vec![path.to_path_buf()], depth, survey)?)))
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The numbers of time points, channels, planes, rows and columns: (T, C, Z, Y, X), none of them 0.
    pub fn shape(&self) -> [usize; 5] {
        self.0.shape
    }

    /// The type of the pixels.
    pub fn pixel_type(&self) -> PixelType {
        self.0.header.pixel_type
    }

    /// The size of a voxel, if the first file states it with a unit.
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        self.0.voxel_size
    }

    /// The time between two time points in seconds, if the file states it.
    pub fn frame_interval(&self) -> Option<f64> {
        self.0.frame_interval
    }

    /// What is known of the channels, one by one.
    pub fn channels(&self) -> &[Channel] {
        &self.0.channels
    }

    /// The files: one for each slice, in the order of Z, or the one file of all pages.
    pub fn files(&self) -> &[PathBuf] {
        &self.0.files
    }

    /// The counters of the first and the last slice; none for a file of pages.
    pub fn counters(&self) -> Option<RangeInclusive<u64>> {
        self.0.counters.clone()
    }

    /// The counters between the first and the last slice that no file had. The planes on both sides
    /// of a gap are neighbours in the volume.
    pub fn missing(&self) -> &[RangeInclusive<u64>] {
        &self.0.missing
    }

    /// Reads all planes of a time point, in parallel: an array (C, Z, Y, X).
    ///
    /// # Errors
    /// As [`Stack::read_planes`].
    pub fn read<T: Pixel>(&self, t: usize) -> Result<Array4<T>> {
        self.read_planes(t, 0..self.shape()[2])
    }

    /// Reads some planes of a time point, in parallel: an array (C, planes, Y, X), whose memory is in
    /// the order (planes, C, Y, X).
    ///
    /// # Errors
    /// As [`Stack::read_planes_into`], and
    /// - [`Error::Argument`] if the planes are not all in the stack;
    /// - [`Error::TooLarge`] if there is no memory for them.
    pub fn read_planes<T: Pixel>(&self, t: usize, z: Range<usize>) -> Result<Array4<T>> {
        let [_, channels, depth, height, width] = self.shape();
        if z.start > z.end || z.end > depth {
            return Err(Error::argument("planes", z, format!("a range within 0..{depth}")));
        }
        let mut volume = allocate([z.len(), channels, height, width])?;
        volume.axis_iter_mut(Axis(0)).into_par_iter().zip(z).try_for_each(|(mut planes, z)| {
            // A part along the first axis of a new C-ordered array is contiguous.
            match planes.as_slice_mut() {
                Some(pixels) => self.read_planes_into(t, z, pixels),
                None => Ok(()),
            }
        })?;
        Ok(volume.permuted_axes([1, 0, 2, 3]))
    }

    /// Reads the plane `z` of all channels at the time point `t` into `planes`, (C, Y, X) in C order.
    ///
    /// Besides `planes` it takes the memory of a strip or tile as it is stored and as it is decoded.
    ///
    /// # Errors
    /// - [`Error::PixelType`] if `T` is not [`Stack::pixel_type`];
    /// - [`Error::Argument`] if there is no such plane or time point, or `planes` has another length;
    /// - [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`], [`Error::Unsupported`] or
    ///   [`Error::Mismatch`] if a page does not decode, or has changed since the stack was opened;
    ///   what `planes` then holds is unspecified.
    pub fn read_planes_into<T: Pixel>(&self, t: usize, z: usize, planes: &mut [T]) -> Result<()> {
        self.read_rows_into(t, z, 0..self.shape()[3], planes)
    }

    /// The number of rows that are best read at a time, each time from a multiple of it: those of a strip
    /// or tile of the first page.
    pub fn band(&self) -> usize {
        self.0.band
    }

    /// Reads some rows of a plane of all channels into `planes`, (C, rows, X) in C order. A plane that
    /// does not fit in memory is read in bands, and one of many strips or tiles by many threads.
    ///
    /// # Errors
    /// As [`Stack::read_planes_into`], and [`Error::Argument`] if the rows are not all in the plane.
    pub fn read_rows_into<T: Pixel>(&self, t: usize, z: usize, rows: Range<usize>, planes: &mut [T]) -> Result<()> {
        let [frames, channels, depth, height, width] = self.shape();
        if T::TYPE != self.pixel_type() {
            let (stack, asked, actual) = (self.0.name.clone(), T::TYPE, self.pixel_type());
            return Err(Error::PixelType { stack, asked, actual });
        }
        if t >= frames {
            return Err(Error::argument("time point", t, format!("one below {frames}")));
        }
        if z >= depth {
            return Err(Error::argument("plane", z, format!("one below {depth}")));
        }
        if rows.start > rows.end || rows.end > height {
            return Err(Error::argument("rows", rows, format!("a range within 0..{height}")));
        }
        if planes.len() != channels * rows.len() * width {
            let expected = format!("{channels} x {} x {width}", rows.len());
            return Err(Error::argument("length of the planes", planes.len(), expected));
        }
        if rows.is_empty() {
            return Ok(());
        }
        let Inner { files, pages, header, .. } = &*self.0;
        // A stack of slices has a file for each plane; else one has all.
        let (file, plane) = if files.len() > 1 { (z, 0) } else { (0, t * depth + z) };
        let opened = PageFile::open(&files[file])?;
        let images = channels / header.samples;
        let listed = pages.len() / files.len();
        let all_listed = listed == frames * depth * images / files.len();
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(planes);
        for (image, part) in bytes.chunks_exact_mut(bytes.len() / images).enumerate() {
            let image = plane * images + image;
            let at = if all_listed { (pages[file * listed + image], 0) } else { (pages[file], image as u64) };
            opened.read(at, header, rows.clone(), part)?;
        }
        Ok(())
    }
}

impl Inner {
    /// The stack that a survey found, in `depth` planes.
    fn new(name: String, files: Vec<PathBuf>, depth: usize, survey: Survey) -> Result<Self> {
        let Survey { header, band, pages, contents, voxel_size } = survey;
        let channels = contents.channel_pages * header.samples;
        if header.bytes().checked_mul(contents.channel_pages).is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            let shape = vec![channels, header.height, header.width];
            return Err(Error::TooLarge { what: "a plane", shape });
        }
        let mut known = contents.channels;
        known.resize(channels, Channel::default());
        Ok(Self {
            name,
            files,
            shape: [contents.frames, channels, depth, header.height, header.width],
            header,
            band,
            pages,
            voxel_size,
            frame_interval: contents.frame_interval,
            channels: known,
            counters: None,
            missing: Vec::new(),
        })
    }
}

/// Refuses a slice that is no single plane, or has other channels, shape or type than the first.
fn check_slice(path: &Path, got: &Survey, first: &Survey) -> Result<()> {
    let refuse = |fault: Fault| Err(fault.at(path, 0));
    let (frames, depth) = (got.contents.frames, got.contents.depth);
    if frames * depth != 1 {
        return refuse(Fault::Unsupported(format!("a slice of {depth} planes and {frames} time points")));
    }
    let say = |survey: &Survey| format!("{} pages of {}", survey.contents.channel_pages, survey.header);
    if (got.header, got.contents.channel_pages) != (first.header, first.contents.channel_pages) {
        return refuse(Fault::Mismatch { got: say(got), expected: say(first) });
    }
    // Channels without directories of their own, in one slice only.
    if got.pages.len() != first.pages.len() {
        let say = |survey: &Survey| format!("{} directories", survey.pages.len());
        return refuse(Fault::Mismatch { got: say(got), expected: say(first) });
    }
    Ok(())
}

/// An array of zeros, or an error where `ndarray` would panic or abort.
fn allocate<T: Pixel>(shape: [usize; 4]) -> Result<Array4<T>> {
    let too_large = || Error::TooLarge { what: "a stack", shape: shape.to_vec() };
    let pixels = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    let pixels = pixels.ok_or_else(too_large)?;
    let mut zeros = Vec::new();
    zeros.try_reserve_exact(pixels).map_err(|_| too_large())?;
    zeros.resize(pixels, T::default());
    Array4::from_shape_vec(shape, zeros).map_err(|_| too_large())
}
