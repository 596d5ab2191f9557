//! Writing the Zarr array of one level.

use std::sync::Arc;

use ndarray::{ArrayD, Slice};
use rayon::prelude::*;
use zarrs::array::codec::{BloscCodec, BloscCompressionLevel, BloscCompressor, BloscShuffleMode};
use zarrs::array::{Array, ArrayBuilder, CodecOptions};
use zarrs::filesystem::FilesystemStore;

use super::Level;
use crate::Pixel;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Writes the array `/<index>` with all its chunks.
pub(super) fn write<T: Pixel>(
    store: &Arc<FilesystemStore>,
    index: usize,
    level: &Level<'_, T>,
    chunk: [usize; 3],
    axis_names: &[&'static str],
) -> Result<(), Cause> {
    let shape = level.pixels.shape();
    let channel_chunk = (shape.len() == 4).then_some(1);
    let chunk: Vec<usize> = channel_chunk.into_iter().chain(chunk).collect();
    let chunk: Vec<usize> = chunk.iter().zip(shape).map(|(chunk, size)| *chunk.min(size)).collect();

    let extent = |sizes: &[usize]| sizes.iter().map(|size| *size as u64).collect::<Vec<u64>>();
    let array = ArrayBuilder::new(extent(shape), extent(&chunk), T::TYPE.name(), 0)
        .bytes_to_bytes_codecs(vec![Arc::new(codec::<T>()?)])
        .dimension_names(Some(axis_names.iter().copied()))
        .build(Arc::clone(store), &format!("/{index}"))?;
    array.store_metadata()?;
    write_chunks(&array, level, &chunk)
}

/// Compresses and writes all chunks, a chunk a task.
fn write_chunks<T: Pixel>(array: &Array<FilesystemStore>, level: &Level<'_, T>, chunk: &[usize]) -> Result<(), Cause> {
    let shape = level.pixels.shape();
    let grid: Vec<usize> = shape.iter().zip(chunk).map(|(size, chunk)| size.div_ceil(*chunk)).collect();
    // The tasks keep all threads busy, so the codec shall start none of its own.
    let options = CodecOptions::default().with_concurrent_target(1);
    (0..grid.iter().product()).into_par_iter().try_for_each(|flat: usize| {
        let place = unravel(flat, &grid);
        let part = level.pixels.slice_each_axis(|axis| {
            let (axis, size) = (axis.axis.index(), axis.len);
            let from = place[axis] * chunk[axis];
            Slice::from(from..(from + chunk[axis]).min(size))
        });
        // Zarr's chunks are all of one shape: beyond the edge of the array lies its fill value.
        let mut pixels = ArrayD::from_elem(chunk, T::default());
        pixels.slice_each_axis_mut(|axis| Slice::from(..part.len_of(axis.axis))).assign(&part);
        let place: Vec<u64> = place.iter().map(|index| *index as u64).collect();
        array.store_chunk_opt(&place, pixels, &options)
    })?;
    Ok(())
}

/// The place in C order of a flat index.
fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut place = vec![0; shape.len()];
    for (index, size) in place.iter_mut().zip(shape).rev() {
        *index = flat % size;
        flat /= size;
    }
    place
}

fn codec<T: Pixel>() -> Result<BloscCodec, Cause> {
    let bytes = T::TYPE.bytes();
    let shuffle = match bytes {
        1 => BloscShuffleMode::NoShuffle,
        _ => BloscShuffleMode::Shuffle,
    };
    let level = BloscCompressionLevel::try_from(3).map_err(|level| format!("no such level: {level}"))?;
    Ok(BloscCodec::new(BloscCompressor::Zstd, level, None, shuffle, Some(bytes))?)
}
