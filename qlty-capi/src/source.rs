//! Where images come from: an array of the host's, or a Zarr array on disk.

use std::any::Any;
use std::ffi::c_char;
use std::path::Path;

use ndarray::ArrayView4;
use qlty_core::zarr::{Error, ImageSource, Region, Result, Stored, ZarrImages};
use qlty_core::{BatchDim, Rank, Spatial};

use crate::array::qlty_array;
use crate::dtype::{QLTY_DTYPE_BOOL, Typed, mismatch, qlty_dtype, stored_as, with_type};
use crate::error::{
    Failure, Outcome, QLTY_STATUS_DTYPE, QLTY_STATUS_SHAPE, QLTY_STATUS_STORE, borrow, free, guard, hand_over,
    path_text, qlty_error, qlty_status, writable,
};

/// The images of a Zarr array on disk, (N, C, Y, X) or (N, C, Z, Y, X). Opaque. Any number of
/// threads may use one at once; free it with qlty_images_free.
#[derive(Debug)]
pub struct qlty_images {
    dtype: qlty_dtype,
    shape: Vec<usize>,
    /// A `Kept<T, D>` for the type behind `dtype` and two spatial axes less than `shape` has axes.
    reader: Box<dyn Any + Send + Sync>,
}

/// Images of a type and a number of spatial axes.
struct Kept<T, const D: usize>(Box<dyn ImageSource<T, D> + Send + Sync>);

impl qlty_images {
    fn open(path: &Path, cache: Option<usize>) -> Outcome<Self> {
        let (name, axes) = qlty_core::zarr::inspect(path)?;
        let dtype = stored_as(&name).ok_or_else(|| unknown_type(path, &name))?;
        if dtype == QLTY_DTYPE_BOOL {
            return match axes {
                4 => Self::keep(dtype, Bytes(zarr::<bool, 2>(path, cache)?)),
                5 => Self::keep(dtype, Bytes(zarr::<bool, 3>(path, cache)?)),
                _ => Err(no_images(path, axes)),
            };
        }
        with_type!("images", dtype, T => match axes {
            4 => Self::keep(dtype, zarr::<T, 2>(path, cache)?),
            5 => Self::keep(dtype, zarr::<T, 3>(path, cache)?),
            _ => Err(no_images(path, axes)),
        })
    }

    fn keep<T: Typed, const D: usize>(
        dtype: qlty_dtype,
        images: impl ImageSource<T, D> + Send + 'static,
    ) -> Outcome<Self>
    where
        Spatial<D>: Rank,
    {
        let shape = [images.images(), images.channels()].into_iter().chain(images.size()).collect();
        Ok(Self { dtype, shape, reader: Box::new(Kept::<T, D>(Box::new(images))) })
    }
}

fn zarr<T: Stored, const D: usize>(path: &Path, cache: Option<usize>) -> Result<ZarrImages<T, D>>
where
    Spatial<D>: Rank,
{
    match cache {
        None => ZarrImages::open(path),
        Some(bytes) => ZarrImages::with_cache(path, bytes),
    }
}

/// A failure for want of a type that qlty knows.
pub(crate) fn unknown_type(path: &Path, name: &str) -> Failure {
    let message = format!("{}: got elements of type {name}, expected one of the QLTY_DTYPE", path.display());
    Failure::new(QLTY_STATUS_DTYPE, message)
}

fn no_images(path: &Path, axes: usize) -> Failure {
    let expected = "4 or 5: (N, C, Y, X) or (N, C, Z, Y, X)";
    Failure::new(QLTY_STATUS_STORE, Error::store(path, "number of axes", axes, expected).to_string())
}

/// How many bytes of decoded chunks a host wants kept; a negative number leaves that to the library.
pub(crate) fn cache(bytes: i64) -> Option<usize> {
    usize::try_from(bytes).ok()
}

/// Truth values as bytes.
struct Bytes<S>(S);

impl<S: ImageSource<bool, D>, const D: usize> ImageSource<u8, D> for Bytes<S>
where
    Spatial<D>: Rank,
{
    fn images(&self) -> usize {
        self.0.images()
    }

    fn channels(&self) -> usize {
        self.0.channels()
    }

    fn size(&self) -> [usize; D] {
        self.0.size()
    }

    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, u8>)) -> Result<()> {
        self.0.read(region, &mut |pixels| visit(pixels.mapv(u8::from).view()))
    }
}

/// Bytes as truth values: all but 0 are true.
pub(crate) struct Truths<'a, const D: usize>(pub(crate) &'a dyn ImageSource<u8, D>);

