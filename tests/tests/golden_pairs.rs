//! The golden cases of patch pairs: patches, overlaps and statistics at the given positions.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use ndarray::{Array1, Array2, Array4, Array5, s};
use qlty_pairs::{Overlap, OverlapPixels, Pair, Positions, extract_pairs, extract_patch_pairs_metadata, positions};
use qlty_pairs::{PairOptions, Side};
use qlty_tests::compare::{assert_close, assert_same_bits};
use qlty_tests::golden::Case;

/// The pairs that qlty drew.
fn pairs2d(case: &Case) -> Vec<Pair<2>> {
    let column = |name| case.array::<i64, ndarray::Ix1>(name).map(|value| usize::try_from(*value).unwrap());
    let [image, y1, x1] = ["image_idx", "patch1_y", "patch1_x"].map(column);
    let [y2, x2, rotation] = ["patch2_y", "patch2_x", "rotations"].map(column);
    let pair = |i: usize| Pair {
        image: image[i],
        start1: [y1[i], x1[i]],
        start2: [y2[i], x2[i]],
        rotation: u8::try_from(rotation[i]).unwrap(),
    };
    (0..image.len()).map(pair).collect()
}

#[test]
fn pairs_2d() {
    let case = Case::load("pairs2d");
    let image: Array4<f32> = case.array("image");
    let window = case.sizes("window").unwrap();
    let given = pairs2d(&case);
    assert!((0..4).all(|turns| given.iter().any(|pair| pair.rotation == turns)), "a rotation is not tested");
    let pairs = extract_pairs(&image.view(), window, &given, Positions::WithImage).unwrap();
    assert_same_bits("patches1", &pairs.patches1, &case.array::<f32, ndarray::Ix4>("patches1"));
    assert_same_bits("patches2", &pairs.patches2, &case.array::<f32, ndarray::Ix4>("patches2"));
    assert_same_bits("deltas", &pairs.deltas, &case.array::<f32, ndarray::Ix2>("deltas"));
    assert_same_bits("rotations", &pairs.rotations, &case.array::<i64, ndarray::Ix1>("rotations"));
    let starts = pairs.positions2.unwrap();
    assert_same_bits("positions2", &starts.slice(s![.., 1]), &case.array::<i64, ndarray::Ix1>("patch2_y"));
    assert_same_bits(
        "positions2",
        &starts.slice(s![.., 1..]),
        &positions(&given, Side::Second, Positions::Pixels).unwrap(),
    );

    let (deltas, rotations) = (pairs.deltas.view(), Some(pairs.rotations.view()));
    let patches = (pairs.patches1.view(), pairs.patches2.view());
    let OverlapPixels { pixels1, pixels2, .. } =
        Overlap::new(window, deltas, rotations).unwrap().extract(patches.0, patches.1).unwrap();
    assert_same_bits("overlap1", &pixels1, &case.array::<f32, ndarray::Ix2>("overlap1"));
    assert_same_bits("overlap2", &pixels2, &case.array::<f32, ndarray::Ix2>("overlap2"));
    assert_eq!(Overlap::new(window, deltas, rotations).unwrap().count(), pixels1.nrows());
}

/// Statistics of the patches that qlty extracted, from images that hold one patch each.
#[test]
fn statistics_2d() {
    let case = Case::load("pairs2d");
    for side in ["1", "2"] {
        let patches: Array4<f32> = case.array(&format!("patches{side}"));
        // An image that repeats the patch in all directions: any window with the size of the period has its values.
        let [count, channels, height, width] = <[usize; 4]>::try_from(patches.shape()).unwrap();
        let images = Array4::from_shape_fn((count, channels, 3 * height, 3 * width), |(n, c, y, x)| {
            patches[[n, c, y % height, x % width]]
        });
        let options = PairOptions::new([height, width], 1, (4.0, 8.0));
        let metadata = extract_patch_pairs_metadata(&images.view(), &options).unwrap();
        let mean: Array1<f32> = case.array(&format!("mean{side}"));
        let sigma: Array1<f32> = case.array(&format!("sigma{side}"));
        for (means, sigmas) in [(&metadata.mean1, &metadata.sigma1), (&metadata.mean2, &metadata.sigma2)] {
            assert_close("mean", &ndarray::aview1(means), &mean, 1e-5);
            assert_close("sigma", &ndarray::aview1(sigmas), &sigma, 1e-5);
        }
    }
}

/// The golden data do not include the positions: each patch is searched for in its volume.
#[test]
fn pairs_3d() {
    let case = Case::load("pairs3d");
    let image: Array5<f32> = case.array("image");
    let window: [usize; 3] = case.sizes("window").unwrap();
    let [patches1, patches2] = ["patches1", "patches2"].map(|name| case.array::<f32, ndarray::Ix5>(name));
    let deltas: Array2<f32> = case.array("deltas");
    let per_image = patches1.dim().0 / image.dim().0;
    let given: Vec<Pair<3>> = (0..patches1.dim().0)
        .map(|p| {
            let free = 24 - 8 + 1;
            let starts = ndarray::indices([free, free, free]).into_iter();
            let find = |patches: &Array5<f32>| {
                let is_here = |(z, y, x): &(usize, usize, usize)| {
                    let pixels = image.slice(s![p / per_image, .., *z..*z + 8, *y..*y + 8, *x..*x + 8]);
                    pixels == patches.slice(s![p, .., .., .., ..])
                };
                let (z, y, x) = starts.clone().find(is_here).unwrap();
                [z, y, x]
            };
            Pair { image: p / per_image, start1: find(&patches1), start2: find(&patches2), rotation: 0 }
        })
        .collect();
    let pairs = extract_pairs(&image.view(), window, &given, Positions::None).unwrap();
    assert_same_bits("patches1", &pairs.patches1, &patches1);
    assert_same_bits("patches2", &pairs.patches2, &patches2);
    assert_same_bits("deltas", &pairs.deltas, &deltas);
    assert_eq!(pairs.positions1, None);

    let OverlapPixels { pixels1, pixels2, .. } =
        Overlap::new(window, deltas.view(), None).unwrap().extract(patches1.view(), patches2.view()).unwrap();
    assert_same_bits("overlap1", &pixels1, &case.array::<f32, ndarray::Ix2>("overlap1"));
    assert_same_bits("overlap2", &pixels2, &case.array::<f32, ndarray::Ix2>("overlap2"));
}
