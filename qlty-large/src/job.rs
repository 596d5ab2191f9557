//! The part of a result in progress that does not depend on its sum type.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use qlty_core::dynamic::{AnyQuilt, Scalar};
use qlty_core::zarr::{Codec, Error as ZarrError, FolderStore};

use crate::arrays::{ArraySpec, Arrays, Paths};
use crate::claims::{Bits, Claims};
use crate::ledger::{self, Ledgers};
use crate::memory::{Memory, lock};
use crate::options::{AnyLargeBuilder, Start};
use crate::record::{Metadata, Record};
use crate::session::Session;
use crate::tiling::{GivenShapes, Shapes, Tiling, triple};
use crate::{AnyLargeResult, DamagedTile, Error, Result};

/// The default codec of results: Zstandard, level 1.
///
/// Chosen from measurements on one core with two tiles of 3 channels and 256 x 256 pixels in `f32`: a smooth one with
/// noise in the low-order digits, and one of probabilities, mostly flat.
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
/// `blosc-lz4:1` is best if time matters more than space.
pub const DEFAULT_CODEC: Codec = Codec::Zstd(1);

/// The assumed number of channels for the size of default tiles if it is not given.
const USUAL_CHANNELS: usize = 4;

/// The progress of a quilt, within its shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The number of patches that have been stitched or skipped.
    pub patches_done: usize,
    /// The number of patches that overlap a tile of the shard.
    pub patches: usize,
    /// The number of tiles on disk.
    pub tiles_done: usize,
    /// The number of tiles of the shard.
    pub tiles: usize,
}

/// A result in progress, except for the sums of its tiles.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) options: AnyLargeBuilder,
    pub(crate) spec: ArraySpec,
    pub(crate) tiling: Tiling,
    paths: Paths,
    /// Created with the first patch if the number of channels was not given.
    arrays: OnceLock<Arrays>,
    creating: Mutex<()>,
    /// The number of this worker's tiles that are finished.
    pub(crate) tiles_done: AtomicUsize,
    pub(crate) memory: Memory,
    pub(crate) claims: Mutex<Claims>,
    /// The sums that checkpoints have written, and the ledger.
    pub(crate) state: FolderStore,
    /// The sums that do not fit in memory.
    pub(crate) scratch: FolderStore,
    /// The tiles that were damaged when the result was opened.
    pub(crate) damaged: Vec<DamagedTile>,
    /// Whether the result was complete when it was opened.
    pub(crate) was_complete: bool,
    /// The tiles of this worker that are on disk: a bit for each tile of the result.
    vouched: Mutex<Bits>,
    /// The finished tiles that may not be on disk yet.
    unvouched: Mutex<Vec<usize>>,
    /// Held by the thread that vouches for tiles on its own.
    vouching: Mutex<()>,
    // Must be dropped last. `None` if the result was complete, so that nothing needs to be written.
    pub(crate) session: Option<Session>,
}

/// The number of finished tiles that may wait for the disk before one that finishes a tile waits for them. After a kill,
/// these are the tiles that are read when the result is opened: of the usual size, 2 GiB.
const MOST_UNVOUCHED: usize = 2048;

