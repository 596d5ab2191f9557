//! Damaged stores: metadata with impossible numbers, truncated chunks.
//!
//! A case is a store (a result of qlty-large, an unfinished one, pairs, a Laplacian pyramid), positions in its files,
//! and the damage done to them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ndarray::{Array3, Array4};
use qlty_core::NcyxQuilt;
use qlty_large::{ImageSource, LargeQuilt, Region, Std, StitchedArray, ZarrImages};
use qlty_pairs::{PairOptions, PatchPairDataset, Positions, StoreOptions};
use qlty_pyramid::{LaplacianOptions, LaplacianStore, Levels, Monitor, PyramidOptions, Volume};
use serde_json::{Value, json};

use qlty_tests::fuzz::{Draws, damage};

const SIZE: [usize; 2] = [40, 50];

fn images() -> Array4<f32> {
    Array4::from_shape_fn((2, 1, SIZE[0], SIZE[1]), |(n, _, y, x)| (n * 100 + y * x) as f32)
}

fn quilt() -> NcyxQuilt {
    NcyxQuilt::builder(SIZE, [16, 16], [8, 8]).border(2).build().unwrap()
}

/// The intact stores, created once.
fn whole() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz-whole-stores");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        for (name, most) in [("done", usize::MAX), ("work", 12)] {
            let place = folder.join(name);
            fs::create_dir(&place).unwrap();
            let builder = LargeQuilt::<f32, 2>::builder(&quilt(), 2, place.join("a")).std(Std::Within);
            let large = builder.tile_shape([16, 16]).create().unwrap();
            let indices: Vec<usize> = large.pending().into_iter().take(most).collect();
            let patches = large.unstitch(&images().view(), &indices).unwrap();
            large.stitch(&indices, patches.view(), Some(patches.view())).unwrap();
            if most == usize::MAX { drop(large.finish().unwrap()) } else { large.checkpoint().unwrap() }
        }
        let options = PairOptions::new([16, 16], 4, (4.0, 12.0));
        let metadata = qlty_pairs::extract_patch_pairs_metadata(&images().view(), &options).unwrap();
        let store = StoreOptions::new().positions(Positions::WithImage);
        let path = folder.join("pairs");
        qlty_pairs::extract_patches_to_zarr(&images().view(), &metadata, None, path, &store, &Monitor::new()).unwrap();
        let pixels = Array3::from_shape_fn((3, 40, 50), |(z, y, x)| (z * 1000 + y * x) as u16);
        let image = PyramidOptions::new().levels(Levels::Count(3));
        let options = LaplacianOptions::new(image);
        let source = Volume::new("a", pixels.view()).unwrap();
        let path = folder.join("laplacian");
        qlty_pyramid::stack_to_ome_zarr_laplacian(&source, path, &options, &Monitor::new()).unwrap();
        folder
    })
}

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let name = draws.one_of(&["done", "work", "pairs", "laplacian"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    let mut files = Vec::new();
    copy(&whole().join(name), &path, &mut files);
    files.sort();
    let (documents, others): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| file.extension().is_some_and(|extension| extension == "json"));
    while !draws.is_empty() {
        let of_documents = draws.byte() < 200;
        let choice = if of_documents { &documents } else { &others };
        let file = &choice[draws.below(choice.len())];
        let mut content = fs::read(file).unwrap();
        match serde_json::from_slice::<Value>(&content) {
            Ok(mut document) if of_documents && !draws.once_in(8) => {
                replace(&mut document, &mut draws);
                content = serde_json::to_vec(&document).unwrap();
            }
            _ => damage(&mut content, &mut draws),
        }
        fs::write(file, content).unwrap();
    }
    // Any outcome is fine: an error, or whatever can be read.
    match name {
        "done" => drop(result(&path)),
        "work" => drop(work(&path)),
        "pairs" => drop(pairs(&path)),
        _ => drop(laplacian(&path)),
    }
}

fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, files);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            files.push(target);
        }
    }
}

/// Replaces, removes or repeats a value somewhere in a document.
fn replace(at: &mut Value, draws: &mut Draws<'_>) {
    let children = match at {
        Value::Object(members) => members.len(),
        Value::Array(items) => items.len(),
        _ => 0,
    };
    // Descends along a path, usually to its end.
    if children == 0 || draws.once_in(16) {
        *at = value(draws);
        return;
    }
    let (index, action) = (draws.below(children), draws.byte() % 16);
    match at {
        Value::Object(members) => {
            let name = members.keys().nth(index).unwrap().clone();
            match action {
                0 => drop(members.remove(&name)),
                _ => replace(&mut members[&name], draws),
            }
        }
        Value::Array(items) => match action {
            0 => drop(items.remove(index)),
            1 => items.push(items[index].clone()),
            _ => replace(&mut items[index], draws),
        },
        _ => {}
    }
}

fn value(draws: &mut Draws<'_>) -> Value {
    let nested = (0..200).fold(json!(0), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(3),
        json!(7),
        json!(1u64 << 31),
        json!(1u64 << 40),
        json!(1u64 << 53),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.5),
        json!(1e308),
        json!("NaN"),
        json!(""),
        json!("../../.."),
        json!("float64"),
        json!("uint8"),
        json!("complex64"),
        json!("blosc"),
        json!("/"),
        json!([]),
        json!({}),
        json!([0]),
        json!([u64::MAX, u64::MAX]),
        nested,
    ];
    values[draws.below(values.len())].clone()
}

fn result(path: &Path) -> qlty_large::Result<()> {
    let images = ZarrImages::<f32, 2>::open(path.join("a_mean.zarr"));
    if let Ok(images) = images {
        let size: [usize; 2] = images.size();
        let region = Region {
            image: 0,
            channels: 0..images.channels().min(1),
            start: [0; 2],
            size: size.map(|size| size.min(9)),
        };
        if images.images() > 0 && region.channels.len() == 1 && !region.size.contains(&0) {
            drop(images.read(&region, &mut |_| {}));
        }
    }
    for part in ["mean", "std"] {
        let array = StitchedArray::<f32, 2>::open(path.join(format!("a_{part}.zarr")))?;
        array.read_region(&Region { image: 1, channels: 0..1, start: [3, 4], size: [20, 30] })?;
    }
    Ok(())
}

fn work(path: &Path) -> qlty_large::Result<()> {
    let large = LargeQuilt::<f32, 2>::builder(&quilt(), 2, path.join("a")).std(Std::Within).tile_shape([16, 16]);
    let large = large.create_or_open()?;
    while let Some(next) = large.unstitch_next(&images().view(), 7)? {
        large.stitch(&next.indices, next.patches.view(), Some(next.patches.view()))?;
    }
    large.finish()?.mean.read()?;
    Ok(())
}

fn pairs(path: &Path) -> qlty_pairs::Result<()> {
    drop(qlty_pairs::inspect_dataset(path));
    let dataset = PatchPairDataset::<f32, 2>::open(path)?;
    drop(dataset.metadata());
    if !dataset.is_empty() && dataset.len() < 1000 && dataset.window().iter().product::<usize>() < 1 << 20 {
        drop(dataset.get(0));
        dataset.get_batch(&[dataset.len() - 1, 0])?;
    }
    Ok(())
}

fn laplacian(path: &Path) -> qlty_pyramid::Result<()> {
    drop(qlty_pyramid::laplacian_dtype(path));
    let store = LaplacianStore::open(path)?;
    for level in 0..store.levels() {
        let shape: Vec<usize> = store.shape(level)?.iter().map(|size| *size.min(&13)).collect();
        store.read::<u16>(level, &vec![0; shape.len()], &shape, &Monitor::new())?;
    }
    Ok(())
}
