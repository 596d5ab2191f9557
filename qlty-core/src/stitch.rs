//! Stitching all at once: patches to batches.

use std::ops::Range;

use ndarray::{Array, ArrayView, ArrayView3, ArrayView5, ArrayViewMut, ArrayViewMut5, Zip, s};

use crate::array::{self, product};
use crate::element::Element;
use crate::lanes::fold;
use crate::monitor::Monitor;
use crate::quilt::Quilt;
use crate::rank::{BatchDim, Rank, Spatial, WindowDim, axis_names, five, five_mut};
use crate::rows::Rows;
use crate::sew::{Sewing, Slots};
use crate::weights::WindowRows;
use crate::{Error, Result};

/// What is sewn at a time of a result that is not in standard layout: a few bands.
const BUFFER_BYTES: usize = 4 << 20;

/// A stitched batch and the sum of the weights per pixel, (Y,X) or (Z,Y,X), the same for each image.
pub type Stitched<S, const D: usize> = (Array<S, BatchDim<D>>, Array<S, WindowDim<D>>);

/// What a pixel becomes of the patches over it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Their weighted mean.
    Mean,
    /// Their sum.
    Sum,
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// Puts all patches of a batch, (P,C,y,x) or (P,C,z,y,x) of any strides, back together.
    ///
    /// A pixel is the mean of the patches over it, weighted with the windows' profile. It is summed
    /// in the order of the patch index: the result is the same to the bit for any number of
    /// threads. A NaN reaches only the pixels under it. Patches of up to 16-bit integers, `f16`,
    /// `bf16` and `f32` give `f32`, others `f64`.
    ///
    /// ```
    /// use qlty_core::{Error, NcyxQuilt};
    /// let quilt = NcyxQuilt::builder([37, 29], [12, 7], [5, 3]).border([3, 1]).build()?;
    /// let batch = ndarray::Array4::<u8>::from_elem((2, 3, 37, 29), 7);
    /// let patches = quilt.unstitch(batch.view())?;
    /// let (stitched, weights) = quilt.stitch(patches.view())?;
    /// assert!(stitched.iter().all(|pixel| (pixel - 7.0).abs() < 1e-5));
    /// assert_eq!(weights.dim(), (37, 29));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches are not those of whole images, [`Error::Argument`] where
    /// the step leaves gaps between the windows, [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn stitch<T: Element>(&self, patches: ArrayView<'_, T, BatchDim<D>>) -> Result<Stitched<T::Sum, D>> {
        self.check_no_gaps()?;
        let (images, channels) = self.whole_images(patches.shape())?;
        let mut batch = array::zeros("batch", &self.batch_shape(images, channels))?;
        let weights = self.weights()?;
        self.stitch_into(patches, batch.view_mut(), None, &Monitor::new())?;
        Ok((batch, weights))
    }

    /// [`Quilt::stitch`] into arrays of the caller's, of any strides; their values do not matter.
    /// Progress is counted in rows.
    ///
    /// # Errors
    /// Those of [`Quilt::stitch`]; [`Error::Shape`] where `batch` or `weights` has another shape
    /// than its result, and [`Error::Cancelled`].
    pub fn stitch_into<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
        batch: ArrayViewMut<'_, T::Sum, BatchDim<D>>,
        weights: Option<ArrayViewMut<'_, T::Sum, WindowDim<D>>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_no_gaps()?;
        if let Some(weights) = &weights {
            self.check_weights(weights.shape())?;
        }
        self.sew_all::<T>(patches, batch, Kind::Mean, monitor)?;
        weights.map_or(Ok(()), |weights| self.weights_into(weights))
    }

    /// The shape of the batch that patches of this shape give.
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches are not those of whole images, [`Error::Overflow`].
    pub fn stitch_shape(&self, patches: &[usize]) -> Result<Vec<usize>> {
        let (images, channels) = self.whole_images(patches)?;
        Ok(self.batch_shape(images, channels))
    }

    /// Sews all patches of whole images into `batch`.
    pub(crate) fn sew_all<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
        batch: ArrayViewMut<'_, T::Sum, BatchDim<D>>,
        kind: Kind,
        monitor: &Monitor,
    ) -> Result<()> {
        let (images, channels) = self.whole_images(patches.shape())?;
        let expected = self.batch_shape(images, channels);
        if batch.shape() != expected {
            return Err(Error::shape("batch", batch.shape(), format!("{expected:?}")));
        }
        let (mut patches, mut batch) = (five::<_, _, D>("patches", patches)?, five_mut::<_, _, D>("batch", batch)?);
        let lanes = fold(&mut patches, &mut batch);
        let (quilt, channels) = (self.with_lanes(lanes), channels / lanes);
        let (window, coverage) = match kind {
            Kind::Mean => (quilt.window_rows()?, Some(quilt.coverage())),
            Kind::Sum => (WindowRows::ones(quilt.axes[2].window)?, None),
        };
        let slots = Slots::Run { first: 0, len: self.patch_count(images)? };
        let sewing = quilt.sewing::<T>(patches, slots, &window, monitor);
        let sewing = Sewing { divide_by: coverage.as_ref(), fresh: true, ..sewing };
        let [depth, height, _] = quilt.axes.map(|axis| axis.size);
        monitor.begin((images * channels * depth * height) as u64);
        monitor.check()?;
        match batch.as_slice_mut() {
            Some(values) => sewing.images(values, 0, channels),
            None => sew_strided(&sewing, batch)?,
        }
        monitor.check()
    }

    /// What adds patches to sums; see [`Sewing`].
    pub(crate) fn sewing<'a, T: Element>(
        &self,
        patches: ArrayView5<'a, T>,
        slots: Slots<'a>,
        weights: &'a WindowRows<T::Sum>,
        monitor: &'a Monitor,
    ) -> Sewing<'a, T> {
        Sewing { axes: self.axes, patches: Rows::new(patches), slots, weights, divide_by: None, fresh: false, monitor }
    }

    /// The images and channels of an array that should hold all patches of whole images.
    pub(crate) fn whole_images(&self, shape: &[usize]) -> Result<(usize, usize)> {
        let count = shape.first().copied().unwrap_or(0);
        let channels = self.check_patches(shape, count, None)?;
        let per_image = self.patches_per_image();
        if !count.is_multiple_of(per_image) {
            let expected = format!("a multiple of {per_image} patches, those of an image");
            return Err(Error::shape("patches", shape, expected));
        }
        let images = count / per_image;
        product("pixels of a batch", &self.batch_shape(images, channels))?;
        Ok((images, channels))
    }

    pub(crate) fn batch_shape(&self, images: usize, channels: usize) -> Vec<usize> {
        [images, channels].into_iter().chain(self.size()).collect()
    }

    /// Fails where some pixels would get no value.
    pub(crate) fn check_no_gaps(&self) -> Result<()> {
        for (axis, name) in self.axes[3 - D..].iter().zip(axis_names::<D>()) {
            if !axis.is_covered() {
                let expected =
                    format!("at most {}, the window: larger steps leave pixels without a value", axis.window);
                return Err(Error::argument(format!("step along {name}"), axis.step, expected));
            }
        }
        Ok(())
    }
}

