//! The weights for interpolating the pixels of an axis from those of the next smaller level.

use std::fmt;
use std::ops::{Add, Mul, Range, Sub};
use std::str::FromStr;

use crate::{Error, Result};

/// How a level is interpolated to the size of the next larger one. Pixels are areas: the corners of the two levels
/// coincide, not the centres of their corner pixels (`align_corners=False`).
///
/// Both are the modes of PyTorch's `interpolate`, which the Python package `qlty` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Interpolation {
    /// Linear between the two nearest pixels of an axis; constant beyond the centres of the pixels at the edge.
    #[default]
    Bilinear,
    /// Keys' cubic kernel with a = -1/2 over the four nearest pixels; at the edge over those within the image, their
    /// weights scaled to a sum of one (`antialias=True`).
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

    /// The number of neighbours on each side of the pixel beneath.
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

/// The sizes of an axis at two levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The size at the smaller level, at least 1.
    pub(super) coarse: usize,
    /// The size at the larger level, at least `coarse`.
    pub(super) fine: usize,
}

impl Span {
    /// The pixel of the smaller level that contains the start of pixel x.
    pub(super) fn beneath(self, x: usize) -> usize {
        if self.is_twice() {
            return x / 2;
        }
        (x as u128 * self.coarse as u128 / self.fine as u128) as usize
    }

    /// Whether pixels 2k and 2k+1 are always above pixel k.
    pub(super) fn is_twice(self) -> bool {
        self.coarse == self.fine.div_ceil(2)
    }

    /// The pixels of the smaller level from which a range of the larger is interpolated.
    pub(super) fn needs(self, range: &Range<usize>, reach: usize) -> Range<usize> {
        if range.is_empty() {
            return 0..0;
        }
        let last = self.beneath(range.end - 1) + reach;
        self.beneath(range.start).saturating_sub(reach)..(last + 1).min(self.coarse)
    }
}

/// The weights of some pixels of one axis, as `f32` and as `f64`.
///
/// Pixel x is above pixel `beneath(x)` of the smaller level, whose value is c. Its value is c + sum of w (v - c) over
/// the neighbours of c with their values v: in this form equal pixels give exactly their value, whatever the rounding
/// of the weights.
#[derive(Debug)]
pub struct Axis {
    pub(super) span: Span,
    /// The first pixels with weights here are 2 `first` and 2 `first` + 1.
    first: usize,
    singles: Weights<f32>,
    doubles: Weights<f64>,
}

/// The weights of each neighbour, from -reach to +reach without 0, for the even pixels and then for
/// the odd. Neighbours beyond the edge have the weight 0.
pub(super) type Weights<W> = Vec<[Vec<W>; 2]>;

impl Axis {
    pub(super) fn new(span: Span, interpolation: Interpolation, range: &Range<usize>) -> Self {
        let reach = interpolation.reach();
        let (first, end) = (range.start / 2, range.end.div_ceil(2));
        let mut singles = vec![[(); 2].map(|()| vec![0.0_f32; end - first]); 2 * reach];
        let mut doubles = vec![[(); 2].map(|()| vec![0.0_f64; end - first]); 2 * reach];
        for x in 2 * first..(2 * end).min(span.fine) {
            let beneath = span.beneath(x);
            let centre = span.coarse as f64 / span.fine as f64 * (x as f64 + 0.5) - 0.5;
            let taps = match interpolation {
                Interpolation::Bilinear => linear(centre, span.coarse),
                Interpolation::Bicubic => cubic(centre, span.coarse),
            };
            for (pixel, weight) in taps {
                let place = (pixel + reach).checked_sub(beneath).filter(|place| *place != reach);
                let neighbour = place.map(|place| place - usize::from(place > reach));
                if let Some(neighbour) = neighbour.filter(|neighbour| *neighbour < 2 * reach) {
                    singles[neighbour][x % 2][x / 2 - first] += weight as f32;
                    doubles[neighbour][x % 2][x / 2 - first] += weight;
                }
            }
        }
        Self { span, first, singles, doubles }
    }

    /// The weight of a neighbour for pixel x.
    pub(super) fn weight<W: Work>(&self, neighbour: usize, x: usize) -> W {
        W::weights(self)[neighbour][x % 2][x / 2 - self.first]
    }

    /// The weights of a neighbour for the even or odd pixels above `len` pixels from `beneath` on, for a span that is
    /// twice as large.
    pub(super) fn weights<W: Work>(&self, neighbour: usize, half: usize, beneath: usize, len: usize) -> &[W] {
        &W::weights(self)[neighbour][half][beneath - self.first..][..len]
    }
}

/// A type to interpolate in. Its operations are rounded as IEEE 754 specifies and never contracted, so they give the
/// same bits on every machine.
pub trait Work:
    Copy + Default + PartialEq + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Send + Sync
{
    /// The weights of this type.
    fn weights(axis: &Axis) -> &Weights<Self>;
}

impl Work for f32 {
    fn weights(axis: &Axis) -> &Weights<Self> {
        &axis.singles
    }
}

impl Work for f64 {
    fn weights(axis: &Axis) -> &Weights<Self> {
        &axis.doubles
    }
}

/// Pixels and weights around `centre` on an axis of `size` pixels, for linear interpolation.
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
