//! Files of every compression and layout, written by tifffile, compared with the formula of their pixels.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::path::{Path, PathBuf};

use half::f16;
use ndarray::Array3;
use qlty_pyramid::{ArrayMut, Channel, LengthUnit, SlicePattern, Stack};

#[path = "support/formula.rs"]
mod formula;
use formula::{Formula, check, pixel};

const Y: usize = 45;
const X: usize = 61;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn open(name: &str) -> Stack {
    Stack::from_file(fixture(name)).unwrap()
}

/// A page with `channels` samples.
fn page<T: Formula>(name: &str, channels: usize) {
    check::<T>(&open(name), [1, channels, 1, Y, X], |pixel| pixel);
}

#[test]
fn each_compression_in_strips_and_in_tiles() {
    for compression in ["none", "lzw", "deflate", "packbits", "zstd"] {
        page::<u16>(&format!("{compression}_strips.tif"), 1);
        page::<u16>(&format!("{compression}_tiles.tif"), 1);
    }
    for compression in ["lzw", "deflate", "zstd"] {
        page::<u16>(&format!("{compression}_predictor.tif"), 1);
    }
    check::<u8>(&open("lzw_large_tile.tif"), [1, 1, 1, 200, 200], |pixel| pixel);
}

#[test]
fn each_type() {
    page::<u8>("uint8.tif", 1);
    page::<i8>("int8.tif", 1);
    page::<u16>("uint16.tif", 1);
    page::<i16>("int16.tif", 1);
    page::<u32>("uint32.tif", 1);
    page::<i32>("int32.tif", 1);
    page::<u64>("uint64.tif", 1);
    page::<i64>("int64.tif", 1);
    for (half, single, double) in
        [("float16.tif", "float32.tif", "float64.tif"), ("float16_plain.tif", "float32_plain.tif", "float64_plain.tif")]
    {
        page::<f16>(half, 1);
        page::<f32>(single, 1);
        page::<f64>(double, 1);
    }
}

#[test]
fn samples_are_channels() {
    page::<u8>("rgb.tif", 3);
    page::<u16>("rgb_tiles.tif", 3);
    page::<u16>("rgb_planar.tif", 3);
    page::<u8>("rgba.tif", 4);
    page::<u16>("four_samples.tif", 4);
    page::<u8>("rgb_and_one.tif", 4);
    page::<u8>("five_planes.tif", 5);
    page::<f32>("rgb_float.tif", 3);
}

#[test]
fn numbers_are_what_was_measured() {
    check::<u16>(&open("min_is_white.tif"), [1, 1, 1, Y, X], |pixel| u16::MAX - pixel);
    check::<u8>(&open("one_bit.tif"), [1, 1, 1, Y, X], |pixel| pixel >> 7);
    check::<u8>(&open("one_bit_white.tif"), [1, 1, 1, Y, X], |pixel| 1 - (pixel >> 7));
    check::<u8>(&open("fax.tif"), [1, 1, 1, Y, X], |pixel| pixel >> 7);
    check::<u16>(&open("twelve_bits.tif"), [1, 1, 1, Y, X], |pixel| pixel >> 4);
    page::<u8>("palette.tif", 1);
}

#[test]
fn absent_tiles_are_zeros() {
    let stack = open("sparse.tif");
    let plane = stack.read::<u16>(0).unwrap();
    for ((_, _, y, x), got) in plane.indexed_iter() {
        let present = (y / 16 * 4 + x / 16) % 3 == 0;
        let expected = if present { pixel([1, 1, 1, 16, 16], [0, 0, 0, y % 16, x % 16]) } else { 0 };
        assert_eq!(*got, expected, "at {y}, {x}");
    }
}

