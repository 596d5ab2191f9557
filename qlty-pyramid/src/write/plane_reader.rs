//! Reading planes in the requested type and scale.

use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::with_dtype;
use rayon::prelude::*;

use super::options::Normalization;
use crate::arrays::slice;
use crate::pixel::{Wide, convert, normalize};
use crate::{Pixel, PlaneSource, Result};

/// Reads the planes of a source as pixels of a different type.
pub(crate) struct PlaneReader<'a> {
    source: &'a dyn PlaneSource,
    scale: Scale,
}

/// The normalization of the values.
#[derive(Debug, Clone, Copy)]
enum Scale {
    Keep,
    PerSlice,
    By(Moments),
}

/// The mean of some values, and the sum of their squared differences from it.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn of(pixels: &ArrayRef<'_>) -> Result<Self> {
        Ok(with_dtype!(pixels.dtype(), T => Self::of_pixels(slice::<T>(pixels)?)))
    }

    fn of_pixels<T: Pixel>(pixels: &[T]) -> Self {
        let count = pixels.len() as f64;
        let mean = pixels.iter().map(|pixel| pixel.wide().to_f64()).sum::<f64>() / count;
        let squares = pixels.iter().map(|pixel| (pixel.wide().to_f64() - mean).powi(2)).sum();
        Self { count, mean, squares }
    }

    /// The moments of both sets of values combined (Chan, Golub and LeVeque, 1979).
    fn with(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        let mean = self.mean + apart * other.count / count;
        Self { count, mean, squares: self.squares + other.squares + apart * apart * self.count * other.count / count }
    }

    /// The standard deviation, or 1 if it is 0.
    fn deviation(self) -> f64 {
        let deviation = (self.squares / self.count).sqrt();
        if deviation == 0.0 { 1.0 } else { deviation }
    }
}

impl<'a> PlaneReader<'a> {
    /// A reader; for a global scale it reads the source once, plane by plane.
    pub(crate) fn new(source: &'a dyn PlaneSource, normalization: Normalization, monitor: &Monitor) -> Result<Self> {
        let scale = match normalization {
            Normalization::None => Scale::Keep,
            Normalization::PerSlice => Scale::PerSlice,
            Normalization::By { mean, deviation } => {
                Scale::By(Moments { count: 1.0, mean, squares: deviation * deviation })
            }
            Normalization::Global => Scale::By(global(source, monitor)?),
        };
        Ok(Self { source, scale })
    }

    /// Reads the plane `z` of all channels at the time point `t`, (C,Y,X) in C order.
    pub(crate) fn read(&self, t: usize, z: usize, mut planes: ArrayMut<'_>) -> Result<()> {
        let dtype = self.source.dtype();
        if let (Scale::Keep, true) = (self.scale, planes.dtype() == dtype) {
            return self.source.read_plane(t, z, planes);
        }
        let mut read = OwnedArray::zeros("a plane", dtype, planes.shape())?;
        self.source.read_plane(t, z, read.array_mut())?;
        let read = read.array_ref();
        match self.scale {
            Scale::Keep => convert(&read, &mut planes),
            Scale::PerSlice => {
                let moments = Moments::of(&read)?;
                normalize(&read, &mut planes, moments.mean, moments.deviation())
            }
            Scale::By(moments) => normalize(&read, &mut planes, moments.mean, moments.deviation()),
        }
    }
}

/// The moments of a whole source, combined in the order of its planes.
fn global(source: &dyn PlaneSource, monitor: &Monitor) -> Result<Moments> {
    let [times, channels, depth, height, width] = source.shape();
    let mut all = Moments::default();
    let run = rayon::current_num_threads();
    for from in (0..times * depth).step_by(run) {
        let planes = (from..(from + run).min(times * depth)).into_par_iter();
        let moments = planes.map(|plane| {
            monitor.check()?;
            let mut pixels = OwnedArray::zeros("a plane", source.dtype(), &[channels, height, width])?;
            source.read_plane(plane / depth, plane % depth, pixels.array_mut())?;
            Moments::of(&pixels.array_ref())
        });
        let moments: Vec<Moments> = moments.collect::<Result<_>>()?;
        all = moments.into_iter().fold(all, Moments::with);
    }
    Ok(all)
}
