//! What pairs are to be drawn.

use qlty_core::{Error, Rank, Result, Spatial};

/// What pairs of patches are to be drawn from each image.
///
/// ```
/// use qlty_pairs::PairOptions;
/// let options = PairOptions { seed: 7, rotations: vec![0, 1, 2, 3], ..PairOptions::new([32, 32], 10, (8.0, 16.0)) };
/// assert!(options.check().is_ok());
/// let too_far = PairOptions::new([32, 32], 10, (8.0, 25.0));
/// assert!(too_far.check().unwrap_err().to_string().contains("8 <= low <= high <= 24"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PairOptions<const D: usize> {
    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub window: [usize; D],
    /// How many pairs are drawn from each image.
    pub pairs_per_image: usize,
    /// The least and the largest Euclidean length of the displacement in pixels, both included: at
    /// least a quarter of the longest side of the window, at most three quarters, rounded down.
    pub delta_range: (f64, f64),
    /// Image n draws from the stream n of this seed.
    pub seed: u64,
    /// The quarter turns of the second patch, counter-clockwise, taken modulo 4, of which each pair
    /// draws one; none means no turn. Odd ones need a square window; volumes are not turned.
    pub rotations: Vec<i64>,
}

impl<const D: usize> PairOptions<D>
where
    Spatial<D>: Rank,
{
    /// Options without rotations, of seed 0.
    pub fn new(window: [usize; D], pairs_per_image: usize, delta_range: (f64, f64)) -> Self {
        Self { window, pairs_per_image, delta_range, seed: 0, rotations: Vec::new() }
    }

    /// Fails where no image could have such pairs.
    ///
    /// # Errors
    /// [`Error::Argument`] where the window is empty, the range of lengths is not within a quarter and
    /// three quarters of the window's longest side, or a rotation does not go with the window.
    pub fn check(&self) -> Result<()> {
        let longest = self.window.iter().copied().max().unwrap_or(0);
        if self.window.contains(&0) {
            return Err(Error::argument("window", self.window, "sizes of at least 1"));
        }
        let (low, high) = self.delta_range;
        // Rounded down like qlty's; three quarters of a size may be more than a size can be.
        let (least, most) = (longest / 4, (longest as u128 * 3 / 4) as f64);
        if !(low >= least as f64 && low <= high && high <= most) {
            let expected = format!("{least} <= low <= high <= {most}, as the longest side of the window is {longest}");
            return Err(Error::argument("delta range", self.delta_range, expected));
        }
        for rotation in self.turns() {
            check_rotation(self.window, rotation)?;
        }
        Ok(())
    }

    /// The quarter turns to choose from, modulo 4.
    pub(crate) fn turns(&self) -> impl ExactSizeIterator<Item = u8> {
        self.rotations.iter().map(|turns| turns.rem_euclid(4) as u8)
    }
}

/// Fails where a patch cannot be turned so.
pub(crate) fn check_rotation<const D: usize>(window: [usize; D], rotation: u8) -> Result<()> {
    if D == 3 && rotation != 0 {
        return Err(Error::argument("rotation", rotation, "none, since volumes are not turned"));
    }
    let square = window[D - 2] == window[D - 1];
    if rotation > 3 || (rotation % 2 == 1 && !square) {
        let expected = if square {
            "0 to 3 quarter turns".to_owned()
        } else {
            format!("0 or 2 quarter turns, since the window {window:?} is not square")
        };
        return Err(Error::argument("rotation", rotation, expected));
    }
    Ok(())
}
