//! The attributes of a store: those of NGFF and our own.

use std::path::Path;
use std::sync::Arc;

use ome_zarr_metadata::Validate;
use ome_zarr_metadata::{v0_4, v0_5};
use qlty_core::zarr::{Error, FolderStore, create_group, create_group_v2};
use serde_json::{Map, Value, json};

use super::options::{PyramidOptions, ZarrFormat};
use super::plan::{Plan, PlannedLevel};
use super::shrink::Method;
use super::statistics::Statistics;
use crate::{PlaneSource, Result};

/// The key of our own attributes.
pub(crate) const OURS: &str = "qlty";

/// Writes the metadata of the group at the root of a store.
pub(crate) fn write_group(store: &Arc<FolderStore>, attributes: Map<String, Value>, format: ZarrFormat) -> Result<()> {
    match format {
        ZarrFormat::V3 => create_group(store, attributes)?,
        ZarrFormat::V2 => create_group_v2(store, attributes)?,
    }
    Ok(())
}

/// The attributes of a pyramid's group.
///
/// The document is built here because the types of `ome_zarr_metadata` store scales as f32, which would turn a pixel
/// size of 0.325 into 0.32499998807907104. They validate the document instead, so an invalid one is never written.
pub(crate) fn pyramid(
    plan: &Plan,
    source: &dyn PlaneSource,
    options: &PyramidOptions,
    statistics: &[Statistics],
    root: &Path,
) -> Result<Map<String, Value>> {
    let mut ours = image(plan, source);
    ours["method"] = json!(options.method.name());
    let mut attributes = Map::new();
    if !plan.axes.are_ngff() {
        ours["levels"] =
            plan.levels.iter().enumerate().map(|(index, level)| place(plan, &index.to_string(), level)).collect();
        ours["note"] = json!("NGFF does not allow this order of axes, so there is no NGFF metadata");
        attributes.insert(OURS.to_owned(), ours);
        return Ok(attributes);
    }
    let multiscale = multiscale(plan, options);
    let omero = omero(plan, source, statistics);
    match options.format {
        ZarrFormat::V3 => {
            let ome = json!({ "version": "0.5", "multiscales": [multiscale], "omero": omero });
            attributes.insert("ome".to_owned(), ome);
            let checked: v0_5::OmeZarrGroupAttributes =
                serde_json::from_value(attributes.clone().into()).map_err(Error::zarr(root))?;
            checked.validate().map_err(|error| Error::zarr(root)(error.to_string()))?;
        }
        ZarrFormat::V2 => {
            let mut multiscale = multiscale;
            multiscale["version"] = json!("0.4");
            attributes.insert("multiscales".to_owned(), json!([multiscale]));
            attributes.insert("omero".to_owned(), omero);
            let checked: v0_4::OmeNgffGroupAttributes =
                serde_json::from_value(attributes.clone().into()).map_err(Error::zarr(root))?;
            checked.validate().map_err(|error| Error::zarr(root)(error.to_string()))?;
        }
    }
    attributes.insert(OURS.to_owned(), ours);
    Ok(attributes)
}

/// The attributes of a single array.
pub(crate) fn single(plan: &Plan, source: &dyn PlaneSource, statistics: &[Statistics]) -> Map<String, Value> {
    let mut ours = image(plan, source);
    ours["scale"] = json!(transformations(plan, &plan.levels[0])[0]);
    ours["windows"] = statistics.iter().map(|statistics| statistics.window(plan.dtype)).collect();
    Map::from_iter([(OURS.to_owned(), ours)])
}

/// The attributes of a Laplacian pyramid's group, for which NGFF has no metadata. `names` are those of the levels'
/// arrays, and `arrays` describes the arrays.
pub(crate) fn laplacian(
    plan: &Plan,
    source: &dyn PlaneSource,
    method: Method,
    statistics: &[Statistics],
    names: &[&str],
    arrays: Value,
) -> Map<String, Value> {
    let mut ours = image(plan, source);
    ours["method"] = json!(method.name());
    ours["windows"] = statistics.iter().map(|statistics| statistics.window(plan.dtype)).collect();
    ours["levels"] = names.iter().zip(&plan.levels).map(|(name, level)| place(plan, name, level)).collect();
    ours["laplacian_pyramid"] = arrays;
    Map::from_iter([(OURS.to_owned(), ours)])
}

