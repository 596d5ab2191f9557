//! Writing Laplacian stores slab by slab, and levels of them as images of their own.

use std::path::Path;

use ndarray::{ArrayView4, s};
use qlty_core::Monitor;
use qlty_core::zarr::{Codec, Error as StoreError};

use super::layout::LaplacianLayout;
use super::plane;
use super::upsample::{Part, Planes, Upsampler};
use super::work::sealed::Predicted;
use super::{Interpolation, LaplacianPixel};
use crate::metadata;
use crate::pipeline::{Pipeline, Sink};
use crate::pixel::with_pixel_type;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::run_state::{Run, RunState, write_store};
use crate::slab_writer::{ArraySpec, SlabWriter};
use crate::source::AnySource;
use crate::{Error, Pixel, PlaneSource, Pyramid, PyramidOptions, Result};

/// How a Laplacian pyramid is made and stored.
#[derive(Debug, Clone, PartialEq)]
pub struct LaplacianOptions {
    /// How a level is predicted from the next.
    pub interpolation: Interpolation,
    /// Whether the smallest level is stored. Without it the differences are all there is, and nothing can
    /// be reconstructed from the store alone.
    pub store_base: bool,
    /// How the differences are compressed. Default: [`LaplacianOptions::CODEC`].
    pub difference_codec: Codec,
    /// All else, as of a Gaussian pyramid; `codec` is that of the smallest level. Levels do not halve Z.
    pub image: PyramidOptions,
}

impl LaplacianOptions {
    /// The default codec of differences.
    ///
    /// Chosen by measurement, on the stack of [`PyramidOptions::CODEC`], 1418 MB of differences and the smallest
    /// level. Shuffling the bits makes the difference: the upper ones of a pixel all repeat its sign.
    ///
    /// | codec | MB stored | codec, s | whole, s |
    /// |---|---|---|---|
    /// | `none` | 1414 | | 0.69 |
    /// | `blosc-lz4-bitshuffle:1` | 485 | 0.31 | 0.76 |
    /// | **`blosc-zstd-bitshuffle:1`** | 429 | 0.39 | 0.80 |
    pub const CODEC: Codec = PyramidOptions::CODEC;
}

impl Default for LaplacianOptions {
    fn default() -> Self {
        Self {
            interpolation: Interpolation::default(),
            store_base: true,
            difference_codec: Self::CODEC,
            image: PyramidOptions::default(),
        }
    }
}

/// Writes the Laplacian pyramid of an image as a Zarr store: the smallest level under its number, `diff_0` to
/// `diff_{L-2}`, and group attributes that say what these are (`qlty.laplacian_pyramid`).
///
/// Reading, memory, resuming and progress are those of [`stack_to_ome_zarr`](crate::stack_to_ome_zarr), and so
/// is this: the store appears under its name when it is complete. The result lists the arrays from fine to coarse.
///
/// # Errors
/// Those of [`stack_to_ome_zarr`](crate::stack_to_ome_zarr), and [`Error::Argument`] if a level halves Z or
/// nothing would be stored. After an error there is no new store, and an old one is as it was.
pub fn stack_to_ome_zarr_laplacian<S: PlaneSource>(
    source: &S,
    path: impl AsRef<Path>,
    options: &LaplacianOptions,
    monitor: &Monitor,
) -> Result<Pyramid> {
    make(source, path.as_ref(), options, monitor)
}

/// The same of a source of any type.
fn make(source: &dyn AnySource, path: &Path, options: &LaplacianOptions, monitor: &Monitor) -> Result<Pyramid> {
    let plan = plan_stored(source, options)?;
    monitor.check()?;
    let state = |folder: &Path| {
        RunState::new(folder, &plan, source, &options.image)
            .also("interpolation", options.interpolation.name().into())
            .also("difference codec", format!("{:?}", options.difference_codec).into())
            .also("smallest level stored", options.store_base.into())
    };
    write_store(
        path,
        &plan,
        &options.image,
        state,
        |folder, run| with_pixel_type!(plan.pixel_type, T => write::<T>(source, &plan, options, folder, run, monitor)),
    )?;
    Ok(describe(&plan, source, path, options))
}

/// What [`stack_to_ome_zarr_laplacian`] would write, without reading a pixel.
///
/// # Errors
/// [`Error::Argument`] and [`Error::Core`] as there.
pub fn plan_laplacian<S: PlaneSource>(
    source: &S,
    path: impl AsRef<Path>,
    options: &LaplacianOptions,
) -> Result<Pyramid> {
    Ok(describe(&plan_stored(source, options)?, source, path.as_ref(), options))
}

/// What is to be written.
pub(crate) fn plan_stored(source: &dyn AnySource, options: &LaplacianOptions) -> Result<Plan> {
    let plan = Plan::new(source, &options.image)?;
    options.difference_codec.check()?;
    if let Some(level) = plan.levels.iter().find(|level| level.factor[0] != 1) {
        return Err(Error::argument("factor", level.factor, "1 along Z in a Laplacian pyramid"));
    }
    if plan.levels.len() == 1 && !options.store_base {
        return Err(Error::argument("store_base", false, "true, where there is one level only"));
    }
    Ok(plan)
}

fn layout(plan: &Plan, options: &LaplacianOptions) -> LaplacianLayout {
    LaplacianLayout::new(options.interpolation, &plan.axes.names(), plan.levels.len(), options.store_base)
}