#[test]
fn jpeg_comes_near() {
    let ramp = |y: usize, x: usize| 2 * y + x;
    for (name, channels) in [("jpeg_grey.tif", 1), ("jpeg_ycbcr.tif", 3), ("jpeg_rgb.tif", 3)] {
        let stack = open(name);
        assert_eq!(stack.shape(), [1, channels, 1, 48, 64]);
        for ((c, _, y, x), got) in stack.read::<u8>(0).unwrap().indexed_iter() {
            let expected = [ramp(y, x), 2 * (80 - ramp(y, x) / 2), 90][c];
            assert!(usize::from(*got).abs_diff(expected) <= 6, "{name}: {got} for {expected} at {:?}", (c, y, x));
        }
    }
}

#[test]
fn pages_are_planes() {
    for name in ["pages.tif", "big.tif", "big_endian_big.tif"] {
        check::<u8>(&open(name), [1, 1, 5, Y, X], |pixel| pixel);
    }
}

/// Reads bands of some heights, and compares them with the fixture's formula.
fn bands<T: Formula>(name: &str, channels: usize) {
    let stack = open(name);
    for height in [1, 7, stack.band(), Y] {
        for first in (0..Y).step_by(height) {
            let rows = first..Y.min(first + height);
            let mut planes = Array3::from_elem([channels, rows.len(), X], T::from_hash(u64::MAX));
            stack.read_rows(0, 0, rows.clone(), ArrayMut::of("planes", planes.view_mut()).unwrap()).unwrap();
            let mut got = planes.iter();
            for c in 0..channels {
                for y in rows.clone() {
                    for x in 0..X {
                        let expected = pixel::<T>([1, channels, 1, Y, X], [0, c, 0, y, x]);
                        assert_eq!(got.next(), Some(&expected), "{name} at {:?}", [c, y, x]);
                    }
                }
            }
        }
    }
    let mut none = Array3::<T>::from_elem([channels, 0, X], T::from_hash(0));
    assert!(stack.read_rows(0, 0, 3..3, ArrayMut::of("planes", none.view_mut()).unwrap()).is_ok());
    let error = stack.read_rows(0, 0, 0..Y + 1, ArrayMut::of("planes", none.view_mut()).unwrap()).unwrap_err();
    assert!(error.to_string().contains("within 0..45"), "{error}");
}

#[test]
fn planes_are_read_in_bands() {
    for compression in ["none", "lzw", "deflate", "packbits", "zstd"] {
        bands::<u16>(&format!("{compression}_strips.tif"), 1);
        bands::<u16>(&format!("{compression}_tiles.tif"), 1);
    }
    bands::<u8>("rgb.tif", 3);
    bands::<u16>("rgb_tiles.tif", 3);
    bands::<u16>("rgb_planar.tif", 3);
    bands::<u8>("rgba.tif", 4);
    bands::<u8>("five_planes.tif", 5);
    if cfg!(feature = "png") {
        bands::<u16>("grey16.png", 1);
        bands::<u16>("grey16_interlaced.png", 1);
        bands::<u8>("rgb8.png", 3);
    }
}

#[test]
fn hyperstacks_of_imagej() {
    for name in ["imagej.tif", "imagej_one_directory.tif"] {
        let stack = open(name);
        check::<u16>(&stack, [2, 3, 2, Y, X], |pixel| pixel);
        let size = stack.voxel_size().unwrap();
        assert_eq!((size.z, size.y, size.x, size.unit), (Some(2.5), 0.5, 0.25, LengthUnit::Micrometer));
        assert_eq!(stack.frame_interval(), Some(0.5));
    }
    check::<u8>(&open("imagej_rgb.tif"), [1, 3, 2, Y, X], |pixel| pixel);
}

