//! The metadata of stores, field by field.

use ndarray::{Array3, Array4};
use qlty_pyramid::{
    AxisOrder, Halving, LengthUnit, Levels, Method, PyramidOptions, SlicePattern, Stack, Volume, ZarrFormat,
    plan_pyramid,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{json_file, names, write};

fn ramp(shape: [usize; 3]) -> Array3<u16> {
    Array3::from_shape_fn(shape, |(z, y, x)| (1 + z * 10_000 + y * 100 + x) as u16)
}

#[test]
fn three_levels_field_by_field() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("new/folder/ramp.ome.zarr");
    let image = ramp([5, 70, 33]);
    let volume =
        Volume::new("ramp", image.view()).unwrap().with_voxel_size([2.0, 0.325, 0.325], LengthUnit::Micrometer);
    let options = PyramidOptions::new().levels(Levels::Count(3)).chunk([2, 32, 64]);
    write(&volume, &path, &options);
    assert_eq!(names(path.parent().unwrap()), ["ramp.ome.zarr"]);
    assert_eq!(names(&path), ["0", "1", "2", "zarr.json"]);

    let group = json_file(&path.join("zarr.json"));
    assert_eq!((&group["zarr_format"], &group["node_type"]), (&json!(3), &json!("group")));
    let scale = |scale: [f64; 3]| json!({ "type": "scale", "scale": scale });
    let shift = |shift: f64| json!({ "type": "translation", "translation": [0.0, shift, shift] });
    let axis = |name: &str| json!({ "name": name, "type": "space", "unit": "micrometer" });
    let multiscale = json!({
        "name": "ramp",
        "type": "mean",
        "axes": [axis("z"), axis("y"), axis("x")],
        "datasets": [
            { "path": "0", "coordinateTransformations": [scale([2.0, 0.325, 0.325])] },
            { "path": "1", "coordinateTransformations": [scale([2.0, 0.65, 0.65]), shift((0.65 - 0.325) / 2.0)] },
            { "path": "2", "coordinateTransformations": [scale([2.0, 1.3, 1.3]), shift((1.3 - 0.325) / 2.0)] },
        ],
    });
    let ome = &group["attributes"]["ome"];
    assert_eq!(ome["version"], "0.5");
    assert_eq!(ome["multiscales"], json!([multiscale]));
    let channel = &ome["omero"]["channels"][0];
    assert_eq!(ome["omero"]["channels"].as_array().unwrap().len(), 1);
    assert_eq!(channel["color"], "FFFFFF");
    assert_eq!((&channel["window"]["min"], &channel["window"]["max"]), (&json!(1.0), &json!(46_933.0)));
    let ours = json!({ "base_name": "ramp", "axis_order": "ZYX", "source_dtype": "uint16", "files": [], "method": "mean", "unit": "micrometer" });
    let mut without_run = group["attributes"]["qlty"].clone();
    let run = without_run.as_object_mut().unwrap().remove("run").unwrap();
    assert_eq!(without_run, ours);
    assert!(run["method"].as_str().is_some_and(|checksum| checksum.len() == 8), "{run}");

    for (level, shape) in [[5, 70, 33], [5, 35, 17], [5, 18, 9]].into_iter().enumerate() {
        let array = json_file(&path.join(level.to_string()).join("zarr.json"));
        assert_eq!(array["node_type"], "array");
        assert_eq!(array["shape"], json!(shape));
        assert_eq!(array["data_type"], "uint16");
        assert_eq!(array["fill_value"], 0);
        assert_eq!(array["dimension_names"], json!(["z", "y", "x"]));
        let chunk = [2.min(shape[0]), 32.min(shape[1]), 64.min(shape[2])];
        assert_eq!(array["chunk_grid"]["configuration"]["chunk_shape"], json!(chunk));
        assert_eq!(array["codecs"][1]["name"], "blosc");
        assert_eq!(array["codecs"][1]["configuration"]["shuffle"], "bitshuffle");
        assert_eq!(array["codecs"][2]["name"], "crc32c");
        let files: usize = shape.iter().zip(chunk).map(|(size, chunk): (&usize, usize)| size.div_ceil(chunk)).product();
        assert_eq!(array["attributes"]["qlty"]["chunk_files"], files);
    }
}

#[test]
fn what_is_sampled_is_not_shifted() {
    let image = ramp([4, 70, 33]);
    let volume = Volume::new("ramp", image.view()).unwrap().with_voxel_size([3.0, 1.0, 1.0], LengthUnit::Nanometer);
    for method in
        [Method::Mean, Method::Median, Method::Mode, Method::Max, Method::Min, Method::Nearest, Method::Gaussian]
    {
        let options = PyramidOptions::new().levels(Levels::Count(3)).halving(Halving::Volume).method(method);
        let planned = plan_pyramid(&volume, "x", &options).unwrap();
        assert_eq!(planned.levels[2].voxel_size, [12.0, 4.0, 4.0]);
        let binning = !matches!(method, Method::Nearest | Method::Gaussian);
        assert_eq!(planned.levels[2].translation, if binning { [4.5, 1.5, 1.5] } else { [0.0; 3] });
    }
}

