//! The Zarr arrays of a result, and writing tiles to them.
//!
//! The files of the arrays record what is finished: a tile is finished when all its files exist and no checkpoint has a
//! file of it. Chunks are therefore stored even if they equal the fill value. Whether the files can be trusted is known
//! from the [ledger](crate::ledger).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use qlty_core::dynamic::{ArrayRef, Scalar};
use qlty_core::internal::array::product;
use qlty_core::internal::region::PixelBox;
use qlty_core::zarr::{
    ArrayReader, ArrayWriter, Codec, Damage, Error as ZarrError, FileState, FolderStore, Layout, Plan,
};

use crate::options::Std;
use crate::parallel::try_for_each;
use crate::record::{METADATA, Metadata, Record, seal};
use crate::tiling::Shapes;
use crate::{Error, Result};

/// The folders of a result.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub(crate) mean: PathBuf,
    pub(crate) std: PathBuf,
    pub(crate) state: PathBuf,
}

impl Paths {
    /// The folders of a result with the path `folder/name`.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if the path has no name.
    pub(crate) fn new(path: &Path) -> qlty_core::Result<Self> {
        let name = path.file_name().ok_or_else(|| {
            qlty_core::Error::argument("path of a result", path, "a folder and the beginning of a name")
        })?;
        let sibling = |suffix: &str| {
            let mut name = name.to_owned();
            name.push(suffix);
            path.with_file_name(name)
        };
        Ok(Self { mean: sibling("_mean.zarr"), std: sibling("_std.zarr"), state: sibling("_state") })
    }
}

/// The properties that the arrays of a result share, independent of the number of channels.
#[derive(Debug, Clone)]
pub(crate) struct ArraySpec {
    /// The number of spatial axes.
    pub(crate) ndim: usize,
    pub(crate) images: usize,
    pub(crate) size: [usize; 3],
    pub(crate) shapes: Shapes,
    pub(crate) codec: Codec,
    pub(crate) std: Std,
    /// The value of pixels that no patch covers, in the type of the result.
    pub(crate) fill: Scalar,
}

impl ArraySpec {
    /// The shape of an array of `images` images of a `size`: (N,C,Y,X) or (N,C,Z,Y,X).
    fn shape(&self, images: usize, channels: usize, size: [usize; 3]) -> Vec<usize> {
        [images, channels].into_iter().chain(size.into_iter().skip(3 - self.ndim)).collect()
    }
}

/// The arrays of a result, whose number of channels is known.
#[derive(Debug)]
pub(crate) struct Arrays {
    spec: ArraySpec,
    pub(crate) channels: usize,
    /// The checksum of the record.
    pub(crate) checksum: u32,
    mean: ResultArray,
    std: Option<ResultArray>,
}

/// An array of a result.
#[derive(Debug)]
struct ResultArray {
    writer: ArrayWriter,
    /// For its metadata, which must never be lost.
    store: FolderStore,
    /// Opened when the first tile is checked.
    reader: OnceLock<ArrayReader>,
}

impl ResultArray {
    fn reader(&self) -> Result<&ArrayReader> {
        if let Some(reader) = self.reader.get() {
            return Ok(reader);
        }
        let reader = ArrayReader::open(self.writer.path(), 0)?;
        Ok(self.reader.get_or_init(|| reader))
    }
}

