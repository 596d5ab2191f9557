//! Typed unstitching.

use std::ops::Range;

use ndarray::{Array, ArrayView, ArrayViewMut, Axis};

use super::{Quilt, filled};
use crate::Result;
use crate::array;
use crate::dynamic::{ArrayMut, ArrayRef};
use crate::element::{Element, Float};
use crate::monitor::Monitor;
use crate::positional::Positional;
use crate::rank::{BatchDim, ImageDim, Rank, Spatial};

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// All patches of a batch (N,C,Y,X) or (N,C,Z,Y,X) of any strides, as (P,C,y,x) or
    /// (P,C,z,y,x), in the order of the patch index. Pixels are copied bit by bit.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt, [`crate::Error::Overflow`]
    /// and [`crate::Error::OutOfMemory`].
    pub fn unstitch<T: Element>(&self, batch: ArrayView<'_, T, BatchDim<D>>) -> Result<Array<T, BatchDim<D>>> {
        let patches = self.patch_count(batch.shape()[0])?;
        self.unstitch_range(batch, 0..patches)
    }

    /// The patches of a range of patch indices; see [`Quilt::unstitch`].
    ///
    /// # Errors
    /// The errors of [`Quilt::unstitch`]; [`crate::Error::Argument`] if the range is outside the batch.
    pub fn unstitch_range<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        range: Range<usize>,
    ) -> Result<Array<T, BatchDim<D>>> {
        let batch = ArrayRef::of("batch", batch)?;
        let channels = self.0.check_batch("batch", batch.shape())?;
        self.0.check_range(&range, batch.shape()[0])?;
        let shape = self.0.patches_shape(range.len(), channels);
        filled("patches", &shape, |patches| self.0.unstitch_into(batch, range.start, patches, &Monitor::new()))
    }

    /// One patch, (C,y,x) or (C,z,y,x); see [`Quilt::unstitch`].
    ///
    /// # Errors
    /// The errors of [`Quilt::unstitch`]; [`crate::Error::Argument`] if the index is outside the batch.
    pub fn unstitch_one<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        index: usize,
    ) -> Result<Array<T, ImageDim<D>>> {
        Ok(self.unstitch_range(batch, index..index.saturating_add(1))?.index_axis_move(Axis(0), 0))
    }

    /// Extracts as many patches as `patches` has room for, starting with index `first`, into the caller's array, of any
    /// strides. Progress is counted in patches.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt, or `patches` does not have the size of
    /// its windows and the channels of the batch, [`crate::Error::Argument`] if there are fewer patches, and
    /// [`crate::Error::Cancelled`].
    pub fn unstitch_into<T: Element>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        first: usize,
        patches: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (batch, patches) = (ArrayRef::of("batch", batch)?, ArrayMut::of("patches", patches)?);
        self.0.unstitch_into(batch, first, patches, monitor)
    }

    /// The shape of an array of `count` patches of a batch of this shape; of all of them for `None`.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt, [`crate::Error::Overflow`].
    pub fn unstitch_shape(&self, batch: &[usize], count: Option<usize>) -> Result<Vec<usize>> {
        self.0.unstitch_shape(batch, count)
    }

    /// [`Quilt::unstitch_range`] with the positional channels after those of the batch: (P,C+2,y,x)
    /// or (P,C+3,z,y,x).
    ///
    /// Only for floating-point types, since a coordinate may be a fraction or too large for an integer type. An `f16`
    /// holds coordinates up to 2048 exactly, a `bf16` up to 256.
    ///
    /// # Errors
    /// The errors of [`Quilt::unstitch_range`].
    pub fn unstitch_positional<T: Float>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        range: Range<usize>,
        positional: Positional,
    ) -> Result<Array<T, BatchDim<D>>> {
        let channels = self.0.check_batch("batch", batch.shape())?;
        self.0.check_range(&range, batch.shape()[0])?;
        let shape = self.0.patches_shape(range.len(), channels.saturating_add(D));
        let mut patches = array::zeros::<T, BatchDim<D>>("patches", &shape)?;
        let (pixels, positions) = patches.view_mut().split_at(Axis(1), channels);
        self.unstitch_into(batch, range.start, pixels, &Monitor::new())?;
        self.positional_into(range.start, positions, positional)?;
        Ok(patches)
    }

    /// The positional channels alone, of as many patches as `out` has room for, starting with index `first`, into the
    /// caller's array (P,2,y,x) or (P,3,z,y,x), of any strides.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `out` has a different number of channels or window size, [`crate::Error::Argument`]
    /// if the indices are too large.
    pub fn positional_into<T: Float>(
        &self,
        first: usize,
        out: ArrayViewMut<'_, T, BatchDim<D>>,
        positional: Positional,
    ) -> Result<()> {
        self.0.positional_into(first, ArrayMut::of("channels", out)?, positional)
    }
}
