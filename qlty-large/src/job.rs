//! The part of a result in progress that does not depend on its sum type.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, OnceLock};

use qlty_core::dynamic::{AnyQuilt, Scalar};
use qlty_core::zarr::{Codec, Error as ZarrError, FolderStore};

use crate::arrays::{ArraySpec, Arrays, Paths};
use crate::claims::{Bits, Claims};
use crate::memory::{Memory, lock};
use crate::options::{AnyLargeBuilder, Start};
use crate::record::Record;
use crate::session::Session;
use crate::tiling::{GivenShapes, Shapes, Tiling, triple};
use crate::{AnyLargeResult, Error, Result};

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
    /// The sums that checkpoints have written.
    pub(crate) state: FolderStore,
    /// The sums that do not fit in memory.
    pub(crate) scratch: FolderStore,
    // Must be dropped last.
    pub(crate) session: Session,
}

impl Job {
    /// Creates a result, or opens the one on disk. `fill` is that of the options, in the type of the result. No patch
    /// is in progress yet.
    pub(crate) fn start(options: AnyLargeBuilder, fill: Scalar, start: Start) -> Result<Self> {
        let (quilt, images) = (options.quilt, options.images);
        let paths = Paths::new(&options.path)?;
        let on_disk = Record::read(&paths.mean)?;
        match (start, &on_disk) {
            (Start::Create, Some(_)) => return Err(ZarrError::Exists { path: paths.mean }.into()),
            (Start::Open, None) => return Err(Error::io(&paths.mean)(std::io::ErrorKind::NotFound.into())),
            _ => {}
        }
        let channels = options.channels.or(on_disk.as_ref().and_then(Record::channels));
        let pixel = channels.unwrap_or(USUAL_CHANNELS).saturating_mul(options.dtype.size());
        let given = given_shapes(&options, on_disk.as_ref())?;
        let shapes = Shapes::new(quilt.ndim(), (images, quilt.size3()), pixel, &given)?;
        let codec = options.codec.or(on_disk.as_ref().and_then(Record::codec)).unwrap_or(DEFAULT_CODEC);
        if let Some(on_disk) = &on_disk {
            Record::new(&options, channels, &shapes, codec).check(&paths.mean, on_disk)?;
        }
        let tiling = Tiling::new(images, quilt.size3(), shapes.tile, options.shard)?;
        let session = Session::begin(&paths.state, &tiling.own)?;
        let std = options.std;
        let job = Self {
            spec: ArraySpec { ndim: quilt.ndim(), images, size: quilt.size3(), shapes, codec, std, fill },
            tiling,
            memory: Memory::new(options.memory_budget),
            claims: Mutex::new(Claims::new(0, Bits::new(0)?, Bits::new(0)?)?),
            state: FolderStore::with_temporaries(&paths.state, session.folder()),
            scratch: FolderStore::scratch(session.folder()),
            tiles_done: AtomicUsize::new(0),
            arrays: OnceLock::new(),
            creating: Mutex::default(),
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
            let (arrays, created) = Arrays::create(&self.spec, channels, &record, &self.paths, self.session.folder())?;
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
        arrays.sync()?;
        AnyLargeResult::open(&self.paths, self.options.std)
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