#[test]
fn ome_tiff_in_every_order() {
    for name in ["ome_tczyx", "ome_cztyx", "ome_ztcyx"] {
        let stack = open(&format!("{name}.ome.tif"));
        assert_eq!(stack.name(), name);
        check::<u16>(&stack, [2, 3, 2, Y, X], |pixel| pixel);
        let size = stack.voxel_size().unwrap();
        assert_eq!((size.z, size.y, size.x, size.unit), (Some(2.0), 0.5, 0.25, LengthUnit::Micrometer));
        assert_eq!(stack.frame_interval(), Some(0.5));
        let channel = |name: &str, color: Option<[u8; 3]>| Channel::named(name).color(color);
        let expected = [channel("DAPI", Some([255, 0, 0])), channel("GFP", Some([0, 255, 0])), channel("µ", None)];
        assert_eq!(stack.channels(), expected);
    }
    check::<u8>(&open("ome_rgb.ome.tif"), [2, 3, 2, Y, X], |pixel| pixel);
    check::<u16>(&open("ome_levels.ome.tif"), [1, 2, 1, Y, X], |pixel| pixel);
}

#[test]
fn slices_have_channels() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("a", "rgb_planar.tif"), ("b", "imagej.tif")] {
        for slice in [3, 5] {
            std::fs::copy(fixture(from), folder.path().join(format!("{name}_{slice:02}.TIF"))).unwrap();
        }
    }
    let sets = SlicePattern::new(".tif", r"_(\d+)\.tif$").unwrap().find(folder.path()).unwrap();
    let planar = Stack::from_slices(&sets[0]).unwrap();
    assert_eq!((planar.shape(), planar.counters()), ([1, 3, 2, Y, X], Some(3..=5)));
    assert_eq!((planar.missing(), planar.files().len()), ([4..=4].as_slice(), 2));
    let error = Stack::from_slices(&sets[1]).unwrap_err();
    assert!(error.to_string().contains("2 planes and 2 time points"), "{error}");

    // Pages without a stated meaning are channels of a slice.
    for slice in 0..3 {
        std::fs::copy(fixture("big.tif"), folder.path().join(format!("c_{slice}.tif"))).unwrap();
    }
    let sets = SlicePattern::new("tif", r"^c_(\d+)\.tif$").unwrap().find(folder.path()).unwrap();
    let stack = Stack::from_slices(&sets[0]).unwrap();
    assert_eq!(stack.shape(), [1, 5, 3, Y, X]);
    let slice: Vec<u8> = Stack::from_file(fixture("big.tif")).unwrap().read(0).unwrap().into_iter().collect();
    let mut planes = Array3::<u8>::zeros([5, Y, X]);
    for z in 0..3 {
        stack.read_plane(0, z, ArrayMut::of("planes", planes.view_mut()).unwrap()).unwrap();
        assert!(planes.iter().eq(&slice));
    }
    let volume = stack.read_planes::<u8>(0, 1..3).unwrap();
    assert_eq!(volume.dim(), (5, 2, Y, X));
    assert!(volume.outer_iter().flat_map(|channel| channel.outer_iter().next().unwrap().to_owned()).eq(slice));
}

#[test]
fn png_needs_its_feature() {
    let opened = Stack::from_file(fixture("grey8.png"));
    if cfg!(not(feature = "png")) {
        assert!(opened.unwrap_err().to_string().contains("grey8.png"));
        return;
    }
    let size = opened.unwrap().voxel_size().unwrap();
    assert_eq!((size.z, size.y, size.x, size.unit), (None, 0.5, 0.25, LengthUnit::Micrometer));
    page::<u8>("grey8.png", 1);
    page::<u16>("grey16.png", 1);
    page::<u16>("grey16_interlaced.png", 1);
    page::<u8>("rgb8.png", 3);
    page::<u16>("rgba16.png", 4);
    page::<u8>("palette.png", 1);
    for name in ["one_bit.png", "one_bit_interlaced.png"] {
        check::<u8>(&open(name), [1, 1, 1, Y, X], |pixel| pixel >> 7);
    }
    let sets = SlicePattern::new("PNG", r"^grey(\d+)\.png$").unwrap().find(fixture("")).unwrap();
    let error = Stack::from_slices(&sets[0]).unwrap_err();
    assert!(error.to_string().contains("uint16") && error.to_string().contains("uint8"), "{error}");
}
