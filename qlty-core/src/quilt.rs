//! The geometry of a quilt and its weights: what is cut where, and what counts how much.

use std::ops::Range;

use ndarray::{Array, Array2, ArrayViewMut, ArrayViewMut2, aview1, s};

use crate::array::{self, product};
use crate::axis::Axis;
use crate::element::Real;
use crate::profile::{LEAST_WEIGHT, Profile};
use crate::rank::{Rank, Spatial, WindowDim, axis_names, five_mut};
use crate::weights::{Coverage, CoverageRow, WindowRows, column_runs};
use crate::{Error, Result};

/// The values that a thread writes at a time when rows are all that there is to write.
const BLOCK: usize = 1 << 16;

/// The rim of a window that is mistrusted, in pixels: one number for all axes, or one per axis.
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

/// Collects what a [`Quilt`] is made of; see [`Quilt::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct QuiltBuilder<const D: usize> {
    size: [usize; D],
    window: [usize; D],
    step: [usize; D],
    border: [usize; D],
    border_weight: Option<f64>,
    profile: Profile,
}

impl<const D: usize> QuiltBuilder<D>
where
    Spatial<D>: Rank,
{
    /// The rim of a window in pixels, per axis or one number for all. None by default.
    pub fn border(mut self, border: impl Into<Border<D>>) -> Self {
        self.border = border.into().0;
        self
    }

    /// The weight of the border, 0 to 1, 0.1 by default; raised to 1e-8 where it is less.
    pub fn border_weight(mut self, weight: f64) -> Self {
        self.border_weight = Some(weight);
        self
    }

    /// How much the pixels of a window count; [`Profile::Border`] by default.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The quilt.
    ///
    /// # Errors
    /// [`Error::Argument`] where, on any axis, the image or the window is empty, the window larger than the image, the
    /// step is zero, or twice the border is not less than the window; where the border weight is
    /// not within 0 to 1, or is given with a profile that has no use for it; where the profile's
    /// parameter is out of its range. [`Error::Overflow`] where an image has too many pixels.
    pub fn build(self) -> Result<Quilt<D>> {
        let mut axes = [Axis::UNIT; 3];
        for (d, name) in axis_names::<D>().iter().enumerate() {
            let (size, window, step, border) = (self.size[d], self.window[d], self.step[d], self.border[d]);
            if size == 0 {
                return Err(Error::argument(format!("size along {name}"), size, "at least 1"));
            }
            if window == 0 || window > size {
                return Err(Error::argument(
                    format!("window along {name}"),
                    window,
                    format!("1 to {size}, the size of the image"),
                ));
            }
            if step == 0 {
                return Err(Error::argument(format!("step along {name}"), step, "at least 1"));
            }
            if border >= window.div_ceil(2) {
                let expected = format!("less than half of the window, {window}");
                return Err(Error::argument(format!("border along {name}"), border, expected));
            }
            axes[3 - D + d] = Axis { size, window, step, border, lanes: 1 };
        }
        let border_weight = self.border_weight.unwrap_or(0.1);
        if !(0.0..=1.0).contains(&border_weight) {
            return Err(Error::argument("border weight", border_weight, "0 to 1"));
        }
        if self.border_weight.is_some() && self.profile != Profile::Border {
            let expected = format!("none, since the profile is {:?}", self.profile);
            return Err(Error::argument("border weight", border_weight, expected));
        }
        match self.profile {
            Profile::Gaussian { sigma } if !(sigma > 0.0 && sigma.is_finite()) => {
                return Err(Error::argument("sigma", sigma, "a positive number"));
            }
            Profile::Tukey { alpha } if !(0.0..=1.0).contains(&alpha) => {
                return Err(Error::argument("alpha", alpha, "0 to 1"));
            }
            _ => {}
        }
        product("pixels of an image", &self.size)?;
        product("patches of an image", &axes.map(|axis| axis.count()))?;
        Ok(Quilt { axes, border_weight: border_weight.max(LEAST_WEIGHT), profile: self.profile })
    }
}

/// A geometry with weights: cuts batches of images into overlapping patches and sews patches back
/// together. `D` is the number of spatial axes: [`NcyxQuilt`] and [`NczyxQuilt`].
///
/// Along an axis of size S, with window W and step T, there are `ceil((S - W) / T) + 1` windows,
/// and window i starts at `min(i * T, S - W)`: the last is pulled back inside. Patches are counted
/// in C order over (n, z, y, x). A quilt never changes: threads may share it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quilt<const D: usize> {
    /// The axes z, y, x; z is [`Axis::UNIT`] where D is 2.
    pub(crate) axes: [Axis; 3],
    border_weight: f64,
    profile: Profile,
}

/// A quilt of images: batches are (N,C,Y,X).
pub type NcyxQuilt = Quilt<2>;

/// A quilt of volumes: batches are (N,C,Z,Y,X).
pub type NczyxQuilt = Quilt<3>;

