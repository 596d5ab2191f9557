//! The state of a run that is stored with its arrays, so that another run can resume it.
//!
//! The file `qlty-run.json` in the `.partial` folder tells the inputs and options, for each level the planes that are
//! in whole files, and the statistics so far. A run with other inputs or options refuses it; one with the same starts
//! reading at the first plane that an unwritten one needs, and writes again what was written since.
//!
//! **After a power failure** a run resumes as after a kill: before the state is replaced, all files that it counts as
//! written are on disk, and so is the new state before it gets its name. Since this waits for the disk, progress is
//! noted at most once per [`PyramidOptions::checkpoint_interval`], and when a run stops with an error.
//!
//! The file has a version and a checksum, and its contents are compared with the plan: a state that does not fit is an
//! error. Without a state there is nothing to resume, so such a folder is cleared.

use std::cell::Cell;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qlty_core::zarr::{Error, FolderStore, Partial};
use serde_json::{Value, json};

use super::identity::{Difference, Identity, checksum};
use super::options::PyramidOptions;
use super::plan::Plan;
use super::progress::Progress;
use crate::Result;

/// The name of the file, in the folder of the store that is not complete yet.
const NAME: &str = "qlty-run.json";

/// The folder of the file before it gets its name, so that one that a killed run leaves is found and removed.
const TEMPORARIES: &str = "qlty-run.temporary";

/// The version of the file's format.
const VERSION: u32 = 1;

/// What a run writes: arrays for the first levels of a plan.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) arrays: usize,
    pub(crate) identity: &'a Identity,
}

/// A run that starts, or is resumed.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) state: RunState<'a>,
    /// The progress of an earlier run.
    pub(crate) progress: Progress,
}

/// The state of a run that can be resumed. Of another run nothing is stored.
#[derive(Debug)]
pub(crate) struct RunState<'a> {
    /// All files of the run.
    store: Arc<FolderStore>,
    /// The file of the state.
    own: Option<FolderStore>,
    identity: &'a Identity,
    interval: Duration,
    noted: Cell<Instant>,
}

