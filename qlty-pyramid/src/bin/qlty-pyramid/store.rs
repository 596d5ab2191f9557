//! Zarr stores written by any program: their kind, and their arrays.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use qlty_core::zarr::Error as StoreError;
use serde_json::{Map, Value};
use zarrs::array::{Array, ArrayShardedExt};
use zarrs::filesystem::FilesystemStore;
use zarrs::group::Group;
use zarrs::plugin::ExtensionName;

use crate::output::Failure;

/// The kind of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// An NGFF image of this version.
    OmeZarr(&'static str),
    /// Levels that only our own attributes describe, because NGFF does not allow their axes.
    Multiscale,
    /// A Laplacian pyramid of this library or of the Python package.
    Laplacian,
    /// An array.
    Array,
    /// A group of any other kind.
    Group,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OmeZarr(version) => write!(f, "OME-Zarr {version}"),
            Self::Multiscale => f.write_str("multiscale Zarr"),
            Self::Laplacian => f.write_str("Laplacian pyramid"),
            Self::Array => f.write_str("Zarr array"),
            Self::Group => f.write_str("Zarr group"),
        }
    }
}

pub(crate) struct Store {
    pub(crate) path: PathBuf,
    pub(crate) kind: StoreKind,
    /// The Zarr version of the root.
    pub(crate) zarr: u8,
    pub(crate) attributes: Map<String, Value>,
    /// From fine to coarse, as the attributes list them.
    pub(crate) levels: Vec<Level>,
}

/// An array of a store.
pub(crate) struct Level {
    /// The path in the store; empty for the store itself.
    pub(crate) name: String,
    pub(crate) array: Result<Array<FilesystemStore>, String>,
    pub(crate) scale: Option<Vec<f64>>,
    pub(crate) translation: Option<Vec<f64>>,
}

/// Whether a folder is a Zarr array or group.
pub(crate) fn is_node(path: &Path) -> bool {
    ["zarr.json", ".zgroup", ".zarray"].iter().any(|marker| path.join(marker).is_file())
}

impl Store {
    /// Reads the attributes of the root of a store, and opens the arrays that they list.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        path.metadata().map_err(Failure::io(path))?;
        if !is_node(path) {
            return Err(Failure::other(format_args!("{}: is not a Zarr store", path.display())));
        }
        let store = Arc::new(FilesystemStore::new(path).map_err(StoreError::zarr(path))?);
        let zarr = if path.join("zarr.json").is_file() { 3 } else { 2 };
        if is_array(path)? {
            let array = Array::open(store, "/").map_err(StoreError::zarr(path))?;
            let attributes = array.attributes().clone();
            let scale = numbers(&attributes, "/qlty/scale");
            let levels = vec![Level { name: String::new(), array: Ok(array), scale, translation: None }];
            return Ok(Self { path: path.to_path_buf(), kind: StoreKind::Array, zarr, attributes, levels });
        }
        let group = Group::open(Arc::clone(&store), "/").map_err(StoreError::zarr(path))?;
        let attributes = group.attributes().clone();
        let (kind, listed) = listed(path, &attributes);
        let levels = listed.into_iter().map(|Listed { name, scale, translation }| {
            let array = open_array(&store, path, &name);
            Level { name, array, scale, translation }
        });
        let levels = levels.collect();
        Ok(Self { path: path.to_path_buf(), kind, zarr, attributes, levels })
    }

    /// The NGFF metadata of the first image.
    pub(crate) fn multiscale(&self) -> Option<&Value> {
        let place = if self.attributes.contains_key("ome") { "/ome/multiscales/0" } else { "/multiscales/0" };
        self.at(place)
    }

    /// The display settings of the channels.
    pub(crate) fn omero(&self) -> Option<&Value> {
        self.at("/ome/omero").or_else(|| self.at("/omero"))
    }

    /// The value at a JSON pointer in the attributes.
    pub(crate) fn at(&self, pointer: &str) -> Option<&Value> {
        at(&self.attributes, pointer)
    }

    /// The names of the axes, for arrays of `count` axes.
    pub(crate) fn axes(&self, count: usize) -> Vec<String> {
        let ngff = self.multiscale().and_then(|multiscale| multiscale["axes"].as_array());
        let ngff = ngff.map(|axes| axes.iter().map(|axis| axis["name"].as_str().unwrap_or("?").to_owned()).collect());
        let ours = self.at("/qlty/axis_order").and_then(Value::as_str);
        let ours = ours.map(|word| word.to_lowercase().chars().map(String::from).collect());
        let array = self.levels.iter().filter_map(|level| level.array.as_ref().ok()).next();
        let named = array.and_then(dimension_names);
        let known = [ngff, ours, named].into_iter().flatten().find(|axes: &Vec<String>| axes.len() == count);
        known.unwrap_or_else(|| {
            let usual = ["t", "c", "z", "y", "x"].map(str::to_owned);
            let unknown = count.saturating_sub(5);
            let first = 5_usize.saturating_sub(count);
            std::iter::repeat_n("?".to_owned(), unknown).chain(usual.into_iter().skip(first)).collect()
        })
    }

    /// The unit of lengths.
    pub(crate) fn unit(&self) -> Option<&str> {
        let axes = self.multiscale().and_then(|multiscale| multiscale["axes"].as_array());
        let space = axes.into_iter().flatten().filter(|axis| axis["type"] == "space");
        let unit = space.rev().find_map(|axis| axis["unit"].as_str());
        unit.or_else(|| self.at("/qlty/unit").and_then(Value::as_str))
    }
}

