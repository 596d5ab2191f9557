//! Decoding every chunk, and counting their files.

use std::sync::{Mutex, PoisonError};

use qlty_core::Monitor;
use qlty_core::zarr::check_file_count;
use rayon::prelude::*;
use zarrs::array::{
    Array, ArrayBytes, ArrayShardedExt, ArrayShardedReadableExt, ArrayShardedReadableExtCache, ArraySubset,
    CodecOptions,
};
use zarrs::filesystem::FilesystemStore;

use super::Faults;
use crate::output::{Failure, Output};
use crate::store::Store;

/// Decodes all chunks of all arrays, including their checksums, looks for missing files, and returns the number of
/// chunks.
pub(super) fn check(store: &Store, output: &Output, faults: &mut Faults) -> Result<u64, Failure> {
    let arrays = store.levels.iter().filter_map(|level| Some((level.name.as_str(), level.array.as_ref().ok()?)));
    let arrays: Vec<_> = arrays.map(|(name, array)| (name, array, array.subchunk_grid())).collect();
    let count = |grid: &zarrs::array::ChunkGrid| {
        grid.grid_shape().iter().fold(1_u64, |count, size| count.saturating_mul(*size))
    };
    let total: u64 = arrays.iter().fold(0, |sum, (_, _, grid)| sum.saturating_add(count(grid)));
    let found = output.watch("decoding", "chunks", |monitor| {
        monitor.begin(total);
        let checked = arrays.iter().map(|(name, array, grid)| decode_all(name, array, grid.grid_shape(), monitor));
        checked.collect::<qlty_core::Result<Vec<_>>>()
    })?;
    let found = found.map_err(|error| Failure::from(qlty_pyramid::Error::from(error)))?;
    found.into_iter().flatten().for_each(|(place, what)| faults.add(place, what));
    for (name, ..) in &arrays {
        if let Some(damage) = check_file_count(&store.path.join(name))? {
            faults.add(if name.is_empty() { "." } else { name }, damage.what);
        }
    }
    Ok(total)
}

/// The chunks of an array that fail to decode, in order.
fn decode_all(
    name: &str,
    array: &Array<FilesystemStore>,
    grid: &[u64],
    monitor: &Monitor,
) -> qlty_core::Result<Vec<(String, String)>> {
    let shards = ArrayShardedReadableExtCache::new(array);
    // All threads decode chunks of their own, so a codec must not start more.
    let options = CodecOptions::default().with_concurrent_target(1).with_validate_checksums(true);
    let faults = Mutex::new(Vec::new());
    let places = ArraySubset::new_with_shape(grid.to_vec()).indices();
    places.into_par_iter().try_for_each(|place| {
        monitor.check()?;
        if let Err(error) = array.retrieve_subchunk_opt::<ArrayBytes<'_>>(&shards, &place, &options) {
            let at = place.iter().map(u64::to_string).collect::<Vec<_>>().join("/");
            let at = if name.is_empty() { format!("chunk {at}") } else { format!("{name}, chunk {at}") };
            faults.lock().unwrap_or_else(PoisonError::into_inner).push((place.to_vec(), at, error.to_string()));
        }
        monitor.advance(1);
        Ok(())
    })?;
    let mut faults = faults.into_inner().unwrap_or_else(PoisonError::into_inner);
    faults.sort();
    Ok(faults.into_iter().map(|(_, at, what)| (at, what)).collect())
}
