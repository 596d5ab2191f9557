//! Stitching patch by patch.

use ndarray::{Dimension, Ix1};
use qlty_core::{BatchDim, Float, ImageDim, Rank, Spatial, Stitcher, WindowDim};

use crate::array::{indices_of, qlty_array};
use crate::dtype::{QLTY_DTYPE_I64, Typed, mismatch, qlty_dtype, with_type};
use crate::error::{
    Failure, Outcome, borrow, borrow_mut, free, guard, hand_over, qlty_error, qlty_status, size, writable,
};
use crate::long_call::in_pool;
use crate::quilt::{check_shape, qlty_quilt, with_quilt};

/// Takes the patches of a batch as they come and stitches them together. Opaque; one thread at a
/// time may use one, which works on all of them. Free it with qlty_stitcher_free.
#[derive(Debug)]
pub struct qlty_stitcher(Box<dyn AnyStitcher>);

/// A stitcher of any type of patches and number of spatial axes.
///
/// # Safety
/// Of its methods: the arrays are as [`qlty_array::view`] and [`qlty_array::view_mut`] ask.
trait AnyStitcher: std::fmt::Debug + Send {
    unsafe fn push(&mut self, first: usize, patches: &qlty_array) -> Outcome;
    unsafe fn push_at(&mut self, indices: &[usize], patches: &qlty_array) -> Outcome;
    fn missing(&self) -> Box<dyn Iterator<Item = usize> + '_>;
    fn missing_count(&self) -> usize;
    unsafe fn finish(&mut self, batch: &qlty_array, weights: Option<&qlty_array>) -> Outcome;
    unsafe fn finish_incomplete(&mut self, fill: f64, batch: &qlty_array, weights: Option<&qlty_array>) -> Outcome;
}

impl<T: Typed, const D: usize> AnyStitcher for Stitcher<T, D>
where
    Spatial<D>: Rank,
    T::Sum: Typed,
{
    unsafe fn push(&mut self, first: usize, patches: &qlty_array) -> Outcome {
        // SAFETY: the caller's promise.
        let view = unsafe { patches.view::<T, BatchDim<D>>("patches") }?;
        Ok(in_pool(|| self.push(first, view))?)
    }

    unsafe fn push_at(&mut self, indices: &[usize], patches: &qlty_array) -> Outcome {
        // SAFETY: the caller's promise.
        let view = unsafe { patches.view::<T, BatchDim<D>>("patches") }?;
        Ok(in_pool(|| self.push_at(indices, view))?)
    }

    fn missing(&self) -> Box<dyn Iterator<Item = usize> + '_> {
        Box::new(self.missing())
    }

    fn missing_count(&self) -> usize {
        self.missing_count()
    }

    unsafe fn finish(&mut self, batch: &qlty_array, weights: Option<&qlty_array>) -> Outcome {
        let size = self.quilt().size();
        // SAFETY: the caller's promise.
        let outputs = unsafe { Outputs::<T::Sum, _, WindowDim<D>>::new(batch, &self.shape(), weights, &size) }?;
        let (batch, weights) = in_pool(|| self.finish())?;
        outputs.write(&batch, &weights);
        Ok(())
    }

    unsafe fn finish_incomplete(&mut self, fill: f64, batch: &qlty_array, weights: Option<&qlty_array>) -> Outcome {
        let shape = self.shape();
        let per_image: Vec<_> = shape[..1].iter().chain(&shape[2..]).copied().collect();
        // SAFETY: the caller's promise.
        let outputs = unsafe { Outputs::<T::Sum, BatchDim<D>, ImageDim<D>>::new(batch, &shape, weights, &per_image) }?;
        let (batch, weights) = in_pool(|| self.finish_incomplete(<T::Sum as Float>::from_f64(fill)))?;
        outputs.write(&batch, &weights);
        Ok(())
    }
}

/// Where a result goes, checked before it is made.
struct Outputs<'a, S, B, W> {
    batch: ndarray::ArrayViewMut<'a, S, B>,
    weights: Option<ndarray::ArrayViewMut<'a, S, W>>,
}

impl<S: Typed, B: Dimension, W: Dimension> Outputs<'_, S, B, W> {
    /// # Safety
    /// As [`qlty_array::view_mut`].
    unsafe fn new(
        batch: &qlty_array,
        batch_shape: &[usize],
        weights: Option<&qlty_array>,
        weights_shape: &[usize],
    ) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        let out = unsafe { batch.view_mut::<S, B>("batch", &[]) }?;
        check_shape("batch", out.shape(), batch_shape)?;
        // SAFETY: the caller's promise.
        let sums = weights.map(|weights| unsafe { weights.view_mut::<S, W>("weights", &[("batch", batch)]) });
        let sums = sums.transpose()?;
        if let Some(sums) = &sums {
            check_shape("weights", sums.shape(), weights_shape)?;
        }
        Ok(Self { batch: out, weights: sums })
    }

    fn write(mut self, batch: &ndarray::Array<S, B>, weights: &ndarray::Array<S, W>) {
        self.batch.assign(batch);
        if let Some(sums) = &mut self.weights {
            sums.assign(weights);
        }
    }
}