impl Job {
    /// Creates a result, or opens the one on disk. `fill` is that of the options, in the type of the result. No patch
    /// is in progress yet.
    pub(crate) fn start(options: AnyLargeBuilder, fill: Scalar, start: Start) -> Result<Self> {
        let (quilt, images) = (options.quilt, options.images);
        let paths = Paths::new(&options.path)?;
        let on_disk = Metadata::read(&paths.mean)?;
        match (start, &on_disk) {
            (Start::Create, Some(_)) => return Err(ZarrError::Exists { path: paths.mean }.into()),
            (Start::Open | Start::Repair, None) => {
                return Err(Error::io(&paths.mean)(std::io::ErrorKind::NotFound.into()));
            }
            _ => {}
        }
        let was_complete = on_disk.as_ref().is_some_and(|on_disk| on_disk.is_complete);
        let on_disk = on_disk.map(|on_disk| on_disk.record);
        let channels = options.channels.or(on_disk.as_ref().and_then(Record::channels));
        let pixel = channels.unwrap_or(USUAL_CHANNELS).saturating_mul(options.dtype.size());
        let given = given_shapes(&options, on_disk.as_ref())?;
        let shapes = Shapes::new(quilt.ndim(), (images, quilt.size3()), pixel, &given)?;
        let codec = options.codec.or(on_disk.as_ref().and_then(Record::codec)).unwrap_or(DEFAULT_CODEC);
        if let Some(on_disk) = &on_disk {
            Record::new(&options, channels, &shapes, codec).check(&paths.mean, on_disk)?;
        }
        let tiling = Tiling::new(images, quilt.size3(), shapes.tile, options.shard)?;
        let is_read = was_complete && start != Start::Repair;
        if was_complete && paths.state.exists() {
            // Left by a process that was killed at the very end. On read-only media it stays, in nobody's way.
            let _ = Session::begin(&paths.state, &(0..0))
                .and_then(|session| session.alone(|| ledger::remove_all(&paths.state)));
        }
        let session = if is_read { None } else { Some(Session::begin(&paths.state, &tiling.own)?) };
        let temporaries = session.as_ref().map_or(paths.state.as_path(), Session::folder);
        let std = options.std;
        let job = Self {
            spec: ArraySpec { ndim: quilt.ndim(), images, size: quilt.size3(), shapes, codec, std, fill },
            memory: Memory::new(options.memory_budget),
            claims: Mutex::new(Claims::new(0, Bits::new(0)?, Bits::new(0)?)?),
            // A checkpoint replaces the one before.
            state: FolderStore::with_temporaries(&paths.state, temporaries).replacing(),
            scratch: FolderStore::scratch(temporaries),
            damaged: Vec::new(),
            was_complete,
            vouched: Mutex::new(Bits::new(tiling.all)?),
            unvouched: Mutex::default(),
            vouching: Mutex::default(),
            tiles_done: AtomicUsize::new(0),
            arrays: OnceLock::new(),
            creating: Mutex::default(),
            tiling,
            options,
            paths,
            session,
        };
        if let Some(channels) = channels {
            job.arrays_of(channels, start == Start::Create)?;
        }
        Ok(job)
    }

    /// The arrays, once the number of channels is known.
    pub(crate) fn arrays(&self) -> Option<&Arrays> {
        self.arrays.get()
    }

    /// The arrays for a number of channels, which are created if they do not exist; if `must_create`, they must not
    /// exist.
    pub(crate) fn arrays_of(&self, channels: usize, must_create: bool) -> Result<&Arrays> {
        let _creating = lock(&self.creating);
        if self.arrays.get().is_none() {
            let record = Record::new(&self.options, Some(channels), &self.spec.shapes, self.spec.codec);
            let temporaries = self.scratch.folder();
            let (arrays, created) = Arrays::create(&self.spec, channels, &record, &self.paths, temporaries)?;
            if must_create && !created {
                return Err(ZarrError::Exists { path: self.paths.mean.clone() }.into());
            }
            return Ok(self.arrays.get_or_init(|| arrays));
        }
        match self.arrays.get() {
            Some(arrays) if arrays.channels == channels => Ok(arrays),
            arrays => {
                let expected = arrays.map_or(0, |arrays| arrays.channels).to_string();
                Err(qlty_core::Error::argument("channels of patches", channels, expected).into())
            }
        }
    }

    pub(crate) fn quilt(&self) -> &AnyQuilt {
        &self.options.quilt
    }

    pub(crate) fn progress(&self) -> Progress {
        let (patches_done, patches) = lock(&self.claims).counts();
        let tiles_done = self.tiles_done.load(Relaxed);
        Progress { patches_done, patches, tiles_done, tiles: self.tiling.own.len() }
    }

    /// The result from the data on disk, which then survives a power failure.
    pub(crate) fn result(&self) -> Result<AnyLargeResult> {
        let arrays = self.arrays.get().ok_or_else(|| {
            qlty_core::Error::argument("channels", "none", "their number, by the options or by a patch")
        })?;
        self.vouch(arrays)?;
        self.complete(arrays)?;
        AnyLargeResult::open(&self.paths, self.options.std)
    }

    /// Whether the result was complete, and was not opened for repair.
    pub(crate) fn is_only_read(&self) -> bool {
        self.session.is_none()
    }

    fn ledgers(&self, arrays: &Arrays) -> Ledgers {
        Ledgers { geometry: arrays.checksum, tiles: self.tiling.all }
    }

