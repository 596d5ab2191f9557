//! Reading levels of a Laplacian store: any box of any level, from the chunks that it needs.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, IxDyn};
use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, ArrayRef, DType, OwnedArray};
use qlty_core::zarr::{ArrayReader, Error as ZarrError};
use rayon::prelude::*;

use super::interpolation::Interpolation;
use super::layout::LaplacianLayout;
use super::plane::{self, CoarsePlane};
use super::upsample::{Area, Planes, Upsampler};
use super::work::difference_dtype;
use crate::arrays::{BoxPart, cache_bytes, check_box, split_at_chunks};
use crate::pixel::{check_read_dtype, pixel_dtype};
use crate::{Error, Pixel, Result};

/// A Laplacian store on disk, of this crate or of the Python package `qlty`, read box by box. Threads may share it. The
/// store must not change while it is open.
///
/// ```no_run
/// use qlty_pyramid::{LaplacianStore, Monitor};
/// let store = LaplacianStore::open("brain.laplacian.zarr")?;
/// let slice = store.read::<u16>(0, &[17, 0, 0], &[1, 512, 512], &Monitor::new())?; // (Z, Y, X) of level 0
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug)]
pub struct LaplacianStore {
    path: PathBuf,
    layout: LaplacianLayout,
    /// From level 0.
    differences: Vec<ArrayReader>,
    base: ArrayReader,
    /// The interpolations to each level except the last, from the next smaller one.
    planes: Vec<Planes>,
}

/// The type of the pixels of a Laplacian store.
///
/// # Errors
/// [`Error::Store`] if the store or the array of its smallest level does not exist or cannot be read, or its elements
/// are not pixels.
pub fn laplacian_dtype(path: impl AsRef<Path>) -> Result<DType> {
    let path = path.as_ref();
    let (base, array) = LaplacianLayout::read(path)?.base_array(path)?;
    pixel_dtype(&base, &array)
}

