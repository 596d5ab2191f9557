//! The output of the tool, on standard output and standard error, and its exit code.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use indicatif::{ProgressBar, ProgressStyle};
use qlty_pyramid::{Error, Monitor};
use serde_json::{Map, Value};

/// Whether the user has asked the process to stop.
pub(crate) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Whether there is work that stops and cleans up on request.
pub(crate) static WATCHED: AtomicBool = AtomicBool::new(false);

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The arguments are invalid.
    Usage(String),
    /// The command failed.
    Other(String),
    /// The user interrupted; what remains on disk, if anything.
    Interrupted(Option<String>),
    /// Problems were found and have been reported.
    Faults,
    /// The reader of the output has closed it.
    Unread,
}

impl Failure {
    pub(crate) fn usage(message: impl Display) -> Self {
        Self::Usage(one_line(message))
    }

    pub(crate) fn other(message: impl Display) -> Self {
        Self::Other(one_line(message))
    }

    /// The error message on one line, if it has not been printed.
    pub(crate) fn message(&self) -> Option<String> {
        match self {
            Self::Usage(message) | Self::Other(message) => Some(message.clone()),
            Self::Interrupted(None) => Some("interrupted".to_owned()),
            Self::Interrupted(Some(left)) => Some(format!("interrupted; {left}")),
            Self::Faults | Self::Unread => None,
        }
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Other(_) | Self::Faults | Self::Unread => 1,
            Self::Interrupted(_) => 130,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Core(qlty_core::Error::Cancelled) => Self::Interrupted(None),
            Error::Argument { .. } | Error::Core(qlty_core::Error::Argument { .. }) => Self::usage(error),
            Error::Store(qlty_core::zarr::Error::Exists { path }) => Self::exists(path),
            Error::Store(qlty_core::zarr::Error::Busy { path, holder }) => {
                // The file that is locked is that of the store.
                let store = path.with_extension("");
                Self::other(format_args!("{}: {holder} is writing there", store.display()))
            }
            _ => Self::other(error),
        }
    }
}

impl From<qlty_core::zarr::Error> for Failure {
    fn from(error: qlty_core::zarr::Error) -> Self {
        Error::from(error).into()
    }
}

impl Failure {
    pub(crate) fn exists(path: &std::path::Path) -> Self {
        Self::other(format_args!("{}: exists already; --overwrite replaces it", path.display()))
    }

    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::other(format_args!("{}: {error}", path.display()))
    }
}

/// A message without line breaks, such as those of regular expressions' errors.
fn one_line(message: impl Display) -> String {
    message.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Standard output, for people or programs, and progress on standard error.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    quiet: bool,
    /// The JSON document that is printed at the end.
    document: Map<String, Value>,
}

impl Output {
    pub(crate) fn new(command: &str, json: bool, quiet: bool) -> Self {
        let document = Map::from_iter([("command".to_owned(), command.into()), ("error".to_owned(), Value::Null)]);
        Self { json, quiet, document }
    }

    /// Prints a line, unless the output is JSON.
    pub(crate) fn line(&self, line: impl Display) -> Result<(), Failure> {
        if self.json || self.quiet { Ok(()) } else { print(line) }
    }

    /// Prints a warning, unless the output is JSON.
    pub(crate) fn warn(&self, line: impl Display) {
        if !self.json && !self.quiet {
            eprintln!("qlty-pyramid: warning: {line}");
        }
    }

    /// Sets a key of the JSON document.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.document.insert(key.to_owned(), value.into());
    }

    /// The value of a key of the JSON document.
    pub(crate) fn get_mut(&mut self, key: &str) -> &mut Value {
        self.document.entry(key).or_insert(Value::Null)
    }

    /// Prints the JSON document, if there is one.
    pub(crate) fn finish(mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        if self.json {
            if let Some(message) = result.as_ref().err().and_then(Failure::message) {
                self.set("error", message);
            }
            print(format_args!("{:#}", Value::from(self.document)))?;
        }
        result
    }

    /// Runs `work`, which its `Monitor` can stop, and shows the progress in `unit`s.
    pub(crate) fn watch<R: Send>(
        &self,
        label: &str,
        unit: &str,
        work: impl FnOnce(&Monitor) -> R + Send,
    ) -> Result<R, Failure> {
        if INTERRUPTED.load(Relaxed) {
            return Err(Failure::Interrupted(None));
        }
        let shown = !self.json && !self.quiet && io::stderr().is_terminal();
        let bar = if shown { ProgressBar::no_length() } else { ProgressBar::hidden() };
        let template = format!("{{msg}} {{bar:40}} {{pos}}/{{len}} {unit}, {{eta}} left");
        bar.set_style(ProgressStyle::with_template(&template).map_err(Failure::other)?);
        bar.set_message(label.to_owned());
        WATCHED.store(true, Relaxed);
        let result = qlty_core::with_progress(work, |done, total| {
            if total > 0 {
                bar.set_length(total);
                bar.set_position(done);
            }
            if INTERRUPTED.load(Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        WATCHED.store(false, Relaxed);
        bar.finish_and_clear();
        Ok(result)
    }
}

fn print(line: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}").map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::other(format_args!("standard output: {error}")),
    })
}

/// Sizes in readable form, such as `32 x 256 x 256`.
pub(crate) fn times(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

/// Lengths in readable form.
pub(crate) fn lengths(sizes: &[f64]) -> String {
    let short = |size: &f64| format!("{}", (size * 1e6).round() / 1e6);
    sizes.iter().map(short).collect::<Vec<_>>().join(" x ")
}

/// A number of bytes in readable form.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}

/// A table of aligned cells; the first row is the header.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}
