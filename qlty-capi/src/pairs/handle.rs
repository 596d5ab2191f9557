//! Pairs, with or without the statistics of their patches.

use std::ffi::c_void;

use ::qlty_pairs::{Pair, PairDrawer, PairMetadata, measure_pairs};
use qlty_core::{Rank, Spatial};

use super::options::qlty_pair_options;
use crate::array::{collect, indices, qlty_array};
use crate::dtype::with_type;
use crate::error::{
    Failure, Outcome, QLTY_STATUS_SHAPE, borrow, free, guard, hand_over, qlty_error, qlty_status, size, writable,
};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::read;
use crate::quilt::check_shape;
use crate::rank::{Ranked, check_ndim, sizes, with_rank};
use crate::source::{ImageRank, Source, qlty_images};

/// Pairs of patches: where they lie and how the second is turned, the size of a patch, and, once they
/// were measured, the mean and standard deviation of each patch. Opaque. It never changes, so any
/// number of threads may use one at once; free it with qlty_pairs_free.
#[derive(Debug)]
pub struct qlty_pairs(pub(super) AnyPairs);

/// Pairs of either number of spatial axes.
pub(super) type AnyPairs = Ranked<PairMetadata<2>, PairMetadata<3>>;

/// Numbers of spatial axes that pairs can have.
pub(super) trait PairRank<const D: usize>: ImageRank<D> {
    /// Pairs, as what is behind a handle.
    fn pairs(metadata: PairMetadata<D>) -> AnyPairs;
}

impl PairRank<2> for Spatial<2> {
    fn pairs(metadata: PairMetadata<2>) -> AnyPairs {
        Ranked::Two(metadata)
    }
}

impl PairRank<3> for Spatial<3> {
    fn pairs(metadata: PairMetadata<3>) -> AnyPairs {
        Ranked::Three(metadata)
    }
}

/// Draws the pairs that `options` say from each image, and stores them in `*pairs`, without
/// statistics.
///
/// The images are `batch`, (N, C, Y, X) or (N, C, Z, Y, X), of which only the shape is read, or
/// `images`; the other is NULL. Displacements are drawn uniformly from all whole-numbered vectors of
/// the range that fit in the image, then positions from all at which both patches fit. Image n
/// draws from a stream of its own: its pairs depend on nothing else. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, where the
/// window is empty or larger than the images, the range of lengths is not within a quarter and
/// three quarters of the window or has no vector that fits, or a rotation does not go with the
/// window; QLTY_STATUS_SHAPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `options` is NULL or was filled by qlty_pair_options_init, and its rotations are as many numbers
/// as it says; `batch` is NULL or an array; `images` is NULL or images; `pairs` and `error` are NULL
/// or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_draw(
    options: *const qlty_pair_options,
    batch: *const qlty_array,
    images: *const qlty_images,
    pairs: *mut *mut qlty_pairs,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        let out = writable("pairs", pairs)?;
        // SAFETY: the caller's promise.
        let (options, source) = unsafe { (read(options)?, Source::new(batch, images)?) };
        check_ndim(options.ndim)?;
        let drawn = match options.ndim {
            // SAFETY: the caller's promise.
            2 => Ranked::Two(unsafe { draw(&options, source) }?),
            // SAFETY: the caller's promise.
            _ => Ranked::Three(unsafe { draw(&options, source) }?),
        };
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pairs(drawn)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The rotations of the options are as many numbers as they say.
unsafe fn draw<const D: usize>(options: &qlty_pair_options, source: Source<'_>) -> Outcome<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    // SAFETY: the caller's promise.
    let options = unsafe { options.options::<D>() }?;
    let (window, shape) = (options.window, source.shape(D)?);
    let size = std::array::from_fn(|d| shape[2 + d]);
    let pairs = in_pool(|| PairDrawer::new(options, size)?.all(shape[0]))?;
    Ok(PairMetadata::unmeasured(window, pairs))
}

