//! Finding slices by their names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fs;

use qlty_pyramid::{Error, SlicePattern, SliceSet};
use tempfile::TempDir;

fn folder_of(names: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in names {
        fs::write(folder.path().join(name), b"").unwrap();
    }
    folder
}

fn find(folder: &TempDir, extension: &str, regex: &str) -> Result<Vec<SliceSet>, Error> {
    SlicePattern::new(extension, regex).unwrap().find(folder.path())
}

fn counters(set: &SliceSet) -> Vec<u64> {
    set.slices.iter().map(|slice| slice.counter).collect()
}

#[test]
fn one_group_is_the_counter() {
    let folder = folder_of(&["image_10.tif", "image_9.tif", "image_8.TIF", "image_7.tiff", "image_x.tif", "note.txt"]);
    fs::create_dir(folder.path().join("image_11.tif")).unwrap();
    for extension in ["tif", ".tif", "TIF", ".Tif"] {
        let sets = find(&folder, extension, r"image_(\d+)\.tif$").unwrap();
        assert_eq!(sets.len(), 1);
        assert_eq!(sets[0].name, "image");
        assert_eq!(counters(&sets[0]), [8, 9, 10], "sorted as numbers, the folder image_11.tif passed over");
        assert!(sets[0].missing.is_empty());
    }
}

#[test]
fn two_groups_are_the_basename_and_the_counter() {
    let folder = folder_of(&["liver_z01.tif", "liver_z00.tif", "lung_z05.tif"]);
    let sets = find(&folder, "tif", r"^(.+)_z(\d+)\.tif$").unwrap();
    let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["liver", "lung"]);
    assert_eq!(counters(&sets[0]), [0, 1]);
    let named = find(&folder, "tif", r"z(?P<counter>\d)(?P<basename>\d)").unwrap();
    assert_eq!(named[1].name, "1", "named groups stand in any order");
    assert_eq!(counters(&named[1]), [0]);
}

#[test]
fn a_stack_without_a_name_has_the_name_of_its_folder() {
    let folder = folder_of(&["1.tif", "2.tif"]);
    let name = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(find(&folder, "tif", r"(\d+)\.tif$").unwrap()[0].name, name);
}

#[test]
fn gaps_are_reported_as_ranges() {
    let folder = folder_of(&["a-1.tif", "a-2.tif", "a-4.tif", "a-18446744073709551615.tif"]);
    let sets = find(&folder, "tif", r"(\d+)\.tif$").unwrap();
    assert_eq!(sets[0].name, "a");
    assert_eq!(sets[0].missing, [3..=3, 5..=u64::MAX - 1]);
}

#[test]
fn mistakes_name_themselves() {
    let folder = folder_of(&["a_1.tif", "a_01.tif"]);
    let twice = find(&folder, "tif", r"_(\d+)\.tif$").unwrap_err();
    assert!(matches!(&twice, Error::DuplicateCounter { counter: 1, .. }), "{twice}");
    assert!(twice.to_string().contains("a_01.tif"), "{twice}");

    let none = find(&folder, "png", r"_(\d+)\.png$").unwrap_err();
    assert!(matches!(&none, Error::NoSlices { .. }), "{none}");

    let folder = folder_of(&["a_18446744073709551616.tif"]);
    let large = find(&folder, "tif", r"_(\d+)\.tif$").unwrap_err();
    assert!(matches!(&large, Error::Counter { .. }), "{large}");

    for regex in [r"\d+", r"(\d)(\d)(\d)", r"(unclosed"] {
        let error = SlicePattern::new("tif", regex).unwrap_err();
        assert!(matches!(&error, Error::Argument { .. }), "{error}");
        assert!(error.to_string().contains("expected"), "{error}");
    }
    let gone = SlicePattern::new("tif", r"(\d+)").unwrap().find(folder.path().join("gone")).unwrap_err();
    assert!(matches!(&gone, Error::Io { .. }), "{gone}");
}
