//! Failures are reported, and leave nothing behind.

use ndarray::{Array4, ArrayView4};
use qlty_pairs::{
    Codec, Error, ImageSource, Monitor, PatchPairDataset, Region, Result, StoreOptions, extract_patches_to_zarr,
};

use crate::{images, metadata, write};

const SHAPE: [usize; 4] = [3, 2, 30, 33];

/// Images of which something happens when the last is read.
struct Eventful<F>(Array4<f32>, F);

impl<F: Fn() -> Result<()> + Sync> ImageSource<f32, 2> for Eventful<F> {
    fn images(&self) -> usize {
        SHAPE[0]
    }
    fn channels(&self) -> usize {
        SHAPE[1]
    }
    fn size(&self) -> [usize; 2] {
        [SHAPE[2], SHAPE[3]]
    }
    fn read(&self, region: &Region<2>, visit: &mut dyn FnMut(ArrayView4<'_, f32>)) -> Result<()> {
        if region.image == SHAPE[0] - 1 {
            (self.1)()?;
        }
        ImageSource::<f32, 2>::read(&self.0.view(), region, visit)
    }
}

fn breaks() -> Result<()> {
    Err(qlty_core::Error::argument("disk", "smoke", "silence").into())
}

#[test]
fn a_file_that_is_removed_meanwhile_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, metadata) = (images::<f32, 2>(&SHAPE, 3), metadata(&SHAPE, [8, 8], 7));
    let deltas = folder.path().join("pairs.zarr.partial/deltas/c/0/0");
    let removes = || {
        if deltas.exists() {
            std::fs::remove_file(&deltas).unwrap();
        }
        Ok(())
    };
    let options = StoreOptions::default().chunk(vec![21, 2, 8, 8]);
    let error = write(&Eventful(images, removes), &metadata, &path, &options).unwrap_err().to_string();
    assert!(error.ends_with("deltas: number of chunk files: got 0, expected the 1 that were written"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_failure_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, metadata) = (images::<f32, 2>(&SHAPE, 3), metadata(&SHAPE, [8, 8], 7));
    let nothing_left = || assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let error = write(&Eventful(images.clone(), breaks), &metadata, &path, &StoreOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), r#"disk: got "smoke", expected silence"#);
    nothing_left();
    let refused = |options: &StoreOptions, indices: &[usize]| {
        let monitor = Monitor::new();
        let source = images.view();
        let result = extract_patches_to_zarr(&source, &metadata, Some(indices), &path, options, &monitor);
        nothing_left();
        result.unwrap_err().to_string()
    };
    let default = StoreOptions::default();
    assert!(refused(&default, &[21]).contains("index of a pair: got 21"));
    let chunk = default.clone().chunk(vec![1, 2, 8]);
    assert!(refused(&chunk, &[0]).contains("chunk: got [1, 2, 8], expected 4 sizes"));
    let codec = default.clone().codec(Codec::Gzip(10));
    assert!(refused(&codec, &[0]).contains("expected a level of 0 to 9"));
    let monitor = Monitor::new();
    monitor.cancel();
    let cancelled = extract_patches_to_zarr(&images.view(), &metadata, None, &path, &default, &monitor);
    assert!(matches!(cancelled, Err(Error::Core(qlty_core::Error::Cancelled))));
    nothing_left();
}

#[test]
fn what_is_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, metadata) = (images::<f32, 2>(&SHAPE, 3), metadata(&SHAPE, [8, 8], 7));
    let options = StoreOptions::default();
    write(&images.view(), &metadata, &path, &options).unwrap();
    let again = write(&images.view(), &metadata, &path, &options).unwrap_err();
    assert!(matches!(again, Error::Exists { .. }), "{again}");
    let overwrite = options.overwrite(true);
    let error = write(&Eventful(images.clone(), breaks), &metadata, &path, &overwrite).unwrap_err();
    assert!(error.to_string().contains("smoke"));
    assert_eq!(PatchPairDataset::<f32, 2>::open(&path).unwrap().len(), 21);
    write(&images.view(), &metadata.select(&[0, 1]).unwrap(), &path, &overwrite).unwrap();
    assert_eq!(PatchPairDataset::<f32, 2>::open(&path).unwrap().len(), 2);
}

#[test]
fn what_is_no_dataset_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let missing = PatchPairDataset::<f32, 2>::open(&path).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("patches1"), "{missing}");
    write(&images::<f32, 2>(&SHAPE, 3).view(), &metadata(&SHAPE, [8, 8], 7), &path, &StoreOptions::default()).unwrap();
    let text = PatchPairDataset::<u8, 2>::open(&path).unwrap_err().to_string();
    assert!(text.ends_with("got elements of type float32, expected uint8"), "{text}");
    let text = PatchPairDataset::<f32, 3>::open(&path).unwrap_err().to_string();
    assert!(text.contains("shape: got [21, 2, 8, 8], expected (pairs, channels) and 3 axes"), "{text}");
    let dataset = PatchPairDataset::<f32, 2>::open(&path).unwrap();
    for result in [dataset.get(21).map(drop), dataset.batches(vec![0, 21], 2, 1).map(drop)] {
        assert!(result.unwrap_err().to_string().contains("index of a pair: got 21, expected less than 21"));
    }
    assert!(dataset.batches(vec![0], 0, 1).unwrap_err().to_string().contains("batch size: got 0"));
    std::fs::remove_dir_all(path.join("deltas")).unwrap();
    let text = PatchPairDataset::<f32, 2>::open(&path).unwrap_err().to_string();
    assert!(text.contains("deltas"), "{text}");
}
