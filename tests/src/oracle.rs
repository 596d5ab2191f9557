//! Unstitching and stitching as plain loops: slow, but simple enough to be obviously right.
//!
//! Written from the contract, not from the code under test. Arrays are flat, in C order over (n, c, z, y, x); a plane
//! is a volume of depth one.

use ndarray::{ArrayD, IxDyn};
use qlty_core::{Float, Origin, Positional, Profile, Quilt, Rank, Spatial};

use crate::sample::Sample;

/// A quilt as the contract describes it, axes (z, y, x).
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry<const D: usize> {
    /// The size of an image.
    pub size: [usize; D],
    /// The size of a window.
    pub window: [usize; D],
    /// The distance between neighbouring windows.
    pub step: [usize; D],
    /// The border of a window.
    pub border: [usize; D],
    /// The weight of the border; `None` means the default.
    pub border_weight: Option<f64>,
    /// The profile of a window.
    pub profile: Profile,
}

/// The axes (z, y, x) of sizes that may lack the z axis.
fn three<const D: usize>(sizes: [usize; D], missing: usize) -> [usize; 3] {
    let mut all = [missing; 3];
    all[3 - D..].copy_from_slice(&sizes);
    all
}

impl<const D: usize> Geometry<D>
where
    Spatial<D>: Rank,
{
    /// A geometry without border, with the border profile.
    pub fn new(size: [usize; D], window: [usize; D], step: [usize; D]) -> Self {
        Self { size, window, step, border: [0; D], border_weight: None, profile: Profile::Border }
    }

    /// The quilt under test.
    ///
    /// # Errors
    /// Those of the builder.
    pub fn try_quilt(&self) -> qlty_core::Result<Quilt<D>> {
        let builder = Quilt::builder(self.size, self.window, self.step).border(self.border).profile(self.profile);
        match self.border_weight {
            Some(weight) => builder.border_weight(weight).build(),
            None => builder.build(),
        }
    }

    /// The quilt under test, for a valid geometry.
    pub fn quilt(&self) -> Quilt<D> {
        self.try_quilt().unwrap()
    }

    /// The starts of the windows along one axis of (z, y, x).
    fn starts_along(&self, d: usize) -> Vec<usize> {
        let (size, window) = (three(self.size, 1)[d], three(self.window, 1)[d]);
        let step = three(self.step, 1)[d];
        let mut count = (size - window) / step + 1;
        if (count - 1) * step + window != size {
            count += 1;
        }
        (0..count).map(|i| (i * step).min(size - window)).collect()
    }

    /// The first pixels (z, y, x) of the windows of one image, in the order of the patch index.
    pub fn starts(&self) -> Vec<[usize; 3]> {
        let mut all = Vec::new();
        for z in self.starts_along(0) {
            for y in self.starts_along(1) {
                for x in self.starts_along(2) {
                    all.push([z, y, x]);
                }
            }
        }
        all
    }

    /// The pixels (z, y, x) of a window, in C order.
    pub fn window_pixels(&self) -> Vec<[usize; 3]> {
        let [depth, height, width] = three(self.window, 1);
        let mut all = Vec::new();
        for z in 0..depth {
            for y in 0..height {
                for x in 0..width {
                    all.push([z, y, x]);
                }
            }
        }
        all
    }

    /// Whether a pixel of a window is inside the border.
    pub fn is_inner(&self, pixel: [usize; 3]) -> bool {
        let (window, border) = (three(self.window, 1), three(self.border, 0));
        (0..3).all(|d| pixel[d] >= border[d] && pixel[d] + border[d] < window[d])
    }

    /// The weight of the pixels of a window.
    pub fn window_weight(&self) -> Vec<f64> {
        let window = three(self.window, 1);
        let weight = |pixel: [usize; 3]| match self.profile {
            Profile::Border if self.is_inner(pixel) => 1.0,
            Profile::Border => self.border_weight.unwrap_or(0.1).max(1e-8),
            profile => (3 - D..3).map(|d| factor(profile, pixel[d], window[d]).max(1e-8)).product(),
        };
        self.window_pixels().into_iter().map(weight).collect()
    }

    /// Whether every pixel of an image is in a window.
    pub fn is_covered(&self) -> bool {
        self.weights().iter().all(|weight| *weight > 0.0)
    }

    /// The offset in an image, without channels, of each pixel of the window at `start`.
    pub fn offsets(&self, start: [usize; 3]) -> Vec<usize> {
        let [_, height, width] = three(self.size, 1);
        let offset = |[z, y, x]: [usize; 3]| ((start[0] + z) * height + start[1] + y) * width + start[2] + x;
        self.window_pixels().into_iter().map(offset).collect()
    }

    /// The sum of the window weights over each pixel of an image, added up one by one.
    pub fn weights(&self) -> Vec<f64> {
        let weight = self.window_weight();
        let mut sums = vec![0.0; self.size.iter().product()];
        for start in self.starts() {
            for (offset, weight) in self.offsets(start).into_iter().zip(&weight) {
                sums[offset] += weight;
            }
        }
        sums
    }

    /// The largest number of windows over any pixel.
    pub fn most_overlapping(&self) -> usize {
        let ones = Self { profile: Profile::Border, border_weight: Some(1.0), ..self.clone() };
        ones.weights().into_iter().fold(0.0, f64::max) as usize
    }

    /// The patches of a batch (N,C,..) in standard layout, as (P,C,..).
    pub fn unstitch<T: Sample>(&self, batch: &ArrayD<T>) -> ArrayD<T> {
        let (images, channels) = (batch.shape()[0], batch.shape()[1]);
        let values = batch.as_slice().unwrap();
        let volume: usize = self.size.iter().product();
        let mut patches = Vec::new();
        for n in 0..images {
            for start in self.starts() {
                let offsets = self.offsets(start);
                for c in 0..channels {
                    let image = &values[(n * channels + c) * volume..][..volume];
                    patches.extend(offsets.iter().map(|offset| image[*offset]));
                }
            }
        }
        let shape: Vec<_> = [images * self.starts().len(), channels].into_iter().chain(self.window).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), patches).unwrap()
    }

    /// The weighted sums of the patches (P,C,..) in standard layout, as (N,C,..): for each patch in
    /// the order of its index, `sum += value * weight`, in the type `S`.
    pub fn accumulate<T: Sample, S: Copy + Default + std::ops::AddAssign + std::ops::Mul<Output = S>>(
        &self,
        patches: &ArrayD<T>,
        weight: &[S],
        widen: impl Fn(T) -> S,
    ) -> ArrayD<S> {
        let starts = self.starts();
        let (images, channels) = (patches.shape()[0] / starts.len(), patches.shape()[1]);
        let volume: usize = self.size.iter().product();
        let area: usize = self.window.iter().product();
        let values = patches.as_slice().unwrap();
        let mut sums = vec![S::default(); images * channels * volume];
        for n in 0..images {
            for (i, start) in starts.iter().enumerate() {
                let offsets = self.offsets(*start);
                for c in 0..channels {
                    let patch = &values[((n * starts.len() + i) * channels + c) * area..][..area];
                    let image = &mut sums[(n * channels + c) * volume..][..volume];
                    for ((value, offset), weight) in patch.iter().zip(&offsets).zip(weight) {
                        image[*offset] += widen(*value) * *weight;
                    }
                }
            }
        }
        let shape: Vec<_> = [images, channels].into_iter().chain(self.size).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), sums).unwrap()
    }

    /// The stitched batch, in `f64` throughout.
    pub fn stitch<T: Sample>(&self, patches: &ArrayD<T>) -> ArrayD<f64> {
        let mut sums = self.accumulate(patches, &self.window_weight(), T::number);
        let weights = self.weights();
        let volume = weights.len();
        let values = sums.as_slice_mut().unwrap();
        values.iter_mut().enumerate().for_each(|(i, sum)| *sum /= weights[i % volume]);
        sums
    }

    /// The positional channels of the patches of `images`, (P,D,..).
    pub fn positional<T: Float>(&self, images: usize, positional: Positional) -> ArrayD<T> {
        let (size, window) = (three(self.size, 1), three(self.window, 1));
        let mut values = Vec::new();
        for _ in 0..images {
            for start in self.starts() {
                for d in 3 - D..3 {
                    for pixel in self.window_pixels() {
                        let (coordinate, whole) = match positional.origin {
                            Origin::Image => (start[d] + pixel[d], size[d]),
                            Origin::Window => (pixel[d], if window[d] == 1 { 1 } else { window[d] - 1 }),
                            other => unreachable!("{other:?} has no oracle"),
                        };
                        let coordinate = coordinate as f64;
                        values.push(T::from_f64(if positional.normalize {
                            coordinate / whole as f64
                        } else {
                            coordinate
                        }));
                    }
                }
            }
        }
        let shape: Vec<_> = [images * self.starts().len(), D].into_iter().chain(self.window).collect();
        ArrayD::from_shape_vec(IxDyn(&shape), values).unwrap()
    }
}

