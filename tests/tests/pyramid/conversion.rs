//! Converting pixels to another type, and normalizing them.

use ndarray::{Array3, Array4, Axis, arr3};
use qlty_pyramid::{DType, Error, Levels, Normalization, Pixel, PyramidOptions, Volume, plan_pyramid};
use tempfile::TempDir;
use zarrs::array::ElementOwned;

use crate::{read_back, write};

fn one() -> PyramidOptions {
    PyramidOptions::new().levels(Levels::Count(1))
}

fn converted<S: Pixel, T: Pixel + ElementOwned>(values: &[S]) -> Vec<T> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.zarr");
    let image = Array3::from_shape_vec([1, 1, values.len()], values.to_vec()).unwrap();
    let options = one().dtype(T::DTYPE);
    write(&Volume::new("image", image.view()).unwrap(), &path, &options);
    read_back::<T>(&path, "").into_raw_vec_and_offset().0
}

#[test]
fn conversion_rounds_to_even_and_keeps_to_the_range() {
    let values = [-1e9_f32, -0.5, 0.5, 1.5, 2.5, 254.6, 255.4, 300.0, f32::NAN, f32::INFINITY];
    assert_eq!(converted::<f32, u8>(&values), [0, 0, 0, 2, 2, 255, 255, 255, 0, 255]);
    assert_eq!(converted::<i16, u8>(&[-5, 0, 5, 255, 256]), [0, 0, 5, 255, 255]);
    assert_eq!(converted::<u64, i64>(&[1, u64::MAX]), [1, i64::MAX]);
    assert_eq!(converted::<i64, u64>(&[i64::MIN, 7, i64::MAX]), [0, 7, i64::MAX as u64]);
    assert_eq!(converted::<u64, u64>(&[u64::MAX, (1 << 53) + 1]), [u64::MAX, (1 << 53) + 1]);
    assert_eq!(converted::<u16, f32>(&[0, 65_535]), [0.0, 65_535.0]);
    assert_eq!(converted::<f64, f32>(&[0.1, 1e300]), [0.1, f32::INFINITY]);
    assert_eq!(converted::<f64, half::bf16>(&[1.0, 0.1]), [half::bf16::from_f32(1.0), half::bf16::from_f64(0.1)]);
    assert_eq!(converted::<half::bf16, i16>(&[half::bf16::from_f32(-2.5)]), [-2]);
    assert_eq!(converted::<u32, half::f16>(&[2049, 100_000]), [half::f16::from_f32(2048.0), half::f16::INFINITY]);
}

/// Mean and standard deviation as plain sums.
fn moments(values: &[u16]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / count;
    let squares = values.iter().map(|value| (f64::from(*value) - mean).powi(2)).sum::<f64>();
    (mean, (squares / count).sqrt())
}

#[test]
fn normalisation_by_slice_by_all_and_by_numbers() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.zarr");
    let image = Array4::from_shape_fn([2, 5, 6, 7], |(c, z, y, x)| (c * 1000 + z * z * 40 + y * 7 + x * 3) as u16);
    let volume = Volume::new("image", image.view()).unwrap();
    let check = |normalization, expected: &dyn Fn(usize) -> (f64, f64)| {
        let _ = std::fs::remove_dir_all(&path);
        let pyramid = write(&volume, &path, &one().normalization(normalization));
        assert_eq!(pyramid.dtype, DType::F32);
        let got = read_back::<f32>(&path, "");
        for ((place, got), pixel) in got.indexed_iter().zip(&image) {
            let (mean, deviation) = expected(place[1]);
            let expected = (f64::from(*pixel) - mean) / deviation;
            assert!(
                (f64::from(*got) - expected).abs() < 1e-5,
                "{normalization:?} at {place:?}: {got}, expected {expected}"
            );
        }
    };
    let all = moments(image.as_slice().unwrap());
    check(Normalization::Global, &|_| all);
    check(Normalization::By { mean: 100.0, deviation: 7.0 }, &|_| (100.0, 7.0));
    check(Normalization::PerSlice, &|z| {
        let slice: Vec<u16> = image.index_axis(Axis(1), z).iter().copied().collect();
        moments(&slice)
    });
}

#[test]
fn a_slice_without_contrast_becomes_zero() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.zarr");
    let image = arr3(&[[[9_u8, 9], [9, 9]]]);
    let options = one().normalization(Normalization::PerSlice).dtype(DType::F64);
    write(&Volume::new("image", image.view()).unwrap(), &path, &options);
    assert!(read_back::<f64>(&path, "").iter().all(|pixel| *pixel == 0.0));
}

#[test]
fn what_is_normalised_has_fractions() {
    let image = Array3::<u8>::zeros([1, 2, 2]);
    let volume = Volume::new("image", image.view()).unwrap();
    let refused = |options: PyramidOptions| matches!(plan_pyramid(&volume, "x", &options), Err(Error::Argument { .. }));
    let of_type = |dtype: DType| one().normalization(Normalization::Global).dtype(dtype);
    assert!(refused(of_type(DType::U16)));
    assert!(!refused(of_type(DType::F16)));
    for (mean, deviation) in [(0.0, 0.0), (f64::NAN, 1.0), (0.0, -1.0)] {
        assert!(refused(one().normalization(Normalization::By { mean, deviation })));
    }
}
