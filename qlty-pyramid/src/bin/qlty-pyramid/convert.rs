//! The common parts of both kinds of pyramids: reads stacks and writes a store for each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use qlty_core::zarr::{Error as StoreError, Partial};
use qlty_pyramid::{Error, Existing, Monitor, Pyramid, PyramidOptions, Stack};
use serde_json::{Value, json};

use crate::input::{InputArgs, names};
use crate::output::{self, Failure, Output, times};

#[derive(Args, Debug)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The folder for the stores; or, if the name ends in .zarr, the store of the single stack
    output: PathBuf,
    /// The name of a store in the folder; {} is the name of its stack [default: {}.ome.zarr, or {}.laplacian.zarr]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    store_name: Option<String>,
    /// Print what would be written, and write nothing
    #[arg(long, help_heading = "Output")]
    dry_run: bool,
    /// Replace existing stores, each once the new one is complete
    #[arg(long, help_heading = "Output")]
    overwrite: bool,
    /// Resume a run with --resume and the same options that was stopped, also by a power failure, and keep what has been
    /// written if this one is stopped; leave complete stores of the same stacks and options as they are
    #[arg(long, help_heading = "Output")]
    resume: bool,
    /// With --resume, the least time between two checkpoints, which wait for the disk; what came after the last is
    /// written again
    #[arg(long, value_name = "SECONDS", default_value_t = 10, help_heading = "Output")]
    checkpoint_interval: u64,
}

/// A kind of pyramid.
pub(crate) trait PyramidKind: Sync {
    /// The default name of a store.
    const STORE_NAME: &'static str;

    /// What [`PyramidKind::write`] would write.
    fn plan(&self, stack: &Stack, path: &Path) -> qlty_pyramid::Result<Pyramid>;

    fn write(&self, stack: &Stack, path: &Path, monitor: &Monitor) -> qlty_pyramid::Result<Pyramid>;
}

impl ConvertArgs {
    /// The options for the destination.
    pub(crate) fn apply(&self, options: PyramidOptions) -> PyramidOptions {
        let interval = Duration::from_secs(self.checkpoint_interval);
        options.overwrite(self.overwrite).resume(self.resume).checkpoint_interval(interval)
    }

    pub(crate) fn run<K: PyramidKind>(&self, kind: &K, output: &mut Output) -> Result<(), Failure> {
        output.set("dry_run", self.dry_run);
        output.set("stacks", json!({}));
        let stacks = self.input.open(output)?;
        let paths = self.paths::<K>(&stacks)?;
        // Everything is checked before anything is written.
        let planned = stacks.iter().zip(&paths).map(|(stack, path)| {
            let planned = kind.plan(stack, path)?;
            self.check(path, &planned.existing)?;
            Ok::<_, Failure>(planned)
        });
        let planned: Vec<Pyramid> = planned.collect::<Result<_, _>>()?;
        for (stack, planned) in stacks.iter().zip(&planned) {
            if planned.existing == Existing::Complete {
                if !self.dry_run {
                    // Only what a killed run has left beside it is removed.
                    kind.write(stack, &planned.path, &Monitor::new())?;
                }
                tell(output, stack, describe(stack, planned));
                output.line(format_args!("{}: is complete already", planned.path.display()))?;
                continue;
            }
            if self.dry_run {
                tell(output, stack, describe(stack, planned));
                output.line(dry(stack, planned))?;
                continue;
            }
            let started = Instant::now();
            let write = |monitor: &Monitor| kind.write(stack, &planned.path, monitor);
            let written = output.watch(stack.name(), "planes", write)?.map_err(|error| self.explain(error))?;
            let seconds = started.elapsed().as_secs_f64();
            let mut description = describe(stack, &written);
            description["seconds"] = json!(seconds);
            tell(output, stack, description);
            let (path, shape, levels) = (written.path.display(), times(&written.shape), written.levels.len());
            let (axes, pixels) = (&written.axes, written.dtype.zarr_name());
            let arrays = if levels == 1 { "1 array".to_owned() } else { format!("{levels} levels") };
            output.line(format_args!("{path}: {axes} {shape} {pixels}, {arrays}, in {seconds:.1} s"))?;
        }
        Ok(())
    }

