//! What was written, or would be written.

use std::path::{Path, PathBuf};

use qlty_core::DType;

use super::existing::Existing;
use super::plan::{Plan, PlannedLevel};
use crate::PlaneSource;

/// A pyramid that is written, or will be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Pyramid {
    /// The store.
    pub path: PathBuf,
    /// The shape of the full size.
    pub shape: Vec<usize>,
    /// The axes of the arrays, such as `CZYX`.
    pub axes: String,
    /// The type of the pixels.
    pub dtype: DType,
    /// The source files.
    pub files: Vec<PathBuf>,
    /// The levels, from fine to coarse.
    pub levels: Vec<PyramidLevel>,
    /// What was at the path, if the run resumes; a complete store is not written again.
    pub existing: Existing,
}

/// A level of a [`Pyramid`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PyramidLevel {
    /// The array's name in the store, which is empty if the store is the array.
    pub name: String,
    /// The type of the array's elements: that of the pixels, or for differences the wider one that
    /// [`LaplacianPixel`](crate::LaplacianPixel) defines.
    pub stored_dtype: DType,
    /// The shape of the array.
    pub shape: Vec<usize>,
    /// The shape of a chunk.
    pub chunk: Vec<usize>,
    /// The size of a voxel along Z, Y and X.
    pub voxel_size: [f64; 3],
    /// The centre of the first voxel along Z, Y and X, relative to that of the full size.
    pub translation: [f64; 3],
}

impl Pyramid {
    pub(crate) fn new(plan: &Plan, source: &dyn PlaneSource, path: &Path, existing: Existing) -> Self {
        let level = |(index, level): (usize, &PlannedLevel)| PyramidLevel {
            name: level_name(plan, index),
            stored_dtype: plan.dtype,
            shape: plan.axes.pick(level.array.shape),
            chunk: level.array.layout().chunk,
            voxel_size: level.voxel_size,
            translation: level.translation,
        };
        Self {
            path: path.to_path_buf(),
            shape: plan.axes.pick(plan.shape),
            axes: plan.axes.word(),
            dtype: plan.dtype,
            files: source.files().to_vec(),
            levels: plan.levels.iter().enumerate().map(level).collect(),
            existing,
        }
    }
}

impl PyramidLevel {
    /// The bytes of the array before compression.
    pub fn stored_bytes(&self) -> u64 {
        let bytes = self.stored_dtype.size() as u64;
        self.shape.iter().fold(bytes, |bytes, size| bytes.saturating_mul(*size as u64))
    }
}

/// The name of a level's array: its number, or the empty name if it is the only one.
pub(crate) fn level_name(plan: &Plan, level: usize) -> String {
    if plan.levels.len() == 1 { String::new() } else { level.to_string() }
}
