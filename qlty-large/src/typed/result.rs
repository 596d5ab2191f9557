//! Reading a result as typed arrays.

use std::marker::PhantomData;
use std::path::Path;

use ndarray::{Array, ArrayViewMut, Axis};
use qlty_core::dynamic::ArrayMut;
use qlty_core::internal::array::zeros;
use qlty_core::zarr::{self, Region};
use qlty_core::{BatchDim, ImageDim, Monitor, Rank, Spatial};

use crate::options::Accumulator;
use crate::{AnyLargeResult, AnyStitchedArray, Result};

/// The arrays written by a [`crate::LargeQuilt`].
#[derive(Debug)]
#[non_exhaustive]
pub struct LargeResult<A, const D: usize> {
    /// The weighted mean of the patches.
    pub mean: StitchedArray<A, D>,
    /// The standard deviation, if it was requested.
    pub std: Option<StitchedArray<A, D>>,
}

impl<A: Accumulator, const D: usize> LargeResult<A, D>
where
    Spatial<D>: Rank,
{
    pub(super) fn new(any: AnyLargeResult) -> Result<Self> {
        Ok(Self { mean: StitchedArray::new(any.mean)?, std: any.std.map(StitchedArray::new).transpose()? })
    }
}

/// A Zarr array on disk, written by a [`crate::LargeQuilt`]. Threads may share it.
///
/// Chunks are decoded whole, and up to 256 MiB of them are cached.
#[derive(Debug)]
pub struct StitchedArray<A, const D: usize> {
    any: AnyStitchedArray,
    elements: PhantomData<fn() -> A>,
}

impl<A: Accumulator, const D: usize> StitchedArray<A, D>
where
    Spatial<D>: Rank,
{
    /// Opens the array in a folder.
    ///
    /// # Errors
    /// The errors of [`AnyStitchedArray::open`]; [`zarr::Error::DataType`] and [`zarr::Error::Store`] if its elements
    /// are not `A` or the number of its spatial axes is not `D`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::new(AnyStitchedArray::open(path)?)
    }

    fn new(any: AnyStitchedArray) -> Result<Self> {
        if any.dtype() != A::DTYPE {
            let (path, got) = (any.path().to_path_buf(), any.dtype().zarr_name().to_owned());
            return Err(zarr::Error::DataType { path, got, expected: A::DTYPE.zarr_name().to_owned() }.into());
        }
        if any.shape().len() != D + 2 {
            let expected = format!("(images, channels) and {D} axes of pixels");
            return Err(zarr::Error::store(any.path(), "shape", any.shape(), expected).into());
        }
        Ok(Self { any, elements: PhantomData })
    }

    /// The array with its type and rank known at run time.
    pub fn as_any(&self) -> &AnyStitchedArray {
        &self.any
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        self.any.path()
    }

    /// The shape: (N,C,Y,X) or (N,C,Z,Y,X).
    pub fn shape(&self) -> &[usize] {
        self.any.shape()
    }

    /// The whole array.
    ///
    /// # Errors
    /// [`zarr::Error::Damaged`] if a chunk is corrupted, naming its file; [`zarr::Error::Io`] and
    /// [`zarr::Error::Zarr`]; [`qlty_core::Error::OutOfMemory`].
    pub fn read(&self) -> Result<Array<A, BatchDim<D>>> {
        let mut out = zeros("result", self.shape())?;
        self.read_into(&vec![0; D + 2], out.view_mut(), &Monitor::new())?;
        Ok(out)
    }

    /// A part of one image, (C,Y,X) or (C,Z,Y,X).
    ///
    /// # Errors
    /// The errors of [`StitchedArray::read`]; [`qlty_core::Error::Shape`] if the region extends beyond the array.
    pub fn read_region(&self, region: &Region<D>) -> Result<Array<A, ImageDim<D>>> {
        let shape: Vec<usize> = [1, region.channels.len()].into_iter().chain(region.size).collect();
        let mut out = zeros::<A, BatchDim<D>>("region of a result", &shape)?;
        let start: Vec<usize> = [region.image, region.channels.start].into_iter().chain(region.start).collect();
        self.read_into(&start, out.view_mut(), &Monitor::new())?;
        Ok(out.index_axis_move(Axis(0), 0))
    }

    /// Reads the box that starts at `start` (image, channel and pixel (y, x) or (z, y, x)) and has the shape of `out`,
    /// of any strides. Progress counts rows.
    ///
    /// # Errors
    /// The errors of [`StitchedArray::read_region`], and [`qlty_core::Error::Cancelled`]; the values of `out` are then
    /// unspecified.
    pub fn read_into(&self, start: &[usize], out: ArrayViewMut<'_, A, BatchDim<D>>, monitor: &Monitor) -> Result<()> {
        self.any.read_into(start, ArrayMut::of("region of a result", out)?, monitor)
    }
}