impl Arrays {
    /// The arrays of this record, and whether this call created them; otherwise they existed, or another process
    /// created them meanwhile.
    ///
    /// Processes may start at the same time: the metadata appears by a hard link, which does not replace a file.
    ///
    /// # Errors
    /// [`crate::Error::Geometry`] and [`crate::Error::Foreign`] if other arrays exist; [`qlty_core::zarr::Error::Io`]
    /// and [`qlty_core::zarr::Error::Zarr`].
    pub(crate) fn create(
        spec: &ArraySpec,
        channels: usize,
        record: &Record,
        paths: &Paths,
        temporaries: &Path,
    ) -> Result<(Self, bool)> {
        let (whole, bytes) = (spec.shape(spec.images, channels, spec.size), spec.fill.dtype().size());
        let part = |shape: [usize; 3]| spec.shape(1, channels, shape);
        product("bytes of a result", &[&whole[..], &[bytes]].concat())?;
        product("bytes of a tile", &[&part(spec.shapes.tile)[..], &[3 * bytes]].concat())?;
        let layout = Layout { shape: whole, chunk: part(spec.shapes.chunk), shard: spec.shapes.shard.map(part) };
        let axis_names = ["n", "c", "z", "y", "x"];
        let axis_names = [&axis_names[..2], &axis_names[5 - spec.ndim..]].concat();
        let create = |path: &Path, name: &str| -> Result<(ResultArray, bool)> {
            let store = Arc::new(FolderStore::with_temporaries(path, temporaries));
            let plan = Plan::new(spec.fill.dtype(), layout.clone()).codec(spec.codec).checksum(true);
            let plan = plan.axis_names(&axis_names).fill(spec.fill).store_fill(true);
            let writer = plan.attributes(record.attributes(name)).build(&store, "")?;
            let store = FolderStore::with_temporaries(path, temporaries).replacing();
            let array = ResultArray { writer, store, reader: OnceLock::new() };
            // Nothing is written to a folder that holds something else.
            let mut on_disk = Metadata::read(path)?;
            let metadata = seal(&array.writer.metadata_json()?, false).map_err(ZarrError::zarr(path))?;
            let created = on_disk.is_none() && array.store.create(METADATA, &metadata)?;
            if created {
                // Without its metadata, no chunk is of any use.
                array.store.sync()?;
            } else if on_disk.is_none() {
                on_disk = Metadata::read(path)?;
            }
            on_disk.map_or(Ok(()), |on_disk| record.check(path, &on_disk.record))?;
            Ok((array, created))
        };
        // If the mean exists, the standard deviation must exist as well: it is created first.
        let std = match spec.std {
            Std::None => None,
            Std::Within | Std::Total => Some(create(&paths.std, "std")?.0),
        };
        let (mean, created) = create(&paths.mean, "mean")?;
        Ok((Self { spec: spec.clone(), channels, checksum: record.checksum(), mean, std }, created))
    }

    /// The number of sums of a tile: one of each kind for each channel and pixel, and the weights for each pixel.
    pub(crate) fn sums_len(&self, pixels: &PixelBox) -> usize {
        let kinds = match self.spec.std {
            Std::None => self.channels,
            Std::Within => 2 * self.channels,
            Std::Total => 2 * self.channels + 1,
        };
        kinds * pixels.volume()
    }

    fn each(&self) -> impl Iterator<Item = &ResultArray> {
        [Some(&self.mean), self.std.as_ref()].into_iter().flatten()
    }

    /// Says in the metadata whether every tile of the result is on disk.
    pub(crate) fn set_complete(&self, is_complete: bool) -> Result<()> {
        // What is there, since users may have added attributes.
        let path = self.mean.store.path(METADATA);
        let metadata = fs::read(&path).map_err(Error::io(&path))?;
        let metadata = seal(&metadata, is_complete).map_err(ZarrError::zarr(&path))?;
        self.mean.store.write(METADATA, &[&metadata])?;
        Ok(self.mean.store.sync()?)
    }

    /// The paths of the files of a tile, in all arrays.
    fn paths(&self, pixels: &PixelBox) -> Vec<PathBuf> {
        let files = self.files(pixels);
        self.each().flat_map(|array| files.iter().map(|file| array.writer.file(&file.place))).collect()
    }

    /// The first file of a tile that does not exist, or is empty.
    pub(crate) fn missing(&self, pixels: &PixelBox) -> Option<PathBuf> {
        let exists = |path: &PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        self.paths(pixels).into_iter().find(|path| !exists(path))
    }

    /// Reads the files of a tile, and returns the first that is missing or does not agree with its checksum.
    pub(crate) fn check(&self, pixels: &PixelBox) -> Result<Option<Damage>> {
        for array in self.each() {
            for file in self.files(pixels) {
                match array.reader()?.check_file(&file.place)? {
                    FileState::Whole => {}
                    FileState::Damaged(damage) => return Ok(Some(damage)),
                    FileState::Absent => return Ok(Some(Damage::new(array.writer.file(&file.place), "is missing"))),
                }
            }
        }
        Ok(None)
    }

