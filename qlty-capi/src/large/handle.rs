//! Results that are being stitched onto disk: which patches they want and how far they are.

use std::ffi::{c_char, c_void};

use ::qlty_large::{Accumulator, LargeQuilt, LargeResult, Progress};
use ndarray::ArrayViewMut1;
use qlty_core::{BatchDim, Spatial};

use super::options::qlty_large_options;
use super::stitched::AnyStitched;
use crate::array::qlty_array;
use crate::dtype::{Typed, qlty_dtype, with_type};
use crate::error::{
    Failure, Outcome, QLTY_STATUS_SHAPE, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, writable,
};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::read;
use crate::quilt::{qlty_quilt, with_quilt};
use crate::source::{ImageRank, Source};

/// Stitches the patches of a batch onto disk as they come, in any order and in bounded memory; a
/// process that is killed goes on where it was. Opaque. Any number of threads may use one at once,
/// also to stitch; free it with qlty_large_free.
///
/// Of the path `folder/name` the results are the Zarr v3 arrays `folder/name_mean.zarr` and, if asked
/// for, `folder/name_std.zarr`, in which a tile is written once, when its last patch has come.
/// `folder/name_state` has what is not finished. After the end of a process, by which way ever,
/// the finished tiles and what the last qlty_large_checkpoint wrote are there, and the patches that
/// have to come again are pending.
#[derive(Debug)]
pub struct qlty_large(pub(super) Box<dyn AnyLarge>);

/// Mean and standard deviation.
pub(super) type Results = (Box<dyn AnyStitched>, Option<Box<dyn AnyStitched>>);

/// A result of any type of sums and number of spatial axes.
///
/// # Safety
/// Of its methods: the arrays are as [`qlty_array::view`] and [`qlty_array::view_mut`] ask.
pub(super) trait AnyLarge: std::fmt::Debug + Send + Sync {
    fn dtype(&self) -> qlty_dtype;
    /// (N, C, Y, X) or (N, C, Z, Y, X), where C is 0 as long as it is not known.
    fn shape(&self) -> Vec<usize>;
    fn window(&self) -> Vec<usize>;
    fn progress(&self) -> Progress;
    fn pending(&self) -> Vec<usize>;
    fn next_indices(&self, most: usize) -> Vec<usize>;
    fn rewind(&self);
    unsafe fn unstitch(
        &self,
        source: Source<'_>,
        indices: &[usize],
        patches: &qlty_array,
        progress: qlty_progress,
        user: *mut c_void,
    ) -> Outcome;
    unsafe fn stitch(
        &self,
        indices: &[usize],
        patches: &qlty_array,
        variances: Option<&qlty_array>,
        progress: qlty_progress,
        user: *mut c_void,
    ) -> Outcome;
    fn skip(&self, indices: &[usize]) -> Outcome;
    fn checkpoint(&self, progress: qlty_progress, user: *mut c_void) -> Outcome;
    fn finish(&self) -> Outcome<Results>;
    fn finish_incomplete(&self, progress: qlty_progress, user: *mut c_void) -> Outcome<Results>;
}

