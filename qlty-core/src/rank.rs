//! The number of spatial axes as a type: what the arrays of a 2-D or a 3-D quilt look like.
//!
//! Inside the crate every array has five axes: a plane is a volume of depth one, which costs
//! nothing and leaves one implementation of everything. This module is where the two meet.

use ndarray::{ArrayView, ArrayView5, ArrayViewMut, ArrayViewMut5, Axis, Dimension, Ix2, Ix3, Ix4, Ix5, RemoveAxis};

use crate::{Error, Result};

mod sealed {
    pub trait Sealed {}
}

/// Marks a number of spatial axes; [`Rank`] is implemented for 2 and 3.
#[derive(Debug, Clone, Copy)]
pub struct Spatial<const D: usize>;

/// The array dimensions that go with a number of spatial axes. Sealed.
pub trait Rank: sealed::Sealed {
    /// Of a window or of an image without channels: (Y,X) or (Z,Y,X).
    type Window: Dimension;
    /// Of an image with channels, or of a batch without: (C,Y,X) or (C,Z,Y,X).
    type Image: Dimension + RemoveAxis<Smaller = Self::Window>;
    /// Of a batch, or of patches: (N,C,Y,X) or (N,C,Z,Y,X).
    type Batch: Dimension + RemoveAxis<Smaller = Self::Image>;
}

/// The dimension of a batch or of patches of `D` spatial axes, of which an array is
/// `Array<T, BatchDim<D>>`.
pub type BatchDim<const D: usize> = <Spatial<D> as Rank>::Batch;

/// The dimension of one image with channels, or of a batch without.
pub type ImageDim<const D: usize> = <Spatial<D> as Rank>::Image;

/// The dimension of a window, or of an image without channels.
pub type WindowDim<const D: usize> = <Spatial<D> as Rank>::Window;

impl sealed::Sealed for Spatial<2> {}
impl Rank for Spatial<2> {
    type Window = Ix2;
    type Image = Ix3;
    type Batch = Ix4;
}

impl sealed::Sealed for Spatial<3> {}
impl Rank for Spatial<3> {
    type Window = Ix3;
    type Image = Ix4;
    type Batch = Ix5;
}

/// The dimension of a label array: that of a batch, with or without its channel axis. Sealed.
pub trait LabelRank<const D: usize>: sealed::Sealed + Dimension {}

impl sealed::Sealed for Ix3 {}
impl sealed::Sealed for Ix4 {}
impl sealed::Sealed for Ix5 {}
impl LabelRank<2> for Ix3 {}
impl LabelRank<2> for Ix4 {}
impl LabelRank<3> for Ix4 {}
impl LabelRank<3> for Ix5 {}

/// The names of the spatial axes of a quilt, slowest first.
pub(crate) fn axis_names<const D: usize>() -> &'static [&'static str] {
    const NAMES: [&str; 3] = ["z", "y", "x"];
    &NAMES[NAMES.len() - D..]
}

/// Where axes of length one go, one after the other, to bring (N,C,Y,X), (N,Y,X) or (Y,X), or the
/// like with a depth, to five axes. The argument is the number of axes that there are.
fn missing_axes<const D: usize>(ndim: usize) -> impl Iterator<Item = Axis> {
    let batch: &[usize] = match ndim.saturating_sub(D) {
        0 => &[0, 0],
        1 => &[1],
        _ => &[],
    };
    batch.iter().copied().chain((D..3).map(|_| 2)).map(Axis)
}

/// The five axes (N,C,Z,Y,X) of a batch, with or without channels, or of a window or an image
/// without both.
///
/// # Errors
/// [`Error::Shape`] where there are more than five.
pub fn five<'a, T, Dim: Dimension, const D: usize>(
    argument: &'static str,
    view: ArrayView<'a, T, Dim>,
) -> Result<ArrayView5<'a, T>> {
    let missing = missing_axes::<D>(view.ndim());
    let view = missing.fold(view.into_dyn(), |view, axis| view.insert_axis(axis));
    let shape = view.shape().to_vec();
    view.into_dimensionality().map_err(|_| Error::shape(argument, &shape, "at most five axes"))
}

/// [`five`], for an array to be written.
///
/// # Errors
/// [`Error::Shape`] where there are more than five.
pub fn five_mut<'a, T, Dim: Dimension, const D: usize>(
    argument: &'static str,
    view: ArrayViewMut<'a, T, Dim>,
) -> Result<ArrayViewMut5<'a, T>> {
    let missing = missing_axes::<D>(view.ndim());
    let view = missing.fold(view.into_dyn(), |view, axis| view.insert_axis(axis));
    let shape = view.shape().to_vec();
    view.into_dimensionality().map_err(|_| Error::shape(argument, &shape, "at most five axes"))
}
