//! Pairs with the statistics of their patches, without the patches.

use std::fmt;

use ndarray::{Array1, Array2};
use qlty_core::dynamic::{ArrayMut, ArrayRef};
use qlty_core::internal::array::with_capacity;
use qlty_core::zarr::Result;
use qlty_core::{DType, Error, Monitor};
use rayon::prelude::*;

use crate::extent::Extent;
use crate::extract::check_pairs;
use crate::failure::Failure;
use crate::pair::{self, check_array};
use crate::statistics::mean_and_sigma;
use crate::{AnyImageSource, AnyPair, AnyPlacesMut, AnyRegion, Positions, Side};

/// Pairs, and the mean and standard deviation of each patch, with the number of axes known at run time; see
/// [`crate::PairMetadata`].
#[derive(Clone, PartialEq)]
pub struct AnyPairMetadata {
    pub(crate) window: Extent,
    pub(crate) pairs: Vec<AnyPair>,
    pub(crate) statistics: Statistics,
}

/// The mean and sample standard deviation of both patches of each pair; empty if they were not computed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Statistics {
    pub(crate) mean1: Vec<f64>,
    pub(crate) sigma1: Vec<f64>,
    pub(crate) mean2: Vec<f64>,
    pub(crate) sigma2: Vec<f64>,
}

impl Statistics {
    /// The columns, in the order of [`STATISTICS`].
    fn columns(&self) -> [&[f64]; 4] {
        [&self.mean1, &self.sigma1, &self.mean2, &self.sigma2]
    }
}

/// The names of the columns with the first pixels of patches.
pub(crate) const STARTS: [[&str; 3]; 2] = [["patch1_z", "patch1_y", "patch1_x"], ["patch2_z", "patch2_y", "patch2_x"]];

/// The names of the columns of the displacement.
const DELTAS: [&str; 3] = ["dx", "dy", "dz"];

/// The names of the columns of the statistics.
const STATISTICS: [&str; 4] = ["mean1", "sigma1", "mean2", "sigma2"];

/// A column of metadata.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// Integers: images, pixels, quarter turns.
    Integers(Vec<i64>),
    /// Statistics.
    Numbers(Vec<f64>),
}

impl fmt::Debug for AnyPairMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = f.debug_struct("AnyPairMetadata");
        told.field("window", &self.window).field("pairs", &self.len()).field("measured", &self.is_measured()).finish()
    }
}

impl AnyPairMetadata {
    /// Pairs of patches of size `window`, (y, x) or (z, y, x), without statistics.
    ///
    /// # Errors
    /// [`Error::Argument`] if the window has neither two nor three axes, or is empty.
    pub fn unmeasured(window: &[usize], pairs: Vec<AnyPair>) -> qlty_core::Result<Self> {
        Ok(Self { window: Extent::window(window)?, pairs, statistics: Statistics::default() })
    }

    /// Pairs whose patches start at these `positions`, rows (n, y, x) or (n, z, y, x) of type `i64` with the image
    /// first, without statistics. `rotations`, of type `i64`, are the quarter turns of the second patches, modulo 4;
    /// `None` means no rotation.
    ///
    /// Whether the patches are within the images is checked when they are extracted.
    ///
    /// # Errors
    /// [`Error::Argument`] if the window and the positions differ in their number of axes, the window is empty, a
    /// number is negative, or the patches of a pair are in different images; [`Error::Shape`], [`Error::DataType`] and
    /// [`Error::OutOfMemory`].
    pub fn from_positions(
        window: &[usize],
        positions1: ArrayRef<'_>,
        positions2: ArrayRef<'_>,
        rotations: Option<ArrayRef<'_>>,
    ) -> qlty_core::Result<Self> {
        let extent = Extent::window(window)?;
        let columns = extent.ndim + 1;
        let &[count, width] = positions1.shape() else {
            return Err(Error::shape("positions1", positions1.shape(), format!("(P, {columns})")));
        };
        if width != columns {
            return Err(Error::shape("positions1", positions1.shape(), format!("[{count}, {columns}]")));
        }
        if positions2.shape() != positions1.shape() {
            return Err(Error::shape("positions2", positions2.shape(), format!("[{count}, {columns}]")));
        }
        if let Some(rotations) = rotations.filter(|rotations| rotations.shape() != [count]) {
            return Err(Error::shape("rotations", rotations.shape(), format!("[{count}]")));
        }
        let (rows1, rows2) = (positions1.view::<i64>("positions1")?, positions2.view::<i64>("positions2")?);
        let turns = rotations.map(|rotations| rotations.view::<i64>("rotations")).transpose()?;
        let place = |name: &'static str, rows: &ndarray::ArrayViewD<'_, i64>, p: usize| -> qlty_core::Result<_> {
            let mut place = [0; 4];
            for (i, to) in (0..columns).zip(std::iter::once(0).chain(4 - extent.ndim..4)) {
                let negative = |_| Error::argument(format!("{name} of pair {p}"), rows[[p, i]], "at least 0");
                place[to] = usize::try_from(rows[[p, i]]).map_err(negative)?;
            }
            let [image, z, y, x] = place;
            Ok((image, [z, y, x]))
        };
        let mut pairs = with_capacity("pairs", count)?;
        for p in 0..count {
            let (image, start1) = place("positions1", &rows1, p)?;
            let (other, start2) = place("positions2", &rows2, p)?;
            if image != other {
                let expected = format!("{image} as in positions1");
                return Err(Error::argument(format!("positions2: image of pair {p}"), other, expected));
            }
            let rotation = turns.as_ref().map_or(0, |turns| turns[p].rem_euclid(4) as u8);
            pairs.push(AnyPair { image, start1, start2, rotation });
        }
        Ok(Self { window: extent, pairs, statistics: Statistics::default() })
    }

