//! The Zarr arrays of a result, and writing tiles to them.
//!
//! The files of the arrays record what is finished: a tile is finished when all its files exist and no checkpoint has a
//! file of it. Chunks are therefore stored even if they equal the fill value.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use qlty_core::dynamic::{ArrayRef, Scalar};
use qlty_core::internal::array::product;
use qlty_core::internal::region::PixelBox;
use qlty_core::zarr::{ArrayWriter, Codec, FolderStore, Layout, Plan};

use crate::Result;
use crate::options::Std;
use crate::parallel::try_for_each;
use crate::record::{METADATA, Record};
use crate::tiling::Shapes;

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
    mean: ArrayWriter,
    std: Option<ArrayWriter>,
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
        let create = |path: &Path, name: &str| -> Result<(ArrayWriter, bool)> {
            let store = Arc::new(FolderStore::with_temporaries(path, temporaries));
            let plan = Plan::new(spec.fill.dtype(), layout.clone()).codec(spec.codec).checksum(true);
            let plan = plan.axis_names(&axis_names).fill(spec.fill).store_fill(true);
            let array = plan.attributes(record.attributes(name)).build(&store, "")?;
            // Nothing is written to a folder that holds something else.
            let mut on_disk = Record::read(path)?;
            let created = on_disk.is_none() && store.create(METADATA, &array.metadata_json()?)?;
            if !created && on_disk.is_none() {
                on_disk = Record::read(path)?;
            }
            on_disk.map_or(Ok(()), |on_disk| record.check(path, &on_disk))?;
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

    fn each(&self) -> impl Iterator<Item = &ArrayWriter> {
        [Some(&self.mean), self.std.as_ref()].into_iter().flatten()
    }

    /// Whether all files of a tile exist. An empty file, as after a power failure, does not count.
    pub(crate) fn has(&self, pixels: &PixelBox) -> bool {
        let files = self.files(pixels);
        let exists = |path: PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        self.each().all(|array| files.iter().all(|file| exists(array.file(&file.place))))
    }

    /// The shape of the result of a tile: (1,C,Y,X) or (1,C,Z,Y,X).
    pub(crate) fn tile_shape(&self, pixels: &PixelBox) -> Vec<usize> {
        self.spec.shape(1, self.channels, pixels.size)
    }

    /// Writes mean and standard deviation of a tile, each of [`Arrays::tile_shape`].
    ///
    /// # Errors
    /// [`qlty_core::zarr::Error::Io`] and [`qlty_core::zarr::Error::Zarr`]; [`qlty_core::Error::OutOfMemory`].
    pub(crate) fn write(&self, pixels: &PixelBox, mean: ArrayRef<'_>, std: Option<ArrayRef<'_>>) -> Result<()> {
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
            Ok(array.write_chunk(&file.place, values)?)
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
        self.each().try_for_each(|array| Ok(array.store().sync()?))
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
