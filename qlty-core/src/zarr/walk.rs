//! Finding the arrays of a store, to verify all of them.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Damage, Error, Result, verify_arrays};
use crate::Monitor;

/// [`verify`](super::verify) for all arrays of a store in a folder, of Zarr v2 or v3: the array in it, or those in its
/// subfolders at any depth, in the order of their paths. At most `most` files in all are decoded. Stores that are being
/// written, in folders with names such as `name.partial`, are passed over; an array without its metadata is not found.
///
/// # Errors
/// [`Error::Io`] if a folder or its metadata cannot be read, [`Error::Store`] if there is no array in it,
/// [`Error::Zarr`] if metadata is not JSON, [`Error::DataType`] if an array has elements of a type that this library
/// does not read; the errors of [`verify`](super::verify).
pub fn verify_all(folder: &Path, most: Option<usize>, monitor: &Monitor) -> Result<Vec<Damage>> {
    let mut arrays = Vec::new();
    find_arrays(folder, &mut HashSet::new(), &mut arrays)?;
    if arrays.is_empty() {
        return Err(Error::store(folder, "number of Zarr arrays", 0, "at least 1"));
    }
    verify_arrays(&arrays, most, monitor)
}

/// Adds the arrays in a folder and its subfolders, unless it has been `seen`: links may lead in circles.
fn find_arrays(folder: &Path, seen: &mut HashSet<PathBuf>, arrays: &mut Vec<PathBuf>) -> Result<()> {
    if !seen.insert(folder.canonicalize().map_err(Error::io(folder))?) {
        return Ok(());
    }
    if is_array(folder)? {
        arrays.push(folder.to_path_buf());
        return Ok(());
    }
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        let is_partial = path.extension().is_some_and(|extension| extension == "partial");
        if path.is_dir() && !is_partial {
            folders.push(path);
        }
    }
    folders.sort();
    folders.iter().try_for_each(|folder| find_arrays(folder, seen, arrays))
}

fn is_array(folder: &Path) -> Result<bool> {
    let metadata = folder.join("zarr.json");
    match fs::read(&metadata) {
        Ok(text) => {
            let metadata: Value = serde_json::from_slice(&text).map_err(Error::zarr(&metadata))?;
            Ok(metadata.get("node_type").is_some_and(|kind| kind == "array"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(folder.join(".zarray").exists()),
        Err(error) => Err(Error::io(&metadata)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ndarray::Array2;
    use serde_json::Map;

    use super::*;
    use crate::DType;
    use crate::dynamic::ArrayRef;
    use crate::zarr::{FolderStore, Layout, Plan, create_group, create_group_v2};

    /// Writes a group with the arrays `a` and `labels/b`, and returns a file of each.
    fn store(folder: &Path, version: u8) -> [PathBuf; 2] {
        let store = Arc::new(FolderStore::new(folder));
        let create = if version == 2 { create_group_v2 } else { create_group };
        create(&store, Map::new()).unwrap();
        create(&Arc::new(FolderStore::new(folder.join("labels"))), Map::new()).unwrap();
        let values = Array2::from_shape_fn((9, 8), |(y, x)| (1 + y + x) as u16);
        ["a", "labels/b"].map(|name| {
            let layout = Layout { shape: vec![9, 8], chunk: vec![2, 4], shard: None };
            let plan = Plan::new(DType::U16, layout);
            let mut writer =
                if version == 2 { plan.create_v2(&store, name) } else { plan.checksum(true).create(&store, name) }
                    .unwrap();
            writer.write_all(ArrayRef::of("values", values.view()).unwrap()).unwrap();
            let files = writer.files();
            writer.store_file_count(files).unwrap();
            writer.file(&[3, 1])
        })
    }

    #[test]
    fn all_arrays_of_a_store_are_verified() {
        for version in [2, 3] {
            let folder = tempfile::tempdir().unwrap();
            let [first, second] = store(folder.path(), version);
            let monitor = Monitor::new();
            let verify = |most| verify_all(folder.path(), most, &monitor).unwrap();
            assert!(verify(None).is_empty());
            assert_eq!((monitor.done(), monitor.total()), (20, 20));
            for file in [&second, &first] {
                let whole = fs::read(file).unwrap();
                fs::write(file, &whole[..whole.len() - 1]).unwrap();
            }
            // In the order of the arrays.
            assert_eq!(verify(None).iter().map(|damage| &damage.file).collect::<Vec<_>>(), [&first, &second]);
            // One of them is the fourth from the end.
            assert_eq!((verify(Some(10)).len(), monitor.total()), (0, 10));
            fs::remove_file(&second).unwrap();
            let missing = Damage::new(folder.path().join("labels/b"), "has 9 chunk files, but 10 were written");
            assert_eq!(verify(None)[1..], [missing]);
            assert_eq!(verify_all(&folder.path().join("labels/b"), None, &monitor).unwrap().len(), 1);
        }
    }

    #[test]
    fn stores_are_found_in_any_folder_but_not_twice_and_not_before_they_are_complete() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let [complete, _] = store(&place("one.zarr"), 3);
        let [partial, _] = store(&place("two.zarr.partial"), 2);
        fs::write(&complete, "").unwrap();
        fs::write(&partial, "").unwrap();
        fs::write(place("notes.txt"), "mine").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path(), place("one.zarr/labels/circle")).unwrap();
        let found = verify_all(folder.path(), None, &Monitor::new()).unwrap();
        assert!(matches!(&found[..], [damage] if damage.file == complete), "{found:?}");
    }

    #[test]
    fn what_is_no_store_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let verify = |name: &str| verify_all(&folder.path().join(name), None, &Monitor::new()).unwrap_err();
        assert!(matches!(verify("nothing"), Error::Io { path, .. } if path.ends_with("nothing")));
        let empty = verify("").to_string();
        assert!(empty.ends_with("number of Zarr arrays: got 0, expected at least 1"), "{empty}");
        fs::write(folder.path().join("zarr.json"), "{").unwrap();
        assert!(matches!(verify(""), Error::Zarr { path, .. } if path.ends_with("zarr.json")));
        let cancelled = Monitor::new();
        cancelled.cancel();
        store(folder.path(), 3);
        let error = verify_all(folder.path(), None, &cancelled).unwrap_err();
        assert!(matches!(error, Error::Core(crate::Error::Cancelled)), "{error}");
    }
}
