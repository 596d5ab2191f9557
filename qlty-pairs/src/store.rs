//! Writing patch pairs to a Zarr store that a training program reads.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use ndarray::{ArrayViewMut5, Slice};
use qlty_core::array::zeros;
use qlty_core::zarr::{Codec, Error, FolderStore, Partial, Result, Stored, create};
use qlty_core::{BatchDim, Monitor, Rank, Spatial};
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use zarrs::array::{Array, CodecOptions};
use zarrs::group::GroupBuilder;

use crate::extract::{check_pairs, extract_boxes};
use crate::failure::Failure;
use crate::{Column, ImageSource, PairMetadata, Positions, Side, deltas, positions, rotations};

mod layout;

use layout::{Grid, layout};

/// The bytes of patches that are held at a time, unless a single file holds more.
const HELD_BYTES: usize = 256 << 20;

/// How patch pairs are stored.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreOptions {
    /// The shape of a chunk of the patch arrays, (pairs, channels, y, x) or with z; cut down to the arrays'
    /// shape. Default: as many whole patches as fit in 4 MiB, or a slab of a larger one.
    ///
    /// A chunk is read whole: (1, channels, y, x) is best where pairs are read in random order from a
    /// store larger than the reader's cache.
    pub chunk: Option<Vec<usize>>,
    /// Which positions are stored.
    pub positions: Positions,
    /// How chunks are compressed.
    pub codec: Codec,
    /// Whether a store of the same name is replaced, once the new one is complete.
    pub overwrite: bool,
}

/// Writes the patches of pairs, all or the chosen ones in their order, to a Zarr v3 group.
///
/// Its arrays are `patches1` and `patches2` of the source's element type, `deltas` (float32), `rotations`
/// (int64) and, if asked for, `positions1` and `positions2` (int64); its attributes `window`,
/// `num_patches`, `num_channels`, `patch_shape`, and under `metadata` the columns of
/// [`PairMetadata::columns`] of the pairs stored, as lists. Above a thousand pairs the chunks are
/// gathered in shards of about 64 MiB. qlty's `ZarrPatchPairDataset` reads it.
///
/// The store is written under its name with `.partial` behind it and renamed when it is complete; a
/// failure removes it, and what a killed program leaves is removed by the next that writes there. Two
/// writers of one destination must exclude each other. Memory is bounded by 256 MiB of patches, or two
/// files of them. Progress is counted in files.
///
/// # Errors
/// [`qlty_core::Error::Argument`] where an index or a chunk is none, a pair leaves the images, or the
/// codec has no such level; [`Error::Exists`] and [`Error::NotAStore`] where the destination is taken;
/// [`Error::Io`] and [`Error::Zarr`]; [`qlty_core::Error::Cancelled`]; those of the source. After an
/// error there is no new store, and an old one is as it was.
pub fn extract_patches_to_zarr<T: Stored, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    metadata: &PairMetadata<D>,
    indices: Option<&[usize]>,
    path: impl AsRef<Path>,
    options: &StoreOptions,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let path = path.as_ref();
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
    let shape: Vec<usize> = [metadata.len(), source.channels()].into_iter().chain(metadata.window).collect();
    let layout = layout(&shape, options.chunk.as_deref(), size_of::<T>())?;
    let grid = Grid::new(&layout);
    monitor.begin(2 * grid.len() as u64);
    monitor.check()?;

    let partial = Partial::create(path, options.overwrite)?;
    let store = Arc::new(FolderStore::new(partial.path()));
    let mut group = GroupBuilder::new();
    group.attributes(attributes(metadata, source.channels()));
    let group = group.build(Arc::clone(&store), "/").map_err(Error::zarr(path))?;
    group.store_metadata().map_err(Error::zarr(path))?;
    rows(&store, "deltas", deltas(&metadata.pairs).into_dyn())?;
    rows(&store, "rotations", rotations(&metadata.pairs).into_dyn())?;
    for (name, side) in [("positions1", Side::First), ("positions2", Side::Second)] {
        if let Some(positions) = positions(&metadata.pairs, side, options.positions) {
            rows(&store, name, positions.into_dyn())?;
        }
    }
    let axes: Vec<&str> = ["pair", "c"].into_iter().chain(["z", "y", "x"].into_iter().skip(3 - D)).collect();
    let arrays = ["patches1", "patches2"].map(|name| create::<T>(&store, name, &layout, options.codec, &axes));
    let [patches1, patches2] = arrays;
    let writing = Writing { source, metadata, grid: &grid, arrays: [patches1?, patches2?], path, monitor };
    writing.run()?;
    store.sync()?;
    partial.complete()
}

