//! The Zarr arrays of a result, and writing tiles to them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};
use qlty_core::array::product;
use qlty_core::region::PixelBox;
use qlty_core::zarr::{Codec, Error, FolderStore, Layout, Plan, Result, write_chunk};
use rayon::prelude::*;
use zarrs::array::Array;

use crate::Accumulator;
use crate::options::Std;
use crate::record::{METADATA, Record};
use crate::tiling::Shapes;

/// Where the parts of a result lie.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub(crate) mean: PathBuf,
    pub(crate) std: PathBuf,
    pub(crate) state: PathBuf,
}

impl Paths {
    /// Those of a result `folder/name`.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] where the path has no name.
    pub(crate) fn new(path: &Path) -> Result<Self> {
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

/// What the arrays of a result are made of.
#[derive(Debug, Clone)]
pub(crate) struct Kind<A, const D: usize> {
    pub(crate) images: usize,
    pub(crate) size: [usize; D],
    pub(crate) shapes: Shapes<D>,
    pub(crate) codec: Codec,
    pub(crate) std: Std,
    pub(crate) fill: A,
}

/// The arrays of a result, whose number of channels is known.
#[derive(Debug)]
pub(crate) struct Arrays<A, const D: usize> {
    kind: Kind<A, D>,
    pub(crate) channels: usize,
    /// The checksum of the record.
    pub(crate) checksum: u32,
    mean: Array<FolderStore>,
    std: Option<Array<FolderStore>>,
}

impl<A: Accumulator, const D: usize> Arrays<A, D> {
    /// The arrays of this record, and whether their metadata was written now and not before: by this process or
    /// another that starts at the same time.
    ///
    /// # Errors
    /// [`Error::Geometry`] and [`Error::Foreign`] where there are others; [`Error::Io`] and [`Error::Zarr`].
    pub(crate) fn make(
        kind: &Kind<A, D>,
        channels: usize,
        record: &Record,
        paths: &Paths,
        temporaries: &Path,
    ) -> Result<(Self, bool)> {
        let whole: Vec<usize> = [kind.images, channels].into_iter().chain(kind.size).collect();
        product("bytes of a result", &[&whole[..], &[size_of::<A>()]].concat())?;
        let part = |shape: [usize; D]| [1, channels].into_iter().chain(shape).collect::<Vec<usize>>();
        product("bytes of a tile", &[&part(kind.shapes.tile)[..], &[3 * size_of::<A>()]].concat())?;
        let layout = Layout { shape: whole, chunk: part(kind.shapes.chunk), shard: kind.shapes.shard.map(part) };
        let axis_names = &["n", "c", "z", "y", "x"];
        let axis_names: Vec<&str> = axis_names[..2].iter().chain(&axis_names[5 - D..]).copied().collect();
        let make = |path: &Path, name: &str| -> Result<(Array<FolderStore>, bool)> {
            let store = Arc::new(FolderStore::with_temporaries(path, temporaries));
            let plan = Plan {
                layout: layout.clone(),
                codec: kind.codec,
                checksum: true,
                axis_names: &axis_names,
                fill: kind.fill,
                attributes: record.attributes(name),
            };
            let array = plan.build(&store, "")?;
            let text = serde_json::to_vec_pretty(array.metadata()).map_err(Error::zarr(path))?;
            // Nothing is put into a folder of something else.
            let mut on_disk = Record::read(path)?;
            let made = on_disk.is_none() && store.create(METADATA, &text)?;
            if !made && on_disk.is_none() {
                on_disk = Record::read(path)?;
            }
            on_disk.map_or(Ok(()), |on_disk| record.check(path, &on_disk))?;
            Ok((array, made))
        };
        // Whoever sees the mean may rely on the other.
        let std = match kind.std {
            Std::None => None,
            _ => Some(make(&paths.std, "std")?.0),
        };
        let (mean, made) = make(&paths.mean, "mean")?;
        Ok((Self { kind: kind.clone(), channels, checksum: record.checksum(), mean, std }, made))
    }

    /// The number of sums of a tile: of each kind, one for each channel and pixel, and the weights for each pixel.
    pub(crate) fn sums_len(&self, pixels: &PixelBox<D>) -> usize {
        let kinds = match self.kind.std {
            Std::None => self.channels,
            Std::Within => 2 * self.channels,
            Std::Total => 2 * self.channels + 1,
        };
        kinds * pixels.volume()
    }

    /// Whether all files of a tile are there. None is empty, unless a power failure has made it so.
    pub(crate) fn has(&self, pixels: &PixelBox<D>) -> bool {
        let mut arrays = [Some(&self.mean), self.std.as_ref()].into_iter().flatten();
        arrays.all(|array| {
            self.files(pixels).iter().all(|file| {
                let path = array.storage().path(array.chunk_key(&file.place).as_str());
                path.metadata().is_ok_and(|metadata| metadata.len() > 0)
            })
        })
    }

    /// Writes mean and standard deviation of a tile, (C,Y,X) or (C,Z,Y,X).
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`]; [`qlty_core::Error::OutOfMemory`].
    pub(crate) fn write(&self, pixels: &PixelBox<D>, mean: &[A], std: &[A]) -> Result<()> {
        let shape: Vec<usize> = [self.channels].into_iter().chain(pixels.size).collect();
        let arrays = [(Some(&self.mean), mean), (self.std.as_ref(), std)];
        let works: Vec<_> = arrays
            .into_iter()
            .filter_map(|(array, values)| Some((array?, values)))
            .flat_map(|(array, values)| self.files(pixels).into_iter().map(move |file| (array, values, file)))
            .collect();
        works.into_par_iter().try_for_each(|(array, values, file)| {
            if file.size == self.kind.shapes.file() && file.size == pixels.size {
                return write_chunk(array, &file.place, values);
            }
            let values =
                ArrayViewD::from_shape(IxDyn(&shape), values).map_err(Error::zarr(array.storage().folder()))?;
            let along = |d: usize, (start, size): (usize, usize)| (Axis(d + 1), Slice::from(start..start + size));
            let whole: Vec<usize> = [self.channels].into_iter().chain(self.kind.shapes.file()).collect();
            let mut buffer: ArrayD<A> = qlty_core::array::zeros("a chunk", &whole)?;
            // Beyond the edge of the array lies nothing.
            buffer.fill(self.kind.fill);
            let (mut from, mut to) = (values, buffer.view_mut());
            for d in 0..D {
                let (axis, slice) = along(d, (file.start[d] - pixels.start[d], file.size[d]));
                from.slice_axis_inplace(axis, slice);
                let (axis, slice) = along(d, (0, file.size[d]));
                to.slice_axis_inplace(axis, slice);
            }
            to.assign(&from);
            write_chunk(array, &file.place, buffer.as_slice().unwrap_or_default())
        })
    }

    /// The files of a tile.
    fn files(&self, pixels: &PixelBox<D>) -> Vec<TileFile<D>> {
        let file = self.kind.shapes.file();
        let counts: [usize; D] = std::array::from_fn(|d| pixels.size[d].div_ceil(file[d]));
        ndarray::indices(IxDyn(&counts))
            .into_iter()
            .map(|at| {
                let start: [usize; D] = std::array::from_fn(|d| pixels.start[d] + at[d] * file[d]);
                let size = std::array::from_fn(|d| (pixels.start[d] + pixels.size[d] - start[d]).min(file[d]));
                let along = (0..D).map(|d| (start[d] / file[d]) as u64);
                TileFile { place: [pixels.image as u64, 0].into_iter().chain(along).collect(), start, size }
            })
            .collect()
    }

    /// Waits until what was written survives a power failure.
    pub(crate) fn sync(&self) -> Result<()> {
        self.mean.storage().sync()?;
        self.std.as_ref().map_or(Ok(()), |std| std.storage().sync())
    }
}

/// A file of a tile.
struct TileFile<const D: usize> {
    /// Its place in the grid of files of the array.
    place: Vec<u64>,
    /// Its first pixel.
    start: [usize; D],
    /// How many of its pixels the tile has.
    size: [usize; D],
}
