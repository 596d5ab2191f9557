//! Adding patches to the sums of a tile, and turning sums into means and standard deviations.
//!
//! Patches are added by the same kernel that stitches in memory, [`BoxAccumulator`]: if they arrive in the order of
//! their index, the results are bit-identical.

use ndarray::{Array5, ArrayView3, ArrayView5, s};
use qlty_core::dynamic::ArrayRef;
use qlty_core::internal::array::zeroed;
use qlty_core::internal::region::{BoxAccumulator, PixelBox};
use qlty_core::{Element, Real, Result, with_dtype};

use crate::Std;

/// The accumulation of one tile.
///
/// Its values are sums, squares and weights, one after the other: the sums are (C,Z,Y,X); the squares, if there is a
/// standard deviation, have the same shape; the weights so far, for [`Std::Total`] only, are (Z,Y,X).
#[derive(Debug)]
pub(crate) struct Accumulation<'a, A> {
    pub(crate) accumulator: &'a BoxAccumulator<A>,
    pub(crate) std: Std,
    pub(crate) normalize: bool,
    pub(crate) fill: A,
    /// The weights of a window, (z, y, x), for [`Std::Total`] only.
    pub(crate) window: Option<ArrayView3<'a, A>>,
    pub(crate) channels: usize,
    pub(crate) pixels: PixelBox,
}

/// The values of an array of five axes, as sums.
fn converted<A: Real>(values: ArrayRef<'_>) -> Array5<A> {
    with_dtype!(values.dtype(), T => values.bits::<T>().map(|value| A::from_f64(value.widen().to_f64())))
}

impl<A: Real> Accumulation<'_, A> {
    fn len(&self) -> usize {
        self.channels * self.pixels.volume()
    }

    /// Adds patches, (P,C,y,x) or (P,C,z,y,x), given as pairs of index and position in ascending order of the index.
    pub(crate) fn add(
        &self,
        values: &mut [A],
        patches: ArrayRef<'_>,
        variances: Option<ArrayRef<'_>>,
        pairs: &[(usize, usize)],
    ) -> Result<()> {
        let len = self.len();
        let (sums, rest) = values.split_at_mut(len);
        if let Some(window) = self.window {
            let (squares, weights) = rest.split_at_mut(len);
            // The distance of a patch from the mean so far depends on the order, so patches are added one by one.
            for pair in pairs {
                let patch = patches.part(0, pair.1..pair.1 + 1);
                self.add_spread((sums, squares, weights), pair.0, patch, window)?;
                self.accumulator.add(sums, &self.pixels, patch, &[(pair.0, 0)])?;
                self.accumulator.add_weights(weights, &self.pixels, &[pair.0])?;
            }
        } else {
            self.accumulator.add(sums, &self.pixels, patches, pairs)?;
        }
        let squares = |variances| self.accumulator.add(&mut rest[..len], &self.pixels, variances, pairs);
        variances.map_or(Ok(()), squares)
    }

    /// Adds to the squares the distance of a patch, (1,C,y,x) or (1,C,z,y,x), from the mean so far:
    /// `w W / (w + W) (x - m)²`, with the weights `W` so far.
    fn add_spread(
        &self,
        (sums, squares, weights): (&[A], &mut [A], &[A]),
        index: usize,
        patch: ArrayRef<'_>,
        window: ArrayView3<'_, A>,
    ) -> Result<()> {
        let (quilt, volume) = (self.accumulator.quilt(), self.pixels.volume());
        let ((_, start), patch_size) = (quilt.position(index), quilt.window3());
        // The intersection of the patch and the tile: where it starts in each, and its size.
        let (mut in_patch, mut in_tile, mut size) = ([0; 3], [0; 3], [0; 3]);
        for d in 0..3 {
            let (patch_start, tile_start) = (start[d], self.pixels.start[d]);
            let start = patch_start.max(tile_start);
            let end = (patch_start + patch_size[d]).min(tile_start + self.pixels.size[d]);
            (in_patch[d], in_tile[d], size[d]) = (start - patch_start, start - tile_start, end.saturating_sub(start));
        }
        let along = |d: usize| in_patch[d]..in_patch[d] + size[d];
        let window = window.slice(s![along(0), along(1), along(2)]);
        let patch = (0..3).fold(patch.five("patch", quilt.ndim())?, |patch, d| patch.part(2 + d, along(d)));
        let other;
        let patch: ArrayView5<'_, A> = if patch.dtype() == A::DTYPE {
            patch.bits()
        } else {
            other = converted(patch);
            other.view()
        };
        let [_, height, width] = self.pixels.size;
        for c in 0..self.channels {
            for (z, y) in (0..size[0]).flat_map(|z| (0..size[1]).map(move |y| (z, y))) {
                let at = ((in_tile[0] + z) * height + in_tile[1] + y) * width + in_tile[2];
                let (row, window) = (patch.slice(s![0, c, z, y, ..]), window.slice(s![z, y, ..]));
                let sums = &sums[c * volume + at..][..size[2]];
                let squares = &mut squares[c * volume + at..][..size[2]];
                let weights = &weights[at..][..size[2]];
                for ((((value, window), sum), square), weight) in
                    row.iter().zip(window).zip(sums).zip(squares).zip(weights)
                {
                    if *weight > A::default() {
                        let apart = *value - *sum / *weight;
                        *square += *window * (*weight / (*window + *weight)) * (apart * apart);
                    }
                }
            }
        }
        Ok(())
    }

    /// Turns sums into means, and squares into standard deviations. `added` are the patches that were added to the
    /// tile, if these are not all that overlap it.
    pub(crate) fn conclude(&self, values: &mut [A], added: Option<&[usize]>) -> Result<()> {
        let (len, volume) = (self.len(), self.pixels.volume());
        let kinds = if self.std == Std::None { 1 } else { 2 };
        let Some(added) = added else {
            for sums in values.chunks_exact_mut(len).take(kinds) {
                self.accumulator.divide(sums, &self.pixels)?;
            }
            self.finish(values, None);
            return Ok(());
        };
        let mut weights = zeroed("weights of a tile", volume)?;
        self.accumulator.add_weights(&mut weights, &self.pixels, added)?;
        for sums in values[..kinds * len].chunks_exact_mut(volume) {
            for (sum, weight) in sums.iter_mut().zip(&weights) {
                *sum = if *weight == A::default() { self.fill } else { *sum / *weight };
            }
        }
        self.finish(values, Some(&weights));
        Ok(())
    }

    /// Takes square roots, and normalizes; pixels without `weights` stay unchanged.
    fn finish(&self, values: &mut [A], weights: Option<&[A]>) {
        let (len, volume) = (self.len(), self.pixels.volume());
        let is_reached = |pixel: usize| weights.is_none_or(|weights| weights[pixel] != A::default());
        let (means, rest) = values.split_at_mut(len);
        let deviations = if self.std == Std::None { &mut [] } else { &mut rest[..len] };
        for deviations in deviations.chunks_exact_mut(volume) {
            for (_, deviation) in deviations.iter_mut().enumerate().filter(|(pixel, _)| is_reached(*pixel)) {
                *deviation = deviation.sqrt();
            }
        }
        if !self.normalize {
            return;
        }
        for i in (0..volume).filter(|i| is_reached(*i)) {
            let total = (0..self.channels).fold(A::default(), |total, c| total + means[c * volume + i]);
            let size = if total < A::default() { A::default() - total } else { total };
            for c in 0..self.channels {
                means[c * volume + i] /= total;
                if let Some(deviation) = deviations.get_mut(c * volume + i) {
                    *deviation /= size;
                }
            }
        }
    }
}
