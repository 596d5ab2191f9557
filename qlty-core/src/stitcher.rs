//! Stitching patch by patch, as a model gives them: in any order, holding only the result.

use ndarray::{Array, ArrayD, ArrayView, ArrayView5, IxDyn};

use crate::array::{self, product};
use crate::element::{Element, Float, Real};
use crate::monitor::Monitor;
use crate::quilt::Quilt;
use crate::rank::{BatchDim, ImageDim, Rank, Spatial, five};
use crate::rows::Rows;
use crate::sew::{Sewing, Slots, bit};
use crate::stitch::Stitched;
use crate::weights::WindowRows;
use crate::{Error, Result};

/// What [`Stitcher::finish_incomplete`] gives: the batch, and per image and pixel the sum of the
/// weights that arrived, (N,Y,X) or (N,Z,Y,X).
pub type IncompletelyStitched<S, const D: usize> = (Array<S, BatchDim<D>>, Array<S, ImageDim<D>>);

/// Takes the patches of a batch as they come and stitches them together.
///
/// It holds the sums of the batch and a bit per patch, nothing else. Patches that arrive in the
/// order of their index give the result of [`Quilt::stitch`] to the bit; other orders give it to
/// the rounding of the sums. A stitcher may be moved between threads; [`Stitcher::push`] itself
/// works on all of them.
///
/// ```
/// use qlty_core::{Error, NcyxQuilt};
/// let quilt = NcyxQuilt::builder([64, 64], [16, 16], [8, 8]).border(2).build()?;
/// let batch = ndarray::Array4::<f32>::from_elem((1, 3, 64, 64), 0.5);
/// let mut stitcher = quilt.stitcher::<f32>(1, 3)?;
/// for first in (0..quilt.patch_count(1)?).step_by(7) {
///     let patches = quilt.unstitch_range(batch.view(), first..first + 7)?;
///     stitcher.push(first, patches.map(|v| v * 2.0).view())?;
/// }
/// let (stitched, weights) = stitcher.finish()?;
/// assert!(stitched.iter().all(|v| (v - 1.0).abs() < 1e-6));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Stitcher<T: Element, const D: usize> {
    quilt: Quilt<D>,
    window: WindowRows<T::Sum>,
    images: usize,
    channels: usize,
    /// The sums, (N,C,Z,Y,X) in standard layout; empty until the first patch comes.
    sums: Vec<T::Sum>,
    arrived: Arrivals,
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// A stitcher for a batch of `images` with `channels`, whose patches are of type `T`.
    ///
    /// # Errors
    /// [`Error::Argument`] where the step leaves gaps between the windows, [`Error::Overflow`] and
    /// [`Error::OutOfMemory`].
    pub fn stitcher<T: Element>(&self, images: usize, channels: usize) -> Result<Stitcher<T, D>> {
        self.check_no_gaps()?;
        let shape = self.batch_shape(images, channels);
        product("bytes of a batch", &[product("pixels of a batch", &shape)?, size_of::<T::Sum>()])?;
        Ok(Stitcher {
            window: self.window_rows()?,
            images,
            channels,
            sums: Vec::new(),
            arrived: Arrivals::new(self.patch_count(images)?)?,
            quilt: *self,
        })
    }
}

