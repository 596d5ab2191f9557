//! Writing OME-Zarr, and reading it back with nothing but zarrs and serde_json.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use ndarray::{Array3, Array4, ArrayD, s};
use qlty_pyramid::{Error, ImageWriter, LengthUnit, Level, mean_levels};
use serde_json::{Value, json};
use tempfile::TempDir;
use zarrs::array::{Array, ElementOwned};
use zarrs::filesystem::FilesystemStore;

fn ramp(shape: [usize; 3]) -> Array3<u16> {
    Array3::from_shape_fn(shape, |(z, y, x)| (1 + z * 10_000 + y * 100 + x) as u16)
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn read_back<T: ElementOwned>(store: &Path, level: usize) -> ArrayD<T> {
    let storage = Arc::new(FilesystemStore::new(store).unwrap());
    let array = Array::open(storage, &format!("/{level}")).unwrap();
    array.retrieve_array_subset(&array.subset_all()).unwrap()
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn three_levels_field_by_field() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("new/folder/ramp.ome.zarr");
    let volume = ramp([5, 70, 33]);
    let size = [2.0, 0.325, 0.325];
    let coarse = mean_levels(volume.view(), size, [1, 2, 2], 2).unwrap();
    let mut levels = vec![Level::new(volume.view(), size)];
    levels.extend(coarse.iter().map(|level| level.as_level()));
    ImageWriter::new(&store)
        .name("ramp")
        .unit(LengthUnit::Micrometer)
        .method("mean")
        .chunk([2, 32, 64])
        .write(&levels)
        .unwrap();

    let group = json_file(&store.join("zarr.json"));
    assert_eq!(group["zarr_format"], 3);
    assert_eq!(group["node_type"], "group");
    let dataset = |path: &str, scale: [f64; 3]| json!({ "path": path, "coordinateTransformations": [{ "type": "scale", "scale": scale }] });
    let mut datasets =
        [dataset("0", [2.0, 0.325, 0.325]), dataset("1", [2.0, 0.65, 0.65]), dataset("2", [2.0, 1.3, 1.3])];
    for (dataset, shift) in datasets[1..].iter_mut().zip([(0.65 - 0.325) / 2.0, (1.3 - 0.325) / 2.0]) {
        let translation = json!({ "type": "translation", "translation": [0.0, shift, shift] });
        dataset["coordinateTransformations"].as_array_mut().unwrap().push(translation);
    }
    let axis = |name: &str| json!({ "name": name, "type": "space", "unit": "micrometer" });
    let expected = json!({ "ome": { "version": "0.5", "multiscales": [{
        "name": "ramp",
        "type": "mean",
        "axes": [axis("z"), axis("y"), axis("x")],
        "datasets": datasets,
    }] } });
    assert_eq!(group["attributes"], expected);

    let shapes = [[5, 70, 33], [5, 35, 17], [5, 18, 9]];
    for (level, shape) in shapes.into_iter().enumerate() {
        let array = json_file(&store.join(level.to_string()).join("zarr.json"));
        assert_eq!(array["zarr_format"], 3);
        assert_eq!(array["node_type"], "array");
        assert_eq!(array["shape"], json!(shape));
        assert_eq!(array["data_type"], "uint16");
        assert_eq!(array["fill_value"], 0);
        assert_eq!(array["dimension_names"], json!(["z", "y", "x"]));
        let chunk = [2.min(shape[0]), 32.min(shape[1]), 64.min(shape[2])];
        assert_eq!(array["chunk_grid"]["name"], "regular");
        assert_eq!(array["chunk_grid"]["configuration"]["chunk_shape"], json!(chunk));
        assert_eq!(array["codecs"][1]["name"], "blosc");
        assert_eq!(array["codecs"][1]["configuration"]["cname"], "zstd");
        assert_eq!(array["codecs"][1]["configuration"]["typesize"], 2);
    }
    assert_eq!(read_back::<u16>(&store, 0), volume.into_dyn());
    assert_eq!(read_back::<u16>(&store, 1), coarse[0].pixels.clone().into_dyn());
    assert_eq!(read_back::<u16>(&store, 2), coarse[1].pixels.clone().into_dyn());
}

#[test]
fn channels_come_first_and_have_no_size() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("channels.zarr");
    let image = Array4::from_shape_fn([2, 3, 20, 30], |(c, z, y, x)| (c * 7 + z * 5 + y * 3 + x) as f32 - 20.5);
    let mut level = Level::new(image.view(), [3.0, 2.0, 1.0]);
    level.translation = [0.5, 0.0, 0.0];
    ImageWriter::new(&store).chunk([2, 16, 16]).method("unused").write(&[level]).unwrap();

    let image_json = &json_file(&store.join("zarr.json"))["attributes"]["ome"]["multiscales"][0];
    let expected = json!({
        "axes": [
            { "name": "c", "type": "channel" },
            { "name": "z", "type": "space" },
            { "name": "y", "type": "space" },
            { "name": "x", "type": "space" },
        ],
        "datasets": [{ "path": "0", "coordinateTransformations": [
            { "type": "scale", "scale": [1.0, 3.0, 2.0, 1.0] },
            { "type": "translation", "translation": [0.0, 0.5, 0.0, 0.0] },
        ] }],
    });
    assert_eq!(*image_json, expected);
    let array = json_file(&store.join("0/zarr.json"));
    assert_eq!(array["dimension_names"], json!(["c", "z", "y", "x"]));
    assert_eq!(array["chunk_grid"]["configuration"]["chunk_shape"], json!([1, 2, 16, 16]));
    assert_eq!(read_back::<f32>(&store, 0), image.into_dyn());
}

