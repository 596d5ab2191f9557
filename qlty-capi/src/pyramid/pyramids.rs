//! Descriptions of pyramids that were, or would be, written.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

use ::qlty_pyramid::{Pyramid, PyramidLevel};

use super::kind::Pyramids;
use crate::arguments::{at, done, lasting, required, store, store_all};
use crate::array::qlty_array;
use crate::dtype::number;
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::options::{Options, options, write};

/// Descriptions of pyramids that were, or would be, written, ordered by the names of their images. Opaque. It never
/// changes, so any number of threads may use one at once; free it with qlty_pyramids_free.
#[derive(Debug)]
pub struct qlty_pyramids(Vec<Item>);

#[derive(Debug)]
struct Item {
    pyramid: Pyramid,
    name: CString,
    path: CString,
    axes: CString,
    files: Vec<CString>,
    /// The names of the levels' arrays.
    arrays: Vec<CString>,
}

impl qlty_pyramids {
    pub(super) fn new(pyramids: Pyramids) -> Self {
        let item = |(name, pyramid): (String, Pyramid)| Item {
            name: lasting(&name),
            path: lasting(&pyramid.path.to_string_lossy()),
            axes: lasting(&pyramid.axes),
            files: pyramid.files.iter().map(|file| lasting(&file.to_string_lossy())).collect(),
            arrays: pyramid.levels.iter().map(|level| lasting(&level.name)).collect(),
            pyramid,
        };
        Self(pyramids.into_iter().map(item).collect())
    }
}

/// Frees the descriptions; the pyramids stay on disk. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_free(pyramids: Option<Box<qlty_pyramids>>) {
    drop(pyramids);
}

/// Stores the number of pyramids, 1 or more. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_count(
    pyramids: Option<&qlty_pyramids>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (pyramids, out) = (required("pyramids", pyramids)?, required("count", count)?);
        done(out, pyramids.0.len() as i64)
    })
}

/// Stores the name of the image of a pyramid, the path of its store, and the axes of its arrays, such as "CZYX":
/// strings that live as long as the pyramids. Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_name(
    pyramids: Option<&qlty_pyramids>,
    index: i64,
    name: Option<&mut MaybeUninit<*const c_char>>,
    path: Option<&mut MaybeUninit<*const c_char>>,
    axes: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let item = at("index", &required("pyramids", pyramids)?.0, index)?;
        for (to, text) in [(name, &item.name), (path, &item.path), (axes, &item.axes)] {
            store(to, text.as_ptr());
        }
        Ok(())
    })
}

/// What is known of a pyramid. Set struct_size first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_pyramid_info {
    /// sizeof(qlty_pyramid_info) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Set to 0.
    pub reserved: i32,
    /// The array that holds the full size, with its type, its shape, and strides in C order; data is NULL.
    pub pixels: qlty_array,
    /// The number of stored arrays.
    pub levels: i64,
    /// The size of the stored arrays before compression, in bytes.
    pub bytes: u64,
    /// The number of files that the image is read from.
    pub files: i64,
}

options! {
    qlty_pyramid_info, at least 144 bytes, filled by "";
    reserved: 0,
    pixels: qlty_array::EMPTY,
    levels: 0,
    bytes: 0,
    files: 0,
}

/// Describes a pyramid in `*info`, whose struct_size the host has set; fields that the host does not have are not
/// written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such pyramid, or if struct_size is less than in the
/// first version, or more than 4096; QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_get_info(
    pyramids: Option<&qlty_pyramids>,
    index: i64,
    info: *mut qlty_pyramid_info,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let found = info_of(pyramids, index)?;
        // SAFETY: the host gives as many bytes as it says.
        unsafe { write("info", info, found) }
    })
}

/// Deprecated: qlty_pyramids_get_info stores the same in a struct. Each may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_shape(
    pyramids: Option<&qlty_pyramids>,
    index: i64,
    pixels: Option<&mut MaybeUninit<qlty_array>>,
    levels: Option<&mut MaybeUninit<i64>>,
    bytes: Option<&mut MaybeUninit<u64>>,
    files: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let found = info_of(pyramids, index)?;
        store(pixels, found.pixels);
        store(levels, found.levels);
        store(bytes, found.bytes);
        store(files, found.files);
        Ok(())
    })
}

fn info_of(pyramids: Option<&qlty_pyramids>, index: i64) -> Outcome<qlty_pyramid_info> {
    let pyramid = &at("index", &required("pyramids", pyramids)?.0, index)?.pyramid;
    let stored = pyramid.levels.iter().map(PyramidLevel::stored_bytes);
    Ok(qlty_pyramid_info {
        pixels: qlty_array::describe(number(pyramid.dtype), &pyramid.shape)?,
        levels: pyramid.levels.len() as i64,
        bytes: stored.fold(0, u64::saturating_add),
        files: pyramid.files.len() as i64,
        ..<qlty_pyramid_info as Options>::INITIAL
    })
}

/// Stores the path of a file that the image of a pyramid is read from, a string that lives as long as the pyramids. Any
/// thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid or file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_file(
    pyramids: Option<&qlty_pyramids>,
    index: i64,
    file: i64,
    path: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (pyramids, out) = (required("pyramids", pyramids)?, required("path", path)?);
        let file = at("file", &at("index", &pyramids.0, index)?.files, file)?;
        done(out, file.as_ptr())
    })
}

/// Describes an array of a pyramid, 0 for the full size. `stored` is set to its type, which for differences is wider
/// than that of the pixels, its shape, and strides in C order; data is NULL. `name` is set to its name in the store,
/// empty if the store is the array, a string that lives as long as the pyramids. `chunk` is set to the size of a chunk
/// along each axis, `voxel_size` to that of a voxel along (z, y, x). Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such pyramid or level; QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_level(
    pyramids: Option<&qlty_pyramids>,
    index: i64,
    level: i64,
    stored: Option<&mut MaybeUninit<qlty_array>>,
    name: Option<&mut MaybeUninit<*const c_char>>,
    chunk: *mut i64,
    voxel_size: *mut f64,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let item = at("index", &required("pyramids", pyramids)?.0, index)?;
        let (array, its_name) = (at("level", &item.pyramid.levels, level)?, at("level", &item.arrays, level)?);
        let described = qlty_array::describe(number(array.stored_dtype), &array.shape)?;
        store(stored, described);
        store(name, its_name.as_ptr());
        // SAFETY: the host gives room for a number per axis, or NULL.
        unsafe {
            store_all(chunk, array.chunk.iter().map(|size| *size as i64));
            store_all(voxel_size, array.voxel_size);
        }
        Ok(())
    })
}