#[test]
fn which_axes_are_halved() {
    let shapes = |shape: [usize; 3], voxel: [f64; 3], levels, halving| -> Vec<Vec<usize>> {
        let image = Array3::<u8>::zeros(shape);
        let volume = Volume::new("image", image.view()).unwrap().with_voxel_size(voxel, LengthUnit::Meter);
        let options = PyramidOptions::new().levels(levels).halving(halving);
        plan_pyramid(&volume, "x", &options).unwrap().levels.into_iter().map(|level| level.shape).collect()
    };
    let up_to = Levels::UpTo(5);
    assert_eq!(shapes([3, 257, 1025], [1.0; 3], up_to.clone(), Halving::Plane), [[3, 257, 1025], [3, 129, 513]]);
    assert_eq!(shapes([3, 256, 9000], [1.0; 3], up_to.clone(), Halving::Plane), [[3, 256, 9000]]);
    assert_eq!(shapes([1, 1, 9000], [1.0; 3], up_to, Halving::Plane).len(), 1);
    assert_eq!(shapes([1, 9000, 9000], [1.0; 3], Levels::UpTo(3), Halving::Plane).len(), 3);
    assert_eq!(shapes([5, 64, 1], [1.0; 3], Levels::Count(3), Halving::Volume), [[5, 64, 1], [3, 32, 1], [2, 16, 1]]);
    // 4 : 1 : 1 becomes 4 : 2 : 2, then 4 : 4 : 4, and from there all axes are halved.
    let isotropic = shapes([64, 64, 64], [4.0, 1.0, 1.0], Levels::Count(4), Halving::Isotropic);
    assert_eq!(isotropic, [[64, 64, 64], [64, 32, 32], [64, 16, 16], [32, 8, 8]]);
}

#[test]
fn zarr_v2_is_ngff_0_4() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let image = Array4::<f32>::from_shape_fn([2, 3, 20, 30], |(c, z, y, x)| (c * 7 + z * 5 + y * 3 + x) as f32 - 20.5);
    let options = PyramidOptions::new().levels(Levels::Count(2)).format(ZarrFormat::V2);
    write(&Volume::new("image", image.view()).unwrap(), &path, &options);
    assert_eq!(names(&path), [".zattrs", ".zgroup", "0", "1"]);
    let attributes = json_file(&path.join(".zattrs"));
    assert_eq!(attributes["multiscales"][0]["version"], "0.4");
    assert_eq!(attributes["multiscales"][0]["axes"][0], json!({ "name": "c", "type": "channel" }));
    assert_eq!(attributes["omero"]["channels"][1]["window"]["max"], 82.5);
    let array = json_file(&path.join("1/.zarray"));
    assert_eq!((&array["dtype"], &array["dimension_separator"]), (&json!("<f4"), &json!("/")));
    assert_eq!(array["compressor"]["id"], "blosc");
}

#[test]
fn one_level_is_a_plain_array() {
    let folder = TempDir::new().unwrap();
    let image = ramp([2, 30, 40]);
    let volume = Volume::new("ramp", image.view()).unwrap().with_voxel_size([2.0, 1.0, 1.0], LengthUnit::Nanometer);
    for (format, file) in [(ZarrFormat::V3, "zarr.json"), (ZarrFormat::V2, ".zattrs")] {
        let path = folder.path().join(file);
        let pyramid = write(&volume, &path, &PyramidOptions::new().levels(Levels::Count(1)).format(format));
        assert_eq!(pyramid.levels[0].name, "");
        let document = json_file(&path.join(file));
        let attributes = if format == ZarrFormat::V3 { &document["attributes"] } else { &document };
        assert_eq!(attributes["qlty"]["scale"], json!([2.0, 1.0, 1.0]));
        assert!(attributes["ome"].is_null() && attributes["multiscales"].is_null());
    }
}

#[test]
fn zcyx_says_that_it_is_not_ngff() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image");
    let image = Array4::<u8>::ones([2, 3, 20, 30]);
    let options = PyramidOptions::new().levels(Levels::Count(2)).axes(AxisOrder::Zcyx);
    let pyramid = write(&Volume::new("image", image.view()).unwrap(), &path, &options);
    assert_eq!((pyramid.axes.as_str(), &*pyramid.shape), ("ZCYX", &[3, 2, 20, 30][..]));
    let attributes = &json_file(&path.join("zarr.json"))["attributes"];
    assert!(attributes["ome"].is_null());
    assert_eq!(attributes["qlty"]["axis_order"], "ZCYX");
    assert_eq!(attributes["qlty"]["levels"][1]["scale"], json!([1.0, 1.0, 2.0, 2.0]));
    assert_eq!(attributes["qlty"]["levels"][1]["translation"], json!([0.0, 0.0, 0.5, 0.5]));
    assert!(attributes["qlty"]["note"].as_str().unwrap().contains("NGFF"));
    assert_eq!(json_file(&path.join("1/zarr.json"))["dimension_names"], json!(["z", "c", "y", "x"]));
}

#[test]
fn slices_leave_their_names() {
    let folder = TempDir::new().unwrap();
    for z in [3_u16, 4, 7] {
        let file = std::fs::File::create(folder.path().join(format!("cell_{z:02}.tif"))).unwrap();
        let mut encoder = tiff::encoder::TiffEncoder::new(file).unwrap();
        encoder.write_image::<tiff::encoder::colortype::Gray16>(8, 8, &[z; 64]).unwrap();
    }
    let sets = SlicePattern::new("tif", r"(\w+)_(\d+)\.tif$").unwrap().find(folder.path()).unwrap();
    let stack = Stack::from_slices(&sets[0]).unwrap();
    let path = folder.path().join("out");
    let pyramid = write(&stack, &path, &PyramidOptions::new().levels(Levels::Count(2)));
    assert_eq!(pyramid.files.len(), 3);
    let ours: &Value = &json_file(&path.join("zarr.json"))["attributes"]["qlty"];
    assert_eq!(ours["base_name"], "cell");
    assert_eq!(ours["files"], json!(["cell_03.tif", "cell_04.tif", "cell_07.tif"]));
    assert_eq!((&ours["counter_range"], &ours["missing_counters"]), (&json!([3, 7]), &json!([[5, 6]])));
}