impl<T: Element, const D: usize> Stitcher<T, D>
where
    Spatial<D>: Rank,
{
    /// The quilt that this stitches for.
    pub fn quilt(&self) -> &Quilt<D> {
        &self.quilt
    }

    /// The shape of the batch: (N,C,Y,X) or (N,C,Z,Y,X).
    pub fn shape(&self) -> Vec<usize> {
        self.quilt.batch_shape(self.images, self.channels)
    }

    /// The number of patches that have not arrived.
    pub fn missing_count(&self) -> usize {
        self.arrived.total - self.arrived.count
    }

    /// The indices of the patches that have not arrived, ascending.
    pub fn missing(&self) -> impl Iterator<Item = usize> {
        (0..self.arrived.total).filter(|index| !self.arrived.has(*index))
    }

    /// Adds the patches `first`, `first + 1`, ..., (P,C,y,x) or (P,C,z,y,x) of any strides.
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches have another size or number of channels,
    /// [`Error::Argument`] where an index leaves the batch, [`Error::Duplicate`] where a patch has
    /// arrived before, and [`Error::OutOfMemory`]. Nothing is added then.
    pub fn push(&mut self, first: usize, patches: ArrayView<'_, T, BatchDim<D>>) -> Result<()> {
        let len = patches.shape()[0];
        self.quilt.check_range(&(first..first.saturating_add(len)), self.images)?;
        if let Some(index) = (first..first + len).find(|index| self.arrived.has(*index)) {
            return Err(Error::Duplicate { index });
        }
        self.add(patches, Slots::Run { first, len })?;
        (first..first + len).for_each(|index| self.arrived.insert(index));
        Ok(())
    }

    /// Adds patches in any order: the first of `patches` has the first of the `indices`, and so on.
    ///
    /// # Errors
    /// Those of [`Stitcher::push`], and [`Error::Argument`] where there are not as many indices
    /// as patches.
    pub fn push_at(&mut self, indices: &[usize], patches: ArrayView<'_, T, BatchDim<D>>) -> Result<()> {
        if indices.len() != patches.shape()[0] {
            let expected = format!("{}, one per patch", patches.shape()[0]);
            return Err(Error::argument("number of indices", indices.len(), expected));
        }
        let mut sorted: Vec<_> = indices.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        if let Some((last, _)) = sorted.last() {
            self.quilt.check_range(&(*last..last.saturating_add(1)), self.images)?;
        }
        let twice = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0);
        if let Some(index) = twice.or_else(|| indices.iter().copied().find(|index| self.arrived.has(*index))) {
            return Err(Error::Duplicate { index });
        }
        self.add(patches, Slots::Sorted(&sorted))?;
        indices.iter().for_each(|index| self.arrived.insert(*index));
        Ok(())
    }

    fn add(&mut self, patches: ArrayView<'_, T, BatchDim<D>>, slots: Slots<'_>) -> Result<()> {
        self.quilt.check_patches(patches.shape(), patches.shape()[0], Some(self.channels))?;
        let patches = five::<_, _, D>("patches", patches)?;
        self.allocate()?;
        let monitor = Monitor::new();
        // Only the images that the patches are of.
        let Some(touched) = slots.range() else { return Ok(()) };
        let per_image = self.quilt.patches_per_image();
        let (first, last) = (touched.start / per_image, (touched.end - 1) / per_image);
        let image = self.sums.len() / self.images;
        let sums = &mut self.sums[first * image..(last + 1) * image];
        self.quilt.sewing(patches, slots, &self.window, &monitor).images(sums, first, self.channels);
        Ok(())
    }

    fn allocate(&mut self) -> Result<()> {
        if self.sums.is_empty() {
            self.sums = array::zeroed("batch", product("pixels of a batch", &self.shape())?)?;
        }
        Ok(())
    }

    /// Gives the stitched batch and its weights, and begins anew: the stitcher is then empty.
    ///
    /// # Errors
    /// [`Error::Incomplete`] while patches are missing, and [`Error::OutOfMemory`]. The stitcher
    /// is unchanged then, and takes more patches.
    pub fn finish(&mut self) -> Result<Stitched<T::Sum, D>> {
        if self.missing_count() > 0 {
            return Err(Error::Incomplete {
                missing: self.missing_count(),
                total: self.arrived.total,
                first: self.missing().take(10).collect(),
            });
        }
        let (weights, coverage) = (self.quilt.weights()?, self.quilt.coverage());
        self.allocate()?;
        let monitor = Monitor::new();
        // Nothing is added any more: this only divides.
        let nothing = Sewing::<T> {
            axes: self.quilt.axes,
            patches: Rows::Flat(&[], [0; 5]),
            slots: Slots::Run { first: 0, len: 0 },
            weights: &self.window,
            divide_by: Some(&coverage),
            fresh: false,
            monitor: &monitor,
        };
        nothing.images(&mut self.sums, 0, self.channels);
        Ok((self.take()?, weights))
    }

    /// Gives the mean of the patches that have arrived, with `fill` in the pixels that none has
    /// reached, and the weights that arrived, per image; begins anew as [`Stitcher::finish`].
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the stitcher is unchanged then.
    pub fn finish_incomplete(&mut self, fill: T::Sum) -> Result<IncompletelyStitched<T::Sum, D>> {
        let shape: Vec<usize> = [self.images].into_iter().chain(self.quilt.size()).collect();
        let volume: usize = self.quilt.size().iter().product();
        let mut weights = array::zeroed::<T::Sum>("weights", product("weights of a batch", &shape)?)?;
        // The weights are what patches of ones add up to; one pixel stands for all of theirs.
        let one = [<T::Sum as Float>::from_f64(1.0)];
        let [z, y, x] = self.quilt.axes.map(|axis| axis.window);
        let ones = ArrayView5::from_shape([1; 5], &one).ok();
        if let Some(ones) = ones.as_ref().and_then(|ones| ones.broadcast((1, 1, z, y, x))) {
            let monitor = Monitor::new();
            let slots = Slots::Bits(&self.arrived.bits);
            self.quilt.sewing::<T::Sum>(ones, slots, &self.window, &monitor).images(&mut weights, 0, 1);
        }
        self.allocate()?;
        for (sums, weights) in self.sums.chunks_mut(volume * self.channels.max(1)).zip(weights.chunks(volume)) {
            for sums in sums.chunks_mut(volume) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum = if *weight == T::Sum::default() { fill } else { *sum / *weight };
                }
            }
        }
        Ok((self.take()?, typed("weights", &shape, weights)?))
    }

    /// Takes the sums out, which leaves the stitcher empty.
    fn take(&mut self) -> Result<Array<T::Sum, BatchDim<D>>> {
        let shape = self.shape();
        self.arrived.clear();
        typed("batch", &shape, std::mem::take(&mut self.sums))
    }
}

fn typed<S: Real, Dim: ndarray::Dimension>(
    what: &'static str,
    shape: &[usize],
    values: Vec<S>,
) -> Result<Array<S, Dim>> {
    let mismatch = |_| Error::shape(what, shape, "the shape of its values");
    ArrayD::from_shape_vec(IxDyn(shape), values).map_err(mismatch)?.into_dimensionality().map_err(mismatch)
}

/// Which patches have arrived, a bit each.
#[derive(Debug, Clone)]
struct Arrivals {
    bits: Vec<u64>,
    /// The number of bits set.
    count: usize,
    /// The number of patches; bits from here on stay zero.
    total: usize,
}

impl Arrivals {
    fn new(total: usize) -> Result<Self> {
        Ok(Self { bits: array::zeroed("a bit per patch", total.div_ceil(64))?, count: 0, total })
    }

    fn has(&self, index: usize) -> bool {
        bit(&self.bits, index)
    }

    /// Sets a bit that is not set.
    fn insert(&mut self, index: usize) {
        self.bits[index / 64] |= 1 << (index % 64);
        self.count += 1;
    }

    fn clear(&mut self) {
        self.bits.fill(0);
        self.count = 0;
    }
}
