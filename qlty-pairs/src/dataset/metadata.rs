//! The metadata that a store holds about its pairs.

use std::path::Path;

use qlty_core::zarr::{Error, Result, group_attributes};
use serde_json::Value;

use crate::extent::Extent;
use crate::metadata::{STARTS, Statistics};
use crate::{AnyPair, AnyPairMetadata};

/// The metadata of the `count` pairs of a store.
pub(super) fn read(path: &Path, window: Extent, count: usize) -> Result<AnyPairMetadata> {
    let attributes = group_attributes(path)?;
    let columns = Columns { path, count, all: attributes.get("metadata").unwrap_or(&Value::Null) };
    let starts = |names: [&str; 3]| -> Result<[Vec<usize>; 3]> {
        let mut starts = [const { Vec::new() }; 3];
        for d in window.axes() {
            starts[d] = columns.integers(names[d])?;
        }
        Ok(starts)
    };
    let (images, rotations) = (columns.integers("image_idx")?, columns.integers("rotation")?);
    let (starts1, starts2) = (starts(STARTS[0])?, starts(STARTS[1])?);
    // A plane has no column for z.
    let start = |starts: &[Vec<usize>; 3], i: usize| std::array::from_fn(|d| starts[d].get(i).copied().unwrap_or(0));
    let pair = |i: usize| AnyPair {
        image: images[i],
        start1: start(&starts1, i),
        start2: start(&starts2, i),
        rotation: (rotations[i] % 4) as u8,
    };
    let statistics = Statistics {
        mean1: columns.numbers("mean1")?,
        sigma1: columns.numbers("sigma1")?,
        mean2: columns.numbers("mean2")?,
        sigma2: columns.numbers("sigma2")?,
    };
    Ok(AnyPairMetadata { window, pairs: (0..count).map(pair).collect(), statistics })
}

/// Columns with one value per pair.
struct Columns<'a> {
    path: &'a Path,
    count: usize,
    all: &'a Value,
}

impl Columns<'_> {
    fn column<R>(&self, name: &str, value: impl Fn(&Value) -> Option<R>) -> Result<Vec<R>> {
        let count = self.count;
        let values = self.all.get(name).and_then(Value::as_array).filter(|values| values.len() == count);
        let values = values.and_then(|values| values.iter().map(value).collect::<Option<Vec<_>>>());
        values.ok_or_else(|| {
            let got = match self.all.get(name) {
                None => "none".to_owned(),
                Some(Value::Array(values)) => format!("a list of {}", values.len()),
                Some(_) => "no list".to_owned(),
            };
            Error::store(self.path, format!("metadata column {name}"), got, format!("a list of {count} numbers"))
        })
    }

    fn integers(&self, name: &str) -> Result<Vec<usize>> {
        self.column(name, |value| value.as_i64().and_then(|value| usize::try_from(value).ok()))
    }

    fn numbers(&self, name: &str) -> Result<Vec<f64>> {
        // JSON has no NaN; it was written as null.
        self.column(name, |value| if value.is_null() { Some(f64::NAN) } else { value.as_f64() })
    }
}
