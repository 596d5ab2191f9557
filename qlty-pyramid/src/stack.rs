//! A volume, or several, made of TIFF pages: opened with all its headers checked, read when asked.

use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::parallel::prelude::*;
use ndarray::{Array4, Axis};

use crate::page::{PageHeader, Pages};
use crate::{Error, Pixel, PixelType, Result, SliceSet, VoxelSize};

/// Volumes (T, C, Z, Y, X) whose planes are TIFF pages.
///
/// Opening reads every page's header and refuses, with the file's name, what is not of one shape and
/// type, and what would not decode to exactly what was stored. Rows come in the order of the file; the
/// orientation tag is not applied.
///
/// A stack holds no pixels and no open file. A clone is cheap, and every call may be made from many
/// threads at once.
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
    /// One page each, or one file of all pages; never empty.
    files: Vec<PathBuf>,
    shape: [usize; 5],
    /// The header of every page.
    header: PageHeader,
    voxel_size: Option<VoxelSize>,
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
    /// Opens slices, each a file of one page.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] for a file that
    /// is not read, and [`Error::Mismatch`] for one of another shape or type than the first;
    /// [`Error::Argument`] if there is no slice.
    pub fn from_slices(set: &SliceSet) -> Result<Self> {
        let (Some(first), Some(last)) = (set.slices.first(), set.slices.last()) else {
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
            Ok::<(), Error>(())
        })?;
        Ok(Self(Arc::new(Inner {
            name: set.name.clone(),
            files: set.slices.iter().map(|slice| slice.path.clone()).collect(),
            shape: [1, 1, set.slices.len(), header.height, header.width],
            header,
            voxel_size,
            channels: vec![Channel::default()],
            counters: Some(first.counter..=last.counter),
            missing: set.missing.clone(),
        })))
    }

    /// Opens a TIFF or BigTIFF file whose pages are the planes, and names the stack by the file's
    /// name without its extension.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Tiff`], [`Error::Corrupt`] or [`Error::Unsupported`] if the file or a
    /// page is not read, and [`Error::Mismatch`] for a page of another shape or type than the first.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
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
        Ok(Self(Arc::new(Inner {
            name: name.unwrap_or_default(),
            files: vec![path.to_path_buf()],
            shape: [1, 1, count, header.height, header.width],
            header,
            voxel_size,
            channels: vec![Channel::default()],
            counters: None,
            missing: Vec::new(),
        })))
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

    /// The size of a voxel, if the first page states it with a unit.
    pub fn voxel_size(&self) -> Option<VoxelSize> {
        self.0.voxel_size
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
        if planes.len() != channels * height * width {
            let expected = format!("{channels} x {height} x {width}");
            return Err(Error::argument("length of the planes", planes.len(), expected));
        }
        let mut pages = match self.0.files.as_slice() {
            [file] => {
                let mut pages = Pages::open(file)?;
                pages.seek(z)?;
                pages
            }
            files => Pages::open(&files[z])?,
        };
        pages.read(&self.0.header, planes)
    }
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
