//! Pairs, and drawing them.

use ndarray::{Array1, Array2};
use qlty_core::{Rank, Result, Spatial};

use super::{collect, last};
use crate::{AnyPair, AnyPairDrawer, AnyPairOptions, Positions, Side};

/// The positions of the two patches of a pair in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair<const D: usize> {
    /// The index of the image.
    pub image: usize,
    /// The first pixel of the first patch, (y, x) or (z, y, x).
    pub start1: [usize; D],
    /// The first pixel of the second patch, (y, x) or (z, y, x).
    pub start2: [usize; D],
    /// The quarter turns of the second patch, counter-clockwise, 0 to 3.
    pub rotation: u8,
}

impl<const D: usize> Pair<D> {
    /// The start of the second patch relative to the first: (dx, dy) or (dx, dy, dz), x first.
    pub fn delta(&self) -> [i64; D] {
        std::array::from_fn(|i| self.start2[D - 1 - i] as i64 - self.start1[D - 1 - i] as i64)
    }

    /// The first pixel of a patch, (y, x) or (z, y, x).
    pub fn start(&self, side: Side) -> [usize; D] {
        match side {
            Side::First => self.start1,
            Side::Second => self.start2,
        }
    }

    /// Converts an [`AnyPair`] with the same number of axes.
    pub(super) fn of(pair: AnyPair) -> Self {
        let AnyPair { image, start1, start2, rotation } = pair;
        Self { image, start1: last(start1), start2: last(start2), rotation }
    }
}

impl<const D: usize> From<Pair<D>> for AnyPair
where
    Spatial<D>: Rank,
{
    fn from(pair: Pair<D>) -> Self {
        let Pair { image, start1, start2, rotation } = pair;
        let (mut any1, mut any2) = ([0; 3], [0; 3]);
        any1[3 - D..].copy_from_slice(&start1);
        any2[3 - D..].copy_from_slice(&start2);
        Self { image, start1: any1, start2: any2, rotation }
    }
}

/// The deltas of pairs, rows (dx, dy) or (dx, dy, dz).
pub fn deltas<const D: usize>(pairs: &[Pair<D>]) -> Array2<f32> {
    Array2::from_shape_fn((pairs.len(), D), |(p, i)| pairs[p].delta()[i] as f32)
}

/// The quarter turns of pairs.
pub fn rotations<const D: usize>(pairs: &[Pair<D>]) -> Array1<i64> {
    pairs.iter().map(|pair| i64::from(pair.rotation)).collect()
}

/// The start of one patch of each pair; `None` if no positions are requested.
pub fn positions<const D: usize>(pairs: &[Pair<D>], side: Side, wanted: Positions) -> Option<Array2<i64>> {
    let columns = wanted.columns(D)?;
    let image = columns - D;
    let position = |p: usize, i: usize| if i < image { pairs[p].image } else { pairs[p].start(side)[i - image] };
    Some(Array2::from_shape_fn((pairs.len(), columns), |(p, i)| position(p, i) as i64))
}

/// Which pairs of patches are drawn from each image.
///
/// ```
/// use qlty_pairs::PairOptions;
/// let options = PairOptions::new([32, 32], 10, (8.0, 16.0)).seed(7).rotations([0, 1, 2, 3]);
/// assert!(options.check().is_ok());
/// let too_far = PairOptions::new([32, 32], 10, (8.0, 25.0));
/// assert!(too_far.check().unwrap_err().to_string().contains("8 <= low <= high <= 24"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PairOptions<const D: usize> {
    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub window: [usize; D],
    /// The number of pairs drawn from each image.
    #[doc(alias = "num_patches")]
    pub pairs_per_image: usize,
    /// The smallest and the largest Euclidean length of the displacement in pixels, both inclusive: at least a quarter
    /// of the longest side of the window and at most three quarters, rounded down.
    pub delta_range: (f64, f64),
    /// Image n draws from stream n of this seed.
    #[doc(alias = "random_seed")]
    pub seed: u64,
    /// The quarter turns to choose from for the second patch, counter-clockwise, modulo 4; each pair draws one. If the
    /// list is empty, nothing is rotated. Odd ones need a square window; volumes are not rotated.
    #[doc(alias = "rotation_choices")]
    pub rotations: Vec<i64>,
}

