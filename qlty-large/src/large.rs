//! The quilt that stitches onto disk.

use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use ndarray::{Array, ArrayViewMut};
use qlty_core::array::zeros;
use qlty_core::region::BoxSewer;
use qlty_core::zarr::{Codec, Error, FolderStore, ImageSource, Result};
use qlty_core::{BatchDim, Element, Monitor, Quilt, Rank, Spatial, WindowDim};
use rayon::prelude::*;

use crate::arrays::{Arrays, Kind, Paths};
use crate::claims::{Bits, Claims};
use crate::cut::cut;
use crate::memory::{Memory, lock};
use crate::options::{Accumulator, LargeBuilder, Start, Std};
use crate::record::Record;
use crate::session::Session;
use crate::tile::Tile;
use crate::tiling::{Reaching, Shapes, Tiling};

mod finish;
mod stitch;

/// The codec of results unless another is asked for: Zstandard, level 1.
///
/// Chosen by measurement, on one core, of two tiles of 3 channels and 256 x 256 pixels in `f32`: a smooth one with noise
/// in the lower digits, and one of probabilities, mostly flat.
///
/// | codec | noisy: MB/s to write, MB/s to read, size | flat: MB/s to write, MB/s to read, size |
/// |---|---|---|
/// | `blosc-lz4:1` | 1222, 19176, 1.00 | 2820, 9011, 0.62 |
/// | `blosc-zstd:1` | 500, 616, 0.88 | 329, 812, 0.54 |
/// | `blosc-zstd:3` | 591, 907, 0.91 | 171, 1090, 0.54 |
/// | `zstd:1` | 786, 977, 0.91 | 682, 1543, 0.48 |
/// | `zstd:3` | 708, 1001, 0.91 | 302, 1631, 0.47 |
/// | `gzip:1` | 38, 161, 0.87 | 72, 261, 0.55 |
///
/// `blosc-lz4:1` is the choice where time counts more than space.
pub const DEFAULT_CODEC: Codec = Codec::Zstd(1);

/// The channels for which a default tile is made where their number is not given.
const USUAL_CHANNELS: usize = 4;

/// How far a [`LargeQuilt`] has come, of what its shard has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The patches that are stitched, or skipped.
    pub patches_done: usize,
    /// The patches that reach a tile of the shard.
    pub patches: usize,
    /// The tiles on disk.
    pub tiles_done: usize,
    /// The tiles of the shard.
    pub tiles: usize,
}

/// Stitches the patches of a batch onto disk as they come: in any order, from any number of threads, in bounded memory,
/// and so that a process that is killed goes on where it was.
///
/// See the [crate's words](crate) for a complete loop, and for what survives what.
#[derive(Debug)]
pub struct LargeQuilt<A, const D: usize>
where
    Spatial<D>: Rank,
{
    pub(crate) sewer: BoxSewer<A, D>,
    /// The weights of a window, where the spread of patches is asked for.
    pub(crate) window: Option<Array<A, WindowDim<D>>>,
    pub(crate) kind: Kind<A, D>,
    pub(crate) normalize: bool,
    pub(crate) tiling: Tiling<D>,
    builder: LargeBuilder<A, D>,
    paths: Paths,
    /// Made with the first patch, where the number of channels was not given.
    arrays: OnceLock<Arrays<A, D>>,
    making: Mutex<()>,
    /// Those of this worker, the first of which is `tiling.own.start`.
    tiles: Vec<Mutex<Tile<A>>>,
    /// How many of them are finished.
    pub(crate) tiles_done: AtomicUsize,
    pub(crate) memory: Memory,
    claims: Mutex<Claims>,
    /// What checkpoints have written.
    pub(crate) state: FolderStore,
    /// What memory has no room for.
    pub(crate) scratch: FolderStore,
    // Ends last.
    session: Session,
}

