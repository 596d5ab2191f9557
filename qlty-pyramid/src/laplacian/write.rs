//! Writing Laplacian stores slab by slab, and levels of them as images of their own.

use std::path::Path;

use ndarray::{ArrayView2, ArrayViewMut2, ShapeBuilder};
use qlty_core::Monitor;
use qlty_core::zarr::{Codec, Partial};
use rayon::prelude::*;

use super::layout::LaplacianLayout;
use super::plane;
use super::upsample::{Part, Planes, Upsampler};
use super::work::sealed::Predicted;
use super::{Interpolation, LaplacianPixel};
use crate::metadata;
use crate::pixel::with_pixel_type;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::shrink::{Fine, shrink_plane};
use crate::slab_writer::{ArraySpec, SlabWriter};
use crate::{Error, Method, PlaneSource, PyramidOptions, Result};

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
    /// All else, as of a Gaussian pyramid; `codec` is that of the smallest level. Levels do not halve
    /// Z, and a run is not resumed.
    pub image: PyramidOptions,
}

impl LaplacianOptions {
    /// The default codec of differences.
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
/// The image is read and written a slab of planes at a time, so memory does not depend on their number; one slab
/// is read while the one before is written. The store appears under its name when it is complete, and on
/// failure not at all. Progress counts planes.
///
/// # Errors
/// - [`Error::Argument`] if the options contradict each other or the image, a level halves Z, or a run is
///   to be resumed;
/// - those of reading the source; [`Error::Store`] if the destination is taken or not written;
/// - [`Error::Core`] if there is no memory, or the caller cancelled.
pub fn stack_to_ome_zarr_laplacian<S: PlaneSource>(
    source: &S,
    path: impl AsRef<Path>,
    options: &LaplacianOptions,
    monitor: &Monitor,
) -> Result<()> {
    let plan = Plan::new(source, &options.image)?;
    options.difference_codec.check()?;
    if options.image.resume {
        return Err(Error::argument("resume", true, "false: the run of a Laplacian pyramid begins anew"));
    }
    if let Some(level) = plan.levels.iter().find(|level| level.factor[0] != 1) {
        return Err(Error::argument("factor", level.factor, "1 along Z in a Laplacian pyramid"));
    }
    with_pixel_type!(plan.pixel_type, T => write::<T, S>(source, path.as_ref(), &plan, options, monitor))
}

fn write<T: LaplacianPixel, S: PlaneSource>(
    source: &S,
    path: &Path,
    plan: &Plan,
    options: &LaplacianOptions,
    monitor: &Monitor,
) -> Result<()> {
    let partial = Partial::create(path, options.image.overwrite)?;
    let layout = LaplacianLayout::new(
        path,
        options.interpolation,
        &plan.axes.names(),
        plan.levels.len(),
        options.store_base,
    );
    let writers = Writers::<T>::create(partial.path(), plan, &layout, options)?;
    let reader = Reader::new(source, options.image.normalization, monitor)?;

    let [times, channels, depth, height, width] = plan.shape;
    monitor.begin((times * depth) as u64);
    let slabs = (0..times).flat_map(|t| (0..depth).step_by(plan.planes).map(move |z| (t, z)));
    let read = |(t, z): (usize, usize), pixels: &mut Vec<T>| {
        let count = plan.planes.min(depth - z);
        pixels.resize(count * channels * height * width, T::default());
        pixels.par_chunks_exact_mut(channels * height * width).enumerate().try_for_each(|(plane, pixels)| {
            monitor.check()?;
            reader.read(t, z + plane, pixels)
        })
    };
    // The first pass only reads, the last only writes.
    let (mut current, mut next) = (Vec::new(), Vec::new());
    let mut written = None;
    for slab in slabs.map(Some).chain([None]) {
        let write = || match written {
            Some((t, z)) => writers.write(t, z, &current, options.image.method, monitor),
            None => Ok(()),
        };
        let (wrote, read) = rayon::join(write, || slab.map_or(Ok(()), |slab| read(slab, &mut next)));
        wrote?;
        read?;
        if written.is_some() {
            monitor.advance((current.len() / (channels * height * width)) as u64);
        }
        std::mem::swap(&mut current, &mut next);
        written = slab;
    }
    let shapes: Vec<Vec<usize>> = plan.levels.iter().map(|level| plan.axes.pick(level.array.shape)).collect();
    let attributes = metadata::laplacian(plan, source, options.image.method, layout.to_json(plan.pixel_type, &shapes));
    metadata::write_group(partial.path(), attributes, options.image.format)?;
    monitor.check()?;
    Ok(partial.complete()?)
}

/// The arrays of a store.
struct Writers<T: LaplacianPixel> {
    /// Of each level but the last.
    differences: Vec<(SlabWriter<T::Difference>, Upsampler<<T as Predicted>::Work>)>,
    base: Option<SlabWriter<T>>,
    /// The factors of the levels after the first, and the size (Y, X) and channels of all.
    factors: Vec<[usize; 3]>,
    sizes: Vec<[usize; 2]>,
    channels: usize,
}

impl<T: LaplacianPixel> Writers<T> {
    fn create(root: &Path, plan: &Plan, layout: &LaplacianLayout, options: &LaplacianOptions) -> Result<Self> {
        let size = |array: &ArraySpec| [array.shape[3], array.shape[4]];
        let sizes: Vec<[usize; 2]> = plan.levels.iter().map(|level| size(&level.array)).collect();
        let mut differences = Vec::new();
        for (index, name) in layout.differences.iter().enumerate() {
            let spec = ArraySpec { codec: options.difference_codec, ..plan.levels[index].array.clone() };
            let planes = Planes::new(sizes[index + 1], sizes[index], options.interpolation);
            let whole = sizes[index].map(|size| 0..size);
            differences.push((SlabWriter::create(root, name, spec)?, planes.upsampler(&whole)));
        }
        let last = &plan.levels[plan.levels.len() - 1];
        let base = layout.base.as_ref().map(|name| SlabWriter::create(root, name, last.array.clone())).transpose()?;
        let factors = plan.levels[1..].iter().map(|level| level.factor).collect();
        Ok(Self { differences, base, factors, sizes, channels: plan.shape[1] })
    }

