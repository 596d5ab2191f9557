//! The overlapping pixels of both patches of a pair, and their positions.

use ndarray::{Array, Array2, ArrayView, ArrayView1, ArrayView2, ArrayViewMut, ArrayViewMut2};
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::internal::array::zeros;
use qlty_core::{BatchDim, Element, Monitor, Rank, Result, Spatial};

use crate::AnyOverlap;

/// The overlaps of pairs: which pixels of the first and the second patches show the same position of the image.
///
/// With (dx, dy) the delta of a pair, the pixel (u, v) of its first patch is the pixel (u - dy, v - dx) of its second
/// patch before the rotation; likewise for volumes. Overlapping pixels are numbered in the order of the pairs, and
/// within a pair row by row in the first patch. Pairs that do not overlap have none.
///
/// ```
/// use qlty_pairs::{Overlap, PairOptions, Positions, extract_patch_pairs};
/// let images = ndarray::Array4::<f32>::from_shape_fn((2, 3, 60, 80), |(_, c, y, x)| (c * y * x) as f32);
/// let options = PairOptions::new([16, 16], 5, (4.0, 12.0)).rotations([0, 1, 2, 3]);
/// let pairs = extract_patch_pairs(&images.view(), &options, Positions::None)?;
/// let overlap = Overlap::new([16, 16], pairs.deltas.view(), Some(pairs.rotations.view()))?;
/// let pixels = overlap.extract(pairs.patches1.view(), pairs.patches2.view())?;
/// assert_eq!(pixels.pixels1.dim(), (overlap.count(), 3));
/// assert_eq!(pixels.pixels1, pixels.pixels2);
/// # Ok::<(), qlty_pairs::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap<const D: usize>(AnyOverlap);

/// The overlapping pixels of both patches, (K,C): row k of both shows the same position of the image.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OverlapPixels<T> {
    /// The pixels of the first patches.
    pub pixels1: Array2<T>,
    /// The pixels of the second patches.
    pub pixels2: Array2<T>,
}

/// Arrays of the shape of the patches, returned by [`Overlap::adjoint`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OverlapPatches<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// An array of the shape of the first patches.
    pub patches1: Array<T, BatchDim<D>>,
    /// An array of the shape of the second patches.
    pub patches2: Array<T, BatchDim<D>>,
}

