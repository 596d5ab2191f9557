//! Typed stitching, all at once.

use ndarray::{Array, ArrayView, ArrayViewMut};

use super::{Quilt, filled};
use crate::Result;
use crate::dynamic::{ArrayMut, ArrayRef};
use crate::element::{Element, Real};
use crate::monitor::Monitor;
use crate::rank::{BatchDim, Rank, Spatial, WindowDim};

/// The result of stitching.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Stitched<S: Real, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The stitched batch, (N,C,Y,X) or (N,C,Z,Y,X).
    pub batch: Array<S, BatchDim<D>>,
    /// The sum of the window weights per pixel, (Y,X) or (Z,Y,X), the same for each image.
    pub weights: Array<S, WindowDim<D>>,
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// Stitches all patches of a batch, (P,C,y,x) or (P,C,z,y,x) of any strides, back together.
    ///
    /// A pixel is the weighted mean of the patches that cover it, with the weights of the windows' profile. Patches are
    /// added in the order of their index, so the result is bit-identical for any number of threads. A NaN affects only
    /// the pixels that it is added to. Patches of up to 16-bit integers, `f16`, `bf16` and `f32` give `f32`,
    /// others `f64`.
    ///
    /// ```
    /// use qlty_core::{Error, NcyxQuilt};
    /// let quilt = NcyxQuilt::builder([37, 29], [12, 7], [5, 3]).border([3, 1]).build()?;
    /// let batch = ndarray::Array4::<u8>::from_elem((2, 3, 37, 29), 7);
    /// let patches = quilt.unstitch(batch.view())?;
    /// let stitched = quilt.stitch(patches.view())?;
    /// assert!(stitched.batch.iter().all(|pixel| (pixel - 7.0).abs() < 1e-5));
    /// assert_eq!(stitched.weights.dim(), (37, 29));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the patches do not make up whole images, [`crate::Error::Argument`] if
    /// the step leaves gaps between the windows, [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn stitch<T: Element>(&self, patches: ArrayView<'_, T, BatchDim<D>>) -> Result<Stitched<T::Sum, D>> {
        self.0.check_no_gaps()?;
        let patches = ArrayRef::of("patches", patches)?;
        let shape = self.0.stitch_shape(patches.shape())?;
        let batch = filled("batch", &shape, |batch| self.0.stitch_into(patches, batch, None, &Monitor::new()))?;
        Ok(Stitched { batch, weights: self.weights()? })
    }

    /// [`Quilt::stitch`] into the caller's arrays, of any strides; their previous values do not matter. Progress is
    /// counted in rows.
    ///
    /// # Errors
    /// The errors of [`Quilt::stitch`]; [`crate::Error::Shape`] if `batch` or `weights` has a shape other than the
    /// result's, and [`crate::Error::Cancelled`].
    pub fn stitch_into<T: Element>(
        &self,
        patches: ArrayView<'_, T, BatchDim<D>>,
        batch: ArrayViewMut<'_, T::Sum, BatchDim<D>>,
        weights: Option<ArrayViewMut<'_, T::Sum, WindowDim<D>>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (patches, batch) = (ArrayRef::of("patches", patches)?, ArrayMut::of("batch", batch)?);
        let weights = weights.map(|weights| ArrayMut::of("weights", weights)).transpose()?;
        self.0.stitch_into(patches, batch, weights, monitor)
    }

    /// The shape of the batch that patches of this shape give.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the patches do not make up whole images, [`crate::Error::Overflow`].
    pub fn stitch_shape(&self, patches: &[usize]) -> Result<Vec<usize>> {
        self.0.stitch_shape(patches)
    }
}
