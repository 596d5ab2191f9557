//! A stack that is open: what it is, and its planes.

use std::ffi::{CString, c_char, c_void};

use ::qlty_pyramid::Stack;
use ndarray::parallel::prelude::*;
use ndarray::{ArrayViewMut2, ArrayViewMut4, Axis, Ix3, Ix4};
use qlty_core::Monitor;

use super::{Crossing, at, dtype_of, lasting};
use crate::array::qlty_array;
use crate::dtype::with_type;
use crate::error::{
    Failure, Outcome, QLTY_STATUS_SHAPE, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, size,
    writable,
};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::quilt::check_shape;

/// A stack of images, (T, C, Z, Y, X), whose planes are pages of TIFF files, or PNG files: opened, with
/// all headers read and checked. It holds no pixels and no open file; the files must not change.
/// Opaque. Any number of threads may use one at once; free it with qlty_stack_free.
#[derive(Debug)]
pub struct qlty_stack {
    pub(super) stack: Stack,
    name: CString,
    files: Vec<CString>,
    unit: Option<CString>,
    /// The names of the channels, as many as there are.
    channels: Vec<Option<CString>>,
}

impl qlty_stack {
    pub(super) fn new(stack: Stack) -> Self {
        let name = lasting(stack.name());
        let files = stack.files().iter().map(|file| lasting(&file.to_string_lossy())).collect();
        let unit = stack.voxel_size().map(|size| lasting(size.unit.name()));
        let names = stack.channels().iter().map(|channel| channel.name.as_deref().map(lasting));
        let channels = names.collect();
        Self { stack, name, files, unit, channels }
    }
}

/// Opens the file `path`, in UTF-8, as a stack, and stores it in `*stack`: TIFF or BigTIFF of several
/// pages, a hyperstack of ImageJ or an OME-TIFF, whose name is the stack's, without its extension; or
/// PNG. Pages of which the file says nothing are planes along Z. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO, and
/// QLTY_STATUS_IMAGE where the file is broken or of a kind that is not read, or a page is of another
/// shape or type than the first; QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `path` is NULL or a string; `stack` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_open(
    path: *const c_char,
    stack: *mut *mut qlty_stack,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (path, out) = (unsafe { path_text("path", path) }?, writable("stack", stack)?);
        let opened = in_pool(|| Stack::from_file(path))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_stack::new(opened)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees a stack. NULL is fine.
///
/// # Safety
/// `stack` is NULL or a stack that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_free(stack: *mut qlty_stack) {
    // SAFETY: the caller's promise.
    unsafe { free(stack) };
}

/// Describes the array that holds all of a stack: its type, its shape (T, C, Z, Y, X), of which none is
/// 0, and its strides in C order; data is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `stack` is NULL or a stack; `pixels` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_shape(
    stack: *const qlty_stack,
    pixels: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, out) = (unsafe { borrow("stack", stack) }?, writable("pixels", pixels)?);
        let described = qlty_array::describe(dtype_of(stack.stack.pixel_type())?, &stack.stack.shape())?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of a stack and the number of its files: one for each slice, in the order of Z, or
/// the one of all pages. The name is a string that lives as long as the stack; `name` and `files` may
/// be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `stack` is NULL or a stack; `name`, `files` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_name(
    stack: *const qlty_stack,
    name: *mut *const c_char,
    files: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let stack = unsafe { borrow("stack", stack) }?;
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            if !name.is_null() {
                name.write(stack.name.as_ptr());
            }
            if !files.is_null() {
                files.write(stack.files.len() as i64);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the path of a file of a stack, a string that lives as long as the stack. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such file.
///
/// # Safety
/// `stack` is NULL or a stack; `path` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_file(
    stack: *const qlty_stack,
    index: i64,
    path: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, out) = (unsafe { borrow("stack", stack) }?, writable("path", path)?);
        let file = at("index", &stack.files, index)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(file.as_ptr()) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the size of a voxel along (z, y, x), and its unit, such as "micrometer", a string that lives as
