//! Finding files of an array that are not as they were written.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use zarrs::array::{ArrayBytes, CodecOptions};

use super::file_count::difference;
use super::reader::{check_memory, chunk_bytes};
use super::{ArrayReader, Error, Result};
use crate::Monitor;
use crate::array::product;

/// A file that is not as it was written, or is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Damage {
    /// The file, or the folder of the array if it lacks files.
    pub file: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

impl Damage {
    /// The damage of a file, in words: for the implementation of calls.
    pub fn new(file: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self { file: file.into(), what: what.into() }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file.display(), self.what)
    }
}

/// What [`ArrayReader::check_file`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It was decoded, and agrees with its checksum if it has one.
    Whole,
    /// It does not exist.
    Absent,
    /// It cannot be decoded.
    Damaged(Damage),
}

impl ArrayReader {
    /// The size of the grid of files: of chunks, or of shards if there are any.
    pub fn grid(&self) -> Vec<u64> {
        self.array.chunk_grid_shape().to_vec()
    }

    /// Reads and decodes the file at `place` in the grid of files, bypassing the cache. Whether changed bytes are always
    /// found depends on the codec: with a checksum, they are.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Zarr`] if the file exists and cannot be read; [`crate::Error::OutOfMemory`];
    /// [`crate::Error::Argument`] if there is no such place.
    pub fn check_file(&self, place: &[u64]) -> Result<FileState> {
        let grid = self.array.chunk_grid_shape();
        if place.len() != grid.len() || place.iter().zip(grid).any(|(index, count)| index >= count) {
            return Err(crate::Error::argument("place of a file", place, format!("one in a grid of {grid:?}")).into());
        }
        let file = self.array.storage().0.path(self.array.chunk_key(place).as_str());
        match file.metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(FileState::Absent),
            metadata => metadata.map_err(Error::io(&file))?,
        };
        let shape = self.array.chunk_shape(place).map_err(Error::zarr(&file))?;
        let sizes: Vec<usize> = shape.iter().map(|size| usize::try_from(size.get()).unwrap_or(usize::MAX)).collect();
        check_memory(chunk_bytes(&file, &sizes, self.dtype)?)?;
        // The caller's threads check files of their own.
        let options = CodecOptions::default().with_concurrent_target(1).with_validate_checksums(true);
        let decoded = self.array.retrieve_chunk_opt::<ArrayBytes<'_>>(place, &options);
        match decoded.map_err(|error| Error::chunk(&file, error)) {
            Ok(_) => Ok(FileState::Whole),
            Err(Error::Damaged { path, source }) => Ok(FileState::Damaged(Damage::new(path, source.to_string()))),
            Err(error) => Err(error),
        }
    }
}

/// Decodes the files of the array in a folder, in parallel, and returns those that are damaged, in the order of the
/// array, and whether files are missing: if the array tells how many it has. At most `most` files, evenly spread over
/// the array, are decoded; all if it is `None`. Progress counts files.
///
/// # Errors
/// The errors of [`ArrayReader::open`] and [`ArrayReader::check_file`]; [`crate::Error::Cancelled`].
pub fn verify(folder: &Path, most: Option<usize>, monitor: &Monitor) -> Result<Vec<Damage>> {
    verify_arrays(&[folder.to_path_buf()], most, monitor)
}

/// [`verify`] for several arrays, of which at most `most` files in all are decoded.
///
/// # Errors
/// The errors of [`verify`].
pub fn verify_arrays(folders: &[PathBuf], most: Option<usize>, monitor: &Monitor) -> Result<Vec<Damage>> {
    let (mut arrays, mut damaged) = (Vec::new(), Vec::new());
    for folder in folders {
        match Files::of(folder) {
            // Its metadata: without it, nothing can be said about its files.
            Err(Error::Damaged { path, source }) => damaged.push(Damage::new(path, source.to_string())),
            array => arrays.push(array?),
        }
    }
    // The number of files before each array, and of all files.
    let mut starts = vec![0_usize];
    for array in &arrays {
        starts.push(starts[starts.len() - 1].saturating_add(array.total));
    }
    let total = starts[arrays.len()];
    let count = most.map_or(total, |most| most.min(total));
    monitor.begin(count as u64);
    let found = Mutex::new(Vec::new());
    (0..count).into_par_iter().with_max_len(1).try_for_each(|index| {
        monitor.check()?;
        // Evenly spread: `index * total / count`, which may not fit 64 bits on the way.
        let flat = (index as u128 * total as u128 / count as u128) as usize;
        let number = starts.partition_point(|start| *start <= flat) - 1;
        if let Some(damage) = arrays[number].check(flat - starts[number])? {
            found.lock().unwrap_or_else(PoisonError::into_inner).push((number, flat, damage));
        }
        monitor.advance(1);
        Ok::<(), Error>(())
    })?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if count == total {
        let missing = arrays.iter().enumerate().filter_map(|(number, array)| Some((number, total, array.missing()?)));
        found.extend(missing);
    }
    found.sort();
    damaged.extend(found.into_iter().map(|(_, _, damage)| damage));
    Ok(damaged)
}

