//! Stored pairs: opening, reading, shuffling.

use std::ffi::c_char;
use std::path::Path;

use ::qlty_pairs::{PatchPairDataset, Positions, inspect_dataset};
use ndarray::ArrayViewMut1;
use qlty_core::Spatial;
use qlty_core::zarr::{Error, Stored};

use super::batches::{AnyBatches, Upcoming};
use super::handle::{AnyPairs, PairRank, qlty_pairs};
use super::outputs::{Outputs, copy};
use super::store::{QLTY_POSITIONS_NONE, QLTY_POSITIONS_PIXELS, QLTY_POSITIONS_WITH_IMAGE};
use crate::array::{indices, qlty_array};
use crate::dtype::{QLTY_DTYPE_BOOL, Typed, qlty_dtype, stored_as, with_type};
use crate::error::{Outcome, borrow, free, guard, hand_over, path_text, qlty_error, qlty_status, writable};
use crate::long_call::in_pool;
use crate::quilt::check_shape;
use crate::source::{cache, unknown_type};

/// The pairs of a Zarr store, as qlty_pairs_write or the Python package wrote it. Opaque. Any number
/// of threads may use one at once; free it with qlty_dataset_free.
#[derive(Debug)]
pub struct qlty_dataset(pub(super) Box<dyn AnyDataset>);

/// A dataset of any type of patches and number of spatial axes.
pub(super) trait AnyDataset: std::fmt::Debug + Send + Sync {
    fn dtype(&self) -> qlty_dtype;
    /// (P, C, y, x) or (P, C, z, y, x).
    fn shape(&self) -> Vec<usize>;
    fn positions(&self) -> Positions;
    fn metadata(&self) -> Outcome<AnyPairs>;
    /// # Safety
    /// The arrays are as [`Outputs::views`] asks.
    unsafe fn read(&self, indices: &[usize], out: &Outputs<'_>) -> Outcome;
    fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize>;
    fn batches(&self, order: Vec<usize>, size: usize, ahead: usize) -> Outcome<Box<dyn AnyBatches>>;
}

/// A type of stored values, and the type in which the host has them.
pub(super) trait Crossing: Stored {
    const DTYPE: qlty_dtype;
    type Host: Typed;
    fn cross(self) -> Self::Host;
}

impl Crossing for bool {
    const DTYPE: qlty_dtype = QLTY_DTYPE_BOOL;
    // What the host has in the bytes may be no truth value.
    type Host = u8;
    fn cross(self) -> u8 {
        u8::from(self)
    }
}

impl<T: Typed + Stored> Crossing for T {
    const DTYPE: qlty_dtype = <T as Typed>::DTYPE;
    type Host = T;
    fn cross(self) -> T {
        self
    }
}

impl<T: Crossing, const D: usize> AnyDataset for PatchPairDataset<T, D>
where
    Spatial<D>: PairRank<D>,
{
    fn dtype(&self) -> qlty_dtype {
        T::DTYPE
    }

    fn shape(&self) -> Vec<usize> {
        [self.len(), self.channels()].into_iter().chain(self.window()).collect()
    }

    fn positions(&self) -> Positions {
        self.positions()
    }

    fn metadata(&self) -> Outcome<AnyPairs> {
        Ok(<Spatial<D> as PairRank<D>>::pairs(self.metadata()?))
    }

    unsafe fn read(&self, indices: &[usize], out: &Outputs<'_>) -> Outcome {
        out.check_positions(self.positions() != Positions::None)?;
        // SAFETY: the caller's promise.
        let views = unsafe { out.views::<T::Host, D>(&[]) }?;
        let batch = in_pool(|| self.get_batch(indices))?;
        copy(&batch, views, T::cross)
    }

    fn epoch(&self, seed: u64, epoch: u64) -> Vec<usize> {
        self.epoch(seed, epoch)
    }

    fn batches(&self, order: Vec<usize>, size: usize, ahead: usize) -> Outcome<Box<dyn AnyBatches>> {
        Ok(Box::new(Upcoming::new(self, order, size, ahead)?))
    }
}

fn open(path: &Path, cache: Option<usize>) -> Outcome<Box<dyn AnyDataset>> {
    let kind = inspect_dataset(path)?;
    let dtype = stored_as(&kind.data_type).ok_or_else(|| unknown_type(path, &kind.data_type))?;
    if dtype == QLTY_DTYPE_BOOL {
        return match kind.spatial_axes {
            2 => open_as::<bool, 2>(path, cache),
            _ => open_as::<bool, 3>(path, cache),
        };
    }
    with_type!("dataset", dtype, T => match kind.spatial_axes {
        2 => open_as::<T, 2>(path, cache),
        _ => open_as::<T, 3>(path, cache),
    })
}

fn open_as<T: Crossing, const D: usize>(path: &Path, cache: Option<usize>) -> Outcome<Box<dyn AnyDataset>>
where
    Spatial<D>: PairRank<D>,
{
    let opened: Result<PatchPairDataset<T, D>, Error> = match cache {
        None => PatchPairDataset::open(path),
        Some(bytes) => PatchPairDataset::with_cache(path, bytes),
    };
    Ok(Box::new(opened?))
}

/// Opens the store in the folder `path`, in UTF-8, and stores it in `*dataset`. Decoded chunks are kept,
/// the most recently used of them, up to `cache_bytes`, and one of each patch array at least; a
/// negative number means 256 MiB. The store must not change while it is open. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO where
/// there is no such store; QLTY_STATUS_DTYPE and QLTY_STATUS_STORE where its arrays are not those of
/// pairs; QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY.
///
/// # Safety
/// `path` is NULL or a string; `dataset` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_open(
    path: *const c_char,
    cache_bytes: i64,
    dataset: *mut *mut qlty_dataset,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (path, out) = (unsafe { path_text("path", path) }?, writable("dataset", dataset)?);
        let opened = in_pool(|| open(Path::new(path), cache(cache_bytes)))?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_dataset(opened)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Frees a dataset. NULL is fine.
///
/// # Safety
/// `dataset` is NULL or a dataset that has not been freed, and is not used after.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_free(dataset: *mut qlty_dataset) {
    // SAFETY: the caller's promise.
    unsafe { free(dataset) };
}