/// Calls `write` with the folder `path` with `.partial` appended, which is renamed when it is complete. A resumable run
/// continues in that folder, and leaves it in place on failure.
pub(crate) fn write_store(
    path: &Path,
    job: Job<'_>,
    options: &PyramidOptions,
    write: &dyn Fn(&Arc<FolderStore>, &Run<'_>) -> Result<()>,
) -> Result<()> {
    let begin = if options.resume { Partial::resume } else { Partial::create };
    let partial = begin(path, options.overwrite)?;
    let run = || {
        let run = Run::begin(&partial, job, options)?;
        write(partial.store(), &run)?;
        // The run can be resumed until everything is on disk.
        partial.store().sync()?;
        run.state.remove()
    };
    if let Err(error) = run() {
        if options.resume && !is_of_array(&error, &partial) {
            partial.keep();
        }
        return Err(error);
    }
    Ok(partial.complete()?)
}

/// Whether an array turned out to lack files, which a run that resumes would not write again.
fn is_of_array(error: &crate::Error, partial: &Partial) -> bool {
    let crate::Error::Store(Error::Store { path, .. }) = error else { return false };
    path.starts_with(partial.path()) && *path != partial.store().path(NAME)
}

impl<'a> Run<'a> {
    fn begin(partial: &Partial, job: Job<'a>, options: &PyramidOptions) -> Result<Self> {
        let Job { plan, arrays, identity } = job;
        let temporaries = partial.path().join(TEMPORARIES);
        let own = options.resume.then(|| FolderStore::with_temporaries(partial.path(), &temporaries).replacing());
        let (store, interval) = (Arc::clone(partial.store()), options.checkpoint_interval);
        let state = RunState { store, own, identity, interval, noted: Cell::new(Instant::now()) };
        if options.resume {
            if let Some(progress) = state.progress(plan, arrays)? {
                fs::create_dir_all(&temporaries).map_err(Error::io(&temporaries))?;
                return Ok(Self { state, progress });
            }
            partial.clear()?;
            fs::create_dir(&temporaries).map_err(Error::io(&temporaries))?;
        }
        let progress = Progress::new(plan, arrays);
        state.note(&progress)?;
        Ok(Self { state, progress })
    }
}

impl RunState<'_> {
    /// [`RunState::note`], unless that was done a short time ago.
    pub(crate) fn note_if_due(&self, progress: &Progress) -> Result<()> {
        if self.noted.get().elapsed() >= self.interval { self.note(progress) } else { Ok(()) }
    }

    /// Stores the progress of the run, after all that it counts as written is on disk.
    pub(crate) fn note(&self, progress: &Progress) -> Result<()> {
        let Some(own) = &self.own else { return Ok(()) };
        self.store.sync()?;
        own.write(NAME, &[encode(self.identity, progress).as_bytes()])?;
        own.sync()?;
        self.noted.set(Instant::now());
        Ok(())
    }

    /// The progress of an earlier run, if there is one.
    ///
    /// # Errors
    /// [`Error::Store`] if that run had other inputs or options, or did not write this.
    fn progress(&self, plan: &Plan, arrays: usize) -> Result<Option<Progress>> {
        let path = self.store.path(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&path)(error).into()),
        };
        let refused = |what: String, got: String, expected: String| {
            let expected = format!("{expected}; start over instead of resuming it");
            Error::Store { path: path.clone(), what, got, expected }
        };
        let damaged = |got: String| {
            refused("state of the run to resume".to_owned(), got, "what a run of this version wrote".to_owned())
        };
        let content = decode(&text).map_err(damaged)?;
        if let Some(Difference { what, got, earlier }) = self.identity.difference(&content["run"]) {
            return Err(refused(what, got, format!("{earlier}, which the run to resume had")).into());
        }
        let progress = Progress::from_json(&content["progress"], plan, arrays);
        Ok(Some(progress.map_err(|entry| damaged(format!("an impossible {entry:?}")))?))
    }

    /// Removes the state when all files are on disk.
    fn remove(&self) -> Result<()> {
        let Some(own) = &self.own else { return Ok(()) };
        own.remove(NAME)?;
        let temporaries = own.path(TEMPORARIES);
        fs::remove_dir_all(&temporaries).map_err(Error::io(&temporaries))?;
        Ok(own.sync_names()?)
    }
}