/// Creates a stitcher for a batch of `images` with `channels`, whose patches are of type `dtype`, and
/// stores it in `*stitcher`. The quilt may be freed before the stitcher. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, a negative number, or where the step leaves gaps
/// between the windows; QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `quilt` is NULL or a quilt; `stitcher` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_new(
    quilt: *const qlty_quilt,
    dtype: qlty_dtype,
    images: i64,
    channels: i64,
    stitcher: *mut *mut qlty_stitcher,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let quilt = unsafe { borrow("quilt", quilt) }?;
        let (images, channels) = (size("images", images)?, size("channels", channels)?);
        let out = writable("stitcher", stitcher)?;
        let made: Box<dyn AnyStitcher> = with_quilt!(quilt, q, _D => with_type!("dtype", dtype, T => {
            Ok::<_, Failure>(Box::new(q.stitcher::<T>(images, channels)?) as Box<dyn AnyStitcher>)
        }))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_stitcher(made)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees a stitcher. NULL is fine.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_free(stitcher: *mut qlty_stitcher) {
    // SAFETY: the caller's promise.
    unsafe { free(stitcher) };
}

/// Adds the patches `first`, `first` + 1, ...: (P, C, y, x) or (P, C, z, y, x) of the stitcher's type.
/// Patches that come in the order of their index give the result of qlty_quilt_stitch to the bit.
///
/// Errors, of which none adds anything: QLTY_STATUS_INVALID_ARGUMENT for NULL or indices beyond the
/// batch, QLTY_STATUS_DUPLICATE, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread uses; `patches` is NULL or an array that is
/// not written during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_push(
    stitcher: *mut qlty_stitcher,
    first: i64,
    patches: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitcher, patches) = unsafe { (borrow_mut("stitcher", stitcher)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        unsafe { stitcher.0.push(size("first", first)?, patches) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Adds patches in any order: patch i of `patches` has the patch index `indices[i]`. `indices` is (P)
/// of type i64.
///
/// Errors, of which none adds anything: those of qlty_stitcher_push, and
/// QLTY_STATUS_INVALID_ARGUMENT where there are not as many indices as patches.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread uses; `indices` and `patches` are NULL or
/// arrays that are not written during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_push_at(
    stitcher: *mut qlty_stitcher,
    indices: *const qlty_array,
    patches: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitcher, patches) = unsafe { (borrow_mut("stitcher", stitcher)?, borrow("patches", patches)?) };
        // SAFETY: the caller's promise.
        let indices = unsafe { indices_of(patches, indices) }?;
        // SAFETY: the caller's promise.
        unsafe { stitcher.0.push_at(&indices, patches) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the number of patches that have not arrived.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread changes; `count` and `error` are NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_missing_count(
    stitcher: *const qlty_stitcher,
    count: *mut i64,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let stitcher = unsafe { borrow("stitcher", stitcher) }?;
        let count = writable("count", count)?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { count.write(stitcher.0.missing_count() as i64) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `indices`, (K) of type i64, with the lowest indices of patches that have not arrived; K is at
/// most their number, which qlty_stitcher_missing_count says.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_SHAPE where K is larger,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread changes; `indices` is NULL or an array whose
/// values may be written; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_missing(
    stitcher: *const qlty_stitcher,
    indices: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitcher, indices) = unsafe { (borrow("stitcher", stitcher)?, borrow("indices", indices)?) };
        if indices.dtype != QLTY_DTYPE_I64 {
            return Err(mismatch("indices", indices.dtype, "i64"));
        }
        // SAFETY: the caller's promise.
        let mut out = unsafe { indices.view_mut::<i64, Ix1>("indices", &[]) }?;
        if out.len() > stitcher.0.missing_count() {
            check_shape("indices", out.shape(), &[stitcher.0.missing_count()])?;
        }
        out.iter_mut().zip(stitcher.0.missing()).for_each(|(to, index)| *to = index as i64);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Writes the stitched batch, (N, C, Y, X) or (N, C, Z, Y, X), and, where `weights` is not NULL, the
/// sum of the window weights, (Y, X) or (Z, Y, X); types are those of qlty_quilt_stitch. The
/// stitcher is empty then, and begins anew.
///
/// Errors, after which the stitcher is as before: QLTY_STATUS_INCOMPLETE while patches are missing,
/// QLTY_STATUS_INVALID_ARGUMENT for NULL or where the arrays overlap, QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread uses; `batch` and `weights` are NULL or
/// arrays that are not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_finish(
    stitcher: *mut qlty_stitcher,
    batch: *const qlty_array,
    weights: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitcher, batch) = unsafe { (borrow_mut("stitcher", stitcher)?, borrow("batch", batch)?) };
        // SAFETY: the caller's promise.
        unsafe { stitcher.0.finish(batch, weights.as_ref()) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// As qlty_stitcher_finish while patches are missing: pixels that no patch has reached are `fill`, and
/// `weights` is (N, Y, X) or (N, Z, Y, X), the sums of the weights that arrived for each image.
///
/// Errors, after which the stitcher is as before: QLTY_STATUS_INVALID_ARGUMENT for NULL or where the
/// arrays overlap, QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `stitcher` is NULL or a stitcher that no other thread uses; `batch` and `weights` are NULL or
/// arrays that are not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_stitcher_finish_incomplete(
    stitcher: *mut qlty_stitcher,
    fill: f64,
    batch: *const qlty_array,
    weights: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (stitcher, batch) = unsafe { (borrow_mut("stitcher", stitcher)?, borrow("batch", batch)?) };
        // SAFETY: the caller's promise.
        unsafe { stitcher.0.finish_incomplete(fill, batch, weights.as_ref()) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
