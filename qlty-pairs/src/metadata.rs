//! Pairs with the statistics of their patches, without the patches.

use ndarray::ArrayView4;
use qlty_core::zarr::Result;
use qlty_core::{Element, Error, Monitor, Rank, Spatial};
use rayon::prelude::*;

use crate::extract::{check_pairs, extract_pairs, extract_pairs_into};
use crate::failure::Failure;
use crate::statistics::{Number, mean_and_sigma};
use crate::{ImageSource, Pair, PairDrawer, PairOptions, PatchPairs, PatchPairsMut, Positions, Region, Side};

/// Pairs, and the mean and standard deviation of each patch: what it takes to choose among them
/// before any is cut out.
#[derive(Debug, Clone, PartialEq)]
pub struct PairMetadata<const D: usize> {
    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub window: [usize; D],
    /// The pairs, in the order of the images.
    pub pairs: Vec<Pair<D>>,
    /// The mean of each first patch, over channels and pixels.
    pub mean1: Vec<f64>,
    /// The sample standard deviation (n - 1) of each first patch; NaN of a single pixel.
    pub sigma1: Vec<f64>,
    /// The mean of each second patch.
    pub mean2: Vec<f64>,
    /// The sample standard deviation of each second patch.
    pub sigma2: Vec<f64>,
}

/// A column of metadata.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers: images, pixels, quarter turns.
    Integers(Vec<i64>),
    /// Statistics.
    Numbers(Vec<f64>),
}

impl<const D: usize> PairMetadata<D>
where
    Spatial<D>: Rank,
{
    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// All columns under qlty's names: `image_idx`, `patch1_y`, `patch1_x`, `patch2_y`, `patch2_x`, `dx`,
    /// `dy`, `rotation`, `mean1`, `sigma1`, `mean2` and `sigma2`; of volumes `patch1_z` before
    /// `patch1_y` and `dz` after `dy`, too.
    pub fn columns(&self) -> Vec<(&'static str, Column)> {
        const AXES: [[&str; 3]; 2] = [["patch1_z", "patch1_y", "patch1_x"], ["patch2_z", "patch2_y", "patch2_x"]];
        const DELTAS: [&str; 3] = ["dx", "dy", "dz"];
        let integers = |of: &dyn Fn(&Pair<D>) -> i64| Column::Integers(self.pairs.iter().map(of).collect());
        let mut columns = vec![("image_idx", integers(&|pair| pair.image as i64))];
        for (names, side) in AXES.iter().zip([Side::First, Side::Second]) {
            for (d, name) in names[3 - D..].iter().enumerate() {
                columns.push((name, integers(&|pair| pair.start(side)[d] as i64)));
            }
        }
        for (i, name) in DELTAS[..D].iter().enumerate() {
            columns.push((name, integers(&|pair| pair.delta()[i])));
        }
        columns.push(("rotation", integers(&|pair| i64::from(pair.rotation))));
        let numbers = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        let names = ["mean1", "sigma1", "mean2", "sigma2"];
        columns.extend(names.into_iter().zip(numbers.map(|numbers| Column::Numbers(numbers.clone()))));
        columns
    }

    /// The metadata of some pairs, in the order of `indices`.
    ///
    /// # Errors
    /// [`Error::Argument`] where there is no such pair, or the columns differ in length.
    pub fn select(&self, indices: &[usize]) -> qlty_core::Result<Self> {
        self.check_columns()?;
        check_indices(indices, self.len())?;
        let numbers = |of: &[f64]| indices.iter().map(|index| of[*index]).collect();
        Ok(Self {
            window: self.window,
            pairs: indices.iter().map(|index| self.pairs[*index]).collect(),
            mean1: numbers(&self.mean1),
            sigma1: numbers(&self.sigma1),
            mean2: numbers(&self.mean2),
            sigma2: numbers(&self.sigma2),
        })
    }

    /// Fails where there are not as many statistics as pairs.
    pub(crate) fn check_columns(&self) -> qlty_core::Result<()> {
        let columns = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        match columns.into_iter().find(|column| column.len() != self.len()) {
            Some(column) => {
                let expected = format!("{}, one for each pair", self.len());
                Err(Error::argument("number of statistics", column.len(), expected))
            }
            None => Ok(()),
        }
    }
}

