//! What others say of every kind of store: the validator of the OME-Zarr models, zarr-python and ome-zarr-py.
//!
//! They live in `.hosts/python`, which `.ci/run` makes; where it is not there the test says so, and fails if
//! `QLTY_REQUIRE_HOSTS` is set.
#![allow(clippy::print_stderr, reason = "a test says what it could not test")]

use std::path::Path;
use std::process::Command;

use ndarray::Array5;
use ndarray_npy::write_npy;
use qlty_pyramid::{AxisOrder, Halving, LengthUnit, Levels, Method, PixelType, PyramidOptions, Volume, ZarrFormat};
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
    let usual = || PyramidOptions { levels: Levels::Count(3), chunk: Some([4, 32, 32]), ..PyramidOptions::default() };
    let v2 = || PyramidOptions { format: ZarrFormat::V2, ..usual() };
    let kinds = [
        ("zyx", [1, 1], usual()),
        ("czyx", [1, 3], usual()),
        ("tczyx", [2, 3], usual()),
        ("tzyx", [2, 1], usual()),
        ("zcyx", [1, 2], PyramidOptions { axes: AxisOrder::Zcyx, ..usual() }),
        ("single", [1, 1], PyramidOptions { levels: Levels::Count(1), ..usual() }),
        ("sharded", [1, 2], PyramidOptions { shard: Some([8, 64, 64]), ..usual() }),
        ("volume", [1, 1], PyramidOptions { halving: Halving::Volume, method: Method::Gaussian, ..usual() }),
        ("float", [1, 1], PyramidOptions { pixel_type: Some(PixelType::F32), ..usual() }),
        ("half", [1, 1], PyramidOptions { pixel_type: Some(PixelType::F16), ..usual() }),
        ("lz4", [1, 1], PyramidOptions { codec: "blosc-lz4-bitshuffle".parse().unwrap(), ..usual() }),
        ("zstd", [1, 1], PyramidOptions { codec: "zstd:5".parse().unwrap(), ..usual() }),
        ("gzip", [1, 1], PyramidOptions { codec: "gzip".parse().unwrap(), ..usual() }),
        ("none", [1, 1], PyramidOptions { codec: "none".parse().unwrap(), ..usual() }),
        ("v2_zyx", [1, 1], v2()),
        ("v2_tczyx", [2, 3], v2()),
        ("v2_zcyx", [1, 2], PyramidOptions { axes: AxisOrder::Zcyx, ..v2() }),
        ("v2_single", [1, 1], PyramidOptions { levels: Levels::Count(1), ..v2() }),
        ("v2_zstd", [1, 1], PyramidOptions { codec: "zstd:5".parse().unwrap(), ..v2() }),
        ("v2_gzip", [1, 1], PyramidOptions { codec: "gzip".parse().unwrap(), ..v2() }),
        ("v2_none", [1, 1], PyramidOptions { codec: "none".parse().unwrap(), ..v2() }),
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
            match pyramid.pixel_type {
                PixelType::F32 => write_npy(target, &read_back::<f32>(&path, &level.name)),
                PixelType::F16 => write_npy(target, &read_back::<half::f16>(&path, &level.name).mapv(f32::from)),
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
