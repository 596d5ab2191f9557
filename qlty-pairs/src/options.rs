//! The options for drawing pairs, and the rotations that a window allows.

use qlty_core::{Error, Result};

use crate::extent::Extent;

/// Which pairs of patches are drawn from each image, with the number of axes known at run time.
///
/// ```
/// use qlty_pairs::dynamic::AnyPairOptions;
/// let options = AnyPairOptions::new(&[32, 32], 10, (8.0, 16.0)).seed(7).rotations([0, 1, 2, 3]);
/// assert!(options.check().is_ok());
/// let too_far = AnyPairOptions::new(&[32, 32], 10, (8.0, 25.0));
/// assert!(too_far.check().unwrap_err().to_string().contains("8 <= low <= high <= 24"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AnyPairOptions {
    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub window: Vec<usize>,
    /// The number of pairs drawn from each image.
    pub pairs_per_image: usize,
    /// See [`crate::PairOptions::delta_range`].
    pub delta_range: (f64, f64),
    /// See [`crate::PairOptions::seed`].
    pub seed: u64,
    /// See [`crate::PairOptions::rotations`].
    pub rotations: Vec<i64>,
}

impl AnyPairOptions {
    /// Options with seed 0 and without rotations.
    pub fn new(window: &[usize], pairs_per_image: usize, delta_range: (f64, f64)) -> Self {
        Self { window: window.to_vec(), pairs_per_image, delta_range, seed: 0, rotations: Vec::new() }
    }

    /// Sets the seed; image n draws from stream n of it.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the quarter turns to choose from.
    #[must_use]
    pub fn rotations(mut self, rotations: impl IntoIterator<Item = i64>) -> Self {
        self.rotations = rotations.into_iter().collect();
        self
    }

    /// Fails if no image could have such pairs.
    ///
    /// # Errors
    /// The errors of [`crate::PairOptions::check`], and [`Error::Argument`] if the window has neither two nor three
    /// axes.
    pub fn check(&self) -> Result<()> {
        let window = Extent::window(&self.window)?;
        let longest = window.zyx.into_iter().max().unwrap_or(0);
        let (low, high) = self.delta_range;
        // Rounded down as in qlty; three times a size may overflow `usize`.
        let (least, most) = (longest / 4, (longest as u128 * 3 / 4) as f64);
        if !(low >= least as f64 && low <= high && high <= most) {
            let expected = format!("{least} <= low <= high <= {most}, as the longest side of the window is {longest}");
            return Err(Error::argument("delta range", self.delta_range, expected));
        }
        self.turns().try_for_each(|rotation| check_rotation(window, rotation))
    }

    /// The quarter turns to choose from, modulo 4.
    pub(crate) fn turns(&self) -> impl ExactSizeIterator<Item = u8> {
        self.rotations.iter().map(|turns| turns.rem_euclid(4) as u8)
    }
}

/// Fails if a patch of this size cannot be rotated by this number of quarter turns.
pub(crate) fn check_rotation(window: Extent, rotation: u8) -> Result<()> {
    if window.ndim == 3 && rotation != 0 {
        return Err(Error::argument("rotation", rotation, "none, since volumes are not turned"));
    }
    let is_square = window.zyx[1] == window.zyx[2];
    if rotation > 3 || (rotation % 2 == 1 && !is_square) {
        let expected = if is_square {
            "0 to 3 quarter turns".to_owned()
        } else {
            format!("0 or 2 quarter turns, since the window {window:?} is not square")
        };
        return Err(Error::argument("rotation", rotation, expected));
    }
    Ok(())
}
