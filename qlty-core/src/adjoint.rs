//! The adjoints of unstitching and stitching, for the backward pass of an autodiff framework.
//!
//! Both are linear maps A, and these are their transposes: `<A x, y> = <x, A* y>` for all x and y.

use crate::dynamic::{ArrayMut, ArrayRef};
use crate::element::Real;
use crate::geometry::AnyQuilt;
use crate::monitor::Monitor;
use crate::stitch::Combine;
use crate::{Error, Result};

impl AnyQuilt {
    /// [`crate::Quilt::unstitch_adjoint_into`]: `batch` has the type of sums of `patches`.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not make up whole images, or the batch is not the one that they were
    /// unstitched from; [`Error::DataType`], [`Error::OutOfMemory`] and [`Error::Cancelled`].
    pub fn unstitch_adjoint_into(&self, patches: ArrayRef<'_>, batch: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        self.accumulate_all(patches, batch, Combine::Sum, monitor)
    }

    /// [`crate::Quilt::stitch_adjoint_into`]: both are `f32`, or both `f64`.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::DataType`]; [`Error::Argument`] if the step leaves gaps between the windows;
    /// [`Error::OutOfMemory`] and [`Error::Cancelled`].
    pub fn stitch_adjoint_into(&self, batch: ArrayRef<'_>, patches: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        self.check_no_gaps()?;
        let channels = self.check_batch("batch", batch.shape())?;
        let count = self.patch_count(batch.shape()[0])?;
        self.check_patches(patches.shape(), count, Some(channels))?;
        if patches.dtype() != batch.dtype() {
            return Err(Error::dtype("patches", patches.dtype(), batch.dtype().name()));
        }
        let (batch, patches) = (batch.five("batch", self.ndim)?, patches.five("patches", self.ndim)?);
        crate::with_real!(batch.dtype(), S => self.share::<S>(batch, patches, monitor), else {
            Err(Error::dtype("batch", batch.dtype(), "f32 or f64"))
        })
    }

    /// Gives each pixel of a patch its share of the batch pixel that it was added to.
    fn share<S: Real>(&self, batch: ArrayRef<'_>, patches: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let (window, coverage) = (self.window_rows::<S>()?, self.coverage());
        // SAFETY: any bits are valid values of these types, and only values are written.
        let patches = unsafe { patches.bits::<S>() };
        self.extract(batch.bits::<S>(), 0, patches, monitor, |to, from, ([z, y, x], [wz, wy])| {
            let (scale, weights) = window.row(wz, wy);
            let sums = coverage.row(coverage.coefficients(z, y), x..x + to.len());
            for (((to, from), weight), sum) in to.iter_mut().zip(from).zip(weights).zip(sums) {
                *to = *from * (scale * *weight) / S::from_f64(sum);
            }
        })
    }
}