/// Whether the node in a folder is an array.
fn is_array(path: &Path) -> Result<bool, Failure> {
    let document = path.join("zarr.json");
    if !document.is_file() {
        return Ok(path.join(".zarray").is_file());
    }
    let text = std::fs::read(&document).map_err(Failure::io(&document))?;
    let node: Value = serde_json::from_slice(&text).map_err(StoreError::zarr(&document))?;
    Ok(node["node_type"] == "array")
}

fn open_array(store: &Arc<FilesystemStore>, path: &Path, name: &str) -> Result<Array<FilesystemStore>, String> {
    if !is_node(&path.join(name)) {
        return Err("there is no such array".to_owned());
    }
    Array::open(Arc::clone(store), &format!("/{name}")).map_err(|error| error.to_string())
}

/// An array listed in attributes.
struct Listed {
    name: String,
    scale: Option<Vec<f64>>,
    translation: Option<Vec<f64>>,
}

impl Listed {
    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), scale: None, translation: None }
    }
}

/// The kind of a group, and its arrays.
fn listed(path: &Path, attributes: &Map<String, Value>) -> (StoreKind, Vec<Listed>) {
    let list = |pointer: &str| at(attributes, pointer).and_then(Value::as_array);
    let ngff = [("0.5", "/ome/multiscales/0/datasets"), ("0.4", "/multiscales/0/datasets")];
    for (version, pointer) in ngff {
        let is_this = at(attributes, pointer.trim_end_matches("/0/datasets")).is_some();
        if is_this {
            let datasets = list(pointer).into_iter().flatten();
            return (StoreKind::OmeZarr(version), datasets.map(dataset).collect());
        }
    }
    if let Some(stated) = at(attributes, "/qlty/laplacian_pyramid") {
        let names = stated["differences"].as_array().into_iter().flatten().chain([&stated["base"]]);
        let places = list("/qlty/levels");
        let listed = names.filter_map(Value::as_str).map(|name| {
            let place = places.into_iter().flatten().find(|place| place["path"] == name);
            let numbers = |key: &str| place.and_then(|place| floats(&place[key]));
            Listed { name: name.to_owned(), scale: numbers("scale"), translation: numbers("translation") }
        });
        return (StoreKind::Laplacian, listed.collect());
    }
    if let Some(places) = list("/qlty/levels") {
        let listed = places.iter().map(|place| Listed {
            name: place["path"].as_str().unwrap_or_default().to_owned(),
            scale: floats(&place["scale"]),
            translation: floats(&place["translation"]),
        });
        return (StoreKind::Multiscale, listed.collect());
    }
    if is_node(&path.join("diff_0")) {
        let names = (0..).map(|level| format!("diff_{level}")).take_while(|name| is_node(&path.join(name)));
        let mut listed: Vec<Listed> = names.map(|name| Listed::named(&name)).collect();
        let base = listed.len().to_string();
        if is_node(&path.join(&base)) {
            listed.push(Listed::named(&base));
        }
        return (StoreKind::Laplacian, listed);
    }
    (StoreKind::Group, Vec::new())
}