/// Fails where an index is beyond the last.
pub(crate) fn check_indices(indices: &[usize], count: usize) -> qlty_core::Result<()> {
    match indices.iter().find(|index| **index >= count) {
        Some(index) => {
            Err(Error::argument("index of a pair", index, format!("less than {count}, the number of pairs")))
        }
        None => Ok(()),
    }
}

/// Draws the pairs that [`crate::extract_patch_pairs`] would draw with the same options, and computes
/// the statistics of their patches instead of cutting them out.
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
/// Those of [`PairDrawer::new`]; [`Error::Overflow`] and [`Error::OutOfMemory`]; those of the source.
pub fn extract_patch_pairs_metadata<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    extract_patch_pairs_metadata_monitored(source, options, &Monitor::new())
}

/// [`extract_patch_pairs_metadata`], watched. Progress is counted in patches.
///
/// # Errors
/// Those of [`extract_patch_pairs_metadata`], and [`Error::Cancelled`].
pub fn extract_patch_pairs_metadata_monitored<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
    monitor: &Monitor,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
    let pairs = PairDrawer::new(options.clone(), source.size())?.all(source.images())?;
    let window = options.window;
    check_pairs(source, window, &pairs)?;
    monitor.begin(2 * pairs.len() as u64);
    monitor.check()?;
    let failure = Failure::new(monitor);
    let statistics: Vec<_> = pairs
        .par_iter()
        .map(|pair| {
            let both = [Side::First, Side::Second].map(|side| {
                let mut statistics = [f64::NAN; 2];
                if failure.stops() {
                    return statistics;
                }
                let (start, channels) = (pair.start(side), 0..source.channels());
                let region = Region { image: pair.image, channels, start, size: window };
                let visit = &mut |pixels: ArrayView4<'_, T>| statistics = mean_and_sigma(pixels);
                failure.note(source.read(&region, visit));
                statistics
            });
            monitor.advance(2);
            both
        })
        .collect();
    failure.into_result()?;
    let column = |side: usize, which: usize| statistics.iter().map(|both| both[side][which]).collect();
    let (mean1, sigma1, mean2, sigma2) = (column(0, 0), column(0, 1), column(1, 0), column(1, 1));
    Ok(PairMetadata { window, pairs, mean1, sigma1, mean2, sigma2 })
}

/// Cuts out the patches of chosen pairs, in the order of `indices`, which may repeat.
///
/// # Errors
/// [`Error::Argument`] where there is no such pair or it leaves the images; [`Error::Overflow`] and
/// [`Error::OutOfMemory`]; those of the source.
pub fn extract_patches_from_metadata<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    metadata: &PairMetadata<D>,
    indices: &[usize],
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    check_indices(indices, metadata.len())?;
    let pairs: Vec<_> = indices.iter().map(|index| metadata.pairs[*index]).collect();
    extract_pairs(source, metadata.window, &pairs, positions)
}

/// [`extract_patches_from_metadata`] into arrays of the caller's. Progress is counted in patches.
///
/// # Errors
/// Those of [`extract_patches_from_metadata`]; [`Error::Shape`] where an array has not the shape of the
/// result; [`Error::Cancelled`].
pub fn extract_patches_from_metadata_into<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    metadata: &PairMetadata<D>,
    indices: &[usize],
    out: PatchPairsMut<'_, T, D>,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    check_indices(indices, metadata.len())?;
    let pairs: Vec<_> = indices.iter().map(|index| metadata.pairs[*index]).collect();
    extract_pairs_into(source, metadata.window, &pairs, out, monitor)
}
