//! Images on disk.

use std::marker::PhantomData;
use std::path::Path;

use ndarray::{ArrayView4, Axis, Ix5};

use super::{AnyImageSource, AnyRegion, ImageSource, Region};
use crate::dynamic::{ArrayRef, OwnedArray};
use crate::zarr::{ArrayReader, DEFAULT_CACHE_BYTES, Error, Result};
use crate::{DType, Element, Rank, Spatial};

const WHAT: &str = "region of an image";

/// The images of a Zarr v2 or v3 array (N,C,Y,X) or (N,C,Z,Y,X) on disk, with the array's type.
///
/// Chunks are decoded whole, and the most recently used are cached: reads are usually close together, so each chunk is
/// decoded rarely as long as the cache has room for the chunks that a few reads need.
#[derive(Debug)]
pub struct AnyZarrImages(ArrayReader);

impl AnyZarrImages {
    /// Opens the array in a folder, with a cache of up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// The errors of [`ArrayReader::open`], and [`Error::Store`] if it does not have four or five axes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`AnyZarrImages::open`] with a different cache size; at least one chunk is always cached.
    ///
    /// # Errors
    /// The errors of [`AnyZarrImages::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        let reader = ArrayReader::open(path, bytes)?;
        match reader.shape().len() {
            4 | 5 => Ok(Self(reader)),
            axes => {
                let expected = "4 or 5: (N, C, Y, X) or (N, C, Z, Y, X)";
                Err(Error::store(reader.path(), "number of axes", axes, expected))
            }
        }
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl AnyImageSource for AnyZarrImages {
    fn dtype(&self) -> DType {
        self.0.dtype()
    }

    fn ndim(&self) -> usize {
        self.0.shape().len() - 2
    }

    fn shape(&self) -> [usize; 5] {
        let mut shape = [1; 5];
        shape[..2].copy_from_slice(&self.0.shape()[..2]);
        shape[5 - self.ndim()..].copy_from_slice(&self.0.shape()[2..]);
        shape
    }

    fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> Result<()> {
        let ndim = self.ndim();
        let start = [&[region.image, region.channels.start], &region.start[3 - ndim..]].concat();
        let shape = [&[1, region.channels.len()], &region.size[3 - ndim..]].concat();
        let mut pixels = OwnedArray::zeros(WHAT, self.dtype(), &shape)?;
        self.0.read_into(&start, pixels.array_mut())?;
        visit(pixels.array_ref().five(WHAT, ndim)?);
        Ok(())
    }
}

/// [`AnyZarrImages`] with pixels of type `T` and `D` spatial axes.
#[derive(Debug)]
pub struct ZarrImages<T, const D: usize> {
    images: AnyZarrImages,
    pixels: PhantomData<fn() -> T>,
}

impl<T: Element, const D: usize> ZarrImages<T, D>
where
    Spatial<D>: Rank,
{
    /// Opens the array in a folder, with a cache of up to 256 MiB of decoded chunks.
    ///
    /// # Errors
    /// The errors of [`ArrayReader::open_as`], among them [`Error::DataType`] if its elements are not `T`;
    /// [`Error::Store`] if it has a different number of axes.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::with_cache(path, DEFAULT_CACHE_BYTES)
    }

    /// [`ZarrImages::open`] with a different cache size; at least one chunk is always cached.
    ///
    /// # Errors
    /// The errors of [`ZarrImages::open`].
    pub fn with_cache(path: impl AsRef<Path>, bytes: usize) -> Result<Self> {
        let reader = ArrayReader::open_as(path, T::DTYPE, bytes)?;
        if reader.shape().len() != D + 2 {
            let expected = format!("(images, channels) and {D} axes of pixels");
            return Err(Error::store(reader.path(), "shape", reader.shape(), expected));
        }
        Ok(Self { images: AnyZarrImages(reader), pixels: PhantomData })
    }

    /// The same images with their type known at run time.
    pub fn as_any(&self) -> &AnyZarrImages {
        &self.images
    }
}

