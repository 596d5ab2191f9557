//! What determines the bytes of a store: command, inputs and options, as a run and a store tell them to later runs.

use std::path::Path;
use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};

use super::options::{Normalization, PyramidOptions, ZarrFormat};
use super::plan::{Plan, PlannedLevel};
use crate::PlaneSource;

/// The name of the entry with the files that are read.
const FILES: &str = "input files";

/// The inputs and options of a run, by their names, with values that a person can read.
#[derive(Debug, Clone)]
pub(crate) struct Identity(Vec<(&'static str, Value)>);

/// An entry in which two runs differ.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) what: String,
    pub(crate) got: String,
    /// That of the earlier run.
    pub(crate) earlier: String,
}

impl Identity {
    pub(crate) fn new(command: &str, plan: &Plan, source: &dyn PlaneSource, options: &PyramidOptions) -> Self {
        let files: Vec<Value> = source.files().iter().map(|file| file_identity(file)).collect();
        let factors: Vec<String> = plan.levels[1..].iter().map(|level| text(level.factor)).collect();
        let each = |of: &dyn Fn(&PlannedLevel) -> String| {
            let mut texts: Vec<String> = plan.levels.iter().map(of).collect();
            texts.dedup();
            texts.join("; ")
        };
        let Plan { shape, axes, dtype, unit, name, channel_names, levels, .. } = plan;
        Self(vec![
            ("command", json!(command)),
            ("image", json!(source.name())),
            ("shape of the image", json!(text(*shape))),
            ("type of the image", json!(source.dtype().zarr_name())),
            (FILES, json!(files)),
            ("number of levels", json!(levels.len())),
            ("factors of the levels", json!(factors.join("; "))),
            ("method", json!(options.method.name())),
            ("axis order", json!(axes.word())),
            ("pixel type", json!(dtype.zarr_name())),
            ("normalization", json!(normalization(options.normalization))),
            ("voxel size", json!(text(levels[0].voxel_size))),
            ("unit", json!(unit.map_or("none", |unit| unit.name()))),
            ("chunk", json!(each(&|level| text(level.array.chunk)))),
            ("shard", json!(each(&|level| level.array.shard.map_or_else(|| "none".to_owned(), text)))),
            ("codec", json!(options.codec.to_string())),
            ("Zarr version", json!(if options.format == ZarrFormat::V3 { 3 } else { 2 })),
            ("name", json!(name)),
            ("channel names", json!(channel_names)),
        ])
    }

    /// Adds another option.
    pub(crate) fn also(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    pub(crate) fn to_json(&self) -> Value {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>().into()
    }

    /// The first difference from what an earlier run wrote with [`Identity::to_json`].
    pub(crate) fn difference(&self, earlier: &Value) -> Option<Difference> {
        let (name, value) = self.0.iter().find(|(name, value)| earlier[*name] != *value)?;
        let earlier = &earlier[*name];
        let differ = |what: String, got: &Value, earlier: &Value| {
            let (got, earlier) = (got.to_string(), earlier.to_string());
            Some(Difference { what, got, earlier })
        };
        let (Some(files), Some(before)) = (value.as_array().filter(|_| *name == FILES), earlier.as_array()) else {
            return differ((*name).to_owned(), value, earlier);
        };
        let mut pairs = files.iter().zip(before).enumerate();
        match pairs.find(|(_, (file, before))| file != before) {
            Some((_, (file, before))) if file["path"] == before["path"] => {
                let time =
                    |file: &Value| format!("{} bytes, changed at {} ns after 1970", file["bytes"], file["changed"]);
                Some(Difference {
                    what: format!("input file {}", file["path"]),
                    got: time(file),
                    earlier: time(before),
                })
            }
            Some((index, (file, before))) => {
                differ(format!("input file {}", index + 1), &file["path"], &before["path"])
            }
            None => differ(format!("number of {FILES}"), &json!(files.len()), &json!(before.len())),
        }
    }

    /// A checksum of each entry: it tells later runs whether they would write the same, and nothing else.
    pub(crate) fn fingerprint(&self) -> Value {
        let checksum = |value: &Value| json!(checksum(value.to_string().as_bytes()));
        self.0.iter().map(|(name, value)| ((*name).to_owned(), checksum(value))).collect::<Map<_, _>>().into()
    }

    /// The names of the entries that differ from those of a [`Identity::fingerprint`].
    pub(crate) fn differences(&self, earlier: &Value) -> Vec<&'static str> {
        let now = self.fingerprint();
        self.0.iter().map(|(name, _)| *name).filter(|name| now[*name] != earlier[*name]).collect()
    }

    /// Whether equal entries mean equal pixels: those of an image in memory may have changed.
    pub(crate) fn tells_pixels(&self) -> bool {
        let files = self.0.iter().find(|(name, _)| *name == FILES).and_then(|(_, files)| files.as_array());
        files.is_some_and(|files| !files.is_empty() && files.iter().all(|file| file["changed"].is_u64()))
    }
}

/// The CRC-32C of bytes, as 8 hexadecimal digits.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    format!("{:08x}", crc32c::crc32c(bytes))
}

