//! Reading boxes of the levels of an image.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, DType, OwnedArray};
use qlty_core::zarr::{ArrayReader, Error as ZarrError};
use rayon::prelude::*;

use super::layout::{ImageKind, ImageLayout, ImageLevel};
use crate::arrays::{BoxPart, cache_bytes, check_box, split_at_chunks};
use crate::pixel::check_read_dtype;
use crate::{Error, Pixel, Result};

/// The levels of an image on disk, read box by box. Threads may share it. The store must not change while it is open.
///
/// ```no_run
/// use qlty_pyramid::{ImageStore, Monitor};
/// let image = ImageStore::open("brain.ome.zarr")?;
/// let slice = image.read::<u16>(1, &[17, 0, 0], &[1, 256, 256], &Monitor::new())?; // (Z, Y, X) of level 1
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug)]
pub struct ImageStore {
    layout: ImageLayout,
    arrays: Vec<ArrayReader>,
}

impl ImageStore {
    /// Opens an image whose arrays hold its levels.
    ///
    /// # Errors
    /// The errors of [`ImageLayout::read`], and [`Error::Store`] if the arrays differ in type or number of axes, or
    /// contain Laplacian differences.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let layout = ImageLayout::read(path)?;
        if layout.kind != ImageKind::Levels {
            let expected = "levels; a LaplacianStore reads differences between levels";
            return Err(ZarrError::store(path, "arrays", layout.kind, expected).into());
        }
        let array = |(index, level): (usize, &ImageLevel)| {
            let place: PathBuf = if level.path.is_empty() { path.to_path_buf() } else { path.join(&level.path) };
            let array = ArrayReader::open_as(&place, layout.dtype, cache_bytes(index))?;
            if array.shape().len() != layout.axes.len() {
                let expected = format!("one of {} axes", layout.axes.len());
                return Err(Error::from(ZarrError::store(&place, "shape", array.shape(), expected)));
            }
            Ok(array)
        };
        let arrays = layout.levels.iter().enumerate().map(array).collect::<Result<_>>()?;
        Ok(Self { layout, arrays })
    }

    /// The metadata of the store.
    pub fn layout(&self) -> &ImageLayout {
        &self.layout
    }

    /// The type of the pixels.
    pub fn dtype(&self) -> DType {
        self.layout.dtype
    }

    /// The number of levels.
    pub fn levels(&self) -> usize {
        self.arrays.len()
    }

    /// The shape of a level.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such level.
    pub fn shape(&self, level: usize) -> Result<&[usize]> {
        Ok(self.array(level)?.shape())
    }

    fn array(&self, level: usize) -> Result<&ArrayReader> {
        let wrong = || Error::argument("level", level, format!("one below {}", self.levels()));
        self.arrays.get(level).ok_or_else(wrong)
    }

    /// The box of a level that starts at `start` and has the shape `shape`, in C order.
    ///
    /// # Errors
    /// The errors of [`ImageStore::read_into`], and [`Error::Core`] if there is not enough memory for it.
    pub fn read<T: Pixel>(
        &self,
        level: usize,
        start: &[usize],
        shape: &[usize],
        monitor: &Monitor,
    ) -> Result<ArrayD<T>> {
        check_read_dtype(self.array(level)?, T::DTYPE)?;
        check_box(start, shape, self.shape(level)?)?;
        let mut pixels = OwnedArray::zeros("box of a level", self.dtype(), shape)?;
        self.read_into(level, start, pixels.array_mut(), monitor)?;
        Ok(pixels.into_array::<T, IxDyn>()?)
    }

    /// Reads the box of a level that starts at `start` and has the shape of `out`, its chunks in parallel. Progress
    /// counts chunks.
    ///
    /// # Errors
    /// - [`Error::Argument`] if there is no such level or the box is not within it;
    /// - [`Error::Store`] if `out` does not have the type [`ImageStore::dtype`], and, naming the array, if a chunk
    ///   cannot be read;
    /// - [`Error::Core`] if there is not enough memory, or the caller cancelled.
    ///
    /// After an error `out` holds unspecified pixels.
    pub fn read_into(&self, level: usize, start: &[usize], out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let array = self.array(level)?;
        check_read_dtype(array, out.dtype())?;
        check_box(start, out.shape(), array.shape())?;
        if out.is_empty() {
            return Ok(());
        }
        let parts = split_at_chunks(out, start, array.chunk_shape(), 0..start.len());
        monitor.begin(parts.len() as u64);
        parts.into_par_iter().try_for_each(|BoxPart { start, pixels }| {
            monitor.check()?;
            array.read_into(&start, pixels)?;
            monitor.advance(1);
            Ok::<(), Error>(())
        })?;
        Ok(monitor.check()?)
    }
}
