//! Drawing pairs: uniform displacements, uniform positions, one stream of random numbers per image.

use qlty_core::array::product;
use qlty_core::{Error, Rank, Result, Spatial};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

use crate::displacement::Displacements;
use crate::{Pair, PairOptions};

/// Draws the pairs of images of one size.
///
/// A displacement is drawn uniformly from all whole-numbered vectors of the range that fit in the
/// image, then a place uniformly from all at which both patches fit, then a rotation. Image n draws
/// from the stream n of the seed, so its pairs depend on nothing else: not on other images, on the
/// number of threads, or on how many more pairs are drawn from it.
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
pub struct PairDrawer<const D: usize> {
    options: PairOptions<D>,
    size: [usize; D],
    displacements: Displacements<D>,
    /// The rotations to choose from, at least one.
    turns: Vec<u8>,
}

impl<const D: usize> PairDrawer<D>
where
    Spatial<D>: Rank,
{
    /// A drawer for images of `size`, (y, x) or (z, y, x).
    ///
    /// # Errors
    /// Those of [`PairOptions::check`]; [`Error::Argument`] where the window is larger than the image,
    /// or no displacement of the range fits in it; [`Error::OutOfMemory`] and [`Error::Overflow`].
    pub fn new(options: PairOptions<D>, size: [usize; D]) -> Result<Self> {
        options.check()?;
        if (0..D).any(|d| options.window[d] > size[d]) {
            let expected = format!("at most {size:?}, the size of the images");
            return Err(Error::argument("window", options.window, expected));
        }
        let displacements = Displacements::new(&options, size)?;
        let mut turns: Vec<u8> = options.turns().collect();
        if turns.is_empty() {
            turns.push(0);
        }
        Ok(Self { options, size, displacements, turns })
    }

    /// The pairs of an image, in order.
    pub fn pairs(&self, image: usize) -> impl ExactSizeIterator<Item = Pair<D>> + '_ {
        let mut random = stream(self.options.seed, image as u64);
        (0..self.options.pairs_per_image).map(move |_| self.draw(image, &mut random))
    }

    /// The number of pairs of so many images.
    ///
    /// # Errors
    /// [`Error::Overflow`].
    pub fn count(&self, images: usize) -> Result<usize> {
        product("pairs", &[images, self.options.pairs_per_image])
    }

    /// The pairs of images 0 to `images`, in order.
    ///
    /// # Errors
    /// [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn all(&self, images: usize) -> Result<Vec<Pair<D>>> {
        let count = self.count(images)?;
        let empty = Pair { image: 0, start1: [0; D], start2: [0; D], rotation: 0 };
        let mut pairs = Vec::new();
        let no_memory = |_| Error::OutOfMemory { what: "pairs", bytes: count.saturating_mul(size_of::<Pair<D>>()) };
        pairs.try_reserve_exact(count).map_err(no_memory)?;
        pairs.resize(count, empty);
        let per_image = self.options.pairs_per_image.max(1);
        pairs.par_chunks_exact_mut(per_image).enumerate().for_each(|(image, pairs)| {
            pairs.iter_mut().zip(self.pairs(image)).for_each(|(to, pair)| *to = pair);
        });
        Ok(pairs)
    }

    fn draw(&self, image: usize, random: &mut ChaCha8Rng) -> Pair<D> {
        // Numbers of 64 bits throughout: a `usize` would draw differently on other machines.
        let mut below = |count: u64| random.random_range(0..count);
        let delta = self.displacements.get(below(self.displacements.len()));
        let start1: [usize; D] = std::array::from_fn(|d| {
            let free = self.size[d] - self.options.window[d] - delta[d].unsigned_abs() as usize;
            (below(free as u64 + 1) as i64 + (-delta[d]).max(0)) as usize
        });
        let start2 = std::array::from_fn(|d| (start1[d] as i64 + delta[d]) as usize);
        let turn = if self.turns.len() > 1 { below(self.turns.len() as u64) as usize } else { 0 };
        Pair { image, start1, start2, rotation: self.turns[turn] }
    }
}

/// The random numbers of one stream of a seed.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}
