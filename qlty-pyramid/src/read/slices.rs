//! Finding the slices of stacks in a folder, by their file names.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::{Error, Result};

/// Which files of a folder are slices, and how their names give the stack and the position in it.
///
/// ```
/// use qlty_pyramid::SlicePattern;
/// SlicePattern::new("tif", r"image_(\d+)\.tif$")?; // image_007.tif is slice 7 of "image"
/// SlicePattern::new(".TIFF", r"^(.+)_z(\d+)_ch0\.tiff$")?; // liver_z07_ch0.tiff is slice 7 of "liver"
/// assert!(SlicePattern::new("tif", r"image_\d+\.tif$").is_err()); // no group for the counter
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct SlicePattern {
    /// Lower case, without the dot.
    extension: String,
    regex: Regex,
    /// The group with the stack's name; without one, the name is the text before the counter.
    basename_group: Option<usize>,
    /// The group of decimal digits.
    counter_group: usize,
}

/// A file, and its position in a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The number in the file's name.
    pub counter: u64,
    /// The file.
    pub path: PathBuf,
}

/// The slices of one stack, in the order of their counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SliceSet {
    /// The stack's name.
    pub name: String,
    /// The slices, in ascending order of their counters; never empty.
    pub slices: Vec<Slice>,
    /// The missing counters between the first and the last.
    pub missing: Vec<RangeInclusive<u64>>,
}

impl SlicePattern {
    /// A pattern of files with an extension (with or without its dot, case-insensitive) whose names match a regular
    /// expression.
    ///
    /// The expression is searched for in the file's name, including the extension, and has either two groups, the
    /// stack's name and the counter, or one, the counter. (Groups named `basename` and `counter` may be in any order.)
    /// With one group the stack's name is the text before the counter, without a trailing `_` or `-`, or, if that is
    /// empty, the name of the folder.
    ///
    /// # Errors
    /// [`Error::Argument`] if the expression is malformed or has a different number of groups.
    pub fn new(extension: &str, regex: &str) -> Result<Self> {
        let malformed = |error| Error::argument("regular expression", regex, format!("one without an error: {error}"));
        let compiled = Regex::new(regex).map_err(malformed)?;
        let named = |name| compiled.capture_names().position(|group| group == Some(name));
        let (basename_group, counter_group) = match (named("basename"), named("counter"), compiled.captures_len() - 1) {
            (basename, Some(counter), _) => (basename, counter),
            (None, None, 1) => (None, 1),
            (None, None, 2) => (Some(1), 2),
            _ => {
                let expected = "one group (counter) or two (basename, counter)";
                return Err(Error::argument("regular expression", regex, expected));
            }
        };
        Ok(Self {
            extension: extension.trim_start_matches('.').to_lowercase(),
            regex: compiled,
            basename_group,
            counter_group,
        })
    }

    /// The stacks in a folder, by name. Subfolders, files that do not match, and files whose names are not UTF-8 are
    /// skipped.
    ///
    /// # Errors
    /// - [`Error::Io`] if the folder cannot be read;
    /// - [`Error::NoSlices`] if no file matches;
    /// - [`Error::DuplicateCounter`] if two files of a stack have the same counter (`a_1.tif`, `a_01.tif`);
    /// - [`Error::Counter`] if the text of the group does not fit 64 bits.
    pub fn find(&self, folder: impl AsRef<Path>) -> Result<Vec<SliceSet>> {
        let folder = folder.as_ref();
        let mut stacks = BTreeMap::<String, Vec<Slice>>::new();
        for entry in fs::read_dir(folder).map_err(Error::io(folder))? {
            let path = entry.map_err(Error::io(folder))?.path();
            if let Some((name, slice)) = self.slice(folder, path)? {
                stacks.entry(name).or_default().push(slice);
            }
        }
        if stacks.is_empty() {
            return Err(Error::NoSlices {
                folder: folder.to_path_buf(),
                extension: self.extension.clone(),
                pattern: self.regex.to_string(),
            });
        }
        stacks.into_iter().map(|(name, slices)| SliceSet::new(name, slices)).collect()
    }

    /// The stack of a file and its position in it, if it is a slice.
    fn slice(&self, folder: &Path, path: PathBuf) -> Result<Option<(String, Slice)>> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let file_name = path.file_name().and_then(|name| name.to_str());
        let (Some(extension), Some(file_name)) = (extension, file_name) else {
            return Ok(None);
        };
        if !extension.eq_ignore_ascii_case(&self.extension) || !path.is_file() {
            return Ok(None);
        }
        // `IMAGE_(\d+)\.tif$` matches `IMAGE_007.TIF` too: the extension is case-insensitive.
        let stem = &file_name[..file_name.len() - extension.len()];
        let lower_case = format!("{stem}{}", extension.to_lowercase());
        let groups = self.regex.captures(file_name).or_else(|| self.regex.captures(&lower_case));
        let Some(groups) = groups else {
            return Ok(None);
        };
        let Some(counter) = groups.get(self.counter_group) else {
            return Ok(None);
        };
        let name = match self.basename_group {
            Some(group) => groups.get(group).map_or("", |name| name.as_str()),
            None => file_name[..counter.start()].trim_end_matches(['_', '-']),
        };
        let name = match name {
            "" => folder_name(folder),
            name => name.to_owned(),
        };
        match counter.as_str().parse() {
            Ok(counter) => Ok(Some((name, Slice { counter, path }))),
            Err(_) => Err(Error::Counter { counter: counter.as_str().to_owned(), path }),
        }
    }
}

fn folder_name(folder: &Path) -> String {
    let absolute = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "stack".to_owned())
}

impl SliceSet {
    /// Sorts slices and finds the missing counters.
    fn new(name: String, mut slices: Vec<Slice>) -> Result<Self> {
        slices.sort_by(|a, b| (a.counter, &a.path).cmp(&(b.counter, &b.path)));
        let mut missing = Vec::new();
        for pair in slices.windows(2) {
            let [before, after] = pair else { continue };
            if before.counter == after.counter {
                return Err(Error::DuplicateCounter {
                    counter: before.counter,
                    first: before.path.clone(),
                    second: after.path.clone(),
                });
            }
            if after.counter - before.counter > 1 {
                missing.push(before.counter + 1..=after.counter - 1);
            }
        }
        Ok(Self { name, slices, missing })
    }
}