/// The attributes of the group: qlty's, and the metadata of the pairs stored.
fn attributes<const D: usize>(metadata: &PairMetadata<D>, channels: usize) -> Map<String, Value>
where
    Spatial<D>: Rank,
{
    let columns = metadata.columns().into_iter().map(|(name, column)| {
        let values = match column {
            Column::Integers(values) => json!(values),
            // JSON has no NaN, which becomes null.
            Column::Numbers(values) => json!(values),
        };
        (name.to_owned(), values)
    });
    let columns: Map<String, Value> = columns.collect();
    let window = metadata.window.to_vec();
    let entries = [
        ("window", json!(window)),
        ("num_patches", json!(metadata.len())),
        ("num_channels", json!(channels)),
        ("patch_shape", json!(window)),
        ("metadata", Value::Object(columns)),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Writes an array of a row, or a value, for each pair.
fn rows<T: Stored>(store: &Arc<FolderStore>, name: &str, values: ndarray::ArrayD<T>) -> Result<()> {
    const ROWS: usize = 1 << 16;
    let shape = values.shape().to_vec();
    let chunk = shape.iter().enumerate().map(|(axis, size)| if axis == 0 { (*size).clamp(1, ROWS) } else { *size });
    let layout = qlty_core::zarr::Layout { chunk: chunk.collect(), shape, shard: None };
    let axes = ["pair", "column"];
    let array = create::<T>(store, name, &layout, Codec::default(), &axes[..values.ndim()])?;
    array.store_array_subset(&array.subset_all(), &values).map_err(Error::zarr(&store.path(name)))
}

struct Writing<'a, S: ?Sized, const D: usize> {
    source: &'a S,
    metadata: &'a PairMetadata<D>,
    grid: &'a Grid,
    arrays: [Array<FolderStore>; 2],
    path: &'a Path,
    monitor: &'a Monitor,
}

impl<S: ?Sized, const D: usize> Writing<'_, S, D>
where
    Spatial<D>: Rank,
{
    /// Writes all files of both arrays, as many at a time as memory allows.
    fn run<T: Stored>(&self) -> Result<()>
    where
        S: ImageSource<T, D>,
    {
        let bytes = self.grid.file_len() * size_of::<T>();
        let threads = rayon::current_num_threads();
        // A file is held twice while it is compressed.
        let workers = (HELD_BYTES / (2 * bytes).max(1)).clamp(1, threads);
        let options = CodecOptions::default().with_concurrent_target((threads / workers).max(1));
        let (next, failure) = (AtomicUsize::new(0), Failure::new(self.monitor));
        (0..workers).into_par_iter().with_max_len(1).for_each(|_| {
            let mut file = match zeros::<T, ndarray::IxDyn>("patches of a file", self.grid.file()) {
                Ok(file) => file,
                Err(error) => return failure.note(Err(error.into())),
            };
            while !failure.stops() {
                let number = next.fetch_add(1, Relaxed);
                if number >= 2 * self.grid.len() {
                    return;
                }
                failure.note(self.file(number, &mut file, &options));
                self.monitor.advance(1);
            }
        });
        failure.into_result()
    }

    /// Writes the file of this number; the files of both arrays are counted in turn, since their pixels
    /// lie together.
    fn file<T: Stored>(&self, number: usize, file: &mut ndarray::ArrayD<T>, options: &CodecOptions) -> Result<()>
    where
        S: ImageSource<T, D>,
    {
        let (side, place) = ([Side::First, Side::Second][number % 2], self.grid.place(number / 2));
        let (start, size) = self.grid.part(&place);
        if size != file.shape() {
            // Beyond the edge of the array lies zero.
            file.fill(T::default());
        }
        let part = file.slice_each_axis_mut(|axis| Slice::from(..size[axis.axis.index()]));
        let part: ArrayViewMut5<'_, T> = five::<T, D>(part)?;
        let mut corner = [0; 4];
        corner[0] = start[1];
        corner[4 - D..].copy_from_slice(&start[2..]);
        let pairs = &self.metadata.pairs[start[0]..start[0] + size[0]];
        extract_boxes(self.source, self.metadata.window, pairs, side, corner, part)?;
        let place: Vec<u64> = place.iter().map(|index| *index as u64).collect();
        let array = &self.arrays[number % 2];
        array.store_chunk_opt(&place, &*file, options).map_err(Error::zarr(self.path))
    }
}

/// The axes (P,C,Z,Y,X) of a part of a patch array.
fn five<T, const D: usize>(part: ndarray::ArrayViewMutD<'_, T>) -> Result<ArrayViewMut5<'_, T>>
where
    Spatial<D>: Rank,
{
    let shape = part.shape().to_vec();
    let wrong = |_| qlty_core::Error::shape("patches of a file", &shape, format!("{} axes", D + 2));
    let part = part.into_dimensionality::<BatchDim<D>>().map_err(wrong)?;
    Ok(qlty_core::array::five_mut::<_, _, D>("patches of a file", part)?)
}
