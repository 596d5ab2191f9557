//! Where images come from: arrays in memory, or a Zarr array on disk.

use std::ops::Range;
use std::path::Path;

use ndarray::{ArrayView4, ArrayView5, Axis, Ix4, s};

use super::{ArrayReader, DEFAULT_CACHE_BYTES, Error, Result, Stored};
use crate::{Element, Rank, Spatial};

/// A box of an image.
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

/// A batch of images of one size, of which boxes can be read from many threads.
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

    /// Calls `visit` once with the pixels of a region that lies within the images, as (C,Z,Y,X); the
    /// depth of a plane is one.
    ///
    /// # Errors
    /// Whatever keeps the pixels from being read; `visit` is not called then.
    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()>;
}

/// From where to where a region goes along an axis.
fn along<const D: usize>(region: &Region<D>, axis: usize) -> Range<usize> {
    region.start[axis]..region.start[axis] + region.size[axis]
}

impl<T: Element> ImageSource<T, 2> for ArrayView4<'_, T> {
    fn images(&self) -> usize {
        self.dim().0
    }

    fn channels(&self) -> usize {
        self.dim().1
    }

    fn size(&self) -> [usize; 2] {
        [self.dim().2, self.dim().3]
    }

    fn read(&self, region: &Region<2>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let channels = region.channels.clone();
        let part = self.slice(s![region.image, channels, along(region, 0), along(region, 1)]);
        visit(part.insert_axis(Axis(1)));
        Ok(())
    }
}

impl<T: Element> ImageSource<T, 3> for ArrayView5<'_, T> {
    fn images(&self) -> usize {
        self.dim().0
    }

    fn channels(&self) -> usize {
        self.dim().1
    }

    fn size(&self) -> [usize; 3] {
        [self.dim().2, self.dim().3, self.dim().4]
    }

    fn read(&self, region: &Region<3>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let channels = region.channels.clone();
        visit(self.slice(s![region.image, channels, along(region, 0), along(region, 1), along(region, 2)]));
        Ok(())
    }
}

/// The images of a Zarr v2 or v3 array (N,C,Y,X) or (N,C,Z,Y,X) on disk.
///
/// Chunks are decoded whole and kept, the most recently used of them: what is read of an image lies
/// together, so each chunk is decoded rarely, as long as there is room for those that a few reads touch.
#[derive(Debug)]
pub struct ZarrImages<T, const D: usize>(ArrayReader<T>);

impl<T: Stored, const D: usize> ZarrImages<T, D>
where
    Spatial<D>: Rank,
{
    /// Opens the array in a folder, to keep up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`Error::DataType`] where its elements are not `T`, and
    /// [`Error::Store`] where it has another number of axes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`ZarrImages::open`], to keep another amount of decoded chunks; one chunk is always kept.
    ///
    /// # Errors
    /// Those of [`ZarrImages::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        let reader = ArrayReader::open(path, bytes)?;
        if reader.shape().len() != D + 2 {
            let expected = format!("(images, channels) and {D} axes of pixels");
            return Err(Error::store(reader.path(), "shape", reader.shape(), expected));
        }
        Ok(Self(reader))
    }
}

impl<T: Stored, const D: usize> ImageSource<T, D> for ZarrImages<T, D>
where
    Spatial<D>: Rank,
{
    fn images(&self) -> usize {
        self.0.shape()[0]
    }

    fn channels(&self) -> usize {
        self.0.shape()[1]
    }

    fn size(&self) -> [usize; D] {
        std::array::from_fn(|d| self.0.shape()[2 + d])
    }

    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let start: Vec<usize> = [region.image, region.channels.start].into_iter().chain(region.start).collect();
        let shape: Vec<usize> = [1, region.channels.len()].into_iter().chain(region.size).collect();
        let mut pixels = crate::array::zeros::<T, ndarray::IxDyn>("region of an image", &shape)?;
        self.0.read_into(&start, pixels.view_mut())?;
        visit(four::<_, D>(pixels.view())?);
        Ok(())
    }
}

/// The axes (C,Z,Y,X) of the only image of an array.
fn four<T, const D: usize>(pixels: ndarray::ArrayViewD<'_, T>) -> Result<ArrayView4<'_, T>> {
    let shape = pixels.shape().to_vec();
    let image = pixels.index_axis_move(Axis(0), 0);
    let image = if D == 2 { image.insert_axis(Axis(1)) } else { image };
    let wrong = |_| crate::Error::shape("region of an image", &shape, format!("{} axes", D + 2));
    Ok(image.into_dimensionality::<Ix4>().map_err(wrong)?)
}

/// The shape of a source, to be told in errors: (N,C,Y,X) or (N,C,Z,Y,X).
pub fn shape_of<T, const D: usize>(source: &(impl ImageSource<T, D> + ?Sized)) -> Vec<usize>
where
    Spatial<D>: Rank,
{
    [source.images(), source.channels()].into_iter().chain(source.size()).collect()
}
