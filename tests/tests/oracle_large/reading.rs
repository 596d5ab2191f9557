//! Unstitching from arrays and from disk, mistakes in arguments, and reading by region.

use std::sync::Arc;

use ndarray::{Array4, Array5, ArrayD, Axis, s};
use qlty_core::dynamic::ArrayRef;
use qlty_core::zarr::{Codec, FolderStore, Layout, Plan};
use qlty_core::{DType, Monitor, NcyxQuilt, NczyxQuilt};
use qlty_large::{LargeQuilt, Region, Shard, Std, StitchedArray, ZarrImages};
use qlty_tests::sample::any;

fn stored(folder: &std::path::Path, values: &ArrayD<u16>, chunk: &[usize]) -> std::path::PathBuf {
    let store = Arc::new(FolderStore::new(folder));
    let layout = Layout { shape: values.shape().to_vec(), chunk: chunk.to_vec(), shard: None };
    let axes = ["n", "c", "z", "y", "x"];
    let axes = if values.ndim() == 4 { vec!["n", "c", "y", "x"] } else { axes.to_vec() };
    let plan = Plan::new(DType::U16, layout).codec(Codec::Zstd(1)).axis_names(&axes);
    plan.create(&store, "images").unwrap().write_all(ArrayRef::of("images", values.view()).unwrap()).unwrap();
    folder.join("images")
}

#[test]
fn patches_of_images_in_memory_and_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let images: Array4<u16> = any::<u16>(&[2, 3, 40, 50], 1).into_dimensionality().unwrap();
    let quilt = NcyxQuilt::builder([40, 50], [16, 12], [9, 7]).build().unwrap();
    let expected = quilt.unstitch(images.view()).unwrap();
    let large = LargeQuilt::<f32, 2>::builder(&quilt, 2, folder.path().join("a")).create().unwrap();
    let disk = ZarrImages::<u16, 2>::open(stored(folder.path(), &images.clone().into_dyn(), &[1, 2, 7, 20])).unwrap();
    let chosen = [5, 0, 17, 5];
    let expected_chosen = expected.select(Axis(0), &chosen);
    assert_eq!(large.unstitch(&images.view(), &chosen).unwrap(), expected_chosen);
    assert_eq!(large.unstitch(&disk, &chosen).unwrap(), expected_chosen);
    let mut out = Array4::<u16>::zeros((12, 16, 3, 4)).permuted_axes([3, 2, 1, 0]);
    large.unstitch_into(&disk, &chosen, out.view_mut(), &Monitor::new()).unwrap();
    assert_eq!(out, expected_chosen);
    // All patches, in order, each once.
    let mut seen = Vec::new();
    while let Some(next) = large.unstitch_next(&disk, 4).unwrap() {
        assert_eq!(next.patches, expected.select(Axis(0), &next.indices));
        seen.extend(next.indices);
    }
    assert_eq!(seen, (0..expected.dim().0).collect::<Vec<_>>());
    large.rewind();
    assert_eq!(large.next_indices(2), [0, 1]);
}

#[test]
fn patches_of_volumes() {
    let folder = tempfile::tempdir().unwrap();
    let images: Array5<u16> = any::<u16>(&[1, 2, 12, 13, 14], 1).into_dimensionality().unwrap();
    let quilt = NczyxQuilt::builder([12, 13, 14], [4, 5, 6], [3, 4, 5]).build().unwrap();
    let large = LargeQuilt::<f64, 3>::builder(&quilt, 1, folder.path().join("a")).create().unwrap();
    let disk = ZarrImages::<u16, 3>::open(stored(folder.path(), &images.clone().into_dyn(), &[1, 1, 5, 5, 5])).unwrap();
    let all: Vec<usize> = (0..quilt.patch_count(1).unwrap()).collect();
    assert_eq!(large.unstitch(&disk, &all).unwrap(), quilt.unstitch(images.view()).unwrap());
    // The whole loop; the result equals the volume.
    while let Some(next) = large.unstitch_next(&disk, 5).unwrap() {
        large.stitch(&next.indices, next.patches.view(), None).unwrap();
    }
    let mean = large.finish().unwrap().mean.read().unwrap();
    assert!(mean.iter().zip(&images).all(|(got, expected)| (got - f64::from(*expected)).abs() < 1e-9));
}