fn dataset(dataset: &Value) -> Listed {
    let steps = dataset["coordinateTransformations"].as_array();
    let step = |kind: &str| {
        let step = steps.into_iter().flatten().find(|step| step["type"] == kind);
        step.and_then(|step| floats(&step[kind]))
    };
    let name = dataset["path"].as_str().unwrap_or_default().to_owned();
    Listed { name, scale: step("scale"), translation: step("translation") }
}

fn at<'a>(attributes: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let (first, rest) =
        pointer.trim_start_matches('/').split_once('/').unwrap_or((pointer.trim_start_matches('/'), ""));
    let value = attributes.get(first)?;
    if rest.is_empty() { Some(value) } else { value.pointer(&format!("/{rest}")) }
}

fn numbers(attributes: &Map<String, Value>, pointer: &str) -> Option<Vec<f64>> {
    floats(at(attributes, pointer)?)
}

fn floats(value: &Value) -> Option<Vec<f64>> {
    value.as_array()?.iter().map(Value::as_f64).collect()
}

/// The name of an array's element type, such as `uint16`.
pub(crate) fn dtype(array: &Array<FilesystemStore>) -> String {
    let data_type = array.data_type();
    data_type.name_v3().map_or_else(|| data_type.to_string(), |name| name.into_owned())
}

/// The sizes of an array.
pub(crate) fn shape(array: &Array<FilesystemStore>) -> Vec<usize> {
    array.shape().iter().map(|size| *size as usize).collect()
}

/// The shape of a chunk, and the shape of a shard if chunks share files.
pub(crate) fn chunk(array: &Array<FilesystemStore>) -> (Vec<usize>, Option<Vec<usize>>) {
    let file = array.chunk_shape_usize(&vec![0; array.dimensionality()]).unwrap_or_default();
    let inner = array.subchunk_shape().map(|chunk| chunk.iter().map(|size| size.get() as usize).collect());
    match inner {
        Some(inner) => (inner, Some(file)),
        None => (file, None),
    }
}

/// The names of an array's axes, if every axis has one.
pub(crate) fn dimension_names(array: &Array<FilesystemStore>) -> Option<Vec<String>> {
    array.dimension_names().as_ref()?.iter().map(|name| name.as_deref().map(str::to_owned)).collect()
}

/// The compression of an array, as a name for `--codec` if there is one.
pub(crate) fn codec(array: &Array<FilesystemStore>) -> String {
    let metadata = serde_json::to_value(array.metadata()).unwrap_or_default();
    let codecs = metadata["codecs"].as_array();
    let sharding = codecs.into_iter().flatten().find(|codec| codec["name"] == "sharding_indexed");
    let codecs = sharding.and_then(|codec| codec["configuration"]["codecs"].as_array()).or(codecs);
    let named = match codecs {
        Some(codecs) => codecs
            .iter()
            // The library writes a codec without a configuration as its name.
            .map(|codec| (codec.as_str().map_or_else(|| codec["name"].clone(), Value::from), codec))
            .filter(|(name, _)| name != "bytes" && name != "crc32c")
            .map(|(name, codec)| word(&name, &codec["configuration"]))
            .collect(),
        None => match &metadata["compressor"] {
            Value::Null => Vec::new(),
            compressor => vec![word(&compressor["id"], compressor)],
        },
    };
    if named.is_empty() { "none".to_owned() } else { named.join(" + ") }
}

fn word(name: &Value, configuration: &Value) -> String {
    let name = name.as_str().unwrap_or("?");
    let level = ["clevel", "level"].iter().find_map(|key| configuration[*key].as_i64());
    let level = level.map_or_else(String::new, |level| format!(":{level}"));
    let inner = configuration["cname"].as_str().map_or_else(String::new, |inner| format!("-{inner}"));
    let by_bits = configuration["shuffle"] == "bitshuffle" || configuration["shuffle"] == 2;
    format!("{name}{inner}{}{level}", if by_bits { "-bitshuffle" } else { "" })
}