    /// The tiles of the result that any worker has waited for, a bit for each.
    pub(crate) fn vouched_by_all(&self, arrays: &Arrays) -> Result<Bits> {
        self.ledgers(arrays).read_all(self.state.folder())
    }

    /// Notes that a tile is finished. If `is_vouched`, it is on disk; otherwise some later call waits for it.
    pub(crate) fn note_finished(&self, tile: usize, is_vouched: bool) {
        self.tiles_done.fetch_add(1, Relaxed);
        if is_vouched {
            lock(&self.vouched).insert(tile);
        } else {
            lock(&self.unvouched).push(tile);
        }
    }

    /// Waits for the disk if many finished tiles have not been waited for, unless another thread does.
    pub(crate) fn vouch_if_due(&self, arrays: &Arrays) -> Result<()> {
        if lock(&self.unvouched).len() < MOST_UNVOUCHED {
            return Ok(());
        }
        self.vouching.try_lock().map_or(Ok(()), |_turn| self.vouch(arrays))
    }

    /// Waits until everything written survives a power failure, and notes that the finished tiles do.
    pub(crate) fn vouch(&self, arrays: &Arrays) -> Result<()> {
        // They stay in the list until the ledger has them: another thread that vouches meanwhile must not finish
        // before that.
        let tiles = lock(&self.unvouched).clone();
        arrays.sync()?;
        let mut vouched = lock(&self.vouched);
        let is_new = tiles.into_iter().filter(|tile| vouched.insert(*tile)).count() > 0;
        if is_new {
            self.ledgers(arrays).write(&self.state, &self.tiling.own, &vouched)?;
        }
        if self.session.is_some() {
            // Also that sums are gone.
            self.state.sync()?;
            self.state.sync_names()?;
        }
        lock(&self.unvouched).retain(|tile| !vouched.has(*tile));
        Ok(())
    }

    /// Says in the metadata that the result is complete, if all workers have waited for all its tiles.
    fn complete(&self, arrays: &Arrays) -> Result<()> {
        let Some(session) = &self.session else { return Ok(()) };
        session.alone(|| {
            // Another worker may have said so, and removed the ledgers, before this one wrote its own.
            if !self.is_complete()? {
                if self.vouched_by_all(arrays)?.count() < self.tiling.all {
                    return Ok(());
                }
                arrays.set_complete(true)?;
            }
            ledger::remove_all(self.state.folder())
        })
    }

    /// Takes back that these tiles, which are damaged, are on disk: in all ledgers, and in the metadata.
    pub(crate) fn revoke(&self, arrays: &Arrays, tiles: &[usize]) -> Result<()> {
        let Some(session) = self.session.as_ref().filter(|_| !tiles.is_empty()) else { return Ok(()) };
        session.alone(|| {
            if self.is_complete()? {
                let mut others = Bits::new(self.tiling.all)?;
                (0..self.tiling.all).for_each(|tile| _ = others.insert(tile));
                self.ledgers(arrays).write(&self.state, &(0..self.tiling.all), &others)?;
                self.ledgers(arrays).revoke(&self.state, tiles)?;
                return arrays.set_complete(false);
            }
            self.ledgers(arrays).revoke(&self.state, tiles)
        })
    }

    /// Whether the metadata now says that the result is complete.
    pub(crate) fn is_complete(&self) -> Result<bool> {
        Ok(Metadata::read(&self.paths.mean)?.is_some_and(|metadata| metadata.is_complete))
    }
}

/// The shapes in the options, or else those of the result on disk.
fn given_shapes(options: &AnyLargeBuilder, on_disk: Option<&Record>) -> qlty_core::Result<GivenShapes> {
    let ndim = options.quilt.ndim();
    let shape = |name: &str, given: &Option<Vec<usize>>| match given {
        Some(shape) if shape.len() == ndim => Ok(Some(triple(shape))),
        Some(shape) => {
            let expected = format!("{ndim} numbers, one for each axis");
            Err(qlty_core::Error::argument(format!("{name} shape"), shape, expected))
        }
        None => Ok(on_disk.and_then(|record| record.sizes(name, ndim))),
    };
    Ok(GivenShapes {
        tile: shape("tile", &options.tile_shape)?,
        chunk: shape("chunk", &options.chunk_shape)?,
        shard: shape("shard", &options.shard_shape)?,
    })
}
