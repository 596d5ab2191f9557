//! `qlty-pyramid validate`.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::output::{Failure, Output};
use crate::store::Store;

mod chunks;
mod laplacian;
mod ngff;

/// Check a store: NGFF's rules, the attributes of Laplacian stores, that every chunk decodes, and that no file is missing
#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// The store
    store: PathBuf,
    /// Check the metadata only
    #[arg(long)]
    no_chunks: bool,
}

/// A problem in a store.
#[derive(Debug)]
pub(crate) struct Fault {
    /// Which array, attribute or chunk.
    place: String,
    what: String,
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        let what = what.into().split_whitespace().collect::<Vec<_>>().join(" ");
        self.0.push(Fault { place: place.into(), what });
    }
}

impl Validate {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        output.set("path", self.store.to_string_lossy());
        let store = Store::open(&self.store)?;
        output.set("kind", store.kind.to_string());
        let mut faults = Faults::default();
        check_metadata(&store, &mut faults);
        let chunks = if self.no_chunks { 0 } else { chunks::check(&store, output, &mut faults)? };
        let path = self.store.display();
        for Fault { place, what } in &faults.0 {
            output.line(format_args!("{path}: {place}: {what}"))?;
        }
        let Faults(faults) = faults;
        output.set("valid", faults.is_empty());
        output.set("chunks", chunks);
        let listed = faults.iter().map(|Fault { place, what }| json!({ "place": place, "fault": what }));
        output.set("faults", listed.collect::<Value>());
        if !faults.is_empty() {
            return Err(Failure::Faults);
        }
        let (kind, arrays) = (store.kind, store.levels.len());
        let arrays = if arrays == 1 { "1 array".to_owned() } else { format!("{arrays} arrays") };
        let checked = if self.no_chunks { "chunks not checked".to_owned() } else { format!("{chunks} chunks decode") };
        output.line(format_args!("{path}: valid {kind}, {arrays}, {checked}"))
    }
}

fn check_metadata(store: &Store, faults: &mut Faults) {
    use crate::store::StoreKind;
    for level in &store.levels {
        if let Err(error) = &level.array {
            faults.add(if level.name.is_empty() { "." } else { &level.name }, error);
        }
    }
    match store.kind {
        StoreKind::OmeZarr(version) => ngff::check(store, version, faults),
        StoreKind::Laplacian => laplacian::check(store, faults),
        StoreKind::Multiscale => check_order(store, faults),
        StoreKind::Array => {}
        StoreKind::Group => faults.add(".", "a group without multiscale metadata"),
    }
}

/// Checks that levels are ordered from fine to coarse.
fn check_order(store: &Store, faults: &mut Faults) {
    for pair in store.levels.windows(2) {
        let [fine, coarse] = pair else { continue };
        let (Ok(fine_array), Ok(coarse_array)) = (&fine.array, &coarse.array) else { continue };
        let (larger, smaller) = (fine_array.shape(), coarse_array.shape());
        if larger.len() != smaller.len() {
            let what = format!("{} axes, where level {} has {}", smaller.len(), fine.name, larger.len());
            faults.add(&coarse.name, what);
        } else if larger.iter().zip(smaller).any(|(larger, smaller)| larger < smaller) {
            let what = format!("shape {smaller:?} after {larger:?}: levels come from fine to coarse");
            faults.add(&coarse.name, what);
        }
        if let (Some(finer), Some(coarser)) = (&fine.scale, &coarse.scale)
            && finer.iter().zip(coarser).any(|(finer, coarser)| finer > coarser)
        {
            let what = format!("scale {coarser:?} after {finer:?}: levels come from fine to coarse");
            faults.add(&coarse.name, what);
        }
    }
}
