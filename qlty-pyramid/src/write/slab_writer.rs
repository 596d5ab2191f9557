//! Writing an array slab by slab, its chunks compressed in parallel.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{ArrayView4, ArrayViewMut3, s};
use qlty_core::Monitor;
use qlty_core::zarr::{Codec, Error, FolderStore, Layout, create, create_v2, encode_chunk};
use rayon::prelude::*;
use zarrs::array::Array;

use crate::axes::Axes;
use crate::{Pixel, Result};

/// The version of Zarr that a store is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ZarrFormat {
    /// Zarr v3, and with it NGFF 0.5.
    #[default]
    V3,
    /// Zarr v2, and with it NGFF 0.4.
    V2,
}

/// What an array is to be.
#[derive(Debug, Clone)]
pub(crate) struct ArraySpec {
    /// (T,C,Z,Y,X).
    pub(crate) shape: [usize; 5],
    pub(crate) axes: Axes,
    /// The shape along Z, Y and X of what is compressed in one go. Along T and C it is 1.
    pub(crate) chunk: [usize; 3],
    /// The shape of what makes one file, a multiple of the chunk's, if chunks share files.
    pub(crate) shard: Option<[usize; 3]>,
    pub(crate) codec: Codec,
    pub(crate) format: ZarrFormat,
}

impl ArraySpec {
    /// The shape along Z, Y and X of what makes one file.
    pub(crate) fn file(&self) -> [usize; 3] {
        self.shard.unwrap_or(self.chunk)
    }

    pub(crate) fn layout(&self) -> Layout {
        let along = |sizes: [usize; 3]| self.axes.pick([1, 1, sizes[0], sizes[1], sizes[2]]);
        Layout { shape: self.axes.pick(self.shape), chunk: along(self.chunk), shard: self.shard.map(along) }
    }
}

/// An array on its way to disk. Whole files are written, each once, by any thread.
///
/// Files are written in place and not synced: a store that appears under its name only when it is
/// complete needs neither, and who resumes a run writes what he does not know to be whole anew.
#[derive(Debug)]
pub(crate) struct SlabWriter<T> {
    array: Array<FolderStore>,
    /// The folder that chunk keys are relative to.
    root: PathBuf,
    spec: ArraySpec,
    /// Room for the pixels of a file, as many as there were tasks at once: fresh memory is dear.
    spare: Mutex<Vec<Vec<T>>>,
}

impl<T: Pixel> SlabWriter<T> {
    /// Makes the array of this name in the store at `root`; the empty name is the store's root.
    pub(crate) fn create(root: &Path, name: &str, spec: ArraySpec) -> Result<Self> {
        let store = Arc::new(FolderStore::new(root));
        let layout = spec.layout();
        let array = match spec.format {
            ZarrFormat::V3 => create::<T>(&store, name, &layout, spec.codec, &spec.axes.names())?,
            ZarrFormat::V2 => create_v2::<T>(&store, name, &layout, spec.codec)?,
        };
        Ok(Self { array, root: root.to_path_buf(), spec, spare: Mutex::default() })
    }

    /// The array itself, for its attributes.
    pub(crate) fn array_mut(&mut self) -> &mut Array<FolderStore> {
        &mut self.array
    }

    /// The number of planes that files are deep: what slabs begin at a multiple of.
    pub(crate) fn depth(&self) -> usize {
        self.spec.file()[0]
    }

    /// Writes `planes`, (Z,C,Y,X) in C order, of time point `t`, that begin at plane `from`, in parallel.
    ///
    /// `from` is a multiple of [`Self::depth`], and so is the number of planes, unless they are the last.
    pub(crate) fn write(&self, t: usize, from: usize, planes: &[T], monitor: &Monitor) -> Result<()> {
        let [_, channels, _, height, width] = self.spec.shape;
        let count = planes.len() / (channels * height * width).max(1);
        let planes =
            ArrayView4::from_shape([count, channels, height, width], planes).map_err(Error::zarr(&self.root))?;
        self.write_with(t, from, count, monitor, |c, [z, y, x], mut out| {
            let (depth, height, width) = out.dim();
            let source = planes.slice(s![z..z + depth, c, y..y + height, x..x + width]);
            for (to, from) in out.rows_mut().into_iter().zip(source.rows()) {
                if let (Some(to), Some(from)) = (to.into_slice(), from.to_slice()) {
                    to.copy_from_slice(from);
                }
            }
        })
    }

    /// Writes `count` planes, of which `fill(c, at, out)` makes what lies in one file: of channel `c` the box
    /// (Z,Y,X) that begins at `at`, from the first of these planes on, and has the shape of `out`.
    pub(crate) fn write_with(
        &self,
        t: usize,
        from: usize,
        count: usize,
        monitor: &Monitor,
        fill: impl Fn(usize, [usize; 3], ArrayViewMut3<'_, T>) + Sync,
    ) -> Result<()> {
        let [_, channels, depth, height, width] = self.spec.shape;
        debug_assert!(
            from.is_multiple_of(self.depth()) && (count.is_multiple_of(self.depth()) || from + count == depth)
        );
        let file = self.spec.file();
        let grid = [channels, count.div_ceil(file[0]), height.div_ceil(file[1]), width.div_ceil(file[2])];
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        (0..grid.iter().product::<usize>()).into_par_iter().with_max_len(1).try_for_each(|flat| {
            monitor.check()?;
            let mut pixels = spare().pop().unwrap_or_default();
            let (rest, x) = (flat / grid[3], flat % grid[3]);
            let (rest, y) = (rest / grid[2], rest % grid[2]);
            let (c, z) = (rest / grid[1], rest % grid[1]);
            let at = [z * file[0], y * file[1], x * file[2]];
            let size = [(count, 0), (height, 1), (width, 2)].map(|(size, d)| file[d].min(size - at[d]));
            if size != file {
                // Beyond the edge of the array a file is zero; a whole one is overwritten.
                pixels.clear();
            }
            pixels.resize(file.iter().product(), T::default());
            let mut out = ArrayViewMut3::from_shape(file, &mut pixels).map_err(Error::zarr(&self.root))?;
            fill(c, at, out.slice_mut(s![..size[0], ..size[1], ..size[2]]));
            let place = [t, c, from / file[0] + z, y, x].map(|index| index as u64);
            self.store(&self.spec.axes.pick(place), &pixels)?;
            spare().push(pixels);
            Ok(())
        })
    }

    /// The folder of the store.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Compresses the pixels of the file at a place of the grid of files, and writes it.
    fn store(&self, place: &[u64], pixels: &[T]) -> Result<()> {
        let path = self.root.join(self.array.chunk_key(place).as_str());
        match encode_chunk(&self.array, place, pixels, false)? {
            Some(bytes) => write_file(&path, &bytes),
            // A file that a killed run began is not what is meant.
            None => match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(&path)(error).into()),
                _ => Ok(()),
            },
        }
    }
}

/// Writes a file, and makes its folders where they are not there.
fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = match (fs::write(path, bytes), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder).and_then(|()| fs::write(path, bytes))
        }
        (written, _) => written,
    };
    Ok(written.map_err(Error::io(path))?)
}
