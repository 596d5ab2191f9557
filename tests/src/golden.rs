//! Reference results: the output of the Python package qlty 1.5.0 on small inputs.

use std::path::PathBuf;

use ndarray::{Array, Dimension};
use ndarray_npy::{ReadableElement, read_npy};
use qlty_core::{Quilt, QuiltBuilder, Rank, Spatial};
use serde_json::Value;

/// A folder of `tests/golden/`: arrays in `.npy` files, parameters in `case.json`.
#[derive(Debug)]
pub struct Case {
    folder: PathBuf,
    parameters: Value,
}

impl Case {
    /// The case with this name.
    pub fn load(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
        let path = folder.join("case.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        Self { folder, parameters: serde_json::from_str(&text).unwrap() }
    }

    /// The names of the cases that start with `prefix`, in order. There is at least one.
    pub fn names(prefix: &str) -> Vec<String> {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
        names.sort();
        assert!(!names.is_empty(), "no golden case begins with {prefix}");
        names
    }

    /// The array in `name.npy`.
    pub fn array<A: ReadableElement, D: Dimension>(&self, name: &str) -> Array<A, D> {
        let path = self.folder.join(name).with_extension("npy");
        read_npy(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// A number among the parameters.
    pub fn number(&self, name: &str) -> f64 {
        self.parameters[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {:?}", self.folder))
    }

    /// One size per axis, from a list or one number for all axes; `None` if it is null or missing.
    pub fn sizes<const D: usize>(&self, name: &str) -> Option<[usize; D]> {
        let size = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        match &self.parameters[name] {
            Value::Null => None,
            Value::Array(values) => Some(values.iter().map(size).collect::<Vec<_>>().try_into().unwrap()),
            all => Some([size(all); D]),
        }
    }

    /// The quilt with these parameters.
    pub fn quilt<const D: usize>(&self) -> Quilt<D>
    where
        Spatial<D>: Rank,
    {
        let names = &["Z", "Y", "X"][3 - D..];
        let size = std::array::from_fn(|d| self.number(names[d]) as usize);
        let builder: QuiltBuilder<D> = Quilt::builder(size, self.sizes("window").unwrap(), self.sizes("step").unwrap());
        let builder = builder.border(self.sizes("border").unwrap_or([0; D]));
        builder.border_weight(self.number("border_weight")).build().unwrap()
    }
}
