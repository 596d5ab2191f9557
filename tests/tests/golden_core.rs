//! Every golden case of the in-memory quilt, through the Rust API.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use ndarray::{Array, Array1, Array2, Array3, Array4, Axis, Ix2, Ix3, Ix4, Ix5, Slice, s};
use qlty_core::{NcyxQuilt, NczyxQuilt, Origin, Positional};
use qlty_tests::compare::{assert_close, assert_relative, assert_same_bits};
use qlty_tests::golden::Case;

/// qlty adds in a different order, which causes rounding differences.
const TOLERANCE: f64 = 1e-5;

#[test]
fn there_are_all_the_cases() {
    assert_eq!(Case::names("quilt2d_").len(), 5);
    assert_eq!(Case::names("quilt3d_").len(), 2);
    assert_eq!(Case::names("sparse").len(), 2);
}

macro_rules! quilt_cases {
    ($name:ident, $prefix:literal, $quilt:ty, $batch:ty, $window:ty) => {
        #[test]
        fn $name() {
            for name in Case::names($prefix) {
                let case = Case::load(&name);
                let what = |array: &str| format!("{name}/{array}");
                let quilt: $quilt = case.quilt();
                assert_eq!(Some(quilt.counts()), case.sizes("times"), "{name}: counts");

                let image: Array<f32, $batch> = case.array("image");
                let patches: Array<f32, $batch> = case.array("patches");
                assert_eq!(quilt.patch_count(image.dim().0).unwrap(), patches.dim().0, "{name}: patch count");
                assert_same_bits(&what("patches"), &quilt.unstitch(image.view()).unwrap(), &patches);
                let middle = patches.dim().0 / 2;
                let range = quilt.unstitch_range(image.view(), middle..patches.dim().0).unwrap();
                assert_same_bits(&what("patches"), &range, &patches.slice_axis(Axis(0), Slice::from(middle..)));
                let one = quilt.unstitch_one(image.view(), middle).unwrap();
                assert_same_bits(&what("patches"), &one, &patches.index_axis(Axis(0), middle));

                let processed: Array<f32, $batch> = case.array("processed");
                let qlty_core::Stitched { batch: stitched, weights, .. } = quilt.stitch(processed.view()).unwrap();
                assert_close(&what("stitched"), &stitched, &case.array::<f32, $batch>("stitched"), TOLERANCE);
                assert_relative(&what("weights"), &weights, &case.array::<f32, $window>("weights"), TOLERANCE);
                let weights = quilt.weights::<f64>().unwrap();
                assert_relative(&what("weights"), &weights, &case.array::<f32, $window>("weights"), TOLERANCE);

                let mask = quilt.border_mask().unwrap();
                let expected = case.array::<f32, $window>("border_mask").map(|inner| *inner == 1.0);
                assert_same_bits(&what("border_mask"), &mask, &expected);
                let expected: Array<f32, $window> = case.array("window_weight");
                assert_relative(&what("window_weight"), &quilt.window_weight::<f32>().unwrap(), &expected, 1e-7);
            }
        }
    };
}

quilt_cases!(quilt_2d, "quilt2d_", NcyxQuilt, Ix4, Ix2);
quilt_cases!(quilt_3d, "quilt3d_", NczyxQuilt, Ix5, Ix3);

#[test]
fn positions_and_positional_channels() {
    for name in Case::names("quilt2d_") {
        let case = Case::load(&name);
        let quilt: NcyxQuilt = case.quilt();
        let image: Array4<f32> = case.array("image");
        let (images, channels, ..) = image.dim();
        let positions: Array2<i64> = case.array("positions");
        assert_same_bits(&name, &quilt.positions_with_image(images).unwrap(), &positions);
        assert_same_bits(&name, &quilt.positions(images).unwrap(), &positions.slice(s![.., 1..]));

        let relative: Array4<f32> = case.array("positional_relative");
        let positional = Positional { origin: Origin::Window, normalize: true };
        let all = quilt.unstitch_positional(image.view(), 0..positions.nrows(), positional).unwrap();
        assert_close(&name, &all.slice(s![.., channels.., .., ..]), &relative, 1e-6);
        assert_same_bits(&name, &all.slice(s![.., ..channels, .., ..]), &case.array::<f32, Ix4>("patches"));
    }
}

#[test]
fn sparse_2d() {
    let case = Case::load("sparse2d");
    let quilt: NcyxQuilt = case.quilt();
    let missing = case.number("missing_label") as f32;
    let (image, labels): (Array4<f32>, Array3<f32>) = (case.array("image"), case.array("labels"));
    let qlty_core::LabelledPatches { images, labels: label_patches, .. } =
        quilt.unstitch_pair(image.view(), labels.view(), Some(missing)).unwrap();
    assert_same_bits("image_patches", &images, &case.array::<f32, Ix4>("image_patches"));
    assert_same_bits("label_patches", &label_patches, &case.array::<f32, Ix3>("label_patches"));

    let kept = quilt.filter_labelled(images.view(), label_patches.view(), missing).unwrap();
    assert_same_bits("kept_images", &kept.images, &case.array::<f32, Ix4>("kept_images"));
    assert_same_bits("kept_labels", &kept.labels, &case.array::<f32, Ix3>("kept_labels"));
    assert_eq!(kept.removed, case.array::<bool, _>("removed"));
    let labelled: Array1<bool> = quilt.labelled(label_patches.view(), missing).unwrap();
    assert_eq!(labelled, kept.removed.map(|removed| !removed));

    // Labels with a channel axis are the same labels.
    let with_channel = labels.view().insert_axis(Axis(1));
    let qlty_core::LabelledPatches { labels: patches, .. } =
        quilt.unstitch_pair(image.view(), with_channel, Some(missing)).unwrap();
    assert_same_bits("label_patches", &patches.index_axis(Axis(1), 0), &label_patches);
}

/// qlty 1.5.0 marks no border in 3-D, but its filter masks it: patches are those of labels without a missing label, and
/// the filter keeps the same ones either way.
#[test]
fn sparse_3d() {
    let case = Case::load("sparse3d");
    let quilt: NczyxQuilt = case.quilt();
    let missing = case.number("missing_label") as f32;
    let image: Array<f32, Ix5> = case.array("image");
    let labels: Array4<f32> = case.array("labels");
    let qlty_core::LabelledPatches { images, labels: unmarked, .. } =
        quilt.unstitch_pair(image.view(), labels.view(), None).unwrap();
    assert_same_bits("image_patches", &images, &case.array::<f32, Ix5>("image_patches"));
    assert_same_bits("label_patches", &unmarked, &case.array::<f32, Ix4>("label_patches"));
    let kept = quilt.filter_labelled(images.view(), unmarked.view(), missing).unwrap();
    assert_same_bits("kept_images", &kept.images, &case.array::<f32, Ix5>("kept_images"));
    assert_same_bits("kept_labels", &kept.labels, &case.array::<f32, Ix4>("kept_labels"));
    assert_eq!(kept.removed, case.array::<bool, _>("removed"));

    // Marking the border first removes no patches: the filter ignores it.
    let marked = quilt.unstitch_labels(labels.view(), Some(missing)).unwrap();
    let kept = quilt.filter_labelled(images.view(), marked.view(), missing).unwrap();
    assert_same_bits("kept_images", &kept.images, &case.array::<f32, Ix5>("kept_images"));
    assert_eq!(kept.removed, case.array::<bool, _>("removed"));
}
