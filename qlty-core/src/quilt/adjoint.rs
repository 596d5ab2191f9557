//! Typed adjoints of unstitching and stitching.

use ndarray::{Array, ArrayView, ArrayViewMut};

use super::{Quilt, filled};
use crate::Result;
use crate::dynamic::{ArrayMut, ArrayRef};
use crate::element::{Element, Real};
use crate::monitor::Monitor;
use crate::rank::{BatchDim, Rank, Spatial};

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// The adjoint of [`Quilt::unstitch`]: each pixel of the batch is the sum of the patch pixels
    /// that were copied from it. From (P,C,y,x) to (N,C,Y,X), or with z.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the patches do not make up whole images,
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn unstitch_adjoint<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
    ) -> Result<Array<T::Sum, BatchDim<D>>> {
        let patches = ArrayRef::of("patches", patches)?;
        let shape = self.0.stitch_shape(patches.shape())?;
        filled("batch", &shape, |batch| self.0.unstitch_adjoint_into(patches, batch, &Monitor::new()))
    }

    /// [`Quilt::unstitch_adjoint`] into the caller's array, of any strides. Progress is
    /// counted in rows.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] and [`crate::Error::Cancelled`].
    pub fn unstitch_adjoint_into<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
        batch: ArrayViewMut<'_, T::Sum, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (patches, batch) = (ArrayRef::of("patches", patches)?, ArrayMut::of("batch", batch)?);
        self.0.unstitch_adjoint_into(patches, batch, monitor)
    }

    /// The adjoint of [`Quilt::stitch`]: each pixel of a patch is the batch pixel that it was added to, times its
    /// share, which is the window's weight over the sum of the weights. From (N,C,Y,X) to (P,C,y,x), or with z.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the batch does not have the size of the quilt,
    /// [`crate::Error::Argument`] if the step leaves gaps between the windows,
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn stitch_adjoint<S: Real>(&self, batch: ArrayView<'_, S, BatchDim<D>>) -> Result<Array<S, BatchDim<D>>> {
        let batch = ArrayRef::of("batch", batch)?;
        let shape = self.0.unstitch_shape(batch.shape(), None)?;
        filled("patches", &shape, |patches| self.0.stitch_adjoint_into(batch, patches, &Monitor::new()))
    }

    /// [`Quilt::stitch_adjoint`] into the caller's array, of any strides. Progress is counted
    /// in patches.
    ///
    /// # Errors
    /// [`crate::Error::Shape`], [`crate::Error::Argument`] if the step leaves gaps, and
    /// [`crate::Error::Cancelled`].
    pub fn stitch_adjoint_into<S: Real>(
        &self,
        batch: ArrayView<'_, S, BatchDim<D>>,
        patches: ArrayViewMut<'_, S, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (batch, patches) = (ArrayRef::of("batch", batch)?, ArrayMut::of("patches", patches)?);
        self.0.stitch_adjoint_into(batch, patches, monitor)
    }
}
