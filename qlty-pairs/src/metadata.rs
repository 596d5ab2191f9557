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
/// before any is cut out. The statistics are empty where they were not computed.
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

/// The names of the columns that say where patches start.
const STARTS: [[&str; 3]; 2] = [["patch1_z", "patch1_y", "patch1_x"], ["patch2_z", "patch2_y", "patch2_x"]];

/// The names of the columns of the displacement.
const DELTAS: [&str; 3] = ["dx", "dy", "dz"];

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
    /// Pairs without statistics.
    pub fn unmeasured(window: [usize; D], pairs: Vec<Pair<D>>) -> Self {
        let [mean1, sigma1, mean2, sigma2] = [const { Vec::new() }; 4];
        Self { window, pairs, mean1, sigma1, mean2, sigma2 }
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The names of the columns, which are qlty's: `image_idx`, `patch1_y`, `patch1_x`, `patch2_y`,
    /// `patch2_x`, `dx`, `dy`, `rotation`, `mean1`, `sigma1`, `mean2` and `sigma2`; of volumes `patch1_z`
    /// before `patch1_y`, `patch2_z` before `patch2_y`, and `dz` after `dy`, too.
    pub fn column_names() -> impl Iterator<Item = &'static str> {
        let starts = STARTS.iter().flat_map(|names| &names[3 - D..]);
        let numbers = ["mean1", "sigma1", "mean2", "sigma2"];
        ["image_idx"].iter().chain(starts).chain(&DELTAS[..D]).chain(&["rotation"]).copied().chain(numbers)
    }

    /// The column of a name; `None` where there is no such column.
    pub fn column(&self, name: &str) -> Option<Column> {
        let integers = |of: &dyn Fn(&Pair<D>) -> i64| Some(Column::Integers(self.pairs.iter().map(of).collect()));
        match name {
            "image_idx" => return integers(&|pair| pair.image as i64),
            "rotation" => return integers(&|pair| i64::from(pair.rotation)),
            "mean1" => return Some(Column::Numbers(self.mean1.clone())),
            "sigma1" => return Some(Column::Numbers(self.sigma1.clone())),
            "mean2" => return Some(Column::Numbers(self.mean2.clone())),
            "sigma2" => return Some(Column::Numbers(self.sigma2.clone())),
            _ => {}
        }
        if let Some(i) = DELTAS[..D].iter().position(|delta| *delta == name) {
            return integers(&|pair| pair.delta()[i]);
        }
        STARTS.iter().zip([Side::First, Side::Second]).find_map(|(names, side)| {
            let d = names[3 - D..].iter().position(|start| *start == name)?;
            integers(&|pair| pair.start(side)[d] as i64)
        })
    }

    /// All columns, in the order of [`PairMetadata::column_names`].
    pub fn columns(&self) -> Vec<(&'static str, Column)> {
        Self::column_names().filter_map(|name| Some((name, self.column(name)?))).collect()
    }

    /// The metadata of some pairs, in the order of `indices`, which may repeat.
    ///
    /// # Errors
    /// [`Error::Argument`] where there is no such pair, or the columns differ in length;
    /// [`Error::OutOfMemory`].
    pub fn select(&self, indices: &[usize]) -> qlty_core::Result<Self> {
        let pairs = gather(&self.pairs, indices)?;
        let columns = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        if columns.iter().all(|column| column.is_empty()) {
            return Ok(Self::unmeasured(self.window, pairs));
        }
        self.check_columns()?;
        let [mean1, sigma1, mean2, sigma2] = columns.map(|column| gather(column, indices));
        Ok(Self { window: self.window, pairs, mean1: mean1?, sigma1: sigma1?, mean2: mean2?, sigma2: sigma2? })
    }

    /// Fails where there are not as many statistics as pairs.
    pub(crate) fn check_columns(&self) -> qlty_core::Result<()> {
        let columns = [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2];
        match columns.into_iter().find(|column| column.len() != self.len()) {
            Some(column) => {
                let expected = format!("{}, one for each pair: those of measured pairs", self.len());
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

/// The values of these indices, in their order.
fn gather<T: Copy>(values: &[T], indices: &[usize]) -> qlty_core::Result<Vec<T>> {
    check_indices(indices, values.len())?;
    let mut chosen = Vec::new();
    let bytes = indices.len().saturating_mul(size_of::<T>());
    chosen.try_reserve_exact(indices.len()).map_err(|_| Error::OutOfMemory { what: "chosen pairs", bytes })?;
    chosen.extend(indices.iter().map(|index| values[*index]));
    Ok(chosen)
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
    measure_pairs(source, options.window, pairs, monitor)
}

/// The statistics of the patches of given pairs. Progress is counted in patches.
///
/// # Errors
/// [`Error::Argument`] where a pair leaves the images or is turned as its window cannot be;
/// [`Error::Overflow`] and [`Error::Cancelled`]; those of the source.
pub fn measure_pairs<T: Number, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: Vec<Pair<D>>,
    monitor: &Monitor,
) -> Result<PairMetadata<D>>
where
    Spatial<D>: Rank,
{
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
    let pairs = gather(&metadata.pairs, indices)?;
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
    let pairs = gather(&metadata.pairs, indices)?;
    extract_pairs_into(source, metadata.window, &pairs, out, monitor)
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
        let options = PairOptions { rotations: vec![0, 1], ..PairOptions::new([8, 8], 3, (2.0, 6.0)) };
        let drawn = extract_patch_pairs_metadata(&images().view(), &options).unwrap();
        let given = PairMetadata::unmeasured([8, 8], drawn.pairs.clone()).select(&[5, 0, 0]).unwrap();
        assert!(given.mean1.is_empty() && given.sigma2.is_empty());
        let measured = measure_pairs(&images().view(), [8, 8], given.pairs, &Monitor::new()).unwrap();
        assert_eq!(measured, drawn.select(&[5, 0, 0]).unwrap());
        assert!(drawn.select(&[6]).is_err());
    }
}
