//! Selecting the input stacks.

use std::path::{Path, PathBuf};

use clap::Args;
use qlty_pyramid::{Error, SlicePattern, SliceSet, Stack};
use rayon::prelude::*;

use crate::output::{Failure, Output};

/// The default pattern for the names of slices: anything, and digits before the extension.
const PATTERN: &str = r"^(.*?)[_-]?(\d+)\.[^.]+$";
/// The extensions that are tried in turn by default.
const EXTENSIONS: [&str; 3] = ["tif", "tiff", "png"];

#[derive(Args, Debug)]
pub(crate) struct InputArgs {
    /// A folder of slices, or a file: TIFF, BigTIFF, ImageJ hyperstack, OME-TIFF
    input: PathBuf,
    #[command(flatten)]
    slices: SliceArgs,
    /// Only the stack with this name, if a folder has several; can be repeated
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    stack: Vec<String>,
}

/// How slices in a folder are found.
#[derive(Args, Debug)]
pub(crate) struct SliceArgs {
    /// The extension of slices [default: tif, or else tiff, or else png]
    #[arg(long, short, help_heading = "Input")]
    extension: Option<String>,
    /// A regular expression for the names of slices, with groups for the stack's name and the counter, or for
    /// the counter alone
    #[arg(long, short, value_name = "REGEX", default_value = PATTERN, help_heading = "Input")]
    pattern: String,
}

impl SliceArgs {
    /// The stacks of slices in a folder, not yet opened.
    pub(crate) fn find(&self, folder: &Path) -> Result<Vec<SliceSet>, Failure> {
        if let Some(extension) = &self.extension {
            return Ok(SlicePattern::new(extension, &self.pattern)?.find(folder)?);
        }
        for extension in EXTENSIONS {
            match SlicePattern::new(extension, &self.pattern)?.find(folder) {
                Err(Error::NoSlices { .. }) => {}
                found => return Ok(found?),
            }
        }
        let message = format!("no tif, tiff or png file matches {}; see --extension and --pattern", self.pattern);
        Err(Failure::other(format_args!("{}: {message}", folder.display())))
    }

    /// The stacks in a folder, or the one in a file.
    pub(crate) fn open(&self, input: &Path) -> Result<Vec<Stack>, Failure> {
        if !input.metadata().map_err(Failure::io(input))?.is_dir() {
            return Ok(vec![Stack::from_file(input)?]);
        }
        if crate::store::is_node(input) {
            let message = "is a Zarr store, not a folder of slices";
            return Err(Failure::other(format_args!("{}: {message}", input.display())));
        }
        let sets = self.find(input)?;
        Ok(sets.par_iter().map(Stack::from_slices).collect::<Result<_, _>>()?)
    }
}

impl InputArgs {
    /// Opens the selected stacks.
    pub(crate) fn open(&self, output: &Output) -> Result<Vec<Stack>, Failure> {
        let mut stacks = self.slices.open(&self.input)?;
        if let Some(unknown) = self.stack.iter().find(|name| !stacks.iter().any(|stack| stack.name() == *name)) {
            let (folder, names) = (self.input.display(), names(&stacks));
            return Err(Failure::usage(format_args!("{folder}: no stack {unknown:?}, but {names}")));
        }
        stacks.retain(|stack| self.stack.is_empty() || self.stack.iter().any(|name| name == stack.name()));
        for stack in &stacks {
            for missing in stack.missing() {
                let (from, to) = (missing.start(), missing.end());
                let gap = if from == to { format!("slice {from}") } else { format!("slices {from} to {to}") };
                output.warn(format_args!("{}: no {gap}", stack.name()));
            }
        }
        Ok(stacks)
    }
}

/// The names of stacks as a comma-separated phrase.
pub(crate) fn names(stacks: &[Stack]) -> String {
    stacks.iter().map(|stack| format!("{:?}", stack.name())).collect::<Vec<_>>().join(", ")
}
