//! Writing images as OME-Zarr pyramids.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qlty_core::Monitor;
use qlty_core::zarr::FolderStore;

use super::existing::{Existing, stamp};
use super::identity::Identity;
use super::metadata;
use super::options::PyramidOptions;
use super::pipeline::Pipeline;
use super::plan::Plan;
use super::plane_reader::PlaneReader;
use super::run_state::{Job, Run, write_store};
use super::slab_writer::SlabWriter;
use super::summary::{Pyramid, level_name};
use crate::{Error, PlaneSource, Result};

/// The pyramid that [`stack_to_ome_zarr`] would write, without reading any pixels. If the run resumes, it also tells
/// whether the store is there already.
///
/// # Errors
/// [`Error::Argument`] and [`Error::Core`] as there.
pub fn plan_pyramid(source: &dyn PlaneSource, path: impl AsRef<Path>, options: &PyramidOptions) -> Result<Pyramid> {
    let (plan, path) = (Plan::new(source, options)?, path.as_ref());
    let existing = Existing::at(path, &identity(&plan, source, options), options);
    Ok(Pyramid::new(&plan, source, path, existing))
}

fn identity(plan: &Plan, source: &dyn PlaneSource, options: &PyramidOptions) -> Identity {
    Identity::new("gaussian", plan, source, options)
}

/// Writes an image and its coarser levels as OME-Zarr: NGFF 0.5 on Zarr v3, or 0.4 on Zarr v2.
///
/// The store is a group with one array per level, named `0` for the full size, then `1` and so on, with NGFF's
/// metadata: axes, scales, translations, and in the `omero` block the display settings of the channels: their smallest
/// and largest values, and the 0.1 and 99.9 percentiles of a sample. A pyramid with one level is a single Zarr array;
/// with the axis order (Z,C,Y,X), which NGFF does not allow, the group has our own metadata instead. The attribute
/// `qlty` holds the base name, the names of the files, the range of their counters, the axis order and the method, and
/// for later runs a checksum of each input and option (`run`). Arrays have the number of their chunk files there, and in
/// Zarr v3 all chunks have checksums, so that [`qlty_core::zarr::verify`] finds changed and missing ones.
///
/// Slices are read, shrunk, compressed and written concurrently, on all threads of the current rayon pool, and memory
/// is bounded by [`PyramidOptions::memory`], independent of the number of slices. The bytes written depend only on the
/// source and the options. Progress is counted in planes.
///
/// The store is written under its name with `.partial` appended, and renamed when all of it is on disk. A failure removes
/// it, unless `resume` is set. The remains of a killed run are resumed by a run with `resume`, if it had that option too,
/// and removed by one without. After a power failure the same holds.
///
/// # Errors
/// - [`Error::Argument`] if an option does not fit this image; [`Error::Core`] if there is not enough memory, or
///   with [`qlty_core::Error::Cancelled`];
/// - [`Error::Store`] if the destination exists, another process writes to it, Zarr cannot write, the run to resume had
///   other inputs or options or its state is damaged, or a file was removed from the store meanwhile;
/// - [`Error::Io`], and the errors of reading, which name the file.
///
/// After an error there is no new store, and an existing one is unchanged.
pub fn stack_to_ome_zarr(
    source: &dyn PlaneSource,
    path: impl AsRef<Path>,
    options: &PyramidOptions,
    monitor: &Monitor,
) -> Result<Pyramid> {
    let path = path.as_ref();
    let plan = Plan::new(source, options)?;
    monitor.check()?;
    let identity = &identity(&plan, source, options);
    let existing = Existing::at(path, identity, options);
    existing.or_write(path, || {
        let job = Job { plan: &plan, arrays: plan.levels.len(), identity };
        write_store(path, job, options, &|store, run| write(source, job, options, store, run, monitor))
    })?;
    Ok(Pyramid::new(&plan, source, path, existing))
}