/// Describes the arrays that hold all first or all second patches: the type, the shape (P, C, y, x) or
/// (P, C, z, y, x), and strides in C order; data is NULL. Where `positions` is not NULL, it gets which
/// positions there are, a QLTY_POSITIONS. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
///
/// # Safety
/// `dataset` is NULL or a dataset; `patches`, `positions` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_shape(
    dataset: *const qlty_dataset,
    patches: *mut qlty_array,
    positions: *mut i32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (dataset, out) = (unsafe { borrow("dataset", dataset) }?, writable("patches", patches)?);
        let described = qlty_array::describe(dataset.0.dtype(), &dataset.0.shape())?;
        let stored = match dataset.0.positions() {
            Positions::None => QLTY_POSITIONS_NONE,
            Positions::Pixels => QLTY_POSITIONS_PIXELS,
            Positions::WithImage => QLTY_POSITIONS_WITH_IMAGE,
        };
        // SAFETY: not null, and the caller promises that they may be written.
        unsafe {
            out.write(described);
            if !positions.is_null() {
                positions.write(stored);
            }
        }
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Stores the metadata of the pairs, pair i of the dataset as pair i, in `*pairs`; the caller frees it
/// with qlty_pairs_free. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_STORE where the store has no such
/// metadata, like those that the Python package writes; QLTY_STATUS_IO.
///
/// # Safety
/// `dataset` is NULL or a dataset; `pairs` and `error` are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_metadata(
    dataset: *const qlty_dataset,
    pairs: *mut *mut qlty_pairs,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (dataset, out) = (unsafe { borrow("dataset", dataset) }?, writable("pairs", pairs)?);
        let metadata = dataset.0.metadata()?;
        // SAFETY: not null, and the caller promises that it may be written.
        unsafe { hand_over(out, qlty_pairs(metadata)) };
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Reads the pairs of these indices, (K) of type i64, in their order, which may repeat.
///
/// The arrays are those of qlty_pairs_extract, with K for P, of the dataset's type; positions have as
/// many columns as those of the store, or are NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where there is no such pair, where positions are
/// asked for and the store has none, or where arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE,
/// QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED.
///
/// # Safety
/// `dataset` is NULL or a dataset; the arrays are NULL or arrays, of which `indices` is not written
/// and the others not used by others during the call; `error` is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_read(
    dataset: *const qlty_dataset,
    indices: *const qlty_array,
    patches1: *const qlty_array,
    patches2: *const qlty_array,
    deltas: *const qlty_array,
    rotations: *const qlty_array,
    positions1: *const qlty_array,
    positions2: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let dataset = unsafe { borrow("dataset", dataset) }?;
        // SAFETY: the caller's promise.
        let indices = unsafe { self::indices("indices", indices) }?;
        // SAFETY: the caller's promise.
        let out = unsafe { Outputs::new([patches1, patches2], deltas, rotations, [positions1, positions2]) }?;
        // SAFETY: the caller's promise.
        unsafe { dataset.0.read(&indices, &out) }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// Fills `indices`, (P) of type i64, with the indices of all pairs in the random order of an epoch: each
/// epoch of a seed has its own, which depends on nothing else. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `dataset` is NULL or a dataset; `indices` is NULL or an array whose values may be written; `error`
/// is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_epoch(
    dataset: *const qlty_dataset,
    seed: u64,
    epoch: u64,
    indices: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (dataset, indices) = unsafe { (borrow("dataset", dataset)?, borrow("indices", indices)?) };
        // SAFETY: the caller's promise.
        let mut out: ArrayViewMut1<'_, i64> = unsafe { indices.view_mut("indices", &[]) }?;
        check_shape("indices", out.shape(), &dataset.0.shape()[..1])?;
        let order = dataset.0.epoch(seed, epoch);
        out.iter_mut().zip(order).for_each(|(to, index)| *to = index as i64);
        Ok(())
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}
