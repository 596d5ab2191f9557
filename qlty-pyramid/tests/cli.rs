//! The tool, run as a user runs it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

#[path = "cli/broken.rs"]
mod broken;
#[cfg(unix)]
#[path = "cli/interrupted.rs"]
mod interrupted;
#[path = "cli/resumed.rs"]
mod resumed;
#[cfg(unix)]
#[path = "cli/side_by_side.rs"]
mod side_by_side;

const BRAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/brain");
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");

fn tool() -> Command {
    Command::new(env!("CARGO_BIN_EXE_qlty-pyramid"))
}

fn run<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    tool().args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The output of a run that must succeed.
fn succeed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "", "{arguments:?}");
    text(&output.stdout)
}

/// The error line of a run that must fail with this exit code.
fn fail(arguments: &[&str], code: i32) -> String {
    let output = run(arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    if code == 1 {
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("qlty-pyramid: "), "{stderr}");
    }
    stderr
}

fn json(arguments: &[&str]) -> Value {
    let output = run(arguments.iter().chain(&["--json"]));
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// All files under a folder, with their contents.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_path_buf(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn at(&self, name: &str) -> String {
        self.path().join(name).to_str().unwrap().to_owned()
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.path()).unwrap().next().is_none()
    }
}

/// The pixels of a level of an array of three axes.
fn level(path: &str) -> ndarray::ArrayD<u8> {
    let array = qlty_core::zarr::ArrayReader::open(path, 1 << 20).unwrap();
    let mut pixels = ndarray::ArrayD::<u8>::zeros(array.shape());
    let out = qlty_pyramid::ArrayMut::of("level", pixels.view_mut()).unwrap();
    array.read_into(&vec![0; array.shape().len()], out).unwrap();
    pixels
}

fn brain() -> ndarray::ArrayD<u8> {
    let sets = qlty_pyramid::SlicePattern::new("tif", r"image_(\d+)\.tif$").unwrap().find(BRAIN).unwrap();
    let stack = qlty_pyramid::Stack::from_slices(&sets[0]).unwrap();
    stack.read::<u8>(0).unwrap().index_axis_move(ndarray::Axis(0), 0).into_dyn()
}

#[test]
fn a_folder_of_slices_becomes_a_pyramid() {
    let folder = Folder::new();
    let out = folder.at("out");
    let said = succeed(&["gaussian", BRAIN, &out, "--levels", "3", "--halving", "volume", "--unit", "mm"]);
    let store = folder.at("out/image.ome.zarr");
    assert!(said.starts_with(&format!("{store}: ZYX 32 x 217 x 181 uint8, 3 levels, in ")), "{said}");
    assert_eq!(level(&format!("{store}/0")), brain());
    assert_eq!(level(&format!("{store}/2")).shape(), [8, 55, 46]);

    let info = json(&["info", &store]);
    assert_eq!(info["kind"], "OME-Zarr 0.5");
    assert_eq!((&info["axes"], &info["unit"], &info["error"]), (&"ZYX".into(), &"millimeter".into(), &Value::Null));
    let levels = info["levels"].as_array().unwrap();
    assert_eq!(levels.len(), 3);
    assert_eq!(levels[1]["shape"], serde_json::json!([16, 109, 91]));
    assert_eq!(levels[0]["scale"], serde_json::json!([1.0, 1.0, 1.0]));
    assert_eq!((&levels[0]["codec"], &levels[0]["dtype"]), (&"blosc-zstd-bitshuffle:1".into(), &"uint8".into()));
    assert!(succeed(&["info", &store]).contains("16 x 109 x 91"));
    assert!(succeed(&["validate", &store]).contains("valid OME-Zarr 0.5, 3 arrays"));
}

