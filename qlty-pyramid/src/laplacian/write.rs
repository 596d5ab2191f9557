//! Writing Laplacian stores slab by slab.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use qlty_core::Monitor;
use qlty_core::dynamic::ArrayRef;
use qlty_core::zarr::FolderStore;

use super::layout::LaplacianLayout;
use super::options::LaplacianOptions;
use super::plane::{self, CoarsePlane};
use super::upsample::{Planes, Upsampler};
use super::work::difference_dtype;
use crate::write::{
    ArraySpec, Identity, Job, Pipeline, Plan, PlaneReader, Run, Sink, Slab, SlabWriter, laplacian_metadata, one_by_one,
    stamp, write_group, write_store,
};
use crate::{Error, Existing, PlaneSource, Pyramid, PyramidJob, Result};

/// Writes the Laplacian pyramid of an image as a Zarr store: the smallest level under its number, `diff_0` to
/// `diff_{L-2}`, and group attributes that describe them (`qlty.laplacian_pyramid`).
///
/// Reading, memory, resuming and progress are as in [`stack_to_ome_zarr`](crate::stack_to_ome_zarr); as there, the
/// store appears under its name when it is complete. The result lists the arrays from fine to coarse.
///
/// # Errors
/// The errors of [`stack_to_ome_zarr`](crate::stack_to_ome_zarr), and [`Error::Argument`] if a level halves Z or
/// nothing would be stored. After an error there is no new store, and an existing one is unchanged.
pub fn stack_to_ome_zarr_laplacian(
    source: &dyn PlaneSource,
    path: impl AsRef<Path>,
    options: &LaplacianOptions,
    monitor: &Monitor,
) -> Result<Pyramid> {
    let path = path.as_ref();
    let plan = plan_stored(source, options)?;
    monitor.check()?;
    let identity = &identity(&plan, source, options);
    let existing = Existing::at(path, identity, &options.image);
    existing.or_write(path, || {
        let job = Job { plan: &plan, arrays: layout(&plan, options).arrays().len(), identity };
        write_store(path, job, &options.image, &|store, run| write(source, job, options, store, run, monitor))
    })?;
    Ok(describe(&plan, source, path, options, existing))
}

fn identity(plan: &Plan, source: &dyn PlaneSource, options: &LaplacianOptions) -> Identity {
    Identity::new("laplacian", plan, source, &options.image)
        .also("interpolation", options.interpolation.name())
        .also("difference codec", options.difference_codec.to_string())
        .also("smallest level stored", options.store_base)
}

/// [`stacks_to_ome_zarr`](crate::stacks_to_ome_zarr) for Laplacian pyramids.
///
/// # Errors
/// The errors of [`stack_to_ome_zarr_laplacian`], as for [`stacks_to_ome_zarr`](crate::stacks_to_ome_zarr).
pub fn stacks_to_ome_zarr_laplacian(
    jobs: &[PyramidJob<'_, LaplacianOptions>],
    monitor: &Monitor,
) -> Result<BTreeMap<String, Pyramid>> {
    type Job<'a> = PyramidJob<'a, LaplacianOptions>;
    let check = |job: &Job<'_>| {
        let planned = plan_laplacian(job.source, &job.path, &job.options)?;
        planned.existing.check(&job.path, &job.options.image)
    };
    let write = |job: &Job<'_>| stack_to_ome_zarr_laplacian(job.source, &job.path, &job.options, monitor);
    one_by_one(jobs, &check, &write)
}

/// The store that [`stack_to_ome_zarr_laplacian`] would write, without reading any pixels. If the run resumes, it also
/// tells whether the store is there already.
///
/// # Errors
/// [`Error::Argument`] and [`Error::Core`] as there.
pub fn plan_laplacian(source: &dyn PlaneSource, path: impl AsRef<Path>, options: &LaplacianOptions) -> Result<Pyramid> {
    let (plan, path) = (plan_stored(source, options)?, path.as_ref());
    let existing = Existing::at(path, &identity(&plan, source, options), &options.image);
    Ok(describe(&plan, source, path, options, existing))
}

/// The plan of the store.
fn plan_stored(source: &dyn PlaneSource, options: &LaplacianOptions) -> Result<Plan> {
    let plan = Plan::new(source, &options.image)?;
    options.difference_codec.check()?;
    if let Some(level) = plan.levels.iter().find(|level| level.factor[0] != 1) {
        return Err(Error::argument("factor", level.factor, "1 along Z in a Laplacian pyramid"));
    }
    if plan.levels.len() == 1 && !options.store_base {
        return Err(Error::argument("store_base", false, "true, since there is only one level"));
    }
    Ok(plan)
}

fn layout(plan: &Plan, options: &LaplacianOptions) -> LaplacianLayout {
    LaplacianLayout::new(options.interpolation, &plan.axes.names(), plan.levels.len(), options.store_base)
}

