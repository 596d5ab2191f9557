//! Whether a store is there already.

use std::path::Path;

use qlty_core::zarr::{Partial, group_attributes, inspect};
use serde_json::{Map, Value};

use super::identity::Identity;
use super::metadata::OURS;
use super::options::PyramidOptions;
use crate::Result;

/// The key of the fingerprint in our attributes.
const KEY: &str = "run";

/// What a run with [`PyramidOptions::resume`] finds at the path of its store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Existing {
    /// Nothing, or it does not look.
    #[default]
    None,
    /// The complete store of a run with the same inputs and options, so there is nothing to do.
    Complete,
    /// Something else. These inputs and options differ; none are named if that is not known.
    Different(Vec<String>),
}

/// Adds the fingerprint of the run that wrote a store to the attributes of its root.
pub(crate) fn stamp(attributes: &mut Map<String, Value>, identity: &Identity) {
    if let Some(Value::Object(ours)) = attributes.get_mut(OURS) {
        ours.insert(KEY.to_owned(), identity.fingerprint());
    }
}

impl Existing {
    /// What is there. The pixels of an image in memory are not known, so that its store is the same is not known
    /// either.
    pub(crate) fn at(path: &Path, identity: &Identity, options: &PyramidOptions) -> Self {
        if !options.resume || path.symlink_metadata().is_err() {
            return Self::None;
        }
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        if options.overwrite && Path::new(&partial).exists() {
            // An earlier run began to replace it.
            return Self::None;
        }
        // Such a run did not write what cannot be read.
        let attributes = group_attributes(path).or_else(|_| inspect(path).map(|array| array.attributes));
        let run = attributes.ok().and_then(|attributes| attributes.get(OURS)?.get(KEY).cloned());
        let Some(run) = run.filter(|_| identity.tells_pixels()) else { return Self::Different(Vec::new()) };
        let differences = identity.differences(&run);
        if differences.is_empty() {
            return Self::Complete;
        }
        Self::Different(differences.into_iter().map(str::to_owned).collect())
    }

    /// Calls `write`, unless the store is complete: then it removes what a run has left beside it that was killed at the
    /// very end.
    pub(crate) fn or_write(&self, path: &Path, write: impl FnOnce() -> Result<()>) -> Result<()> {
        if *self != Self::Complete {
            return write();
        }
        // If that fails, such as on read-only media, the store is complete all the same.
        let _ = Partial::tidy(path);
        Ok(())
    }

    /// Fails if a store can neither be left as it is nor be written.
    pub(crate) fn check(&self, path: &Path, options: &PyramidOptions) -> Result<()> {
        if *self == Self::Complete { Ok(()) } else { Ok(Partial::check(path, options.overwrite)?) }
    }
}
