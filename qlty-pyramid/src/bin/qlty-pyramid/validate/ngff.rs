//! The rules of NGFF 0.5 and 0.4 for images.

use ome_zarr_metadata::Validate;
use ome_zarr_metadata::{v0_4, v0_5};
use serde_json::Value;

use super::{Faults, check_order};
use crate::store::{self, Store};

/// Checks the metadata of an image, and that its arrays agree with it.
pub(super) fn check(store: &Store, version: &str, faults: &mut Faults) {
    let attributes = Value::from(store.attributes.clone());
    if version == "0.5" {
        if store.zarr != 3 {
            faults.add("ome", format!("NGFF 0.5 in a group of Zarr v{}, not v3", store.zarr));
        }
        check_document(serde_json::from_value::<v0_5::OmeZarrGroupAttributes>(attributes), "ome", faults);
    } else {
        if store.zarr != 2 {
            faults.add("multiscales", format!("NGFF 0.4 in a group of Zarr v{}, not v2", store.zarr));
        }
        check_document(serde_json::from_value::<v0_4::OmeNgffGroupAttributes>(attributes), "multiscales", faults);
    }
    let Some(multiscale) = store.multiscale() else { return };
    let axes: Vec<&str> =
        multiscale["axes"].as_array().into_iter().flatten().filter_map(|axis| axis["name"].as_str()).collect();
    check_axes(multiscale, faults);
    for level in &store.levels {
        check_transformations(level, axes.len(), faults);
        let Ok(array) = &level.array else { continue };
        let count = array.dimensionality();
        if count != axes.len() {
            faults.add(&level.name, format!("{count} axes, where the metadata has {}: {axes:?}", axes.len()));
        }
        if version == "0.5" && store::dimension_names(array).is_none_or(|names| names != axes) {
            let names = store::dimension_names(array);
            faults.add(&level.name, format!("dimension_names {names:?}, not those of the axes: {axes:?}"));
        }
        let (got, of) = (zarr_format(array), store.zarr);
        if got != of {
            faults.add(&level.name, format!("an array of Zarr v{got} in a group of v{of}"));
        }
    }
    check_order(store, faults);
    check_omero(store, &axes, faults);
}

/// Checks a document against the types and rules of `ome_zarr_metadata`.
fn check_document<D: Validate>(document: serde_json::Result<D>, place: &str, faults: &mut Faults) {
    let document = match document {
        Ok(document) => document,
        Err(error) => return faults.add(place, error.to_string()),
    };
    if let Err(error) = document.validate() {
        // One problem per line, each with its place.
        for line in error.to_string().lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some((place, what)) => faults.add(place.trim_start_matches("$."), what),
                None => faults.add(place, line),
            }
        }
    }
}

/// Checks the order of axes that NGFF requires: time, channel, space, and Z before Y before X.
fn check_axes(multiscale: &Value, faults: &mut Faults) {
    let axes = multiscale["axes"].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let space = axes.iter().filter(|axis| axis["type"] == "space").filter_map(|axis| axis["name"].as_str());
    let places: Vec<usize> = space.filter_map(|name| ["z", "y", "x"].iter().position(|known| *known == name)).collect();
    if !places.is_sorted() {
        faults.add("multiscales.0.axes", "space axes that are not in the order z, y, x");
    }
}

fn check_transformations(level: &store::Level, axes: usize, faults: &mut Faults) {
    for (name, values) in [("scale", &level.scale), ("translation", &level.translation)] {
        let Some(values) = values else { continue };
        if values.len() != axes {
            faults.add(&level.name, format!("{name} of {} numbers for {axes} axes", values.len()));
        }
        if name == "scale" && values.iter().any(|value| *value <= 0.0) {
            faults.add(&level.name, format!("scale {values:?}, not of numbers above 0"));
        }
    }
}

fn check_omero(store: &Store, axes: &[&str], faults: &mut Faults) {
    let Some(channels) = store.omero().and_then(|omero| omero["channels"].as_array()) else { return };
    let array = store.levels.first().and_then(|level| level.array.as_ref().ok());
    let count = array.map(|array| {
        let axis = axes.iter().position(|axis| *axis == "c");
        axis.and_then(|axis| array.shape().get(axis).copied()).unwrap_or(1)
    });
    if let Some(count) = count.filter(|count| *count != channels.len() as u64) {
        faults.add("omero.channels", format!("{} of them for {count} channels", channels.len()));
    }
    for (index, channel) in channels.iter().enumerate() {
        let limit = |key: &str| channel["window"][key].as_f64();
        for (low, high) in [("min", "max"), ("start", "end")] {
            if let (Some(least), Some(most)) = (limit(low), limit(high))
                && least > most
            {
                let what = format!("{low} {least} above {high} {most}");
                faults.add(format!("omero.channels.{index}.window"), what);
            }
        }
    }
}

fn zarr_format<S>(array: &zarrs::array::Array<S>) -> u8 {
    match array.metadata() {
        zarrs::metadata::ArrayMetadata::V3(_) => 3,
        zarrs::metadata::ArrayMetadata::V2(_) => 2,
    }
}
