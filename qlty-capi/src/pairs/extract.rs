//! Cutting the patches of pairs.

use std::ffi::c_void;

use ::qlty_pairs::extract_pairs_into;

use super::handle::qlty_pairs;
use super::outputs::Outputs;
use crate::array::qlty_array;
use crate::dtype::{check_dtype, with_type};
use crate::error::{borrow, guard, qlty_error, qlty_status, writable};
use crate::long_call::{qlty_progress, run};
use crate::rank::with_rank;
use crate::source::{Source, qlty_images};

/// Describes the arrays that hold the first and the second patches of pairs: the type of the images,
/// the shape (P, C, y, x) or (P, C, z, y, x), and strides in C order; data is NULL. The images are
/// `batch`, of which the type and the shape are read and not the data, or `images`; the other is
/// NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where both images or none are given;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `pairs` is NULL or pairs; `batch` is NULL or an array; `images` is NULL or images; `patches` and
/// `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_extract_shape(
    pairs: *const qlty_pairs,
    batch: *const qlty_array,
    images: *const qlty_images,
    patches: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, source) = unsafe { (borrow("pairs", pairs)?, Source::new(batch, images)?) };
        let out = writable("patches", patches)?;
        check_dtype("batch", source.dtype())?;
        let shape: Vec<usize> = with_rank!(&pairs.0, p, D => {
            [p.len(), source.shape(D)?[1]].into_iter().chain(p.window).collect()
        });
        let described = qlty_array::describe(source.dtype(), &shape)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Cuts the patches of pairs out of images, in their order; qlty_pairs_select chooses among them.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X) of any type, or `images`; the other is
/// NULL. `patches1` and `patches2` are (P, C, y, x) or (P, C, z, y, x) of the images' type, the second
/// patches turned. `deltas`, `rotations`, `positions1` and `positions2` are those of qlty_pairs_places;
/// the positions may be NULL. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where a pair
/// leaves the images or is turned as its window cannot be, or where arrays overlap;
/// QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY;
/// QLTY_STATUS_CANCELLED, and QLTY_STATUS_IO or QLTY_STATUS_DAMAGED where images on disk cannot be read,
/// after all of which the values in the arrays are unspecified.
///
/// # Safety
/// `pairs` is NULL or pairs; `images` is NULL or images; the arrays are NULL or arrays, of which
/// `batch` is not written and the others not used by others during the call; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_extract(
    pairs: *const qlty_pairs,
    batch: *const qlty_array,
    images: *const qlty_images,
    patches1: *const qlty_array,
    patches2: *const qlty_array,
    deltas: *const qlty_array,
    rotations: *const qlty_array,
    positions1: *const qlty_array,
    positions2: *const qlty_array,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, source) = unsafe { (borrow("pairs", pairs)?, Source::new(batch, images)?) };
        // SAFETY: the caller's promise.
        let out = unsafe { Outputs::new([patches1, patches2], deltas, rotations, [positions1, positions2]) }?;
        with_rank!(&pairs.0, p, D => with_type!("batch", source.dtype(), T => {
            // SAFETY: the caller's promise.
            unsafe { source.with::<T, _, D>(|images| {
                let views = out.views::<T, D>(&source.inputs())?;
                run(progress, user, |monitor| extract_pairs_into(images, p.window, &p.pairs, views, monitor))
            }) }
        }))
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
