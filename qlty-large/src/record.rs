//! The attributes of a result: how it was created, and whether that agrees with the options given now.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use qlty_core::internal::zarr_checksum::{self, OURS};
use qlty_core::zarr::{self, Codec};
use serde_json::{Map, Value, json};

use crate::options::AnyLargeBuilder;
use crate::tiling::{Shapes, triple};
use crate::{Error, Result};

/// The attribute that tells the arrays of a result apart.
const ARRAY: &str = "qlty_array";

/// The file of an array that holds its attributes.
pub(crate) const METADATA: &str = "zarr.json";

/// The entry next to the record's that says whether every tile is on disk.
const COMPLETE: &str = "complete";

/// The format of results: since 2 the checksum covers all metadata that their pixels depend on, not the record alone.
const FORMAT: u64 = 2;

/// The metadata of an array of a result.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) record: Record,
    /// Whether every tile of the result is on disk, and not one needs to be checked again.
    pub(crate) is_complete: bool,
}

/// Names and values of everything that the pixels of a result and their storage depend on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record(BTreeMap<String, Value>);

impl Record {
    pub(crate) fn new(builder: &AnyLargeBuilder, channels: Option<usize>, shapes: &Shapes, codec: Codec) -> Self {
        let AnyLargeBuilder { quilt, fill, .. } = builder;
        let pixels = |shape: [usize; 3]| json!(&shape[3 - quilt.ndim()..]);
        let entries = [
            ("made_by", json!("qlty-large")),
            ("format", json!(FORMAT)),
            ("images", json!(builder.images)),
            ("channels", json!(channels)),
            ("size", json!(quilt.size())),
            ("window", json!(quilt.window())),
            ("step", json!(quilt.step())),
            ("border", json!(quilt.border())),
            ("border_weight", json!(quilt.border_weight())),
            ("profile", json!(format!("{:?}", quilt.profile()))),
            ("std", json!(builder.std.name())),
            ("normalize", json!(builder.normalize)),
            ("data_type", json!(builder.dtype.zarr_name())),
            // JSON cannot represent non-finite numbers.
            ("fill", if fill.is_finite() { json!(fill) } else { json!(fill.to_string()) }),
            ("tile", pixels(shapes.tile)),
            ("chunk", pixels(shapes.chunk)),
            ("shard", shapes.shard.map_or(Value::Null, pixels)),
            ("codec", json!(codec.to_string())),
        ];
        Self(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(crate) fn checksum(&self) -> u32 {
        // The keys of a B-tree are sorted, whatever their order in the JSON object.
        let text: String = self.0.iter().map(|(name, value)| format!("{name}:{value};")).collect();
        crc32c::crc32c(text.as_bytes())
    }

    /// The attributes of the array of this name, `mean` or `std`; [`seal`] adds what depends on the whole metadata.
    pub(crate) fn attributes(&self, array: &str) -> Map<String, Value> {
        let record: Map<String, Value> = self.0.clone().into_iter().collect();
        [(ARRAY.to_owned(), json!(array)), (OURS.to_owned(), Value::Object(record))].into_iter().collect()
    }

    /// Fails if this record, of the options given now, differs from the one `on_disk`.
    ///
    /// # Errors
    /// [`Error::Geometry`].
    pub(crate) fn check(&self, path: &Path, on_disk: &Self) -> Result<()> {
        let names = self.0.keys().chain(on_disk.0.keys());
        let mut differing: Vec<&String> = names.filter(|name| self.0.get(*name) != on_disk.0.get(*name)).collect();
        differing.sort();
        differing.dedup();
        if differing.is_empty() {
            return Ok(());
        }
        let print = |record: &Self| {
            let entry = |name: &&String| format!("{name} {}", record.0.get(*name).unwrap_or(&Value::Null));
            differing.iter().map(entry).collect::<Vec<_>>().join(", ")
        };
        Err(Error::Geometry { path: path.to_path_buf(), on_disk: print(on_disk), given: print(self) })
    }

    pub(crate) fn channels(&self) -> Option<usize> {
        usize::try_from(self.0.get("channels")?.as_u64()?).ok()
    }

    pub(crate) fn codec(&self) -> Option<Codec> {
        self.0.get("codec")?.as_str()?.parse().ok()
    }

    /// The sizes with this name along (z, y, x), if it has them for `ndim` axes.
    pub(crate) fn sizes(&self, name: &str, ndim: usize) -> Option<[usize; 3]> {
        let sizes = self.0.get(name)?.as_array()?.iter().map(|size| usize::try_from(size.as_u64()?).ok());
        let sizes = sizes.collect::<Option<Vec<usize>>>()?;
        (sizes.len() == ndim).then(|| triple(&sizes))
    }
}

impl Metadata {
    /// The metadata of the array in a folder; `None` if the folder does not exist or is empty.
    ///
    /// # Errors
    /// [`Error::Foreign`] if it holds anything else; [`Error::Truncated`] and [`Error::Checksum`]; [`Error::Io`].
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(METADATA);
        let foreign = || Error::Foreign { path: folder.to_path_buf() };
        let Some(bytes) = bytes(folder, &path)? else { return Ok(None) };
        let document: Value = serde_json::from_slice(&bytes).map_err(|error| {
            let (path, got) = (path.clone(), bytes.len() as u64);
            if error.is_eof() {
                Error::Truncated { path, got, expected: "a whole JSON object".to_owned() }
            } else {
                zarr::Error::zarr(&path)(error).into()
            }
        })?;
        let record = document["attributes"][OURS].as_object().filter(|record| record.contains_key("made_by"));
        let mut record: BTreeMap<_, _> = record.ok_or_else(foreign)?.clone().into_iter().collect();
        let expected = record.remove("checksum").and_then(|checksum| u32::try_from(checksum.as_u64()?).ok());
        let is_complete = record.remove(COMPLETE) == Some(Value::Bool(true));
        let record = Record(record);
        let (got, expected) =
            zarr_checksum::sealed(&document).unwrap_or_else(|| (record.checksum(), expected.unwrap_or_default()));
        if got != expected {
            return Err(Error::Checksum { path, got, expected });
        }
        Ok(Some(Self { record, is_complete }))
    }
}

/// The contents of the metadata file of an array; `None` if the folder does not exist or is empty.
fn bytes(folder: &Path, path: &Path) -> Result<Option<Vec<u8>>> {
    let foreign = || Error::Foreign { path: folder.to_path_buf() };
    loop {
        match fs::read(path) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(foreign()),
            Err(error) => return Err(Error::io(path)(error)),
        }
        match fs::read_dir(folder).map(|mut entries| entries.next()) {
            // A process was killed before it wrote anything.
            Ok(None) => return Ok(None),
            // Another process has written it meanwhile.
            Ok(Some(_)) if path.exists() => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            _ => return Err(foreign()),
        }
    }
}

/// The metadata of an array, as JSON, with whether the result is complete and with its checksum.
pub(crate) fn seal(metadata: &[u8], is_complete: bool) -> serde_json::Result<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(metadata)?;
    document["attributes"][OURS][COMPLETE] = json!(is_complete);
    zarr_checksum::seal(&mut document);
    serde_json::to_vec_pretty(&document)
}
