//! Stores: their contents, and reading them back.

use std::fs;
use std::path::Path;

use ndarray::{Array3, Array5, ArrayD, Axis, Ix3, IxDyn, Slice};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use qlty_core::zarr::ArrayReader;
use qlty_pyramid::{
    ArrayMut, AxisOrder, Codec, DType, Element, Interpolation, LaplacianOptions, LaplacianPixel, LaplacianStore,
    Levels, Method, Monitor, OwnedArray, Pixel, PyramidOptions, ReconstructOptions, Volume, ZarrFormat,
    laplacian_dtype, plan_laplacian, reconstruct_from_laplacian, shrink, stack_to_ome_zarr_laplacian,
};
use qlty_tests::compare::{assert_close, assert_same_bits};
use qlty_tests::golden::Case;
use qlty_tests::sample::Sample;
use qlty_tests::strategy::cases;
use serde_json::{Value, json};
use tempfile::tempdir;

fn options(levels: usize, chunk: [usize; 3], interpolation: Interpolation) -> LaplacianOptions {
    let image = PyramidOptions::new().levels(Levels::Count(levels)).chunk(chunk);
    LaplacianOptions::new(image).interpolation(interpolation)
}

fn noise<T: Sample>(shape: [usize; 5]) -> Array5<T> {
    let mut random = 1_u64;
    Array5::from_shape_simple_fn(shape, || {
        random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        T::any(random >> 13)
    })
}

/// The whole of an array on disk.
fn whole<T: Element>(path: &Path) -> ArrayD<T> {
    let reader = ArrayReader::open(path, 0).unwrap();
    let mut all = OwnedArray::zeros("array", reader.dtype(), reader.shape()).unwrap();
    reader.read_into(&vec![0; reader.shape().len()], all.array_mut()).unwrap();
    all.into_array::<T, IxDyn>().unwrap()
}

fn read<T: Pixel>(store: &LaplacianStore, level: usize) -> ArrayD<T> {
    let shape = store.shape(level).unwrap().to_vec();
    store.read(level, &vec![0; shape.len()], &shape, &Monitor::new()).unwrap()
}

#[test]
fn a_store_of_qlty() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/laplacian_store/image.ome.zarr");
    let case = Case::load("laplacian_store");
    let (stack, by_qlty): (Array3<f32>, Array3<f32>) = (case.array("stack"), case.array("reconstructed_by_qlty"));
    assert_eq!(laplacian_dtype(&path).unwrap(), DType::F32);
    let store = LaplacianStore::open(&path).unwrap();
    assert_eq!((store.levels(), store.shape(1).unwrap()), (3, &[3, 24, 32][..]));
    assert_close("as qlty has it", &read::<f32>(&store, 0), &by_qlty.into_dyn(), 1e-5);
    assert_close("as the stack", &read::<f32>(&store, 0), &stack.clone().into_dyn(), 1e-5);
    let half = shrink(stack.view(), [1, 2, 2], Method::Mean).unwrap();
    assert_close("a smaller level", &read::<f32>(&store, 1), &half.into_dyn(), 1e-5);

    let folder = tempdir().unwrap();
    let target = folder.path().join("image.zarr");
    reconstruct_from_laplacian(&path, &target, &ReconstructOptions::default(), &Monitor::new()).unwrap();
    assert_same_bits("to an array", &whole::<f32>(&target), &read(&store, 0));
    // It was not written with this interpolation.
    let other = LaplacianStore::open_with_interpolation(&path, Interpolation::Bicubic).unwrap();
    assert_eq!(other.interpolation(), Interpolation::Bicubic);
    assert!(read::<f32>(&other, 0) != read::<f32>(&store, 0));
}

