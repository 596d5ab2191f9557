//! The number of chunk files that an array was written with: in Zarr, a missing file means the fill value.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde_json::{Map, Value};

use super::{ArrayReader, ArrayWriter, Damage, Error, Result, inspect};

/// Where the attributes of an array tell its number of files.
const KEYS: [&str; 2] = ["qlty", "chunk_files"];

impl ArrayWriter {
    /// Writes the metadata again, with the number of files that the array now has: [`verify`](super::verify) compares
    /// them, since an absent file is no error in Zarr but means the fill value.
    ///
    /// # Errors
    /// [`Error::Zarr`], naming the array.
    pub fn store_file_count(&mut self, files: u64) -> Result<()> {
        let attributes = self.attributes_mut();
        let ours = attributes.entry(KEYS[0]).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(ours) = ours {
            ours.insert(KEYS[1].to_owned(), files.into());
        }
        self.store_metadata()
    }

    /// [`ArrayWriter::store_file_count`], unless the folder does not have as many chunk files: then one was removed
    /// while the array was written.
    ///
    /// # Errors
    /// [`Error::Store`], naming the array, and [`Error::Io`]; the errors of [`ArrayWriter::store_file_count`].
    pub fn finish(&mut self, files: u64) -> Result<()> {
        let present = count_files(self.path())?;
        if present != files {
            let expected = format!("the {files} that were written");
            return Err(Error::store(self.path(), "number of chunk files", present, expected));
        }
        self.store_file_count(files)
    }
}

impl ArrayReader {
    /// The number of files that the array was written with, if its attributes tell it.
    pub fn file_count(&self) -> Option<u64> {
        file_count(self.array.attributes())
    }
}

/// Compares the number of chunk files of the array in a folder, of any type, with the number that its attributes tell,
/// if they do. No file is opened: [`verify`](super::verify) does this too, and decodes them.
///
/// # Errors
/// The errors of [`inspect()`], and [`Error::Io`].
pub fn check_file_count(folder: &Path) -> Result<Option<Damage>> {
    let Some(written) = file_count(&inspect(folder)?.attributes) else { return Ok(None) };
    Ok(difference(folder, count_files(folder)?, written))
}

/// The damage of an array with this many files, if it was written with another number.
pub(super) fn difference(folder: &Path, present: u64, written: u64) -> Option<Damage> {
    let what = || format!("has {present} chunk files, but {written} were written");
    (present != written).then(|| Damage::new(folder, what()))
}

fn file_count(attributes: &Map<String, Value>) -> Option<u64> {
    attributes.get(KEYS[0])?.get(KEYS[1])?.as_u64()
}

/// The number of chunk files of the array in a folder: `c/0/1` and the like, and `0/1` in Zarr v2.
fn count_files(folder: &Path) -> Result<u64> {
    let entries = match fs::read_dir(folder) {
        // An array whose elements all have the fill value.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut count = 0;
    for entry in entries {
        let entry = entry.map_err(Error::io(folder))?;
        let name = entry.file_name();
        let is_index = |name: &str| name == "c" || !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
        if name.to_str().is_some_and(is_index) {
            let is_folder = entry.file_type().map_err(Error::io(&entry.path()))?.is_dir();
            count += if is_folder { count_files(&entry.path())? } else { 1 };
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::Array2;

    use super::*;
    use crate::DType;
    use crate::dynamic::ArrayRef;
    use crate::zarr::{FolderStore, Layout, Plan};

    #[test]
    fn a_file_that_was_removed_is_missed() {
        for version in [2, 3] {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(FolderStore::new(folder.path()));
            let plan = Plan::new(DType::U16, Layout { shape: vec![9, 8], chunk: vec![2, 4], shard: None });
            let create = || if version == 3 { plan.create(&store, "") } else { plan.create_v2(&store, "") };
            let mut writer = create().unwrap();
            assert_eq!(check_file_count(folder.path()).unwrap(), None);
            // A chunk of zeros has no file.
            let values = Array2::from_shape_fn((9, 8), |(y, x)| if y < 2 && x < 4 { 0 } else { 1 + (y + x) as u16 });
            writer.write_all(ArrayRef::of("values", values.view()).unwrap()).unwrap();
            assert_eq!(writer.files(), 9);
            // Files of others do not count.
            fs::write(folder.path().join("notes.txt"), "mine").unwrap();
            fs::write(writer.file(&[1, 1]).with_file_name(".DS_Store"), "").unwrap();
            writer.finish(9).unwrap();
            assert_eq!(check_file_count(folder.path()).unwrap(), None);
            fs::remove_file(writer.file(&[1, 1])).unwrap();
            let damage = Damage::new(folder.path(), "has 8 chunk files, but 9 were written");
            assert_eq!(check_file_count(folder.path()).unwrap(), Some(damage));
            let error = writer.finish(9).unwrap_err().to_string();
            assert!(error.ends_with("number of chunk files: got 8, expected the 9 that were written"), "{error}");
        }
    }
}
