//! The attributes of Laplacian stores.

use qlty_pyramid::{DType, LaplacianStore, difference_dtype};
use serde_json::{Value, json};

use super::{Faults, check_order};
use crate::store::{self, Store};

const PLACE: &str = "qlty.laplacian_pyramid";

/// Checks the attributes against the arrays.
pub(super) fn check(store: &Store, faults: &mut Faults) {
    let stated = store.at("/qlty/laplacian_pyramid");
    let has_base = store.levels.last().is_some_and(|level| !level.name.starts_with("diff_"));
    // The rules are those of reconstruction.
    if has_base
        && store.levels.iter().all(|level| level.array.is_ok())
        && let Err(error) = LaplacianStore::open(&store.path)
    {
        let (path, error) = (store.path.display().to_string(), error.to_string());
        faults.add(PLACE, error.trim_start_matches(&path).trim_start_matches([':', '/', ' ']));
    }
    check_order(store, faults);
    if let Some(stated) = stated {
        check_stated(store, stated, faults);
    }
}

fn check_stated(store: &Store, stated: &Value, faults: &mut Faults) {
    let mut expect = |key: &str, what: &str, is_so: bool| {
        if !is_so {
            faults.add(format!("{PLACE}.{key}"), format!("got {}, expected {what}", stated[key]));
        }
    };
    expect("version", "1", stated["version"] == 1);
    expect(
        "interpolation",
        "bilinear or bicubic",
        ["bilinear", "bicubic"].iter().any(|way| stated["interpolation"] == *way),
    );
    let names = stated["differences"].as_array().is_some_and(|names| names.iter().all(Value::is_string));
    expect("differences", "the names of arrays", names);
    expect("base", "the name of an array or null", stated["base"].is_string() || stated["base"].is_null());
    let arrays: Vec<_> =
        store.levels.iter().filter_map(|level| level.array.as_ref().ok().map(|array| (level, array))).collect();
    if let Some((_, array)) = arrays.first() {
        let (count, names) = (array.dimensionality(), store::dimension_names(array));
        let axes = stated["axes"].as_array();
        expect("axes", &format!("the names of {count} axes"), axes.is_some_and(|axes| axes.len() == count));
        let agree = names.as_ref().is_none_or(|names| stated["axes"] == json!(names));
        expect("axes", &format!("the dimension_names of the arrays, {names:?}"), agree);
    }
    if let Some(shapes) = stated["shapes"].as_array() {
        for (index, level) in store.levels.iter().enumerate() {
            let Ok(array) = &level.array else { continue };
            let shape = json!(array.shape());
            if shapes.get(index) != Some(&shape) {
                let got = shapes.get(index).unwrap_or(&Value::Null);
                faults.add(format!("{PLACE}.shapes"), format!("{got} for level {index}, where the array has {shape}"));
            }
        }
    } else {
        faults.add(format!("{PLACE}.shapes"), "missing");
    }
    let Some(name) = stated["dtype"].as_str() else {
        return faults.add(format!("{PLACE}.dtype"), "missing");
    };
    let Some(dtype) = DType::from_zarr_name(name).filter(|dtype| *dtype != DType::Bool) else {
        return faults.add(format!("{PLACE}.dtype"), format!("{name:?} is not a type of pixels"));
    };
    for (level, array) in arrays {
        let expected = if level.name.starts_with("diff_") { difference_dtype(dtype).zarr_name() } else { name };
        let got = store::dtype(array);
        if got != expected {
            faults.add(&level.name, format!("elements of type {got}, expected {expected} for pixels of {name}"));
        }
    }
}
