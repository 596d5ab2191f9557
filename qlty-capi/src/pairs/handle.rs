//! Pairs, with or without the statistics of their patches.

use std::ffi::c_void;
use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::{AnyPairDrawer, AnyPairMetadata, measure_pairs};

use super::options::qlty_pair_options;
use crate::arguments::{into_handle, required, sizes_at, store, store_all};
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, QLTY_STATUS_SHAPE, guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::read;
use crate::source::{Source, describe, qlty_images};

/// Pairs of patches: where they lie and how the second is turned, the size of a patch, and, once they were measured,
/// the mean and standard deviation of each patch. Opaque. It never changes, so any number of threads may use one at
/// once; free it with qlty_pairs_free.
#[derive(Debug)]
pub struct qlty_pairs(pub(super) AnyPairMetadata);

/// Draws pairs from each image as `options` say, and stores them in `*pairs`, without statistics.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X), of which only the shape is read, or `images`; the other is
/// NULL. Displacements are drawn uniformly from all integer vectors in the range that fit in the image, then positions
/// uniformly from all where both patches fit. Image n draws from a stream of its own: its pairs depend on nothing else.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, if the window is empty or larger
/// than the images, the range of lengths is not within a quarter and three quarters of the window or has no vector that
/// fits, or a rotation is not possible with the window; QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_draw(
    options: *const qlty_pair_options,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    pairs: Option<&mut MaybeUninit<*mut qlty_pairs>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let out = required("pairs", pairs)?;
        // SAFETY: the options are as the host promises for all calls.
        let options = unsafe { read(options)?.options() }?;
        let window = options.window.clone();
        let (_, shape) = describe(batch, images, window.len())?;
        let drawn =
            in_pool(|| AnyPairMetadata::unmeasured(&window, AnyPairDrawer::new(options, &shape[2..])?.all(shape[0])?))?;
        into_handle(out, qlty_pairs(drawn))
    })
}

/// Makes pairs from given positions, and stores them in `*pairs`, without statistics.
///
/// `positions1` and `positions2` are (P, 3) or (P, 4) of type i64: rows (n, y, x) or (n, z, y, x) with the image and
/// the first pixel of each patch, where n is the same in both. `rotations`, (P) of type i64, are the quarter turns of
/// the second patches, counter-clockwise, taken modulo 4; NULL means no turn. `window` points to 2 or 3 numbers, the
/// size of a patch (y, x) or (z, y, x). Whether the patches lie within the images is checked when they are extracted.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or if the two patches of a pair lie in different
/// images; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_new(
    window: *const i64,
    positions1: Option<&qlty_array>,
    positions2: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    pairs: Option<&mut MaybeUninit<*mut qlty_pairs>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let out = required("pairs", pairs)?;
        let starts1 = arrays.input("positions1", positions1)?;
        let starts2 = arrays.input("positions2", positions2)?;
        let rotations = arrays.optional_input("rotations", rotations)?;
        let ndim = match starts1.shape() {
            [_, columns @ (3 | 4)] => columns - 1,
            shape => {
                let problem = format!("positions1: got shape {shape:?}, expected (P, 3) or (P, 4)");
                return Err(Failure::new(QLTY_STATUS_SHAPE, problem));
            }
        };
        // SAFETY: the host gives a number per spatial axis.
        let window = unsafe { sizes_at("window", window, ndim) }?;
        into_handle(out, qlty_pairs(AnyPairMetadata::from_positions(&window, starts1, starts2, rotations)?))
    })
}

/// Computes the statistics of the patches of pairs, whether they were drawn or given, and stores the pairs with them in
/// `*measured`. `pairs` stays as it is.
///
/// The images are `batch` or `images`, the other is NULL; values of any type. Progress counts patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if both images or none are given, or if a pair leaves the images or
/// has a rotation that is not possible with its window; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_measure(
    pairs: Option<&qlty_pairs>,
    batch: Option<&qlty_array>,
    images: Option<&qlty_images>,
    measured: Option<&mut MaybeUninit<*mut qlty_pairs>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (pairs, out) = (&required("pairs", pairs)?.0, required("measured", measured)?);
        let source = Source::new(batch, images, pairs.ndim(), &mut arrays)?;
        let measured = run(progress, user, |monitor| {
            measure_pairs(source.get(), pairs.window(), pairs.pairs().to_vec(), monitor)
        })?;
        into_handle(out, qlty_pairs(measured))
    })
}

/// Stores the pairs with these indices, in their order, as new pairs in `*selected`. `indices` is (K) of type i64 and
/// may repeat. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or if there is no such pair; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_select(
    pairs: Option<&qlty_pairs>,
    indices: Option<&qlty_array>,
    selected: Option<&mut MaybeUninit<*mut qlty_pairs>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (pairs, out) = (&required("pairs", pairs)?.0, required("selected", selected)?);
        into_handle(out, qlty_pairs(pairs.select(&arrays.indices("indices", indices)?)?))
    })
}

/// Frees pairs. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_free(pairs: Option<Box<qlty_pairs>>) {
    drop(pairs);
}

/// Stores the number of pairs in `*count`, the number of spatial axes in `*ndim`, and the size of a patch, (y, x) or
/// (z, y, x), in `window`; each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if `pairs` is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_size(
    pairs: Option<&qlty_pairs>,
    count: Option<&mut MaybeUninit<i64>>,
    ndim: Option<&mut MaybeUninit<i32>>,
    window: *mut i64,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let pairs = &required("pairs", pairs)?.0;
        store(count, pairs.len() as i64);
        store(ndim, pairs.ndim() as i32);
        // SAFETY: the host gives room for a number per spatial axis, or NULL.
        unsafe { store_all(window, pairs.window().iter().map(|size| *size as i64)) };
        Ok(())
    })
}