/// The files of an array that is verified.
struct Files {
    reader: ArrayReader,
    grid: Vec<u64>,
    /// The number of places for files.
    total: usize,
    /// The number of files that were found.
    present: AtomicU64,
}

impl Files {
    fn of(folder: &Path) -> Result<Self> {
        let reader = ArrayReader::open(folder, 0)?;
        let grid = reader.grid();
        let counts: Vec<usize> = grid.iter().map(|count| usize::try_from(*count).unwrap_or(usize::MAX)).collect();
        let total = product("files of an array", &counts)?;
        Ok(Self { reader, grid, total, present: AtomicU64::new(0) })
    }

    /// The damage of the file with this number, in C order.
    fn check(&self, number: usize) -> Result<Option<Damage>> {
        let damage = match self.reader.check_file(&place(number as u64, &self.grid))? {
            FileState::Absent => return Ok(None),
            FileState::Whole => None,
            FileState::Damaged(damage) => Some(damage),
        };
        self.present.fetch_add(1, Relaxed);
        Ok(damage)
    }

    /// The files that are missing, once all are checked.
    fn missing(&self) -> Option<Damage> {
        difference(self.reader.path(), self.present.load(Relaxed), self.reader.file_count()?)
    }
}

/// The position in a grid of the element with this number, in C order.
fn place(mut flat: u64, grid: &[u64]) -> Vec<u64> {
    let mut place = vec![0; grid.len()];
    for (index, count) in place.iter_mut().zip(grid).rev() {
        *index = flat % count;
        flat /= count;
    }
    place
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use ndarray::Array2;

    use super::*;
    use crate::DType;
    use crate::dynamic::ArrayRef;
    use crate::zarr::{FolderStore, Layout, Plan};

    #[test]
    fn each_damaged_or_missing_file_is_found() {
        for shard in [None, Some(vec![4, 4])] {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout { shape: vec![9, 8], chunk: vec![2, 4], shard };
            let plan = Plan::new(DType::U16, layout).checksum(true);
            let mut writer = plan.create(&Arc::new(FolderStore::new(folder.path())), "").unwrap();
            let values = Array2::from_shape_fn((9, 8), |(y, x)| if y < 4 && x < 4 { 0 } else { (y + x) as u16 });
            writer.write_all(ArrayRef::of("values", values.view()).unwrap()).unwrap();
            let files = writer.files();
            writer.store_file_count(files).unwrap();
            let verify = |most| verify(folder.path(), most, &Monitor::new()).unwrap();
            assert!(verify(None).is_empty() && verify(Some(2)).is_empty());
            let file = writer.file(&[1, 1]);
            let whole = fs::read(&file).unwrap();
            for at in 0..whole.len() {
                let mut changed = whole.clone();
                changed[at] ^= 1;
                fs::write(&file, changed).unwrap();
                assert!(matches!(&verify(None)[..], [damage] if damage.file == file), "{at}");
                fs::write(&file, &whole[..at]).unwrap();
                assert!(matches!(&verify(None)[..], [damage] if damage.file == file), "{at}");
            }
            fs::write(&file, &whole).unwrap();
            let metadata = folder.path().join("zarr.json");
            let text = fs::read_to_string(&metadata).unwrap();
            fs::write(&metadata, text.replacen("9,", "8,", 1)).unwrap();
            assert!(matches!(&verify(None)[..], [damage] if damage.file == metadata));
            fs::write(&metadata, text).unwrap();
            fs::remove_file(&file).unwrap();
            let what = format!("has {} chunk files, but {files} were written", files - 1);
            assert_eq!(verify(None), [Damage::new(folder.path(), what)]);
            assert!(verify(Some(2)).is_empty());
        }
    }
}
