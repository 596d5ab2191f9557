//! One or more volumes of TIFF pages: opened with all headers checked, read on demand.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array4, Ix4};
use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, DType, OwnedArray};
use rayon::prelude::*;

use super::calibration::VoxelSize;
use super::channel::Channel;
use super::page::{PageAt, PageError, PageFile, PageHeader};
use super::slices::SliceSet;
use super::source::PlaneSource;
use crate::arrays::{bytes_mut, copy_rows, for_each_part};
use crate::{Error, Pixel, Result};

mod survey;

use survey::FileInfo;

/// Volumes (T, C, Z, Y, X) whose planes are pages of TIFF files, or PNG files (feature `png`).
///
/// Opening reads every page's header and rejects, naming the file, pages that differ in shape or type, and pages that
/// would not decode to the stored values. A stack holds no pixels and no open files. Clones are cheap, and all calls
/// may be made concurrently.
///
/// # What is read
/// - TIFF and BigTIFF of both byte orders, in strips and tiles: uncompressed, LZW, Deflate, PackBits,
///   Zstandard, CCITT group 4 and JPEG, with either predictor.
/// - Integers of 8 to 64 bits, floats of 16 to 64. Unsigned samples of 1 to 7 bits become `u8`, of 9 to
///   15 bits `u16`; their values are unchanged.
/// - All samples of a pixel as channels, in their order: RGB, alpha, and undeclared ones.
/// - ImageJ hyperstacks, including those of more than 4 GB with one directory, and OME-TIFF with one image.
///   Reduced copies and masks among the pages are skipped.
///
/// # What is changed
/// - MinIsWhite: a pixel becomes the maximum value minus the stored one, so that 0 is black.
/// - JPEG in YCbCr becomes RGB.
///
/// The indices of a palette are kept and its colours dropped: most such files are measurements that ImageJ saved with a
/// colour table. A strip or tile that is missing in a sparse file is read as zeros. Rows keep the order of the file;
/// the orientation tag is not applied.
///
/// # What is rejected with an error that names it
/// Other compressions and interpretations, complex numbers, samples that differ in type, predictors on uncompressed
/// data, OME-TIFF with several images or with planes in other files, animations.
///
/// ```no_run
/// use qlty_pyramid::{ArrayMut, Stack};
/// let stack = Stack::from_file("brain.tif")?;
/// let [_, channels, depth, height, width] = stack.shape();
/// let mut planes = ndarray::Array3::<u16>::zeros((channels, height, width));
/// for z in 0..depth {
///     stack.read_plane(0, z, ArrayMut::of("planes", planes.view_mut())?)?;
/// }
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stack(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    /// One file per plane with a single time point, or one file with all pages; never empty.
    files: Vec<PathBuf>,
    shape: [usize; 5],
    /// The header of every page.
    header: PageHeader,
    band: usize,
    /// The pages in the order (T, Z, C), one for all samples of a pixel. For files whose other images follow the first
    /// without directories, only the first page.
    pages: Vec<PageAt>,
    voxel_size: Option<VoxelSize>,
    frame_interval: Option<f64>,
    /// One for each channel.
    channels: Vec<Channel>,
    counters: Option<RangeInclusive<u64>>,
    missing: Vec<RangeInclusive<u64>>,
}