/// The position of a level, in our own attributes.
fn place(plan: &Plan, array: &str, level: &PlannedLevel) -> Value {
    let [scale, translation] = transformations(plan, level);
    json!({ "path": array, "scale": scale, "translation": translation })
}

/// Our own attributes: the origin of the image.
fn image(plan: &Plan, source: &dyn PlaneSource) -> Value {
    let files = source.files().iter().map(|file| file.file_name().unwrap_or(file.as_os_str()).to_string_lossy());
    let mut ours = json!({
        "base_name": source.name(),
        "axis_order": plan.axes.word(),
        "source_dtype": source.dtype().zarr_name(),
        "files": files.collect::<Vec<_>>(),
    });
    if let Some(counters) = source.counters() {
        ours["counter_range"] = json!([counters.start(), counters.end()]);
        let missing = source.missing().iter().map(|range| json!([range.start(), range.end()]));
        ours["missing_counters"] = missing.collect();
    }
    if plan.channel_names.iter().any(Option::is_some) {
        ours["channels"] = json!(plan.channel_names);
    }
    if let Some(unit) = plan.unit {
        ours["unit"] = json!(unit.name());
    }
    ours
}

fn multiscale(plan: &Plan, options: &PyramidOptions) -> Value {
    let axis = |name: &str| match (name, plan.unit) {
        ("t", _) => json!({ "name": name, "type": "time" }),
        ("c", _) => json!({ "name": name, "type": "channel" }),
        (_, None) => json!({ "name": name, "type": "space" }),
        (_, Some(unit)) => json!({ "name": name, "type": "space", "unit": unit.name() }),
    };
    let axes: Vec<Value> = plan.axes.names().into_iter().map(axis).collect();
    let datasets: Vec<Value> = plan
        .levels
        .iter()
        .enumerate()
        .map(|(index, level)| {
            let [scale, translation] = transformations(plan, level);
            let mut transformations = vec![json!({ "type": "scale", "scale": scale })];
            if level.translation != [0.0; 3] {
                transformations.push(json!({ "type": "translation", "translation": translation }));
            }
            json!({ "path": index.to_string(), "coordinateTransformations": transformations })
        })
        .collect();
    let mut image = json!({ "axes": axes, "datasets": datasets, "type": options.method.name() });
    if !plan.name.is_empty() {
        image["name"] = json!(plan.name);
    }
    image
}

/// Scale and translation along the axes of the arrays.
fn transformations(plan: &Plan, level: &PlannedLevel) -> [Vec<f64>; 2] {
    let along = |other: f64, [z, y, x]: [f64; 3]| plan.axes.pick([other, other, z, y, x]);
    [along(1.0, level.voxel_size), along(0.0, level.translation)]
}

/// The initial display settings of the channels.
fn omero(plan: &Plan, source: &dyn PlaneSource, statistics: &[Statistics]) -> Value {
    // White for a single channel; else the colours that are easiest to tell apart, in turn.
    const COLORS: [&str; 6] = ["00FF00", "FF00FF", "00FFFF", "FFFF00", "FF0000", "0000FF"];
    let several = statistics.len() > 1;
    let channels = statistics.iter().enumerate().map(|(index, statistics)| {
        let known = source.channels().get(index);
        let usual = if several { COLORS[index % COLORS.len()] } else { "FFFFFF" };
        let color = known.and_then(|channel| channel.color).map(|[r, g, b]| format!("{r:02X}{g:02X}{b:02X}"));
        let label = plan.channel_names.get(index).cloned().flatten().unwrap_or_else(|| format!("channel {index}"));
        json!({
            "label": label,
            "color": color.unwrap_or_else(|| usual.to_owned()),
            "active": true,
            "coefficient": 1.0,
            "family": "linear",
            "inverted": false,
            "window": statistics.window(plan.dtype),
        })
    });
    let model = if several { "color" } else { "greyscale" };
    json!({
        "name": plan.name,
        "channels": channels.collect::<Vec<_>>(),
        "rdefs": { "defaultT": 0, "defaultZ": plan.shape[2] / 2, "model": model },
    })
}
