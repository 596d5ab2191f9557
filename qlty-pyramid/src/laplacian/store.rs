//! Reading levels of a Laplacian store: any box of any level, from the chunks that it needs.

use std::path::{Path, PathBuf};

use ndarray::{ArrayD, ArrayViewMutD, Slice};
use qlty_core::Monitor;
use qlty_core::zarr::{ArrayReader, Error as ZarrError, inspect};
use rayon::prelude::*;

use super::layout::LaplacianLayout;
use super::plane;
use super::upsample::{Area, Part, Planes};
use super::{Interpolation, LaplacianPixel};
use crate::boxes::{cache_bytes, check_box, cut_at_chunks};
use crate::{Error, PixelType, Result};

/// A Laplacian store on disk, of this crate or of the Python package `qlty`, read box by box. Threads
/// may share it. The store must not change.
///
/// ```no_run
/// use qlty_pyramid::{LaplacianStore, Monitor};
/// let store = LaplacianStore::<u16>::open("brain.laplacian.zarr")?;
/// let slice = store.read(0, &[17, 0, 0], &[1, 512, 512], &Monitor::new())?; // (Z, Y, X) of level 0
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug)]
pub struct LaplacianStore<T: LaplacianPixel> {
    path: PathBuf,
    layout: LaplacianLayout,
    /// From level 0.
    differences: Vec<ArrayReader<T::Difference>>,
    base: ArrayReader<T>,
    /// From the level after to each level but the last.
    planes: Vec<Planes>,
}

/// The type of the pixels of a Laplacian store.
///
/// # Errors
/// [`Error::Store`] where the store or the array of its smallest level is not there or not readable, or
/// its elements are no pixels.
pub fn laplacian_pixel_type(path: impl AsRef<Path>) -> Result<PixelType> {
    let path = path.as_ref();
    let base = base_path(path, &LaplacianLayout::read(path)?)?;
    let (name, _) = inspect(&base)?;
    PixelType::ALL
        .into_iter()
        .find(|pixel_type| pixel_type.name() == name)
        .ok_or_else(|| ZarrError::store(&base, "element type", name, "integers or floats of up to 64 bits").into())
}

/// The array of the smallest level.
fn base_path(path: &Path, layout: &LaplacianLayout) -> Result<PathBuf> {
    let expected = "an array, without which there is nothing to add to";
    let missing = || ZarrError::store(path, "smallest level", "not stored", expected);
    Ok(path.join(layout.base.as_ref().ok_or_else(missing)?))
}