#[test]
fn every_flag_reaches_its_option() {
    let folder = Folder::new();
    let store = folder.at("all.zarr");
    let flags = "--factor 1,2,3 --factor 2,1,1 --method max --dtype uint16 --voxel-size 3,2,1 --unit um \
                 --chunk 4,100,90 --codec gzip:7 --zarr 2 --memory 4M --name brain --threads 2 --quiet";
    assert_eq!(succeed(&[&["gaussian", BRAIN, &store], &*flags.split_whitespace().collect::<Vec<_>>()].concat()), "");
    let info = json(&["info", &store]);
    assert_eq!((&info["kind"], &info["zarr_format"]), (&"OME-Zarr 0.4".into(), &2.into()));
    let levels = info["levels"].as_array().unwrap();
    assert_eq!(levels[1]["shape"], serde_json::json!([32, 109, 61]));
    assert_eq!(levels[2]["shape"], serde_json::json!([16, 109, 61]));
    assert_eq!(levels[2]["scale"], serde_json::json!([6.0, 4.0, 3.0]));
    assert_eq!(levels[0]["chunk"], serde_json::json!([4, 100, 90]));
    assert_eq!((&levels[0]["codec"], &levels[0]["dtype"]), (&"gzip:7".into(), &"uint16".into()));
    assert_eq!(info["attributes"]["multiscales"][0]["name"], "brain");
    assert_eq!(info["attributes"]["multiscales"][0]["type"], "max");
    succeed(&["validate", &store]);

    let store = folder.at("more.zarr");
    let flags = "--max-levels 2 --axes zcyx --normalize 5,2.5 --shard 8,256,256 --chunk 4,64,64";
    succeed(&[&["gaussian", BRAIN, &store], &*flags.split_whitespace().collect::<Vec<_>>()].concat());
    let info = json(&["info", &store]);
    assert_eq!((&info["axes"], &info["kind"]), (&"ZCYX".into(), &"Zarr array".into()));
    assert_eq!(info["levels"][0]["dtype"], "float32");
    assert_eq!(info["levels"][0]["shard"], serde_json::json!([8, 1, 256, 192]));
    assert_eq!(info["levels"][0]["chunk"], serde_json::json!([4, 1, 64, 64]));
    succeed(&["validate", &store]);
}

#[test]
fn a_laplacian_store_goes_there_and_back() {
    let folder = Folder::new();
    for way in ["bilinear", "bicubic"] {
        let (store, back) = (folder.at(&format!("{way}.zarr")), folder.at(&format!("{way}.back.zarr")));
        let codecs = ["--difference-codec", "zstd:3", "--codec", "none"];
        succeed(&[&["laplacian", BRAIN, &store, "--levels", "3", "--interpolation", way], &codecs[..]].concat());
        let info = json(&["info", &store]);
        assert_eq!(info["kind"], "Laplacian pyramid");
        let levels = info["levels"].as_array().unwrap();
        assert_eq!((&levels[1]["dtype"], &levels[1]["codec"]), (&"int16".into(), &"zstd:3".into()));
        assert_eq!((&levels[2]["dtype"], &levels[2]["codec"]), (&"uint8".into(), &"none".into()));
        assert_eq!(info["attributes"]["qlty"]["laplacian_pyramid"]["interpolation"], way);
        succeed(&["validate", &store]);
        succeed(&["reconstruct", &store, &back]);
        assert_eq!(level(&back), brain());
        succeed(&["validate", &back]);
        assert!(fail(&["reconstruct", &store, &back], 1).contains("--overwrite"));
        let report = json(&["reconstruct", &store, &back, "--overwrite", "--level", "2", "--codec", "gzip"]);
        assert_eq!((&report["level"], &report["path"]), (&2.into(), &back.as_str().into()));
        assert_eq!(level(&back), level(&format!("{store}/2")));
        assert!(fail(&["reconstruct", &store, &folder.at("none.zarr"), "--level", "3"], 2).contains("level"));
    }
    let bare = folder.at("bare.zarr");
    succeed(&["laplacian", BRAIN, &bare, "--levels", "2", "--no-base"]);
    succeed(&["validate", &bare]);
    assert!(fail(&["reconstruct", &bare, &folder.at("none.zarr")], 1).contains(&bare));
    assert!(fail(&["info", &bare, "--preview", &folder.at("a.png")], 1).contains("smallest level"));
    assert!(!Path::new(&folder.at("none.zarr")).exists() && !Path::new(&folder.at("a.png")).exists());
}

