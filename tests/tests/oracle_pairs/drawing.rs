//! How pairs are drawn: uniformly, to the last row, and each image from its own stream.

use std::collections::{HashMap, HashSet};

use qlty_pairs::{Pair, PairDrawer, PairOptions};

use crate::{threads, widest};

/// Fails if counts deviate from uniform so much that chance would do so once in 10 000 runs; the seeds are fixed, so
/// the test fails always or never.
#[track_caller]
fn assert_uniform(what: &str, counts: &[u64]) {
    let total: u64 = counts.iter().sum();
    let expected = total as f64 / counts.len() as f64;
    assert!(expected >= 5.0, "{what}: {expected} a bin are too few to tell");
    let chi_square: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
    // The bound of Wilson and Hilferty, at 3.72 standard deviations.
    let freedom = (counts.len() - 1) as f64;
    let bound = |z: f64| freedom * (1.0 - 2.0 / (9.0 * freedom) + z * (2.0 / (9.0 * freedom)).sqrt()).powi(3);
    let (least, most) = (bound(-3.72), bound(3.72));
    assert!((least..=most).contains(&chi_square), "{what}: {chi_square} is not within {least} to {most}");
}

/// Every integer displacement in the range, slowest axis first.
fn admitted<const D: usize>(options: &PairOptions<D>, size: [usize; D]) -> Vec<[i64; D]> {
    let mut all = vec![[0_i64; D]];
    for (d, size) in size.into_iter().enumerate() {
        let reach = (size - options.window[d]) as i64;
        all = all
            .iter()
            .flat_map(|v| (-reach..=reach).map(|c| std::array::from_fn(|i| if i == d { c } else { v[i] })))
            .collect();
    }
    let length = |v: &[i64; D]| v.iter().map(|c| (c * c) as f64).sum::<f64>().sqrt();
    all.retain(|v| (options.delta_range.0..=options.delta_range.1).contains(&length(v)));
    all
}

fn slow_first<const D: usize>(pair: &Pair<D>) -> [i64; D] {
    std::array::from_fn(|d| pair.start2[d] as i64 - pair.start1[d] as i64)
}

/// Displacements are uniform over those in the range, and positions uniform over those at which both patches fit, for
/// each displacement separately.
fn check_uniform<const D: usize>(options: PairOptions<D>, size: [usize; D])
where
    qlty_core::Spatial<D>: qlty_core::Rank,
{
    let vectors = admitted(&options, size);
    let mut counts: HashMap<[i64; D], u64> = vectors.iter().map(|v| (*v, 0)).collect();
    let mut places: HashMap<([i64; D], [usize; D]), u64> = HashMap::new();
    let pairs = PairDrawer::new(options.clone(), size).unwrap().all(40).unwrap();
    for pair in &pairs {
        let delta = slow_first(pair);
        assert!(counts.contains_key(&delta), "{delta:?} is not admitted");
        *counts.entry(delta).or_default() += 1;
        *places.entry((delta, pair.start1)).or_default() += 1;
        assert!((0..D).all(|d| pair.start1[d].max(pair.start2[d]) + options.window[d] <= size[d]));
    }
    assert_uniform("displacements", &counts.values().copied().collect::<Vec<_>>());
    let mut tested = 0;
    for delta in vectors {
        let free: usize = (0..D).map(|d| size[d] - options.window[d] + 1 - delta[d].unsigned_abs() as usize).product();
        let mut at: Vec<u64> = places.iter().filter(|((d, _), _)| *d == delta).map(|(_, count)| *count).collect();
        assert!(at.len() <= free, "more places than there are for {delta:?}");
        at.resize(free, 0);
        if free > 1 && counts[&delta] >= 8 * free as u64 {
            assert_uniform("positions", &at);
            assert!(at.iter().all(|count| *count > 0), "a place is never drawn");
            tested += 1;
        }
    }
    assert!(tested > 0, "no displacement was drawn often enough");
}

#[test]
fn displacements_and_positions_are_uniform() {
    check_uniform(widest([8, 8], 10_000).seed(11), [17, 19]);
    check_uniform(PairOptions::new([5, 9], 10_000, (3.0, 4.2)).seed(12), [8, 40]);
    check_uniform(widest([4, 5, 6], 10_000).seed(13), [7, 7, 9]);
    check_uniform(PairOptions::new([4, 4], 10_000, (3.0, 3.0)).seed(14), [7, 6]);
}

#[test]
fn rotations_are_uniform_and_taken_modulo_four() {
    let options = widest([8, 8], 4000).rotations([-1, 4, 6, 5]).seed(3);
    let mut counts = [0; 4];
    PairDrawer::new(options, [20, 20]).unwrap().pairs(0).for_each(|pair| counts[usize::from(pair.rotation)] += 1);
    assert_uniform("rotations", &counts);
    let options = widest([8, 8], 50).rotations([-6]);
    assert!(PairDrawer::new(options, [20, 20]).unwrap().pairs(0).all(|pair| pair.rotation == 2));
    assert!(PairDrawer::new(widest([8, 8], 50), [20, 20]).unwrap().pairs(0).all(|pair| pair.rotation == 0));
}