/// The formulas of the separable profiles, at the middle of pixel `i`.
fn factor(profile: Profile, i: usize, window: usize) -> f64 {
    let t = (i as f64 + 0.5) / window as f64;
    let raised_cosine = |phase: f64| 0.5 - 0.5 * (std::f64::consts::PI * phase).cos();
    match profile {
        Profile::Border => unreachable!("the border profile is no product"),
        Profile::Hann => raised_cosine(2.0 * t),
        Profile::Triangular if t < 0.5 => 2.0 * t,
        Profile::Triangular => 2.0 - 2.0 * t,
        Profile::Gaussian { sigma } => (-(t - 0.5) * (t - 0.5) / (2.0 * sigma * sigma)).exp(),
        Profile::Tukey { alpha } if t < alpha / 2.0 => raised_cosine(2.0 * t / alpha),
        Profile::Tukey { alpha } if 1.0 - t < alpha / 2.0 => raised_cosine(2.0 * (1.0 - t) / alpha),
        Profile::Tukey { .. } => 1.0,
        other => unreachable!("{other:?} has no oracle"),
    }
}

#[cfg(test)]
mod tests {
    use super::Geometry;
    use ndarray::{ArrayD, IxDyn};

    #[test]
    fn the_oracle_can_be_checked_by_hand() {
        let geometry = Geometry { border: [0, 1], border_weight: Some(0.5), ..Geometry::new([1, 5], [1, 3], [1, 1]) };
        assert_eq!(geometry.starts(), [[0, 0, 0], [0, 0, 1], [0, 0, 2]]);
        assert_eq!(geometry.window_weight(), [0.5, 1.0, 0.5]);
        assert_eq!(geometry.weights(), [0.5, 1.5, 2.0, 1.5, 0.5]);
        let image = ArrayD::from_shape_vec(IxDyn(&[1, 1, 1, 5]), vec![1_i32, 2, 3, 4, 5]).unwrap();
        let patches = geometry.unstitch(&image);
        assert_eq!(patches.as_slice().unwrap(), [1, 2, 3, 2, 3, 4, 3, 4, 5]);
        assert_eq!(geometry.stitch(&patches).as_slice().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn a_rest_pulls_the_last_window_back() {
        let geometry = Geometry::new([7, 4], [3, 4], [3, 9]);
        assert_eq!(geometry.starts(), [[0, 0, 0], [0, 3, 0], [0, 4, 0]]);
        assert!(geometry.is_covered());
        assert!(!Geometry::new([9, 4], [3, 4], [4, 1]).is_covered());
    }
}