/// JSON with a version, and a checksum of the characters of `content`.
fn encode(identity: &Identity, progress: &Progress) -> String {
    let content = json!({ "run": identity.to_json(), "progress": progress.to_json() }).to_string();
    let checksum = checksum(content.as_bytes());
    format!(r#"{{"version":{VERSION},"crc32c":"{checksum}","content":{content}}}"#)
}

/// The content that [`encode`] wrote, or what was found instead.
fn decode(text: &[u8]) -> Result<Value, String> {
    let damaged = || "damaged bytes".to_owned();
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    let (version, rest) =
        text.strip_prefix(r#"{"version":"#).and_then(|rest| rest.split_once(',')).ok_or_else(damaged)?;
    if version != VERSION.to_string() {
        return Err(format!("version {version}"));
    }
    let rest = rest.strip_prefix(r#""crc32c":""#).and_then(|rest| rest.strip_suffix('}'));
    let (expected, content) = rest.and_then(|rest| rest.split_once(r#"","content":"#)).ok_or_else(damaged)?;
    if checksum(content.as_bytes()) != expected {
        return Err(damaged());
    }
    serde_json::from_str(content).map_err(|_| damaged())
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;

    use super::*;
    use crate::{Levels, Monitor, Volume, stack_to_ome_zarr};

    /// The state of a run that stopped after a number of planes, in the folder of a store.
    fn stopped(path: &Path, source: &Volume<'_>, options: &PyramidOptions, planes: usize) -> Vec<u8> {
        let plan = Plan::new(source, options).unwrap();
        let identity = Identity::new("gaussian", &plan, source, options);
        let job = Job { plan: &plan, arrays: 1, identity: &identity };
        let partial = Partial::resume(path, false).unwrap();
        let run = Run::begin(&partial, job, options).unwrap();
        let mut progress = run.progress.clone();
        (progress.counted, progress.written) = (planes, vec![planes]);
        run.state.note(&progress).unwrap();
        partial.keep();
        fs::read(path.with_extension("partial").join(NAME)).unwrap()
    }

    #[test]
    fn a_damaged_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let image = Array3::<u8>::ones((4, 5, 6));
        let source = Volume::new("image", image.view()).unwrap();
        let options = PyramidOptions::new().levels(Levels::Count(1)).chunk([2, 5, 6]).resume(true);
        let whole = stopped(&path, &source, &options, 0);
        let state = path.with_extension("partial").join(NAME);
        let refused = |bytes: &[u8]| {
            fs::write(&state, bytes).unwrap();
            let error = stack_to_ome_zarr(&source, &path, &options, &Monitor::new()).unwrap_err();
            assert!(matches!(&error, crate::Error::Store(Error::Store { path, .. }) if *path == state), "{error}");
            assert!(error.to_string().ends_with("start over instead of resuming it"), "{error}");
            assert!(!path.exists());
        };
        for at in 0..whole.len() {
            for bit in [1, 0x20, 0x80] {
                let mut changed = whole.clone();
                changed[at] ^= bit;
                assert!(decode(&changed).is_err(), "{at} {bit}");
                if (at + usize::from(bit)) % 16 == 0 {
                    refused(&changed);
                }
            }
            assert!(decode(&whole[..at]).is_err());
            if at % 16 == 0 {
                refused(&whole[..at]);
            }
        }
        refused(&[&whole[..], b" "].concat());
        // It was well written, but not by a run.
        let content = decode(&whole).unwrap();
        let mut progress = content["progress"].clone();
        progress["written"] = json!([3]);
        let content = json!({ "run": content["run"], "progress": progress }).to_string();
        let checksum = checksum(content.as_bytes());
        refused(format!(r#"{{"version":1,"crc32c":"{checksum}","content":{content}}}"#).as_bytes());
        fs::write(&state, &whole).unwrap();
        stack_to_ome_zarr(&source, &path, &options, &Monitor::new()).unwrap();
    }

    #[test]
    fn another_run_is_told_apart_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let image = Array3::<u8>::ones((4, 5, 6));
        let source = Volume::new("image", image.view()).unwrap();
        let options = PyramidOptions::new().levels(Levels::Count(1)).resume(true);
        let whole = stopped(&path, &source, &options, 0);
        let said = |options: &PyramidOptions| {
            let error = stack_to_ome_zarr(&source, &path, options, &Monitor::new()).unwrap_err().to_string();
            error.split_once("qlty-run.json: ").unwrap().1.to_owned()
        };
        assert_eq!(
            said(&options.clone().method(crate::Method::Max)),
            "method: got \"max\", expected \"mean\", which the run to resume had; start over instead of resuming it"
        );
        assert!(said(&options.clone().voxel_size([2.0, 0.5, 0.5])).starts_with("voxel size: got \"2,0.5,0.5\""));
        let next = String::from_utf8(whole).unwrap().replacen("{\"version\":1", "{\"version\":2", 1);
        fs::write(path.with_extension("partial").join(NAME), next).unwrap();
        assert!(
            said(&options).starts_with("state of the run to resume: got version 2, expected"),
            "{}",
            said(&options)
        );
    }

    #[test]
    fn without_a_state_a_run_starts_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image");
        let image = Array3::<u8>::ones((4, 5, 6));
        let source = Volume::new("image", image.view()).unwrap();
        let options = PyramidOptions::new().levels(Levels::Count(1)).resume(true);
        let partial = path.with_extension("partial");
        fs::create_dir_all(partial.join("c/9")).unwrap();
        fs::write(partial.join("c/9/0"), "left by something else").unwrap();
        stack_to_ome_zarr(&source, &path, &options, &Monitor::new()).unwrap();
        assert!(!partial.exists() && !path.join("c/9").exists() && !path.join(TEMPORARIES).exists());
    }
}