    /// Waits until the files of a tile are on disk.
    pub(crate) fn sync_tile(&self, pixels: &PixelBox) -> Result<()> {
        let files = self.files(pixels);
        self.each().try_for_each(|array| {
            let paths: Vec<_> = files.iter().map(|file| array.writer.file(&file.place)).collect();
            Ok(array.writer.store().sync_files(&paths)?)
        })
    }

    /// Notes that [`Arrays::sync`] must wait for the files of a tile, which an earlier process wrote.
    pub(crate) fn must_sync(&self, pixels: &PixelBox) -> Result<()> {
        let files = self.files(pixels);
        self.each().try_for_each(|array| {
            Ok(array.writer.store().must_sync(files.iter().map(|file| array.writer.file(&file.place)))?)
        })
    }

    /// Removes the files of a tile, and waits until that they are gone is on disk.
    pub(crate) fn remove(&self, pixels: &PixelBox) -> Result<()> {
        for array in self.each() {
            for file in self.files(pixels) {
                array.writer.store().remove(&array.writer.key(&file.place))?;
            }
        }
        self.sync_tile(pixels)
    }

    /// The shape of the result of a tile: (1,C,Y,X) or (1,C,Z,Y,X).
    pub(crate) fn tile_shape(&self, pixels: &PixelBox) -> Vec<usize> {
        self.spec.shape(1, self.channels, pixels.size)
    }

    /// Writes mean and standard deviation of a tile, each of [`Arrays::tile_shape`].
    ///
    /// # Errors
    /// [`Error::Removed`] if the result is gone; [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`];
    /// [`qlty_core::Error::OutOfMemory`].
    pub(crate) fn write(&self, pixels: &PixelBox, mean: ArrayRef<'_>, std: Option<ArrayRef<'_>>) -> Result<()> {
        // Its folders would be created again, and filled with the tiles from here on.
        for array in self.each() {
            if !array.store.path(METADATA).exists() {
                return Err(Error::Removed { path: array.writer.path().to_path_buf() });
            }
        }
        let arrays = self.each().zip([Some(mean), std].into_iter().flatten());
        let files = self.files(pixels);
        let works: Vec<_> = arrays.flat_map(|work| files.iter().map(move |file| (work, file))).collect();
        try_for_each(works.len(), &|number| {
            let ((array, values), file) = works[number];
            // The axes of `values` after the channels are the last of (z, y, x).
            let values = (3 - self.spec.ndim..3).zip(2..).fold(values, |values, (d, axis)| {
                let start = file.start[d] - pixels.start[d];
                values.part(axis, start..start + file.size[d])
            });
            Ok(array.writer.write_chunk(&file.place, values)?)
        })
    }

    /// The files of a tile.
    fn files(&self, pixels: &PixelBox) -> Vec<TileFile> {
        let file = self.spec.shapes.file();
        let counts: [usize; 3] = std::array::from_fn(|d| pixels.size[d].div_ceil(file[d]));
        ndarray::indices(counts)
            .into_iter()
            .map(|(z, y, x)| {
                let at = [z, y, x];
                let start: [usize; 3] = std::array::from_fn(|d| pixels.start[d] + at[d] * file[d]);
                let size = std::array::from_fn(|d| (pixels.start[d] + pixels.size[d] - start[d]).min(file[d]));
                let place = self.spec.shape(pixels.image, 0, std::array::from_fn(|d| start[d] / file[d]));
                TileFile { place: place.into_iter().map(|at| at as u64).collect(), start, size }
            })
            .collect()
    }

    /// Waits until everything written survives a power failure.
    pub(crate) fn sync(&self) -> Result<()> {
        self.each().try_for_each(|array| Ok(array.writer.store().sync()?))
    }
}

/// A file of a tile.
struct TileFile {
    /// Its position in the grid of files of the array.
    place: Vec<u64>,
    /// Its first pixel.
    start: [usize; 3],
    /// The size of its part within the tile.
    size: [usize; 3],
}
