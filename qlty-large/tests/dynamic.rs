//! Large quilts whose type and rank are known at run time.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use ndarray::{Array4, Array5, ArrayD, IxDyn};
use qlty_core::dynamic::{AnyQuilt, ArrayMut, ArrayRef, OwnedArray};
use qlty_core::zarr::ArrayImages;
use qlty_core::{DType, Monitor, NcyxQuilt};
use qlty_large::{AnyLargeBuilder, AnyLargeQuilt, AnyStitchedArray, Error, LargeQuilt, Std};

fn is_shared<T: Send + Sync>(_: &T) {}

/// Patches of two types go to one result; a volume of integers is reproduced bit for bit.
#[test]
fn a_volume_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let quilt =
        AnyQuilt::builder(&[7, 8, 9], &[4, 4, 4], &[3, 4, 3]).border(&[1, 0, 1]).border_weight(0.5).build().unwrap();
    let volume =
        Array5::<u16>::from_shape_fn((2, 1, 7, 8, 9), |(n, _, z, y, x)| (1000 * n + 100 * z + 10 * y + x) as u16);
    let source = ArrayImages::new(ArrayRef::of("batch", volume.view()).unwrap()).unwrap();
    let builder = AnyLargeQuilt::builder(&quilt, 2, folder.path().join("a")).dtype(DType::F64).std(Std::Total);
    let large = builder.tile_shape(&[4, 4, 6]).chunk_shape(&[2, 4, 3]).create().unwrap();
    is_shared(&large);
    let monitor = Monitor::new();
    for call in 0.. {
        let indices = large.next_indices(3);
        if indices.is_empty() {
            break;
        }
        let mut patches = OwnedArray::zeros("patches", DType::U16, &[indices.len(), 1, 4, 4, 4]).unwrap();
        large.unstitch_into(&source, &indices, patches.array_mut(), &monitor).unwrap();
        if call % 2 == 0 {
            let zeros = OwnedArray::zeros("variances", DType::U16, patches.shape()).unwrap();
            large.stitch(&indices, patches.array_ref(), Some(zeros.array_ref())).unwrap();
        } else {
            let patches = patches.into_array::<u16, IxDyn>().unwrap().mapv(f32::from);
            let zeros = ArrayD::<u8>::zeros(patches.shape());
            let (patches, zeros) = (ArrayRef::of("patches", patches.view()), ArrayRef::of("variances", zeros.view()));
            large.stitch_with_monitor(&indices, patches.unwrap(), Some(zeros.unwrap()), &monitor).unwrap();
        }
    }
    let progress = large.progress();
    assert_eq!((progress.patches_done, progress.tiles_done), (progress.patches, progress.tiles));
    let result = large.finish().unwrap();
    let read = |array: &AnyStitchedArray| {
        is_shared(array);
        assert_eq!((array.dtype(), array.shape()), (DType::F64, volume.shape()));
        let mut values = Array5::<f64>::zeros(volume.raw_dim());
        array.read_into(&[0; 5], ArrayMut::of("values", values.view_mut()).unwrap(), &monitor).unwrap();
        values
    };
    assert_eq!(read(&result.mean), volume.mapv(f64::from));
    assert!(read(&result.std.unwrap()).iter().all(|value| *value == 0.0));
}

#[test]
fn truth_values_are_read_as_bytes_and_not_the_other_way() {
    let folder = tempfile::tempdir().unwrap();
    let quilt = AnyQuilt::builder(&[6, 6], &[4, 4], &[2, 2]).build().unwrap();
    let large = AnyLargeQuilt::builder(&quilt, 1, folder.path().join("a")).create().unwrap();
    let truths = Array4::from_shape_fn((1, 1, 6, 6), |(_, _, y, x)| (y + x) % 2 == 0);
    let bytes = truths.mapv(u8::from);
    let mut patches = Array4::<u8>::zeros((1, 1, 4, 4));
    let source = ArrayImages::new(ArrayRef::of("batch", truths.view()).unwrap()).unwrap();
    let out = ArrayMut::of("patches", patches.view_mut()).unwrap();
    large.unstitch_into(&source, &[1], out, &Monitor::new()).unwrap();
    assert_eq!(patches, bytes.slice(ndarray::s![.., .., ..4, 2..]));
    let source = ArrayImages::new(ArrayRef::of("batch", bytes.view()).unwrap()).unwrap();
    let mut patches = Array4::<bool>::default((1, 1, 4, 4));
    let out = ArrayMut::of("patches", patches.view_mut()).unwrap();
    let error = large.unstitch_into(&source, &[1], out, &Monitor::new()).unwrap_err();
    assert!(matches!(error, Error::Core(qlty_core::Error::DataType { .. })), "{error}");
}

