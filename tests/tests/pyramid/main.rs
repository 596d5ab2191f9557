//! Pyramids: the output equals that of plain loops over the image, and is written completely or not at all.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod checked;
mod complete;
mod conversion;
mod cut_off;
mod metadata;
mod methods;
mod mistakes;
mod oracle;
mod reading;
mod validators;
mod writing;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ndarray::ArrayD;
use qlty_pyramid::{Monitor, PlaneSource, Pyramid, PyramidOptions, stack_to_ome_zarr};
use serde_json::Value;
use zarrs::array::{Array, ElementOwned};
use zarrs::filesystem::FilesystemStore;

/// Writes a pyramid and expects success.
fn write(source: &dyn PlaneSource, path: &Path, options: &PyramidOptions) -> Pyramid {
    stack_to_ome_zarr(source, path, options, &Monitor::new()).unwrap()
}

/// An array of a store, read with zarrs alone.
fn read_back<T: ElementOwned>(store: &Path, name: &str) -> ArrayD<T> {
    let array = Array::open(Arc::new(FilesystemStore::new(store).unwrap()), &format!("/{name}")).unwrap();
    array.retrieve_array_subset(&array.subset_all()).unwrap()
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// All files under a folder, and their contents.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            files.extend(tree(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            files.insert(name, std::fs::read(&path).unwrap());
        }
    }
    files
}