#[test]
fn what_a_store_holds_field_by_field() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("image.zarr");
    let volume = Array3::from_shape_fn([5, 37, 50], |(z, y, x)| (z * 5000 + y * 101 + x * x) as u16);
    let source = Volume::new("a name", volume.view())
        .unwrap()
        .with_voxel_size([2.0, 0.5, 0.5], qlty_pyramid::LengthUnit::Micrometer);
    let options = options(3, [2, 16, 32], Interpolation::Bicubic);
    let monitor = Monitor::new();
    let planned = plan_laplacian(&source, &path, &options).unwrap();
    let written = stack_to_ome_zarr_laplacian(&source, &path, &options, &monitor).unwrap();
    assert_eq!(written, planned);
    assert_eq!((monitor.done(), monitor.total()), (5, 5));
    let names: Vec<_> = written.levels.iter().map(|level| level.name.as_str()).collect();
    assert_eq!(names, ["diff_0", "diff_1", "2"]);
    assert_eq!(written.levels[1].shape, [5, 19, 25]);

    let json_at =
        |path: &Path| -> Value { serde_json::from_slice(&fs::read(path.join("zarr.json")).unwrap()).unwrap() };
    let group = json_at(&path);
    assert_eq!((&group["node_type"], &group["zarr_format"]), (&json!("group"), &json!(3)));
    let expected = json!({ "qlty": {
        "base_name": "a name",
        "axis_order": "ZYX",
        "source_dtype": "uint16",
        "files": [],
        "unit": "micrometer",
        "method": "mean",
        "windows": group["attributes"]["qlty"]["windows"],
        "run": group["attributes"]["qlty"]["run"],
        "levels": [
            { "path": "diff_0", "scale": [2.0, 0.5, 0.5], "translation": [0.0, 0.0, 0.0] },
            { "path": "diff_1", "scale": [2.0, 1.0, 1.0], "translation": [0.0, 0.25, 0.25] },
            { "path": "2", "scale": [2.0, 2.0, 2.0], "translation": [0.0, 0.75, 0.75] },
        ],
        "laplacian_pyramid": {
            "version": 1,
            "axes": ["z", "y", "x"],
            "dtype": "uint16",
            "interpolation": "bicubic",
            "downsampling": "mean",
            "differences": ["diff_0", "diff_1"],
            "base": "2",
            "shapes": [[5, 37, 50], [5, 19, 25], [5, 10, 13]],
        },
    } });
    assert_eq!(group["attributes"], expected);
    assert!(group["attributes"]["qlty"]["run"]["interpolation"].is_string());
    let types = [("diff_0", "int32", [2, 16, 32]), ("diff_1", "int32", [2, 16, 25]), ("2", "uint16", [2, 10, 13])];
    for ((name, data_type, chunk), shape) in types.into_iter().zip([[5, 37, 50], [5, 19, 25], [5, 10, 13]]) {
        let array = json_at(&path.join(name));
        assert_eq!(array["data_type"], data_type);
        assert_eq!(array["shape"], json!(shape));
        assert_eq!(array["dimension_names"], json!(["z", "y", "x"]));
        assert_eq!(array["chunk_grid"]["configuration"]["chunk_shape"], json!(chunk));
    }
    // The arrays equal those computed in memory.
    let levels = qlty_pyramid::LaplacianLevels::of(volume.view(), 3, Interpolation::Bicubic).unwrap();
    assert_eq!(whole::<i32>(&path.join("diff_0")), levels.differences[0].clone().into_dyn());
    assert_eq!(whole::<i32>(&path.join("diff_1")), levels.differences[1].clone().into_dyn());
    assert_eq!(whole::<u16>(&path.join("2")), levels.base.into_dyn());
}

/// Shape, chunk, levels and a box of a level, as fractions of the level's size.
type Choice = ([usize; 3], [usize; 3], usize, Interpolation, usize, [[f64; 2]; 3]);

fn choice() -> impl Strategy<Value = Choice> {
    let shape = (1..7_usize, 1..70_usize, 1..70_usize).prop_map(<[usize; 3]>::from);
    let chunk = (1..4_usize, 1..40_usize, 1..40_usize).prop_map(<[usize; 3]>::from);
    let ways = prop_oneof![Just(Interpolation::Bilinear), Just(Interpolation::Bicubic)];
    let fractions = prop::array::uniform3(prop::array::uniform2(0.0..1.0_f64));
    (shape, chunk, 1..=4_usize, ways).prop_flat_map(move |(shape, chunk, levels, way)| {
        (Just(shape), Just(chunk), Just(levels), Just(way), 0..levels, fractions.clone())
    })
}

#[test]
fn any_box_of_any_level_comes_back() {
    fn check<T: LaplacianPixel + Sample>(exact: bool) {
        let folder = tempdir().unwrap();
        let path = folder.path().join("image.zarr");
        TestRunner::new(cases(40))
            .run(&choice(), |(shape, chunk, count, way, level, fractions)| {
                let _ = fs::remove_dir_all(&path);
                let volume = noise::<T>([1, 1, shape[0], shape[1], shape[2]]);
                let source = Volume::new("noise", volume.view()).unwrap();
                let mut options = options(count, chunk, way);
                // The volume may be too small for this number of halvings.
                options.image.levels = Levels::Factors(vec![[1, 2, 2]; count - 1]);
                stack_to_ome_zarr_laplacian(&source, &path, &options, &Monitor::new()).unwrap();
                let store = LaplacianStore::open(&path).unwrap();
                prop_assert_eq!(store.levels(), count);

                let mut expected: Array3<T> = volume.index_axis_move(Axis(0), 0).index_axis_move(Axis(0), 0);
                for _ in 0..level {
                    expected = shrink(expected.view(), [1, 2, 2], Method::Mean).unwrap();
                }
                let everything = read::<T>(&store, level).into_dimensionality::<Ix3>().unwrap();
                prop_assert_eq!(everything.dim(), expected.dim());
                if exact {
                    prop_assert!(everything == expected, "level {level}");
                }
                let sizes = <[usize; 3]>::from(everything.dim());
                let start: Vec<usize> = (0..3).map(|d| (fractions[d][0] * sizes[d] as f64) as usize).collect();
                let len: Vec<usize> =
                    (0..3).map(|d| (fractions[d][1] * (sizes[d] - start[d] + 1) as f64) as usize).collect();
                let part = store.read::<T>(level, &start, &len, &Monitor::new()).unwrap();
                let cut = everything.slice_each_axis(|axis| {
                    let d = axis.axis.index();
                    Slice::from(start[d]..start[d] + len[d])
                });
                assert_same_bits("a box", &part, &cut);
                Ok(())
            })
            .unwrap();
    }
    check::<u8>(true);
    check::<i16>(true);
    check::<u16>(true);
    check::<u32>(true);
    check::<i64>(true);
    check::<f32>(false);
    check::<half::f16>(false);
    check::<half::bf16>(false);
}