    /// The number of spatial axes, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.window.ndim
    }

    /// The size of a patch in pixels, (y, x) or (z, y, x).
    pub fn window(&self) -> &[usize] {
        self.window.sizes()
    }

    /// The pairs, in the order of the images.
    pub fn pairs(&self) -> &[AnyPair] {
        &self.pairs
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether there are statistics for each pair.
    pub fn is_measured(&self) -> bool {
        self.statistics.columns().iter().all(|column| column.len() == self.len())
    }

    /// The names of the columns; see [`crate::PairMetadata::column_names`].
    pub fn column_names(&self) -> impl Iterator<Item = &'static str> {
        column_names(self.ndim())
    }

    /// The column with this name; `None` if there is none.
    pub fn column(&self, name: &str) -> Option<Column> {
        column(self.ndim(), self.len(), &|p| self.pairs[p], self.statistics.columns(), name)
    }

    /// All columns, in the order of [`AnyPairMetadata::column_names`].
    pub fn columns(&self) -> Vec<(&'static str, Column)> {
        self.column_names().filter_map(|name| Some((name, self.column(name)?))).collect()
    }

    /// [`AnyPairMetadata::column`] into an array with one value per pair: of type `f64` for statistics, `i64` for all
    /// others.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such column, or it is a statistic and the pairs were not measured;
    /// [`Error::Shape`] and [`Error::DataType`].
    pub fn column_into(&self, name: &str, mut values: ArrayMut<'_>) -> qlty_core::Result<()> {
        let Some(column) = self.column(name) else {
            let names: Vec<_> = self.column_names().collect();
            return Err(Error::argument("column", name, format!("one of {}", names.join(", "))));
        };
        match column {
            Column::Integers(column) => {
                check_array("values", &values, DType::I64, &[self.len()])?;
                values.view_mut::<i64>("values")?.assign(&Array1::from(column));
            }
            Column::Numbers(column) => {
                if column.len() != self.len() {
                    return Err(Error::argument("pairs", format_args!("pairs without {name}"), "measured pairs"));
                }
                check_array("values", &values, DType::F64, &[self.len()])?;
                values.view_mut::<f64>("values")?.assign(&Array1::from(column));
            }
        }
        Ok(())
    }

    /// Writes the deltas, rotations and positions of the pairs.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::DataType`]; nothing is written then.
    pub fn places_into(&self, mut out: AnyPlacesMut<'_>) -> qlty_core::Result<()> {
        out.check(self.ndim(), self.len())?;
        out.write(self.ndim(), &self.pairs)
    }

    /// The deltas, rows (dx, dy) or (dx, dy, dz).
    pub fn deltas(&self) -> Array2<f32> {
        pair::deltas(self.ndim(), &self.pairs)
    }

    /// The quarter turns.
    pub fn rotations(&self) -> Array1<i64> {
        pair::rotations(&self.pairs)
    }

    /// The start of one patch of each pair; `None` if no positions are requested.
    pub fn positions(&self, side: Side, wanted: Positions) -> Option<Array2<i64>> {
        let columns = wanted.columns(self.ndim())?;
        Some(pair::positions(self.ndim(), &self.pairs, side, columns))
    }

    /// The metadata of selected pairs, in the order of `indices`, which may repeat.
    ///
    /// # Errors
    /// [`Error::Argument`] if there is no such pair, or the columns differ in length; [`Error::OutOfMemory`].
    pub fn select(&self, indices: &[usize]) -> qlty_core::Result<Self> {
        let pairs = gather(&self.pairs, indices)?;
        let statistics = Statistics::select(self.statistics.columns(), self.len(), indices)?;
        Ok(Self { window: self.window, pairs, statistics })
    }

    /// Fails if the numbers of statistics and pairs differ.
    pub(crate) fn check_columns(&self) -> qlty_core::Result<()> {
        check_statistics(self.statistics.columns(), self.len())
    }
}

impl Statistics {
    /// The values of these columns of `count` pairs for the pairs with these indices; empty for pairs that were not
    /// measured.
    pub(crate) fn select(columns: [&[f64]; 4], count: usize, indices: &[usize]) -> qlty_core::Result<Self> {
        if columns.iter().all(|column| column.is_empty()) {
            return Ok(Self::default());
        }
        check_statistics(columns, count)?;
        let [mean1, sigma1, mean2, sigma2] = columns.map(|column| gather(column, indices));
        Ok(Self { mean1: mean1?, sigma1: sigma1?, mean2: mean2?, sigma2: sigma2? })
    }
}

