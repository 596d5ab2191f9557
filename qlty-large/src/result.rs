//! Reading a result.

use std::path::Path;
use std::sync::Mutex;

use qlty_core::dynamic::ArrayMut;
use qlty_core::zarr::{self, ArrayReader, DEFAULT_CACHE_BYTES};
use qlty_core::{DType, Monitor};

use crate::arrays::Paths;
use crate::memory::lock;
use crate::options::Std;
use crate::record::Metadata;
use crate::{Error, Result};

/// [`crate::LargeResult`] with a type and a number of spatial axes known at run time.
#[derive(Debug)]
#[non_exhaustive]
pub struct AnyLargeResult {
    /// The weighted mean of the patches.
    pub mean: AnyStitchedArray,
    /// The standard deviation, if it was requested.
    pub std: Option<AnyStitchedArray>,
}

impl AnyLargeResult {
    pub(crate) fn open(paths: &Paths, std: Std) -> Result<Self> {
        let std = match std {
            Std::None => None,
            Std::Within | Std::Total => Some(AnyStitchedArray::open(&paths.std)?),
        };
        Ok(Self { mean: AnyStitchedArray::open(&paths.mean)?, std })
    }
}

/// A tile that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DamagedTile {
    /// The number of the tile.
    pub tile: usize,
    /// Its first damaged or missing file.
    pub damage: zarr::Damage,
}

/// [`crate::StitchedArray`] with a type and a number of spatial axes known at run time.
#[derive(Debug)]
pub struct AnyStitchedArray {
    reader: ArrayReader,
}

impl AnyStitchedArray {
    /// Opens the array in a folder.
    ///
    /// # Errors
    /// [`zarr::Error::Io`] if there is none; [`Error::Foreign`] if it was not created by this library, and
    /// [`Error::Truncated`], [`Error::Checksum`] and [`zarr::Error::Zarr`] if its metadata is damaged;
    /// [`zarr::Error::DataType`] if its elements are neither `f32` nor `f64`; [`zarr::Error::Store`] if it does not
    /// have the axes of a batch.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Metadata::read(path)?.ok_or_else(|| Error::io(path)(std::io::ErrorKind::NotFound.into()))?;
        let reader = ArrayReader::open(path, DEFAULT_CACHE_BYTES)?;
        if !matches!(reader.dtype(), DType::F32 | DType::F64) {
            let (path, got) = (path.to_path_buf(), reader.dtype().zarr_name().to_owned());
            return Err(zarr::Error::DataType { path, got, expected: "float32 or float64".to_owned() }.into());
        }
        if !matches!(reader.shape().len(), 4 | 5) {
            let expected = "(images, channels) and 2 or 3 axes of pixels";
            return Err(zarr::Error::store(path, "shape", reader.shape(), expected).into());
        }
        Ok(Self { reader })
    }

    /// The folder of the array.
    pub fn path(&self) -> &Path {
        self.reader.path()
    }

    /// The type of the elements, [`DType::F32`] or [`DType::F64`].
    pub fn dtype(&self) -> DType {
        self.reader.dtype()
    }

    /// The shape: (N,C,Y,X) or (N,C,Z,Y,X).
    pub fn shape(&self) -> &[usize] {
        self.reader.shape()
    }

    /// Reads the box that starts at `start` (image, channel and pixel (y, x) or (z, y, x)) and has the shape of `out`.
    /// Progress counts rows.
    ///
    /// # Errors
    /// [`qlty_core::Error::Shape`] if the box extends beyond the array; [`qlty_core::Error::DataType`] if `out` has a
    /// different type. [`zarr::Error::Damaged`] if a chunk is corrupted, naming its file; [`zarr::Error::Io`] and
    /// [`zarr::Error::Zarr`] if one cannot be read; [`qlty_core::Error::OutOfMemory`] and
    /// [`qlty_core::Error::Cancelled`]: the values of `out` are then unspecified.
    pub fn read_into(&self, start: &[usize], out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let shape = self.shape();
        let ends = start.iter().zip(out.shape()).map(|(start, len)| start.checked_add(*len));
        let fits = ends.zip(shape).all(|(end, len)| end.is_some_and(|end| end <= *len));
        if start.len() != shape.len() || out.ndim() != shape.len() || !fits {
            let expected = format!("a box that begins at {start:?} within {shape:?}");
            return Err(qlty_core::Error::shape("region of a result", out.shape(), expected).into());
        }
        if out.dtype() != self.dtype() {
            return Err(qlty_core::Error::dtype("region of a result", out.dtype(), self.dtype().name()).into());
        }
        monitor.begin(rows(out.shape()));
        let failure = Mutex::new(None);
        divide(start.to_vec(), out, &|from, part| {
            let rows = rows(part.shape());
            let read = monitor.check().map_err(zarr::Error::from).and_then(|()| self.reader.read_into(from, part));
            match read {
                Ok(()) => monitor.advance(rows),
                Err(error) => {
                    lock(&failure).get_or_insert(error);
                }
            }
        });
        let failure = lock(&failure).take();
        failure.map_or(Ok(()), |error| Err(error.into()))
    }
}

/// The number of rows of an array.
fn rows(shape: &[usize]) -> u64 {
    shape[..shape.len() - 1].iter().product::<usize>() as u64
}

/// Calls `read` with the parts of an array that starts at `start`, in parallel.
fn divide(start: Vec<usize>, out: ArrayMut<'_>, read: &(dyn Fn(&[usize], ArrayMut<'_>) + Sync)) {
    /// The maximum number of values of a part, unless it is a single row.
    const PART: usize = 1 << 18;
    let axes = out.ndim() - 1;
    let outermost = out.shape()[..axes].iter().position(|len| *len > 1);
    let Some(axis) = outermost.filter(|_| out.len() > PART) else { return read(&start, out) };
    let half = out.shape()[axis] / 2;
    let (low, high) = out.split_at(axis, half);
    let mut high_start = start.clone();
    high_start[axis] += half;
    rayon::join(|| divide(start, low, read), || divide(high_start, high, read));
}