impl<T: Element, const D: usize> ImageSource<T, D> for ZarrImages<T, D>
where
    Spatial<D>: Rank,
{
    fn images(&self) -> usize {
        self.images.shape()[0]
    }

    fn channels(&self) -> usize {
        self.images.shape()[1]
    }

    fn size(&self) -> [usize; D] {
        std::array::from_fn(|d| self.images.shape()[5 - D + d])
    }

    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let mut result = Ok(());
        self.images.read(&region.into(), &mut |pixels| {
            let five = pixels.view::<T>(WHAT).map(|pixels| pixels.into_dimensionality::<Ix5>());
            match five {
                Ok(Ok(pixels)) => visit(pixels.index_axis(Axis(0), 0)),
                Ok(Err(_)) => result = Err(crate::Error::shape(WHAT, pixels.shape(), "five axes")),
                Err(error) => result = Err(error),
            }
        })?;
        Ok(result?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::{Array, Array4, Array5, Dimension, s};

    use super::*;
    use crate::zarr::{ArrayImages, BoolImages, ErasedSource, FolderStore, Layout, Plan};

    fn store<T: Element, D: Dimension>(folder: &Path, images: &Array<T, D>) {
        let chunk = images.shape().iter().map(|size| size.div_ceil(2)).collect();
        let plan = Plan::new(T::DTYPE, Layout { shape: images.shape().to_vec(), chunk, shard: None });
        let writer = plan.create(&Arc::new(FolderStore::new(folder)), "").unwrap();
        writer.write_all(ArrayRef::of("images", images.view()).unwrap()).unwrap();
    }

    /// The pixels that a source passes for a region, in its single call of `visit`.
    fn read<T: Element>(source: &dyn AnyImageSource, region: &AnyRegion) -> Array5<T> {
        let mut got = Vec::new();
        let read = source.read(region, &mut |pixels| {
            got.push(pixels.view::<T>("pixels").unwrap().into_dimensionality::<Ix5>().unwrap().to_owned());
        });
        read.unwrap();
        assert_eq!(got.len(), 1);
        got.remove(0)
    }

    #[test]
    fn planes_are_volumes_of_depth_one_whatever_they_come_from() {
        let folder = tempfile::tempdir().unwrap();
        let images = Array4::from_shape_fn((2, 3, 9, 11), |(n, c, y, x)| (((n * 3 + c) * 9 + y) * 11 + x) as u16);
        store(folder.path(), &images);
        let (any, typed) = (AnyZarrImages::open(folder.path()).unwrap(), ZarrImages::<u16, 2>::open(folder.path()));
        let (typed, view) = (typed.unwrap(), images.view());
        let in_memory = ArrayImages::new(ArrayRef::of("images", images.view()).unwrap()).unwrap();
        let (of_typed, of_view) = (ErasedSource::<_, u16, 2>::new(&typed), ErasedSource::<_, u16, 2>::new(&view));
        let sources: [&dyn AnyImageSource; 5] = [&any, typed.as_any(), &in_memory, &of_typed, &of_view];
        let region = AnyRegion { image: 1, channels: 1..3, start: [0, 2, 4], size: [1, 6, 5] };
        let expected = images.slice(s![1..2, 1..3, 2..8, 4..9]).insert_axis(Axis(2));
        for source in sources {
            assert_eq!((source.dtype(), source.ndim(), source.shape()), (DType::U16, 2, [2, 3, 1, 9, 11]));
            assert_eq!(source.batch_shape(), [2, 3, 9, 11]);
            assert_eq!(read::<u16>(source, &region), expected);
        }
        assert_eq!(AnyRegion::from(&region.typed::<2>()), region);
    }

    #[test]
    fn volumes_of_truths() {
        let folder = tempfile::tempdir().unwrap();
        let truths = Array5::from_shape_fn((1, 2, 4, 5, 6), |(_, c, z, y, x)| (c + z + y * x) % 3 == 0);
        store(folder.path(), &truths);
        let bytes = truths.mapv(|truth| if truth { 7_u8 } else { 0 });
        let bytes = ArrayImages::new(ArrayRef::of("images", bytes.view()).unwrap()).unwrap();
        let (any, of_bytes) = (AnyZarrImages::open(folder.path()).unwrap(), BoolImages::new(&bytes).unwrap());
        let of_truths = BoolImages::new(&any).unwrap();
        let region = AnyRegion { image: 0, channels: 0..2, start: [1, 1, 2], size: [2, 3, 4] };
        let expected = truths.slice(s![.., .., 1..3, 1..4, 2..6]);
        let sources: [&dyn AnyImageSource; 3] = [&any, &of_bytes, &of_truths];
        for source in sources {
            assert_eq!((source.dtype(), source.shape()), (DType::Bool, [1, 2, 4, 5, 6]));
            assert_eq!(read::<bool>(source, &region), expected);
        }
        assert!(ZarrImages::<bool, 3>::open(folder.path()).is_ok());
        let text = ZarrImages::<bool, 2>::open(folder.path()).unwrap_err().to_string();
        assert!(
            text.ends_with("shape: got [1, 2, 4, 5, 6], expected (images, channels) and 2 axes of pixels"),
            "{text}"
        );
        let text = ZarrImages::<u8, 3>::open(folder.path()).unwrap_err().to_string();
        assert!(text.ends_with("got elements of type bool, expected uint8"), "{text}");
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), &ndarray::Array3::<f32>::zeros((2, 2, 2)));
        let text = AnyZarrImages::open(folder.path()).unwrap_err().to_string();
        assert!(text.ends_with("number of axes: got 3, expected 4 or 5: (N, C, Y, X) or (N, C, Z, Y, X)"), "{text}");
        let wrong = ndarray::Array4::<f32>::zeros((1, 1, 1, 1));
        let wrong = ArrayImages::new(ArrayRef::of("images", wrong.view()).unwrap()).unwrap();
        assert!(BoolImages::new(&wrong).is_err());
    }
}