impl<A: Accumulator + Typed, const D: usize> AnyLarge for LargeQuilt<A, D>
where
    Spatial<D>: ImageRank<D>,
{
    fn dtype(&self) -> qlty_dtype {
        A::DTYPE
    }

    fn shape(&self) -> Vec<usize> {
        [self.images(), self.channels().unwrap_or(0)].into_iter().chain(self.quilt().size()).collect()
    }

    fn window(&self) -> Vec<usize> {
        self.quilt().window().to_vec()
    }

    fn progress(&self) -> Progress {
        self.progress()
    }

    fn pending(&self) -> Vec<usize> {
        self.pending()
    }

    fn next_indices(&self, most: usize) -> Vec<usize> {
        self.next_indices(most)
    }

    fn rewind(&self) {
        self.rewind();
    }

    unsafe fn unstitch(
        &self,
        source: Source<'_>,
        indices: &[usize],
        patches: &qlty_array,
        progress: qlty_progress,
        user: *mut c_void,
    ) -> Outcome {
        with_type!("batch", source.dtype(), T => {
            // SAFETY: the caller's promise.
            let to = unsafe { patches.view_mut::<T, BatchDim<D>>("patches", &source.inputs()) }?;
            // SAFETY: the caller's promise.
            unsafe { source.with::<T, _, D>(|images| {
                run(progress, user, |monitor| self.unstitch_into(images, indices, to, monitor))
            }) }
        })
    }

    unsafe fn stitch(
        &self,
        indices: &[usize],
        patches: &qlty_array,
        variances: Option<&qlty_array>,
        progress: qlty_progress,
        user: *mut c_void,
    ) -> Outcome {
        with_type!("patches", patches.dtype, T => {
            // SAFETY: the caller's promise.
            let values = unsafe { patches.view::<T, BatchDim<D>>("patches") }?;
            // SAFETY: the caller's promise.
            let variances = variances.map(|variances| unsafe { variances.view::<T, BatchDim<D>>("variances") });
            let variances = variances.transpose()?;
            run(progress, user, |monitor| self.stitch_with(indices, values, variances, monitor))
        })
    }

    fn skip(&self, indices: &[usize]) -> Outcome {
        Ok(in_pool(|| self.skip(indices))?)
    }

    fn checkpoint(&self, progress: qlty_progress, user: *mut c_void) -> Outcome {
        run(progress, user, |monitor| self.checkpoint_with(monitor))
    }

    fn finish(&self) -> Outcome<Results> {
        Ok(results(in_pool(|| self.finish())?))
    }

    fn finish_incomplete(&self, progress: qlty_progress, user: *mut c_void) -> Outcome<Results> {
        Ok(results(run(progress, user, |monitor| self.finish_incomplete_with(monitor))?))
    }
}

fn results<A: Accumulator + Typed, const D: usize>(result: LargeResult<A, D>) -> Results
where
    Spatial<D>: ImageRank<D>,
{
    let (mean, std) = result.into_arrays();
    (Box::new(mean), std.map(|std| Box::new(std) as Box<dyn AnyStitched>))
}

/// Begins the result `folder/name` that `path` says, in UTF-8, or goes on with it, and stores what
/// stitches it in `*large`. The quilt may be freed before. Any thread.
///
/// Where it goes on, the finished tiles and the last checkpoint count, and quilt, images, type, std,
/// normalize and fill must be those with which the result was begun, and so must the other options
/// as far as they are given, but for the memory budget and the shard.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a path that is not UTF-8 or has no name, where an
/// option is none, or where the step leaves gaps between the windows; QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY. QLTY_STATUS_EXISTS where there is a result that must
/// not be there; QLTY_STATUS_IO where there is none that must be; QLTY_STATUS_GEOMETRY where it was
/// begun with another geometry or other options; QLTY_STATUS_FOREIGN where something else has its
/// name; QLTY_STATUS_DAMAGED where one of its files has changed; QLTY_STATUS_BUSY where some of the
/// same tiles are in the hands of another process, or of this one.
///
/// # Safety
/// `quilt` is NULL or a quilt; `path` is NULL or a string; `options` is NULL or was filled by
/// qlty_large_options_init, and its codec is NULL or a string; `large` and `error` are NULL or may be
/// written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_new(
    quilt: *const qlty_quilt,
    path: *const c_char,
    options: *const qlty_large_options,
    large: *mut *mut qlty_large,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (quilt, path) = unsafe { (borrow("quilt", quilt)?, path_text("path", path)?) };
        // SAFETY: the caller's promise.
        let (options, out) = (unsafe { read(options) }?, writable("large", large)?);
        let started = with_quilt!(quilt, q, D => with_type!("dtype", options.dtype, A: real => {
            // SAFETY: the caller's promise.
            let large = unsafe { options.start::<A, D>(q, path) }?;
            Ok::<_, Failure>(Box::new(large) as Box<dyn AnyLarge>)
        }))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_large(started)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Ends the work on a result, which need not be complete: the patches stitched since the last