impl Stack {
    /// Opens slices, each a file with one plane. The pages of a multi-page slice are its channels, unless the file
    /// states otherwise.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] for a file that cannot be read, and
    /// [`Error::Mismatch`] for one whose shape or type differs from the first; [`Error::Argument`] if there are no
    /// slices.
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
        let info = FileInfo { pages: pages.concat(), ..opened };
        let files = set.slices.iter().map(|slice| slice.path.clone()).collect();
        let mut stack = Inner::new(set.name.clone(), files, set.slices.len(), info)?;
        stack.counters = Some(first.counter..=last.counter);
        stack.missing.clone_from(&set.missing);
        Ok(Self(Arc::new(stack)))
    }

    /// Opens a file: TIFF, BigTIFF, an ImageJ hyperstack or an OME-TIFF. The stack gets the file's name without its
    /// extension. Pages without a stated meaning are planes along Z.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] if the file or a page cannot be
    /// read, and [`Error::Mismatch`] for a page whose shape or type differs from the first.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let info = PageFile::open(path)?.survey(true)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        // `a.ome.tif` is the stack `a`.
        let name = match name.rsplit_once('.') {
            Some((name, "ome" | "OME")) if !name.is_empty() => name.to_owned(),
            _ => name.into_owned(),
        };
        let depth = info.contents.depth;
        Ok(Self(Arc::new(Inner::new(name, vec![path.to_path_buf()], depth, info)?)))
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
    pub fn dtype(&self) -> DType {
        self.0.header.dtype
    }

    /// The size of a voxel, if the first file states it with a unit.
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        self.0.voxel_size
    }

    /// The time between two time points in seconds, if the file states it.
    pub fn frame_interval(&self) -> Option<f64> {
        self.0.frame_interval
    }

    /// The metadata of each channel.
    pub fn channels(&self) -> &[Channel] {
        &self.0.channels
    }

    /// The files: one for each slice, in the order of Z, or the single file with all pages.
    pub fn files(&self) -> &[PathBuf] {
        &self.0.files
    }

    /// The counters of the first and the last slice; `None` for a multi-page file.
    pub fn counters(&self) -> Option<RangeInclusive<u64>> {
        self.0.counters.clone()
    }

    /// The missing counters between the first and the last slice. The planes on both sides of a gap are neighbours in
    /// the volume.
    pub fn missing(&self) -> &[RangeInclusive<u64>] {
        &self.0.missing
    }

    /// Reads all planes of a time point, in parallel: an array (C, Z, Y, X).
    ///
    /// # Errors
    /// The errors of [`Stack::read_planes`].
    pub fn read<T: Pixel>(&self, t: usize) -> Result<Array4<T>> {
        self.read_planes(t, 0..self.shape()[2])
    }

    /// Reads some planes of a time point, in parallel: an array (C, planes, Y, X), whose memory is in
    /// the order (planes, C, Y, X).
    ///
    /// # Errors
    /// The errors of [`Stack::read_planes_into`], and [`Error::TooLarge`] if there is not enough memory for them.
    pub fn read_planes<T: Pixel>(&self, t: usize, z: Range<usize>) -> Result<Array4<T>> {
        let [_, channels, _, height, width] = self.shape();
        self.check_planes(t, &z)?;
        self.check_dtype(T::DTYPE)?;
        let shape = [z.len(), channels, height, width];
        let too_large = |_| Error::TooLarge { what: "a stack", shape: shape.to_vec() };
        let mut volume = OwnedArray::zeros("a stack", self.dtype(), &shape).map_err(too_large)?;
        self.read_planes_into(t, z.start, volume.array_mut().permuted(&[1, 0, 2, 3]), &Monitor::new())?;
        Ok(volume.into_array::<T, Ix4>()?.permuted_axes([1, 0, 2, 3]))
    }

    /// Reads planes of the time point `t`, starting with plane `first`, into `out`, (C, planes, Y, X), in parallel.
    /// Progress counts planes.
    ///
    /// # Errors
    /// The errors of [`Stack::read_plane`], [`Error::Argument`] if the planes are not all in the stack, and
    /// [`Error::Core`] if the caller cancelled. After an error `out` holds unspecified values.
    pub fn read_planes_into(&self, t: usize, first: usize, out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let [_, channels, _, height, width] = self.shape();
        let count = out.shape().get(1).copied().unwrap_or(0);
        if out.shape() != [channels, count, height, width] {
            let expected = format!("(C, planes, Y, X) of {channels} channels of {height} x {width} pixels");
            return Err(Error::argument("shape of the planes", out.shape(), expected));
        }
        self.check_dtype(out.dtype())?;
        self.check_planes(t, &(first..first.saturating_add(count)))?;
        monitor.begin(count as u64);
        for_each_part(out, 1, 1, &|index, planes| {
            monitor.check()?;
            self.read_plane(t, first + index, planes.index_axis(1, 0))?;
            monitor.advance(1);
            Ok(())
        })?;
        Ok(monitor.check()?)
    }

    /// Reads the plane `z` of all channels at the time point `t` into `planes`, (C, Y, X).
    ///
    /// Besides `planes` it needs memory for a strip or tile as stored and as decoded, and for a copy of the planes if
    /// `planes` is not in C order.
    ///
    /// # Errors
    /// - [`Error::DataType`] if `planes` does not have the type [`Stack::dtype`];
    /// - [`Error::Argument`] if there is no such plane or time point, or `planes` has a different shape;
    /// - [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`], [`Error::Unsupported`] or
    ///   [`Error::Mismatch`] if a page does not decode, or has changed since the stack was opened;
    ///   the contents of `planes` are then unspecified.
    pub fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<()> {
        self.read_rows(t, z, 0..self.shape()[3], planes)
    }

    /// The number of rows that are best read at a time, starting at a multiple of it: those of a strip or tile of the
    /// first page.
    pub fn band(&self) -> usize {
        self.0.band
    }

    /// Reads some rows of a plane of all channels into `planes`, (C, rows, X). With it, a plane that does not fit in
    /// memory can be read in bands, and one with many strips or tiles by several threads.
    ///
    /// # Errors
    /// The errors of [`Stack::read_plane`], and [`Error::Argument`] if the rows are not all in the plane.
    pub fn read_rows(&self, t: usize, z: usize, rows: Range<usize>, mut planes: ArrayMut<'_>) -> Result<()> {
        let [_, channels, depth, height, width] = self.shape();
        self.check_dtype(planes.dtype())?;
        self.check_time(t)?;
        if z >= depth {
            return Err(Error::argument("plane", z, format!("one below {depth}")));
        }
        if rows.start > rows.end || rows.end > height {
            return Err(Error::argument("rows", rows, format!("a range within 0..{height}")));
        }
        let shape = [channels, rows.len(), width];
        if planes.shape() != shape {
            return Err(Error::argument("shape of the planes", planes.shape(), format!("{shape:?}")));
        }
        if rows.is_empty() {
            return Ok(());
        }
        if planes.is_standard_layout() {
            return self.decode(t, z, rows, bytes_mut(&mut planes)?);
        }
        let mut copy = OwnedArray::zeros("a plane", self.dtype(), &shape)?;
        self.decode(t, z, rows, bytes_mut(&mut copy.array_mut())?)?;
        copy_rows(planes, &copy.array_ref())
    }

    /// Decodes rows of a plane into the bytes of (C, rows, X).
    fn decode(&self, t: usize, z: usize, rows: Range<usize>, bytes: &mut [u8]) -> Result<()> {
        let [frames, channels, depth, ..] = self.shape();
        let Inner { files, pages, header, .. } = &*self.0;
        // A stack of slices has one file per plane, any other has a single file.
        let (file, plane) = if files.len() > 1 { (z, 0) } else { (0, t * depth + z) };
        let opened = PageFile::open(&files[file])?;
        let images = channels / header.samples;
        let listed = pages.len() / files.len();
        let all_listed = listed == frames * depth * images / files.len();
        for (image, part) in bytes.chunks_exact_mut(bytes.len() / images).enumerate() {
            let image = plane * images + image;
            let (page, image) =
                if all_listed { (pages[file * listed + image], 0) } else { (pages[file], image as u64) };
            opened.read(page, image, header, rows.clone(), part)?;
        }
        Ok(())
    }

    fn check_dtype(&self, asked: DType) -> Result<()> {
        if asked != self.dtype() {
            let (stack, actual) = (self.0.name.clone(), self.dtype());
            return Err(Error::DataType { stack, asked, actual });
        }
        Ok(())
    }

    fn check_time(&self, t: usize) -> Result<()> {
        let frames = self.shape()[0];
        if t >= frames {
            return Err(Error::argument("time point", t, format!("one below {frames}")));
        }
        Ok(())
    }

    fn check_planes(&self, t: usize, z: &Range<usize>) -> Result<()> {
        self.check_time(t)?;
        let depth = self.shape()[2];
        if z.start > z.end || z.end > depth {
            return Err(Error::argument("planes", z, format!("a range within 0..{depth}")));
        }
        Ok(())
    }
}