#[test]
fn a_dry_run_says_it_all_and_writes_nothing() {
    let folder = Folder::new();
    let out = folder.at("out");
    for command in ["gaussian", "laplacian"] {
        let arguments = [command, BRAIN, &out, "--levels", "3", "--dry-run"];
        let said = succeed(&arguments);
        for part in ["32 x 217 x 181", "32 x 55 x 46", "uint8", "image."] {
            assert!(said.contains(part), "{part}: {said}");
        }
        let planned = json(&arguments);
        assert!(folder.is_empty());
        let written = json(&arguments[..5]);
        assert_eq!(planned["stacks"]["image"]["levels"], written["stacks"]["image"]["levels"]);
        // The store equals the plan.
        let path = written["stacks"]["image"]["path"].as_str().unwrap();
        let info = json(&["info", path]);
        let planned = planned["stacks"]["image"]["levels"].as_array().unwrap();
        for (planned, level) in planned.iter().zip(info["levels"].as_array().unwrap()) {
            for key in ["name", "shape", "chunk", "dtype"] {
                assert_eq!(planned[key], level[key], "{key}");
            }
        }
        assert!(fail(&arguments, 1).contains("exists already"));
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn several_stacks_at_once() {
    let folder = Folder::new();
    let slices = folder.at("slices");
    fs::create_dir(&slices).unwrap();
    for (index, name) in ["liver_1.TIF", "liver_2.TIF", "liver_5.TIF", "spleen_01.TIF"].iter().enumerate() {
        fs::copy(format!("{BRAIN}/image_00{index}.tif"), format!("{slices}/{name}")).unwrap();
    }
    let out = folder.at("out");
    let output = run(["gaussian", &slices, &out, "--store-name", "{}.zarr"]);
    assert!(output.status.success());
    assert_eq!(text(&output.stderr), "qlty-pyramid: warning: liver: no slices 3 to 4\n");
    assert_eq!(level(&format!("{out}/liver.zarr")).shape(), [3, 217, 181]);
    assert_eq!(level(&format!("{out}/spleen.zarr")).shape(), [1, 217, 181]);
    let report = json(&["gaussian", &slices, &out, "--store-name", "{}.zarr", "--overwrite"]);
    assert_eq!(report["stacks"]["liver"]["missing"], serde_json::json!([[3, 4]]));
    assert_eq!(report["stacks"].as_object().unwrap().len(), 2);

    assert!(fail(&["gaussian", &slices, &folder.at("one.zarr")], 2).contains("--stack"));
    assert!(fail(&["gaussian", &slices, &out, "--store-name", "same"], 2).contains("same"));
    assert!(fail(&["gaussian", &slices, &out, "--stack", "heart"], 2).contains("spleen"));
    assert!(fail(&["gaussian", &slices, &out, "--extension", "png"], 1).contains(&slices));
    assert!(fail(&["gaussian", &slices, &out, "--pattern", "("], 2).contains("regular expression"));
    // One of two destinations exists: the other store is not written either.
    fs::remove_dir_all(format!("{out}/liver.zarr")).unwrap();
    assert!(
        fail(&["gaussian", &slices, &out, "--store-name", "{}.zarr", "--quiet"], 1)
            .contains("spleen.zarr: exists already")
    );
    assert!(!Path::new(&format!("{out}/liver.zarr")).exists());
    succeed(&["gaussian", &slices, &folder.at("one.zarr"), "--stack", "spleen", "-e", ".tif", "-p", r"^spleen_(\d+)"]);
}

#[test]
fn only_a_store_is_overwritten_and_only_on_request() {
    let folder = Folder::new();
    let store = folder.at("store.zarr");
    succeed(&["gaussian", BRAIN, &store]);
    let before = contents(Path::new(&store));
    assert_eq!(
        fail(&["gaussian", BRAIN, &store, "--codec", "none"], 1),
        format!("qlty-pyramid: {store}: exists already; --overwrite replaces it\n")
    );
    assert_eq!(contents(Path::new(&store)), before);
    succeed(&["gaussian", BRAIN, &store, "--codec", "none", "--overwrite"]);
    assert_ne!(contents(Path::new(&store)), before);
    let thesis = folder.at("thesis.zarr");
    fs::create_dir(&thesis).unwrap();
    fs::write(format!("{thesis}/chapter"), "mine").unwrap();
    assert!(fail(&["gaussian", BRAIN, &thesis, "--overwrite"], 1).contains("not a Zarr store"));
    assert_eq!(fs::read(format!("{thesis}/chapter")).unwrap(), b"mine");
}

#[test]
fn a_broken_slice_is_named_and_nothing_is_left() {
    let folder = Folder::new();
    let slices = folder.at("slices");
    fs::create_dir(&slices).unwrap();
    for index in 0..4 {
        fs::copy(format!("{BRAIN}/image_00{index}.tif"), format!("{slices}/a_{index}.tif")).unwrap();
    }
    let broken = format!("{slices}/a_2.tif");
    let whole = fs::read(&broken).unwrap();
    let out = folder.at("out");
    for length in [0, 7, whole.len() / 2, whole.len() - 1] {
        fs::write(&broken, &whole[..length]).unwrap();
        for command in ["gaussian", "laplacian"] {
            assert!(fail(&[command, &slices, &out], 1).contains(&broken), "{length}");
            let output = run([command, &slices, &out, "--json"]);
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            assert!(report["error"].as_str().unwrap().contains(&broken));
            assert_eq!(output.status.code(), Some(1));
            assert_eq!(fs::read_dir(&out).map_or(0, Iterator::count), 0, "{length}");
        }
    }
}

#[test]
fn wrong_usage_is_two() {
    let folder = Folder::new();
    let out = folder.at("out");
    let wrong = "--levels 0;--levels x;--levels 2 --max-levels 3;--factor 1,2;--method average;--dtype int;\
                 --codec lzma;--codec zstd:99;--chunk 0,1,1;--zarr 4;--memory 0;--unit furlong;--voxel-size 1,1,0;\
                 --normalize 1,0;--shard 3,3,3;--dtype uint8 --normalize slice;--zarr 2 --shard 8,256,256;\
                 --factor 1,3,3 --method gaussian;--threads 0;--unknown";
    for flags in wrong.split(';') {
        let arguments = [&["gaussian", BRAIN, &out], &*flags.split_whitespace().collect::<Vec<_>>()].concat();
        assert!(!fail(&arguments, 2).is_empty(), "{flags}");
        assert!(folder.is_empty(), "{flags}");
    }
    fail(&[], 2);
    fail(&["gaussian"], 2);
    for nothing in ["gaussian", "laplacian", "reconstruct"] {
        let nowhere = folder.at("nowhere");
        assert!(fail(&[nothing, &nowhere, &out], 1).contains(&nowhere));
    }
    for nothing in ["info", "validate"] {
        assert!(fail(&[nothing, &folder.at("nowhere")], 1).contains("nowhere"));
    }
    assert!(fail(&["validate", BRAIN], 1).contains("not a Zarr store"));
    assert!(folder.is_empty());
}

#[test]
fn help_names_every_flag_and_its_default() {
    let help = succeed(&["gaussian", "--help"]);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["--resume", "[default: mean]", "[default: 256M]", "[default: blosc-zstd-bitshuffle:1]", "isotropic"] {
        assert!(help.contains(part), "{part}");
    }
    assert!(succeed(&["--help"]).contains("130 interrupted"));
}

/// A picture as (colour type, width, height, bytes).
fn picture(path: &str) -> (png::ColorType, u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::BufReader::new(fs::File::open(path).unwrap())).read_info().unwrap();
    let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut bytes).unwrap();
    bytes.truncate(frame.buffer_size());
    (frame.color_type, frame.width, frame.height, bytes)
}