impl LaplacianStore {
    /// Opens a store. Stores of the Python package do not state their interpolation and are treated as bilinear.
    ///
    /// # Errors
    /// [`Error::Store`], naming the store or the array: it does not exist or cannot be read, the store does not contain
    /// its smallest level, an array has elements of a different type, or the shapes do not match. Integer stores of the
    /// Python package, whose differences wrap around, have such different types.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_layout(path, LaplacianLayout::read(path)?)
    }

    /// Opens a store with this interpolation instead of the one that it states.
    ///
    /// # Errors
    /// The errors of [`LaplacianStore::open`].
    pub fn open_with_interpolation(path: impl AsRef<Path>, interpolation: Interpolation) -> Result<Self> {
        let path = path.as_ref();
        Self::open_layout(path, LaplacianLayout { interpolation, ..LaplacianLayout::read(path)? })
    }

    fn open_layout(path: &Path, layout: LaplacianLayout) -> Result<Self> {
        let (base_path, array) = layout.base_array(path)?;
        let dtype = pixel_dtype(&base_path, &array)?;
        let base = ArrayReader::open_as(&base_path, dtype, cache_bytes(layout.differences.len()))?;
        let difference = |(level, name): (usize, &String)| {
            ArrayReader::open_as(path.join(name), difference_dtype(dtype), cache_bytes(level))
        };
        let differences = layout.differences.iter().enumerate().map(difference).collect::<Result<Vec<_>, _>>()?;
        let mut planes = Vec::new();
        let mut coarse = (base_path.as_path(), base.shape());
        for difference in differences.iter().rev() {
            let (axes, fine) = (coarse.1.len(), difference.shape());
            if axes < 2 || coarse.1.contains(&0) {
                return Err(ZarrError::store(coarse.0, "shape", coarse.1, "two axes or more, of sizes above 0").into());
            }
            let grows = fine.len() == axes && (axes - 2..axes).all(|axis| coarse.1[axis] <= fine[axis]);
            if !grows || coarse.1[..axes - 2] != fine[..axes - 2] {
                let expected = format!("{:?}, only with larger planes", coarse.1);
                return Err(ZarrError::store(difference.path(), "shape", fine, expected).into());
            }
            let size = |shape: &[usize]| [shape[axes - 2], shape[axes - 1]];
            planes.push(Planes::new(size(coarse.1), size(fine), layout.interpolation));
            coarse = (difference.path(), fine);
        }
        planes.reverse();
        Ok(Self { path: path.to_path_buf(), layout, differences, base, planes })
    }

    /// The type of the pixels.
    pub fn dtype(&self) -> DType {
        self.base.dtype()
    }

    /// The number of levels.
    pub fn levels(&self) -> usize {
        self.differences.len() + 1
    }

    /// The shape of a level, the last two axes being Y and X.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such level.
    pub fn shape(&self, level: usize) -> Result<&[usize]> {
        if level == self.differences.len() {
            return Ok(self.base.shape());
        }
        let difference = self.differences.get(level);
        let wrong = || Error::argument("level", level, format!("one below {}", self.levels()));
        Ok(difference.ok_or_else(wrong)?.shape())
    }

    /// How a level is predicted from the next.
    pub fn interpolation(&self) -> Interpolation {
        self.layout.interpolation
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn layout(&self) -> &LaplacianLayout {
        &self.layout
    }

    /// The shape of a chunk of a level.
    pub(super) fn chunk(&self, level: usize) -> &[usize] {
        self.differences.get(level).map_or_else(|| self.base.chunk_shape(), ArrayReader::chunk_shape)
    }

    /// The box of a level that starts at `start` and has the shape `shape`, in C order.
    ///
    /// # Errors
    /// The errors of [`LaplacianStore::read_into`], and [`Error::Core`] if there is not enough memory for it.
    pub fn read<T: Pixel>(
        &self,
        level: usize,
        start: &[usize],
        shape: &[usize],
        monitor: &Monitor,
    ) -> Result<ArrayD<T>> {
        check_read_dtype(&self.base, T::DTYPE)?;
        check_box(start, shape, self.shape(level)?)?;
        let mut pixels = OwnedArray::zeros("box of a level", self.dtype(), shape)?;
        self.read_into(level, start, pixels.array_mut(), monitor)?;
        Ok(pixels.into_array::<T, IxDyn>()?)
    }

    /// Reads the box of a level that starts at `start` and has the shape of `out`, in parallel.
    ///
    /// It reads the chunks that the box needs, of this level and the smaller ones. Besides `out` and the chunk caches,
    /// 64 MiB and a third more, the call needs memory for the smaller levels of the planes that share chunks, once, and
    /// once more for every eight threads. Progress counts such groups of planes.
    ///
    /// # Errors
    /// - [`Error::Argument`] if there is no such level or the box is not within it;
    /// - [`Error::Store`] if `out` does not have the type [`LaplacianStore::dtype`], and, naming the array, if it
    ///   cannot be read, or its differences do not give pixels of this type;
    /// - [`Error::Core`] if there is not enough memory, or the caller cancelled.
    ///
    /// After an error `out` holds unspecified pixels.
    pub fn read_into(&self, level: usize, start: &[usize], out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        check_read_dtype(&self.base, out.dtype())?;
        check_box(start, out.shape(), self.shape(level)?)?;
        let groups = self.groups(level, start, out);
        monitor.begin(groups.len() as u64);
        self.read_groups(level, groups, monitor, &|| monitor.advance(1))
    }

    /// Splits a box of a level into planes that share the same chunks.
    pub(super) fn groups<'a>(&self, level: usize, start: &[usize], out: ArrayMut<'a>) -> Vec<BoxPart<'a>> {
        if out.is_empty() {
            return Vec::new();
        }
        split_at_chunks(out, start, self.chunk(level), 0..start.len() - 2)
    }

    /// Reads groups of planes in parallel, and calls `done` for each.
    pub(super) fn read_groups(
        &self,
        level: usize,
        groups: Vec<BoxPart<'_>>,
        monitor: &Monitor,
        done: &(dyn Fn() + Sync),
    ) -> Result<()> {
        // The small levels of a group keep few threads busy, so several groups are read at a time; but a waiting thread
        // takes up any other work, so their number is limited.
        let at_once = 1 + rayon::current_num_threads() / 8;
        let mut groups = groups.into_iter().peekable();
        while groups.peek().is_some() {
            let some = groups.by_ref().take(at_once).collect::<Vec<_>>();
            some.into_par_iter().try_for_each(|BoxPart { start, pixels }| {
                self.read_planes(level, &start, pixels, monitor)?;
                done();
                Ok::<(), Error>(())
            })?;
        }
        monitor.check()?;
        Ok(())
    }

    /// Reads planes that share the same chunks.
    fn read_planes(&self, level: usize, start: &[usize], out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let lead = start.len() - 2;
        let range = |axis: usize| start[axis]..start[axis] + out.shape()[axis];
        let mut areas: Vec<Area> = vec![[range(lead), range(lead + 1)]];
        for planes in &self.planes[level..] {
            areas.push(planes.needs(&areas[areas.len() - 1]));
        }
        let planes = out.shape()[..lead].to_vec();
        let place = |area: &Area| [&start[..lead], &[area[0].start, area[1].start]].concat();
        let shape = |area: &Area| [planes.as_slice(), &[area[0].len(), area[1].len()]].concat();
        // From the smallest level up; the last one is written to `out`.
        let mut out = Some(out);
        let mut coarse: Option<OwnedArray> = None;
        for (index, area) in (level..self.levels()).zip(&areas).rev() {
            let mut room = None;
            let target = match out.take_if(|_| index == level) {
                Some(out) => out,
                None => room.insert(OwnedArray::zeros("part of a level", self.dtype(), &shape(area))?).array_mut(),
            };
            let start = place(area);
            match &coarse {
                None => self.read_base(&start, target, monitor)?,
                Some(coarse) => {
                    let [rows, columns] = &areas[index - level + 1];
                    let coarse = CoarsePlane { pixels: coarse.array_ref(), origin: [rows.start, columns.start] };
                    self.add_level(index, &start, coarse, target, monitor)?;
                }
            }
            coarse = room;
        }
        Ok(())
    }

    fn read_base(&self, start: &[usize], out: ArrayMut<'_>, monitor: &Monitor) -> Result<()> {
        let chunks = split_at_chunks(out, start, self.base.chunk_shape(), 0..start.len());
        chunks.into_par_iter().try_for_each(|BoxPart { start, pixels }| {
            monitor.check()?;
            Ok(self.base.read_into(&start, pixels)?)
        })
    }

    /// Fills `out`, the part of a level that starts at `start`, from the same planes of the next.
    fn add_level(
        &self,
        level: usize,
        start: &[usize],
        coarse: CoarsePlane<'_>,
        out: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        let reader = &self.differences[level];
        let upsampler = self.planes[level].upsampler(&area_of(start, out.shape()));
        let chunks = split_at_chunks(out, start, reader.chunk_shape(), 0..start.len());
        chunks.into_par_iter().try_for_each(|BoxPart { start: at, pixels: mut out }| {
            monitor.check()?;
            let shape = out.shape().to_vec();
            let mut fits = Ok(true);
            reader.for_each_part(&at, &shape, &mut |offset, difference| {
                let (mut out, mut coarse) = (out.reborrow(), coarse);
                for (axis, (from, len)) in offset.iter().zip(difference.shape()).enumerate() {
                    out = out.part(axis, *from..from + len);
                }
                let at: Vec<usize> = at.iter().zip(offset).map(|(at, offset)| at + offset).collect();
                for axis in 0..at.len() - 2 {
                    let from = at[axis] - start[axis];
                    coarse.pixels = coarse.pixels.part(axis, from..from + out.shape()[axis]);
                }
                let sum = add_planes(&upsampler, coarse, &area_of(&at, out.shape()), difference, out);
                if let Ok(true) = fits {
                    fits = sum;
                }
            })?;
            if !fits? {
                let got = format!("some in the box at {at:?} that make no pixels of {}", self.dtype().zarr_name());
                let expected = "the differences from this interpolation";
                return Err(ZarrError::store(reader.path(), "differences", got, expected).into());
            }
            Ok(())
        })
    }
}

/// Rows and columns of a box.
fn area_of(start: &[usize], shape: &[usize]) -> Area {
    let range = |axis: usize| start[axis]..start[axis] + shape[axis];
    [range(start.len() - 2), range(start.len() - 1)]
}

/// [`plane::add`] for all planes, along the last two axes, of arrays whose other axes agree.
fn add_planes(
    upsampler: &Upsampler,
    coarse: CoarsePlane<'_>,
    area: &Area,
    difference: ArrayRef<'_>,
    mut out: ArrayMut<'_>,
) -> Result<bool> {
    if out.ndim() == 2 {
        return plane::add(upsampler, &coarse, area, &difference, out);
    }
    let mut fits = true;
    for index in 0..out.shape()[0] {
        let pixels = coarse.pixels.index_axis(0, index);
        let (coarse, out) = (CoarsePlane { pixels, ..coarse }, out.reborrow().index_axis(0, index));
        fits &= add_planes(upsampler, coarse, area, difference.index_axis(0, index), out)?;
    }
    Ok(fits)
}
