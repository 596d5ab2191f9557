//! The typed interface: quilts whose rank is a type parameter, over [`ndarray`] views.
//!
//! A thin layer over [`crate::dynamic`]: it creates an [`crate::dynamic::ArrayRef`] of each view, and typed arrays of
//! results. No computation happens here.

use std::fmt;
use std::ops::Range;

use ndarray::{Array, Array2, ArrayViewMut, ArrayViewMut2, Dimension};

use crate::Result;
use crate::array;
use crate::dynamic::{AnyQuilt, AnyQuiltBuilder, ArrayMut};
use crate::element::Real;
use crate::profile::Profile;
use crate::rank::{Rank, Spatial, WindowDim};

mod adjoint;
mod labels;
mod stitch;
mod stitcher;
mod unstitch;

pub use labels::{Filtered, LabelledPatches};
pub use stitch::Stitched;
pub use stitcher::{IncompletelyStitched, Stitcher};

/// The border of a window, which counts less, in pixels: one number for all axes, or one per axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Border<const D: usize>([usize; D]);

impl<const D: usize> From<usize> for Border<D> {
    fn from(all: usize) -> Self {
        Self([all; D])
    }
}

impl<const D: usize> From<[usize; D]> for Border<D> {
    fn from(each: [usize; D]) -> Self {
        Self(each)
    }
}

/// The builder of a [`Quilt`]; see [`Quilt::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QuiltBuilder<const D: usize>(AnyQuiltBuilder);

impl<const D: usize> QuiltBuilder<D>
where
    Spatial<D>: Rank,
{
    /// The border of a window in pixels, per axis or one number for all. No border by default.
    pub fn border(self, border: impl Into<Border<D>>) -> Self {
        Self(self.0.border(&border.into().0))
    }

    /// The weight of the border, 0 to 1, 0.1 by default; at least 1e-8 is used.
    pub fn border_weight(self, weight: f64) -> Self {
        Self(self.0.border_weight(weight))
    }

    /// How much the pixels of a window count; [`Profile::Border`] by default.
    pub fn profile(self, profile: Profile) -> Self {
        Self(self.0.profile(profile))
    }

    /// Builds the quilt.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if, on any axis, the image or the window is empty, the window is larger than the
    /// image, the step is zero, or twice the border is not less than the window; if the border weight is not within 0
    /// to 1, or is given with a profile that does not use it; if the profile's parameter is out of range.
    /// [`crate::Error::Overflow`] if an image has too many pixels.
    pub fn build(self) -> Result<Quilt<D>> {
        self.0.build().map(Quilt)
    }
}

/// A geometry with weights: extracts overlapping patches from batches of images, and stitches patches back together.
/// `D` is the number of spatial axes: [`NcyxQuilt`] and [`NczyxQuilt`].
///
/// Along an axis of size S, with window W and step T, there are `ceil((S - W) / T) + 1` windows, and window i starts at
/// `min(i * T, S - W)`: the last is pulled back inside the image. Patches are numbered in C order over (n, z, y, x). A
/// quilt is immutable, so threads may share it.
#[derive(Clone, Copy, PartialEq)]
pub struct Quilt<const D: usize>(AnyQuilt);

/// A quilt of images: batches are (N,C,Y,X).
#[doc(alias = "NCYXQuilt")]
pub type NcyxQuilt = Quilt<2>;

/// A quilt of volumes: batches are (N,C,Z,Y,X).
#[doc(alias = "NCZYXQuilt")]
pub type NczyxQuilt = Quilt<3>;

impl<const D: usize> fmt::Debug for Quilt<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The position of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<const D: usize> {
    /// The image of the batch.
    pub image: usize,
    /// The first pixel of the window along each spatial axis.
    pub start: [usize; D],
}