impl PlaneSource for Stack {
    fn name(&self) -> &str {
        self.name()
    }

    fn shape(&self) -> [usize; 5] {
        self.shape()
    }

    fn dtype(&self) -> DType {
        self.dtype()
    }

    fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<()> {
        self.read_plane(t, z, planes)
    }

    fn voxel_size(&self) -> Option<VoxelSize> {
        self.voxel_size()
    }

    fn channels(&self) -> &[Channel] {
        self.channels()
    }

    fn files(&self) -> &[PathBuf] {
        self.files()
    }

    fn counters(&self) -> Option<RangeInclusive<u64>> {
        self.counters()
    }

    fn missing(&self) -> &[RangeInclusive<u64>] {
        self.missing()
    }
}

impl Inner {
    /// The stack of these files, with `depth` planes.
    fn new(name: String, files: Vec<PathBuf>, depth: usize, info: FileInfo) -> Result<Self> {
        let FileInfo { header, band, pages, contents, voxel_size } = info;
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

/// Refuses a slice that is not a single plane, or whose channels, shape or type differ from the first.
fn check_slice(path: &Path, got: &FileInfo, first: &FileInfo) -> Result<()> {
    let refuse = |error: PageError| Err(error.at(path, 0));
    let (frames, depth) = (got.contents.frames, got.contents.depth);
    if frames * depth != 1 {
        return refuse(PageError::Unsupported(format!("a slice of {depth} planes and {frames} time points")));
    }
    let say = |info: &FileInfo| format!("{} pages of {}", info.contents.channel_pages, info.header);
    if (got.header, got.contents.channel_pages) != (first.header, first.contents.channel_pages) {
        return refuse(PageError::Mismatch { got: say(got), expected: say(first) });
    }
    // Channels without their own directories, in one slice only.
    if got.pages.len() != first.pages.len() {
        let say = |info: &FileInfo| format!("{} directories", info.pages.len());
        return refuse(PageError::Mismatch { got: say(got), expected: say(first) });
    }
    Ok(())
}