    /// The paths of the stores.
    fn paths<K: PyramidKind>(&self, stacks: &[Stack]) -> Result<Vec<PathBuf>, Failure> {
        let is_store = self.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zarr"));
        if is_store && self.store_name.is_none() {
            if stacks.len() > 1 {
                let (store, count, names) = (self.output.display(), stacks.len(), names(stacks));
                let message =
                    format!("{store}: one store for {count} stacks ({names}); give a folder, or choose with --stack");
                return Err(Failure::usage(message));
            }
            return Ok(vec![self.output.clone()]);
        }
        let template = self.store_name.as_deref().unwrap_or(K::STORE_NAME);
        let (mut paths, mut taken) = (Vec::new(), BTreeMap::new());
        for stack in stacks {
            let path = self.output.join(template.replace("{}", stack.name()));
            if let Some(other) = taken.insert(path.clone(), stack.name()) {
                let name = stack.name();
                let message =
                    format!("--store-name {template:?}: the same for {other:?} and {name:?}; {{}} stands for the name");
                return Err(Failure::usage(message));
            }
            paths.push(path);
        }
        Ok(paths)
    }

    /// Fails if a store may not be replaced.
    fn check(&self, path: &Path, existing: &Existing) -> Result<(), Failure> {
        if *existing == Existing::Complete {
            return Ok(());
        }
        match (Partial::check(path, self.overwrite), existing) {
            (Err(StoreError::Exists { .. }), Existing::Different(what)) if !what.is_empty() => {
                let (path, what) = (path.display(), what.join(", "));
                let message =
                    format!("{path}: exists already, written with a different {what}; --overwrite replaces it");
                Err(Failure::other(message))
            }
            (checked, _) => Ok(checked?),
        }
    }

    /// The failure of writing, with what the user can do.
    fn explain(&self, error: Error) -> Failure {
        if let Error::Store(StoreError::Store { path, .. }) = &error
            && path.ends_with("qlty-run.json")
        {
            return Failure::other(format_args!("{error}: run without --resume"));
        }
        match error.into() {
            Failure::Interrupted(_) if self.resume => {
                Failure::Interrupted(Some("the same command resumes where this one stopped".to_owned()))
            }
            Failure::Interrupted(_) => Failure::Interrupted(Some("nothing is left of the unfinished store".to_owned())),
            other => other,
        }
    }
}

/// Adds a stack to the JSON output.
fn tell(output: &mut Output, stack: &Stack, description: Value) {
    if let Value::Object(stacks) = output.get_mut("stacks") {
        stacks.insert(stack.name().to_owned(), description);
    }
}

/// A pyramid as JSON.
fn describe(stack: &Stack, pyramid: &Pyramid) -> Value {
    let mut total = 0;
    let levels: Vec<Value> = pyramid
        .levels
        .iter()
        .map(|level| {
            let bytes = level.stored_bytes();
            total += bytes;
            json!({
                "name": level.name,
                "shape": level.shape,
                "chunk": level.chunk,
                "dtype": level.stored_dtype.zarr_name(),
                "bytes": bytes,
                "voxel_size": level.voxel_size,
                "translation": level.translation,
            })
        })
        .collect();
    json!({
        "path": pyramid.path.to_string_lossy(),
        "axes": pyramid.axes,
        "shape": pyramid.shape,
        "dtype": pyramid.dtype.zarr_name(),
        "bytes": total,
        "files": pyramid.files.iter().map(|file| file.to_string_lossy()).collect::<Vec<_>>(),
        "missing": stack.missing().iter().map(|range| [range.start(), range.end()]).collect::<Vec<_>>(),
        "levels": levels,
        "complete_already": pyramid.existing == Existing::Complete,
    })
}

/// A pyramid as text.
fn dry(stack: &Stack, pyramid: &Pyramid) -> String {
    let head = ["array", "shape", "chunk", "type", "size", "voxel"].map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    let mut total = 0;
    for level in &pyramid.levels {
        let size = level.stored_bytes();
        total += size;
        rows.push(vec![
            if level.name.is_empty() { ".".to_owned() } else { level.name.clone() },
            times(&level.shape),
            times(&level.chunk),
            level.stored_dtype.zarr_name().to_owned(),
            output::bytes(size),
            output::lengths(&level.voxel_size),
        ]);
    }
    let (axes, files, total) = (&pyramid.axes, stack.files().len(), output::bytes(total));
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    let (path, table) = (pyramid.path.display(), output::table(&rows));
    format!("{path}: would be written, {axes} of {files}, {total} before compression\n{table}")
}
