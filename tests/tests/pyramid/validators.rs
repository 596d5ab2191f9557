//! Every kind of store, checked by other software: the validator of the OME-Zarr models, zarr-python and ome-zarr-py.
//!
//! They are in `.hosts/python`, which `.ci/run` creates; if it does not exist, the test reports that, and fails if
//! `QLTY_REQUIRE_HOSTS` is set.
#![allow(clippy::print_stderr, reason = "a test says what it could not test")]

use std::path::Path;
use std::process::Command;

use ndarray::Array5;
use ndarray_npy::write_npy;
use qlty_pyramid::{AxisOrder, DType, Halving, LengthUnit, Levels, Method, PyramidOptions, Volume, ZarrFormat};
use qlty_tests::sample::any;
use tempfile::TempDir;

use crate::{read_back, write};

#[test]
fn every_kind_of_store_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = root.join(".hosts/python/bin/python");
    if !python.exists() {
        assert!(
            std::env::var_os("QLTY_REQUIRE_HOSTS").is_none(),
            "{} is not there: .ci/run makes it",
            python.display()
        );
        eprintln!("not checked, for want of {}", python.display());
        return;
    }
    let folder = TempDir::new().unwrap();
    let usual = || PyramidOptions::new().levels(Levels::Count(3)).chunk([4, 32, 32]);
    let v2 = || usual().format(ZarrFormat::V2);
    let kinds = [
        ("zyx", [1, 1], usual()),
        ("czyx", [1, 3], usual()),
        ("tczyx", [2, 3], usual()),
        ("tzyx", [2, 1], usual()),
        ("zcyx", [1, 2], usual().axes(AxisOrder::Zcyx)),
        ("single", [1, 1], usual().levels(Levels::Count(1))),
        ("sharded", [1, 2], usual().shard([8, 64, 64])),
        ("volume", [1, 1], usual().halving(Halving::Volume).method(Method::Gaussian)),
        ("float", [1, 1], usual().dtype(DType::F32)),
        ("half", [1, 1], usual().dtype(DType::F16)),
        ("lz4", [1, 1], usual().codec("blosc-lz4-bitshuffle".parse().unwrap())),
        ("zstd", [1, 1], usual().codec("zstd:5".parse().unwrap())),
        ("gzip", [1, 1], usual().codec("gzip".parse().unwrap())),
        ("none", [1, 1], usual().codec("none".parse().unwrap())),
        ("v2_zyx", [1, 1], v2()),
        ("v2_tczyx", [2, 3], v2()),
        ("v2_zcyx", [1, 2], v2().axes(AxisOrder::Zcyx)),
        ("v2_single", [1, 1], v2().levels(Levels::Count(1))),
        ("v2_zstd", [1, 1], v2().codec("zstd:5".parse().unwrap())),
        ("v2_gzip", [1, 1], v2().codec("gzip".parse().unwrap())),
        ("v2_none", [1, 1], v2().codec("none".parse().unwrap())),
    ];
    let mut command = Command::new(&python);
    command.arg(root.join("qlty-pyramid/tests/validate_store.py"));
    for (name, [times, channels], options) in kinds {
        let shape = [times, channels, 9, 70, 90];
        let image: Array5<u16> = any::<u16>(&shape, 3).into_dimensionality().unwrap();
        let volume =
            Volume::new(name, image.view()).unwrap().with_voxel_size([2.0, 0.325, 0.325], LengthUnit::Micrometer);
        let path = folder.path().join(format!("{name}.ome.zarr"));
        let pyramid = write(&volume, &path, &options);
        for level in &pyramid.levels {
            let target = folder.path().join(format!("{name}.ome.zarr-{}.npy", level.name));
            match pyramid.dtype {
                DType::F32 => write_npy(target, &read_back::<f32>(&path, &level.name)),
                DType::F16 => write_npy(target, &read_back::<half::f16>(&path, &level.name).mapv(f32::from)),
                _ => write_npy(target, &read_back::<u16>(&path, &level.name)),
            }
            .unwrap();
        }
        command.arg(path);
    }
    let output = command.output().unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{wrong}");
}
