//! The statistics of metadata compared with two plain passes.

use ndarray::{Array4, ArrayView4, Axis};
use qlty_core::{Monitor, with_progress};
use qlty_pairs::{
    Column, Number, Positions, extract_patch_pairs_metadata, extract_patch_pairs_metadata_with_monitor,
    extract_patches_from_metadata,
};
use qlty_tests::layout::{Held, Layout};
use qlty_tests::sample::{Sample, moderate};

use crate::{threads, widest};

fn two_passes<T: Sample>(patch: ndarray::ArrayViewD<'_, T>) -> (f64, f64) {
    let count = patch.len() as f64;
    let mean = patch.iter().map(|v| v.number()).sum::<f64>() / count;
    let squares: f64 = patch.iter().map(|v| (v.number() - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0)).sqrt())
}

fn check<T: Sample + Number>() {
    let batch = moderate::<T>(&[3, 2, 40, 37], 5);
    let options = widest([12, 12], 9).rotations([0, 1, 2, 3]).seed(6);
    let flipped = Layout { order: vec![3, 0, 2, 1], reversed: vec![false, true, false, true], ..Layout::standard(4) };
    let held = Held::of(&batch, &flipped);
    let flipped: ArrayView4<'_, T> = held.view().into_dimensionality().unwrap();
    let batch: Array4<T> = batch.into_dimensionality().unwrap();
    let run = |count: usize| threads(count).install(|| extract_patch_pairs_metadata(&batch.view(), &options).unwrap());
    let metadata = run(1);
    assert_eq!(metadata, run(5));
    assert_eq!(metadata, extract_patch_pairs_metadata(&flipped, &options).unwrap());
    let all: Vec<usize> = (0..metadata.len()).collect();
    let pairs = extract_patches_from_metadata(&batch.view(), &metadata, &all, Positions::None).unwrap();
    for p in all {
        let sides = [
            (&pairs.patches1, metadata.mean1[p], metadata.sigma1[p]),
            (&pairs.patches2, metadata.mean2[p], metadata.sigma2[p]),
        ];
        for (patches, mean, sigma) in sides {
            let expected = two_passes(patches.index_axis(Axis(0), p).into_dyn());
            assert!((mean - expected.0).abs() <= 1e-12 * expected.0.abs().max(1.0), "{mean} {expected:?}");
            assert!((sigma - expected.1).abs() <= 1e-12 * expected.1.max(1.0), "{sigma} {expected:?}");
        }
    }
}

#[test]
fn of_every_numeric_type() {
    check::<u8>();
    check::<i8>();
    check::<u16>();
    check::<i16>();
    check::<u32>();
    check::<i32>();
    check::<u64>();
    check::<i64>();
    check::<half::f16>();
    check::<half::bf16>();
    check::<f32>();
    check::<f64>();
}

#[test]
fn columns_have_the_names_of_qlty() {
    let options = widest([4, 4, 4], 3);
    let volumes = ndarray::Array5::<u8>::zeros((2, 1, 9, 9, 9));
    let metadata = extract_patch_pairs_metadata(&volumes.view(), &options).unwrap();
    let columns = metadata.columns();
    let names: Vec<_> = columns.iter().map(|(name, _)| *name).collect();
    let expected =
        "image_idx patch1_z patch1_y patch1_x patch2_z patch2_y patch2_x dx dy dz rotation mean1 sigma1 mean2 sigma2";
    assert_eq!(names.join(" "), expected);
    assert_eq!(columns[0].1, Column::Integers(vec![0, 0, 0, 1, 1, 1]));
    let Column::Integers(dz) = &columns[9].1 else { panic!("dz are integers") };
    let (Column::Integers(z1), Column::Integers(z2)) = (&columns[1].1, &columns[4].1) else { panic!("so are z") };
    assert!((0..6).all(|p| dz[p] == z2[p] - z1[p]));
    assert!(!metadata.is_empty());
    let some = metadata.select(&[4, 1]).unwrap();
    assert_eq!(some.pairs, [metadata.pairs[4], metadata.pairs[1]]);
    assert!(metadata.select(&[6]).is_err());
}

#[test]
fn progress_and_cancelling() {
    let images = Array4::<f32>::ones((2, 1, 30, 30));
    let options = widest([8, 8], 5);
    let mut last = (0, 0);
    let work = |monitor: &Monitor| extract_patch_pairs_metadata_with_monitor(&images.view(), &options, monitor);
    with_progress(work, |done, total| {
        last = (done, total);
        std::ops::ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(last, (20, 20));
    let monitor = Monitor::new();
    monitor.cancel();
    assert_eq!(work(&monitor).unwrap_err().to_string(), "cancelled by the caller");
}