    /// Writes planes, (Z,C,Y,X), of time point `t` from plane `z` on.
    fn write(&self, t: usize, z: usize, planes: &[T], method: Method, monitor: &Monitor) -> Result<()> {
        let mut coarser: Vec<Vec<T>> = Vec::new();
        for (factor, sizes) in self.factors.iter().zip(self.sizes.windows(2)) {
            monitor.check()?;
            let finer = coarser.last().map_or(planes, Vec::as_slice);
            coarser.push(shrink(finer, sizes[0], sizes[1], *factor, method)?);
        }
        let level = |index: usize| if index == 0 { planes } else { &coarser[index - 1] };
        let [height, width] = self.sizes[0];
        let count = planes.len() / (self.channels * height * width);
        (0..self.sizes.len()).into_par_iter().try_for_each(|index| match (self.differences.get(index), &self.base) {
            (Some((writer, upsampler)), _) => {
                let difference = Difference {
                    upsampler,
                    channels: self.channels,
                    sizes: [self.sizes[index], self.sizes[index + 1]],
                    fine: level(index),
                    coarse: level(index + 1),
                };
                let file = writer.file();
                writer.write_with(t, z, count, monitor, |c, at, size, pixels| difference.fill(c, at, size, file, pixels))
            }
            (None, Some(base)) => base.write(t, z, level(index), monitor),
            (None, None) => Ok(()),
        })
    }
}

/// The next level of planes of a size (Y, X).
fn shrink<T: LaplacianPixel>(
    finer: &[T],
    size: [usize; 2],
    to: [usize; 2],
    factor: [usize; 3],
    method: Method,
) -> Result<Vec<T>> {
    let plane = size[0] * size[1];
    let count = finer.len() / plane;
    let shape = [count, to[0], to[1]];
    let mut coarser = qlty_core::array::zeros::<T, ndarray::Ix3>("a level of a slab", &shape)?.into_raw_vec_and_offset().0;
    coarser.par_chunks_exact_mut(to[0] * to[1]).zip(finer.par_chunks_exact(plane)).for_each(|(coarser, finer)| {
        let fine = Fine { planes: vec![finer], first: 0, size: [1, size[0], size[1]] };
        shrink_plane(method, &fine, factor, 0, coarser);
    });
    Ok(coarser)
}

/// What the planes of a level have more than those of the next make of it.
struct Difference<'a, T: LaplacianPixel> {
    upsampler: &'a Upsampler<<T as Predicted>::Work>,
    channels: usize,
    /// The sizes (Y, X) of the planes of both.
    sizes: [[usize; 2]; 2],
    /// (Z,C,Y,X).
    fine: &'a [T],
    coarse: &'a [T],
}

impl<T: LaplacianPixel> Difference<'_, T> {
    /// Fills a box as [`SlabWriter::write_with`] asks for it.
    fn fill(&self, c: usize, at: [usize; 3], size: [usize; 3], file: [usize; 3], pixels: &mut [T::Difference]) {
        let area = [at[1]..at[1] + size[1], at[2]..at[2] + size[2]];
        for (z, pixels) in pixels.chunks_exact_mut(file[1] * file[2]).take(size[0]).enumerate() {
            let plane = (at[0] + z) * self.channels + c;
            let [fine, coarse] = [(self.fine, self.sizes[0]), (self.coarse, self.sizes[1])]
                .map(|(planes, size)| ArrayView2::from_shape(size, &planes[plane * size[0] * size[1]..][..size[0] * size[1]]));
            let out = ArrayViewMut2::from_shape((size[1], size[2]).strides((file[2], 1)), pixels);
            // The slices are as long as their shapes say.
            if let (Ok(fine), Ok(coarse), Ok(out)) = (fine, coarse, out) {
                let fine = fine.slice(ndarray::s![area[0].clone(), area[1].clone()]);
                plane::subtract(self.upsampler, &Part { pixels: coarse, origin: [0; 2] }, &area, fine, out);
            }
        }
    }
}