/// checkpoint into tiles that are not finished are then pending for the next. NULL is fine.
///
/// # Safety
/// `large` is NULL or has not been freed, is in use by no thread, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_free(large: *mut qlty_large) {
    // SAFETY: the caller's promise.
    unsafe { free(large) };
}

/// Describes the result: its type, its shape (N, C, Y, X) or (N, C, Z, Y, X), and strides in C order;
/// data is NULL. C is 0 as long as the number of channels is not known. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `large` is NULL or a result in work; `batch` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_shape(
    large: *const qlty_large,
    batch: *mut qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, out) = (unsafe { borrow("large", large) }?, writable("batch", batch)?);
        let described = qlty_array::describe(large.0.dtype(), &large.0.shape())?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { out.write(described) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores how far the work has come, of what the shard has to do: the patches that were stitched or
/// skipped in `*patches_done`, of those in `*patches` that reach its tiles, and the tiles on disk in
/// `*tiles_done`, of those in `*tiles`. Each may be NULL. Any thread, also while others stitch.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` is NULL.
///
/// # Safety
/// `large` is NULL or a result in work; the other pointers are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_progress(
    large: *const qlty_large,
    patches_done: *mut i64,
    patches: *mut i64,
    tiles_done: *mut i64,
    tiles: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let progress = unsafe { borrow("large", large) }?.0.progress();
        let numbers = [
            (patches_done, progress.patches_done),
            (patches, progress.patches),
            (tiles_done, progress.tiles_done),
            (tiles, progress.tiles),
        ];
        for (to, number) in numbers.into_iter().filter(|(to, _)| !to.is_null()) {
            // SAFETY: not null, and the caller promises that it may be written.
            unsafe { to.write(number as i64) };
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores in `*count` how many patches of the shard have not been stitched, and fills `indices`, (K) of
/// type i64, with the lowest of them, ascending; what it has room for beyond them stays as it is.
/// `indices` may be NULL. Among them are patches whose call failed. Any thread, also while others
/// stitch.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `large` or `count` is NULL; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `large` is NULL or a result in work; `indices` is NULL or an array whose values may be written;
/// `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_pending(
    large: *const qlty_large,
    indices: *const qlty_array,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, stored) = (unsafe { borrow("large", large) }?, writable("count", count)?);
        // SAFETY: the caller's promise.
        let out = unsafe { indices.as_ref() };
        // SAFETY: the caller's promise.
        let out = out.map(|indices| unsafe { indices.view_mut::<i64, _>("indices", &[]) }).transpose()?;
        let pending = large.0.pending();
        if let Some(out) = out {
            fill(out, &pending);
        }
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { stored.write(pending.len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Hands out the next pending patches: fills `indices`, (K) of type i64, with up to K of them, ascending,
/// and stores their number in `*count`, 0 at the end; the rest of `indices` stays as it is. Threads
/// that ask get different ones. Any thread.
///
/// A patch that was handed out and not stitched, since the host or a call failed, is handed out
/// again after qlty_large_rewind.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, also where K is 0;
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `large` is NULL or a result in work; `indices` is NULL or an array whose values may be written;
/// `count` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_next(
    large: *const qlty_large,
    indices: *const qlty_array,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (large, indices) = unsafe { (borrow("large", large)?, borrow("indices", indices)?) };
        let stored = writable("count", count)?;
        // SAFETY: the caller's promise.
        let out: ArrayViewMut1<'_, i64> = unsafe { indices.view_mut("indices", &[]) }?;
        if out.is_empty() {
            return Err(Failure::new(QLTY_STATUS_SHAPE, "indices: got shape [0], expected room for one at least"));
        }
        let next = large.0.next_indices(out.len());
        fill(out, &next);
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { stored.write(next.len() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Has qlty_large_next hand out from the first pending patch on again. A patch that another thread has
/// at that moment may then be handed out twice. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `large` is NULL or a result in work; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_large_rewind(large: *const qlty_large, error: *mut *mut qlty_error) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        unsafe { borrow("large", large) }?.0.rewind();
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

fn fill(mut out: ArrayViewMut1<'_, i64>, indices: &[usize]) {
    out.iter_mut().zip(indices).for_each(|(to, index)| *to = *index as i64);
}
