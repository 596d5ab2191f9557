//! The stored patches equal the extracted ones, in any layout, for every type.

use std::path::Path;

use ndarray::ArrayView;
use qlty_core::{Rank, Spatial};
use qlty_pairs::{
    Codec, ImageSource, Monitor, PatchPairDataset, Positions, StoreOptions, extract_patches_from_metadata,
    extract_patches_to_zarr, inspect_dataset,
};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::sample::Sample;

use crate::{Batch, images, metadata, write};

fn check<T: Sample, const D: usize>(shape: &[usize], window: [usize; D], options: &StoreOptions, path: &Path)
where
    Spatial<D>: Rank,
    for<'a> ArrayView<'a, T, Batch<D>>: ImageSource<T, D>,
    for<'a> ArrayView<'a, f32, Batch<D>>: ImageSource<f32, D>,
{
    let images = images::<T, D>(shape, 3);
    let source = images.view();
    let metadata = metadata(shape, window, 7);
    write(&source, &metadata, path, options).unwrap();
    let dataset = PatchPairDataset::<T, D>::open(path).unwrap();
    assert_eq!((dataset.len(), dataset.channels(), dataset.window()), (metadata.len(), shape[1], window));
    assert_eq!(dataset.positions(), options.positions);
    let all: Vec<usize> = (0..metadata.len()).collect();
    let expected = extract_patches_from_metadata(&source, &metadata, &all, options.positions).unwrap();
    let got = dataset.get_batch(&all).unwrap();
    assert_same_bits("patches1", &got.patches1, &expected.patches1);
    assert_same_bits("patches2", &got.patches2, &expected.patches2);
    assert_eq!((got.deltas, got.rotations), (expected.deltas, expected.rotations));
    assert_eq!((got.positions1, got.positions2), (expected.positions1, expected.positions2));
    assert_eq!(dataset.metadata().unwrap(), metadata);
    let kind = inspect_dataset(path).unwrap();
    assert_eq!((kind.dtype, kind.ndim), (T::DTYPE, D));
}

#[test]
fn of_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions::new().positions(Positions::Pixels);
    macro_rules! each_type {
        ($($name:ident: $type:ty),*) => {$(
            let path = folder.path().join(stringify!($name));
            check::<$type, 2>(&[3, 2, 30, 33], [8, 8], &options, &path.join("planes"));
            check::<$type, 3>(&[2, 1, 12, 13, 14], [4, 5, 6], &options, &path.join("volumes"));
        )*};
    }
    qlty_tests::for_each_element!(each_type);
}

#[test]
fn in_every_layout() {
    let folder = tempfile::tempdir().unwrap();
    let chunks: [Option<Vec<usize>>; 5] =
        [None, Some(vec![1, 3, 8, 8]), Some(vec![4, 2, 3, 5]), Some(vec![100; 4]), Some(vec![5, 1, 8, 8])];
    let codecs = [Codec::None, Codec::Gzip(1), Codec::Zstd(2), Codec::BloscLz4(5), Codec::BloscZstd(1)];
    let positions = [Positions::None, Positions::Pixels, Positions::WithImage];
    for (i, (chunk, codec)) in chunks.into_iter().zip(codecs).enumerate() {
        let options = StoreOptions::new().chunk(chunk).codec(codec).positions(positions[i % 3]);
        check::<u16, 2>(&[3, 3, 30, 33], [8, 8], &options, &folder.path().join(i.to_string()));
        // More than a thousand pairs are sharded.
        let path = folder.path().join(format!("{i} sharded"));
        check::<u16, 2>(&[150, 3, 30, 33], [8, 8], &options, &path);
        let text = std::fs::read_to_string(path.join("patches1/zarr.json")).unwrap();
        assert!(text.contains("sharding_indexed"), "{text}");
    }
}

#[test]
fn chosen_pairs_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a folder that is not there/pairs.zarr");
    let shape = [3, 2, 30, 33];
    let (images, metadata) = (images::<f32, 2>(&shape, 3), metadata(&shape, [8, 8], 7));
    let chosen = [20, 3, 3, 0, 11];
    let (source, options, monitor) = (images.view(), StoreOptions::default(), Monitor::new());
    extract_patches_to_zarr(&source, &metadata, Some(&chosen), &path, &options, &monitor).unwrap();
    assert!(monitor.total() > 0 && monitor.done() == monitor.total());
    let dataset = PatchPairDataset::<f32, 2>::open(&path).unwrap();
    let got = dataset.get_batch(&[0, 1, 2, 3, 4]).unwrap();
    let expected = extract_patches_from_metadata(&source, &metadata, &chosen, Positions::None).unwrap();
    assert_same_bits("patches2", &got.patches2, &expected.patches2);
    assert_eq!(dataset.metadata().unwrap(), metadata.select(&chosen).unwrap());
    // An empty list of pairs is a valid store, too.
    let path = folder.path().join("none.zarr");
    extract_patches_to_zarr(&source, &metadata, Some(&[]), &path, &options, &monitor).unwrap();
    let dataset = PatchPairDataset::<f32, 2>::open(&path).unwrap();
    assert!(dataset.is_empty() && dataset.get_batch(&[]).unwrap().patches1.is_empty());
    assert_eq!(dataset.batches(dataset.epoch(0, 0), 4, 1).unwrap().count(), 0);
}

/// The names, shapes and types that qlty reads, including the attributes.
#[test]
fn as_qlty_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let shape = [3, 2, 30, 33];
    let images = images::<u8, 2>(&shape, 3);
    let options = StoreOptions::new().positions(Positions::WithImage);
    write(&images.view(), &metadata(&shape, [8, 8], 7), &path, &options).unwrap();
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_str(&std::fs::read_to_string(path.join(name).join("zarr.json")).unwrap()).unwrap()
    };
    let arrays = [
        ("patches1", "uint8", serde_json::json!([21, 2, 8, 8])),
        ("patches2", "uint8", serde_json::json!([21, 2, 8, 8])),
        ("deltas", "float32", serde_json::json!([21, 2])),
        ("rotations", "int64", serde_json::json!([21])),
        ("positions1", "int64", serde_json::json!([21, 3])),
        ("positions2", "int64", serde_json::json!([21, 3])),
    ];
    for (name, data_type, shape) in arrays {
        let array = read(name);
        assert_eq!((&array["data_type"], &array["shape"]), (&data_type.into(), &shape), "{name}");
        assert_eq!(array["attributes"]["qlty"]["chunk_files"], 1, "{name}");
        assert_eq!(array["codecs"].as_array().unwrap().last().unwrap()["name"], "crc32c", "{name}");
        assert!(qlty_core::zarr::verify(&path.join(name), None, &Monitor::new()).unwrap().is_empty());
    }
    let positions = path.join("positions1");
    std::fs::remove_file(positions.join("c/0/0")).unwrap();
    assert_eq!(qlty_core::zarr::verify(&positions, None, &Monitor::new()).unwrap().len(), 1);
    let attributes = &read(".")["attributes"];
    assert_eq!(attributes["window"], serde_json::json!([8, 8]));
    assert_eq!(attributes["patch_shape"], serde_json::json!([8, 8]));
    assert_eq!((&attributes["num_patches"], &attributes["num_channels"]), (&21.into(), &2.into()));
    let columns = attributes["metadata"].as_object().unwrap();
    assert_eq!(columns.len(), 12);
    assert!(columns.values().all(|column| column.as_array().unwrap().len() == 21));
}