/// Where a patch lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<const D: usize> {
    /// The image of the batch.
    pub image: usize,
    /// The first pixel of the window along each spatial axis.
    pub start: [usize; D],
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// Begins a quilt for images of `size`, with windows of size `window` at distances of `step`;
    /// each in pixels, (y, x) or (z, y, x).
    ///
    /// ```
    /// use qlty_core::{Error, NcyxQuilt, Profile};
    /// let quilt = NcyxQuilt::builder([37, 29], [12, 8], [5, 3]).border([3, 1]).border_weight(0.25).build()?;
    /// assert_eq!(quilt.counts(), [6, 8]);
    /// assert!(NcyxQuilt::builder([10, 10], [12, 8], [5, 3]).build().is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn builder(size: [usize; D], window: [usize; D], step: [usize; D]) -> QuiltBuilder<D> {
        QuiltBuilder { size, window, step, border: [0; D], border_weight: None, profile: Profile::default() }
    }

    fn each_axis(&self, of: impl Fn(&Axis) -> usize) -> [usize; D] {
        std::array::from_fn(|d| of(&self.axes[3 - D + d]))
    }

    /// The size of an image in pixels, per spatial axis.
    pub fn size(&self) -> [usize; D] {
        self.each_axis(|axis| axis.size)
    }

    /// The size of a window in pixels, per spatial axis.
    pub fn window(&self) -> [usize; D] {
        self.each_axis(|axis| axis.window)
    }

    /// The distance of neighbouring windows in pixels, per spatial axis.
    pub fn step(&self) -> [usize; D] {
        self.each_axis(|axis| axis.step)
    }

    /// The rim of a window in pixels, per spatial axis.
    pub fn border(&self) -> [usize; D] {
        self.each_axis(|axis| axis.border)
    }

    /// The weight of the border, at least 1e-8.
    pub fn border_weight(&self) -> f64 {
        self.border_weight
    }

    /// The profile of the windows.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The number of windows along each spatial axis.
    pub fn counts(&self) -> [usize; D] {
        self.each_axis(Axis::count)
    }

    /// The number of patches of one image.
    pub fn patches_per_image(&self) -> usize {
        // `build` has checked this product.
        self.axes.iter().map(Axis::count).product()
    }

    /// The number of patches of a batch of `images`.
    ///
    /// # Errors
    /// [`Error::Overflow`] where it is too large to be counted.
    pub fn patch_count(&self, images: usize) -> Result<usize> {
        product("patches of a batch", &[images, self.patches_per_image()])
    }

    /// The image and the window indices (z, y, x) of a patch.
    pub(crate) fn place(&self, index: usize) -> (usize, [usize; 3]) {
        let [_, ny, nx] = self.axes.map(|axis| axis.count());
        let per_image = self.patches_per_image();
        let rest = index % per_image;
        (index / per_image, [rest / (ny * nx), rest / nx % ny, rest % nx])
    }

    /// The first pixel (z, y, x) of the window of these indices.
    pub(crate) fn starts(&self, window: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|d| self.axes[d].start(window[d]))
    }

    /// The image of a patch and its place in the grid of windows, (y, x) or (z, y, x).
    pub fn grid_place(&self, index: usize) -> (usize, [usize; D]) {
        let (image, window) = self.place(index);
        (image, std::array::from_fn(|d| window[3 - D + d]))
    }

    /// Which windows reach a box of pixels that is not empty and lies within the image: a range of the grid of
    /// windows along each axis.
    ///
    /// # Errors
    /// [`Error::Argument`] where the box is empty or leaves the image.
    pub fn windows_reaching(&self, start: [usize; D], size: [usize; D]) -> Result<[Range<usize>; D]> {
        let mut ranges = std::array::from_fn(|_| 0..0);
        for (d, range) in ranges.iter_mut().enumerate() {
            let axis = &self.axes[3 - D + d];
            let end = start[d].checked_add(size[d]).filter(|end| *end <= axis.size && size[d] > 0);
            let expected = || format!("pixels within {:?}", self.size());
            let end = end.ok_or_else(|| Error::argument("box of pixels", (start, size), expected()))?;
            *range = axis.touching(start[d], end);
        }
        Ok(ranges)
    }

    /// Where a patch lies. Any index is a place in some batch.
    pub fn position(&self, index: usize) -> Position<D> {
        let (image, window) = self.place(index);
        let start = self.starts(window);
        Position { image, start: std::array::from_fn(|d| start[3 - D + d]) }
    }

    /// Where the patches of `images` lie: a row (y, x) or (z, y, x) per patch, in pixels.
    ///
    /// # Errors
    /// [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn positions(&self, images: usize) -> Result<Array2<i64>> {
        self.position_rows(images, D)
    }

    /// [`Quilt::positions`] with the image before the pixels: a row (n, y, x) or (n, z, y, x).
    ///
    /// # Errors
    /// [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn positions_with_image(&self, images: usize) -> Result<Array2<i64>> {
        self.position_rows(images, D + 1)
    }

    fn position_rows(&self, images: usize, columns: usize) -> Result<Array2<i64>> {
        let mut rows = array::zeros("positions", &[self.patch_count(images)?, columns])?;
        self.positions_into(0, rows.view_mut())?;
        Ok(rows)
    }

    /// Where patches lie, as many as `rows` has rows, from patch index `first` on: the columns of
    /// [`Quilt::positions`] or of [`Quilt::positions_with_image`].
    ///
    /// # Errors
    /// [`Error::Shape`] where `rows` has another number of columns, [`Error::Argument`] where the
    /// indices are too large.
    pub fn positions_into(&self, first: usize, mut rows: ArrayViewMut2<'_, i64>) -> Result<()> {
        let (count, columns) = rows.dim();
        if columns != D && columns != D + 1 {
            return Err(Error::shape("positions", rows.shape(), format!("{D} or {} columns", D + 1)));
        }
        check_last(first, count)?;
        for (index, mut row) in (first..).zip(rows.outer_iter_mut()) {
            let Position { image, start } = self.position(index);
            let values = [image].into_iter().chain(start).skip(D + 1 - columns);
            row.iter_mut().zip(values).for_each(|(to, value)| *to = value as i64);
        }
        Ok(())
    }

    /// Which pixels of a window lie inside its border: (Y,X) or (Z,Y,X).
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn border_mask(&self) -> Result<Array<bool, WindowDim<D>>> {
        let mut mask = array::zeros("border mask", &self.window())?;
        for ((_, _, z, y, x), inner) in five_mut::<_, _, D>("border mask", mask.view_mut())?.indexed_iter_mut() {
            *inner = self.is_inner([z, y, x]);
        }
        Ok(mask)
    }

    /// Whether a pixel (z, y, x) of a window lies inside its border.
    pub(crate) fn is_inner(&self, pixel: [usize; 3]) -> bool {
        pixel.iter().zip(&self.axes).all(|(at, axis)| axis.is_inner(*at))
    }

    /// The weight of each pixel of a window, (Y,X) or (Z,Y,X), as `f32` or `f64`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn window_weight<S: Real>(&self) -> Result<Array<S, WindowDim<D>>> {
        let mut weights = array::zeros("window weight", &self.window())?;
        let rows = self.window_rows::<S>()?;
        for ((_, _, z, y, x), weight) in five_mut::<_, _, D>("window weight", weights.view_mut())?.indexed_iter_mut() {
            let (scale, row) = rows.row(z, y);
            *weight = scale * row[x];
        }
        Ok(weights)
    }

    /// The sum of the window weights that reach each pixel of an image, (Y,X) or (Z,Y,X): what
    /// stitching divides by. A closed form of the geometry, in `f64`, rounded once to `S`; zero
    /// in the gaps that a step larger than the window leaves.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn weights<S: Real>(&self) -> Result<Array<S, WindowDim<D>>> {
        let mut weights = array::zeros("weights", &self.size())?;
        self.weights_into(weights.view_mut())?;
        Ok(weights)
    }

    /// [`Quilt::weights`], into an array of the caller's, of any strides.
    ///
    /// # Errors
    /// [`Error::Shape`] where `out` is not (Y,X) or (Z,Y,X).
    pub fn weights_into<S: Real>(&self, out: ArrayViewMut<'_, S, WindowDim<D>>) -> Result<()> {
        self.check_weights(out.shape())?;
        let (out, coverage) = (five_mut::<_, _, D>("weights", out)?, self.coverage());
        array::divide(out, [0; 4], BLOCK, &|at, mut block| {
            let (_, _, depth, height, width) = block.dim();
            for columns in column_runs(0..width) {
                let mut weights = CoverageRow::new(&coverage, columns.clone());
                let mut block = block.slice_mut(s![.., .., .., .., columns]);
                for ((z, y), mut row) in ndarray::indices([depth, height]).into_iter().zip(block.rows_mut()) {
                    row.assign(&aview1(weights.at(at[2] + z, at[3] + y)));
                }
            }
        });
        Ok(())
    }

    /// The weights of a window.
    pub(crate) fn window_rows<S: Real>(&self) -> Result<WindowRows<S>> {
        WindowRows::new(self.axes, self.profile, self.border_weight)
    }

    /// The quilt of images whose channels are folded into x; see [`crate::lanes`].
    pub(crate) fn with_lanes(&self, lanes: usize) -> Self {
        let [z, y, x] = self.axes;
        Self { axes: [z, y, x.with_lanes(lanes)], ..*self }
    }

    /// The weights of an image.
    pub(crate) fn coverage(&self) -> Coverage {
        Coverage::new(self.axes, self.profile, self.border_weight)
    }

    pub(crate) fn check_weights(&self, shape: &[usize]) -> Result<()> {
        if shape != self.size() {
            return Err(Error::shape("weights", shape, format!("{:?}", self.size())));
        }
        Ok(())
    }
}

/// Fails where `count` patches from index `first` on have no indices.
pub(crate) fn check_last(first: usize, count: usize) -> Result<usize> {
    let last = first.checked_add(count).filter(|last| isize::try_from(*last).is_ok());
    last.ok_or_else(|| Error::argument("first patch", first, format!("an index with {count} more after it")))
}
