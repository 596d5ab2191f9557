//! Images: an array of the host, or a Zarr array on disk.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::path::Path;

use qlty_core::zarr::{AnyImageSource, AnyZarrImages, ArrayImages, BoolImages, DEFAULT_CACHE_BYTES};

use crate::arguments::{done, into_handle, path_text, required};
use crate::array::{Arrays, qlty_array};
use crate::dtype::{QLTY_DTYPE_BOOL, dtype_of, number, qlty_dtype};
use crate::error::{Failure, Outcome, QLTY_STATUS_SHAPE, guard, qlty_error, qlty_status};
use crate::long_call::in_pool;

/// The images of a Zarr array on disk, (N, C, Y, X) or (N, C, Z, Y, X). Opaque. Any number of threads may use one at
/// once; free it with qlty_images_free.
#[derive(Debug)]
pub struct qlty_images(AnyZarrImages);

/// The bytes of decoded chunks to cache; a negative number means the default.
pub(crate) fn cache(bytes: i64) -> usize {
    usize::try_from(bytes).unwrap_or(DEFAULT_CACHE_BYTES)
}

/// The images of a call, of which the host gives one kind or the other.
pub(crate) struct Source<'a> {
    images: Images<'a>,
    /// Whether the host calls its values truth values.
    is_bool: bool,
}

enum Images<'a> {
    Array(ArrayImages<'a>),
    Zarr(&'a AnyZarrImages),
}

impl<'a> Source<'a> {
    /// The images of a call with `ndim` spatial axes.
    pub(crate) fn new(
        batch: Option<&'a qlty_array>,
        images: Option<&'a qlty_images>,
        ndim: usize,
        arrays: &mut Arrays<'a>,
    ) -> Outcome<Self> {
        let (dtype, _) = describe(batch, images, ndim)?;
        let images = match images {
            Some(images) => Images::Zarr(&images.0),
            None => Images::Array(ArrayImages::new(arrays.input("batch", batch)?)?),
        };
        Ok(Self { images, is_bool: dtype == QLTY_DTYPE_BOOL })
    }

    /// The images, whose truth values are bytes where they are in an array.
    pub(crate) fn get(&self) -> &dyn AnyImageSource {
        match &self.images {
            Images::Array(images) => images,
            Images::Zarr(images) => *images,
        }
    }

    /// Runs a body with the images as they are to be stored.
    pub(crate) fn with_bools<R>(&self, body: impl FnOnce(&dyn AnyImageSource) -> Outcome<R>) -> Outcome<R> {
        // Those of a store that holds truth values are truth values already.
        let is_byte = self.get().dtype() == qlty_core::DType::U8;
        if self.is_bool && is_byte { body(&BoolImages::new(self.get())?) } else { body(self.get()) }
    }
}

/// The type and the shape of the images of a call, (N, C, Y, X) or (N, C, Z, Y, X) with `ndim` spatial axes; of an
/// array no value is read.
pub(crate) fn describe(
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    ndim: usize,
) -> Outcome<(qlty_dtype, Vec<usize>)> {
    let (name, dtype, shape) = match (batch, images) {
        (Some(batch), None) => {
            dtype_of("batch", batch.dtype)?;
            ("batch", batch.dtype, batch.shape("batch")?)
        }
        (None, Some(images)) => ("images", number(images.0.dtype()), images.0.batch_shape()),
        (None, None) => return Err(Failure::argument("batch and images: got NULL for both, expected one of them")),
        (Some(_), Some(_)) => {
            return Err(Failure::argument("batch and images: got both, expected NULL for one of them"));
        }
    };
    if shape.len() != ndim + 2 {
        let expected = format!("{}, since the call has {ndim} spatial ones", ndim + 2);
        let message = format!("{name}: got {} axes, shape {shape:?}, expected {expected}", shape.len());
        return Err(Failure::new(QLTY_STATUS_SHAPE, message));
    }
    Ok((dtype, shape))
}

/// Opens the Zarr v2 or v3 array in the folder `path`, in UTF-8, and stores it in `*images`. Up to `cache_bytes` of
/// decoded chunks are cached, the most recently used, and at least one; a negative number means 256 MiB. The array must
/// not change while it is open. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such array;
/// QLTY_STATUS_DTYPE if its values have no QLTY_DTYPE; QLTY_STATUS_STORE if it does not have 4 or 5 axes;
/// QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_open(
    path: *const c_char,
    cache_bytes: i64,
    images: Option<&mut MaybeUninit<*mut qlty_images>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the path is as the host promises for all calls.
        let (path, out) = (unsafe { path_text("path", path) }?, required("images", images)?);
        into_handle(out, qlty_images(in_pool(|| AnyZarrImages::with_cache(Path::new(path), cache(cache_bytes)))?))
    })
}

/// Frees images. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_free(images: Option<Box<qlty_images>>) {
    drop(images);
}

/// Describes the array that holds all the images: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and its strides
/// in C order; data is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_images_shape(
    images: Option<&qlty_images>,
    batch: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (images, out) = (&required("images", images)?.0, required("batch", batch)?);
        done(out, qlty_array::describe(number(images.dtype()), &images.batch_shape())?)
    })
}
