//! Invalid stores: each problem is found, and reported on a line of its own.

use serde_json::{Value, json};

use super::*;

/// The problems reported for an invalid store.
fn faults(store: &str) -> Vec<String> {
    let output = run(["validate", store]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "");
    let lines: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line.starts_with(&format!("{store}: "))), "{lines:?}");
    let output = run(["validate", store, "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["valid"], output.status.code()), (&false.into(), Some(1)));
    assert_eq!(report["faults"].as_array().unwrap().len(), lines.len());
    lines
}

fn edit(document: &str, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    change(&mut value);
    fs::write(document, value.to_string()).unwrap();
}

/// A document of a store, a word that the report of the change must contain, and the change.
type Way<'a> = (&'a str, &'a str, &'a dyn Fn(&mut Value));

/// Breaks a store in several ways, one at a time, and looks for a word in the report.
fn break_and_look(store: &str, ways: &[Way<'_>]) {
    succeed(&["validate", store]);
    for (document, word, change) in ways {
        let document = format!("{store}/{document}");
        let whole = fs::read(&document).unwrap();
        edit(&document, change);
        let said = faults(store);
        assert!(said.iter().any(|line| line.contains(word)), "{word}: {said:?}");
        fs::write(&document, whole).unwrap();
    }
    succeed(&["validate", store]);
}

#[test]
fn ngff() {
    let folder = Folder::new();
    let store = folder.at("brain.zarr");
    succeed(&["gaussian", BRAIN, &store, "--levels", "3"]);
    fn image(root: &mut Value) -> &mut Value {
        &mut root["attributes"]["ome"]["multiscales"][0]
    }
    fn steps(root: &mut Value) -> &mut Value {
        &mut image(root)["datasets"][1]["coordinateTransformations"]
    }
    fn omero(root: &mut Value) -> &mut Value {
        &mut root["attributes"]["ome"]["omero"]["channels"]
    }
    break_and_look(
        &store,
        &[
            ("zarr.json", "version", &|root| root["attributes"]["ome"]["version"] = json!("0.9")),
            ("zarr.json", "axes", &|root| image(root)["axes"].as_array_mut().unwrap().reverse()),
            ("zarr.json", "axes", &|root| image(root)["axes"][0] = json!({ "name": "y", "type": "space" })),
            ("zarr.json", "axes", &|root| {
                image(root)["axes"].as_array_mut().unwrap().pop();
            }),
            ("zarr.json", "fine to coarse", &|root| image(root)["datasets"].as_array_mut().unwrap().reverse()),
            ("zarr.json", "no such array", &|root| image(root)["datasets"][1]["path"] = json!("7")),
            ("zarr.json", "scale", &|root| *steps(root) = json!([])),
            ("zarr.json", "scale", &|root| *steps(root) = json!([steps(root)[0], steps(root)[0]])),
            ("zarr.json", "translation", &|root| steps(root).as_array_mut().unwrap().reverse()),
            ("zarr.json", "scale", &|root| steps(root)[0]["scale"] = json!([1.0, 2.0])),
            ("zarr.json", "above 0", &|root| steps(root)[0]["scale"] = json!([1.0, 2.0, 0.0])),
            ("zarr.json", "channels", &|root| omero(root).as_array_mut().unwrap().clear()),
            ("zarr.json", "window", &|root| omero(root)[0]["window"]["min"] = json!(1e9)),
            ("zarr.json", "color", &|root| omero(root)[0]["color"] = json!("blue")),
            ("zarr.json", "multiscale", &|root| root["attributes"] = json!({})),
            ("1/zarr.json", "dimension_names", &|array| array["dimension_names"] = json!(["z", "x", "y"])),
            ("1/zarr.json", "dimension_names", &|array| array["dimension_names"] = Value::Null),
            ("1/zarr.json", "1: ", &|array| array["data_type"] = json!("uint7")),
        ],
    );
}

#[test]
fn ngff_of_zarr_v2() {
    let folder = Folder::new();
    let store = folder.at("brain.zarr");
    succeed(&["gaussian", BRAIN, &store, "--levels", "2", "--zarr", "2"]);
    break_and_look(
        &store,
        &[
            (".zattrs", "scale", &|root| {
                root["multiscales"][0]["datasets"][0]["coordinateTransformations"] = json!([])
            }),
            (".zattrs", "fine to coarse", &|root| {
                root["multiscales"][0]["datasets"].as_array_mut().unwrap().reverse();
            }),
            (".zattrs", "multiscales", &|root| root["multiscales"][0]["axes"] = json!("zyx")),
            (".zattrs", "channels", &|root| root["omero"]["channels"] = json!([])),
        ],
    );
}

#[test]
fn laplacian() {
    let folder = Folder::new();
    let store = folder.at("brain.zarr");
    succeed(&["laplacian", BRAIN, &store, "--levels", "3"]);
    fn stated(root: &mut Value) -> &mut Value {
        &mut root["attributes"]["qlty"]["laplacian_pyramid"]
    }
    break_and_look(
        &store,
        &[
            ("zarr.json", "version", &|root| stated(root)["version"] = json!(2)),
            ("zarr.json", "interpolation", &|root| stated(root)["interpolation"] = json!("cubic")),
            ("zarr.json", "dtype", &|root| stated(root)["dtype"] = json!("text")),
            ("zarr.json", "expected int32", &|root| stated(root)["dtype"] = json!("uint16")),
            ("zarr.json", "shapes", &|root| stated(root)["shapes"][1] = json!([1, 2, 3])),
            ("zarr.json", "axes", &|root| stated(root)["axes"] = json!(["z", "y"])),
            ("zarr.json", "axes", &|root| stated(root)["axes"] = json!(["z", "x", "y"])),
            ("zarr.json", "no such array", &|root| stated(root)["differences"][0] = json!("diff_8")),
            ("diff_1/zarr.json", "elements of type", &|array| array["data_type"] = json!("int8")),
            ("diff_1/zarr.json", "shape", &|array| array["shape"] = json!([32, 20, 20])),
        ],
    );
}

#[test]
fn chunks() {
    let folder = Folder::new();
    for flags in [&["--shard", "8,256,256", "--chunk", "8,64,64"][..], &["--codec", "zstd"], &["--zarr", "2"]] {
        let store = folder.at("brain.zarr");
        succeed(&[&["gaussian", BRAIN, &store, "--levels", "2", "--overwrite"], flags].concat());
        let files = contents(Path::new(&store));
        let is_metadata = |path: &Path| path.ends_with("zarr.json") || path.to_string_lossy().contains("/.z");
        let is_chunk = |path: &&PathBuf| path.starts_with("1") && !is_metadata(path);
        let chunk = files.keys().filter(is_chunk).nth(1).unwrap();
        let (path, whole) = (Path::new(&store).join(chunk), &files[chunk]);
        // Truncated; with a flipped bit, if there are checksums; and removed.
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let said = faults(&store);
        assert!(said.iter().all(|line| line.contains("1, chunk ")), "{said:?}");
        assert!(succeed(&["validate", &store, "--no-chunks"]).contains("valid"));
        if flags[0] != "--zarr" {
            let mut flipped = whole.clone();
            *flipped.last_mut().unwrap() ^= 1;
            fs::write(&path, flipped).unwrap();
            assert!(faults(&store).iter().any(|line| line.contains("hecksum")), "{:?}", faults(&store));
        }
        fs::remove_file(&path).unwrap();
        let said = faults(&store);
        let count = files.keys().filter(is_chunk).count();
        assert_eq!(said, [format!("{store}: 1: has {} chunk files, but {count} were written", count - 1)]);
    }
}

#[test]
fn arrays_of_other_programs_do_not_tell_their_files() {
    let folder = Folder::new();
    for format in ["3", "2"] {
        let store = folder.at(&format!("brain{format}.zarr"));
        succeed(&["gaussian", BRAIN, &store, "--levels", "1", "--zarr", format]);
        let (document, chunk) = if format == "3" { ("zarr.json", "c/0/0/0") } else { (".zattrs", "0/0/0") };
        edit(&format!("{store}/{document}"), |root| {
            let attributes = if format == "3" { &mut root["attributes"] } else { root };
            *attributes = json!({});
        });
        fs::remove_file(format!("{store}/{chunk}")).unwrap();
        assert!(succeed(&["validate", &store]).contains("valid Zarr array"));
    }
}
