//! Images to OME-Zarr pyramids.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use qlty_core::Monitor;
use qlty_core::zarr::{Error as StoreError, Partial};

use crate::laplacian::plan_stored;
use crate::pipeline::Pipeline;
use crate::pixel::with_pixel_type;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::run_state::{Run, RunState, write_store};
use crate::slab_writer::SlabWriter;
use crate::source::AnySource;
use crate::{
    Error, LaplacianOptions, Pixel, PixelType, PlaneSource, PyramidOptions, Result, metadata,
    stack_to_ome_zarr_laplacian,
};

/// A pyramid that is written, or will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Pyramid {
    /// The store.
    pub path: PathBuf,
    /// The shape of the full size.
    pub shape: Vec<usize>,
    /// The axes of the arrays, such as `CZYX`.
    pub axes: String,
    /// The type of the pixels.
    pub pixel_type: PixelType,
    /// The files that it is made of.
    pub files: Vec<PathBuf>,
    /// The levels, from fine to coarse.
    pub levels: Vec<PyramidLevel>,
}

/// A level of a [`Pyramid`].
#[derive(Debug, Clone, PartialEq)]
pub struct PyramidLevel {
    /// The array's name in the store, which is empty if the store is the array.
    pub name: String,
    /// The type of the array's elements: that of the pixels, but a wider one where they are differences, of
    /// which [`LaplacianPixel`](crate::LaplacianPixel) says the type.
    pub stored_type: PixelType,
    /// The shape of the array.
    pub shape: Vec<usize>,
    /// The shape of a chunk.
    pub chunk: Vec<usize>,
    /// The size of a voxel along Z, Y and X.
    pub voxel_size: [f64; 3],
    /// Where the centre of the first voxel lies along Z, Y and X, from that of the full size.
    pub translation: [f64; 3],
}

impl Pyramid {
    pub(crate) fn new(plan: &Plan, source: &dyn AnySource, path: &Path) -> Self {
        let level = |(index, level): (usize, &crate::plan::PlannedLevel)| PyramidLevel {
            name: level_name(plan, index),
            stored_type: plan.pixel_type,
            shape: plan.axes.pick(level.array.shape),
            chunk: level.array.layout().chunk,
            voxel_size: level.voxel_size,
            translation: level.translation,
        };
        Self {
            path: path.to_path_buf(),
            shape: plan.axes.pick(plan.shape),
            axes: plan.axes.word(),
            pixel_type: plan.pixel_type,
            files: source.files().to_vec(),
            levels: plan.levels.iter().enumerate().map(level).collect(),
        }
    }
}

impl PyramidLevel {
    /// The bytes of the array before compression.
    pub fn stored_bytes(&self) -> u64 {
        let bytes = self.stored_type.bytes() as u64;
        self.shape.iter().fold(bytes, |bytes, size| bytes.saturating_mul(*size as u64))
    }
}

/// The name of a level's array: its number, or nothing where there is but one.
fn level_name(plan: &Plan, level: usize) -> String {
    if plan.levels.len() == 1 { String::new() } else { level.to_string() }
}

/// What [`stack_to_ome_zarr`] would write, without reading a pixel.
///
/// # Errors
/// [`Error::Argument`] and [`Error::Core`] as there.
pub fn plan_pyramid<S: PlaneSource>(source: &S, path: impl AsRef<Path>, options: &PyramidOptions) -> Result<Pyramid> {
    Ok(Pyramid::new(&Plan::new(source, options)?, source, path.as_ref()))
}

/// Writes an image and its coarser levels as OME-Zarr: NGFF 0.5 on Zarr v3, or 0.4 on Zarr v2.
///
/// The store is a group of one array a level, named `0` for the full size, then `1` and so on, with NGFF's
/// metadata: axes, scales, translations, and in the `omero` block what a viewer shows the channels with: their
/// smallest and largest values, and of a sample the 0.1 and 99.9 percentiles. A pyramid of one level is a
/// single Zarr array; with the axis order (Z,C,Y,X), which NGFF does not allow, the group says so. The
/// attribute `qlty` keeps the base name, the names of the files, the range of their counters, the axis order
/// and the method.
///
/// Slices are read, shrunk, compressed and written at the same time, on all threads of the current rayon
/// pool, and memory is bounded by [`PyramidOptions::memory`] whatever their number. The bytes written depend
/// on the source and the options only. Progress is counted in planes.
///
/// The store is written under its name with `.partial` behind it, and renamed when it is complete. A failure
/// removes it, unless `resume` is set; what a killed program leaves is what a run with `resume` goes on with,
/// and removed by one without. Two writers of one destination must exclude each other.
///
/// # Errors
/// - [`Error::Argument`] where an option is none for this image; [`Error::Core`] if there is no memory, or
///   with [`qlty_core::Error::Cancelled`];
/// - [`Error::Store`] if the destination is taken, Zarr refuses, or the run to resume was another one;
/// - [`Error::Io`], and those of reading, which name the file.
///
/// After an error there is no new store, and an old one is as it was.
pub fn stack_to_ome_zarr<S: PlaneSource>(
    source: &S,
    path: impl AsRef<Path>,
    options: &PyramidOptions,
    monitor: &Monitor,
) -> Result<Pyramid> {
    make(source, path.as_ref(), options, monitor)
}

