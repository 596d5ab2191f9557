//! Drawing pairs: uniform displacements, uniform positions, one stream of random numbers per image.
//!
//! A seed gives the same pairs in every version. Numbers are therefore drawn as 64-bit integers, without bias, in a
//! fixed order: the displacement, the position (slowest axis first), the rotation.

use std::fmt;

use qlty_core::internal::array::{product, with_capacity};
use qlty_core::{Error, Result};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

use crate::displacement::Displacements;
use crate::extent::Extent;
use crate::{AnyPair, AnyPairOptions};

/// Draws the pairs of images of one size, with the number of axes known at run time; see [`crate::PairDrawer`].
///
/// ```
/// use qlty_pairs::dynamic::{AnyPairDrawer, AnyPairMetadata, AnyPairOptions};
/// let options = AnyPairOptions::new(&[32, 32], 10, (8.0, 16.0));
/// let drawer = AnyPairDrawer::new(options, &[48, 200])?;
/// let pairs = AnyPairMetadata::unmeasured(&[32, 32], drawer.all(5)?)?;
/// assert_eq!(pairs.len(), 50);
/// # Ok::<(), qlty_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AnyPairDrawer {
    options: AnyPairOptions,
    window: Extent,
    size: Extent,
    displacements: Displacements,
    /// The rotations to choose from, at least one.
    turns: Vec<u8>,
}

impl fmt::Debug for AnyPairDrawer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { options, size, displacements, .. } = self;
        let mut told = f.debug_struct("AnyPairDrawer");
        told.field("options", options).field("size", size).field("displacements", &displacements.len()).finish()
    }
}

impl AnyPairDrawer {
    /// A drawer for images of `size`, (y, x) or (z, y, x).
    ///
    /// # Errors
    /// The errors of [`AnyPairOptions::check`]; [`Error::Argument`] if window and images differ in their number of
    /// axes, the window is larger than the images, or no displacement in the range fits in them; [`Error::OutOfMemory`]
    /// and [`Error::Overflow`].
    pub fn new(options: AnyPairOptions, size: &[usize]) -> Result<Self> {
        options.check()?;
        let (window, size) = (Extent::window(&options.window)?, Extent::new("size of the images", size)?);
        if window.ndim != size.ndim || size.axes().any(|d| window.zyx[d] > size.zyx[d]) {
            let expected = format!("at most {size:?}, the size of the images");
            return Err(Error::argument("window", window, expected));
        }
        let displacements = Displacements::new(&options, window, size)?;
        let mut turns: Vec<u8> = options.turns().collect();
        if turns.is_empty() {
            turns.push(0);
        }
        Ok(Self { options, window, size, displacements, turns })
    }

    /// The pairs of an image, in order.
    pub fn pairs(&self, image: usize) -> impl ExactSizeIterator<Item = AnyPair> + '_ {
        let mut random = stream(self.options.seed, image as u64);
        (0..self.options.pairs_per_image).map(move |_| self.draw(image, &mut random))
    }

    /// The number of pairs of `images` images.
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
    pub fn all(&self, images: usize) -> Result<Vec<AnyPair>> {
        let count = self.count(images)?;
        let mut pairs = with_capacity("pairs", count)?;
        pairs.resize(count, AnyPair { image: 0, start1: [0; 3], start2: [0; 3], rotation: 0 });
        let per_image = self.options.pairs_per_image.max(1);
        pairs.par_chunks_exact_mut(per_image).enumerate().for_each(|(image, pairs)| {
            pairs.iter_mut().zip(self.pairs(image)).for_each(|(to, pair)| *to = pair);
        });
        Ok(pairs)
    }

    fn draw(&self, image: usize, random: &mut ChaCha8Rng) -> AnyPair {
        // Always 64 bits: a `usize` would give different numbers on other machines.
        let mut below = |count: u64| random.random_range(0..count);
        let delta = self.displacements.get(below(self.displacements.len()));
        let mut pair = AnyPair { image, start1: [0; 3], start2: [0; 3], rotation: 0 };
        for d in self.size.axes() {
            let free = self.size.zyx[d] - self.window.zyx[d] - delta[d].unsigned_abs() as usize;
            let start = below(free as u64 + 1) as i64 + (-delta[d]).max(0);
            (pair.start1[d], pair.start2[d]) = (start as usize, (start + delta[d]) as usize);
        }
        let turn = if self.turns.len() > 1 { below(self.turns.len() as u64) as usize } else { 0 };
        pair.rotation = self.turns[turn];
        pair
    }
}

/// The random numbers of one stream of a seed.
pub(crate) fn stream(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}
