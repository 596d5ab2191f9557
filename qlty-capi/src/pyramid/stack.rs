//! An open stack: its metadata and its planes.

use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;

use ::qlty_pyramid::Stack;
use qlty_core::DType;

use crate::arguments::{at, done, into_handle, lasting, not_null, path_text, required, size, store, store_all};
use crate::array::{Arrays, check_ndim, check_shape, qlty_array};
use crate::dtype::number;
use crate::error::{Failure, QLTY_STATUS_SHAPE, guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};

/// A stack of images, (T, C, Z, Y, X), whose planes are pages of TIFF files, or PNG files: opened, with all headers
/// read and checked. It keeps neither pixels nor open files; the files must not change. Opaque. Any number of threads
/// may use one at once; free it with qlty_stack_free.
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

/// Opens the file `path`, in UTF-8, as a stack, and stores it in `*stack`: multi-page TIFF or BigTIFF, ImageJ
/// hyperstacks, OME-TIFF, or PNG. The stack has the name of the file without its extension. Pages without metadata are
/// planes along Z. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO, and QLTY_STATUS_IMAGE if
/// the file is broken or in a format that is not supported, or a page has another shape or type than the first;
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_open(
    path: *const c_char,
    stack: Option<&mut MaybeUninit<*mut qlty_stack>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        let (path, out) = (unsafe { path_text("path", path) }?, required("stack", stack)?);
        let opened = in_pool(|| Stack::from_file(path))?;
        into_handle(out, qlty_stack::new(opened))
    })
}

/// Frees a stack. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_free(stack: Option<Box<qlty_stack>>) {
    drop(stack);
}

/// Describes the array that holds all of a stack: its type, its shape (T, C, Z, Y, X), all of them above 0, and its
/// strides in C order; data is NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_shape(
    stack: Option<&qlty_stack>,
    pixels: Option<&mut MaybeUninit<qlty_array>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stack, out) = (required("stack", stack)?, required("pixels", pixels)?);
        let described = qlty_array::describe(number(stack.stack.dtype()), &stack.stack.shape())?;
        done(out, described)
    })
}

/// Stores the name of a stack and the number of its files: one per slice, in the order of Z, or a single one. The name
/// is a string that lives as long as the stack; `name` and `files` may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_name(
    stack: Option<&qlty_stack>,
    name: Option<&mut MaybeUninit<*const c_char>>,
    files: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let stack = required("stack", stack)?;
        store(name, stack.name.as_ptr());
        store(files, stack.files.len() as i64);
        Ok(())
    })
}

/// Stores the path of a file of a stack, a string that lives as long as the stack. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_file(
    stack: Option<&qlty_stack>,
    index: i64,
    path: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stack, out) = (required("stack", stack)?, required("path", path)?);
        let file = at("index", &stack.files, index)?;
        done(out, file.as_ptr())
    })
}

/// Stores the size of a voxel along (z, y, x), and its unit, such as "micrometer", a string that lives as long as the
/// stack. Values that the files do not state are NaN, and the unit is NULL if they state nothing. `unit` may be NULL.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_voxel_size(
    stack: Option<&qlty_stack>,
    voxel_size: *mut f64,
    unit: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let stack = required("stack", stack)?;
        not_null("voxel_size", voxel_size)?;
        let known = stack.stack.voxel_size();
        let size = known.map_or([f64::NAN; 3], |size| [size.z.unwrap_or(f64::NAN), size.y, size.x]);
        // SAFETY: the host gives room for three numbers.
        unsafe { store_all(voxel_size, size) };
        store(unit, stack.unit.as_ref().map_or(std::ptr::null(), |unit| unit.as_ptr()));
        Ok(())
    })
}

/// Stores the name of a channel, such as "DAPI", a string that lives as long as the stack, or NULL if the files do not
/// state it. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_channel(
    stack: Option<&qlty_stack>,
    channel: i64,
    name: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stack, out) = (required("stack", stack)?, required("name", name)?);
        let known = at("channel", &stack.channels, channel)?;
        done(out, known.as_ref().map_or(std::ptr::null(), |name| name.as_ptr()))
    })
}

/// Stores the number of gaps in the counters of the slices: runs of counters between the first and the last that no
/// file has. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_missing_count(
    stack: Option<&qlty_stack>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (stack, out) = (required("stack", stack)?, required("count", count)?);
        done(out, stack.stack.missing().len() as i64)
    })
}

/// Fills `counters`, (K, 2) of type u64, with the first and the last missing counter of each gap; K is that of
/// qlty_stack_missing_count. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_missing(
    stack: Option<&qlty_stack>,
    counters: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (stack, mut out) = (required("stack", stack)?, arrays.output_of("counters", counters, &[DType::U64])?);
        let missing = stack.stack.missing();
        check_shape("counters", out.shape(), &[missing.len(), 2])?;
        let ends = missing.iter().flat_map(|run| [*run.start(), *run.end()]);
        out.view_mut::<u64>("counters")?.iter_mut().zip(ends).for_each(|(to, counter)| *to = counter);
        Ok(())
    })
}

/// Reads planes of the time point `t` into `planes`, (C, Z, Y, X) of the stack's type: as many as it has room for, from
/// plane `first` on. Planes are decoded in parallel, with memory for one more plane per thread. Progress counts planes.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a negative number, or if there is no such time point or plane;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE; QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO, QLTY_STATUS_IMAGE and
/// QLTY_STATUS_OUT_OF_MEMORY if a page cannot be decoded, after which the values in `planes` are unspecified.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stack_read(
    stack: Option<&qlty_stack>,
    t: i64,
    first: i64,
    planes: Option<&qlty_array>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let stack = &required("stack", stack)?.stack;
        let planes = arrays.output_of("planes", planes, &[stack.dtype()])?;
        let (t, first) = (size("t", t)?, size("first", first)?);
        check_ndim("planes", planes.shape(), 4)?;
        let ([frames, channels, depth, height, width], count) = (stack.shape(), planes.shape()[1]);
        check_shape("planes", planes.shape(), &[channels, count, height, width])?;
        if t >= frames {
            return Err(Failure::argument(format!("t: got {t}, expected 0 to less than {frames}")));
        }
        if first.checked_add(count).is_none_or(|end| end > depth) {
            let message = format!("planes: got {count} from {first} on, expected all within {depth}");
            return Err(Failure::new(QLTY_STATUS_SHAPE, message));
        }
        run(progress, user, |monitor| stack.read_planes_into(t, first, planes, monitor))
    })
}
