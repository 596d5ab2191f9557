//! Writing patch pairs to a Zarr store for a training program.
//!
//! The store's attribute `metadata` only has the rows of the stored pairs, so row i belongs to pair i of the arrays.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use qlty_core::dynamic::{ArrayRef, OwnedArray, Scalar};
use qlty_core::internal::array::product;
use qlty_core::zarr::{ArrayWriter, Codec, FolderStore, Partial, Plan, Result, create_group};
use qlty_core::{DType, Monitor};
use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::extract::{check_pairs, extract_boxes};
use crate::failure::Failure;
use crate::{AnyImageSource, AnyPairMetadata, Column, Positions, Side};

mod layout;

use layout::{Grid, layout};

/// The number of patch bytes held at a time, unless a single file holds more.
const HELD_BYTES: usize = 256 << 20;

/// How patch pairs are stored.
///
/// ```
/// use qlty_pairs::{Codec, Positions, StoreOptions};
/// let options = StoreOptions::new().positions(Positions::WithImage).codec(Codec::Zstd(5)).chunk(vec![1, 3, 64, 64]);
/// assert!(!options.overwrite);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The shape of a chunk of the patch arrays, (pairs, channels, y, x) or (pairs, channels, z, y, x), clamped to that
    /// of the arrays. Default: as many whole patches as fit in 4 MiB, or a slab of a larger patch.
    ///
    /// A chunk is read whole: (1, channels, y, x) is best if pairs are read in random order from a store larger than
    /// the reader's cache.
    #[doc(alias = "zarr_chunks")]
    pub chunk: Option<Vec<usize>>,
    /// Which positions are stored. Default: none.
    #[doc(alias = "store_positions")]
    pub positions: Positions,
    /// How chunks are compressed. Default: [`Codec::default`].
    pub codec: Codec,
    /// Whether a store of the same name is replaced, once the new one is complete. Default: no.
    pub overwrite: bool,
}

impl StoreOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`StoreOptions::chunk`].
    #[must_use]
    pub fn chunk(mut self, chunk: impl Into<Option<Vec<usize>>>) -> Self {
        self.chunk = chunk.into();
        self
    }

    /// Sets [`StoreOptions::positions`].
    #[must_use]
    pub fn positions(mut self, positions: Positions) -> Self {
        self.positions = positions;
        self
    }

    /// Sets [`StoreOptions::codec`].
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// Sets [`StoreOptions::overwrite`].
    #[must_use]
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }
}

/// Writes the patches of all or selected pairs, in their order, to a Zarr v3 group, with type and number of axes known
/// at run time; see [`crate::extract_patches_to_zarr`].
///
/// # Errors
/// The errors of [`crate::extract_patches_to_zarr`], and [`qlty_core::Error::Shape`] if the images and the window
/// differ in their number of axes.
pub fn extract_patches_to_zarr(
    source: &dyn AnyImageSource,
    metadata: &AnyPairMetadata,
    indices: Option<&[usize]>,
    path: &Path,
    options: &StoreOptions,
    monitor: &Monitor,
) -> Result<()> {
    metadata.check_columns()?;
    options.codec.check()?;
    let chosen;
    let metadata = match indices {
        Some(indices) => {
            chosen = metadata.select(indices)?;
            &chosen
        }
        None => metadata,
    };
    check_pairs(source, metadata.window, &metadata.pairs)?;
    let (dtype, channels) = (source.dtype(), source.shape()[1]);
    let shape = [&[metadata.len(), channels], metadata.window()].concat();
    let layout = layout(&shape, options.chunk.as_deref(), dtype.size())?;
    let grid = Grid::new(&layout);
    monitor.begin(2 * grid.len() as u64);
    monitor.check()?;

    let partial = Partial::create(path, options.overwrite)?;
    let store = partial.store();
    create_group(store, attributes(metadata, channels))?;
    let mut arrays = vec![
        write_rows(store, "deltas", ArrayRef::of("deltas", metadata.deltas().view())?)?,
        write_rows(store, "rotations", ArrayRef::of("rotations", metadata.rotations().view())?)?,
    ];
    for (name, side) in [("positions1", Side::First), ("positions2", Side::Second)] {
        if let Some(positions) = metadata.positions(side, options.positions) {
            arrays.push(write_rows(store, name, ArrayRef::of(name, positions.view())?)?);
        }
    }
    let axes: Vec<&str> = ["pair", "c"].into_iter().chain(metadata.window.axes().map(|d| ["z", "y", "x"][d])).collect();
    let plan = Plan::new(dtype, layout).codec(options.codec).checksum(true).axis_names(&axes);
    let patches = [plan.create(store, "patches1")?, plan.create(store, "patches2")?];
    arrays.extend(Writing { source, dtype, metadata, grid: &grid, monitor }.run(patches)?);
    for mut array in arrays {
        let files = array.files();
        array.finish(files)?;
    }
    partial.complete()
}