/// The last `D` of (z, y, x).
fn last<const D: usize, T: Copy>(all: [T; 3]) -> [T; D] {
    std::array::from_fn(|d| all[3 - D + d])
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// Starts building a quilt for images of `size`, with windows of size `window` every `step`; each in pixels, (y, x)
    /// or (z, y, x).
    ///
    /// ```
    /// use qlty_core::{Error, NcyxQuilt, Profile};
    /// let quilt = NcyxQuilt::builder([37, 29], [12, 8], [5, 3]).border([3, 1]).border_weight(0.25).build()?;
    /// assert_eq!(quilt.counts(), [6, 8]);
    /// assert!(NcyxQuilt::builder([10, 10], [12, 8], [5, 3]).build().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn builder(size: [usize; D], window: [usize; D], step: [usize; D]) -> QuiltBuilder<D> {
        QuiltBuilder(AnyQuilt::builder(&size, &window, &step))
    }

    /// The same quilt with its rank known at run time.
    pub fn as_any(&self) -> &AnyQuilt {
        &self.0
    }

    /// The size of an image in pixels, per spatial axis.
    pub fn size(&self) -> [usize; D] {
        last(self.0.size3())
    }

    /// The size of a window in pixels, per spatial axis.
    pub fn window(&self) -> [usize; D] {
        last(self.0.window3())
    }

    /// The distance between neighbouring windows in pixels, per spatial axis.
    pub fn step(&self) -> [usize; D] {
        last(self.0.axes.map(|axis| axis.step))
    }

    /// The border of a window in pixels, per spatial axis.
    pub fn border(&self) -> [usize; D] {
        last(self.0.axes.map(|axis| axis.border))
    }

    /// The weight of the border, at least 1e-8.
    pub fn border_weight(&self) -> f64 {
        self.0.border_weight()
    }

    /// The profile of the windows.
    pub fn profile(&self) -> Profile {
        self.0.profile()
    }

    /// The number of windows along each spatial axis.
    pub fn counts(&self) -> [usize; D] {
        last(self.0.axes.map(|axis| axis.count()))
    }

    /// The number of patches of one image.
    pub fn patches_per_image(&self) -> usize {
        self.0.patches_per_image()
    }

    /// The number of patches of a batch of `images`.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] if it does not fit `usize`.
    pub fn patch_count(&self, images: usize) -> Result<usize> {
        self.0.patch_count(images)
    }

    /// The image of a patch and its position in the grid of windows, (y, x) or (z, y, x).
    pub fn grid_place(&self, index: usize) -> (usize, [usize; D]) {
        let (image, window) = self.0.grid_place(index);
        (image, last(window))
    }

    /// The windows that overlap a non-empty box of pixels within the image: a range of the grid of windows along each
    /// axis.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the box is empty or leaves the image.
    pub fn windows_overlapping(&self, start: [usize; D], size: [usize; D]) -> Result<[Range<usize>; D]> {
        let (mut start3, mut size3) = ([0; 3], [1; 3]);
        start3[3 - D..].copy_from_slice(&start);
        size3[3 - D..].copy_from_slice(&size);
        let ranges = self.0.windows_overlapping(start3, size3)?;
        Ok(std::array::from_fn(|d| ranges[3 - D + d].clone()))
    }

    /// The position of a patch. Any index is valid for some batch.
    pub fn position(&self, index: usize) -> Position<D> {
        let (image, start) = self.0.position(index);
        Position { image, start: last(start) }
    }

    /// The positions of the patches of `images`: a row (y, x) or (z, y, x) per patch, in pixels.
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn positions(&self, images: usize) -> Result<Array2<i64>> {
        self.position_rows(images, D)
    }

    /// [`Quilt::positions`] with the image before the pixel: a row (n, y, x) or (n, z, y, x).
    ///
    /// # Errors
    /// [`crate::Error::Overflow`] and [`crate::Error::OutOfMemory`].
    pub fn positions_with_image(&self, images: usize) -> Result<Array2<i64>> {
        self.position_rows(images, D + 1)
    }

    fn position_rows(&self, images: usize, columns: usize) -> Result<Array2<i64>> {
        filled("positions", &[self.patch_count(images)?, columns], |rows| self.0.positions_into(0, rows))
    }

    /// Writes the positions of patches, one per row of `rows`, starting with patch index `first`: the columns of
    /// [`Quilt::positions`] or of [`Quilt::positions_with_image`].
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `rows` has a different number of columns, [`crate::Error::Argument`] if the
    /// indices are too large.
    pub fn positions_into(&self, first: usize, rows: ArrayViewMut2<'_, i64>) -> Result<()> {
        self.0.positions_into(first, ArrayMut::of("positions", rows)?)
    }

    /// The mask of pixels of a window that are inside its border: (Y,X) or (Z,Y,X).
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    #[doc(alias = "border_tensor")]
    pub fn border_mask(&self) -> Result<Array<bool, WindowDim<D>>> {
        filled("border mask", &self.window(), |mask| self.0.border_mask_into(mask))
    }

    /// The weight of each pixel of a window, (Y,X) or (Z,Y,X), as `f32` or `f64`.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub fn window_weight<S: Real>(&self) -> Result<Array<S, WindowDim<D>>> {
        filled("window weight", &self.window(), |weights| self.0.window_weight_into(weights))
    }

    /// The sum of the window weights over each pixel of an image, (Y,X) or (Z,Y,X): the divisor of stitching. A closed
    /// form of the geometry, computed in `f64` and rounded once to `S`; zero in the gaps that a step larger than the
    /// window leaves.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`].
    pub fn weights<S: Real>(&self) -> Result<Array<S, WindowDim<D>>> {
        filled("weights", &self.size(), |weights| self.0.weights_into(weights))
    }

    /// [`Quilt::weights`], into the caller's array, of any strides.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] if `out` is not (Y,X) or (Z,Y,X).
    pub fn weights_into<S: Real>(&self, out: ArrayViewMut<'_, S, WindowDim<D>>) -> Result<()> {
        self.0.weights_into(ArrayMut::of("weights", out)?)
    }
}

/// A new array of this shape, filled by a call.
fn filled<T: crate::Element, Dim: Dimension>(
    what: &'static str,
    shape: &[usize],
    fill: impl FnOnce(ArrayMut<'_>) -> Result<()>,
) -> Result<Array<T, Dim>> {
    let mut array = array::zeros::<T, Dim>(what, shape)?;
    fill(ArrayMut::of(what, array.view_mut())?)?;
    Ok(array)
}