/// long as the stack. What the files do not say is NaN, and the unit is NULL where they say nothing.
/// `unit` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `stack` is NULL or a stack; `voxel_size` is NULL or points to three numbers that may be written;
/// `unit` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_voxel_size(
    stack: *const qlty_stack,
    voxel_size: *mut f64,
    unit: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, out) = (unsafe { borrow("stack", stack) }?, writable("voxel_size", voxel_size)?);
        let known = stack.stack.voxel_size();
        let size = known.map_or([f64::NAN; 3], |size| [size.z.unwrap_or(f64::NAN), size.y, size.x]);
        // SAFETY: not null where it is written, and the caller promises that it may be.
        unsafe {
            out.cast::<[f64; 3]>().write_unaligned(size);
            if !unit.is_null() {
                unit.write(stack.unit.as_ref().map_or(std::ptr::null(), |unit| unit.as_ptr()));
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Tells the name of a channel, such as "DAPI", a string that lives as long as the stack, or NULL where the
/// files do not say it. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or where there is no such channel.
///
/// # Safety
/// `stack` is NULL or a stack; `name` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_channel(
    stack: *const qlty_stack,
    channel: i64,
    name: *mut *const c_char,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, out) = (unsafe { borrow("stack", stack) }?, writable("name", name)?);
        let known = at("channel", &stack.channels, channel)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(known.as_ref().map_or(std::ptr::null(), |name| name.as_ptr())) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the number of runs of slices that are missing: counters between the first and the last that no
/// file has. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `stack` is NULL or a stack; `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_missing_count(
    stack: *const qlty_stack,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, out) = (unsafe { borrow("stack", stack) }?, writable("count", count)?);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(stack.stack.missing().len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `counters`, (K, 2) of type u64, with the first and the last counter of each run of slices that are
/// missing; K is that of qlty_stack_missing_count. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `stack` is NULL or a stack; `counters` is NULL or an array whose values may be written; `error` is
/// NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_missing(
    stack: *const qlty_stack,
    counters: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, counters) = unsafe { (borrow("stack", stack)?, borrow("counters", counters)?) };
        // SAFETY: the caller's promise.
        let mut out: ArrayViewMut2<'_, u64> = unsafe { counters.view_mut("counters", &[]) }?;
        let missing = stack.stack.missing();
        check_shape("counters", out.shape(), &[missing.len(), 2])?;
        for (mut row, run) in out.outer_iter_mut().zip(missing) {
            row[0] = *run.start();
            row[1] = *run.end();
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Reads planes of the time point `t` from plane `first` on into `planes`, (C, Z, Y, X) of the stack's type,
/// of which Z is how many. Planes are decoded in parallel, and besides `planes` a plane for each thread
/// is in memory. Progress counts planes. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, or where there is no such time point
/// or plane; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO,
/// QLTY_STATUS_IMAGE and QLTY_STATUS_OUT_OF_MEMORY where a page is not decoded, after which the values in
/// `planes` are unspecified.
///
/// # Safety
/// `stack` is NULL or a stack; `planes` is NULL or an array that is not used by others during the
/// call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_read(
    stack: *const qlty_stack,
    t: i64,
    first: i64,
    planes: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stack, planes) = unsafe { (borrow("stack", stack)?, borrow("planes", planes)?) };
        let (t, first) = (size("t", t)?, size("first", first)?);
        with_type!("planes", planes.dtype, T: pixel => {
            // SAFETY: the caller's promise.
            let out = unsafe { planes.view_mut::<T, Ix4>("planes", &[]) }?;
            let [frames, channels, depth, height, width] = stack.stack.shape();
            check_type::<T>(&stack.stack)?;
            check_shape("planes", out.shape(), &[channels, out.len_of(Axis(1)), height, width])?;
            if t >= frames {
                return Err(Failure::argument(format!("t: got {t}, expected 0 to less than {frames}")));
            }
            let count = out.len_of(Axis(1));
            if first.checked_add(count).is_none_or(|end| end > depth) {
                let message = format!("planes: got {count} from {first} on, expected all within {depth}");
                return Err(Failure::new(QLTY_STATUS_SHAPE, message));
            }
            run(progress, user, |monitor| read_planes(&stack.stack, t, first, out, monitor))
        })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fails where a stack is of another type.
fn check_type<T: Crossing>(stack: &Stack) -> Outcome {
    let expected = dtype_of(stack.pixel_type())?;
    if T::DTYPE != expected {
        return Err(crate::dtype::mismatch("planes", T::DTYPE, &crate::dtype::name(expected)));
    }
    Ok(())
}

fn read_planes<T: Crossing>(
    stack: &Stack,
    t: usize,
    first: usize,
    mut out: ArrayViewMut4<'_, T>,
    monitor: &Monitor,
) -> Outcome {
    let [_, channels, _, height, width] = stack.shape();
    monitor.begin(out.len_of(Axis(1)) as u64);
    let planes = out.axis_iter_mut(Axis(1)).into_par_iter().enumerate();
    planes.try_for_each(|(z, mut out)| {
        monitor.check()?;
        match out.as_slice_mut() {
            Some(pixels) => stack.read_planes_into(t, first + z, pixels)?,
            None => {
                let mut plane = qlty_core::array::zeros::<T, Ix3>("a plane", &[channels, height, width])?;
                if let Some(pixels) = plane.as_slice_mut() {
                    stack.read_planes_into(t, first + z, pixels)?;
                }
                out.assign(&plane);
            }
        }
        monitor.advance(1);
        Ok::<(), Failure>(())
    })?;
    Ok(monitor.check()?)
}
