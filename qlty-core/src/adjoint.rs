//! The adjoints of cutting and sewing, with which a host registers their gradients.
//!
//! Both are linear maps A, and these are their transposes: `<A x, y> = <x, A* y>` for all x and y.

use ndarray::{Array, ArrayView, ArrayViewMut};

use crate::Result;
use crate::array;
use crate::element::{Element, Real};
use crate::monitor::Monitor;
use crate::quilt::Quilt;
use crate::rank::{BatchDim, Rank, Spatial, five, five_mut};
use crate::stitch::Kind;

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// The adjoint of [`Quilt::unstitch`]: each pixel of the batch is the sum of the patch pixels
    /// that were copied from it. From (P,C,y,x) to (N,C,Y,X), or with z.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the patches are not those of whole images,
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn unstitch_adjoint<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
    ) -> Result<Array<T::Sum, BatchDim<D>>> {
        let (images, channels) = self.whole_images(patches.shape())?;
        let mut batch = array::zeros("batch", &self.batch_shape(images, channels))?;
        self.unstitch_adjoint_into(patches, batch.view_mut(), &Monitor::new())?;
        Ok(batch)
    }

    /// [`Quilt::unstitch_adjoint`] into an array of the caller's, of any strides. Progress is
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
        self.sew_all::<T>(patches, batch, Kind::Sum, monitor)
    }

    /// The adjoint of [`Quilt::stitch`]: each pixel of a patch is the pixel of the batch that it
    /// was added to, times its share in it, the window's weight over the sum of the weights. From
    /// (N,C,Y,X) to (P,C,y,x), or with z.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where the batch does not have the size of the quilt,
    /// [`crate::Error::Argument`] where the step leaves gaps between the windows,
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn stitch_adjoint<S: Real>(&self, batch: ArrayView<'_, S, BatchDim<D>>) -> Result<Array<S, BatchDim<D>>> {
        let channels = self.check_batch("batch", batch.shape())?;
        let count = self.patch_count(batch.shape()[0])?;
        let mut patches = array::zeros("patches", &self.patches_shape(count, channels))?;
        self.stitch_adjoint_into(batch, patches.view_mut(), &Monitor::new())?;
        Ok(patches)
    }

    /// [`Quilt::stitch_adjoint`] into an array of the caller's, of any strides. Progress is counted
    /// in patches.
    ///
    /// # Errors
    /// [`crate::Error::Shape`], [`crate::Error::Argument`] where the step leaves gaps, and
    /// [`crate::Error::Cancelled`].
    pub fn stitch_adjoint_into<S: Real>(
        &self,
        batch: ArrayView<'_, S, BatchDim<D>>,
        patches: ArrayViewMut<'_, S, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_no_gaps()?;
        let channels = self.check_batch("batch", batch.shape())?;
        let count = self.patch_count(batch.shape()[0])?;
        self.check_patches(patches.shape(), count, Some(channels))?;
        let (batch, patches) = (five::<_, _, D>("batch", batch)?, five_mut::<_, _, D>("patches", patches)?);
        let (window, coverage) = (self.window_rows::<S>()?, self.coverage());
        self.cut(batch, 0, patches, monitor, |to, from, ([z, y, x], [wz, wy])| {
            let (scale, weights) = window.row(wz, wy);
            let sums = coverage.row(coverage.coefficients(z, y), x..x + to.len());
            for (((to, from), weight), sum) in to.iter_mut().zip(from).zip(weights).zip(sums) {
                *to = *from * (scale * *weight) / S::from_f64(sum);
            }
        })
    }
}
