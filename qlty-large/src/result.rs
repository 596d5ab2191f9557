//! Reading a result.

use std::path::{Path, PathBuf};

use ndarray::{Array, ArrayViewMut};
use qlty_core::array::{divide, five_mut, zeros};
use qlty_core::zarr::{ArrayReader, DEFAULT_CACHE_BYTES, Error, Region, Result};
use qlty_core::{BatchDim, ImageDim, Monitor, Rank, Spatial};

use crate::arrays::Paths;
use crate::options::{Accumulator, Std};
use crate::record::Record;

/// What a [`crate::LargeQuilt`] has made: the arrays of the mean and, if asked for, the standard deviation.
#[derive(Debug)]
pub struct LargeResult<A, const D: usize> {
    mean: StitchedArray<A, D>,
    std: Option<StitchedArray<A, D>>,
}

impl<A: Accumulator, const D: usize> LargeResult<A, D>
where
    Spatial<D>: Rank,
{
    pub(crate) fn open(paths: &Paths, std: Std) -> Result<Self> {
        let std = match std {
            Std::None => None,
            _ => Some(StitchedArray::open(&paths.std)?),
        };
        Ok(Self { mean: StitchedArray::open(&paths.mean)?, std })
    }

    /// The weighted mean of the patches.
    pub fn mean(&self) -> &StitchedArray<A, D> {
        &self.mean
    }

    /// Both, each to be kept by itself.
    pub fn into_arrays(self) -> (StitchedArray<A, D>, Option<StitchedArray<A, D>>) {
        (self.mean, self.std)
    }

    /// The standard deviation, if it was asked for.
    pub fn std(&self) -> Option<&StitchedArray<A, D>> {
        self.std.as_ref()
    }
}

/// A Zarr array on disk that a [`crate::LargeQuilt`] has written. Threads may share it.
///
/// Chunks are decoded whole, and up to 256 MiB of them kept.
#[derive(Debug)]
pub struct StitchedArray<A, const D: usize> {
    path: PathBuf,
    reader: ArrayReader<A>,
}

impl<A: Accumulator, const D: usize> StitchedArray<A, D>
where
    Spatial<D>: Rank,
{
    /// Opens the array in a folder.
    ///
    /// # Errors
    /// [`Error::Io`] where there is none; [`Error::Foreign`] where it was not made by this library, and those of its
    /// files being damaged; [`Error::DataType`] and [`Error::Store`] where its elements are not `A` or its spatial axes
    /// not `D`.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Record::read(path)?.ok_or_else(|| Error::io(path)(std::io::ErrorKind::NotFound.into()))?;
        let reader = ArrayReader::open(path, DEFAULT_CACHE_BYTES)?;
        if reader.shape().len() != D + 2 {
            let expected = format!("(images, channels) and {D} axes of pixels");
            return Err(Error::store(path, "shape", reader.shape(), expected));
        }
        Ok(Self { path: path.to_path_buf(), reader })
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The shape: (N,C,Y,X) or (N,C,Z,Y,X).
    pub fn shape(&self) -> &[usize] {
        self.reader.shape()
    }

    /// The whole array.
    ///
    /// # Errors
    /// [`Error::Zarr`] where a chunk is damaged, naming its file; [`Error::Io`]; [`qlty_core::Error::OutOfMemory`].
    pub fn read(&self) -> Result<Array<A, BatchDim<D>>> {
        let mut out = zeros("result", self.shape())?;
        self.read_into([0; D], 0, 0, out.view_mut(), &Monitor::new())?;
        Ok(out)
    }

    /// A part of one image, (C,Y,X) or (C,Z,Y,X).
    ///
    /// # Errors
    /// Those of [`StitchedArray::read`]; [`qlty_core::Error::Shape`] where the region leaves the array.
    pub fn read_region(&self, region: &Region<D>) -> Result<Array<A, ImageDim<D>>> {
        let shape: Vec<usize> = [1, region.channels.len()].into_iter().chain(region.size).collect();
        let mut out = zeros::<A, BatchDim<D>>("region of a result", &shape)?;
        self.read_into(region.start, region.image, region.channels.start, out.view_mut(), &Monitor::new())?;
        Ok(out.index_axis_move(ndarray::Axis(0), 0))
    }

    /// Reads the box that begins at an image, a channel and a pixel and has the shape of `out`, of any strides.
    /// Progress counts rows.
    ///
    /// # Errors
    /// Those of [`StitchedArray::read_region`], and [`qlty_core::Error::Cancelled`]. What is written then is
    /// unspecified.
    pub fn read_into(
        &self,
        start: [usize; D],
        image: usize,
        channel: usize,
        out: ArrayViewMut<'_, A, BatchDim<D>>,
        monitor: &Monitor,
    ) -> Result<()> {
        const TASK: usize = 1 << 18;
        let from: Vec<usize> = [image, channel].into_iter().chain(start).collect();
        let fits = |axis: usize| from[axis].checked_add(out.shape()[axis]).is_some_and(|end| end <= self.shape()[axis]);
        if !(0..from.len()).all(fits) {
            let expected = format!("a box that begins at {from:?} within {:?}", self.shape());
            return Err(qlty_core::Error::shape("region of a result", out.shape(), expected).into());
        }
        let out = five_mut::<_, _, D>("result", out)?;
        let rows = |part: &[usize]| part[..4].iter().product::<usize>() as u64;
        monitor.begin(rows(out.shape()));
        let failure = std::sync::Mutex::new(None);
        divide(out, [0; 4], TASK, &|at, part| {
            let mut from = vec![image + at[0], channel + at[1]];
            from.extend((0..D).map(|d| start[d] + if d + 1 < D { at[4 - D + 1 + d] } else { 0 }));
            let rows = rows(part.shape());
            let part = if D == 2 { part.index_axis_move(ndarray::Axis(2), 0).into_dyn() } else { part.into_dyn() };
            let read = monitor.check().map_err(Error::from).and_then(|()| self.reader.read_into(&from, part));
            match read {
                Ok(()) => monitor.advance(rows),
                Err(error) => {
                    crate::memory::lock(&failure).get_or_insert(error);
                }
            }
        });
        let failure = crate::memory::lock(&failure).take();
        failure.map_or(Ok(()), Err)
    }
}