/// An image in which each displacement fits at one position only.
#[test]
fn the_exact_fit() {
    let options = PairOptions::new([8, 8], 400, (5.0, 5.0));
    let pairs = PairDrawer::new(options, [12, 11]).unwrap().all(1).unwrap();
    let drawn: HashSet<_> = pairs.iter().map(|pair| (pair.start1, pair.start2)).collect();
    // Of 5 = |(3, 4)| and |(5, 0)| only (+-4, +-3) fits.
    let expected = [([0, 0], [4, 3]), ([4, 3], [0, 0]), ([4, 0], [0, 3]), ([0, 3], [4, 0])];
    assert_eq!(drawn, HashSet::from(expected));
    // An image as large as the window: only a zero displacement is possible.
    let none = PairOptions::new([3, 3], 4, (0.0, 2.0));
    let pairs = PairDrawer::new(none, [3, 3]).unwrap().all(1).unwrap();
    assert!(pairs.iter().all(|pair| (pair.start1, pair.start2) == ([0, 0], [0, 0])));
}

#[test]
fn an_image_has_its_own_stream() {
    let options = |seed, count| widest([16, 16], count).seed(seed).rotations([0, 1, 2, 3]);
    let draw = |seed, count| PairDrawer::new(options(seed, count), [64, 80]).unwrap();
    let pairs = draw(5, 20).all(7).unwrap();
    for count in [1, 5] {
        assert_eq!(threads(count).install(|| draw(5, 20).all(7).unwrap()), pairs);
    }
    // A longer list of pairs of an image starts with the shorter one, and does not depend on the number of images.
    let more = draw(5, 30).all(3).unwrap();
    assert_eq!(more[..20], pairs[..20]);
    assert_eq!(more[30..50], pairs[20..40]);
    // No image has the same pairs as another image, or as any image of another seed.
    let bare = |pair: &Pair<2>| (pair.start1, pair.start2, pair.rotation);
    let mut seen = HashSet::new();
    for seed in 0..8 {
        for image in draw(seed, 20).all(7).unwrap().chunks(20) {
            assert!(seen.insert(image.iter().map(bare).collect::<Vec<_>>()), "seed {seed}");
        }
    }
}

/// Draws are part of the contract: a seed gives the same pairs in every version.
#[test]
fn a_seed_names_these_pairs() {
    let options = PairOptions::new([32, 32], 3, (8.0, 16.0)).seed(42).rotations([0, 1, 2, 3]);
    let pairs: Vec<_> = PairDrawer::new(options, [128, 100]).unwrap().pairs(1).collect();
    let told: Vec<_> = pairs.iter().map(|pair| (pair.start1, pair.delta(), pair.rotation)).collect();
    assert_eq!(told, PINNED);
}

const PINNED: [([usize; 2], [i64; 2], u8); 3] =
    [([15, 27], [12, 7], 3), ([77, 8], [4, -13], 0), ([57, 11], [2, -9], 3)];

#[test]
fn what_cannot_be_drawn_says_why() {
    let refused = |options: PairOptions<2>, size| PairDrawer::new(options, size).unwrap_err().to_string();
    let text = refused(PairOptions::new([16, 16], 1, (3.0, 8.0)), [64, 64]);
    assert_eq!(
        text,
        "delta range: got (3.0, 8.0), expected 4 <= low <= high <= 12, as the longest side of the window is 16"
    );
    for range in [(4.0, 12.5), (8.0, 7.0), (f64::NAN, 8.0), (5.0, f64::NAN), (4.0, f64::INFINITY), (-1.0, 5.0)] {
        assert!(refused(PairOptions::new([16, 16], 1, range), [64, 64]).contains("4 <= low <= high <= 12"));
    }
    let text = refused(PairOptions::new([16, 16], 1, (4.0, 8.0)), [64, 15]);
    assert_eq!(text, "window: got [16, 16], expected at most [64, 15], the size of the images");
    let text = refused(PairOptions::new([16, 16], 1, (10.1, 10.15)), [64, 64]);
    assert!(text.contains("got (10.1, 10.15)") && text.contains("|dy| <= 10, |dx| <= 10"), "{text}");
    let text = refused(PairOptions::new([16, 16], 1, (4.0, 8.0)), [18, 19]);
    assert!(text.contains("|dy| <= 2, |dx| <= 3") && text.contains("[18, 19]"), "{text}");
    let turned = |rotations: Vec<i64>, window| refused(widest(window, 1).rotations(rotations), [64, 64]);
    assert!(turned(vec![0, -3], [16, 12]).contains("got 1, expected 0 or 2 quarter turns"));
    assert!(PairDrawer::new(widest([16, 12], 1).rotations([2]), [64, 64]).is_ok());
    let text = PairDrawer::new(widest([4, 4, 4], 1).rotations([2]), [9; 3]).unwrap_err();
    assert!(text.to_string().contains("volumes are not turned"));
    assert!(refused(PairOptions::new([16, 0], 1, (4.0, 8.0)), [64, 64]).contains("window: got [16, 0]"));
    let many = PairDrawer::new(widest([16, 16], usize::MAX / 2), [64, 64]).unwrap().all(3).unwrap_err();
    assert!(many.to_string().contains("too large"));
}