/// Both interfaces agree about a result on disk, even if an option is rounded to the type of the result.
#[test]
fn a_result_of_either_interface_is_opened_by_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let quilt = NcyxQuilt::builder([6, 6], [4, 4], [2, 2]).border(1).build().unwrap();
    let typed = || LargeQuilt::<f32, 2>::builder(&quilt, 1, folder.path().join("a")).channels(1).fill(0.1);
    let any = || AnyLargeQuilt::builder(quilt.as_any(), 1, folder.path().join("a")).channels(1).fill(0.1);
    drop(typed().create().unwrap());
    drop(any().open().unwrap());
    assert!(matches!(any().fill(0.2).open(), Err(Error::Geometry { .. })));
    assert!(matches!(any().dtype(DType::F64).open(), Err(Error::Geometry { .. })));
    std::fs::remove_dir_all(folder.path().join("a_mean.zarr")).unwrap();
    drop(any().create().unwrap());
    drop(typed().open().unwrap());
}

#[test]
fn mistakes_that_types_would_prevent_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let quilt = AnyQuilt::builder(&[6, 6], &[4, 4], &[2, 2]).build().unwrap();
    let builder = || AnyLargeQuilt::builder(&quilt, 1, folder.path().join("a")).channels(1);
    let refused = |builder: AnyLargeBuilder| builder.create().map(drop).unwrap_err().to_string();
    assert_eq!(refused(builder().dtype(DType::U8)), "result: got dtype u8, expected f32 or f64");
    assert_eq!(
        refused(builder().tile_shape(&[1, 4, 4])),
        "tile shape: got [1, 4, 4], expected 2 numbers, one for each axis"
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let large = builder().create().unwrap();
    let ones = ArrayD::<f32>::ones(IxDyn(&[1, 1, 1, 4, 4]));
    let error = large.stitch(&[0], ArrayRef::of("patches", ones.view()).unwrap(), None).unwrap_err().to_string();
    assert!(error.starts_with("patches: got shape [1, 1, 1, 4, 4], expected [1, 1, 4, 4]"), "{error}");
    let volumes = Array5::<f32>::ones((1, 1, 1, 6, 6));
    let source = ArrayImages::new(ArrayRef::of("batch", volumes.view()).unwrap()).unwrap();
    let mut patches = Array4::<f32>::zeros((1, 1, 4, 4));
    let out = ArrayMut::of("patches", patches.view_mut()).unwrap();
    let error = large.unstitch_into(&source, &[0], out, &Monitor::new()).unwrap_err().to_string();
    assert_eq!(error, "batch: got shape [1, 1, 1, 6, 6], expected 1 images of [6, 6] pixels");
    let result = large.finish_incomplete().unwrap();
    let read = |start: &[usize], mut out: OwnedArray| {
        result.mean.read_into(start, out.array_mut(), &Monitor::new()).unwrap_err().to_string()
    };
    let zeros = |dtype, shape: &[usize]| OwnedArray::zeros("out", dtype, shape).unwrap();
    assert!(read(&[0, 0, 3, 0], zeros(DType::F32, &[1, 1, 4, 6])).contains("a box that begins at [0, 0, 3, 0]"));
    assert!(read(&[0, 0, 0], zeros(DType::F32, &[1, 1, 4])).contains("a box that begins at [0, 0, 0]"));
    assert_eq!(read(&[0; 4], zeros(DType::F64, &[1; 4])), "region of a result: got dtype f64, expected f32");
}