/// A file by path, length and time of the last change. What is not known is null: reading the file fails later, or the
/// source gives names of something else.
fn file_identity(file: &Path) -> Value {
    // The same from any working directory.
    let path = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    let metadata = file.metadata().ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok());
    json!({
        "path": path.to_string_lossy(),
        "bytes": metadata.map(|metadata| metadata.len()),
        "changed": changed.map(|time| time.as_nanos() as u64),
    })
}

/// Numbers as they are given to the command-line tool.
fn text<T: std::fmt::Display, const N: usize>(numbers: [T; N]) -> String {
    numbers.map(|number| number.to_string()).join(",")
}

fn normalization(normalization: Normalization) -> String {
    match normalization {
        Normalization::None => "none".to_owned(),
        Normalization::PerSlice => "slice".to_owned(),
        Normalization::Global => "global".to_owned(),
        Normalization::By { mean, deviation } => text([mean, deviation]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(files: &[(&str, u64)]) -> Identity {
        let file = |(path, changed): &(&str, u64)| json!({ "path": path, "bytes": 5, "changed": changed });
        let files: Vec<Value> = files.iter().map(file).collect();
        Identity(vec![("command", "gaussian".into()), (FILES, files.into())]).also("method", "mean")
    }

    #[test]
    fn what_differs_is_told() {
        let earlier = identity(&[("a", 1), ("b", 2)]);
        let tell = |now: &Identity| {
            now.difference(&earlier.to_json())
                .map(|Difference { what, got, earlier }| format!("{what}: {got}, {earlier}"))
        };
        assert_eq!(tell(&earlier), None);
        let mut other = earlier.clone();
        other.0[2].1 = "max".into();
        assert_eq!(tell(&other).unwrap(), r#"method: "max", "mean""#);
        assert_eq!(
            tell(&earlier.clone().also("interpolation", "bilinear")).unwrap(),
            r#"interpolation: "bilinear", null"#
        );
        assert_eq!(tell(&identity(&[("a", 1), ("c", 2)])).unwrap(), r#"input file 2: "c", "b""#);
        assert_eq!(tell(&identity(&[("a", 1)])).unwrap(), "number of input files: 1, 2");
        let changed = tell(&identity(&[("a", 1), ("b", 3)])).unwrap();
        assert!(changed.starts_with(r#"input file "b": 5 bytes, changed at 3 ns"#), "{changed}");
        assert!(earlier.difference(&json!("nonsense")).is_some());
    }

    #[test]
    fn fingerprints_name_what_differs_and_hide_the_rest() {
        let earlier = identity(&[("/home/me/a", 1)]).fingerprint();
        assert!(!earlier.to_string().contains("home"));
        assert_eq!(identity(&[("/home/me/a", 1)]).differences(&earlier), [""; 0]);
        assert_eq!(identity(&[("/home/me/a", 2)]).differences(&earlier), [FILES]);
        assert_eq!(identity(&[]).differences(&Value::Null), ["command", FILES, "method"]);
        assert!(identity(&[("a", 1)]).tells_pixels() && !identity(&[]).tells_pixels());
    }
}
