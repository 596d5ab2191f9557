//! The geometry of a quilt of two or three axes: its windows and their positions.

use std::fmt;
use std::ops::Range;

use crate::array::product;
use crate::axis::Axis;
use crate::dynamic::{ArrayMut, DType};
use crate::profile::{LEAST_WEIGHT, Profile};
use crate::slots::Slots;
use crate::{Error, Result};

/// The builder of an [`AnyQuilt`]; see [`AnyQuilt::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct AnyQuiltBuilder {
    size: Vec<usize>,
    window: Vec<usize>,
    step: Vec<usize>,
    border: Vec<usize>,
    border_weight: Option<f64>,
    profile: Profile,
}

impl AnyQuiltBuilder {
    /// The border of a window in pixels along each axis. No border by default.
    pub fn border(mut self, border: &[usize]) -> Self {
        self.border = border.to_vec();
        self
    }

    /// The weight of the border, 0 to 1, 0.1 by default; at least 1e-8 is used.
    pub fn border_weight(mut self, weight: f64) -> Self {
        self.border_weight = Some(weight);
        self
    }

    /// How much the pixels of a window count; [`Profile::Border`] by default.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Builds the quilt.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are not two or three axes, or the lists differ in length; if, on any axis, the
    /// image or the window is empty, the window is larger than the image, the step is zero, or twice the border is not
    /// less than the window; if the border weight is not within 0 to 1, or is given with a profile that does not use
    /// it; if the profile's parameter is out of range. [`Error::Overflow`] if an image has too many pixels.
    pub fn build(self) -> Result<AnyQuilt> {
        let ndim = self.size.len();
        if ndim != 2 && ndim != 3 {
            return Err(Error::argument("number of axes", ndim, "2 or 3"));
        }
        for (name, list) in [("window", &self.window), ("step", &self.step), ("border", &self.border)] {
            if list.len() != ndim {
                return Err(Error::argument(name, list, format!("{ndim} numbers, one for each axis")));
            }
        }
        let mut axes = [Axis::UNIT; 3];
        for (d, name) in axis_names(ndim).iter().enumerate() {
            let (size, window, step, border) = (self.size[d], self.window[d], self.step[d], self.border[d]);
            if size == 0 {
                return Err(Error::argument(format!("size along {name}"), size, "at least 1"));
            }
            if window == 0 || window > size {
                let expected = format!("1 to {size}, the size of the image");
                return Err(Error::argument(format!("window along {name}"), window, expected));
            }
            if step == 0 {
                return Err(Error::argument(format!("step along {name}"), step, "at least 1"));
            }
            if border >= window.div_ceil(2) {
                let expected = format!("less than half of the window, {window}");
                return Err(Error::argument(format!("border along {name}"), border, expected));
            }
            axes[3 - ndim + d] = Axis { size, window, step, border, values: 1 };
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
        let border_weight = border_weight.max(LEAST_WEIGHT);
        Ok(AnyQuilt { ndim, axes, border_weight, profile: self.profile })
    }
}

/// [`crate::Quilt`] of two or three spatial axes, known at run time.
///
/// Sizes and positions are lists (y, x) or (z, y, x). A quilt is immutable, so threads may share it.
#[derive(Clone, Copy, PartialEq)]
pub struct AnyQuilt {
    /// 2 or 3.
    pub(crate) ndim: usize,
    /// The axes z, y, x; z is [`Axis::UNIT`] if there are two.
    pub(crate) axes: [Axis; 3],
    pub(crate) border_weight: f64,
    pub(crate) profile: Profile,
}

impl fmt::Debug for AnyQuilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quilt = f.debug_struct("Quilt");
        quilt.field("size", &self.size()).field("window", &self.window()).field("step", &self.step());
        match self.profile {
            Profile::Border => quilt.field("border", &self.border()).field("border_weight", &self.border_weight),
            profile => quilt.field("profile", &profile),
        };
        quilt.finish()
    }
}

impl AnyQuilt {
    /// Starts building a quilt for images of `size`, with windows of size `window` every `step`, each in pixels, (y, x)
    /// or (z, y, x).
    pub fn builder(size: &[usize], window: &[usize], step: &[usize]) -> AnyQuiltBuilder {
        AnyQuiltBuilder {
            border: vec![0; size.len()],
            size: size.to_vec(),
            window: window.to_vec(),
            step: step.to_vec(),
            border_weight: None,
            profile: Profile::default(),
        }
    }