/// Sews into an array that is not in standard layout: part by part, by way of a buffer of a few
/// bands, so that the memory needed does not grow with the result.
fn sew_strided<T: Element>(sewing: &Sewing<'_, T>, mut batch: ArrayViewMut5<'_, T::Sum>) -> Result<()> {
    let most = BUFFER_BYTES / size_of::<T::Sum>();
    let (images, channels, depth, height, width) = batch.dim();
    let width_block = width.min(most);
    let height_block = (most / (width_block * channels.max(1))).clamp(1, height);
    let channel_block = (most / (width_block * height_block)).clamp(1, channels.max(1));
    let mut buffer = array::zeroed("a part of the batch", width_block * height_block * channel_block)?;
    for (n, z) in (0..images).flat_map(|n| (0..depth).map(move |z| (n, z))) {
        for (c, (y, x)) in blocks(channels, channel_block).flat_map(|c| {
            let tiles =
                blocks(height, height_block).flat_map(move |y| blocks(width, width_block).map(move |x| (y.clone(), x)));
            tiles.map(move |tile| (c.clone(), tile))
        }) {
            let mut part = batch.slice_mut(s![n, c.clone(), z, y.clone(), x.clone()]);
            let sums = &mut buffer[..part.len()];
            sewing.part(sums, n, c, z * height + y.start..z * height + y.end, x);
            let sums = ArrayView3::from_shape(part.raw_dim(), sums)
                .map_err(|_| Error::shape("a part", part.shape(), "its sums"))?;
            Zip::from(&mut part).and(&sums).par_for_each(|to, sum| *to = *sum);
        }
    }
    Ok(())
}

/// `0..len` in ranges of at most `most`.
fn blocks(len: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(most).map(move |start| start..len.min(start + most))
}
