//! Typed stitching, patch by patch.

use std::fmt;
use std::marker::PhantomData;

use ndarray::{Array, ArrayView};

use super::{Quilt, Stitched};
use crate::Result;
use crate::dynamic::{AnyStitcher, ArrayRef};
use crate::element::{Element, Real};
use crate::rank::{BatchDim, ImageDim, Rank, Spatial};

/// The result of [`Stitcher::finish_incomplete`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct IncompletelyStitched<S: Real, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The batch, (N,C,Y,X) or (N,C,Z,Y,X).
    pub batch: Array<S, BatchDim<D>>,
    /// The sum of the weights that arrived, per image and pixel, (N,Y,X) or (N,Z,Y,X).
    pub weights: Array<S, ImageDim<D>>,
}

/// Stitches the patches of a batch as they arrive.
///
/// It holds only the sums of the batch and one bit per patch. Patches that arrive in the order of their index give a
/// result bit-identical to [`Quilt::stitch`]; other orders differ by the rounding of the sums. A stitcher may be moved
/// between threads; [`Stitcher::push`] itself uses all threads of the pool.
///
/// ```
/// use qlty_core::{Error, NcyxQuilt};
/// let quilt = NcyxQuilt::builder([64, 64], [16, 16], [8, 8]).border(2).build()?;
/// let batch = ndarray::Array4::<f32>::from_elem((1, 3, 64, 64), 0.5);
/// let mut stitcher = quilt.stitcher::<f32>(1, 3)?;
/// for first in (0..quilt.patch_count(1)?).step_by(7) {
///     let patches = quilt.unstitch_range(batch.view(), first..first + 7)?;
///     stitcher.push(first, patches.map(|v| v * 2.0).view())?;
/// }
/// let stitched = stitcher.finish()?;
/// assert!(stitched.batch.iter().all(|v| (v - 1.0).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct Stitcher<T, const D: usize> {
    any: AnyStitcher,
    quilt: Quilt<D>,
    patches: PhantomData<fn(T)>,
}

impl<T, const D: usize> fmt::Debug for Stitcher<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.any.fmt(f)
    }
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// A stitcher for a batch of `images` with `channels`, whose patches are of type `T`.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the step leaves gaps between the windows, [`crate::Error::Overflow`] and
    /// [`crate::Error::OutOfMemory`].
    pub fn stitcher<T: Element>(&self, images: usize, channels: usize) -> Result<Stitcher<T, D>> {
        let any = self.0.stitcher(T::DTYPE, images, channels)?;
        Ok(Stitcher { any, quilt: *self, patches: PhantomData })
    }
}

impl<T: Element, const D: usize> Stitcher<T, D>
where
    Spatial<D>: Rank,
{
    /// The quilt of this stitcher.
    pub fn quilt(&self) -> &Quilt<D> {
        &self.quilt
    }

    /// The shape of the batch: (N,C,Y,X) or (N,C,Z,Y,X).
    pub fn shape(&self) -> Vec<usize> {
        self.any.shape()
    }

    /// The number of patches that have not arrived.
    pub fn missing_count(&self) -> usize {
        self.any.missing_count()
    }

    /// The indices of the patches that have not arrived, ascending.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        self.any.missing()
    }

    /// Adds the patches `first`, `first + 1`, ..., (P,C,y,x) or (P,C,z,y,x) of any strides.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if the patches have a different size or number of channels, [`crate::Error::Argument`]
    /// if an index is outside the batch, [`crate::Error::Duplicate`] if a patch has arrived before, and
    /// [`crate::Error::OutOfMemory`]; nothing is added then. [`crate::Error::Poisoned`] after a call that panicked.
    pub fn push(&mut self, first: usize, patches: ArrayView<'_, T, BatchDim<D>>) -> Result<()> {
        self.any.push(first, ArrayRef::of("patches", patches)?)
    }

    /// Adds patches in any order: patch `i` of `patches` has the index `indices[i]`.
    ///
    /// # Errors
    /// The errors of [`Stitcher::push`], and [`crate::Error::Argument`] if the numbers of indices and patches differ.
    pub fn push_at(&mut self, indices: &[usize], patches: ArrayView<'_, T, BatchDim<D>>) -> Result<()> {
        self.any.push_at(indices, ArrayRef::of("patches", patches)?)
    }

    /// Returns the stitched batch and its weights, and resets the stitcher, which is then empty.
    ///
    /// # Errors
    /// [`crate::Error::Incomplete`] while patches are missing, and [`crate::Error::OutOfMemory`]: the stitcher is
    /// unchanged then, and accepts more patches. [`crate::Error::Poisoned`] after a call that panicked.
    pub fn finish(&mut self) -> Result<Stitched<T::Sum, D>> {
        let stitched = self.any.finish()?;
        Ok(Stitched { batch: stitched.batch.into_array()?, weights: stitched.weights.into_array()? })
    }

    /// Returns the mean of the patches that have arrived, with `fill` in the pixels that none covers, and the weights
    /// that arrived, per image; resets the stitcher as [`Stitcher::finish`] does.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`]; the stitcher is unchanged then. [`crate::Error::Poisoned`] after a call that
    /// panicked.
    pub fn finish_incomplete(&mut self, fill: T::Sum) -> Result<IncompletelyStitched<T::Sum, D>> {
        let stitched = self.any.finish_incomplete(fill.to_f64())?;
        Ok(IncompletelyStitched { batch: stitched.batch.into_array()?, weights: stitched.weights.into_array()? })
    }
}