#[test]
fn every_pixel_type_and_any_strides() {
    fn check<T: qlty_pyramid::Pixel + ElementOwned>(name: &str, value: fn(i32) -> T) {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("image");
        let image = Array3::from_shape_fn([3, 5, 7], |(z, y, x)| value((z * 35 + y * 7 + x) as i32 - 50));
        let turned = image.slice(s![..;-1, ..;2, ..]).permuted_axes([2, 0, 1]);
        ImageWriter::new(&store).chunk([2, 2, 2]).write(&[Level::new(turned.view(), [1.0; 3])]).unwrap();
        assert_eq!(json_file(&store.join("0/zarr.json"))["data_type"], name);
        assert_eq!(read_back::<T>(&store, 0), turned.into_dyn());
    }
    check("uint8", |v| v as u8);
    check("int8", |v| v as i8);
    check("uint16", |v| v as u16);
    check("int16", |v| v as i16);
    check("uint32", |v| v as u32);
    check("int32", |v| v);
    check("uint64", |v| v as u64);
    check("int64", i64::from);
    check("float16", |v| half::f16::from_f64(f64::from(v)));
    check("float32", |v| v as f32);
    check("float64", f64::from);
}

#[test]
fn a_store_is_only_replaced_when_asked() {
    let folder = TempDir::new().unwrap();
    let store = folder.path().join("image");
    let (old, new) = (ramp([1, 2, 3]), ramp([2, 3, 4]));
    let write = |image: &Array3<u16>, overwrite: bool| {
        ImageWriter::new(&store).overwrite(overwrite).write(&[Level::new(image.view(), [1.0; 3])])
    };
    write(&old, true).unwrap();
    let error = write(&new, false).unwrap_err();
    assert!(matches!(&error, Error::Exists { .. }), "{error}");
    assert_eq!(read_back::<u16>(&store, 0), old.into_dyn());
    write(&new, true).unwrap();
    assert_eq!(read_back::<u16>(&store, 0), new.clone().into_dyn());
    assert_eq!(names(&folder), ["image"], "nothing else is left");

    fs::remove_dir_all(&store).unwrap();
    fs::create_dir(&store).unwrap();
    fs::write(store.join("thesis.txt"), "years of work").unwrap();
    let error = write(&new, true).unwrap_err();
    assert!(matches!(&error, Error::NotAStore { .. }), "{error}");
    assert!(store.join("thesis.txt").exists());
    assert_eq!(names(&folder), ["image"]);
}

#[test]
fn what_a_killed_run_left_does_not_block() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("image.partial/0")).unwrap();
    fs::write(folder.path().join("image.partial/0/junk"), "junk").unwrap();
    let image = ramp([1, 2, 3]);
    ImageWriter::new(folder.path().join("image")).write(&[Level::new(image.view(), [1.0; 3])]).unwrap();
    assert_eq!(names(&folder), ["image"]);
    assert!(!folder.path().join("image/0/junk").exists());
}

#[test]
fn levels_that_make_no_image_are_refused_before_anything_is_written() {
    let folder = TempDir::new().unwrap();
    let (large, small, empty) = (ramp([2, 4, 4]), ramp([2, 2, 2]), ramp([0, 4, 4]));
    let (two, three) = (Array4::<u16>::zeros([2, 2, 4, 4]), Array4::<u16>::zeros([3, 2, 2, 2]));
    let flat = ndarray::Array2::<u16>::zeros([4, 4]);
    let one = [1.0; 3];
    let mut shifted = Level::new(large.view(), one);
    shifted.translation = [0.0, f64::NAN, 0.0];
    let cases = [
        vec![],
        vec![Level::new(flat.view(), one)],
        vec![Level::new(empty.view(), one)],
        vec![Level::new(small.view(), one), Level::new(large.view(), one)],
        vec![Level::new(large.view(), one), Level::new(two.view(), one)],
        vec![Level::new(two.view(), one), Level::new(three.view(), one)],
        vec![Level::new(large.view(), [1.0, 0.0, 1.0])],
        vec![Level::new(large.view(), [1.0, f64::INFINITY, 1.0])],
        vec![shifted],
    ];
    for levels in &cases {
        let error = ImageWriter::new(folder.path().join("image")).write(levels).unwrap_err();
        assert!(matches!(&error, Error::Argument { .. }), "{error:?}");
    }
    let good = [Level::new(large.view(), one)];
    let error = ImageWriter::new(folder.path().join("image")).chunk([1, 0, 1]).write(&good).unwrap_err();
    assert!(matches!(&error, Error::Argument { argument: "chunk", .. }), "{error:?}");
    let error = ImageWriter::new("/").write(&good).unwrap_err();
    assert!(matches!(&error, Error::Argument { argument: "destination", .. }), "{error:?}");
    fs::write(folder.path().join("file"), "").unwrap();
    let error = ImageWriter::new(folder.path().join("file/image")).write(&good).unwrap_err();
    assert!(matches!(&error, Error::Io { .. }), "{error:?}");
    assert_eq!(names(&folder), ["file"]);
}
