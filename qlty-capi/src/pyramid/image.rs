//! Images in levels on disk: what they are, and any box of any level.

use std::ffi::{CString, c_char, c_void};
use std::path::Path;

use ::qlty_pyramid::{ImageKind, ImageLayout, ImageStore, Interpolation, LaplacianPixel, LaplacianStore, Monitor};
use ndarray::{ArrayViewMutD, IxDyn};
use qlty_core::zarr::Error as ZarrError;

use super::how::Report;
use super::{Crossing, at, dtype_of, lasting};
use crate::array::{QLTY_MAX_NDIM, qlty_array};
use crate::dtype::{qlty_dtype, with_type};
use crate::error::{
    Failure, Outcome, QLTY_STATUS_SHAPE, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, size,
    writable,
};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::optional;

/// An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store. Of what
/// is read, up to 64 MiB of decoded chunks of the full size are kept, and of each coarser level a quarter
/// of that; the store must not change. Opaque. Any number of threads may use one at once; free it with
/// qlty_image_free.
#[derive(Debug)]
pub struct qlty_image {
    store: Box<dyn AnyImage>,
    dtype: qlty_dtype,
    layout: ImageLayout,
    /// The names of the axes, and their units.
    axes: Vec<(CString, Option<CString>)>,
    channels: Channels,
}

/// The channels of an image.
#[derive(Debug)]
struct Channels {
    count: usize,
    /// Of each, or of the first few.
    names: Vec<Option<CString>>,
}

/// An image of any type of pixels, stored in either way.
trait AnyImage: std::fmt::Debug + Send + Sync {
    fn shape(&self, level: usize) -> Outcome<&[usize]>;
    /// # Safety
    /// The array is as [`qlty_array::view_mut`] asks.
    unsafe fn read(&self, level: usize, start: &[usize], out: &qlty_array, report: Report) -> Outcome;
}

impl<T: Crossing> AnyImage for ImageStore<T> {
    fn shape(&self, level: usize) -> Outcome<&[usize]> {
        Ok(self.shape(level)?)
    }

    unsafe fn read(&self, level: usize, start: &[usize], out: &qlty_array, report: Report) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { fill(out, report, |out, monitor| self.read_into(level, start, out, monitor)) }
    }
}

impl<T: Crossing + LaplacianPixel> AnyImage for LaplacianStore<T> {
    fn shape(&self, level: usize) -> Outcome<&[usize]> {
        Ok(self.shape(level)?)
    }

    unsafe fn read(&self, level: usize, start: &[usize], out: &qlty_array, report: Report) -> Outcome {
        // SAFETY: the caller's promise.
        unsafe { fill(out, report, |out, monitor| self.read_into(level, start, out, monitor)) }
    }
}

/// # Safety
/// The array is as [`qlty_array::view_mut`] asks.
unsafe fn fill<T: Crossing>(
    out: &qlty_array,
    (progress, user): Report,
    read: impl FnOnce(ArrayViewMutD<'_, T>, &Monitor) -> ::qlty_pyramid::Result<()> + Send,
) -> Outcome {
    // SAFETY: the caller's promise.
    let out = unsafe { out.view_mut::<T, IxDyn>("pixels", &[]) }?;
    run(progress, user, |monitor| read(out, monitor))
}

fn open(path: &Path, interpolation: Option<&str>) -> Outcome<qlty_image> {
    let layout = ImageLayout::read(path)?;
    let count = layout.axes.len();
    if !(1..=QLTY_MAX_NDIM).contains(&count) {
        return Err(ZarrError::store(path, "number of axes", count, format!("1 to {QLTY_MAX_NDIM}")).into());
    }
    let dtype = dtype_of(layout.pixel_type)?;
    let interpolation: Option<Interpolation> = interpolation.map(str::parse).transpose()?;
    let store = with_type!("image", dtype, T: pixel => open_as::<T>(path, layout.kind, interpolation))?;
    let axes = layout.axes.iter().map(|axis| (lasting(&axis.name), axis.unit.as_deref().map(lasting))).collect();
    let axis = layout.axes.iter().position(|axis| axis.name == "c");
    let count = axis.map_or(Ok(1), |axis| store.shape(0).map(|shape| shape[axis]))?;
    let known = layout.channels.iter().take(count).map(|name| name.as_deref().map(lasting));
    let channels = Channels { count, names: known.collect() };
    Ok(qlty_image { store, dtype, layout, axes, channels })
}

fn open_as<T: Crossing + LaplacianPixel>(
    path: &Path,
    kind: ImageKind,
    interpolation: Option<Interpolation>,
) -> Outcome<Box<dyn AnyImage>> {
    Ok(match (kind, interpolation) {
        (ImageKind::Laplacian, None) => Box::new(LaplacianStore::<T>::open(path)?),
        (ImageKind::Laplacian, Some(how)) => Box::new(LaplacianStore::<T>::open_with(path, how)?),
        (_, None) => Box::new(ImageStore::<T>::open(path)?),
        (_, Some(how)) => {
            let expected = "NULL, since this is no Laplacian store";
            return Err(Failure::argument(format!("interpolation: got {how}, expected {expected}")));
        }
    })
}

impl qlty_image {
    fn level(&self, level: i64) -> Outcome<usize> {
        at("level", &self.layout.levels, level)?;
        size("level", level)
    }
}

/// Opens the image in the folder `path`, in UTF-8, and stores it in `*image`: the first image of an NGFF
/// group, a group or an array of this library, any Zarr array, or a Laplacian store of this library or
/// of the Python package. `interpolation` is that of a Laplacian store which does not say it or says it
/// wrong, "bilinear" or "bicubic"; NULL means as the store says, or "bilinear". Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8, or an interpolation that is
/// none or for an image that is not Laplacian; QLTY_STATUS_IO where there is nothing; QLTY_STATUS_STORE
/// and QLTY_STATUS_DTYPE where it is no image, or one whose levels do not belong together;
/// QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `path` and `interpolation` are NULL or strings; `image` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_open(
    path: *const c_char,
    interpolation: *const c_char,
    image: *mut *mut qlty_image,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (path, interpolation) = unsafe { (path_text("path", path)?, optional("interpolation", interpolation)?) };
        let out = writable("image", image)?;
        let opened = in_pool(|| open(Path::new(path), interpolation))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, opened) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees an image, which stays on disk. NULL is fine.
