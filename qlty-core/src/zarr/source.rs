//! Sources of images: arrays in memory, Zarr arrays on disk, or any other implementation of [`ImageSource`].
//!
//! A call that reads images takes a source, reads the boxes that it needs from many threads, and never holds a whole
//! image. [`ImageSource`] is the typed trait for users to implement and pass; internally, calls work on
//! [`AnyImageSource`], whose type and number of axes are known at run time, and [`ErasedSource`] converts the former to
//! the latter.

mod array;
mod truth;
mod zarr_images;

use std::marker::PhantomData;
use std::ops::Range;

use ndarray::{ArrayView4, Axis};

use super::Result;
use crate::dynamic::ArrayRef;
use crate::{DType, Element, Rank, Spatial};

pub use array::ArrayImages;
pub use truth::BoolImages;
pub use zarr_images::{AnyZarrImages, ZarrImages};

/// A box of one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region<const D: usize> {
    /// The image.
    pub image: usize,
    /// The channels.
    pub channels: Range<usize>,
    /// The first pixel, (y, x) or (z, y, x).
    pub start: [usize; D],
    /// The size in pixels, (y, x) or (z, y, x).
    pub size: [usize; D],
}

/// A box of one image of two or three axes. In a plane, z starts at 0 and has the size 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnyRegion {
    /// The image.
    pub image: usize,
    /// The channels.
    pub channels: Range<usize>,
    /// The first pixel, (z, y, x).
    pub start: [usize; 3],
    /// The size in pixels, (z, y, x).
    pub size: [usize; 3],
}

impl AnyRegion {
    /// The typed region: the last `D` axes.
    fn typed<const D: usize>(&self) -> Region<D> {
        let last = |sizes: &[usize; 3]| std::array::from_fn(|d| sizes[3 - D + d]);
        let (image, channels) = (self.image, self.channels.clone());
        Region { image, channels, start: last(&self.start), size: last(&self.size) }
    }

    /// Reads the region from a source, and checks that the source keeps its promises: `visit` is called exactly once,
    /// with five axes of the region's size and pixels of the type that the source states.
    ///
    /// # Errors
    /// Those of the source and of `visit`; [`crate::Error::Shape`], [`crate::Error::DataType`] and
    /// [`crate::Error::Argument`] if the source breaks a promise.
    pub fn read(
        &self,
        source: &dyn AnyImageSource,
        mut visit: impl FnMut(ArrayRef<'_>) -> crate::Result<()>,
    ) -> Result<()> {
        let (dtype, [z, y, x]) = (source.dtype(), self.size);
        let expected = [1, self.channels.len(), z, y, x];
        let (mut visited, mut visits) = (Ok(()), 0);
        source.read(self, &mut |pixels| {
            visits += 1;
            if visits > 1 {
                return;
            }
            visited = if pixels.shape() != expected {
                Err(crate::Error::shape("pixels of the source", pixels.shape(), format!("{expected:?}")))
            } else if pixels.dtype() != dtype {
                Err(crate::Error::dtype("pixels of the source", pixels.dtype(), dtype.name()))
            } else {
                visit(pixels)
            };
        })?;
        visited?;
        if visits != 1 {
            return Err(crate::Error::argument("visits of the source", visits, "1 for each region").into());
        }
        Ok(())
    }
}

impl<const D: usize> From<&Region<D>> for AnyRegion {
    fn from(region: &Region<D>) -> Self {
        let (mut start, mut size) = ([0; 3], [1; 3]);
        start[3 - D..].copy_from_slice(&region.start);
        size[3 - D..].copy_from_slice(&region.size);
        Self { image: region.image, channels: region.channels.clone(), start, size }
    }
}

/// A batch of images of one size, from which boxes can be read by several threads.
///
/// Implemented for views of arrays (N,C,Y,X) and (N,C,Z,Y,X) of any strides, and for [`ZarrImages`].
pub trait ImageSource<T, const D: usize>: Sync
where
    Spatial<D>: Rank,
{
    /// The number of images.
    fn images(&self) -> usize;

    /// The number of channels.
    fn channels(&self) -> usize;

    /// The size of an image in pixels, (y, x) or (z, y, x).
    fn size(&self) -> [usize; D];

    /// Calls `visit` once with the pixels of a region within the images, as (C,Z,Y,X); a plane has a depth of one.
    ///
    /// # Errors
    /// Any error that prevents reading the pixels; `visit` is not called then.
    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()>;
}

/// [`ImageSource`] with a type and a number of axes known at run time.
///
/// Implemented for [`ArrayImages`] and [`AnyZarrImages`]; [`ErasedSource`] adapts any other source.
pub trait AnyImageSource: Sync {
    /// The type of the pixels.
    fn dtype(&self) -> DType;

    /// The number of axes of an image, 2 or 3.
    fn ndim(&self) -> usize;

    /// The shape of the batch, (N,C,Z,Y,X); a plane has a depth of one.
    fn shape(&self) -> [usize; 5];

    /// Calls `visit` once with the pixels of a region within the images, as (1,C,Z,Y,X); a plane has a depth of one.
    ///
    /// # Errors
    /// Any error that prevents reading the pixels; `visit` is not called then.
    fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> Result<()>;

    /// The shape of the batch as the caller knows it, for error messages: (N,C,Y,X) or (N,C,Z,Y,X).
    fn batch_shape(&self) -> Vec<usize> {
        let shape = self.shape();
        [&shape[..2], &shape[5 - self.ndim()..]].concat()
    }
}

/// A typed source as an [`AnyImageSource`].
#[derive(Debug)]
pub struct ErasedSource<'a, S: ?Sized, T, const D: usize> {
    source: &'a S,
    pixels: PhantomData<fn() -> T>,
}

impl<'a, S, T, const D: usize> ErasedSource<'a, S, T, D>
where
    S: ImageSource<T, D> + ?Sized,
    Spatial<D>: Rank,
{
    /// Wraps a source and erases its type.
    pub fn new(source: &'a S) -> Self {
        Self { source, pixels: PhantomData }
    }
}

impl<S, T, const D: usize> AnyImageSource for ErasedSource<'_, S, T, D>
where
    S: ImageSource<T, D> + ?Sized,
    T: Element,
    Spatial<D>: Rank,
{
    fn dtype(&self) -> DType {
        T::DTYPE
    }

    fn ndim(&self) -> usize {
        D
    }

    fn shape(&self) -> [usize; 5] {
        let mut shape = [self.source.images(), self.source.channels(), 1, 1, 1];
        shape[5 - D..].copy_from_slice(&self.source.size());
        shape
    }

    fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> Result<()> {
        let mut result = Ok(());
        self.source.read(&region.typed::<D>(), &mut |pixels| {
            result = ArrayRef::of("region of an image", pixels.insert_axis(Axis(0))).map(&mut *visit);
        })?;
        Ok(result?)
    }
}
