//! Accumulating an image box by box, with the kernel that stitches whole images.
//!
//! The sums of a box to which the patches are added in the order of their index are bit-identical to those of
//! [`crate::Quilt::stitch`] in that box.

use std::ops::Range;

use crate::accumulate::{BAND_BYTES, Band};
use crate::array::product;
use crate::dynamic::{AnyQuilt, ArrayRef};
use crate::element::Real;
use crate::monitor::Monitor;
use crate::slots::Slots;
use crate::weights::{Coverage, WindowRows};
use crate::{Error, Result};

/// A box of pixels of one image of a batch; not empty, and within the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelBox {
    /// The image.
    pub image: usize,
    /// The first pixel, (z, y, x); z is 0 in images of two axes.
    pub start: [usize; 3],
    /// The size in pixels along (z, y, x); 1 along z in images of two axes.
    pub size: [usize; 3],
}

impl PixelBox {
    /// The number of pixels.
    pub fn volume(&self) -> usize {
        self.size.iter().product()
    }
}

/// Accumulates boxes in sums of type `S`, each on the calling thread.
#[derive(Debug, Clone)]
pub struct BoxAccumulator<S> {
    quilt: AnyQuilt,
    window: WindowRows<S>,
    coverage: Coverage,
}

impl<S: Real> BoxAccumulator<S> {
    /// An accumulator for the boxes of a quilt.
    ///
    /// # Errors
    /// [`Error::Argument`] if the step leaves gaps between the windows, and [`Error::OutOfMemory`].
    pub fn new(quilt: &AnyQuilt) -> Result<Self> {
        quilt.check_no_gaps()?;
        Ok(Self { quilt: *quilt, window: quilt.window_rows()?, coverage: quilt.coverage() })
    }

    /// The quilt.
    pub fn quilt(&self) -> &AnyQuilt {
        &self.quilt
    }

    /// Adds patches of any type, (P,C,y,x) or (P,C,z,y,x), to the `sums` of a box, (C,Y,X) or (C,Z,Y,X) in standard
    /// layout. `pairs` are patch indices and the position of each in `patches`, in ascending order of the index, which
    /// is the order of the additions; patches that do not overlap the box add nothing. A value is converted to the sum
    /// type of its own type, and then to `S`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not have the size of the windows or the channels of the sums, and
    /// [`Error::Argument`] if the box extends beyond the image, or a pair is outside the patches. Nothing is added
    /// then.
    pub fn add(&self, sums: &mut [S], of: &PixelBox, patches: ArrayRef<'_>, pairs: &[(usize, usize)]) -> Result<()> {
        let (count, channels) = (patches.outer_len(), sums.len() / of.volume().max(1));
        self.quilt.check_patches(patches.shape(), count, Some(channels))?;
        if let Some(pair) = pairs.iter().find(|(_, slot)| *slot >= count) {
            return Err(Error::argument("patch index and slot", pair, format!("a slot below {count}")));
        }
        let patches = patches.five("patches", self.quilt.ndim())?;
        self.each_band(sums, of, patches, Slots::Sorted(pairs), false)
    }

    /// Adds the weights of the windows of these patches, in ascending order, to the `weights` of a box, (Y,X) or
    /// (Z,Y,X) in standard layout.
    ///
    /// # Errors
    /// [`Error::Argument`] if the box extends beyond the image.
    pub fn add_weights(&self, weights: &mut [S], of: &PixelBox, indices: &[usize]) -> Result<()> {
        let one = S::from_f64(1.0);
        let pairs: Vec<_> = indices.iter().map(|index| (*index, 0)).collect();
        self.each_band(weights, of, self.quilt.patch_of_ones(&one)?, Slots::Sorted(&pairs), false)
    }

    /// Divides the `sums` of a box by the weights of all windows over its pixels, as [`crate::Quilt::stitch`] does.
    ///
    /// # Errors
    /// [`Error::Argument`] if the box extends beyond the image.
    pub fn divide(&self, sums: &mut [S], of: &PixelBox) -> Result<()> {
        self.each_band(sums, of, ArrayRef::no_patches(), Slots::Run { first: 0, len: 0 }, true)
    }

    /// Accumulates a box in bands that fit the cache: lines of one plane, with all channels.
    fn each_band(
        &self,
        sums: &mut [S],
        of: &PixelBox,
        patches: ArrayRef<'_>,
        slots: Slots<'_>,
        divide: bool,
    ) -> Result<()> {
        let volume = product("pixels of a box", &of.size)?;
        self.quilt.windows_overlapping(of.start, of.size)?;
        let ([depth, height, width], start) = (of.size, of.start);
        let lines = self.quilt.size3()[1];
        let monitor = Monitor::new();
        let mut accumulation = self.quilt.accumulation(patches, slots, &self.window, &monitor);
        accumulation.divide_by = divide.then_some(&self.coverage);
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
                accumulation.band(Band {
                    image: of.image,
                    first_channel: 0,
                    rows: row..row + count,
                    columns,
                    channels,
                });
            }
        }
        Ok(())
    }
}
