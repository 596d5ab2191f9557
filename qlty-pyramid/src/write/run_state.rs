//! The state of a run that is stored with its arrays, so that another run can resume it.
//!
//! A resumed run trusts `qlty-run.json` in the `.partial` folder: for each level the planes that are in whole files,
//! and the statistics so far. It starts reading at the first plane that an unwritten one needs, and refuses different
//! options or files. Files are not synced one by one, so after a power failure, as opposed to a killed process, a run
//! must start over.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use qlty_core::zarr::{Error, Partial};
use serde_json::{Map, Value, json};

use super::options::PyramidOptions;
use super::pipeline::Progress;
use super::plan::Plan;
use super::statistics::Statistics;
use crate::{PlaneSource, Result};

/// The name of the file, in the folder of the store that is not complete yet.
const NAME: &str = "qlty-run.json";

/// The state of a run: what it writes, which must be the same for a run that resumes it, and its progress.
#[derive(Debug)]
pub(crate) struct RunState {
    path: PathBuf,
    /// The inputs and options that determine the bytes of the result.
    run: Map<String, Value>,
}

/// A run that starts, or is resumed.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) state: &'a RunState,
    /// The progress of an earlier run.
    pub(crate) progress: Progress,
}

/// Calls `write` with the folder `path` with `.partial` appended, which is renamed when it is complete. A resumable run
/// continues in that folder, and leaves it in place on failure.
pub(crate) fn write_store(
    path: &Path,
    plan: &Plan,
    options: &PyramidOptions,
    state: &dyn Fn(&Path) -> RunState,
    write: &dyn Fn(&Path, Run<'_>) -> Result<()>,
) -> Result<()> {
    let begin = if options.resume { Partial::resume } else { Partial::create };
    let partial = begin(path, options.overwrite)?;
    let state = state(partial.path());
    let run = || {
        let earlier = if options.resume { state.progress()? } else { None };
        let progress = earlier.unwrap_or_else(|| Progress::new(plan));
        write(partial.path(), Run { state: &state, progress })?;
        state.remove()
    };
    if let Err(error) = run() {
        if options.resume {
            partial.keep();
        }
        return Err(error);
    }
    Ok(partial.complete()?)
}

impl RunState {
    pub(crate) fn new(folder: &Path, plan: &Plan, source: &dyn PlaneSource, options: &PyramidOptions) -> Self {
        let arrays: Vec<String> =
            plan.levels.iter().map(|level| format!("{:?} by {:?}", level.array, level.factor)).collect();
        let files: Vec<Value> = source.files().iter().map(|file| identity(file)).collect();
        let run = [
            ("source", json!([source.name(), source.dtype().zarr_name(), plan.shape])),
            ("files", json!(files)),
            ("arrays", json!(arrays)),
            ("pixel type", json!(plan.dtype.zarr_name())),
            ("method", json!(options.method.name())),
            ("normalization", json!(format!("{:?}", options.normalization))),
        ];
        let run = run.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { path: folder.join(NAME), run }
    }

    /// Adds another input that determines the bytes of the result.
    pub(crate) fn also(mut self, name: &str, value: Value) -> Self {
        self.run.insert(name.to_owned(), value);
        self
    }

    /// Stores the progress of the run. All files that it counts as written must exist.
    pub(crate) fn note(&self, progress: &Progress) -> Result<()> {
        let state = json!({
            "run": self.run,
            "t": progress.t,
            "written": progress.written,
            "counted": progress.counted,
            "statistics": progress.statistics.iter().map(Statistics::to_json).collect::<Vec<_>>(),
        });
        let temporary = self.path.with_extension("new");
        fs::write(&temporary, state.to_string()).map_err(Error::io(&temporary))?;
        Ok(fs::rename(&temporary, &self.path).map_err(Error::io(&self.path))?)
    }

    /// The progress of an earlier run, if there is one.
    ///
    /// # Errors
    /// [`Error::Store`] if that run had other inputs or options.
    pub(crate) fn progress(&self) -> Result<Option<Progress>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(&self.path)(error).into()),
        };
        let state: Value = serde_json::from_slice(&text).map_err(Error::zarr(&self.path))?;
        for (name, expected) in &self.run {
            let got = &state["run"][name];
            if got != expected {
                let what = format!("{name} of the run to resume");
                return Err(Error::store(&self.path, what, got, expected.to_string()).into());
            }
        }
        let progress = read(&state);
        let broken = || Error::store(&self.path, "state of the run to resume", "something else", "what a run wrote");
        Ok(Some(progress.ok_or_else(broken)?))
    }

    /// Removes the file when the run is complete.
    pub(crate) fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(&self.path)(error).into()),
            _ => Ok(()),
        }
    }
}

/// The identity of a file: path, length and modification time.
fn identity(file: &Path) -> Value {
    let metadata = file.metadata().ok();
    let since_1970 = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).ok();
    let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok()).and_then(since_1970);
    json!([
        file.to_string_lossy(),
        metadata.map(|metadata| metadata.len()),
        modified.map(|time| time.as_nanos() as u64)
    ])
}

fn read(state: &Value) -> Option<Progress> {
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    Some(Progress {
        t: number(&state["t"])?,
        written: state["written"].as_array()?.iter().map(number).collect::<Option<_>>()?,
        counted: number(&state["counted"])?,
        statistics: state["statistics"].as_array()?.iter().map(Statistics::from_json).collect::<Option<_>>()?,
    })
}
