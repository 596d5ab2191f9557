//! Laplacian pyramids in memory.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use ndarray::{Array3, ArrayView3};
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};

use super::interpolation::Interpolation;
use super::plane::{self, CoarsePlane};
use super::upsample::{Area, Planes, Upsampler};
use super::work::{LaplacianPixel, difference_dtype};
use crate::arrays::{for_each_part, in_c_order};
use crate::write::shrink_array;
use crate::{Error, Method, Result};

/// A Laplacian pyramid in memory.
///
/// ```
/// use qlty_pyramid::{Interpolation, LaplacianLevels};
/// let volume = ndarray::Array3::from_shape_fn((2, 33, 50), |(z, y, x)| (z * 4000 + y * x) as u16);
/// let levels = LaplacianLevels::of(volume.view(), 3, Interpolation::Bilinear)?;
/// assert_eq!(levels.differences[1].dim(), (2, 17, 25)); // of i32
/// assert_eq!(levels.base.dim(), (2, 9, 13));
/// assert_eq!(levels.reconstruct(0)?, volume);
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct LaplacianLevels<T: LaplacianPixel> {
    /// How a level is predicted from the next.
    pub interpolation: Interpolation,
    /// The differences of each level except the last from its prediction, starting with level 0, (Z, Y, X).
    pub differences: Vec<Array3<T::Difference>>,
    /// The smallest level.
    pub base: Array3<T>,
}

impl<T: LaplacianPixel> LaplacianLevels<T> {
    /// The pyramid of a volume with this number of levels, each half as high and wide as the one before.
    ///
    /// Runs in parallel; the result does not depend on the number of threads.
    ///
    /// # Errors
    /// [`Error::Argument`] if there are no levels, or the volume is empty.
    pub fn of(volume: ArrayView3<'_, T>, levels: usize, interpolation: Interpolation) -> Result<Self> {
        if levels == 0 {
            return Err(Error::argument("levels", levels, "at least 1"));
        }
        if volume.is_empty() {
            return Err(Error::argument("volume", volume.shape(), "sizes above 0"));
        }
        let mut copy = None;
        let pixels = in_c_order(ArrayRef::of("volume", volume)?, &mut copy)?;
        let mut differences = Vec::new();
        let mut finer: Option<OwnedArray> = None;
        for _ in 1..levels {
            let level = finer.as_ref().map_or(pixels, OwnedArray::array_ref);
            let coarser = shrink_array(level, [1, 2, 2], Method::Mean)?;
            let difference = subtract_prediction(&level, &coarser.array_ref(), interpolation)?;
            differences.push(difference.into_array()?);
            finer = Some(coarser);
        }
        let base = match finer {
            Some(level) => level.into_array()?,
            None => volume.as_standard_layout().into_owned(),
        };
        Ok(Self { interpolation, differences, base })
    }

    /// Reconstructs a level, 0 for the full size.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such level, sizes of neighbouring levels do not match, or the differences do
    /// not match this base.
    pub fn reconstruct(&self, level: usize) -> Result<Array3<T>> {
        let Some(differences) = self.differences.get(level..) else {
            return Err(Error::argument("level", level, format!("at most {}", self.differences.len())));
        };
        let mut result = OwnedArray::from_array("base", self.base.clone())?;
        for difference in differences.iter().rev() {
            let difference = ArrayRef::of("differences", difference.view())?;
            result = add_prediction(&difference, &result.array_ref(), self.interpolation)?;
        }
        Ok(result.into_array()?)
    }
}

/// Each plane of a volume (Z, Y, X) interpolated to a larger size (Y, X).
///
/// Integers are rounded to nearest, ties to even, and clamped to the range of their type, which
/// [`Interpolation::Bicubic`] can exceed. For 64-bit integers only the 53 most significant bits are used.
///
/// # Errors
/// [`Error::Argument`] if the volume is empty or the size is smaller than its own.
pub fn upsample<T: LaplacianPixel>(
    volume: ArrayView3<'_, T>,
    size: [usize; 2],
    interpolation: Interpolation,
) -> Result<Array3<T>> {
    let coarse = ArrayRef::of("volume", volume)?;
    let shape = [coarse.shape()[0], size[0], size[1]];
    let upsampler = between(coarse.shape(), &shape, interpolation)?;
    let mut result = OwnedArray::zeros("a larger level", coarse.dtype(), &shape)?;
    for_each_band(result.array_mut(), &|z, area, out| {
        plane::predict(&upsampler, &CoarsePlane::whole(coarse.index_axis(0, z)), area, out)
    })?;
    Ok(result.into_array()?)
}

/// Subtracts from a level its prediction from the next.
fn subtract_prediction(
    level: &ArrayRef<'_>,
    coarser: &ArrayRef<'_>,
    interpolation: Interpolation,
) -> Result<OwnedArray> {
    let upsampler = between(coarser.shape(), level.shape(), interpolation)?;
    let mut difference = OwnedArray::zeros("differences", difference_dtype(level.dtype()), level.shape())?;
    for_each_band(difference.array_mut(), &|z, area, out| {
        let pixels = level.index_axis(0, z).part(0, area[0].clone());
        plane::subtract(&upsampler, &CoarsePlane::whole(coarser.index_axis(0, z)), area, &pixels, out)
    })?;
    Ok(difference)
}

/// Restores a level from its difference from the prediction, and the next level.
fn add_prediction(
    difference: &ArrayRef<'_>,
    coarser: &ArrayRef<'_>,
    interpolation: Interpolation,
) -> Result<OwnedArray> {
    let upsampler = between(coarser.shape(), difference.shape(), interpolation)?;
    let mut level = OwnedArray::zeros("a level", coarser.dtype(), difference.shape())?;
    let fits = AtomicBool::new(true);
    for_each_band(level.array_mut(), &|z, area, out| {
        let difference = difference.index_axis(0, z).part(0, area[0].clone());
        let coarse = CoarsePlane::whole(coarser.index_axis(0, z));
        fits.fetch_and(plane::add(&upsampler, &coarse, area, &difference, out)?, Relaxed);
        Ok(())
    })?;
    if !fits.into_inner() {
        let dtype = coarser.dtype().zarr_name();
        let expected = format!("differences from predictions that make pixels of {dtype}");
        return Err(Error::argument("differences", "one too large or too small", expected));
    }
    Ok(level)
}

/// The interpolation from the planes of one volume to those of another, if their sizes match.
fn between(coarse: &[usize], fine: &[usize], interpolation: Interpolation) -> Result<Upsampler> {
    if coarse.contains(&0) || coarse[0] != fine[0] || coarse[1] > fine[1] || coarse[2] > fine[2] {
        let expected = format!("sizes above 0, as many planes as in {fine:?}, and no larger ones");
        return Err(Error::argument("shape of the smaller level", coarse, expected));
    }
    let planes = Planes::new([coarse[1], coarse[2]], [fine[1], fine[2]], interpolation);
    Ok(planes.upsampler(&[0..fine[1], 0..fine[2]]))
}

/// Calls `each` in parallel with bands of rows of the planes of a volume, to be filled, with the position of the plane
/// and the area of the band.
fn for_each_band(volume: ArrayMut<'_>, each: &(dyn Fn(usize, &Area, ArrayMut<'_>) -> Result<()> + Sync)) -> Result<()> {
    const ROWS: usize = 128;
    for_each_part(volume, 0, 1, &|z, plane| {
        for_each_part(plane.index_axis(0, 0), 0, ROWS, &|first, band| {
            let area = [first..first + band.shape()[0], 0..band.shape()[1]];
            each(z, &area, band)
        })
    })
}