/// An image, the path of its pyramid, and the options.
#[derive(Clone)]
#[non_exhaustive]
pub struct PyramidJob<'a, O = PyramidOptions> {
    /// The image.
    pub source: &'a dyn PlaneSource,
    /// The store.
    pub path: PathBuf,
    /// How the pyramid is computed and stored.
    pub options: O,
}

impl<O: std::fmt::Debug> std::fmt::Debug for PyramidJob<'_, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut debug = f.debug_struct("PyramidJob");
        debug.field("source", &self.source.name()).field("path", &self.path).field("options", &self.options).finish()
    }
}

impl<'a, O> PyramidJob<'a, O> {
    /// The pyramid of `source` to be written to `path`.
    pub fn new(source: &'a dyn PlaneSource, path: impl Into<PathBuf>, options: O) -> Self {
        Self { source, path: path.into(), options }
    }
}

/// Writes several images, each with its own options, one after the other, each on all threads. The result maps their
/// names to what was written. Progress starts over with each image.
///
/// # Errors
/// The errors of [`stack_to_ome_zarr`]. Errors that can be detected beforehand are returned before anything is written:
/// options that do not fit an image, destinations that exist. After a later error the earlier images are complete. Also
/// [`Error::Argument`] if two jobs have the same name or path.
pub fn stacks_to_ome_zarr(jobs: &[PyramidJob<'_>], monitor: &Monitor) -> Result<BTreeMap<String, Pyramid>> {
    let check = |job: &PyramidJob<'_>| {
        plan_pyramid(job.source, &job.path, &job.options)?.existing.check(&job.path, &job.options)
    };
    let write = |job: &PyramidJob<'_>| stack_to_ome_zarr(job.source, &job.path, &job.options, monitor);
    one_by_one(jobs, &check, &write)
}

/// Writes images after `check` has accepted all of them.
pub(crate) fn one_by_one<O>(
    jobs: &[PyramidJob<'_, O>],
    check: &dyn Fn(&PyramidJob<'_, O>) -> Result<()>,
    write: &dyn Fn(&PyramidJob<'_, O>) -> Result<Pyramid>,
) -> Result<BTreeMap<String, Pyramid>> {
    for (index, job) in jobs.iter().enumerate() {
        let before = &jobs[..index];
        if before.iter().any(|other| other.source.name() == job.source.name() || other.path == job.path) {
            let expected = "a different name and path for each image";
            return Err(Error::argument("images", (job.source.name(), &job.path), expected));
        }
    }
    jobs.iter().try_for_each(check)?;
    jobs.iter().map(|job| Ok((job.source.name().to_owned(), write(job)?))).collect()
}

/// Writes all of a store.
fn write(
    source: &dyn PlaneSource,
    Job { plan, identity, .. }: Job<'_>,
    options: &PyramidOptions,
    store: &Arc<FolderStore>,
    run: &Run<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let reader = PlaneReader::new(source, options.normalization, monitor)?;
    let writers =
        plan.levels.iter().enumerate().map(|(level, planned)| {
            SlabWriter::create(store, &level_name(plan, level), plan.dtype, planned.array.clone())
        });
    let mut writers = writers.collect::<Result<Vec<SlabWriter>>>()?;
    let pipeline = Pipeline { plan, method: options.method, reader: &reader, sink: &writers, monitor };
    let done = pipeline.run(run.progress.clone(), &run.state)?;
    let mut attributes = match writers.as_slice() {
        [_] => metadata::single(plan, source, &done.statistics),
        _ => metadata::pyramid(plan, source, options, &done.statistics, store.folder())?,
    };
    stamp(&mut attributes, identity);
    match writers.as_mut_slice() {
        [single] => single.set_attributes(attributes),
        _ => metadata::write_group(store, attributes, options.format)?,
    }
    writers.iter_mut().zip(&done.files).try_for_each(|(writer, files)| writer.finish(*files))
}