/// Makes pairs of the host's own positions, and stores them in `*pairs`, without statistics.
///
/// `positions1` and `positions2` are (P, 3) or (P, 4) of type i64: rows (n, y, x) or (n, z, y, x) with
/// the image and the first pixel of each patch, where n is the same in both. `rotations`, (P) of type
/// i64, are the quarter turns of the second patches, counter-clockwise, taken modulo 4; NULL means no
/// turn. `window` points to 2 or 3 numbers, the size of a patch (y, x) or (z, y, x). Whether the
/// patches lie within the images is checked where they are cut. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where the two patches of a
/// pair lie in different images; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `window` is NULL or points to a number per spatial axis; `positions1`, `positions2` and `rotations`
/// are NULL or arrays that are not written during the call; `pairs` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_new(
    window: *const i64,
    positions1: *const qlty_array,
    positions2: *const qlty_array,
    rotations: *const qlty_array,
    pairs: *mut *mut qlty_pairs,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        let out = writable("pairs", pairs)?;
        // SAFETY: the caller's promise.
        let positions = unsafe { [borrow("positions1", positions1)?, borrow("positions2", positions2)?] };
        // SAFETY: the caller's promise.
        unsafe { borrow("window", window) }?;
        // SAFETY: the caller's promise.
        let rotations = unsafe { rotations.as_ref() };
        let made = match positions[0].shape("positions1")?[..] {
            // SAFETY: the caller's promise.
            [_, 3] => Ranked::Two(unsafe { given(window, positions, rotations) }?),
            // SAFETY: the caller's promise.
            [_, 4] => Ranked::Three(unsafe { given(window, positions, rotations) }?),
            ref shape => {
                let problem = format!("positions1: got shape {shape:?}, expected (P, 3) or (P, 4)");
                return Err(Failure::new(QLTY_STATUS_SHAPE, problem));
            }
        };
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pairs(made)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// `window` points to `D` numbers; the arrays are as [`qlty_array::view`] asks.
unsafe fn given<const D: usize>(
    window: *const i64,
    positions: [&qlty_array; 2],
    rotations: Option<&qlty_array>,
) -> Outcome<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    // SAFETY: the caller's promise.
    let window: [i64; D] = std::array::from_fn(|d| unsafe { window.add(d).read() });
    let (window, count) = (sizes("window", &window)?, positions[0].shape("positions1")?[0]);
    check_shape("positions2", &positions[1].shape("positions2")?, &[count, D + 1])?;
    // SAFETY: the caller's promise.
    let [starts1, starts2] = unsafe { [positions[0].view("positions1")?, positions[1].view("positions2")?] };
    let starts: [ndarray::ArrayView2<'_, i64>; 2] = [starts1, starts2];
    let turns: Option<ndarray::ArrayView1<'_, i64>> = match rotations {
        Some(rotations) => {
            check_shape("rotations", &rotations.shape("rotations")?, &[count])?;
            // SAFETY: the caller's promise.
            Some(unsafe { rotations.view("rotations") }?)
        }
        None => None,
    };
    let start = |side: usize, p: usize| -> Outcome<[usize; D]> {
        let name = ["positions1", "positions2"][side];
        let row: [i64; D] = std::array::from_fn(|d| starts[side][[p, 1 + d]]);
        sizes(name, &row)
    };
    let pair = |p: usize| {
        let [image, other] = [0, 1].map(|side| starts[side][[p, 0]]);
        if image != other {
            let problem = format!("positions2: got image {other} for pair {p}, expected {image} as in positions1");
            return Err(Failure::argument(problem));
        }
        let rotation = turns.map_or(0, |turns| turns[p].rem_euclid(4) as u8);
        Ok(Pair { image: size("positions1", image)?, start1: start(0, p)?, start2: start(1, p)?, rotation })
    };
    Ok(PairMetadata::unmeasured(window, collect("positions1", (0..count).map(pair))?))
}

/// Computes the statistics of the patches of pairs, whether they were drawn or given, and stores the
/// pairs with them in `*measured`. `pairs` stays as it is.
///
/// The images are `batch` or `images`, the other is NULL; all types of values. Progress counts
/// patches. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where both images or none are given, or where a
/// pair leaves the images or is turned as its window cannot be; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO,
/// QLTY_STATUS_DAMAGED, QLTY_STATUS_CANCELLED.
///
/// # Safety
/// `pairs` is NULL or pairs; `batch` is NULL or an array that is not written during the call;
/// `images` is NULL or images; `measured` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_measure(
    pairs: *const qlty_pairs,
    batch: *const qlty_array,
    images: *const qlty_images,
    measured: *mut *mut qlty_pairs,
    progress: qlty_progress,
    user: *mut c_void,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, source) = unsafe { (borrow("pairs", pairs)?, Source::new(batch, images)?) };
        let out = writable("measured", measured)?;
        let made = with_rank!(&pairs.0, p, D => with_type!("batch", source.dtype(), T => {
            // SAFETY: the caller's promise.
            unsafe { source.with::<T, _, D>(|images| {
                // What the work reads is reached by the reference, which threads may share.
                let (window, pairs) = (p.window, p.pairs.clone());
                let metadata = run(progress, user, |monitor| measure_pairs(images, window, pairs, monitor))?;
                Ok(<Spatial<D> as PairRank<D>>::pairs(metadata))
            }) }
        }))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pairs(made)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the pairs of these indices, in their order, as pairs of their own in `*selected`.
/// `indices` is (K) of type i64 and may repeat. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or where there is no such pair; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `pairs` is NULL or pairs; `indices` is NULL or an array that is not written during the call;
/// `selected` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_select(
    pairs: *const qlty_pairs,
    indices: *const qlty_array,
    selected: *mut *mut qlty_pairs,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, out) = (unsafe { borrow("pairs", pairs) }?, writable("selected", selected)?);
        // SAFETY: the caller's promise.
        let indices = unsafe { self::indices("indices", indices) }?;
        let made = with_rank!(&pairs.0, p, D => <Spatial<D> as PairRank<D>>::pairs(p.select(&indices)?));
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pairs(made)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees pairs. NULL is fine.
///
/// # Safety
/// `pairs` is NULL or pairs that have not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_free(pairs: *mut qlty_pairs) {
    // SAFETY: the caller's promise.
    unsafe { free(pairs) };
}

/// Stores the number of pairs in `*count`, that of spatial axes in `*ndim`, and the size of a patch,
/// (y, x) or (z, y, x), in `window`; each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `pairs` is NULL.
///
/// # Safety
/// `pairs` is NULL or pairs; `count` and `ndim` are NULL or may be written; `window` is NULL or has
/// room for 3 numbers; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_size(
    pairs: *const qlty_pairs,
    count: *mut i64,
    ndim: *mut i32,
    window: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let pairs = unsafe { borrow("pairs", pairs) }?;
        with_rank!(&pairs.0, p, D => {
            if !count.is_null() {
                // SAFETY: not null, and the caller promises that it may be written.
                unsafe { count.write(p.len() as i64) };
            }
            if !ndim.is_null() {
                // SAFETY: as above.
                unsafe { ndim.write(D as i32) };
            }
            for (axis, size) in p.window.iter().enumerate().filter(|_| !window.is_null()) {
                // SAFETY: as above, with room for a number per axis.
                unsafe { window.add(axis).write(*size as i64) };
            }
        });
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
