//! Pairs with the statistics of their patches, without the patches.

use std::fmt;

use half::{bf16, f16};
use qlty_core::zarr::Result;
use qlty_core::{Element, Error, Monitor, Rank, Spatial};

use super::extract::any_pairs;
use super::{Pair, PairOptions, collect, last};
use crate::extent::Extent;
use crate::metadata::{self, Statistics, gather, statistics_of};
use crate::{AnyPairDrawer, AnyPairMetadata, Column, ErasedSource, ImageSource};

/// An [`Element`] type with statistics: all but `bool`.
pub trait Number: Element {}

macro_rules! number {
    ($($type:ty)*) => {$(impl Number for $type {})*};
}

number!(u8 i8 u16 i16 u32 i32 u64 i64 f16 bf16 f32 f64);

/// Pairs, and the mean and standard deviation of each patch, for selecting pairs before any is extracted. The
/// statistics are empty if they were not computed.
#[derive(Clone, PartialEq)]
pub struct PairMetadata<const D: usize> {
    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub window: [usize; D],
    /// The pairs, in the order of the images.
    pub pairs: Vec<Pair<D>>,
    /// The mean of each first patch, over channels and pixels.
    pub mean1: Vec<f64>,
    /// The sample standard deviation (n - 1) of each first patch; NaN for a single pixel.
    pub sigma1: Vec<f64>,
    /// The mean of each second patch.
    pub mean2: Vec<f64>,
    /// The sample standard deviation of each second patch.
    pub sigma2: Vec<f64>,
}

impl<const D: usize> fmt::Debug for PairMetadata<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("PairMetadata");
        let (pairs, measured) = (self.pairs.len(), self.mean1.len() == self.pairs.len());
        told.field("window", &self.window).field("pairs", &pairs).field("measured", &measured).finish()
    }
}

impl<const D: usize> PairMetadata<D>
where
    Spatial<D>: Rank,
{
    /// Pairs without statistics.
    pub fn unmeasured(window: [usize; D], pairs: Vec<Pair<D>>) -> Self {
        Self::measured(window, pairs, Statistics::default())
    }

    fn measured(window: [usize; D], pairs: Vec<Pair<D>>, statistics: Statistics) -> Self {
        let Statistics { mean1, sigma1, mean2, sigma2 } = statistics;
        Self { window, pairs, mean1, sigma1, mean2, sigma2 }
    }

    /// Converts metadata of pairs with the same number of axes.
    pub(super) fn of(metadata: AnyPairMetadata) -> Result<Self> {
        let AnyPairMetadata { window, pairs, statistics } = metadata;
        Ok(Self::measured(last(window.zyx), collect("pairs", &pairs, Pair::of)?, statistics))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The names of the columns, the same as in qlty: `image_idx`, `patch1_y`, `patch1_x`, `patch2_y`, `patch2_x`,
    /// `dx`, `dy`, `rotation`, `mean1`, `sigma1`, `mean2` and `sigma2`; for volumes also `patch1_z` before `patch1_y`,
    /// `patch2_z` before `patch2_y`, and `dz` after `dy`.
    pub fn column_names() -> impl Iterator<Item = &'static str> {
        metadata::column_names(D)
    }

    /// The column with this name; `None` if there is none.
    pub fn column(&self, name: &str) -> Option<Column> {
        let statistics: [&[f64]; 4] = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        metadata::column(D, self.len(), &|p| self.pairs[p].into(), statistics, name)
    }

    /// All columns, in the order of [`PairMetadata::column_names`].
    pub fn columns(&self) -> Vec<(&'static str, Column)> {
        Self::column_names().filter_map(|name| Some((name, self.column(name)?))).collect()
    }

    /// The metadata of selected pairs, in the order of `indices`, which may repeat.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such pair, or the columns differ in length; [`Error::OutOfMemory`].
    pub fn select(&self, indices: &[usize]) -> qlty_core::Result<Self> {
        let pairs = gather(&self.pairs, indices)?;
        let columns = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        let statistics = Statistics::select(columns.map(Vec::as_slice), self.len(), indices)?;
        Ok(Self::measured(self.window, pairs, statistics))
    }
}

impl<const D: usize> TryFrom<&PairMetadata<D>> for AnyPairMetadata
where
    Spatial<D>: Rank,
{
    type Error = Error;

    fn try_from(metadata: &PairMetadata<D>) -> qlty_core::Result<Self> {
        let PairMetadata { window, pairs, mean1, sigma1, mean2, sigma2 } = metadata;
        let [mean1, sigma1, mean2, sigma2] = [mean1, sigma1, mean2, sigma2].map(Clone::clone);
        let statistics = Statistics { mean1, sigma1, mean2, sigma2 };
        Ok(Self { window: Extent::window(window)?, pairs: any_pairs(pairs)?, statistics })
    }
}

