//! The metadata that a store keeps beside its pairs.

use std::sync::Arc;

use qlty_core::zarr::{Error, FolderStore, Result, Stored};
use qlty_core::{Rank, Spatial};
use serde_json::Value;
use zarrs::group::Group;

use super::PatchPairDataset;
use crate::{Pair, PairMetadata};

impl<T: Stored, const D: usize> PatchPairDataset<T, D>
where
    Spatial<D>: Rank,
{
    /// The metadata of the pairs, row i of pair i.
    ///
    /// # Errors
    /// [`Error::Zarr`] where the group cannot be read, and [`Error::Store`] where it has no such metadata,
    /// like the stores that qlty writes.
    pub fn metadata(&self) -> Result<PairMetadata<D>> {
        let path = &self.0.path;
        let store = Arc::new(FolderStore::new(path));
        let group = Group::open(store, "/").map_err(Error::zarr(path))?;
        let columns = Columns { of: self, all: group.attributes().get("metadata").unwrap_or(&Value::Null) };
        let starts = |side: &str| -> Result<[Vec<usize>; D]> {
            let names = ["z", "y", "x"].into_iter().skip(3 - D).map(|axis| format!("patch{side}_{axis}"));
            let starts = names.map(|name| columns.integers(&name)).collect::<Result<Vec<_>>>()?;
            Ok(std::array::from_fn(|d| starts[d].clone()))
        };
        let (images, rotations) = (columns.integers("image_idx")?, columns.integers("rotation")?);
        let (starts1, starts2) = (starts("1")?, starts("2")?);
        let pair = |i: usize| Pair {
            image: images[i],
            start1: std::array::from_fn(|d| starts1[d][i]),
            start2: std::array::from_fn(|d| starts2[d][i]),
            rotation: (rotations[i] % 4) as u8,
        };
        Ok(PairMetadata {
            window: self.window(),
            pairs: (0..self.len()).map(pair).collect(),
            mean1: columns.numbers("mean1")?,
            sigma1: columns.numbers("sigma1")?,
            mean2: columns.numbers("mean2")?,
            sigma2: columns.numbers("sigma2")?,
        })
    }
}

/// Columns of a value for each pair.
struct Columns<'a, T, const D: usize> {
    of: &'a PatchPairDataset<T, D>,
    all: &'a Value,
}

impl<T: Stored, const D: usize> Columns<'_, T, D>
where
    Spatial<D>: Rank,
{
    fn column<R>(&self, name: &str, value: impl Fn(&Value) -> Option<R>) -> Result<Vec<R>> {
        let count = self.of.len();
        let values = self.all.get(name).and_then(Value::as_array).filter(|values| values.len() == count);
        let values = values.and_then(|values| values.iter().map(value).collect::<Option<Vec<_>>>());
        values.ok_or_else(|| {
            let got = match self.all.get(name) {
                None => "none".to_owned(),
                Some(Value::Array(values)) => format!("a list of {}", values.len()),
                Some(_) => "no list".to_owned(),
            };
            Error::store(&self.of.0.path, format!("metadata column {name}"), got, format!("a list of {count} numbers"))
        })
    }

    fn integers(&self, name: &str) -> Result<Vec<usize>> {
        self.column(name, |value| value.as_i64().and_then(|value| usize::try_from(value).ok()))
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        // JSON has no NaN, which was written as null.
        self.column(name, |value| if value.is_null() { Some(f64::NAN) } else { value.as_f64() })
    }
}