fn describe(
    plan: &Plan,
    source: &dyn PlaneSource,
    path: &Path,
    options: &LaplacianOptions,
    existing: Existing,
) -> Pyramid {
    let layout = layout(plan, options);
    let mut pyramid = Pyramid::new(plan, source, path, existing);
    pyramid.levels.truncate(layout.arrays().len());
    for (level, name) in pyramid.levels.iter_mut().zip(layout.arrays()) {
        level.name = name.to_owned();
    }
    for level in &mut pyramid.levels[..layout.differences.len()] {
        level.stored_dtype = difference_dtype(plan.dtype);
    }
    pyramid
}

/// Writes all of a store.
fn write(
    source: &dyn PlaneSource,
    Job { plan, identity, .. }: Job<'_>,
    options: &LaplacianOptions,
    store: &Arc<FolderStore>,
    run: &Run<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let reader = PlaneReader::new(source, options.image.normalization, monitor)?;
    let layout = layout(plan, options);
    let mut sink = Arrays::create(store, plan, &layout, options)?;
    let method = options.image.method;
    let pipeline = Pipeline { plan, method, reader: &reader, sink: &sink, monitor };
    let done = pipeline.run(run.progress.clone(), &run.state)?;
    let shapes: Vec<Vec<usize>> = plan.levels.iter().map(|level| plan.axes.pick(level.array.shape)).collect();
    let stated = layout.to_json(plan.dtype, method, &shapes);
    let mut attributes = laplacian_metadata(plan, source, method, &done.statistics, &layout.arrays(), stated);
    stamp(&mut attributes, identity);
    write_group(store, attributes, options.image.format)?;
    let differences = sink.differences.iter_mut().map(|difference| &mut difference.writer);
    differences.chain(&mut sink.base).zip(&done.files).try_for_each(|(writer, files)| writer.finish(*files))
}

/// The arrays of a store.
struct Arrays {
    /// The arrays of each level except the last.
    differences: Vec<Difference>,
    base: Option<SlabWriter>,
    /// The depth of the files of all arrays, in planes.
    depth: usize,
}

impl Arrays {
    fn create(
        store: &Arc<FolderStore>,
        plan: &Plan,
        layout: &LaplacianLayout,
        options: &LaplacianOptions,
    ) -> Result<Self> {
        let mut differences = Vec::new();
        for (name, levels) in layout.differences.iter().zip(plan.levels.windows(2)) {
            let spec = ArraySpec { codec: options.difference_codec, ..levels[0].array.clone() };
            let sizes = [0, 1].map(|index| [levels[index].array.shape[3], levels[index].array.shape[4]]);
            let planes = Planes::new(sizes[1], sizes[0], options.interpolation);
            let upsampler = planes.upsampler(&sizes[0].map(|size| 0..size));
            let writer = SlabWriter::create(store, name, difference_dtype(plan.dtype), spec)?;
            differences.push(Difference { writer, upsampler });
        }
        let last = &plan.levels[plan.levels.len() - 1].array;
        let base = layout.base.as_ref().map(|name| SlabWriter::create(store, name, plan.dtype, last.clone()));
        // Levels do not differ along Z.
        Ok(Self { differences, base: base.transpose()?, depth: last.file()[0] })
    }
}

impl Sink for Arrays {
    fn depth(&self, _level: usize) -> usize {
        self.depth
    }

    fn write(&self, level: usize, slab: &Slab<'_>, monitor: &Monitor) -> Result<()> {
        match (self.differences.get(level), slab.coarser, &self.base) {
            (Some(difference), Some(coarser), _) => difference.write(slab, &coarser, monitor),
            (None, _, Some(base)) => base.write(slab.t, slab.first, &slab.planes, monitor),
            // All levels have the same number of planes, so there is always a coarser one except for the last level.
            (Some(_), None, _) | (None, _, None) => Ok(()),
        }
    }

    fn files(&self) -> Vec<u64> {
        let differences = self.differences.iter().map(|difference| &difference.writer);
        differences.chain(&self.base).map(SlabWriter::files).collect()
    }
}

/// The array of the differences of a level from its prediction.
struct Difference {
    writer: SlabWriter,
    upsampler: Upsampler,
}

impl Difference {
    /// Writes the differences of planes from their prediction.
    fn write(&self, slab: &Slab<'_>, coarser: &ArrayRef<'_>, monitor: &Monitor) -> Result<()> {
        let count = slab.planes.shape()[0];
        self.writer.write_with(slab.t, slab.first, count, monitor, &|c, [z, y, x], mut out| {
            let [depth, height, width] = std::array::from_fn(|axis| out.shape()[axis]);
            let area = [y..y + height, x..x + width];
            for index in 0..depth {
                let fine = plane_of(&slab.planes, z + index, c).part(0, area[0].clone()).part(1, area[1].clone());
                let coarse = CoarsePlane::whole(plane_of(coarser, z + index, c));
                plane::subtract(&self.upsampler, &coarse, &area, &fine, out.reborrow().index_axis(0, index))?;
            }
            Ok(())
        })
    }
}

/// A plane of a channel of planes (Z,C,Y,X).
fn plane_of<'a>(planes: &ArrayRef<'a>, z: usize, c: usize) -> ArrayRef<'a> {
    planes.index_axis(0, z).index_axis(0, c)
}
