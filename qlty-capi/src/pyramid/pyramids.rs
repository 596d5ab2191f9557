//! What was written, or would be.

use std::ffi::{CString, c_char};

use ::qlty_pyramid::{Pyramid, PyramidLevel};

use super::how::Pyramids;
use super::{at, dtype_of, lasting};
use crate::array::qlty_array;
use crate::error::{borrow, free, guard, qlty_error, qlty_status, writable};

/// Pyramids that were written, or would be, by the names of their images. Opaque. It never changes, so any
/// number of threads may use one at once; free it with qlty_pyramids_free.
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

/// Frees what was told of pyramids; they stay on disk. NULL is fine.
///
/// # Safety
/// `pyramids` is NULL or pyramids that have not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_free(pyramids: *mut qlty_pyramids) {
    // SAFETY: the caller's promise.
    unsafe { free(pyramids) };
}

/// Stores the number of pyramids, 1 or more. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `pyramids` is NULL or pyramids; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_count(
    pyramids: *const qlty_pyramids,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pyramids, out) = (unsafe { borrow("pyramids", pyramids) }?, writable("count", count)?);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(pyramids.0.len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of the image of a pyramid, the path of its store, and the axes of its arrays, such as "CZYX":
/// strings that live as long as the pyramids. Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid.
///
/// # Safety
/// `pyramids` is NULL or pyramids; `name`, `path`, `axes` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_name(
    pyramids: *const qlty_pyramids,
    index: i64,
    name: *mut *const c_char,
    path: *mut *const c_char,
    axes: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let item = at("index", &unsafe { borrow("pyramids", pyramids) }?.0, index)?;
        for (to, text) in [(name, &item.name), (path, &item.path), (axes, &item.axes)] {
            if !to.is_null() {
                // SAFETY: not null, and the caller promises that it may be written.
                unsafe { to.write(text.as_ptr()) };
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Describes a pyramid: in `pixels` the array that holds all of the full size, with its type, its shape, and
/// strides in C order; data is NULL. `levels` gets the number of arrays stored, `bytes` how many bytes they
/// have before compression, and `files` the number of files that the image is read from. Each may be NULL.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid; QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `pyramids` is NULL or pyramids; `pixels`, `levels`, `bytes`, `files` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_shape(
    pyramids: *const qlty_pyramids,
    index: i64,
    pixels: *mut qlty_array,
    levels: *mut i64,
    bytes: *mut u64,
    files: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let pyramid = &at("index", &unsafe { borrow("pyramids", pyramids) }?.0, index)?.pyramid;
        let described = qlty_array::describe(dtype_of(pyramid.pixel_type)?, &pyramid.shape)?;
        let stored = pyramid.levels.iter().map(PyramidLevel::stored_bytes);
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !pixels.is_null() {
                pixels.write(described);
            }
            if !levels.is_null() {
                levels.write(pyramid.levels.len() as i64);
            }
            if !bytes.is_null() {
                bytes.write(stored.fold(0, u64::saturating_add));
            }
            if !files.is_null() {
                files.write(pyramid.files.len() as i64);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the path of a file that the image of a pyramid is read from, a string that lives as long as the
/// pyramids. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid or file.
///
/// # Safety
/// `pyramids` is NULL or pyramids; `path` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_file(
    pyramids: *const qlty_pyramids,
    index: i64,
    file: i64,
    path: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pyramids, out) = (unsafe { borrow("pyramids", pyramids) }?, writable("path", path)?);
        let file = at("file", &at("index", &pyramids.0, index)?.files, file)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(file.as_ptr()) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Describes an array of a pyramid, 0 for the full size: in `stored` its type, which for differences is wider
/// than that of the pixels, its shape, and strides in C order; data is NULL. `name` gets its name in the store,
/// which is empty where the store is the array, a string that lives as long as the pyramids. `chunk` gets the
/// size of a chunk along each axis, `voxel_size` that of a voxel along (z, y, x). Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such pyramid or level;
/// QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `pyramids` is NULL or pyramids; `chunk` is NULL or points to QLTY_MAX_NDIM numbers that may be written, or
/// as many as there are axes; `voxel_size` is NULL or points to three; `stored`, `name` and `error` are NULL or
/// may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pyramids_level(
    pyramids: *const qlty_pyramids,
    index: i64,
    level: i64,
    stored: *mut qlty_array,
    name: *mut *const c_char,
    chunk: *mut i64,
    voxel_size: *mut f64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let item = at("index", &unsafe { borrow("pyramids", pyramids) }?.0, index)?;
        let (array, its_name) = (at("level", &item.pyramid.levels, level)?, at("level", &item.arrays, level)?);
        let described = qlty_array::describe(dtype_of(array.stored_type)?, &array.shape)?;
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !stored.is_null() {
                stored.write(described);
            }
            if !name.is_null() {
                name.write(its_name.as_ptr());
            }
            if !chunk.is_null() {
                array.chunk.iter().enumerate().for_each(|(axis, size)| chunk.add(axis).write_unaligned(*size as i64));
            }
            if !voxel_size.is_null() {
                voxel_size.cast::<[f64; 3]>().write_unaligned(array.voxel_size);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