fn describe(plan: &Plan, source: &dyn AnySource, path: &Path, options: &LaplacianOptions) -> Pyramid {
    let layout = layout(plan, options);
    let mut pyramid = Pyramid::new(plan, source, path);
    pyramid.levels.truncate(layout.arrays().len());
    for (level, name) in pyramid.levels.iter_mut().zip(layout.arrays()) {
        level.name = name.to_owned();
    }
    let stored_type = with_pixel_type!(plan.pixel_type, T => <<T as LaplacianPixel>::Difference as Pixel>::TYPE);
    for level in &mut pyramid.levels[..layout.differences.len()] {
        level.stored_type = stored_type;
    }
    pyramid
}

/// Writes all of a store to a folder.
fn write<T: LaplacianPixel>(
    source: &dyn AnySource,
    plan: &Plan,
    options: &LaplacianOptions,
    folder: &Path,
    run: Run<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let reader = Reader::new(source, options.image.normalization, monitor)?;
    let layout = layout(plan, options);
    let sink = Arrays::<T>::create(folder, plan, &layout, options)?;
    let pipeline = Pipeline { plan, method: options.image.method, reader: &reader, sink: &sink, monitor };
    let done = pipeline.run(run.progress, |progress| run.state.note(progress))?;
    let shapes: Vec<Vec<usize>> = plan.levels.iter().map(|level| plan.axes.pick(level.array.shape)).collect();
    let stated = layout.to_json(plan.pixel_type, options.image.method, &shapes);
    let attributes =
        metadata::laplacian(plan, source, options.image.method, &done.statistics, &layout.arrays(), stated);
    metadata::write_group(folder, attributes, options.image.format)
}

/// The arrays of a store.
struct Arrays<T: LaplacianPixel> {
    /// Of each level but the last.
    differences: Vec<Difference<T>>,
    base: Option<SlabWriter<T>>,
    /// How many planes deep the files of all arrays are.
    depth: usize,
}

impl<T: LaplacianPixel> Arrays<T> {
    fn create(folder: &Path, plan: &Plan, layout: &LaplacianLayout, options: &LaplacianOptions) -> Result<Self> {
        let mut differences = Vec::new();
        for (name, levels) in layout.differences.iter().zip(plan.levels.windows(2)) {
            let spec = ArraySpec { codec: options.difference_codec, ..levels[0].array.clone() };
            let sizes = [0, 1].map(|index| [levels[index].array.shape[3], levels[index].array.shape[4]]);
            let planes = Planes::new(sizes[1], sizes[0], options.interpolation);
            let upsampler = planes.upsampler(&sizes[0].map(|size| 0..size));
            let writer = SlabWriter::create(folder, name, spec)?;
            differences.push(Difference { writer, upsampler, channels: plan.shape[1], sizes });
        }
        let last = &plan.levels[plan.levels.len() - 1].array;
        let base = layout.base.as_ref().map(|name| SlabWriter::create(folder, name, last.clone())).transpose()?;
        // Levels do not differ along Z.
        Ok(Self { differences, base, depth: last.file()[0] })
    }
}

impl<T: LaplacianPixel> Sink<T> for Arrays<T> {
    fn depth(&self, _level: usize) -> usize {
        self.depth
    }

    fn write(
        &self,
        level: usize,
        (t, from): (usize, usize),
        planes: &[T],
        coarser: Option<&[T]>,
        monitor: &Monitor,
    ) -> Result<()> {
        match (self.differences.get(level), &self.base) {
            (Some(difference), _) => difference.write((t, from), planes, coarser.unwrap_or(&[]), monitor),
            (None, Some(base)) => base.write(t, from, planes, monitor),
            (None, None) => Ok(()),
        }
    }
}

/// The array of what a level has more than the next makes of it.
struct Difference<T: LaplacianPixel> {
    writer: SlabWriter<T::Difference>,
    upsampler: Upsampler<<T as Predicted>::Work>,
    channels: usize,
    /// The sizes (Y, X) of the planes of this level and the next.
    sizes: [[usize; 2]; 2],
}

impl<T: LaplacianPixel> Difference<T> {
    /// Writes what planes, (Z,C,Y,X), differ from their prediction.
    fn write(&self, (t, from): (usize, usize), fine: &[T], coarse: &[T], monitor: &Monitor) -> Result<()> {
        let count = fine.len() / (self.channels * self.sizes[0][0] * self.sizes[0][1]);
        let [fine, coarse] = [(fine, self.sizes[0]), (coarse, self.sizes[1])]
            .map(|(planes, [height, width])| ArrayView4::from_shape([count, self.channels, height, width], planes));
        // Those of another length would be a fault of the pipeline's.
        let wrong = |error| Error::from(StoreError::zarr(self.writer.root())(error));
        let (fine, coarse) = (fine.map_err(wrong)?, coarse.map_err(wrong)?);
        self.writer.write_with(t, from, count, monitor, |c, [z, y, x], mut out| {
            let (_, height, width) = out.dim();
            let area = [y..y + height, x..x + width];
            for (z, out) in (z..).zip(out.outer_iter_mut()) {
                let fine = fine.slice(s![z, c, area[0].clone(), area[1].clone()]);
                let coarse = Part { pixels: coarse.slice(s![z, c, .., ..]), origin: [0; 2] };
                plane::subtract(&self.upsampler, &coarse, &area, fine, out);
            }
        })
    }
}