impl<const D: usize> Overlap<D>
where
    Spatial<D>: Rank,
{
    /// The overlaps of patches of size `window`, (y, x) or (z, y, x), with these deltas, rows (dx, dy) or (dx, dy, dz),
    /// and quarter turns of the second patches, modulo 4; `None` means no rotation.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] unless there are a row of D deltas and a rotation for each pair;
    /// [`qlty_core::Error::Argument`] if a delta is not an integer or a rotation does not fit the window;
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn new(
        window: [usize; D],
        deltas: ArrayView2<'_, f32>,
        rotations: Option<ArrayView1<'_, i64>>,
    ) -> Result<Self> {
        let rotations = rotations.map(|rotations| ArrayRef::of("rotations", rotations)).transpose()?;
        Ok(Self(AnyOverlap::new(&window, ArrayRef::of("deltas", deltas)?, rotations)?))
    }

    /// The number of overlapping pixels of all pairs.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// The number of pairs.
    pub fn pairs(&self) -> usize {
        self.0.pairs()
    }

    /// The overlapping pixels of patches (P,C,y,x) or (P,C,z,y,x), as (K,C); K is 0 if nothing overlaps.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] if the patches do not match the pairs, or differ in their channels;
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    #[doc(alias = "extract_overlapping_pixels")]
    #[doc(alias = "extract_overlapping_pixels_3d")]
    pub fn extract<T: Element>(
        &self,
        patches1: ArrayView<'_, T, BatchDim<D>>,
        patches2: ArrayView<'_, T, BatchDim<D>>,
    ) -> Result<OverlapPixels<T>> {
        let channels = self.0.check_patches("patches1", patches1.shape())?;
        let mut pixels1 = zeros("pixels1", &[self.count(), channels])?;
        let mut pixels2 = zeros("pixels2", &[self.count(), channels])?;
        self.extract_into(patches1, patches2, pixels1.view_mut(), pixels2.view_mut(), &Monitor::new())?;
        Ok(OverlapPixels { pixels1, pixels2 })
    }

    /// [`Overlap::extract`] into the caller's arrays, of any strides. Progress is counted in rows of pixels.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] and [`qlty_core::Error::Cancelled`].
    pub fn extract_into<T: Element>(
        &self,
        patches1: ArrayView<'_, T, BatchDim<D>>,
        patches2: ArrayView<'_, T, BatchDim<D>>,
        pixels1: ArrayViewMut2<'_, T>,
        pixels2: ArrayViewMut2<'_, T>,
        monitor: &Monitor,
    ) -> Result<()> {
        let patches1 = ArrayRef::of("patches1", patches1)?;
        let patches2 = ArrayRef::of("patches2", patches2)?;
        let (pixels1, pixels2) = (ArrayMut::of("pixels1", pixels1)?, ArrayMut::of("pixels2", pixels2)?);
        self.0.extract_into(patches1, patches2, pixels1, pixels2, monitor)
    }

    /// The adjoint of [`Overlap::extract`], for the backward pass of an autodiff framework: patches that hold the
    /// pixels, (K,C), at the positions that they were extracted from, and zero elsewhere.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] unless there is one row per overlapping pixel and the channels of both sides agree;
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn adjoint<T: Element>(
        &self,
        pixels1: ArrayView2<'_, T>,
        pixels2: ArrayView2<'_, T>,
    ) -> Result<OverlapPatches<T, D>> {
        let shape = self.0.patches_shape(pixels1.ncols());
        self.0.check_pixels("pixels1", pixels1.shape(), pixels1.ncols())?;
        let (mut patches1, mut patches2) = (zeros("patches1", &shape)?, zeros("patches2", &shape)?);
        self.adjoint_into(pixels1, pixels2, patches1.view_mut(), patches2.view_mut(), &Monitor::new())?;
        Ok(OverlapPatches { patches1, patches2 })
    }

    /// [`Overlap::adjoint`] into the caller's arrays, of any strides; their previous values do not matter. Progress is
    /// counted in patches.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] and [`qlty_core::Error::Cancelled`].
    pub fn adjoint_into<T: Element>(
        &self,
        pixels1: ArrayView2<'_, T>,
        pixels2: ArrayView2<'_, T>,
        patches1: ArrayViewMut<'_, T, BatchDim<D>>,
        patches2: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (pixels1, pixels2) = (ArrayRef::of("pixels1", pixels1)?, ArrayRef::of("pixels2", pixels2)?);
        let patches1 = ArrayMut::of("patches1", patches1)?;
        let patches2 = ArrayMut::of("patches2", patches2)?;
        self.0.adjoint_into(pixels1, pixels2, patches1, patches2, monitor)
    }

    /// The position of each overlapping pixel: a row (pair, u1, v1, u2, v2) for images, or (pair, u1, v1, w1, u2, v2,
    /// w2) for volumes. u, v and w are coordinates along the axes of a patch, slowest first; those of the second patch
    /// refer to the rotated patch, that is, to the array.
    ///
    /// # Errors
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn correspondence(&self) -> Result<Array2<i64>> {
        let mut rows = zeros("correspondence", &[self.count(), 1 + 2 * D])?;
        self.correspondence_into(rows.view_mut(), &Monitor::new())?;
        Ok(rows)
    }

    /// [`Overlap::correspondence`] into the caller's array, of any strides. Progress is counted in rows of pixels.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] and [`qlty_core::Error::Cancelled`].
    pub fn correspondence_into(&self, out: ArrayViewMut2<'_, i64>, monitor: &Monitor) -> Result<()> {
        self.0.correspondence_into(ArrayMut::of("correspondence", out)?, monitor)
    }
}
