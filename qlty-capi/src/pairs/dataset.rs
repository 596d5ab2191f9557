//! Stored pairs: opening, reading, shuffling.

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use ::qlty_pairs::Positions;
use ::qlty_pairs::dynamic::AnyDataset;

use super::arrays::{PairArrays, qlty_pair_arrays};
use super::handle::qlty_pairs;
use super::store::{QLTY_POSITIONS_NONE, QLTY_POSITIONS_PIXELS, QLTY_POSITIONS_WITH_IMAGE};
use crate::arguments::{into_handle, path_text, required, store};
use crate::array::{Arrays, check_shape, qlty_array, write_indices};
use crate::damages::{all_or, qlty_damages};
use crate::dtype::number;
use crate::error::{Failure, Outcome, guard, qlty_error, qlty_status};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::source::cache;

/// The pairs of a Zarr store, as qlty_pairs_write or the Python package wrote it. Opaque. Any number of threads may use
/// one at once; free it with qlty_dataset_free.
#[derive(Debug)]
pub struct qlty_dataset(pub(super) AnyDataset);

/// Opens the store in the folder `path`, in UTF-8, and stores it in `*dataset`. Up to `cache_bytes` of decoded chunks
/// are cached, the most recently used, and at least one of each patch array; a negative number means 256 MiB. The store
/// must not change while it is open. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such store;
/// QLTY_STATUS_DTYPE and QLTY_STATUS_STORE if its arrays are not those of pairs; QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_open(
    path: *const c_char,
    cache_bytes: i64,
    dataset: Option<&mut MaybeUninit<*mut qlty_dataset>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the path is as the host promises for all calls.
        let (path, out) = (unsafe { path_text("path", path) }?, required("dataset", dataset)?);
        into_handle(out, qlty_dataset(in_pool(|| AnyDataset::with_cache(path, cache(cache_bytes)))?))
    })
}

/// Frees a dataset. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_free(dataset: Option<Box<qlty_dataset>>) {
    drop(dataset);
}

/// Describes the arrays that hold all first or all second patches: the type, the shape (P, C, y, x) or (P, C, z, y, x),
/// and strides in C order; data is NULL. If `positions` is not NULL, it is set to the positions that are stored, a
/// QLTY_POSITIONS. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, QLTY_STATUS_OVERFLOW.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_shape(
    dataset: Option<&qlty_dataset>,
    patches: Option<&mut MaybeUninit<qlty_array>>,
    positions: Option<&mut MaybeUninit<i32>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (dataset, out) = (&required("dataset", dataset)?.0, required("patches", patches)?);
        let described = qlty_array::describe(number(dataset.dtype()), dataset.shape())?;
        let stored = match dataset.positions() {
            Positions::None => QLTY_POSITIONS_NONE,
            Positions::Pixels => QLTY_POSITIONS_PIXELS,
            Positions::WithImage => QLTY_POSITIONS_WITH_IMAGE,
            other => return Err(Failure::argument(format!("positions: got {other:?}, expected a QLTY_POSITIONS"))),
        };
        out.write(described);
        store(positions, stored);
        Ok(())
    })
}

/// Stores the metadata of the pairs, pair i of the dataset as pair i, in `*pairs`; the caller frees it with
/// qlty_pairs_free. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_STORE if the store has no metadata, as stores of the
/// Python package; QLTY_STATUS_IO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_metadata(
    dataset: Option<&qlty_dataset>,
    pairs: Option<&mut MaybeUninit<*mut qlty_pairs>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (dataset, out) = (&required("dataset", dataset)?.0, required("pairs", pairs)?);
        into_handle(out, qlty_pairs(in_pool(|| dataset.metadata())?))
    })
}

/// Reads the pairs of these indices, (K) of type i64, in their order, which may repeat.
///
/// The arrays are of the dataset's type, with K for P; positions have as many columns as those of the store, or are
/// NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such pair, if positions are asked for and the store
/// has none, or if arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE, QLTY_STATUS_OVERFLOW,
/// QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_IO, QLTY_STATUS_DAMAGED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_read_into(
    dataset: Option<&qlty_dataset>,
    indices: Option<&qlty_array>,
    arrays: *const qlty_pair_arrays,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let dataset = required("dataset", dataset)?;
        // SAFETY: the struct and the arrays are as the host promises for all calls.
        unsafe { read(dataset, indices, PairArrays::read(arrays)?) }
    })
}

/// Deprecated: qlty_dataset_read_into does the same with the arrays in a struct.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_read(
    dataset: Option<&qlty_dataset>,
    indices: Option<&qlty_array>,
    patches1: Option<&qlty_array>,
    patches2: Option<&qlty_array>,
    deltas: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    positions1: Option<&qlty_array>,
    positions2: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let dataset = required("dataset", dataset)?;
        let out = PairArrays { patches: [patches1, patches2], deltas, rotations, positions: [positions1, positions2] };
        // SAFETY: the arrays are as the host promises for all calls.
        unsafe { read(dataset, indices, out) }
    })
}

/// # Safety
/// The arrays are as [`Arrays::of_call`] requires.
unsafe fn read(dataset: &qlty_dataset, indices: Option<&qlty_array>, out: PairArrays<'_>) -> Outcome {
    // SAFETY: the caller's promise.
    let mut arrays = unsafe { Arrays::of_call() };
    let indices = arrays.indices("indices", indices)?;
    out.check_positions(dataset.0.positions())?;
    let out = out.outputs(&mut arrays)?;
    // Outputs are written only on success, so not by reading itself.
    in_pool(|| Ok::<_, Failure>(dataset.0.get_batch(&indices)?.copy_to(out)?))
}

/// Fills `indices`, (P) of type i64, with the indices of all pairs in the random order of an epoch: each epoch of a
/// seed has its own order, which depends on nothing else. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_epoch(
    dataset: Option<&qlty_dataset>,
    seed: u64,
    epoch: u64,
    indices: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (dataset, mut out) = (&required("dataset", dataset)?.0, arrays.output("indices", indices)?);
        check_shape("indices", out.shape(), &[dataset.len()])?;
        write_indices("indices", &mut out, &dataset.epoch(seed, epoch))
    })
}

/// Reads the files of all arrays of the store, past the cache, and stores the damaged ones, and the arrays that lack
/// files, in `*damages`. At most `most` files, evenly spread, are read; a negative number means all. The caller frees
/// the damages with qlty_damages_free. Progress counts files. Any thread.
///
/// Missing files are found if all files are read and qlty_pairs_write wrote the store.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL; QLTY_STATUS_IO if a file cannot be read; QLTY_STATUS_OUT_OF_MEMORY,
/// QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_dataset_verify(
    dataset: Option<&qlty_dataset>,
    most: i64,
    damages: Option<&mut MaybeUninit<*mut qlty_damages>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (dataset, out) = (required("dataset", dataset)?, required("damages", damages)?);
        let found = run(progress, user, |monitor| dataset.0.verify(all_or(most), monitor))?;
        into_handle(out, qlty_damages::of_files(&found))
    })
}