impl<const D: usize> ImageSource<bool, D> for Truths<'_, D>
where
    Spatial<D>: Rank,
{
    fn images(&self) -> usize {
        self.0.images()
    }

    fn channels(&self) -> usize {
        self.0.channels()
    }

    fn size(&self) -> [usize; D] {
        self.0.size()
    }

    fn read(&self, region: &Region<D>, visit: &mut dyn FnMut(ArrayView4<'_, bool>)) -> Result<()> {
        self.0.read(region, &mut |pixels| visit(pixels.mapv(|byte| byte != 0).view()))
    }
}

/// The images of a call, of which the host gives one kind or the other.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source<'a> {
    Batch(&'a qlty_array),
    Images(&'a qlty_images),
}

impl<'a> Source<'a> {
    /// # Safety
    /// `batch` and `images` are NULL or live and are not written during `'a`.
    pub(crate) unsafe fn new(batch: *const qlty_array, images: *const qlty_images) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        match unsafe { (batch.as_ref(), images.as_ref()) } {
            (Some(batch), None) => Ok(Self::Batch(batch)),
            (None, Some(images)) => Ok(Self::Images(images)),
            (None, None) => Err(Failure::argument("batch and images: got NULL for both, expected one of them")),
            (Some(_), Some(_)) => Err(Failure::argument("batch and images: got both, expected NULL for one of them")),
        }
    }

    pub(crate) fn dtype(self) -> qlty_dtype {
        match self {
            Self::Batch(batch) => batch.dtype,
            Self::Images(images) => images.dtype,
        }
    }

    /// (N, C, Y, X) or (N, C, Z, Y, X), with as many spatial axes as the call has.
    pub(crate) fn shape(self, ndim: usize) -> Outcome<Vec<usize>> {
        let (name, shape) = match self {
            Self::Batch(batch) => ("batch", batch.shape("batch")?),
            Self::Images(images) => ("images", images.shape.clone()),
        };
        if shape.len() != ndim + 2 {
            let expected = format!("{}, since the call has {ndim} spatial ones", ndim + 2);
            let message = format!("{name}: got {} axes, shape {shape:?}, expected {expected}", shape.len());
            return Err(Failure::new(QLTY_STATUS_SHAPE, message));
        }
        Ok(shape)
    }

    /// The host's array, which no output may overlap.
    pub(crate) fn inputs(self) -> Vec<(&'static str, &'a qlty_array)> {
        match self {
            Self::Batch(batch) => vec![("batch", batch)],
            Self::Images(_) => Vec::new(),
        }
    }

    /// Runs a body with the images, whose type is `T`.
    ///
    /// # Safety
    /// The values of an array are not written during the call.
    pub(crate) unsafe fn with<T: Typed, R, const D: usize>(
        self,
        body: impl FnOnce(&dyn ImageSource<T, D>) -> Outcome<R>,
    ) -> Outcome<R>
    where
        Spatial<D>: ImageRank<D>,
    {
        self.shape(D)?;
        match self {
            // SAFETY: the caller's promise.
            Self::Batch(batch) => body(&*unsafe { <Spatial<D> as ImageRank<D>>::images::<T>(batch) }?),
            Self::Images(images) => match images.reader.downcast_ref::<Kept<T, D>>() {
                Some(kept) => body(&*kept.0),
                None => Err(mismatch("images", images.dtype, &crate::dtype::name(T::DTYPE))),
            },
        }
    }
}

/// Numbers of spatial axes that arrays of images can have.
pub(crate) trait ImageRank<const D: usize>: Rank {
    /// The images in an array of the host's.
    ///
    /// # Safety
    /// As [`qlty_array::view`].
    unsafe fn images<'a, T: Typed>(batch: &qlty_array) -> Outcome<Box<dyn ImageSource<T, D> + 'a>>;
}

macro_rules! image_rank {
    ($($D:literal)*) => {$(
        impl ImageRank<$D> for Spatial<$D> {
            unsafe fn images<'a, T: Typed>(batch: &qlty_array) -> Outcome<Box<dyn ImageSource<T, $D> + 'a>> {
                // SAFETY: the caller's promise.
                Ok(Box::new(unsafe { batch.view::<T, BatchDim<$D>>("batch") }?))
            }
        }
    )*};
}

image_rank! { 2 3 }

/// Opens the Zarr v2 or v3 array in the folder `path`, in UTF-8, and stores it in `*images`. Decoded
/// chunks are kept, the most recently used of them, up to `cache_bytes`, and one at least; a negative
/// number means 256 MiB. The array must not change while it is open. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
/// there is no such array; QLTY_STATUS_DTYPE where its values are of no QLTY_DTYPE;
/// QLTY_STATUS_STORE where it has not 4 or 5 axes; QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `path` is NULL or a string; `images` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_open(
    path: *const c_char,
    cache_bytes: i64,
    images: *mut *mut qlty_images,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (path, out) = (unsafe { path_text("path", path) }?, writable("images", images)?);
        let opened = qlty_images::open(Path::new(path), cache(cache_bytes))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, opened) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees images. NULL is fine.
///
/// # Safety
/// `images` is NULL or images that have not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_free(images: *mut qlty_images) {
    // SAFETY: the caller's promise.
    unsafe { free(images) };
}

/// Describes the array that holds all the images: its type, its shape (N, C, Y, X) or
/// (N, C, Z, Y, X), and its strides in C order; data is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `images` is NULL or images; `batch` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_shape(
    images: *const qlty_images,
    batch: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (images, out) = (unsafe { borrow("images", images) }?, writable("batch", batch)?);
        let described = qlty_array::describe(images.dtype, &images.shape)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
