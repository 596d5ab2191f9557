//! Images from a Zarr array on disk give the same results as the same images in memory.

use std::path::Path;
use std::sync::Arc;

use ndarray::{Array4, Array5, ArrayD};
use qlty_core::Element;
use qlty_core::dynamic::ArrayRef;
use qlty_core::zarr::{Codec, FolderStore, Layout, Plan};
use qlty_pairs::{
    Error, ImageSource, PairOptions, Positions, Region, ZarrImages, extract_patch_pairs, extract_patch_pairs_metadata,
};

use crate::{threads, widest};

fn store<T: Element>(path: &Path, values: &ArrayD<T>, chunk: &[usize], shard: Option<&[usize]>) {
    let layout = Layout { shape: values.shape().to_vec(), chunk: chunk.to_vec(), shard: shard.map(<[usize]>::to_vec) };
    let store = Arc::new(FolderStore::new(path));
    let axes = ["n", "c", "z", "y", "x"];
    let axes = if values.ndim() == 4 { vec!["n", "c", "y", "x"] } else { axes.to_vec() };
    let plan = Plan::new(T::DTYPE, layout).codec(Codec::Zstd(1)).axis_names(&axes);
    let array = plan.create(&store, "images").unwrap();
    array.write_all(ArrayRef::of("images", values.view()).unwrap()).unwrap();
}

#[test]
fn planes_from_disk() {
    let images = Array4::from_shape_fn((5, 2, 50, 61), |(n, c, y, x)| (((n * 2 + c) * 50 + y) * 61 + x) as u16);
    let options = widest([16, 16], 25).rotations([0, 1, 2, 3]).seed(1);
    let expected = extract_patch_pairs(&images.view(), &options, Positions::WithImage).unwrap();
    let metadata = extract_patch_pairs_metadata(&images.view(), &options).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let layouts: [(&[usize], Option<&[usize]>); 5] = [
        (&[1, 2, 50, 61], None),
        (&[1, 1, 16, 16], None),
        (&[3, 2, 7, 100], None),
        (&[1, 1, 16, 16], Some(&[2, 2, 32, 64])),
        (&[1, 2, 10, 10], Some(&[5, 2, 60, 70])),
    ];
    for (i, (chunk, shard)) in layouts.into_iter().enumerate() {
        let path = folder.path().join(i.to_string());
        store(&path, &images.clone().into_dyn(), chunk, shard);
        // Also with a cache of a single chunk.
        for cache in [1 << 20, 0] {
            let source = ZarrImages::<u16, 2>::with_cache(path.join("images"), cache).unwrap();
            for count in [1, 5] {
                let pairs = threads(count).install(|| extract_patch_pairs(&source, &options, Positions::WithImage));
                assert_eq!(pairs.unwrap(), expected);
            }
            assert_eq!(extract_patch_pairs_metadata(&source, &options).unwrap(), metadata);
        }
    }
}

#[test]
fn volumes_from_disk() {
    let images = Array5::from_shape_fn((2, 1, 20, 21, 22), |(n, _, z, y, x)| (((n * 20 + z) * 21 + y) * 22 + x) as f64);
    let options = widest([8, 7, 6], 25).seed(1);
    let expected = extract_patch_pairs(&images.view(), &options, Positions::Pixels).unwrap();
    let folder = tempfile::tempdir().unwrap();
    store(folder.path(), &images.into_dyn(), &[1, 1, 8, 8, 8], Some(&[1, 1, 16, 16, 16]));
    let source = ZarrImages::<f64, 3>::open(folder.path().join("images")).unwrap();
    assert_eq!(extract_patch_pairs(&source, &options, Positions::Pixels).unwrap(), expected);
}

#[test]
fn what_is_no_such_array_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("images");
    let missing = ZarrImages::<u8, 2>::open(&path).unwrap_err();
    assert!(matches!(missing, Error::Io { .. }) && missing.to_string().contains("images"), "{missing}");
    store(folder.path(), &ArrayD::<u8>::zeros(vec![1, 1, 30, 30]), &[1, 1, 30, 30], None);
    let text = ZarrImages::<f32, 2>::open(&path).unwrap_err().to_string();
    assert!(text.ends_with("got elements of type uint8, expected float32"), "{text}");
    let text = ZarrImages::<u8, 3>::open(&path).unwrap_err().to_string();
    assert!(text.contains("shape: got [1, 1, 30, 30], expected (images, channels) and 3 axes"), "{text}");
    // A corrupted chunk is an error of the call, not zeros.
    let images = ArrayD::<u8>::ones(vec![1, 1, 30, 30]);
    let other = folder.path().join("broken");
    store(&other, &images, &[1, 1, 30, 30], None);
    let chunk = other.join("images/c/0/0/0/0");
    let whole = std::fs::read(&chunk).unwrap();
    std::fs::write(&chunk, &whole[..whole.len() / 2]).unwrap();
    let source = ZarrImages::<u8, 2>::open(other.join("images")).unwrap();
    let error = extract_patch_pairs(&source, &widest([8, 8], 2), Positions::None).unwrap_err();
    assert!(matches!(error, Error::Damaged { .. }), "{error}");
}

/// A source that visits a region another number of times than once.
struct Visits<'a>(ndarray::ArrayView4<'a, u8>, usize);

impl ImageSource<u8, 2> for Visits<'_> {
    fn images(&self) -> usize {
        self.0.images()
    }

    fn channels(&self) -> usize {
        self.0.channels()
    }

    fn size(&self) -> [usize; 2] {
        self.0.size()
    }

    fn read(&self, region: &Region<2>, visit: &mut dyn FnMut(ndarray::ArrayView4<'_, u8>)) -> qlty_pairs::Result<()> {
        (0..self.1).try_for_each(|_| self.0.read(region, &mut *visit))
    }
}

#[test]
fn a_source_that_does_not_visit_once_is_an_error() {
    let images = ndarray::Array4::<u8>::from_elem((1, 1, 40, 40), 7);
    let options = PairOptions::new([8, 8], 3, (2.0, 6.0));
    for visits in [0, 2] {
        let source = Visits(images.view(), visits);
        let expected = format!("visits of the source: got {visits}, expected 1 for each region");
        let extracted = extract_patch_pairs(&source, &options, Positions::None).map(|_| ());
        assert_eq!(extracted.unwrap_err().to_string(), expected);
        let measured = extract_patch_pairs_metadata(&source, &options).map(|_| ());
        assert_eq!(measured.unwrap_err().to_string(), expected);
    }
    assert!(extract_patch_pairs(&Visits(images.view(), 1), &options, Positions::None).is_ok());
}