///
/// # Safety
/// `image` is NULL or an image that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_free(image: *mut qlty_image) {
    // SAFETY: the caller's promise.
    unsafe { free(image) };
}

/// Stores the number of levels, 1 or more, and whether they are reconstructed from differences, 0 or 1;
/// both may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `image` is NULL or an image; `count`, `laplacian` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_levels(
    image: *const qlty_image,
    count: *mut i64,
    laplacian: *mut i32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let image = unsafe { borrow("image", image) }?;
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !count.is_null() {
                count.write(image.layout.levels.len() as i64);
            }
            if !laplacian.is_null() {
                laplacian.write(i32::from(image.layout.kind == ImageKind::Laplacian));
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of an axis, such as "z", and its unit, such as "micrometer", or NULL where the store
/// says none: strings that live as long as the image. `name` and `unit` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such axis.
///
/// # Safety
/// `image` is NULL or an image; `name`, `unit` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_axis(
    image: *const qlty_image,
    axis: i64,
    name: *mut *const c_char,
    unit: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let image = unsafe { borrow("image", image) }?;
        let (found, its_unit) = at("axis", &image.axes, axis)?;
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !name.is_null() {
                name.write(found.as_ptr());
            }
            if !unit.is_null() {
                unit.write(its_unit.as_ref().map_or(std::ptr::null(), |unit| unit.as_ptr()));
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of a channel, such as "DAPI", a string that lives as long as the image, or NULL where the
/// store does not say it. Without an axis "c" there is one channel. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such channel.
///
/// # Safety
/// `image` is NULL or an image; `name` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_channel(
    image: *const qlty_image,
    channel: i64,
    name: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (image, out) = (unsafe { borrow("image", image) }?, writable("name", name)?);
        let (index, count) = (size("channel", channel)?, image.channels.count);
        if index >= count {
            return Err(Failure::argument(format!("channel: got {index}, expected 0 to less than {count}")));
        }
        let known = image.channels.names.get(index).and_then(Option::as_ref);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(known.map_or(std::ptr::null(), |name| name.as_ptr())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Describes a level, 0 for the full size: in `pixels` the array that holds all of it, with its type, its
/// shape, and strides in C order; data is NULL. `scale` gets the distance of neighbouring pixels along each
/// axis and `translation` where the centre of the first pixel lies, both NaN where the store does not
/// say; both may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such level; QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `image` is NULL or an image; `scale` and `translation` are NULL or point to QLTY_MAX_NDIM numbers that
/// may be written, or as many as the image has axes; `pixels` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_level(
    image: *const qlty_image,
    level: i64,
    pixels: *mut qlty_array,
    scale: *mut f64,
    translation: *mut f64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (image, out) = (unsafe { borrow("image", image) }?, writable("pixels", pixels)?);
        let index = image.level(level)?;
        let described = qlty_array::describe(image.dtype, image.store.shape(index)?)?;
        let place = at("level", &image.layout.levels, level)?;
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            out.write(described);
            for (to, numbers) in [(scale, &place.scale), (translation, &place.translation)] {
                if !to.is_null() {
                    numbers.iter().enumerate().for_each(|(axis, number)| to.add(axis).write_unaligned(*number));
                }
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Reads the box of a level that has the shape of `pixels`, of the image's type, and begins at `start`: a
/// number for each axis. NULL means all 0, so that `pixels` of the level's shape get all of it. Of a
/// Laplacian store the box is reconstructed, from the chunks that it needs; of integers to the bit. Progress
/// counts chunks, or of a Laplacian store planes that share chunks. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where there is no such level or
/// the box leaves it; QLTY_STATUS_SHAPE where it has other axes; QLTY_STATUS_DTYPE;
/// QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_STORE and
/// QLTY_STATUS_OUT_OF_MEMORY where a chunk is not read, is damaged or too large, after which the values in
/// `pixels` are unspecified.
///
/// # Safety
/// `image` is NULL or an image; `start` is NULL or points to as many numbers as the image has axes;
/// `pixels` is NULL or an array that is not used by others during the call; `error` is NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_read(
    image: *const qlty_image,
    level: i64,
    start: *const i64,
    pixels: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (image, pixels) = unsafe { (borrow("image", image)?, borrow("pixels", pixels)?) };
        let (level, axes) = (image.level(level)?, image.axes.len());
        let shape = pixels.shape("pixels")?;
        if shape.len() != axes {
            let message = format!("pixels: got {} axes, shape {shape:?}, expected {axes}", shape.len());
            return Err(Failure::new(QLTY_STATUS_SHAPE, message));
        }
        let number = |axis: usize| match start.is_null() {
            true => Ok(0),
            // SAFETY: not null, and the caller promises a number per axis.
            false => size("start", unsafe { start.add(axis).read() }),
        };
        let from = (0..axes).map(number).collect::<Outcome<Vec<usize>>>()?;
        // SAFETY: the caller's promise.
        unsafe { image.store.read(level, &from, pixels, (progress, user)) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