/// The attributes of the group: those of qlty, and the metadata of the stored pairs.
fn attributes(metadata: &AnyPairMetadata, channels: usize) -> Map<String, Value> {
    let columns = metadata.columns().into_iter().map(|(name, column)| {
        let values = match column {
            Column::Integers(values) => json!(values),
            // JSON has no NaN; it becomes null.
            Column::Numbers(values) => json!(values),
        };
        (name.to_owned(), values)
    });
    let columns: Map<String, Value> = columns.collect();
    let window = metadata.window();
    let entries = [
        ("window", json!(window)),
        ("num_patches", json!(metadata.len())),
        ("num_channels", json!(channels)),
        ("patch_shape", json!(window)),
        ("metadata", Value::Object(columns)),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Writes an array with one row, or one value, per pair.
fn write_rows(store: &Arc<FolderStore>, name: &str, values: ArrayRef<'_>) -> Result<ArrayWriter> {
    const ROWS: usize = 1 << 16;
    let shape = values.shape().to_vec();
    let chunk = shape.iter().enumerate().map(|(axis, size)| if axis == 0 { (*size).clamp(1, ROWS) } else { *size });
    let layout = qlty_core::zarr::Layout { chunk: chunk.collect(), shape, shard: None };
    let axes = ["pair", "column"];
    let plan = Plan::new(values.dtype(), layout).checksum(true).axis_names(&axes[..values.ndim()]);
    let array = plan.create(store, name)?;
    array.write_all(values)?;
    Ok(array)
}

struct Writing<'a> {
    source: &'a dyn AnyImageSource,
    dtype: DType,
    metadata: &'a AnyPairMetadata,
    grid: &'a Grid,
    monitor: &'a Monitor,
}

impl Writing<'_> {
    /// Writes all files of both arrays, as many in parallel as memory allows.
    fn run(&self, arrays: [ArrayWriter; 2]) -> Result<[ArrayWriter; 2]> {
        let bytes = product("patches of a file", &[self.grid.file_len(), self.dtype.size()])?;
        let threads = rayon::current_num_threads();
        // A file needs twice its memory while it is compressed.
        let workers = (HELD_BYTES / (2 * bytes).max(1)).clamp(1, threads);
        let arrays = arrays.map(|array| array.with_threads((threads / workers).max(1)));
        let (next, failure) = (AtomicUsize::new(0), Failure::new(self.monitor));
        (0..workers).into_par_iter().with_max_len(1).for_each(|_| {
            let mut file = match OwnedArray::zeros("patches of a file", self.dtype, self.grid.file()) {
                Ok(file) => file,
                Err(error) => return failure.note(Err(error.into())),
            };
            while !failure.stops() {
                let number = next.fetch_add(1, Relaxed);
                if number >= 2 * self.grid.len() {
                    return;
                }
                failure.note(self.file(number, &mut file, &arrays[number % 2]));
                self.monitor.advance(1);
            }
        });
        failure.into_result().map(|()| arrays)
    }

    /// Writes the file with this number. Files of the two arrays alternate, since their pixels are close together.
    fn file(&self, number: usize, file: &mut OwnedArray, array: &ArrayWriter) -> Result<()> {
        const WHAT: &str = "patches of a file";
        let (side, place) = (Side::BOTH[number % 2], self.grid.place(number / 2));
        let (start, size) = self.grid.part(&place);
        let mut part = file.array_mut();
        if size != part.shape() {
            // Values beyond the edge of the array are zero.
            part.fill(WHAT, Scalar::zero(self.dtype))?;
        }
        for (axis, size) in size.iter().enumerate() {
            part = part.part(axis, 0..*size);
        }
        let mut corner = [0; 4];
        corner[0] = start[1];
        corner[4 - self.metadata.ndim()..].copy_from_slice(&start[2..]);
        let pairs = &self.metadata.pairs[start[0]..start[0] + size[0]];
        let part = part.five(WHAT, self.metadata.ndim())?;
        extract_boxes(self.source, self.metadata.window, pairs, side, corner, part)?;
        let place: Vec<u64> = place.iter().map(|index| *index as u64).collect();
        array.write_chunk(&place, file.array_ref())
    }
}
