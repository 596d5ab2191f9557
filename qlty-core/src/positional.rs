//! Channels that tell a model where its pixels lie.

use std::ops::Range;

use ndarray::{Array, ArrayView, ArrayViewMut, Axis};

use crate::Result;
use crate::array;
use crate::element::Float;
use crate::monitor::Monitor;
use crate::quilt::{Quilt, check_last};
use crate::rank::{BatchDim, Rank, Spatial, five_mut};

/// From where a positional channel counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// The first pixel of the image.
    #[default]
    Image,
    /// The first pixel of the window.
    Window,
}

/// What positional channels hold: one channel per spatial axis, (y, x) or (z, y, x), with each
/// pixel's coordinate along that axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positional {
    /// From where coordinates count. "absolute" and "relative" in the Python package.
    pub origin: Origin,
    /// Whether pixels become fractions: of the image's size where coordinates count from the
    /// image, of the last coordinate (size - 1) where they count from the window.
    pub normalize: bool,
}

impl Default for Positional {
    /// Fractions of the image.
    fn default() -> Self {
        Self { origin: Origin::Image, normalize: true }
    }
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// [`Quilt::unstitch_range`] with the positional channels after those of the batch: (P,C+2,y,x)
    /// or (P,C+3,z,y,x).
    ///
    /// Of floats only, since a coordinate may be a fraction or too large for an integer type. An
    /// `f16` holds coordinates up to 2048 exactly, a `bf16` up to 256.
    ///
    /// # Errors
    /// Those of [`Quilt::unstitch_range`].
    pub fn unstitch_positional<T: Float>(
        &self,
        batch: ArrayView<'_, T, BatchDim<D>>,
        range: Range<usize>,
        positional: Positional,
    ) -> Result<Array<T, BatchDim<D>>> {
        let channels = self.check_batch("batch", batch.shape())?;
        self.check_range(&range, batch.shape()[0])?;
        let mut patches = array::zeros("patches", &self.patches_shape(range.len(), channels.saturating_add(D)))?;
        let (pixels, positions) = patches.view_mut().split_at(Axis(1), channels);
        self.unstitch_into(batch, range.start, pixels, &Monitor::new())?;
        self.positional_into(range.start, positions, positional)?;
        Ok(patches)
    }

    /// The positional channels alone, of as many patches as `out` has room for, from index `first`
    /// on, into an array (P,2,y,x) or (P,3,z,y,x) of the caller's, of any strides.
    ///
    /// # Errors
    /// [`crate::Error::Shape`] where `out` has another number of channels or another window,
    /// [`crate::Error::Argument`] where the indices are too large.
    pub fn positional_into<T: Float>(
        &self,
        first: usize,
        out: ArrayViewMut<'_, T, BatchDim<D>>,
        Positional { origin, normalize }: Positional,
    ) -> Result<()> {
        self.check_patches(out.shape(), out.shape()[0], Some(D))?;
        check_last(first, out.shape()[0])?;
        let out = five_mut::<_, _, D>("positional channels", out)?;
        array::divide(out, [0; 4], 1 << 16, &|at, mut part| {
            let (patches, channels, depth, height, _) = part.dim();
            let mut rows = part.rows_mut().into_iter();
            for (p, c) in (0..patches).flat_map(|p| (0..channels).map(move |c| (p, at[1] + c))) {
                let d = self.axes.len() - D + c;
                let axis = &self.axes[d];
                let (start, whole) = match origin {
                    Origin::Image => (self.starts(self.place(first + at[0] + p).1)[d], axis.size),
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
        Ok(())
    }
}
