//! Damaging files: bytes that change, and files that are cut short.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use qlty_core::Monitor;
use qlty_core::dynamic::OwnedArray;
use qlty_core::zarr::{ArrayReader, verify};
use qlty_pairs::PatchPairDataset;
use qlty_tests::sample::random;

use crate::{jobs, tree};

/// The pixels that were read, as bytes; `None` if the damage was noticed.
type Read = fn(&Path) -> Option<Vec<u8>>;

/// What is damaged: its name, what makes it in a folder, and what reads it.
type Kind<'a> = (&'a str, &'a dyn Fn(&Path), Read);

/// Files up to this length are damaged in every byte and cut to every length, if there are damages enough.
const SMALL: usize = 3000;

/// Makes this many damages, and returns the number of faults.
pub(crate) fn run(damages: usize) -> usize {
    let kinds: [Kind<'_>; 5] = [
        ("finished result", &|folder| jobs::run("large", folder), read_result),
        ("result in work", &begin_result, go_on_with_result),
        ("pyramid", &|folder| jobs::run("gaussian", folder), |folder| read_arrays(&folder.join("gaussian"))),
        ("Laplacian pyramid", &|folder| jobs::run("laplacian", folder), |folder| {
            read_arrays(&folder.join("laplacian"))
        }),
        ("pairs", &|folder| jobs::run("pairs", folder), read_pairs),
    ];
    std::panic::set_hook(Box::new(|_| {}));
    let mut faults = 0;
    for (kind, (name, make, read)) in kinds.into_iter().enumerate() {
        let whole = tempfile::tempdir().unwrap();
        make(whole.path());
        let files = tree(whole.path());
        let other = tempfile::tempdir().unwrap();
        restore(&files, other.path());
        let expected = read(other.path()).unwrap();
        // Each file gets its share: all bytes and lengths of small files, some of large ones.
        let share = damages.div_ceil(kinds.len() * 2 * files.len());
        let (mut made, mut noticed, mut wrong) = (0, 0, 0);
        for (number, (file, content)) in files.iter().enumerate() {
            let count = if content.len() <= SMALL { share.max(1).min(content.len()) } else { share };
            for damage in 0..2 * count {
                let draw = random(99 + kind as u64, (number * 100_000 + damage) as u64) as usize;
                let at = if count == content.len() { damage / 2 } else { draw / 8 % content.len().max(1) };
                let mut damaged = content.clone();
                if damage % 2 == 0 && !content.is_empty() {
                    damaged[at] ^= 1 << (draw % 8);
                } else {
                    damaged.truncate(at);
                }
                if damaged == *content {
                    continue;
                }
                made += 1;
                restore(&files, other.path());
                fs::write(other.path().join(file), &damaged).unwrap();
                match catch_unwind(AssertUnwindSafe(|| read(other.path()))) {
                    Ok(None) => noticed += 1,
                    Ok(Some(pixels)) if pixels == expected => {}
                    Ok(Some(_)) => {
                        wrong += 1;
                        println!("{name}: wrong pixels: {} damaged at {at} of {}", file.display(), content.len());
                    }
                    Err(_) => {
                        wrong += 1;
                        println!("{name}: a panic: {} damaged at {at} of {}", file.display(), content.len());
                    }
                }
            }
        }
        println!("{name}: {made} damages, {noticed} noticed, {wrong} faults");
        assert!(noticed > 0, "damage that nobody notices tests nothing");
        faults += wrong;
    }
    drop(std::panic::take_hook());
    faults
}

/// Makes a folder hold these files and no others.
fn restore(files: &BTreeMap<PathBuf, Vec<u8>>, folder: &Path) {
    let found = tree(folder);
    for file in found.keys().filter(|file| !files.contains_key(*file)) {
        fs::remove_file(folder.join(file)).unwrap();
    }
    for (file, content) in files.iter().filter(|(file, content)| found.get(*file) != Some(content)) {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// All elements of an array.
fn read_array(folder: &Path) -> Option<Vec<u8>> {
    if !verify(folder, None, &Monitor::new()).ok()?.is_empty() {
        return None;
    }
    let reader = ArrayReader::open(folder, 0).ok()?;
    let mut all = OwnedArray::zeros("array", reader.dtype(), reader.shape()).unwrap();
    reader.read_into(&vec![0; reader.shape().len()], all.array_mut()).ok()?;
    let mut bytes: Vec<u8> = reader.shape().iter().flat_map(|size| size.to_le_bytes()).collect();
    qlty_core::with_dtype!(reader.dtype(), T => {
        let values = all.array_ref().view::<T>("array").unwrap();
        bytes.extend_from_slice(bytemuck::cast_slice(values.to_slice().unwrap()));
    });
    Some(bytes)
}

/// The elements of all arrays directly below a folder.
fn read_arrays(folder: &Path) -> Option<Vec<u8>> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    Some(folders.iter().map(|folder| read_array(folder)).collect::<Option<Vec<_>>>()?.concat())
}

fn read_pairs(folder: &Path) -> Option<Vec<u8>> {
    let path = folder.join("pairs");
    let arrays = read_arrays(&path)?;
    let dataset = PatchPairDataset::<f32, 2>::open(&path).ok()?;
    let all: Vec<usize> = (0..dataset.len()).collect();
    dataset.get_batch(&all).ok()?;
    Some(arrays)
}

fn values_of(large: &qlty_large::LargeQuilt<f32, 2>) -> Option<Vec<u8>> {
    let result = large.finish().ok()?;
    let (mean, std) = (result.mean.read().ok()?, result.std?.read().ok()?);
    Some([mean, std].iter().flat_map(|values| bytemuck::cast_slice(values.as_slice().unwrap()).to_vec()).collect())
}

/// Reads a finished result, and repairs it.
fn read_result(folder: &Path) -> Option<Vec<u8>> {
    let large = jobs::builder(folder).open().ok();
    let damaged = match &large {
        Some(large) => !large.verify(None, &Monitor::new()).ok()?.is_empty(),
        None => true,
    };
    if !damaged {
        return values_of(&large?);
    }
    drop(large);
    if let Ok(large) = jobs::builder(folder).repair(&Monitor::new()) {
        assert!(!large.damaged().is_empty());
        jobs::stitch(&large, 0);
        drop(large);
        assert!(jobs::builder(folder).repair(&Monitor::new()).unwrap().damaged().is_empty());
    }
    None
}

/// Starts a result, with a checkpoint.
fn begin_result(folder: &Path) {
    let large = jobs::builder(folder).create().unwrap();
    let all = large.pending();
    for index in &all[..all.len() / 2] {
        let patch = qlty_tests::sample::moderate::<f32>(&[1, 2, 16, 20], *index as u64);
        let patch: ndarray::Array4<f32> = patch.into_dimensionality().unwrap();
        large.stitch(&[*index], patch.view(), Some(patch.mapv(|v| v * v).view())).unwrap();
    }
    large.checkpoint().unwrap();
}

/// Finishes a result in work: whatever was damaged is noticed, or made again.
fn go_on_with_result(folder: &Path) -> Option<Vec<u8>> {
    let large = jobs::builder(folder).open().ok()?;
    jobs::stitch(&large, 0);
    values_of(&large)
}