/// Draws the pairs that [`crate::extract_patch_pairs`] would draw with the same options, and computes the statistics of
/// their patches instead of extracting them.
///
/// ```
/// use qlty_pairs::*;
/// let images = ndarray::Array4::<u16>::from_shape_fn((4, 2, 60, 80), |(n, _, y, x)| (n * y * x) as u16);
/// let metadata = extract_patch_pairs_metadata(&images.view(), &PairOptions::new([16, 16], 50, (4.0, 12.0)))?;
/// let chosen = stratified_sample_by_quantiles(&metadata.mean1, &metadata.sigma1, 4, 3, 0)?;
/// let pairs = extract_patches_from_metadata(&images.view(), &metadata, &chosen, Positions::None)?;
/// assert_eq!(pairs.patches1.dim().0, chosen.len());
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
/// The errors of [`crate::PairDrawer::new`]; [`Error::Overflow`] and [`Error::OutOfMemory`]; the errors of the source.
pub fn extract_patch_pairs_metadata<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    extract_patch_pairs_metadata_with_monitor(source, options, &Monitor::new())
}

/// [`extract_patch_pairs_metadata`] with a monitor. Progress is counted in patches.
///
/// # Errors
/// The errors of [`extract_patch_pairs_metadata`], and [`Error::Cancelled`].
pub fn extract_patch_pairs_metadata_with_monitor<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
    monitor: &Monitor,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    let pairs = AnyPairDrawer::new(options.clone().into(), &source.size())?.all(source.images())?;
    PairMetadata::of(metadata::measure_pairs(&ErasedSource::new(source), &options.window, pairs, monitor)?)
}

/// The statistics of the patches of given pairs. Progress is counted in patches.
///
/// # Errors
/// [`Error::Argument`] if a pair extends beyond the images, or its rotation does not fit the window;
/// [`Error::Overflow`] and [`Error::Cancelled`]; the errors of the source.
pub fn measure_pairs<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: Vec<Pair<D>>,
    monitor: &Monitor,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    let statistics = statistics_of(&ErasedSource::new(source), Extent::window(&window)?, &any_pairs(&pairs)?, monitor)?;
    Ok(PairMetadata::measured(window, pairs, statistics))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> ndarray::Array4<u16> {
        ndarray::Array4::from_shape_fn((2, 2, 30, 40), |(n, c, y, x)| (n + 7 * c + y * x) as u16)
    }

    #[test]
    fn columns_have_qltys_names_and_order() {
        let options = PairOptions::new([8, 8], 3, (2.0, 6.0));
        let metadata = extract_patch_pairs_metadata(&images().view(), &options).unwrap();
        let names: Vec<_> = metadata.columns().into_iter().map(|(name, _)| name).collect();
        let rest = ["dx", "dy", "rotation", "mean1", "sigma1", "mean2", "sigma2"];
        assert_eq!(names, [&["image_idx", "patch1_y", "patch1_x", "patch2_y", "patch2_x"][..], &rest].concat());
        assert_eq!(metadata.column("dz"), None);
        let starts = metadata.pairs.iter().map(|pair| pair.start2[1] as i64).collect();
        assert_eq!(metadata.column("patch2_x"), Some(Column::Integers(starts)));
        let volumes: Vec<_> = PairMetadata::<3>::column_names().collect();
        assert_eq!(volumes[1..4], ["patch1_z", "patch1_y", "patch1_x"]);
        assert_eq!(volumes[7..10], ["dx", "dy", "dz"]);
    }

    #[test]
    fn given_pairs_are_measured_like_drawn_ones() {
        let options = PairOptions::new([8, 8], 3, (2.0, 6.0)).rotations([0, 1]);
        let drawn = extract_patch_pairs_metadata(&images().view(), &options).unwrap();
        let given = PairMetadata::unmeasured([8, 8], drawn.pairs.clone()).select(&[5, 0, 0]).unwrap();
        assert!(given.mean1.is_empty() && given.sigma2.is_empty());
        let measured = measure_pairs(&images().view(), [8, 8], given.pairs, &Monitor::new()).unwrap();
        assert_eq!(measured, drawn.select(&[5, 0, 0]).unwrap());
        assert!(drawn.select(&[6]).is_err());
    }
}
