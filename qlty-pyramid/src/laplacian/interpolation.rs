//! What a pixel of an axis takes from the axis of the next smaller level.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use super::work::Work;
use crate::{Error, Result};

/// How a level is brought to the size of the next larger one. Pixels are areas: the corners of the two
/// levels coincide, not the centres of their corner pixels (`align_corners=False`).
///
/// Both are those of PyTorch's `interpolate`, which the Python package `qlty` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Interpolation {
    /// Between the two nearest pixels of an axis, in proportion; the pixels at the edge go on.
    #[default]
    Bilinear,
    /// Keys' cubic kernel with a = -1/2 over the four nearest pixels; at the edge over those that there
    /// are, their weights scaled to a sum of one (`antialias=True`).
    Bicubic,
}

impl Interpolation {
    /// The name: `bilinear` or `bicubic`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
        }
    }

    /// How far to each side of the pixel beneath it a pixel looks.
    pub(super) fn reach(self) -> usize {
        match self {
            Self::Bilinear => 1,
            Self::Bicubic => 2,
        }
    }
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Interpolation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "bilinear" => Ok(Self::Bilinear),
            "bicubic" => Ok(Self::Bicubic),
            _ => Err(Error::argument("interpolation", text, "bilinear or bicubic")),
        }
    }
}

/// The weights of one axis.
///
/// Pixel x lies over pixel `beneath(x)` of the smaller level, whose value is c. Its value is
/// c + sum of w (v - c) over the neighbours of c with their values v: in this form equal pixels give
/// exactly their value, whatever the weights' rounding.
#[derive(Debug)]
pub(super) struct Axis<W> {
    /// Its size, at least `coarse`.
    fine: usize,
    /// That of the smaller level, at least 1.
    coarse: usize,
    reach: usize,
    /// The weights of each neighbour, from -reach to +reach without 0, for the even pixels and then for
    /// the odd. Neighbours beyond the edge weigh nothing.
    pub(super) weights: Vec<[Vec<W>; 2]>,
}

impl<W: Work> Axis<W> {
    pub(super) fn new(coarse: usize, fine: usize, interpolation: Interpolation) -> Self {
        let reach = interpolation.reach();
        let mut axis = Self { fine, coarse, reach, weights: Vec::new() };
        let pairs = fine.div_ceil(2);
        axis.weights = (0..2 * reach).map(|_| [(); 2].map(|()| vec![W::from_f64(0.0); pairs])).collect();
        for x in 0..fine {
            let beneath = axis.beneath(x);
            let centre = coarse as f64 / fine as f64 * (x as f64 + 0.5) - 0.5;
            let taps = match interpolation {
                Interpolation::Bilinear => linear(centre, coarse),
                Interpolation::Bicubic => cubic(centre, coarse),
            };
            for (pixel, weight) in taps {
                if let Some(neighbour) = axis.neighbour(pixel, beneath) {
                    let sum = &mut axis.weights[neighbour][x % 2][x / 2];
                    *sum = *sum + W::from_f64(weight);
                }
            }
        }
        axis
    }

    /// The pixel of the smaller level in which the near end of pixel x lies.
    pub(super) fn beneath(&self, x: usize) -> usize {
        if self.is_twice() {
            return x / 2;
        }
        (x as u128 * self.coarse as u128 / self.fine as u128) as usize
    }

    /// Whether pixels 2k and 2k+1 always lie over pixel k.
    pub(super) fn is_twice(&self) -> bool {
        self.coarse == self.fine.div_ceil(2)
    }

    /// Which of the neighbours of `beneath` a pixel is, unless it is `beneath` itself.
    fn neighbour(&self, pixel: usize, beneath: usize) -> Option<usize> {
        match (pixel + self.reach).checked_sub(beneath) {
            Some(offset) if offset < self.reach => Some(offset),
            Some(offset) if offset > self.reach => Some(offset - 1),
            _ => None,
        }
    }

    /// The pixels of the smaller level that some of this axis are made of.
    pub(super) fn needs(&self, range: &Range<usize>) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        let last = self.beneath(range.end - 1) + self.reach;
        self.beneath(range.start).saturating_sub(self.reach)..(last + 1).min(self.coarse)
    }

    pub(super) fn coarse(&self) -> usize {
        self.coarse
    }

    pub(super) fn reach(&self) -> usize {
        self.reach
    }
}

/// Pixels and weights around `centre` on an axis of `size` pixels: in proportion to the distance.
fn linear(centre: f64, size: usize) -> Vec<(usize, f64)> {
    let centre = centre.max(0.0);
    let before = (centre as usize).min(size - 1);
    let share = centre - before as f64;
    vec![(before, 1.0 - share), ((before + 1).min(size - 1), share)]
}

/// Pixels and weights around `centre` on an axis of `size` pixels: R. G. Keys, "Cubic convolution
/// interpolation for digital image processing", 1981, with a = -1/2.
fn cubic(centre: f64, size: usize) -> Vec<(usize, f64)> {
    const A: f64 = -0.5;
    let kernel = |distance: f64| {
        let d = distance.abs();
        if d < 1.0 {
            ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0
        } else if d < 2.0 {
            ((d - 5.0) * d + 8.0) * d * A - 4.0 * A
        } else {
            0.0
        }
    };
    let first = (centre.floor() - 1.0).max(0.0) as usize;
    let last = ((centre.floor() + 2.0) as usize).min(size - 1);
    let mut taps: Vec<_> = (first..=last).map(|pixel| (pixel, kernel(pixel as f64 - centre))).collect();
    let sum: f64 = taps.iter().map(|(_, weight)| weight).sum();
    taps.iter_mut().for_each(|(_, weight)| *weight /= sum);
    taps
}