impl<const D: usize> PairOptions<D>
where
    Spatial<D>: Rank,
{
    /// Options with seed 0 and without rotations.
    pub fn new(window: [usize; D], pairs_per_image: usize, delta_range: (f64, f64)) -> Self {
        Self { window, pairs_per_image, delta_range, seed: 0, rotations: Vec::new() }
    }

    /// Sets [`PairOptions::seed`].
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets [`PairOptions::rotations`].
    #[must_use]
    pub fn rotations(mut self, rotations: impl IntoIterator<Item = i64>) -> Self {
        self.rotations = rotations.into_iter().collect();
        self
    }

    /// Fails if no image could have such pairs.
    ///
    /// # Errors
    /// [`qlty_core::Error::Argument`] if the window is empty, the range of lengths is not within a quarter and three
    /// quarters of the window's longest side, or a rotation does not fit the window.
    pub fn check(&self) -> Result<()> {
        AnyPairOptions::from(self.clone()).check()
    }
}

impl<const D: usize> From<PairOptions<D>> for AnyPairOptions
where
    Spatial<D>: Rank,
{
    fn from(options: PairOptions<D>) -> Self {
        let PairOptions { window, pairs_per_image, delta_range, seed, rotations } = options;
        Self::new(&window, pairs_per_image, delta_range).seed(seed).rotations(rotations)
    }
}

/// Draws the pairs of images of one size.
///
/// A displacement is drawn uniformly from all integer vectors in the range that fit in the image, then a position
/// uniformly from all positions at which both patches fit, then a rotation. Image n draws from stream n of the seed, so
/// its pairs do not depend on other images, the number of threads, or how many more pairs are drawn from it. A seed
/// gives the same pairs in every version.
///
/// ```
/// use qlty_pairs::{PairDrawer, PairOptions};
/// let drawer = PairDrawer::new(PairOptions::new([32, 32], 10, (8.0, 16.0)), [48, 200])?;
/// for pair in drawer.pairs(0) {
///     let [dx, dy] = pair.delta();
///     assert!((64..=256).contains(&(dx * dx + dy * dy)) && dy.abs() <= 16);
///     assert!(pair.start1[0] <= 16 && pair.start2[1] <= 168);
/// }
/// # Ok::<(), qlty_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct PairDrawer<const D: usize>(AnyPairDrawer);

impl<const D: usize> PairDrawer<D>
where
    Spatial<D>: Rank,
{
    /// A drawer for images of `size`, (y, x) or (z, y, x).
    ///
    /// # Errors
    /// The errors of [`PairOptions::check`]; [`qlty_core::Error::Argument`] if the window is larger than the image, or
    /// no displacement in the range fits in it; [`qlty_core::Error::OutOfMemory`] and [`qlty_core::Error::Overflow`].
    pub fn new(options: PairOptions<D>, size: [usize; D]) -> Result<Self> {
        Ok(Self(AnyPairDrawer::new(options.into(), &size)?))
    }

    /// The pairs of an image, in order.
    pub fn pairs(&self, image: usize) -> impl ExactSizeIterator<Item = Pair<D>> + '_ {
        self.0.pairs(image).map(Pair::of)
    }

    /// The number of pairs of `images` images.
    ///
    /// # Errors
    /// [`qlty_core::Error::Overflow`].
    pub fn count(&self, images: usize) -> Result<usize> {
        self.0.count(images)
    }

    /// The pairs of images 0 to `images`, in order.
    ///
    /// # Errors
    /// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`].
    pub fn all(&self, images: usize) -> Result<Vec<Pair<D>>> {
        collect("pairs", &self.0.all(images)?, Pair::of)
    }
}
