//! Writing an array slab by slab, its chunks compressed in parallel.

use std::sync::{Arc, Mutex, PoisonError};

use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, ArrayRef, DType, OwnedArray, Scalar};
use qlty_core::zarr::{ArrayWriter, Codec, FolderStore, Layout, Plan};
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::axes::Axes;
use super::options::ZarrFormat;
use crate::Result;
use crate::arrays::copy_rows;

/// The sizes and the storage of an array.
#[derive(Debug, Clone)]
pub(crate) struct ArraySpec {
    /// (T,C,Z,Y,X).
    pub(crate) shape: [usize; 5],
    pub(crate) axes: Axes,
    /// The shape of a chunk along Z, Y and X. Along T and C it is 1.
    pub(crate) chunk: [usize; 3],
    /// The shape of a shard, a multiple of the chunk's, if chunks share files.
    pub(crate) shard: Option<[usize; 3]>,
    pub(crate) codec: Codec,
    pub(crate) format: ZarrFormat,
}

impl ArraySpec {
    /// The shape of a file along Z, Y and X.
    pub(crate) fn file(&self) -> [usize; 3] {
        self.shard.unwrap_or(self.chunk)
    }

    /// The number of files if no chunk is left out.
    pub(crate) fn files(&self) -> u64 {
        let [t, c, z, y, x] = self.shape;
        let along = [(z, 0), (y, 1), (x, 2)].map(|(size, axis)| size.div_ceil(self.file()[axis]));
        [t, c].iter().chain(&along).fold(1, |all: u64, size| all.saturating_mul(*size as u64))
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout {
            shape: self.axes.pick(self.shape),
            chunk: self.along_axes(self.chunk),
            shard: self.shard.map(|shard| self.along_axes(shard)),
        }
    }

    /// Sizes along Z, Y and X as those along the axes of the array.
    fn along_axes(&self, [z, y, x]: [usize; 3]) -> Vec<usize> {
        self.axes.pick([1, 1, z, y, x])
    }
}

/// Fills the part of a file that is within the array: the box (Z,Y,X) of a channel that starts at a position.
pub(crate) type FillFile<'a> = dyn Fn(usize, [usize; 3], ArrayMut<'_>) -> Result<()> + Sync + 'a;

/// An array being written. Whole files are written, each once, by any thread. In Zarr v3 chunks have checksums.
#[derive(Debug)]
pub(crate) struct SlabWriter {
    array: ArrayWriter,
    spec: ArraySpec,
    /// Buffers of the shape of a file, as many as there were concurrent tasks: reuse avoids page faults.
    spare: Mutex<Vec<OwnedArray>>,
}

impl SlabWriter {
    /// Creates the array with this name in a store; the empty name is the store's root.
    pub(crate) fn create(store: &Arc<FolderStore>, name: &str, dtype: DType, spec: ArraySpec) -> Result<Self> {
        let names = spec.axes.names();
        let plan = Plan::new(dtype, spec.layout()).codec(spec.codec).axis_names(&names);
        let array = match spec.format {
            ZarrFormat::V3 => plan.checksum(true).create(store, name)?,
            ZarrFormat::V2 => plan.create_v2(store, name)?,
        };
        Ok(Self { array, spec, spare: Mutex::default() })
    }

    /// Sets the attributes that [`SlabWriter::finish`] writes.
    pub(crate) fn set_attributes(&mut self, attributes: Map<String, Value>) {
        *self.array.attributes_mut() = attributes;
    }

    /// The number of files that were written.
    pub(crate) fn files(&self) -> u64 {
        self.array.files()
    }

    /// Writes the attributes, and the number of files of the complete array, after checking it.
    pub(crate) fn finish(&mut self, files: u64) -> Result<()> {
        Ok(self.array.finish(files)?)
    }

    /// The number of planes in a file. Slabs start at a multiple of it.
    pub(crate) fn depth(&self) -> usize {
        self.spec.file()[0]
    }

    /// Writes `planes`, (Z,C,Y,X), of time point `t`, starting at plane `first`, in parallel.
    ///
    /// `first` is a multiple of [`Self::depth`], and so is the number of planes, unless they are the last.
    pub(crate) fn write(&self, t: usize, first: usize, planes: &ArrayRef<'_>, monitor: &Monitor) -> Result<()> {
        self.write_with(t, first, planes.shape()[0], monitor, &|c, [z, y, x], out| {
            let mut source = planes.index_axis(1, c);
            for (axis, start) in [z, y, x].into_iter().enumerate() {
                source = source.part(axis, start..start + out.shape()[axis]);
            }
            copy_rows(out, &source)
        })
    }

    /// Writes `count` planes. `fill(c, start, out)` computes the part of them in one file, where `start` is relative to
    /// the first of these planes.
    pub(crate) fn write_with(
        &self,
        t: usize,
        first: usize,
        count: usize,
        monitor: &Monitor,
        fill: &FillFile<'_>,
    ) -> Result<()> {
        let [_, channels, depth, height, width] = self.spec.shape;
        debug_assert!(
            first.is_multiple_of(self.depth()) && (count.is_multiple_of(self.depth()) || first + count == depth)
        );
        let file = self.spec.file();
        let grid = [channels, count.div_ceil(file[0]), height.div_ceil(file[1]), width.div_ceil(file[2])];
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        (0..grid.iter().product::<usize>()).into_par_iter().with_max_len(1).try_for_each(|flat| {
            monitor.check()?;
            let (rest, x) = (flat / grid[3], flat % grid[3]);
            let (rest, y) = (rest / grid[2], rest % grid[2]);
            let (c, z) = (rest / grid[1], rest % grid[1]);
            let start = [z * file[0], y * file[1], x * file[2]];
            let size = [(count, 0), (height, 1), (width, 2)].map(|(size, axis)| file[axis].min(size - start[axis]));
            let reused = spare().pop();
            let is_reused = reused.is_some();
            let mut pixels = match reused {
                Some(pixels) => pixels,
                None => OwnedArray::zeros("a file of an array", self.array.dtype(), &self.spec.along_axes(file))?,
            };
            if size != file && is_reused {
                // Values beyond the edge of the array are zero.
                pixels.array_mut().fill("a file of an array", Scalar::zero(self.array.dtype()))?;
            }
            let mut out = self.spec.axes.spatial(pixels.array_mut());
            for (axis, size) in size.into_iter().enumerate() {
                out = out.part(axis, 0..size);
            }
            fill(c, start, out)?;
            let place = [t, c, first / file[0] + z, y, x].map(|index| index as u64);
            self.array.write_chunk(&self.spec.axes.pick(place), pixels.array_ref())?;
            spare().push(pixels);
            Ok(())
        })
    }
}
