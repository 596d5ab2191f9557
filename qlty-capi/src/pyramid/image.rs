//! Images in levels on disk: their metadata, and reading a box of a level.

use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use ::qlty_pyramid::{ImageKind, ImageLayout, ImageStore, Interpolation, LaplacianStore};
use qlty_core::zarr::Error as ZarrError;

use crate::arguments::{
    at, done, into_handle, lasting, optional, path_text, required, size, start_at, store, store_all,
};
use crate::array::{Arrays, QLTY_MAX_NDIM, check_ndim, qlty_array};
use crate::dtype::number;
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};

/// An image on disk, in levels from fine to coarse: OME-Zarr, a Zarr array, or a Laplacian store. Up to 64 MiB of
/// decoded chunks of the full size are cached, and of each coarser level a quarter of that; the store must not change.
/// Opaque. Any number of threads may use one at once; free it with qlty_image_free.
#[derive(Debug)]
pub struct qlty_image {
    store: Store,
    layout: ImageLayout,
    /// The names of the axes, and their units.
    axes: Vec<(CString, Option<CString>)>,
    channels: Channels,
}

/// The levels of an image, or the differences of which they are reconstructed.
#[derive(Debug)]
enum Store {
    Levels(ImageStore),
    Laplacian(Box<LaplacianStore>),
}

/// The channels of an image.
#[derive(Debug)]
struct Channels {
    count: usize,
    /// Of each, or of the first few.
    names: Vec<Option<CString>>,
}

impl Store {
    fn shape(&self, level: usize) -> Outcome<&[usize]> {
        Ok(match self {
            Self::Levels(store) => store.shape(level)?,
            Self::Laplacian(store) => store.shape(level)?,
        })
    }
}

fn open(path: &str, interpolation: Option<&str>) -> Outcome<qlty_image> {
    let layout = ImageLayout::read(path)?;
    let count = layout.axes.len();
    if !(1..=QLTY_MAX_NDIM).contains(&count) {
        let expected = format!("1 to {QLTY_MAX_NDIM}");
        return Err(ZarrError::store(path.as_ref(), "number of axes", count, expected).into());
    }
    let interpolation: Option<Interpolation> = interpolation.map(str::parse).transpose()?;
    let store = match (layout.kind, interpolation) {
        (ImageKind::Laplacian, None) => Store::Laplacian(Box::new(LaplacianStore::open(path)?)),
        (ImageKind::Laplacian, Some(with)) => {
            Store::Laplacian(Box::new(LaplacianStore::open_with_interpolation(path, with)?))
        }
        (_, None) => Store::Levels(ImageStore::open(path)?),
        (_, Some(got)) => {
            let expected = "NULL, since this is no Laplacian store";
            return Err(Failure::argument(format!("interpolation: got {got}, expected {expected}")));
        }
    };
    let axes = layout.axes.iter().map(|axis| (lasting(&axis.name), axis.unit.as_deref().map(lasting))).collect();
    let axis = layout.axes.iter().position(|axis| axis.name == "c");
    let count = axis.map_or(Ok(1), |axis| store.shape(0).map(|shape| shape[axis]))?;
    let known = layout.channels.iter().take(count).map(|name| name.as_deref().map(lasting));
    let channels = Channels { count, names: known.collect() };
    Ok(qlty_image { store, layout, axes, channels })
}

impl qlty_image {
    fn level(&self, level: i64) -> Outcome<usize> {
        at("level", &self.layout.levels, level)?;
        size("level", level)
    }
}

/// Opens the image in the folder `path`, in UTF-8, and stores it in `*image`: the first image of an NGFF group, a group
/// or an array of this library, any Zarr array, or a Laplacian store of this library or of the Python package.
/// `interpolation`, "bilinear" or "bicubic", is for Laplacian stores that do not state it or state it wrongly; NULL
/// means what the store states, or "bilinear". Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8, or an interpolation that is invalid or for
/// an image that is not Laplacian; QLTY_STATUS_IO if there is nothing; QLTY_STATUS_STORE and QLTY_STATUS_DTYPE if it is
/// not an image, or its levels do not belong together; QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_open(
    path: *const c_char,
    interpolation: *const c_char,
    image: Option<&mut MaybeUninit<*mut qlty_image>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let out = required("image", image)?;
        // SAFETY: the strings are as the host promises for all calls.
        let (path, interpolation) = unsafe { (path_text("path", path)?, optional("interpolation", interpolation)?) };
        into_handle(out, in_pool(|| open(path, interpolation))?)
    })
}

