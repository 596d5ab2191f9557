//! The attributes of a Laplacian store.
//!
//! The group's attributes have, under `qlty`, an object `laplacian_pyramid`:
//!
//! | key | value |
//! |---|---|
//! | `version` | 1 |
//! | `axes` | the names of the arrays' axes, outermost first |
//! | `dtype` | the type of the pixels, and of the smallest level |
//! | `interpolation` | `bilinear` or `bicubic` |
//! | `downsampling` | how a level was made from the one before: `mean`, or another [`Method`] |
//! | `differences` | the arrays of the differences, from level 0 |
//! | `base` | the array of the smallest level, or null if it is not stored |
//! | `shapes` | the shapes of all levels |
//!
//! Level i is `differences[i]` plus level i+1 interpolated to its size; for integer pixels the latter is rounded to
//! nearest, ties to even. NGFF does not define such a store, so there is no `ome`. A group without these attributes is
//! treated as a store of the Python package `qlty`: arrays `diff_0` to `diff_{L-2}`, and the smallest level under its
//! number, L-1.

use std::path::{Path, PathBuf};

use qlty_core::DType;
use qlty_core::zarr::{ArrayInfo, Error as ZarrError, group_attributes, inspect};
use serde_json::{Map, Value, json};

use super::Interpolation;
use crate::{Error, Method, Result};

/// The arrays of a Laplacian store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LaplacianLayout {
    pub(crate) interpolation: Interpolation,
    /// The names of the axes, if the store states them.
    pub(crate) axes: Option<Vec<String>>,
    /// The arrays of the differences, from level 0.
    pub(crate) differences: Vec<String>,
    /// The array of the smallest level, if it is stored.
    pub(crate) base: Option<String>,
}

impl LaplacianLayout {
    /// The names of the arrays of a pyramid of `levels` levels.
    pub(crate) fn new(interpolation: Interpolation, axes: &[&str], levels: usize, base: bool) -> Self {
        Self {
            interpolation,
            axes: Some(axes.iter().map(|axis| (*axis).to_owned()).collect()),
            differences: (1..levels).map(|level| format!("diff_{}", level - 1)).collect(),
            base: base.then(|| (levels - 1).to_string()),
        }
    }

    /// The names of the arrays, from fine to coarse.
    pub(crate) fn arrays(&self) -> Vec<&str> {
        self.differences.iter().chain(&self.base).map(String::as_str).collect()
    }

    /// The value of `laplacian_pyramid`.
    pub(crate) fn to_json(&self, dtype: DType, method: Method, shapes: &[Vec<usize>]) -> Value {
        json!({
            "version": 1,
            "axes": self.axes,
            "dtype": dtype.zarr_name(),
            "interpolation": self.interpolation.name(),
            "downsampling": method.name(),
            "differences": self.differences,
            "base": self.base,
            "shapes": shapes,
        })
    }

    /// Reads the attributes of a store, or finds its arrays by their names.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        Self::of(path, &group_attributes(path)?)
    }

    /// [`LaplacianLayout::read`] for a store with these attributes.
    pub(crate) fn of(path: &Path, attributes: &Map<String, Value>) -> Result<Self> {
        match attributes.get("qlty").and_then(|qlty| qlty.get("laplacian_pyramid")) {
            Some(stated) => Self::from_json(path, stated),
            None if ["ome", "multiscales", "qlty"].iter().any(|key| attributes.contains_key(*key)) => {
                Err(ZarrError::store(path, "attributes", "those of an image", "those of a Laplacian pyramid").into())
            }
            None => Self::find(path),
        }
    }

    /// The path of the array of the smallest level, and its metadata.
    pub(crate) fn base_array(&self, path: &Path) -> Result<(PathBuf, ArrayInfo)> {
        let expected = "an array, without which there is nothing to add to";
        let missing = || ZarrError::store(path, "smallest level", "not stored", expected);
        let base = path.join(self.base.as_ref().ok_or_else(missing)?);
        let array = inspect(&base)?;
        Ok((base, array))
    }

    fn from_json(path: &Path, stated: &Value) -> Result<Self> {
        let wrong = |key: &str, expected: &str| -> Error {
            let what = format!("attribute qlty.laplacian_pyramid.{key}");
            ZarrError::store(path, what, stated.get(key), expected).into()
        };
        if stated["version"] != 1 {
            return Err(wrong("version", "1"));
        }
        let names = |key: &str| -> Result<Vec<String>> {
            let names = stated[key].as_array().and_then(|names| {
                names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            });
            names.ok_or_else(|| wrong(key, "a list of names"))
        };
        let interpolation = stated["interpolation"].as_str().and_then(|name| name.parse().ok());
        let base = match &stated["base"] {
            Value::Null => None,
            Value::String(name) => Some(name.clone()),
            _ => return Err(wrong("base", "a name or null")),
        };
        let layout = Self {
            interpolation: interpolation.ok_or_else(|| wrong("interpolation", "bilinear or bicubic"))?,
            axes: Some(names("axes")?),
            differences: names("differences")?,
            base,
        };
        // A name must be that of an array in the store, not a path that leads out of it.
        let inside = |name: &String| !name.is_empty() && !name.contains(['/', '\\']) && !name.starts_with('.');
        if !layout.differences.iter().all(inside) {
            return Err(wrong("differences", "names of arrays in the store"));
        }
        if !layout.base.iter().all(inside) {
            return Err(wrong("base", "the name of an array in the store"));
        }
        Ok(layout)
    }

    /// Finds the arrays of a store of the Python package.
    fn find(path: &Path) -> Result<Self> {
        let is_array = |name: &str| {
            let folder = path.join(name);
            folder.join("zarr.json").is_file() || folder.join(".zarray").is_file()
        };
        let differences: Vec<_> =
            (0..).map(|level| format!("diff_{level}")).take_while(|name| is_array(name)).collect();
        let base = differences.len().to_string();
        let base = is_array(&base).then_some(base);
        if base.is_none() && differences.is_empty() {
            return Err(ZarrError::store(path, "arrays", "none", "diff_0 and so on, and the smallest level").into());
        }
        Ok(Self { interpolation: Interpolation::default(), axes: None, differences, base })
    }
}
