//! Adding patches to the sums of a tile, and making a mean and a standard deviation of them.

use std::any::Any;
use std::ops::Range;

use ndarray::{ArrayView, ArrayView5, Axis, Slice, s};
use qlty_core::array::{five, zeros};
use qlty_core::region::{BoxSewer, PixelBox};
use qlty_core::{BatchDim, Element, Rank, Real, Result, Spatial, WindowDim};

use crate::options::{Accumulator, Std};

/// Sums, squares and weights of a tile, one after the other: what is summed is (C,Y,X) or (C,Z,Y,X), of which there are
/// two where a standard deviation is wanted, and the weights so far are (Y,X) or (Z,Y,X), for [`Std::Total`] only.
#[derive(Debug)]
pub(crate) struct Sewing<'a, A, const D: usize>
where
    Spatial<D>: Rank,
{
    pub(crate) sewer: &'a BoxSewer<A, D>,
    pub(crate) std: Std,
    pub(crate) normalize: bool,
    pub(crate) fill: A,
    /// The weights of a window, for [`Std::Total`] only.
    pub(crate) window: Option<&'a ndarray::Array<A, WindowDim<D>>>,
    pub(crate) channels: usize,
    pub(crate) pixels: PixelBox<D>,
}

impl<A: Accumulator, const D: usize> Sewing<'_, A, D>
where
    Spatial<D>: Rank,
{
    fn len(&self) -> usize {
        self.channels * self.pixels.volume()
    }

    /// Adds patches, whose indices and places are in ascending order of the index.
    pub(crate) fn add<T: Element>(
        &self,
        values: &mut Vec<A>,
        patches: ArrayView<'_, T, BatchDim<D>>,
        variances: Option<ArrayView<'_, T, BatchDim<D>>>,
        pairs: &[(usize, usize)],
    ) -> Result<()> {
        let len = self.len();
        if let Some(window) = self.window {
            // How far a patch is from the mean so far depends on the order, so each comes by itself.
            let window = five::<_, _, D>("weights of a window", window.view())?;
            for (index, slot) in pairs {
                let all = five::<_, _, D>("patches", patches.view())?;
                self.spread(values, *index, all.slice(s![*slot..slot + 1, .., .., .., ..]), window);
                self.sew(values, 0..len, patches.view(), &[(*index, *slot)])?;
                self.sewer.add_weights(&mut values[2 * len..], &self.pixels, &[*index])?;
            }
        } else {
            self.sew(values, 0..len, patches, pairs)?;
        }
        variances.map_or(Ok(()), |variances| self.sew(values, len..2 * len, variances, pairs))
    }

    /// Adds patches to some of the values.
    #[allow(clippy::ptr_arg, reason = "a slice has no type to be asked for; a vector has")]
    fn sew<T: Element>(
        &self,
        values: &mut Vec<A>,
        range: Range<usize>,
        patches: ArrayView<'_, T, BatchDim<D>>,
        pairs: &[(usize, usize)],
    ) -> Result<()> {
        // Where the type of the sums is that of the in-memory stitch, patches are added as they are.
        let sewer = (self.sewer as &dyn Any).downcast_ref::<BoxSewer<T::Sum, D>>();
        let sums = (values as &mut dyn Any).downcast_mut::<Vec<T::Sum>>();
        if let (Some(sewer), Some(sums)) = (sewer, sums) {
            return sewer.add(&mut sums[range], &self.pixels, patches, pairs);
        }
        for (index, slot) in pairs {
            let patch = patches.slice_axis(Axis(0), Slice::from(*slot..slot + 1));
            let patch = patch.map(|value| A::from_f64(value.widen().to_f64()));
            self.sewer.add(&mut values[range.clone()], &self.pixels, patch.view(), &[(*index, 0)])?;
        }
        Ok(())
    }

    /// Adds to the squares how far a patch is from the mean so far: `w W / (w + W) (x - m)²`, with the weights `W` so
    /// far.
    fn spread<T: Element>(&self, values: &mut [A], index: usize, patch: ArrayView5<'_, T>, window: ArrayView5<'_, A>) {
        let (position, volume, len) = (self.sewer.quilt().position(index), self.pixels.volume(), self.len());
        let (sums, rest) = values.split_at_mut(len);
        let (squares, weights) = rest.split_at_mut(len);
        // The pixels that the patch and the tile share, along (z, y, x): where they begin in each, and how many.
        let (mut in_patch, mut in_tile, mut size, mut tile) = ([0; 3], [0; 3], [1; 3], [1; 3]);
        for d in 0..D {
            let (patch_start, tile_start) = (position.start[d], self.pixels.start[d]);
            let start = patch_start.max(tile_start);
            let end = (patch_start + self.sewer.quilt().window()[d]).min(tile_start + self.pixels.size[d]);
            let at = 3 - D + d;
            (in_patch[at], in_tile[at], size[at]) =
                (start - patch_start, start - tile_start, end.saturating_sub(start));
            tile[at] = self.pixels.size[d];
        }
        let [from_z, from_y, from_x] = in_patch;
        let columns = from_x..from_x + size[2];
        for c in 0..self.channels {
            for (z, y) in (0..size[0]).flat_map(|z| (0..size[1]).map(move |y| (z, y))) {
                let at = ((in_tile[0] + z) * tile[1] + in_tile[1] + y) * tile[2] + in_tile[2];
                let row = patch.slice(s![0, c, from_z + z, from_y + y, columns.clone()]);
                let window = window.slice(s![0, 0, from_z + z, from_y + y, columns.clone()]);
                let sums = &sums[c * volume + at..][..size[2]];
                let squares = &mut squares[c * volume + at..][..size[2]];
                let weights = &weights[at..][..size[2]];
                for ((((value, window), sum), square), weight) in
                    row.iter().zip(window).zip(sums).zip(squares).zip(weights)
                {
                    if *weight > A::default() {
                        let apart = A::from_f64(value.widen().to_f64()) - *sum / *weight;
                        *square += *window * (*weight / (*window + *weight)) * (apart * apart);
                    }
                }
            }
        }
    }

    /// Makes means of the sums, and standard deviations of the squares. `added` are the patches that the tile has,
    /// where it has not all.
    pub(crate) fn conclude(&self, values: &mut [A], added: Option<&[usize]>) -> Result<()> {
        let (len, volume) = (self.len(), self.pixels.volume());
        let kinds = if self.std == Std::None { 1 } else { 2 };
        match added {
            None => {
                for sums in values.chunks_exact_mut(len).take(kinds) {
                    self.sewer.divide(sums, &self.pixels)?;
                }
            }
            Some(added) => {
                let weights: ndarray::Array1<A> = zeros("weights of a tile", &[volume])?;
                let (mut weights, _) = weights.into_raw_vec_and_offset();
                self.sewer.add_weights(&mut weights, &self.pixels, added)?;
                for sums in values[..kinds * len].chunks_exact_mut(volume) {
                    for (sum, weight) in sums.iter_mut().zip(&weights) {
                        *sum = if *weight == A::default() { self.fill } else { *sum / *weight };
                    }
                }
                self.finish(values, Some(&weights));
                return Ok(());
            }
        }
        self.finish(values, None);
        Ok(())
    }

    /// Takes roots, and normalizes; pixels without `weights` stay as they are.
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