#[test]
fn a_preview_shows_the_smallest_level() {
    let folder = Folder::new();
    let (store, laplacian) = (folder.at("brain.zarr"), folder.at("laplacian.zarr"));
    succeed(&["gaussian", BRAIN, &store, "--levels", "2"]);
    succeed(&["laplacian", BRAIN, &laplacian, "--levels", "2"]);
    let png = folder.at("a.png");
    for store in [&store, &laplacian] {
        succeed(&["info", store, "--preview", &png, "--overwrite"]);
        let (color, width, height, bytes) = picture(&png);
        assert_eq!((color, width, height), (png::ColorType::Grayscale, 91, 109));
        // The display window in the metadata, applied to the middle plane.
        let attributes = &json(&["info", store])["attributes"];
        let window = match &attributes["qlty"]["windows"] {
            Value::Null => &attributes["ome"]["omero"]["channels"][0]["window"],
            windows => &windows[0],
        };
        let (start, end) = (window["start"].as_f64().unwrap(), window["end"].as_f64().unwrap());
        let shade = |value: u8| ((f64::from(value) - start) / (end - start) * 255.0).round().clamp(0.0, 255.0) as u8;
        let plane = level(&format!("{store}/1")).index_axis_move(ndarray::Axis(0), 16).mapv(shade);
        assert_eq!(bytes, plane.into_iter().collect::<Vec<_>>());
        assert!(bytes.iter().any(|byte| *byte != bytes[0]));
    }
    assert!(fail(&["info", &store, "--preview", &png], 1).contains("--overwrite"));
    succeed(&["info", BRAIN, "--preview", &folder.at("slices.png")]);
    assert_eq!(picture(&folder.at("slices.png")).1, 181);
}

#[test]
fn a_preview_of_channels_has_colours() {
    let folder = Folder::new();
    let (store, png) = (folder.at("rgb.zarr"), folder.at("rgb.png"));
    let file = format!("{FIXTURES}/ome_rgb.ome.tif");
    succeed(&["gaussian", &file, &store, "--levels", "2"]);
    for source in [&store, &file] {
        succeed(&["info", source, "--preview", &png, "--overwrite"]);
        let (color, _, _, bytes) = picture(&png);
        assert_eq!(color, png::ColorType::Rgb);
        assert!(bytes.chunks_exact(3).any(|pixel| pixel[0] != pixel[1] || pixel[1] != pixel[2]));
    }
    let info = json(&["info", &file]);
    assert_eq!(info["stacks"]["ome_rgb"]["shape"], serde_json::json!([2, 3, 2, 45, 61]));
}
