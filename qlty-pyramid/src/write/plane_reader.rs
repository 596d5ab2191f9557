//! Reading planes in the type and on the scale that are wanted.

use qlty_core::Monitor;
use rayon::prelude::*;

use crate::pixel::sealed::Sealed;
use crate::pixel::{Number, with_pixel_type};
use crate::source::{AnySource, convert, real};
use crate::{Normalization, Pixel, Result};

/// Reads the planes of a source as pixels of another type.
pub(crate) struct Reader<'a> {
    source: &'a dyn AnySource,
    scale: Scale,
}

/// What is done to the values.
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
    fn of<T: Pixel>(pixels: &[T]) -> Self {
        let count = pixels.len() as f64;
        let mean = pixels.iter().map(|pixel| real(*pixel)).sum::<f64>() / count;
        let squares = pixels.iter().map(|pixel| (real(*pixel) - mean).powi(2)).sum();
        Self { count, mean, squares }
    }

    /// Those of both together (Chan, Golub and LeVeque, 1979).
    fn with(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let apart = other.mean - self.mean;
        let mean = self.mean + apart * other.count / count;
        Self { count, mean, squares: self.squares + other.squares + apart * apart * self.count * other.count / count }
    }

    /// The standard deviation, or 1 where it is 0.
    fn deviation(self) -> f64 {
        let deviation = (self.squares / self.count).sqrt();
        if deviation == 0.0 { 1.0 } else { deviation }
    }

    fn apply<S: Pixel, T: Pixel>(self, from: &[S], to: &mut [T]) {
        let deviation = self.deviation();
        for (to, from) in to.iter_mut().zip(from) {
            *to = T::nearest(Number::Real((real(*from) - self.mean) / deviation));
        }
    }
}

impl<'a> Reader<'a> {
    /// A reader; for a global scale it reads the source once, plane by plane.
    pub(crate) fn new(source: &'a dyn AnySource, normalization: Normalization, monitor: &Monitor) -> Result<Self> {
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

    /// Reads the plane `z` of all channels at the time point `t`, (C,Y,X).
    pub(crate) fn read<T: Pixel>(&self, t: usize, z: usize, planes: &mut [T]) -> Result<()> {
        if let (Scale::Keep, true) = (self.scale, T::TYPE == self.source.pixel_type()) {
            return self.source.read(t, z, T::any_planes(planes));
        }
        with_pixel_type!(self.source.pixel_type(), Read => {
            let mut pixels = vec![Read::default(); planes.len()];
            self.source.read(t, z, <Read as Sealed>::any_planes(&mut pixels))?;
            match self.scale {
                Scale::Keep => convert(&pixels, planes),
                Scale::PerSlice => Moments::of(&pixels).apply(&pixels, planes),
                Scale::By(moments) => moments.apply(&pixels, planes),
            }
        });
        Ok(())
    }
}

/// The moments of a whole source, of one plane after the other, in their order.
fn global(source: &dyn AnySource, monitor: &Monitor) -> Result<Moments> {
    let [times, channels, depth, height, width] = source.shape();
    let mut all = Moments::default();
    let run = rayon::current_num_threads();
    for from in (0..times * depth).step_by(run) {
        let planes = (from..(from + run).min(times * depth)).into_par_iter();
        let moments: Vec<Moments> = planes
            .map(|plane| {
                monitor.check()?;
                with_pixel_type!(source.pixel_type(), Read => {
                    let mut pixels = vec![Read::default(); channels * height * width];
                    source.read(plane / depth, plane % depth, <Read as Sealed>::any_planes(&mut pixels))?;
                    Ok(Moments::of(&pixels))
                })
            })
            .collect::<Result<_>>()?;
        all = moments.into_iter().fold(all, Moments::with);
    }
    Ok(all)
}
