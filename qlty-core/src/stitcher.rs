//! Stitching patch by patch, as a model produces them: in any order, with only the result in memory.

use std::fmt;

use ndarray::{ArrayD, IxDyn};

use crate::accumulate::Accumulation;
use crate::array::{self, product};
use crate::dynamic::{ArrayMut, ArrayRef, DType, OwnedArray};
use crate::element::Real;
use crate::geometry::{AnyQuilt, check_sum};
use crate::monitor::Monitor;
use crate::slots::{Slots, bit};
use crate::weights::WindowRows;
use crate::{Error, Result};

/// The result of [`AnyStitcher::finish`] and [`AnyStitcher::finish_incomplete`].
#[derive(Debug)]
#[non_exhaustive]
pub struct AnyStitched {
    /// The stitched batch, (N,C,Y,X) or (N,C,Z,Y,X).
    pub batch: OwnedArray,
    /// The sums of the weights: (Y,X) or (Z,Y,X), the same for each image; of an incomplete batch (N,Y,X) or (N,Z,Y,X).
    pub weights: OwnedArray,
}

/// [`crate::Stitcher`] for patches of any type and of two or three spatial axes, known at run time.
#[derive(Clone)]
pub struct AnyStitcher {
    quilt: AnyQuilt,
    dtype: DType,
    images: usize,
    channels: usize,
    sums: Sums,
    arrived: Arrivals,
    /// Whether a call panicked while it was adding patches, after which the contents of the sums are unknown.
    is_poisoned: bool,
}

/// Sums of either type.
#[derive(Clone)]
enum Sums {
    F32(SumsOf<f32>),
    F64(SumsOf<f64>),
}

#[derive(Clone)]
struct SumsOf<S> {
    window: WindowRows<S>,
    /// (N,C,Z,Y,X) in standard layout; empty until the first patch arrives.
    values: Vec<S>,
}

/// Evaluates an expression with a name for the [`SumsOf`] of either type.
macro_rules! with_sums {
    ($sums:expr, $of:ident => $run:expr) => {
        match $sums {
            Sums::F32($of) => $run,
            Sums::F64($of) => $run,
        }
    };
}

impl fmt::Debug for AnyStitcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stitcher = f.debug_struct("Stitcher");
        stitcher.field("quilt", &self.quilt).field("dtype", &self.dtype).field("shape", &self.shape());
        stitcher.field("missing", &self.missing_count()).field("is_poisoned", &self.is_poisoned).finish()
    }
}

impl AnyQuilt {
    /// A stitcher for a batch of `images` with `channels`, whose patches are of type `dtype`.
    ///
    /// # Errors
    /// [`Error::Argument`] if the step leaves gaps between the windows, [`Error::Overflow`] and
    /// [`Error::OutOfMemory`].
    pub fn stitcher(&self, dtype: DType, images: usize, channels: usize) -> Result<AnyStitcher> {
        self.check_no_gaps()?;
        let shape = self.batch_shape(images, channels);
        product("bytes of a batch", &[product("pixels of a batch", &shape)?, dtype.sum().size()])?;
        let sums = match dtype.sum() {
            DType::F64 => Sums::F64(SumsOf { window: self.window_rows()?, values: Vec::new() }),
            _ => Sums::F32(SumsOf { window: self.window_rows()?, values: Vec::new() }),
        };
        let arrived = Arrivals::new(self.patch_count(images)?)?;
        Ok(AnyStitcher { quilt: *self, dtype, images, channels, sums, arrived, is_poisoned: false })
    }
}

impl AnyStitcher {
    /// The quilt of this stitcher.
    pub fn quilt(&self) -> &AnyQuilt {
        &self.quilt
    }