#[test]
fn reading_by_region() {
    let folder = tempfile::tempdir().unwrap();
    let quilt = NczyxQuilt::builder([12, 13, 14], [4, 5, 6], [3, 4, 5]).build().unwrap();
    let builder = LargeQuilt::<f32, 3>::builder(&quilt, 2, folder.path().join("a")).channels(2);
    let large = builder.tile_shape([6, 6, 6]).chunk_shape([3, 3, 2]).create().unwrap();
    let images: Array5<f32> = qlty_tests::sample::moderate(&[2, 2, 12, 13, 14], 1).into_dimensionality().unwrap();
    let all: Vec<usize> = (0..quilt.patch_count(2).unwrap()).collect();
    large.stitch(&all, quilt.unstitch(images.view()).unwrap().view(), None).unwrap();
    let whole = large.finish().unwrap().mean.read().unwrap();
    let array = StitchedArray::<f32, 3>::open(folder.path().join("a_mean.zarr")).unwrap();
    assert_eq!(array.shape(), [2, 2, 12, 13, 14]);
    let region = Region { image: 1, channels: 1..2, start: [3, 0, 7], size: [5, 13, 6] };
    assert_eq!(array.read_region(&region).unwrap(), whole.slice(s![1, 1..2, 3..8, .., 7..13]));
    let outside = Region { start: [8, 0, 7], ..region };
    assert!(array.read_region(&outside).unwrap_err().to_string().contains("region of a result"));
    let error = StitchedArray::<f64, 3>::open(folder.path().join("a_mean.zarr")).unwrap_err().to_string();
    assert!(error.ends_with("got elements of type float32, expected float64"), "{error}");
    let error = StitchedArray::<f32, 2>::open(folder.path().join("a_mean.zarr")).unwrap_err().to_string();
    assert!(error.contains("(images, channels) and 2 axes"), "{error}");
}

#[test]
fn mistakes_say_what_is_wrong_and_add_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let quilt = NcyxQuilt::builder([20, 20], [8, 8], [6, 6]).build().unwrap();
    let builder = || LargeQuilt::<f32, 2>::builder(&quilt, 2, folder.path().join("a")).std(Std::Within);
    let refused =
        |result: qlty_large::Result<_>| -> String { result.map(|_: LargeQuilt<f32, 2>| ()).unwrap_err().to_string() };
    assert!(refused(builder().shard(Shard { index: 2, count: 2 }).create()).contains("an index below the count"));
    assert!(refused(builder().channels(0).create()).contains("channels: got 0"));
    assert!(refused(builder().tile_shape([8, 9]).chunk_shape([4, 4]).create()).contains("tile shape: got [8, 9]"));
    assert!(refused(builder().codec(Codec::Gzip(10)).create()).contains("a level of 0 to 9"));
    assert!(refused(builder().open()).contains("a_mean.zarr"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let gaps = NcyxQuilt::builder([20, 20], [4, 4], [6, 6]).build().unwrap();
    let gaps = LargeQuilt::<f32, 2>::builder(&gaps, 2, folder.path().join("a")).create();
    assert!(refused(gaps).contains("larger steps leave pixels without a value"));

    let large = builder().shard(Shard { index: 1, count: 2 }).tile_shape([10, 10]).create().unwrap();
    let ones = |count, channels| Array4::<f32>::ones((count, channels, 8, 8));
    let refused = |indices: &[usize], patches: Array4<f32>, variances: Option<Array4<f32>>| {
        large.stitch(indices, patches.view(), variances.as_ref().map(|v| v.view())).unwrap_err().to_string()
    };
    assert!(refused(&[9], ones(2, 1), Some(ones(2, 1))).contains("a patch for each index"));
    assert!(refused(&[9], ones(1, 1), Some(ones(1, 2))).contains("variances: got shape"));
    assert!(refused(&[9], ones(1, 1), None).contains("a standard deviation is asked for"));
    assert!(refused(&[18], ones(1, 1), Some(ones(1, 1))).contains("patch index: got 18, expected less than 18"));
    assert!(refused(&[8], ones(1, 1), Some(ones(1, 1))).contains("a patch that reaches a tile of this shard"));
    assert!(refused(&[9, 9], ones(2, 1), Some(ones(2, 1))).contains("patch 9 was given twice"));
    assert_eq!(large.pending(), (9..18).collect::<Vec<_>>());
    assert_eq!(large.channels(), None);
    large.stitch(&[9], ones(1, 3).view(), Some(ones(1, 3).view())).unwrap();
    assert_eq!(large.channels(), Some(3));
    assert!(refused(&[10], ones(1, 1), Some(ones(1, 1))).contains("channels of patches: got 1, expected 3"));
    assert!(refused(&[10, 9], ones(2, 3), Some(ones(2, 3))).contains("patch 9 was given twice"));
    assert!(large.skip(&[9]).unwrap_err().to_string().contains("patch 9 was given twice"));
    assert_eq!(large.pending(), (10..18).collect::<Vec<_>>());
    let wrong = Array4::<u8>::zeros((2, 1, 20, 21));
    let error = large.unstitch(&wrong.view(), &[0]).unwrap_err().to_string();
    assert!(error.contains("batch: got shape [2, 1, 20, 21], expected 2 images of [20, 20] pixels"), "{error}");
}
