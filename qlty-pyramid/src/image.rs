//! Writing an image of one or more levels as OME-Zarr: NGFF 0.5 on Zarr v3.

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::{ArrayView, ArrayViewD, Dimension};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::GroupBuilder;

use crate::{Error, LengthUnit, Pixel, Result};

mod array;
mod metadata;
mod partial;

use metadata::Metadata;
use partial::Partial;

/// A resolution of an image.
#[derive(Debug, Clone)]
pub struct Level<'a, T> {
    /// The pixels, (Z, Y, X) or (C, Z, Y, X), of any strides.
    pub pixels: ArrayViewD<'a, T>,
    /// The size of a voxel along Z, Y and X, in the image's unit.
    pub voxel_size: [f64; 3],
    /// Where the centre of the first voxel lies, along Z, Y and X, in the image's unit.
    pub translation: [f64; 3],
}

impl<'a, T> Level<'a, T> {
    /// A level that begins at the origin.
    pub fn new<D: Dimension>(pixels: ArrayView<'a, T, D>, voxel_size: [f64; 3]) -> Self {
        Self { pixels: pixels.into_dyn(), voxel_size, translation: [0.0; 3] }
    }
}

/// Writes images as OME-Zarr stores: folders of one Zarr v3 array a level, named `0` for the full
/// size, then `1` and so on.
///
/// A store is written under its name with `.partial` behind it and renamed when it is complete; a
/// failure removes it, and what a killed program leaves is removed by the next that writes there. The
/// chunks are compressed with Blosc (Zstandard, level 3, bytes shuffled), which every Zarr reader has.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("zeros.ome.zarr");
/// use qlty_pyramid::{ImageWriter, LengthUnit, Level};
/// let volume = ndarray::Array3::<u16>::zeros((8, 64, 64));
/// let levels = [Level::new(volume.view(), [2.0, 0.325, 0.325])];
/// ImageWriter::new(&path).unit(LengthUnit::Micrometer).write(&levels)?;
/// assert!(ImageWriter::new(&path).write(&levels).is_err()); // exists already
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "nothing is written before `write`"]
pub struct ImageWriter {
    path: PathBuf,
    name: Option<String>,
    unit: Option<LengthUnit>,
    method: Option<String>,
    chunk: [usize; 3],
    overwrite: bool,
}

impl ImageWriter {
    /// A writer of one store, whose parent folders are made if need be.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), name: None, unit: None, method: None, chunk: [16, 256, 256], overwrite: false }
    }

    /// The image's name. Default: none.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The unit of the voxel sizes. Default: not stated.
    pub fn unit(mut self, unit: LengthUnit) -> Self {
        self.unit = Some(unit);
        self
    }

    /// How the levels after the first were made, in a word such as `mean`. Default: not stated.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// The shape of a chunk along Z, Y and X, cut down to a level's own where that is smaller; along C
    /// a chunk is 1. Default: (16, 256, 256), a MiB of bytes.
    pub fn chunk(mut self, chunk: [usize; 3]) -> Self {
        self.chunk = chunk;
        self
    }

    /// Whether a store of the same name is replaced, once the new one is complete. Default: no.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Writes the levels, from fine to coarse, compressing chunks in parallel.
    ///
    /// # Errors
    /// - [`Error::Argument`] if there is no level, a level's shape is not (Z, Y, X) or (C, Z, Y, X) of
    ///   sizes above 0, levels differ in their channels or grow, a voxel size is not above 0, a
    ///   translation is not finite, or a chunk has a size of 0;
    /// - [`Error::Exists`] if the destination exists, unless overwriting is asked for, and
    ///   [`Error::NotAStore`] if it is asked for but the destination is no Zarr store;
    /// - [`Error::Io`] or [`Error::Zarr`] if writing fails.
    ///
    /// After an error there is no new store, and an old one is as it was.
    pub fn write<T: Pixel>(&self, levels: &[Level<'_, T>]) -> Result<()> {
        check(levels, self.chunk)?;
        let metadata = Metadata {
            name: self.name.as_deref(),
            unit: self.unit,
            method: self.method.as_deref().filter(|_| levels.len() > 1),
            channels: levels[0].pixels.ndim() == 4,
        };
        let attributes = metadata.attributes(levels).map_err(Error::zarr(&self.path))?;

        let partial = Partial::create(&self.path, self.overwrite)?;
        let store = FilesystemStore::new(partial.path()).map_err(Error::zarr(&self.path))?;
        let store = Arc::new(store);
        GroupBuilder::new()
            .attributes(attributes)
            .build(Arc::clone(&store), "/")
            .map_err(Error::zarr(&self.path))?
            .store_metadata()
            .map_err(Error::zarr(&self.path))?;
        for (index, level) in levels.iter().enumerate() {
            array::write(&store, index, level, self.chunk, &metadata.axis_names())
                .map_err(|error| Error::Zarr { path: self.path.clone(), source: error })?;
        }
        partial.complete()
    }
}

/// Refuses levels that would make no valid image.
fn check<T>(levels: &[Level<'_, T>], chunk: [usize; 3]) -> Result<()> {
    if levels.is_empty() {
        return Err(Error::argument("levels", 0, "at least one"));
    }
    if chunk.contains(&0) {
        return Err(Error::argument("chunk", chunk, "sizes above 0"));
    }
    for (index, level) in levels.iter().enumerate() {
        let shape = level.pixels.shape();
        if !matches!(shape.len(), 3 | 4) || shape.contains(&0) {
            let expected = "(Z, Y, X) or (C, Z, Y, X) with sizes above 0";
            return Err(Error::argument("shape of a level", shape, expected));
        }
        if !level.voxel_size.iter().all(|size| size.is_finite() && *size > 0.0) {
            return Err(Error::argument("voxel size", level.voxel_size, "sizes above 0"));
        }
        if !level.translation.iter().all(|shift| shift.is_finite()) {
            return Err(Error::argument("translation", level.translation, "finite numbers"));
        }
        let finer = levels[index.saturating_sub(1)].pixels.shape();
        let same_axes = finer.len() == shape.len();
        let same_channels = shape.len() == 3 || finer[0] == shape[0];
        if !(same_axes && same_channels && shape.iter().zip(finer).all(|(size, finer)| size <= finer)) {
            let expected = format!("no larger than the level before, {finer:?}, with its channels");
            return Err(Error::argument("shape of a level", shape, expected));
        }
    }
    Ok(())
}