/// Frees an image, which stays on disk. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_free(image: Option<Box<qlty_image>>) {
    drop(image);
}

/// Stores the number of levels, 1 or more, and whether they are reconstructed from differences, 0 or 1; both may be
/// NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_levels(
    image: Option<&qlty_image>,
    count: Option<&mut MaybeUninit<i64>>,
    laplacian: Option<&mut MaybeUninit<i32>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let image = required("image", image)?;
        store(count, image.layout.levels.len() as i64);
        store(laplacian, i32::from(image.layout.kind == ImageKind::Laplacian));
        Ok(())
    })
}

/// Stores the name of an axis, such as "z", and its unit, such as "micrometer", or NULL if the store does not state it:
/// strings that live as long as the image. `name` and `unit` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such axis.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_axis(
    image: Option<&qlty_image>,
    axis: i64,
    name: Option<&mut MaybeUninit<*const c_char>>,
    unit: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let image = required("image", image)?;
        let (found, its_unit) = at("axis", &image.axes, axis)?;
        store(name, found.as_ptr());
        store(unit, its_unit.as_ref().map_or(std::ptr::null(), |unit| unit.as_ptr()));
        Ok(())
    })
}

/// Stores the name of a channel, such as "DAPI", a string that lives as long as the image, or NULL if the store does
/// not state it. Without an axis "c" there is one channel. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_channel(
    image: Option<&qlty_image>,
    channel: i64,
    name: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (image, out) = (required("image", image)?, required("name", name)?);
        let (index, count) = (size("channel", channel)?, image.channels.count);
        if index >= count {
            return Err(Failure::argument(format!("channel: got {index}, expected 0 to less than {count}")));
        }
        let known = image.channels.names.get(index).and_then(Option::as_ref);
        done(out, known.map_or(std::ptr::null(), |name| name.as_ptr()))
    })
}

/// Describes a level, 0 for the full size: in `pixels` the array that holds all of it, with its type, its shape, and
/// strides in C order; data is NULL. `scale` is set to the distance of neighbouring pixels along each axis and
/// `translation` to the centre of the first pixel, both NaN if the store does not state them; both may be NULL. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such level; QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_level(
    image: Option<&qlty_image>,
    level: i64,
    pixels: Option<&mut MaybeUninit<qlty_array>>,
    scale: *mut f64,
    translation: *mut f64,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (image, out) = (required("image", image)?, required("pixels", pixels)?);
        let index = image.level(level)?;
        let described = qlty_array::describe(number(image.layout.dtype), image.store.shape(index)?)?;
        let place = at("level", &image.layout.levels, level)?;
        out.write(described);
        // SAFETY: the host gives room for a number per axis, or NULL.
        unsafe {
            store_all(scale, place.scale.iter().copied());
            store_all(translation, place.translation.iter().copied());
        }
        Ok(())
    })
}

/// Reads a box of a level into `pixels`, of the image's type and number of axes. `start` is the first pixel of the box,
/// a number per axis; NULL means all 0. From a Laplacian store the box is reconstructed with the chunks it needs,
/// exactly for integers. Progress counts chunks, or for a Laplacian store planes that share chunks. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if there is no such level or the box leaves it;
/// QLTY_STATUS_SHAPE if it has other axes; QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED, QLTY_STATUS_STORE and QLTY_STATUS_OUT_OF_MEMORY if a chunk cannot be read, is damaged or too
/// large, after which the values in `pixels` are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_image_read(
    image: Option<&qlty_image>,
    level: i64,
    start: *const i64,
    pixels: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let image = required("image", image)?;
        let pixels = arrays.output_of("pixels", pixels, &[image.layout.dtype])?;
        let (level, axes) = (image.level(level)?, image.axes.len());
        check_ndim("pixels", pixels.shape(), axes)?;
        // SAFETY: the host gives a number per axis, or NULL.
        let start = unsafe { start_at(start, axes) }?;
        run(progress, user, |monitor| match &image.store {
            Store::Levels(store) => store.read_into(level, &start, pixels, monitor),
            Store::Laplacian(store) => store.read_into(level, &start, pixels, monitor),
        })
    })
}
