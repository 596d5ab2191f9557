//! Sewing an image box by box, with the kernel that sews whole images.
//!
//! For the implementation of the crates beside this one: the sums of a box, to which the patches are
//! added in the order of their index, are to the bit those of [`Quilt::stitch`] in that box.

use std::ops::Range;

use ndarray::{ArrayView, ArrayView5};

use crate::array::product;
use crate::element::{Element, Real};
use crate::monitor::Monitor;
use crate::quilt::Quilt;
use crate::rank::{BatchDim, Rank, Spatial, five};
use crate::rows::Rows;
use crate::sew::{BAND_BYTES, Band, Sewing, Slots};
use crate::weights::{Coverage, WindowRows};
use crate::{Error, Result};

/// A box of pixels of one image of a batch; not empty, and within the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelBox<const D: usize> {
    /// The image.
    pub image: usize,
    /// The first pixel, (y, x) or (z, y, x).
    pub start: [usize; D],
    /// The size in pixels.
    pub size: [usize; D],
}

impl<const D: usize> PixelBox<D> {
    /// The number of pixels.
    pub fn volume(&self) -> usize {
        self.size.iter().product()
    }

    /// Start and size along (z, y, x).
    fn three(&self) -> ([usize; 3], [usize; 3]) {
        let (mut start, mut size) = ([0; 3], [1; 3]);
        start[3 - D..].copy_from_slice(&self.start);
        size[3 - D..].copy_from_slice(&self.size);
        (start, size)
    }
}

/// Sews boxes, each on the thread that calls.
#[derive(Debug, Clone)]
pub struct BoxSewer<S, const D: usize> {
    quilt: Quilt<D>,
    window: WindowRows<S>,
    coverage: Coverage,
}

impl<S: Real, const D: usize> BoxSewer<S, D>
where
    Spatial<D>: Rank,
{
    /// A sewer for the boxes of a quilt.
    ///
    /// # Errors
    /// [`Error::Argument`] where the step leaves gaps between the windows, and [`Error::OutOfMemory`].
    pub fn new(quilt: &Quilt<D>) -> Result<Self> {
        quilt.check_no_gaps()?;
        Ok(Self { quilt: *quilt, window: quilt.window_rows()?, coverage: quilt.coverage() })
    }

    /// The quilt.
    pub fn quilt(&self) -> &Quilt<D> {
        &self.quilt
    }

    /// Adds patches, (P,C,y,x) or (P,C,z,y,x) of any strides, to the `sums` of a box, (C,Y,X) or (C,Z,Y,X) in
    /// standard layout. `pairs` are patch indices and where `patches` has the patch, in ascending order of the
    /// index, which is the order of the additions; patches that do not reach the box add nothing.
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches do not have the size of the windows or the channels of the sums, and
    /// [`Error::Argument`] where the box leaves the image or a pair the patches. Nothing is added then.
    pub fn add<T: Element<Sum = S>>(
        &self,
        sums: &mut [S],
        of: &PixelBox<D>,
        patches: ArrayView<'_, T, BatchDim<D>>,
        pairs: &[(usize, usize)],
    ) -> Result<()> {
        let (count, channels) = (patches.shape()[0], sums.len() / of.volume().max(1));
        self.quilt.check_patches(patches.shape(), count, Some(channels))?;
        if let Some(pair) = pairs.iter().find(|(_, slot)| *slot >= count) {
            return Err(Error::argument("patch index and slot", pair, format!("a slot below {count}")));
        }
        let patches = five::<_, _, D>("patches", patches)?;
        self.each_band(sums, of, patches, Slots::Sorted(pairs), false)
    }

    /// Adds the weights of the windows of these patches, in ascending order, to the `weights` of a box, (Y,X) or
    /// (Z,Y,X) in standard layout.
    ///
    /// # Errors
    /// [`Error::Argument`] where the box leaves the image.
    pub fn add_weights(&self, weights: &mut [S], of: &PixelBox<D>, indices: &[usize]) -> Result<()> {
        let one = [S::from_f64(1.0)];
        let [z, y, x] = self.quilt.axes.map(|axis| axis.window);
        let pairs: Vec<_> = indices.iter().map(|index| (*index, 0)).collect();
        // The weights are what patches of ones add up to; one pixel stands for all of theirs.
        let ones = ArrayView5::from_shape([1; 5], &one).ok();
        match ones.as_ref().and_then(|ones| ones.broadcast((1, 1, z, y, x))) {
            Some(ones) => self.each_band(weights, of, ones, Slots::Sorted(&pairs), false),
            None => Ok(()),
        }
    }

    /// Divides the `sums` of a box by the weights of all windows over its pixels, as [`Quilt::stitch`] does.
    ///
    /// # Errors
    /// [`Error::Argument`] where the box leaves the image.
    pub fn divide(&self, sums: &mut [S], of: &PixelBox<D>) -> Result<()> {
        let nothing = ArrayView5::<S>::from_shape([0; 5], &[]);
        match nothing {
            Ok(nothing) => self.each_band(sums, of, nothing, Slots::Run { first: 0, len: 0 }, true),
            Err(_) => Ok(()),
        }
    }

    /// Sews a box in bands that fit the cache: lines of one plane, of all channels.
    fn each_band<T: Element<Sum = S>>(
        &self,
        sums: &mut [S],
        of: &PixelBox<D>,
        patches: ArrayView5<'_, T>,
        slots: Slots<'_>,
        divide: bool,
    ) -> Result<()> {
        let volume = product("pixels of a box", &of.size)?;
        self.quilt.windows_reaching(of.start, of.size)?;
        let (start, [depth, height, width]) = of.three();
        let lines = self.quilt.axes[1].size;
        let monitor = Monitor::new();
        let sewing = Sewing {
            axes: self.quilt.axes,
            patches: Rows::new(patches),
            slots,
            weights: &self.window,
            divide_by: divide.then_some(&self.coverage),
            fresh: false,
            monitor: &monitor,
        };
        let channels = (sums.len() / volume).max(1);
        let most = (BAND_BYTES / size_of::<S>() / (width * channels)).clamp(1, height);
        for z in 0..depth {
            for y in (0..height).step_by(most) {
                let count = most.min(height - y);
                let first = (z * height + y) * width;
                let row = (start[0] + z) * lines + start[1] + y;
                let channels = sums.chunks_exact_mut(volume).map(|sums| &mut sums[first..first + count * width]);
                let columns: Range<usize> = start[2]..start[2] + width;
                let channels = channels.collect();
                sewing.band(Band { image: of.image, first_channel: 0, rows: row..row + count, columns, channels });
            }
        }
        Ok(())
    }
}