    /// The type of the patches.
    pub fn dtype(&self) -> DType {
        self.dtype
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

    /// Adds the patches `first`, `first + 1`, ..., (P,C,y,x) or (P,C,z,y,x).
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches have a different size or number of channels, [`Error::DataType`],
    /// [`Error::Argument`] if an index is outside the batch, [`Error::Duplicate`] if a patch has arrived before, and
    /// [`Error::OutOfMemory`]; nothing is added then. [`Error::Poisoned`].
    pub fn push(&mut self, first: usize, patches: ArrayRef<'_>) -> Result<()> {
        self.check_poisoned()?;
        let len = patches.outer_len();
        self.quilt.check_range(&(first..first.saturating_add(len)), self.images)?;
        if let Some(index) = (first..first + len).find(|index| self.arrived.has(*index)) {
            return Err(Error::Duplicate { index });
        }
        self.add(patches, Slots::Run { first, len })?;
        (first..first + len).for_each(|index| self.arrived.insert(index));
        Ok(())
    }

    /// Adds patches in any order: patch `i` of `patches` has the index `indices[i]`.
    ///
    /// # Errors
    /// The errors of [`AnyStitcher::push`], and [`Error::Argument`] if the numbers of indices and patches differ.
    pub fn push_at(&mut self, indices: &[usize], patches: ArrayRef<'_>) -> Result<()> {
        self.check_poisoned()?;
        let len = patches.outer_len();
        if indices.len() != len {
            return Err(Error::argument("number of indices", indices.len(), format!("{len}, one per patch")));
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

    fn check_poisoned(&self) -> Result<()> {
        if self.is_poisoned { Err(Error::Poisoned { what: "stitcher" }) } else { Ok(()) }
    }

    /// Adds patches whose indices are known to be new.
    fn add(&mut self, patches: ArrayRef<'_>, slots: Slots<'_>) -> Result<()> {
        let count = patches.outer_len();
        self.quilt.check_patches(patches.shape(), count, Some(self.channels))?;
        if !patches.dtype().can_be_read_as(self.dtype) {
            return Err(Error::dtype("patches", patches.dtype(), self.dtype.name()));
        }
        let patches = patches.five("patches", self.quilt.ndim)?;
        self.allocate()?;
        // Only the images that the patches belong to.
        let Some(images) = self.quilt.images_of(&slots) else { return Ok(()) };
        // Sums that hold only a part of these patches are useless: a panic leaves the flag set.
        self.is_poisoned = true;
        with_sums!(&mut self.sums, sums => {
            let image = sums.values.len() / self.images;
            let values = &mut sums.values[images.start * image..images.end * image];
            let monitor = Monitor::new();
            let accumulation = self.quilt.accumulation(patches, slots, &sums.window, &monitor);
            accumulation.images(values, images.start, self.channels);
        });
        self.is_poisoned = false;
        Ok(())
    }

    fn allocate(&mut self) -> Result<()> {
        let pixels = product("pixels of a batch", &self.shape())?;
        with_sums!(&mut self.sums, sums => if sums.values.is_empty() {
            sums.values = array::zeroed("batch", pixels)?;
        });
        Ok(())
    }

    /// Returns the stitched batch and its weights, and resets the stitcher, which is then empty.
    ///
    /// # Errors
    /// [`Error::Incomplete`] while patches are missing, and [`Error::OutOfMemory`]: the stitcher is unchanged then, and
    /// accepts more patches. [`Error::Poisoned`].
    pub fn finish(&mut self) -> Result<AnyStitched> {
        self.check_poisoned()?;
        if self.missing_count() > 0 {
            return Err(Error::Incomplete {
                missing: self.missing_count(),
                total: self.arrived.total,
                first: self.missing().take(10).collect(),
            });
        }
        let mut weights = OwnedArray::zeros("weights", self.dtype.sum(), &self.quilt.size())?;
        self.quilt.weights_into(weights.array_mut())?;
        self.allocate()?;
        let (coverage, monitor) = (self.quilt.coverage(), Monitor::new());
        self.is_poisoned = true;
        with_sums!(&mut self.sums, sums => {
            // No patch is added here: this only divides.
            let (none, slots) = (ArrayRef::no_patches(), Slots::Run { first: 0, len: 0 });
            let nothing = self.quilt.accumulation(none, slots, &sums.window, &monitor);
            let nothing = Accumulation { divide_by: Some(&coverage), ..nothing };
            nothing.images(&mut sums.values, 0, self.channels);
        });
        let batch = self.take()?;
        self.is_poisoned = false;
        Ok(AnyStitched { batch, weights })
    }

    /// Returns the mean of the patches that have arrived, with `fill` in the pixels that none covers, and the weights
    /// that arrived, per image; resets the stitcher as [`AnyStitcher::finish`] does.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`]; the stitcher is unchanged then. [`Error::Poisoned`].
    pub fn finish_incomplete(&mut self, fill: f64) -> Result<AnyStitched> {
        self.check_poisoned()?;
        self.allocate()?;
        let size = self.quilt.size();
        let shape: Vec<usize> = [self.images].into_iter().chain(size.iter().copied()).collect();
        let volume: usize = size.iter().product();
        let weights = with_sums!(&mut self.sums, sums => {
            let mut weights = array::zeroed("weights", product("weights of a batch", &shape)?)?;
            add_weights(&self.quilt, &mut weights, &sums.window, Slots::Bits(&self.arrived.bits))?;
            self.is_poisoned = true;
            fill_and_divide(&mut sums.values, &weights, [self.channels, volume], fill);
            owned("weights", &shape, weights)?
        });
        let batch = self.take()?;
        self.is_poisoned = false;
        Ok(AnyStitched { batch, weights })
    }

    /// [`AnyStitcher::finish`] into the caller's arrays.
    ///
    /// # Errors
    /// The errors of [`AnyStitcher::finish`]; [`Error::Shape`] and [`Error::DataType`] if an array does not have the
    /// shape or type of the result. The stitcher is unchanged then.
    pub fn finish_into(&mut self, batch: ArrayMut<'_>, weights: Option<ArrayMut<'_>>) -> Result<()> {
        let size = self.quilt.size();
        self.check_outputs(&batch, weights.as_ref(), &size)?;
        self.finish()?.write(batch, weights)
    }

    /// [`AnyStitcher::finish_incomplete`] into the caller's arrays.
    ///
    /// # Errors
    /// The errors of [`AnyStitcher::finish_incomplete`]; [`Error::Shape`] and [`Error::DataType`] if an array does not
    /// have the shape or type of the result. The stitcher is unchanged then.
    pub fn finish_incomplete_into(
        &mut self,
        fill: f64,
        batch: ArrayMut<'_>,
        weights: Option<ArrayMut<'_>>,
    ) -> Result<()> {
        let shape: Vec<usize> = [self.images].into_iter().chain(self.quilt.size()).collect();
        self.check_outputs(&batch, weights.as_ref(), &shape)?;
        self.finish_incomplete(fill)?.write(batch, weights)
    }

    fn check_outputs(&self, batch: &ArrayMut<'_>, weights: Option<&ArrayMut<'_>>, of_weights: &[usize]) -> Result<()> {
        let outputs = [("batch", Some(batch), self.shape()), ("weights", weights, of_weights.to_vec())];
        for (name, output, expected) in outputs {
            let Some(output) = output else { continue };
            Error::check_shape(name, output.shape(), &expected)?;
            check_sum(name, output.dtype(), self.dtype)?;
        }
        Ok(())
    }

    /// Takes the sums, which leaves the stitcher empty.
    fn take(&mut self) -> Result<OwnedArray> {
        let shape = self.shape();
        self.arrived.clear();
        with_sums!(&mut self.sums, sums => owned("batch", &shape, std::mem::take(&mut sums.values)))
    }
}

impl AnyStitched {
    fn write(self, mut batch: ArrayMut<'_>, weights: Option<ArrayMut<'_>>) -> Result<()> {
        batch.assign("batch", &self.batch.array_ref())?;
        weights.map_or(Ok(()), |mut weights| weights.assign("weights", &self.weights.array_ref()))
    }
}

/// Adds the weights of the windows of some patches to sums of one channel.
fn add_weights<S: Real>(quilt: &AnyQuilt, sums: &mut [S], window: &WindowRows<S>, slots: Slots<'_>) -> Result<()> {
    let (one, monitor) = (S::from_f64(1.0), Monitor::new());
    quilt.accumulation(quilt.patch_of_ones(&one)?, slots, window, &monitor).images(sums, 0, 1);
    Ok(())
}

impl AnyQuilt {
    /// A patch of ones, in which a single value is repeated: accumulating such patches gives the weights.
    pub(crate) fn patch_of_ones<'a, S: Real>(&self, one: &'a S) -> Result<ArrayRef<'a>> {
        let [z, y, x] = self.window3();
        ArrayRef::repeated("ones", one, &[1, 1, z, y, x])
    }
}

fn fill_and_divide<S: Real>(sums: &mut [S], weights: &[S], [channels, volume]: [usize; 2], fill: f64) {
    let fill = S::from_f64(fill);
    for (sums, weights) in sums.chunks_mut(volume * channels.max(1)).zip(weights.chunks(volume)) {
        for sums in sums.chunks_mut(volume) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = if *weight == S::default() { fill } else { *sum / *weight };
            }
        }
    }
}

fn owned<S: Real>(what: &'static str, shape: &[usize], values: Vec<S>) -> Result<OwnedArray> {
    let values = ArrayD::from_shape_vec(IxDyn(shape), values);
    OwnedArray::from_array(what, values.map_err(|_| Error::shape(what, shape, "the shape of its values"))?)
}

/// Which patches have arrived, one bit each.
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
