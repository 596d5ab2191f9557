//! Patches in the order of their index give a result bit-identical to that of stitching in memory.

use proptest::prelude::*;
use qlty_core::{Profile, Rank, Spatial};
use qlty_large::{Accumulator, Codec, LargeQuilt, Std};
use qlty_tests::compare::assert_same_bits;
use qlty_tests::oracle::Geometry;
use qlty_tests::sample::Sample;
use qlty_tests::strategy::{cases, covering_geometry};

use crate::{Given, read, typed};

/// In batches of `most`, with a memory budget of `budget` bytes, in tiles of a shape.
fn check<T: Sample, const D: usize>(
    geometry: &Geometry<D>,
    (images, channels): (usize, usize),
    most: usize,
    budget: usize,
    tile: [usize; D],
) where
    Spatial<D>: Rank,
    T::Sum: Accumulator + Sample,
{
    let folder = tempfile::tempdir().unwrap();
    let given = Given::<T>::new(geometry, images, channels, 3);
    let quilt = geometry.quilt();
    let builder = LargeQuilt::<T::Sum, D>::builder(&quilt, images, folder.path().join("a"));
    let builder = builder.std(Std::Within).memory_budget(budget).tile_shape(tile).codec(Codec::None);
    let large = builder.create().unwrap();
    let all: Vec<usize> = (0..given.len()).collect();
    for indices in all.chunks(most) {
        given.stitch(&large, indices, Std::Within).unwrap();
    }
    let (mean, std) = read(&large.finish().unwrap());
    let expected = quilt.stitch(typed::<T, D>(&given.patches)).unwrap().batch;
    assert_same_bits("mean", &mean, &expected);
    let variance = quilt.stitch(typed::<T, D>(&given.variances)).unwrap().batch;
    assert_same_bits("std", &std.unwrap(), &variance.mapv(qlty_core::Real::sqrt));
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn planes(
        geometry in covering_geometry::<2>(30),
        (images, channels) in (1..=2_usize, 1..=3_usize),
        most in 1..=9_usize,
        budget in prop_oneof![Just(0_usize), Just(3000), Just(1 << 20)],
        tile in prop::array::uniform2(4..=20_usize),
    ) {
        check::<f32, 2>(&geometry, (images, channels), most, budget, tile);
    }

    #[test]
    fn volumes(
        geometry in covering_geometry::<3>(11),
        (images, channels) in (1..=2_usize, 1..=2_usize),
        most in 1..=9_usize,
        budget in prop_oneof![Just(0_usize), Just(3000), Just(1 << 20)],
        tile in prop::array::uniform3(3..=9_usize),
    ) {
        check::<f32, 3>(&geometry, (images, channels), most, budget, tile);
    }
}

#[test]
fn of_every_type() {
    macro_rules! each_type {
        ($($name:ident: $type:ty),*) => {$(
            let geometry = Geometry { border: [2, 1], ..Geometry::new([21, 26], [8, 9], [5, 6]) };
            check::<$type, 2>(&geometry, (2, 2), 5, 1500, [10, 9]);
            let geometry = Geometry { profile: Profile::Hann, ..Geometry::new([9, 10, 11], [4, 5, 6], [3, 3, 4]) };
            check::<$type, 3>(&geometry, (1, 2), 7, 0, [4, 6, 5]);
        )*};
    }
    qlty_tests::for_each_element!(each_type);
}

/// Tiles larger than the kernel's bands, with chunks and shards of other sizes.
#[test]
fn large_tiles_of_many_chunks() {
    let geometry = Geometry { border: [5, 9], ..Geometry::new([500, 611], [64, 96], [40, 50]) };
    let given = Given::<f32>::new(&geometry, 1, 2, 9);
    let expected = geometry.quilt().stitch(typed::<f32, 2>(&given.patches)).unwrap().batch;
    for shard in [None, Some([128, 80])] {
        let folder = tempfile::tempdir().unwrap();
        let quilt = geometry.quilt();
        let mut builder = LargeQuilt::<f32, 2>::builder(&quilt, 1, folder.path().join("a")).channels(2);
        builder = builder.tile_shape([384, 320]).chunk_shape([64, 80]);
        if let Some(shard) = shard {
            builder = builder.shard_shape(shard);
        }
        let large = builder.create().unwrap();
        let all: Vec<usize> = (0..given.len()).collect();
        given.stitch(&large, &all, Std::None).unwrap();
        assert_same_bits("mean", &read(&large.finish().unwrap()).0, &expected);
        let text = std::fs::read_to_string(folder.path().join("a_mean.zarr/zarr.json")).unwrap();
        assert_eq!(text.contains("sharding_indexed"), shard.is_some());
    }
}