    fn each_axis(&self, of: impl Fn(&Axis) -> usize) -> Vec<usize> {
        self.own_axes().iter().map(of).collect()
    }

    /// The axes, without z if there are two.
    pub(crate) fn own_axes(&self) -> &[Axis] {
        &self.axes[3 - self.ndim..]
    }

    /// The number of spatial axes, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// The size of an image in pixels, per spatial axis.
    pub fn size(&self) -> Vec<usize> {
        self.each_axis(|axis| axis.size)
    }

    /// The size of a window in pixels, per spatial axis.
    pub fn window(&self) -> Vec<usize> {
        self.each_axis(|axis| axis.window)
    }

    /// The distance between neighbouring windows in pixels, per spatial axis.
    pub fn step(&self) -> Vec<usize> {
        self.each_axis(|axis| axis.step)
    }

    /// The border of a window in pixels, per spatial axis.
    pub fn border(&self) -> Vec<usize> {
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
    pub fn counts(&self) -> Vec<usize> {
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
    /// [`Error::Overflow`] if it does not fit `usize`.
    pub fn patch_count(&self, images: usize) -> Result<usize> {
        product("patches of a batch", &[images, self.patches_per_image()])
    }

    /// The image of a patch, and the position (z, y, x) of its window in the grid of windows. Any index is valid for
    /// some batch.
    pub fn grid_place(&self, index: usize) -> (usize, [usize; 3]) {
        let [_, ny, nx] = self.axes.map(|axis| axis.count());
        let per_image = self.patches_per_image();
        let rest = index % per_image;
        (index / per_image, [rest / (ny * nx), rest / nx % ny, rest % nx])
    }

    /// The first pixel (z, y, x) of the window at this position in the grid of windows.
    pub fn starts(&self, window: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|d| self.axes[d].start(window[d]))
    }

    /// The image of a patch and the first pixel (z, y, x) of its window. Any index is valid for some batch.
    pub fn position(&self, index: usize) -> (usize, [usize; 3]) {
        let (image, window) = self.grid_place(index);
        (image, self.starts(window))
    }

    /// The size of an image along (z, y, x); z is 1 if there are two axes.
    pub fn size3(&self) -> [usize; 3] {
        self.axes.map(|axis| axis.size)
    }

    /// The size of a window along (z, y, x); z is 1 if there are two axes.
    pub fn window3(&self) -> [usize; 3] {
        self.axes.map(|axis| axis.window)
    }

    /// The windows that overlap a non-empty box of pixels within the image: a range of the grid of windows along (z, y,
    /// x).
    ///
    /// # Errors
    /// [`Error::Argument`] if the box is empty or extends beyond the image.
    pub fn windows_overlapping(&self, start: [usize; 3], size: [usize; 3]) -> Result<[Range<usize>; 3]> {
        let mut ranges = [0..0, 0..0, 0..0];
        for (d, range) in ranges.iter_mut().enumerate() {
            let end = start[d].checked_add(size[d]).filter(|end| *end <= self.axes[d].size && size[d] > 0);
            let given = || (&start[3 - self.ndim..], &size[3 - self.ndim..]);
            let expected = || format!("pixels within {:?}", self.size());
            let end = end.ok_or_else(|| Error::argument("box of pixels", given(), expected()))?;
            *range = self.axes[d].overlapping(start[d], end);
        }
        Ok(ranges)
    }

    /// Writes the positions of patches, starting with patch index `first`, one per row of `rows`, an array of `i64`:
    /// columns (y, x) or (z, y, x) of the first pixel, optionally preceded by a column with the image.
    ///
    /// # Errors
    /// [`Error::Shape`] if `rows` has a different number of columns, [`Error::DataType`], and [`Error::Argument`] if
    /// the indices are too large.
    pub fn positions_into(&self, first: usize, mut rows: ArrayMut<'_>) -> Result<()> {
        let ndim = self.ndim;
        if rows.ndim() != 2 || (rows.shape()[1] != ndim && rows.shape()[1] != ndim + 1) {
            return Err(Error::shape("positions", rows.shape(), format!("{ndim} or {} columns", ndim + 1)));
        }
        let (count, columns) = (rows.shape()[0], rows.shape()[1]);
        let mut rows = rows.view_mut::<i64>("positions")?;
        check_last(first, count)?;
        for (index, mut row) in (first..).zip(rows.outer_iter_mut()) {
            let (image, start) = self.position(index);
            let values = [image].into_iter().chain(start.into_iter().skip(3 - ndim)).skip(ndim + 1 - columns);
            row.iter_mut().zip(values).for_each(|(to, value)| *to = value as i64);
        }
        Ok(())
    }

    /// The quilt of images with `values` interleaved channels per pixel along x.
    pub(crate) fn interleaved(&self, values: usize) -> Self {
        let [z, y, x] = self.axes;
        Self { axes: [z, y, x.interleaved(values)], ..*self }
    }

    /// The shape of an array of `count` patches.
    pub(crate) fn patches_shape(&self, count: usize, channels: usize) -> Vec<usize> {
        [count, channels].into_iter().chain(self.window()).collect()
    }

    pub(crate) fn batch_shape(&self, images: usize, channels: usize) -> Vec<usize> {
        [images, channels].into_iter().chain(self.size()).collect()
    }

    /// Checks the shape of a batch and returns its number of channels.
    pub(crate) fn check_batch(&self, argument: &'static str, shape: &[usize]) -> Result<usize> {
        if shape.len() != self.ndim + 2 || shape[2..] != self.size() {
            let expected = format!("(images, channels) and then {:?}", self.size());
            return Err(Error::shape(argument, shape, expected));
        }
        self.patch_count(shape[0])?;
        Ok(shape[1])
    }

    pub(crate) fn check_range(&self, range: &Range<usize>, images: usize) -> Result<()> {
        let patches = self.patch_count(images)?;
        if range.start > range.end || range.end > patches {
            let expected = format!("a range within the {patches} patches of the batch");
            return Err(Error::argument("patch indices", range, expected));
        }
        Ok(())
    }

    /// Checks the shape of an array of `count` patches and returns its number of channels.
    pub(crate) fn check_patches(&self, shape: &[usize], count: usize, channels: Option<usize>) -> Result<usize> {
        let channels = channels.or(shape.get(1).copied()).unwrap_or(1);
        let expected = self.patches_shape(count, channels);
        Error::check_shape("patches", shape, &expected)?;
        product("patches", shape)?;
        Ok(channels)
    }

    /// The number of images and channels of an array that should hold all patches of whole images.
    pub(crate) fn whole_images(&self, shape: &[usize]) -> Result<(usize, usize)> {
        let count = shape.first().copied().unwrap_or(0);
        let channels = self.check_patches(shape, count, None)?;
        let per_image = self.patches_per_image();
        if count % per_image != 0 {
            let expected = format!("a multiple of {per_image} patches, those of an image");
            return Err(Error::shape("patches", shape, expected));
        }
        let images = count / per_image;
        product("pixels of a batch", &self.batch_shape(images, channels))?;
        Ok((images, channels))
    }

    /// Fails if some pixels would get no value.
    pub(crate) fn check_no_gaps(&self) -> Result<()> {
        for (axis, name) in self.own_axes().iter().zip(axis_names(self.ndim)) {
            if !axis.is_covered() {
                let expected =
                    format!("at most {}, the window: larger steps leave pixels without a value", axis.window);
                return Err(Error::argument(format!("step along {name}"), axis.step, expected));
            }
        }
        Ok(())
    }

    /// The images that some patches belong to.
    pub(crate) fn images_of(&self, slots: &Slots<'_>) -> Option<Range<usize>> {
        let patches = slots.range()?;
        let per_image = self.patches_per_image();
        Some(patches.start / per_image..(patches.end - 1) / per_image + 1)
    }
}

/// The names of the spatial axes, slowest first.
pub(crate) fn axis_names(ndim: usize) -> &'static [&'static str] {
    const NAMES: [&str; 3] = ["z", "y", "x"];
    &NAMES[NAMES.len() - ndim..]
}

/// Fails if the indices of `count` patches from index `first` on overflow.
pub(crate) fn check_last(first: usize, count: usize) -> Result<usize> {
    let last = first.checked_add(count).filter(|last| isize::try_from(*last).is_ok());
    last.ok_or_else(|| Error::argument("first patch", first, format!("an index with {count} more after it")))
}

/// Fails if an array does not have the sum type of another.
pub(crate) fn check_sum(name: &'static str, got: DType, of: DType) -> Result<()> {
    if got != of.sum() {
        return Err(Error::dtype(name, got, format!("{} for these patches", of.sum())));
    }
    Ok(())
}
