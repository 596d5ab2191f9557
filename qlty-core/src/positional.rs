//! Channels that hold the position of each pixel.

use crate::array;
use crate::dynamic::ArrayMut;
use crate::element::Float;
use crate::geometry::{AnyQuilt, check_last};
use crate::{Error, Result};

/// The origin of positional coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Origin {
    /// The first pixel of the image.
    #[default]
    Image,
    /// The first pixel of the window.
    Window,
}

/// The contents of positional channels: one channel per spatial axis, (y, x) or (z, y, x), with each pixel's coordinate
/// along that axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positional {
    /// The origin of the coordinates: "absolute" and "relative" in the Python package.
    pub origin: Origin,
    /// Whether coordinates become fractions: of the image's size if the origin is the image, of the last coordinate
    /// (size - 1) if it is the window.
    pub normalize: bool,
}

impl Default for Positional {
    /// Fractions of the image.
    fn default() -> Self {
        Self { origin: Origin::Image, normalize: true }
    }
}

impl AnyQuilt {
    /// [`crate::Quilt::positional_into`], for `channels` of `f16`, `bf16`, `f32` or `f64`.
    ///
    /// # Errors
    /// [`Error::Shape`] if `channels` has a different number of channels or window size, [`Error::DataType`], and
    /// [`Error::Argument`] if the indices are too large.
    pub fn positional_into(&self, first: usize, channels: ArrayMut<'_>, positional: Positional) -> Result<()> {
        let count = channels.outer_len();
        self.check_patches(channels.shape(), count, Some(self.ndim))?;
        check_last(first, count)?;
        let channels = channels.five("channels", self.ndim)?;
        crate::with_float!(channels.dtype(), T => {
            self.coordinates::<T>(first, channels, positional);
            Ok(())
        }, else Err(Error::dtype("channels", channels.dtype(), "f16, bf16, f32 or f64")))
    }

    fn coordinates<T: Float>(
        &self,
        first: usize,
        channels: ArrayMut<'_>,
        Positional { origin, normalize }: Positional,
    ) {
        // SAFETY: any bits are valid values of these types, and only values are written.
        let channels = unsafe { channels.bits::<T>() };
        array::divide(channels, [0; 4], 1 << 16, &|at, mut part| {
            let (patches, channels, depth, height, _) = part.dim();
            let mut rows = part.rows_mut().into_iter();
            for (p, c) in (0..patches).flat_map(|p| (0..channels).map(move |c| (p, at[1] + c))) {
                let d = self.axes.len() - self.ndim + c;
                let axis = &self.axes[d];
                let (start, whole) = match origin {
                    Origin::Image => (self.position(first + at[0] + p).1[d], axis.size),
                    Origin::Window => (0, (axis.window - 1).max(1)),
                };
                let divisor = if normalize { whole } else { 1 } as f64;
                let value = |offset: usize| T::from_f64((start + offset) as f64 / divisor);
                for (z, y) in (0..depth).flat_map(|z| (0..height).map(move |y| (z, y))) {
                    let Some(mut row) = rows.next() else { return };
                    if d == 2 {
                        row.iter_mut().enumerate().for_each(|(x, to)| *to = value(x));
                    } else {
                        row.fill(value([at[2] + z, at[3] + y][d]));
                    }
                }
            }
        });
    }
}
