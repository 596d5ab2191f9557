//! Any order, with skips, shards, sessions and little memory.

use proptest::prelude::*;
use qlty_core::{Rank, Spatial};
use qlty_large::{Accumulator, Codec, LargeBuilder, LargeQuilt, Shard, Std};
use qlty_tests::compare::assert_close;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::{Sample, random};
use qlty_tests::strategy::{cases, covering_geometry};

use crate::{Given, by_hand, read, typed};

/// The random parameters other than the geometry.
#[derive(Debug, Clone)]
struct Plan<const D: usize> {
    images: usize,
    channels: usize,
    tile: [usize; D],
    budget: usize,
    std: Std,
    shards: usize,
    most: usize,
    /// The percentage of patches that are skipped.
    skipped: u64,
    seed: u64,
}

fn plan<const D: usize>(tile: impl Strategy<Value = [usize; D]>) -> impl Strategy<Value = Plan<D>> {
    let std = prop_oneof![Just(Std::None), Just(Std::Within), Just(Std::Total)];
    let budget = prop_oneof![Just(0_usize), Just(4000), Just(1 << 20)];
    let skipped = prop_oneof![Just(0_u64), Just(10), Just(60)];
    ((1..=2_usize, 1..=3_usize), tile, budget, std, (1..=3_usize, 1..=9_usize), skipped, any::<u32>()).prop_map(
        |((images, channels), tile, budget, std, (shards, most), skipped, seed)| {
            let seed = seed.into();
            Plan { images, channels, tile, budget, std, shards, most, skipped, seed }
        },
    )
}

fn check<A: Accumulator + Sample, const D: usize>(geometry: &Geometry<D>, plan: &Plan<D>)
where
    Spatial<D>: Rank,
{
    let folder = tempfile::tempdir().unwrap();
    let given = Given::<f32>::new(geometry, plan.images, plan.channels, plan.seed);
    let quilt = geometry.quilt();
    let skips = |index: usize| random(plan.seed, index as u64) % 100 < plan.skipped;
    let open = |shard: Shard| -> LargeBuilder<A, D> {
        let builder = LargeQuilt::builder(&quilt, plan.images, folder.path().join("a")).std(plan.std).shard(shard);
        builder.memory_budget(plan.budget).tile_shape(plan.tile).codec(Codec::None).channels(plan.channels)
    };
    for index in 0..plan.shards {
        let shard = Shard { index, count: plan.shards };
        let mut large = open(shard).create_or_open().unwrap();
        let mut number = 0;
        loop {
            let mut round = large.pending();
            if round.is_empty() {
                break;
            }
            number += 1;
            round.sort_by_key(|patch| random(plan.seed + number, *patch as u64));
            for (call, indices) in round.chunks(plan.most).enumerate() {
                let (skipped, added): (Vec<usize>, Vec<usize>) = indices.iter().partition(|patch| skips(**patch));
                large.skip(&skipped).unwrap();
                given.stitch(&large, &added, plan.std).unwrap();
                // Sometimes a session ends, with or without a checkpoint before it.
                match random(plan.seed ^ number, call as u64) % 12 {
                    0 => large.checkpoint().unwrap(),
                    1 if number < 4 => {
                        drop(large);
                        large = open(shard).open().unwrap();
                        break;
                    }
                    _ => {}
                }
            }
        }
        let progress = large.progress();
        assert_eq!((progress.patches_done, progress.tiles_done), (progress.patches, progress.tiles));
        large.finish().unwrap();
    }
    assert!(!folder.path().join("a_state").exists(), "something is left over");
    let large = open(Shard::default()).open().unwrap();
    assert!(large.pending().is_empty());
    let (mean, std) = read(&large.finish().unwrap());
    let (expected, deviation) = by_hand(geometry, &given, |index| !skips(index), plan.std);
    // Weights of 1e-8 next to weights of 1 leave the smaller terms fewer digits.
    let epsilon = A::EPSILON * 100.0 * (geometry.most_overlapping() + 8) as f64;
    assert_close("mean", &mean, &expected, epsilon);
    if let Some(std) = std {
        assert_close("std", &std, &deviation, epsilon * 10.0);
    }
    if plan.skipped == 0 {
        let expected = quilt.stitch(typed::<f32, D>(&given.patches)).unwrap().batch;
        assert_close("mean", &mean, &expected, 1e-6 * 100.0);
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn planes(geometry in covering_geometry::<2>(24), plan in plan(prop::array::uniform2(3..=20_usize))) {
        check::<f32, 2>(&geometry, &plan);
        check::<f64, 2>(&geometry, &plan);
    }

    #[test]
    fn volumes(geometry in covering_geometry::<3>(10), plan in plan(prop::array::uniform3(3..=9_usize))) {
        check::<f32, 3>(&geometry, &plan);
    }
}
