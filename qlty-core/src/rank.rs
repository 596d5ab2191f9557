//! The number of spatial axes as a type: the dimensions of the arrays of a 2-D or a 3-D quilt.

use ndarray::{Dimension, Ix2, Ix3, Ix4, Ix5, RemoveAxis};

mod sealed {
    pub trait Sealed {}
}

/// Marks a number of spatial axes; [`Rank`] is implemented for 2 and 3.
#[derive(Debug, Clone, Copy)]
pub struct Spatial<const D: usize>;

/// The array dimensions for a number of spatial axes. Sealed.
pub trait Rank: sealed::Sealed {
    /// Of a window or of an image without channels: (Y,X) or (Z,Y,X).
    type Window: Dimension;
    /// Of an image with channels, or of a batch without: (C,Y,X) or (C,Z,Y,X).
    type Image: Dimension + RemoveAxis<Smaller = Self::Window>;
    /// Of a batch, or of patches: (N,C,Y,X) or (N,C,Z,Y,X).
    type Batch: Dimension + RemoveAxis<Smaller = Self::Image>;
}

/// The dimension of a batch or of patches with `D` spatial axes: `Array<T, BatchDim<D>>`.
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