#[test]
fn channels_time_points_formats_and_shards() {
    let folder = tempdir().unwrap();
    let volume = noise::<u16>([2, 3, 5, 33, 40]);
    let one = volume.index_axis(Axis(0), 1);
    let base = options(3, [2, 8, 16], Interpolation::Bilinear);
    let with = |change: fn(&mut PyramidOptions)| {
        let mut options = base.clone();
        change(&mut options.image);
        options
    };
    let cases = [
        ("tczyx", volume.view().into_dyn(), base.clone()),
        ("czyx", one.into_dyn(), base.clone()),
        ("zcyx", one.into_dyn(), with(|image| image.axes = AxisOrder::Zcyx)),
        ("v2", volume.view().into_dyn(), with(|image| image.format = ZarrFormat::V2)),
        ("shards", volume.view().into_dyn(), with(|image| image.shard = Some([4, 16, 32]))),
        ("rounds", volume.view().into_dyn(), with(|image| image.memory = 1)),
    ];
    for (name, pixels, options) in cases {
        let path = folder.path().join(name);
        let source = Volume::new(name, pixels.view()).unwrap();
        stack_to_ome_zarr_laplacian(&source, &path, &options, &Monitor::new()).unwrap();
        let mut expected = pixels.to_owned();
        if name == "zcyx" {
            expected = expected.permuted_axes(vec![1, 0, 2, 3]).as_standard_layout().into_owned();
        }
        let store = LaplacianStore::open(&path).unwrap();
        assert_eq!(read::<u16>(&store, 0), expected, "{name}");
        let target = folder.path().join(format!("{name}.back"));
        let monitor = Monitor::new();
        reconstruct_from_laplacian(&path, &target, &ReconstructOptions::default(), &monitor).unwrap();
        assert_eq!(whole::<u16>(&target), expected, "{name}");
        assert_eq!(monitor.done(), monitor.total());
        let text = fs::read_to_string(target.join("zarr.json")).unwrap();
        let names: Vec<String> =
            serde_json::from_value(serde_json::from_str::<Value>(&text).unwrap()["dimension_names"].clone()).unwrap();
        let axes = if ["v2", "shards", "rounds"].contains(&name) { "tczyx" } else { name };
        assert_eq!(names.concat(), axes);
        let small = folder.path().join(format!("{name}.small"));
        let options = ReconstructOptions::new().level(1).codec(Codec::None);
        reconstruct_from_laplacian(&path, &small, &options, &Monitor::new()).unwrap();
        assert_eq!(whole::<u16>(&small), read::<u16>(&store, 1), "{name}");
        assert!(read::<u16>(&store, 1).shape().ends_with(&[17, 20]));
    }
}

#[test]
fn a_caller_s_array_of_any_strides() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("image.zarr");
    let volume = noise::<u8>([1, 1, 3, 20, 31]);
    let source = Volume::new("noise", volume.view()).unwrap();
    stack_to_ome_zarr_laplacian(&source, &path, &options(2, [2, 8, 8], Interpolation::Bilinear), &Monitor::new())
        .unwrap();
    let store = LaplacianStore::open(&path).unwrap();
    let mut out = ArrayD::<u8>::zeros(IxDyn(&[31, 40, 3]));
    let mut view = out.slice_each_axis_mut(|axis| Slice::new(0, None, if axis.axis.index() == 1 { 2 } else { 1 }));
    view.invert_axis(Axis(0));
    let target = ArrayMut::of("out", view.permuted_axes(vec![2, 1, 0])).unwrap();
    store.read_into(0, &[0, 0, 0], target, &Monitor::new()).unwrap();
    for ((z, y, x), pixel) in volume.view().into_shape_with_order((3, 20, 31)).unwrap().indexed_iter() {
        assert_eq!(out[[30 - x, 2 * y, z]], *pixel);
        assert_eq!(out[[30 - x, 2 * y + 1, z]], 0);
    }
}

#[test]
fn pixels_do_not_depend_on_threads() {
    let folder = tempdir().unwrap();
    let volume = noise::<f32>([1, 1, 9, 150, 131]);
    let source = Volume::new("noise", volume.view()).unwrap();
    let [one, many] = [1, 5].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let path = folder.path().join(threads.to_string());
            stack_to_ome_zarr_laplacian(
                &source,
                &path,
                &options(4, [2, 32, 32], Interpolation::Bicubic),
                &Monitor::new(),
            )
            .unwrap();
            let store = LaplacianStore::open(&path).unwrap();
            (whole::<f32>(&path.join("diff_0")), read::<f32>(&store, 0))
        })
    });
    assert_same_bits("differences", &one.0, &many.0);
    assert_same_bits("pixels", &one.1, &many.1);
}
