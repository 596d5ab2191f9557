//! Stitching all at once: patches to batches.

use std::ops::Range;

use ndarray::{ArrayView3, ArrayViewMut5, Zip, s};

use crate::accumulate::Accumulation;
use crate::array;
use crate::dynamic::{ArrayMut, ArrayRef};
use crate::element::Real;
use crate::geometry::{AnyQuilt, check_sum};
use crate::interleaved::interleave_both;
use crate::monitor::Monitor;
use crate::slots::Slots;
use crate::weights::WindowRows;
use crate::{Error, Result};

/// The number of bytes that are accumulated at a time if the result is not in standard layout: a few bands.
const BUFFER_BYTES: usize = 4 << 20;

/// How patches combine at a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Combine {
    /// Their weighted mean.
    Mean,
    /// Their sum.
    Sum,
}

impl AnyQuilt {
    /// The shape of the batch that patches of this shape give.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not make up whole images, [`Error::Overflow`].
    pub fn stitch_shape(&self, patches: &[usize]) -> Result<Vec<usize>> {
        let (images, channels) = self.whole_images(patches)?;
        Ok(self.batch_shape(images, channels))
    }

    /// [`crate::Quilt::stitch_into`]: `batch` and `weights` have the type of sums of `patches`, [`crate::DType::sum`].
    /// Progress is counted in rows.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not make up whole images, or `batch` or `weights` does not have the shape of
    /// the result; [`Error::DataType`]; [`Error::Argument`] if the step leaves gaps between the windows;
    /// [`Error::Overflow`], [`Error::OutOfMemory`] and [`Error::Cancelled`].
    pub fn stitch_into(
        &self,
        patches: ArrayRef<'_>,
        batch: ArrayMut<'_>,
        weights: Option<ArrayMut<'_>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_no_gaps()?;
        if let Some(weights) = &weights {
            self.check_weights(weights.shape())?;
            check_sum("weights", weights.dtype(), patches.dtype())?;
        }
        self.accumulate_all(patches, batch, Combine::Mean, monitor)?;
        weights.map_or(Ok(()), |weights| self.weights_into(weights))
    }

    /// Accumulates all patches of whole images in `batch`.
    pub(crate) fn accumulate_all(
        &self,
        patches: ArrayRef<'_>,
        batch: ArrayMut<'_>,
        combine: Combine,
        monitor: &Monitor,
    ) -> Result<()> {
        let (images, channels) = self.whole_images(patches.shape())?;
        let expected = self.batch_shape(images, channels);
        Error::check_shape("batch", batch.shape(), &expected)?;
        check_sum("batch", batch.dtype(), patches.dtype())?;
        let (patches, batch) = (patches.five("patches", self.ndim)?, batch.five("batch", self.ndim)?);
        let (patches, batch, values) = interleave_both(patches, batch);
        let quilt = self.interleaved(values);
        let slots = Slots::Run { first: 0, len: self.patch_count(images)? };
        crate::with_real!(batch.dtype(), S => {
            // SAFETY: any bits are valid values of these types, and only sums are written.
            quilt.accumulate_as::<S>(patches, slots, unsafe { batch.bits() }, combine, monitor)
        }, else Err(Error::dtype("batch", batch.dtype(), "f32 or f64")))
    }

    fn accumulate_as<S: Real>(
        &self,
        patches: ArrayRef<'_>,
        slots: Slots<'_>,
        mut batch: ArrayViewMut5<'_, S>,
        combine: Combine,
        monitor: &Monitor,
    ) -> Result<()> {
        let (window, coverage) = match combine {
            Combine::Mean => (self.window_rows()?, Some(self.coverage())),
            Combine::Sum => (WindowRows::ones(self.axes[2].window)?, None),
        };
        let accumulation = self.accumulation::<S>(patches, slots, &window, monitor);
        let accumulation = Accumulation { divide_by: coverage.as_ref(), fresh: true, ..accumulation };
        let (images, channels, depth, height, _) = batch.dim();
        monitor.begin((images * channels * depth * height) as u64);
        monitor.check()?;
        match batch.as_slice_mut() {
            Some(values) => accumulation.images(values, 0, channels),
            None => accumulate_strided(&accumulation, batch)?,
        }
        monitor.check()
    }

    /// The accumulation of patches (P,C,z,y,x).
    pub(crate) fn accumulation<'a, S: Real>(
        &self,
        patches: ArrayRef<'a>,
        slots: Slots<'a>,
        weights: &'a WindowRows<S>,
        monitor: &'a Monitor,
    ) -> Accumulation<'a, S> {
        Accumulation { axes: self.axes, patches, slots, weights, divide_by: None, fresh: false, monitor }
    }
}

/// Accumulates in an array that is not in standard layout: part by part, through a buffer of a few bands, so that
/// memory use does not grow with the result.
fn accumulate_strided<S: Real>(accumulation: &Accumulation<'_, S>, mut batch: ArrayViewMut5<'_, S>) -> Result<()> {
    let most = BUFFER_BYTES / size_of::<S>();
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
            accumulation.part(sums, n, c, z * height + y.start..z * height + y.end, x);
            let sums = ArrayView3::from_shape(part.raw_dim(), sums)
                .map_err(|_| Error::shape("a part", part.shape(), "its sums"))?;
            Zip::from(&mut part).and(&sums).par_for_each(|to, sum| *to = *sum);
        }
    }
    Ok(())
}

/// `0..len` as ranges of at most `most`.
fn blocks(len: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(most).map(move |start| start..len.min(start + most))
}