impl<T: LaplacianPixel> LaplacianStore<T> {
    /// Opens a store. One of the Python package does not say how it was interpolated: it is taken for
    /// bilinear.
    ///
    /// # Errors
    /// [`Error::Store`], naming the store or the array: it is not there or not readable, it does not hold its
    /// smallest level, an array has elements of another type, or the shapes do not belong together. Integer
    /// stores of the Python package, which wraps differences around, have such other types.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_layout(path, LaplacianLayout::read(path)?)
    }

    /// Opens a store that was interpolated so, whatever it says.
    ///
    /// # Errors
    /// As [`LaplacianStore::open`].
    pub fn open_with(path: impl AsRef<Path>, interpolation: Interpolation) -> Result<Self> {
        let path = path.as_ref();
        Self::open_layout(path, LaplacianLayout { interpolation, ..LaplacianLayout::read(path)? })
    }

    fn open_layout(path: &Path, layout: LaplacianLayout) -> Result<Self> {
        let base_path = base_path(path, &layout)?;
        let base = ArrayReader::<T>::open(&base_path, cache_bytes(layout.differences.len()))?;
        let arrays = layout.differences.iter().enumerate();
        let differences = arrays
            .map(|(level, name)| Ok(ArrayReader::<T::Difference>::open(path.join(name), cache_bytes(level))?))
            .collect::<Result<Vec<_>>>()?;
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

    /// The shape of what is compressed in one go, of a level.
    pub(super) fn chunk(&self, level: usize) -> &[usize] {
        self.differences.get(level).map_or_else(|| self.base.chunk_shape(), ArrayReader::chunk_shape)
    }

    /// The box of a level that begins at `start` and has the shape `shape`, in C order.
    ///
    /// # Errors
    /// As [`LaplacianStore::read_into`], and [`Error::Core`] if there is no memory for it.
    pub fn read(&self, level: usize, start: &[usize], shape: &[usize], monitor: &Monitor) -> Result<ArrayD<T>> {
        check_box(start, shape, self.shape(level)?)?;
        let mut pixels = qlty_core::array::zeros::<T, ndarray::IxDyn>("box of a level", shape)?;
        self.read_into(level, start, pixels.view_mut(), monitor)?;
        Ok(pixels)
    }

    /// Reads the box of a level that begins at `start` and has the shape of `out`, in parallel.
    ///
    /// What is read is the chunks of the levels from this one down that the box needs. Besides `out` and the
    /// chunks that are kept, 64 MiB and a third more, the call takes memory for the smaller levels of
    /// the planes that share chunks, once, and once more for every eight threads. Progress counts such groups of planes.
    ///
    /// # Errors
    /// - [`Error::Argument`] if there is no such level or the box is not within it;
    /// - [`Error::Store`], naming the array, if it is not read, or its differences make no pixels of this type;
    /// - [`Error::Core`] if there is no memory, or the caller cancelled.
    ///
    /// After an error `out` holds unspecified pixels.
    pub fn read_into(
        &self,
        level: usize,
        start: &[usize],
        mut out: ArrayViewMutD<'_, T>,
        monitor: &Monitor,
    ) -> Result<()> {
        check_box(start, out.shape(), self.shape(level)?)?;
        let groups = self.groups(level, start, out.view_mut());
        monitor.begin(groups.len() as u64);
        self.read_groups(level, groups, monitor, || monitor.advance(1))
    }

    /// Cuts a box of a level into planes that lie in the same chunks.
    pub(super) fn groups<'a>(
        &self,
        level: usize,
        start: &[usize],
        out: ArrayViewMutD<'a, T>,
    ) -> Vec<(Vec<usize>, ArrayViewMutD<'a, T>)> {
        if out.is_empty() {
            return Vec::new();
        }
        cut_at_chunks(out, start, self.chunk(level), 0..start.len() - 2)
    }

    /// Reads groups of planes in parallel, and calls `done` for each.
    pub(super) fn read_groups(
        &self,
        level: usize,
        groups: Vec<(Vec<usize>, ArrayViewMutD<'_, T>)>,
        monitor: &Monitor,
        done: impl Fn() + Sync,
    ) -> Result<()> {
        // The small levels of a group keep few threads busy, so there is more than one group at a time; but a
        // thread that waits takes up any other work, so there are no more than that at a time.
        let at_once = 1 + rayon::current_num_threads() / 8;
        let mut groups = groups.into_iter().peekable();
        while groups.peek().is_some() {
            let some = groups.by_ref().take(at_once).collect::<Vec<_>>();
            some.into_par_iter().try_for_each(|(start, group)| {
                self.read_planes(level, &start, group, monitor)?;
                done();
                Ok::<(), Error>(())
            })?;
        }
        monitor.check()?;
        Ok(())
    }

    /// Reads planes that lie in the same chunks.
    fn read_planes(&self, level: usize, start: &[usize], out: ArrayViewMutD<'_, T>, monitor: &Monitor) -> Result<()> {
        let lead = start.len() - 2;
        let range = |axis: usize| start[axis]..start[axis] + out.shape()[axis];
        let mut areas: Vec<Area> = vec![[range(lead), range(lead + 1)]];
        for planes in &self.planes[level..] {
            areas.push(planes.needs(&areas[areas.len() - 1]));
        }
        let many = out.shape()[..lead].to_vec();
        let place = |area: &Area| [&start[..lead], &[area[0].start, area[1].start]].concat();
        let shape = |area: &Area| [many.as_slice(), &[area[0].len(), area[1].len()]].concat();
        // From the smallest level up; the last one goes into `out`.
        let mut out = Some(out);
        let mut coarse: Option<ArrayD<T>> = None;
        for (index, area) in (level..self.levels()).zip(&areas).rev() {
            let mut room = None;
            let target = match out.take_if(|_| index == level) {
                Some(out) => out,
                None => room
                    .insert(qlty_core::array::zeros::<T, ndarray::IxDyn>("part of a level", &shape(area))?)
                    .view_mut(),
            };
            let start = place(area);
            match &coarse {
                None => self.read_base(&start, target, monitor)?,
                Some(coarse) => self.add_level(index, &start, coarse, &areas[index - level + 1], target, monitor)?,
            }
            coarse = room;
        }
        Ok(())
    }

    fn read_base(&self, start: &[usize], out: ArrayViewMutD<'_, T>, monitor: &Monitor) -> Result<()> {
        let chunks = cut_at_chunks(out, start, self.base.chunk_shape(), 0..start.len());
        chunks.into_par_iter().try_for_each(|(start, out)| {
            monitor.check()?;
            Ok(self.base.read_into(&start, out)?)
        })
    }

    /// Fills `out`, the part of a level that begins at `start`, from the part `area` of the next.
    fn add_level(
        &self,
        level: usize,
        start: &[usize],
        coarse: &ArrayD<T>,
        area: &Area,
        out: ArrayViewMutD<'_, T>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (reader, lead) = (&self.differences[level], start.len() - 2);
        let range = |axis: usize, start: &[usize], shape: &[usize]| start[axis]..start[axis] + shape[axis];
        let area_of = |start: &[usize], shape: &[usize]| [range(lead, start, shape), range(lead + 1, start, shape)];
        let upsampler = self.planes[level].upsampler(&area_of(start, out.shape()));
        let origin = [area[0].start, area[1].start];
        let chunks = cut_at_chunks(out, start, reader.chunk_shape(), 0..start.len());
        chunks.into_par_iter().try_for_each(|(at, mut out)| {
            monitor.check()?;
            let mut fits = true;
            let shape = out.shape().to_vec();
            reader.for_each_part(&at, &shape, |offset, difference| {
                let mut out = out.slice_each_axis_mut(|axis| {
                    let axis = axis.axis.index();
                    Slice::from(offset[axis]..offset[axis] + difference.shape()[axis])
                });
                let at: Vec<usize> = at.iter().zip(offset).map(|(at, offset)| at + offset).collect();
                let here = area_of(&at, out.shape());
                let coarse = coarse.slice_each_axis(|axis| {
                    let axis = axis.axis.index();
                    let from = at[axis] - start[axis];
                    if axis < lead { Slice::from(from..from + out.shape()[axis]) } else { Slice::from(..) }
                });
                plane::for_each(coarse, difference, out.view_mut(), &mut |pixels, difference, out| {
                    fits &= plane::add(&upsampler, &Part { pixels, origin }, &here, difference, out);
                });
            })?;
            if !fits {
                let got = format!("some in the box at {at:?} that make no pixels of {}", T::TYPE);
                return Err(
                    ZarrError::store(reader.path(), "differences", got, "what this interpolation leaves").into()
                );
            }
            Ok(())
        })
    }
}
