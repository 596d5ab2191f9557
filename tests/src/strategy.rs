//! Random geometries and layouts that proptest can shrink.

use proptest::prelude::*;
use proptest::test_runner::Config;
use qlty_core::{Profile, Rank, Spatial};

use crate::layout::Layout;
use crate::oracle::Geometry;

/// `cases` random cases; failures are printed in full, so no regression file is kept.
pub fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() }
}

/// Size, window, step and border of an axis of at most `most` pixels.
///
/// The window is the whole axis more often than by chance. Steps larger than the window, which may leave gaps, also
/// occur.
fn axis(most: usize) -> impl Strategy<Value = (usize, usize, usize, usize)> {
    (1..=most).prop_flat_map(|size| (Just(size), prop_oneof![4 => 1..=size, 1 => Just(size)])).prop_flat_map(
        |(size, window)| {
            let step = prop_oneof![8 => 1..=window, 1 => 1..=size + window];
            (Just(size), Just(window), step, 0..=(window - 1) / 2)
        },
    )
}

fn profile() -> impl Strategy<Value = (Profile, Option<f64>)> {
    prop_oneof![
        1 => Just((Profile::Border, None)),
        1 => Just((Profile::Border, Some(0.0))),
        1 => Just((Profile::Border, Some(1.0))),
        2 => (0.0..1.0).prop_map(|weight| (Profile::Border, Some(weight))),
        1 => Just((Profile::Hann, None)),
        1 => Just((Profile::Triangular, None)),
        1 => (0.02..2.0).prop_map(|sigma| (Profile::Gaussian { sigma }, None)),
        1 => (0.0..=1.0).prop_map(|alpha| (Profile::Tukey { alpha }, None)),
    ]
}

/// A geometry with axes of at most `most` pixels. It may leave gaps.
pub fn geometry<const D: usize>(most: usize) -> impl Strategy<Value = Geometry<D>>
where
    Spatial<D>: Rank,
{
    (prop::collection::vec(axis(most), D), profile()).prop_map(|(axes, (profile, border_weight))| Geometry {
        size: std::array::from_fn(|d| axes[d].0),
        window: std::array::from_fn(|d| axes[d].1),
        step: std::array::from_fn(|d| axes[d].2),
        border: std::array::from_fn(|d| axes[d].3),
        border_weight,
        profile,
    })
}

/// A geometry whose windows cover every pixel.
pub fn covering_geometry<const D: usize>(most: usize) -> impl Strategy<Value = Geometry<D>>
where
    Spatial<D>: Rank,
{
    geometry::<D>(most).prop_filter("no gaps", Geometry::is_covered)
}

/// An array with interleaved channels, or a part of a larger one.
pub fn channels_last(axes: usize) -> impl Strategy<Value = Layout> {
    prop::collection::vec(0..=2_usize, axes).prop_map(move |mut margin| {
        margin[1] = 0;
        Layout { order: std::iter::once(0).chain(2..axes).chain([1]).collect(), margin, ..Layout::standard(axes) }
    })
}

/// Any layout of an array with this number of axes; sometimes standard layout.
pub fn layout(axes: usize) -> impl Strategy<Value = Layout> {
    let order = Just((0..axes).collect::<Vec<_>>()).prop_shuffle();
    let each = |most: usize| prop::collection::vec(0..=most, axes);
    let any = (order, prop::collection::vec(any::<bool>(), axes), each(1), each(1)).prop_map(
        |(order, reversed, spread, margin)| {
            let spread = spread.into_iter().map(|more| more + 1).collect();
            Layout { order, reversed, spread, margin }
        },
    );
    // Between standard and arbitrary: a part of a larger array.
    let part =
        prop::collection::vec(0..=2_usize, axes).prop_map(move |margin| Layout { margin, ..Layout::standard(axes) });
    prop_oneof![1 => Just(Layout::standard(axes)), 1 => part, 2 => any]
}