/// Fails if the numbers of statistics and pairs differ.
fn check_statistics(columns: [&[f64]; 4], count: usize) -> qlty_core::Result<()> {
    match columns.into_iter().find(|column| column.len() != count) {
        Some(column) => {
            let expected = format!("{count}, one for each pair: those of measured pairs");
            Err(Error::argument("number of statistics", column.len(), expected))
        }
        None => Ok(()),
    }
}

/// The names of the columns of pairs of `ndim` spatial axes.
pub(crate) fn column_names(ndim: usize) -> impl Iterator<Item = &'static str> {
    let starts = STARTS.iter().flat_map(move |names| &names[3 - ndim..]);
    ["image_idx"].iter().chain(starts).chain(&DELTAS[..ndim]).chain(&["rotation"]).chain(&STATISTICS).copied()
}

/// The column with this name of `count` pairs of `ndim` spatial axes.
pub(crate) fn column(
    ndim: usize,
    count: usize,
    pair: &dyn Fn(usize) -> AnyPair,
    statistics: [&[f64]; 4],
    name: &str,
) -> Option<Column> {
    let integers = |of: &dyn Fn(&AnyPair) -> i64| Column::Integers((0..count).map(|p| of(&pair(p))).collect());
    match name {
        "image_idx" => return Some(integers(&|pair| pair.image as i64)),
        "rotation" => return Some(integers(&|pair| i64::from(pair.rotation))),
        _ => {}
    }
    if let Some(i) = STATISTICS.iter().position(|known| *known == name) {
        return Some(Column::Numbers(statistics[i].to_vec()));
    }
    if let Some(i) = DELTAS[..ndim].iter().position(|delta| *delta == name) {
        return Some(integers(&|pair| pair.delta()[i]));
    }
    STARTS.iter().zip(Side::BOTH).find_map(|(names, side)| {
        let d = (3 - ndim..3).find(|d| names[*d] == name)?;
        Some(integers(&|pair| pair.start(side)[d] as i64))
    })
}

/// Fails if an index is out of range.
pub(crate) fn check_indices(indices: &[usize], count: usize) -> qlty_core::Result<()> {
    match indices.iter().find(|index| **index >= count) {
        Some(index) => {
            Err(Error::argument("index of a pair", index, format!("less than {count}, the number of pairs")))
        }
        None => Ok(()),
    }
}

/// The values at these indices, in their order.
pub(crate) fn gather<T: Copy>(values: &[T], indices: &[usize]) -> qlty_core::Result<Vec<T>> {
    check_indices(indices, values.len())?;
    let mut chosen = with_capacity("chosen pairs", indices.len())?;
    chosen.extend(indices.iter().map(|index| values[*index]));
    Ok(chosen)
}

/// The statistics of the patches of given pairs, with type and number of axes known at run time; see
/// [`crate::measure_pairs`]. `Bool` values count as 0 and 1.
///
/// # Errors
/// The errors of [`crate::measure_pairs`], and [`Error::Shape`] if the images and the window differ in their number of
/// axes.
pub fn measure_pairs(
    source: &dyn AnyImageSource,
    window: &[usize],
    pairs: Vec<AnyPair>,
    monitor: &Monitor,
) -> Result<AnyPairMetadata> {
    let window = Extent::window(window)?;
    let statistics = statistics_of(source, window, &pairs, monitor)?;
    Ok(AnyPairMetadata { window, pairs, statistics })
}

/// The statistics of the patches of pairs. Progress is counted in patches.
pub(crate) fn statistics_of(
    source: &dyn AnyImageSource,
    window: Extent,
    pairs: &[AnyPair],
    monitor: &Monitor,
) -> Result<Statistics> {
    check_pairs(source, window, pairs)?;
    monitor.begin(2 * pairs.len() as u64);
    monitor.check()?;
    let (failure, channels) = (Failure::new(monitor), source.shape()[1]);
    let measure = |pair: &AnyPair, side: Side| {
        let mut statistics = [f64::NAN; 2];
        if failure.stops() {
            return statistics;
        }
        let region = AnyRegion { image: pair.image, channels: 0..channels, start: pair.start(side), size: window.zyx };
        failure.note(region.read(source, |pixels| {
            statistics = mean_and_sigma(&pixels);
            Ok(())
        }));
        statistics
    };
    let statistics: Vec<[[f64; 2]; 2]> = pairs
        .par_iter()
        .map(|pair| {
            let both = Side::BOTH.map(|side| measure(pair, side));
            monitor.advance(2);
            both
        })
        .collect();
    failure.into_result()?;
    let column = |side: usize, which: usize| statistics.iter().map(|both| both[side][which]).collect();
    Ok(Statistics { mean1: column(0, 0), sigma1: column(0, 1), mean2: column(1, 0), sigma2: column(1, 1) })
}