/// The same of a source of any type.
fn make(source: &dyn AnySource, path: &Path, options: &PyramidOptions, monitor: &Monitor) -> Result<Pyramid> {
    let plan = Plan::new(source, options)?;
    monitor.check()?;
    let state = |folder: &Path| RunState::new(folder, &plan, source, options);
    write_store(
        path,
        &plan,
        options,
        state,
        |folder, run| with_pixel_type!(plan.pixel_type, Out => write::<Out>(source, &plan, options, folder, run, monitor)),
    )?;
    Ok(Pyramid::new(&plan, source, path))
}

/// Writes several images, each with options of its own, one after the other, each on all threads. The result
/// maps their names to what was written. Progress begins anew with each image.
///
/// # Errors
/// Those of [`stack_to_ome_zarr`]. What can be told of them beforehand, before anything is written: options
/// that are none for an image, destinations that are taken. What comes up later leaves the images before complete.
/// [`Error::Argument`] too if two have one name or one path.
pub fn stacks_to_ome_zarr<S: PlaneSource>(
    images: &[(S, PathBuf, PyramidOptions)],
    monitor: &Monitor,
) -> Result<BTreeMap<String, Pyramid>> {
    let plan = |source: &S, options: &PyramidOptions| Plan::new(source, options).map(|_| options.overwrite);
    one_by_one(images, plan, |source, path, options| stack_to_ome_zarr(source, path, options, monitor))
}

/// The same of Laplacian pyramids.
///
/// # Errors
/// Those of [`stack_to_ome_zarr_laplacian`], as [`stacks_to_ome_zarr`].
pub fn stacks_to_ome_zarr_laplacian<S: PlaneSource>(
    images: &[(S, PathBuf, LaplacianOptions)],
    monitor: &Monitor,
) -> Result<BTreeMap<String, Pyramid>> {
    let plan = |source: &S, options: &LaplacianOptions| plan_stored(source, options).map(|_| options.image.overwrite);
    one_by_one(images, plan, |source, path, options| stack_to_ome_zarr_laplacian(source, path, options, monitor))
}

/// Writes images after all have been planned. `plan` tells whether an image may replace a store.
fn one_by_one<S: PlaneSource, O>(
    images: &[(S, PathBuf, O)],
    plan: impl Fn(&S, &O) -> Result<bool>,
    write: impl Fn(&S, &Path, &O) -> Result<Pyramid>,
) -> Result<BTreeMap<String, Pyramid>> {
    for (index, (source, path, _)) in images.iter().enumerate() {
        let before = &images[..index];
        if before.iter().any(|(other, other_path, _)| other.name() == source.name() || other_path == path) {
            let expected = "a name and a path of its own for each image";
            return Err(Error::argument("images", (source.name(), path), expected));
        }
    }
    for (source, path, options) in images {
        Partial::check(path, plan(source, options)?)?;
    }
    let written =
        images.iter().map(|(source, path, options)| Ok((source.name().to_owned(), write(source, path, options)?)));
    written.collect()
}

/// Writes all of a store to a folder.
fn write<T: Pixel>(
    source: &dyn AnySource,
    plan: &Plan,
    options: &PyramidOptions,
    folder: &Path,
    run: Run<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let reader = Reader::new(source, options.normalization, monitor)?;
    let levels = plan.levels.iter().enumerate();
    let writers =
        levels.map(|(level, planned)| SlabWriter::create(folder, &level_name(plan, level), planned.array.clone()));
    let mut writers = writers.collect::<Result<Vec<SlabWriter<T>>>>()?;
    let pipeline = Pipeline { plan, method: options.method, reader: &reader, sink: &writers, monitor };
    let done = pipeline.run(run.progress, |progress| run.state.note(progress))?;
    match writers.as_mut_slice() {
        [single] => {
            let array = single.array_mut();
            *array.attributes_mut() = metadata::single(plan, source, &done.statistics);
            Ok(array.store_metadata().map_err(StoreError::zarr(folder))?)
        }
        _ => {
            let attributes = metadata::pyramid(plan, source, options, &done.statistics, folder)?;
            metadata::write_group(folder, attributes, options.format)
        }
    }
}