impl<A: Accumulator, const D: usize> LargeQuilt<A, D>
where
    Spatial<D>: Rank,
{
    /// Begins the options of a result for a batch of `images`. Of the path `folder/name` the arrays are
    /// `folder/name_mean.zarr` and `folder/name_std.zarr`, and what is not finished is in `folder/name_state`.
    pub fn builder(quilt: &Quilt<D>, images: usize, path: impl AsRef<Path>) -> LargeBuilder<A, D> {
        LargeBuilder::new(quilt, images, path.as_ref())
    }

    pub(crate) fn start(builder: LargeBuilder<A, D>, start: Start) -> Result<Self> {
        builder.check()?;
        let (quilt, images) = (builder.quilt, builder.images);
        let paths = Paths::new(&builder.path)?;
        let total = quilt.patch_count(images)?;
        let sewer = BoxSewer::new(&quilt)?;
        let on_disk = Record::read(&paths.mean)?;
        match (start, &on_disk) {
            (Start::Create, Some(_)) => return Err(Error::Exists { path: paths.mean }),
            (Start::Open, None) => return Err(Error::io(&paths.mean)(std::io::ErrorKind::NotFound.into())),
            _ => {}
        }
        let stored = |name| on_disk.as_ref().and_then(|record| record.sizes::<D>(name));
        let channels = builder.channels.or(on_disk.as_ref().and_then(Record::channels));
        let pixel = channels.unwrap_or(USUAL_CHANNELS).saturating_mul(size_of::<A>());
        let shapes = Shapes::new(
            (images, quilt.size()),
            pixel,
            builder.tile_shape.or_else(|| stored("tile")),
            builder.chunk_shape.or_else(|| stored("chunk")),
            builder.shard_shape.or_else(|| stored("shard")),
        )?;
        let codec = builder.codec.or(on_disk.as_ref().and_then(Record::codec)).unwrap_or(DEFAULT_CODEC);
        if let Some(on_disk) = &on_disk {
            Record::new(&builder, channels, &shapes, codec).check(&paths.mean, on_disk)?;
        }
        let tiling = Tiling::new(images, quilt.size(), shapes.tile, builder.shard)?;
        let session = Session::begin(&paths.state, &tiling.own)?;
        let window = match builder.std {
            Std::Total => Some(quilt.window_weight()?),
            _ => None,
        };
        let mut large = Self {
            sewer,
            window,
            kind: Kind { images, size: quilt.size(), shapes, codec, std: builder.std, fill: builder.fill },
            normalize: builder.normalize,
            tiles: empty_tiles(tiling.own.len())?,
            tiling,
            memory: Memory::new(builder.memory_budget),
            claims: Mutex::new(Claims::new(0, Bits::new(0)?, Bits::new(0)?)?),
            state: FolderStore::with_temporaries(&paths.state, session.folder()),
            scratch: FolderStore::scratch(session.folder()),
            tiles_done: AtomicUsize::new(0),
            arrays: OnceLock::new(),
            making: Mutex::default(),
            builder,
            paths,
            session,
        };
        if let Some(channels) = channels {
            large.arrays(channels, start == Start::Create)?;
        }
        large.recall_all(total)?;
        if let Some(arrays) = large.arrays.get() {
            large.write_unwritten(arrays)?;
        }
        Ok(large)
    }

    /// Finds out what is done.
    fn recall_all(&mut self, total: usize) -> Result<()> {
        if let Some(arrays) = self.arrays.get() {
            let tiles = self.tiling.own.clone().into_par_iter();
            let tiles = tiles.map(|index| self.recall(arrays, index)).collect::<Result<Vec<_>>>()?;
            self.tiles_done = tiles.iter().filter(|tile| tile.is_finished()).count().into();
            self.tiles = tiles.into_iter().map(Mutex::new).collect();
        }
        let (mut wanted, mut lacking) = (Bits::new(total)?, Bits::new(total)?);
        for index in self.tiling.own.clone() {
            let reaching = Reaching::new(self.sewer.quilt(), &self.tiling.pixels(index))?;
            let tile = lock(self.tile(index));
            for (number, patch) in reaching.patches().enumerate() {
                wanted.insert(patch);
                if !tile.is_finished() && !tile.arrived.as_ref().is_some_and(|arrived| arrived.has(number)) {
                    lacking.insert(patch);
                }
            }
        }
        let mut done = wanted.clone();
        (0..total).filter(|patch| lacking.has(*patch)).for_each(|patch| done.remove(patch));
        self.claims = Mutex::new(Claims::new(total, wanted, done)?);
        Ok(())
    }

    /// The arrays, which are made if they are not there; `strictly` if they must not be.
    fn arrays(&self, channels: usize, strictly: bool) -> Result<&Arrays<A, D>> {
        let _making = lock(&self.making);
        if self.arrays.get().is_none() {
            let record = Record::new(&self.builder, Some(channels), &self.kind.shapes, self.kind.codec);
            let (arrays, made) = Arrays::make(&self.kind, channels, &record, &self.paths, self.session.folder())?;
            if strictly && !made {
                return Err(Error::Exists { path: self.paths.mean.clone() });
            }
            return Ok(self.arrays.get_or_init(|| arrays));
        }
        match self.arrays.get() {
            Some(arrays) if arrays.channels == channels => Ok(arrays),
            Some(arrays) => {
                Err(qlty_core::Error::argument("channels of patches", channels, arrays.channels.to_string()).into())
            }
            None => Err(qlty_core::Error::argument("channels of patches", channels, "arrays").into()),
        }
    }

    pub(crate) fn tile(&self, index: usize) -> &Mutex<Tile<A>> {
        &self.tiles[index - self.tiling.own.start]
    }

    /// The quilt that this stitches for.
    pub fn quilt(&self) -> &Quilt<D> {
        self.sewer.quilt()
    }

    /// The number of images of the batch.
    pub fn images(&self) -> usize {
        self.kind.images
    }

    /// The number of channels, once it is known.
    pub fn channels(&self) -> Option<usize> {
        self.arrays.get().map(|arrays| arrays.channels)
    }

    /// The patches of the shard that have not been stitched, ascending, among them those whose call failed. A pending
    /// patch that reaches finished tiles too adds only to the unfinished.
    pub fn pending(&self) -> Vec<usize> {
        lock(&self.claims).pending().collect()
    }

    /// How far the work has come.
    pub fn progress(&self) -> Progress {
        let (patches_done, patches) = lock(&self.claims).counts();
        let tiles_done = self.tiles_done.load(Relaxed);
        Progress { patches_done, patches, tiles_done, tiles: self.tiles.len() }
    }

    /// The next pending patches, at most so many, that have not been handed out; none at the end. Threads that ask get
    /// different ones.
    pub fn next_indices(&self, most: usize) -> Vec<usize> {
        lock(&self.claims).hand_out(most)
    }

    /// Hands out from the first pending patch on again: for patches that were handed out and not stitched.
    pub fn rewind(&self) {
        lock(&self.claims).rewind();
    }

    /// Cuts patches out of a batch in memory, (N,C,Y,X) or (N,C,Z,Y,X), or on disk: (P,C,y,x) or (P,C,z,y,x).
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] where the batch has not the images and the size of the quilt;
    /// [`qlty_core::Error::Argument`] where there is no such patch; [`qlty_core::Error::OutOfMemory`]; those of the
    /// source.
    pub fn unstitch<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        indices: &[usize],
    ) -> Result<Array<T, BatchDim<D>>> {
        let shape: Vec<usize> = [indices.len(), source.channels()].into_iter().chain(self.quilt().window()).collect();
        let mut patches = zeros("patches", &shape)?;
        self.unstitch_into(source, indices, patches.view_mut(), &Monitor::new())?;
        Ok(patches)
    }

    /// [`LargeQuilt::unstitch`], into an array of the caller's, of any strides. Progress counts patches.
    ///
    /// # Errors
    /// Those of [`LargeQuilt::unstitch`], and [`qlty_core::Error::Shape`] where `patches` has not the shape of the
    /// patches. Nothing is written then, unless the source fails. [`qlty_core::Error::Cancelled`].
    pub fn unstitch_into<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        indices: &[usize],
        patches: ArrayViewMut<'_, T, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        cut(self.quilt(), self.kind.images, source, indices, patches, monitor)
    }

    /// The next pending patches, at most so many, with their indices; `None` at the end. See
    /// [`LargeQuilt::next_indices`].
    ///
    /// # Errors
    /// Those of [`LargeQuilt::unstitch`]; the patches then count as handed out, until [`LargeQuilt::rewind`].
    #[allow(clippy::type_complexity, reason = "indices and patches are two plain things")]
    pub fn unstitch_next<T: Element>(
        &self,
        source: &(impl ImageSource<T, D> + ?Sized),
        most: usize,
    ) -> Result<Option<(Vec<usize>, Array<T, BatchDim<D>>)>> {
        let indices = self.next_indices(most);
        if indices.is_empty() {
            return Ok(None);
        }
        let patches = self.unstitch(source, &indices)?;
        Ok(Some((indices, patches)))
    }

    /// The tiles of the shard, counted in C order over (n, z, y, x).
    pub fn tiles(&self) -> Range<usize> {
        self.tiling.own.clone()
    }
}

fn empty_tiles<A>(count: usize) -> qlty_core::Result<Vec<Mutex<Tile<A>>>> {
    let bytes = count.saturating_mul(size_of::<Mutex<Tile<A>>>());
    let mut tiles = Vec::new();
    // A caller's mistake may be any number of images.
    tiles.try_reserve_exact(count).map_err(|_| qlty_core::Error::OutOfMemory { what: "tiles", bytes })?;
    tiles.resize_with(count, || Mutex::new(Tile::new()));
    Ok(tiles)
}
