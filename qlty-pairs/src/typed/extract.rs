//! Extracting patches of drawn or given pairs, to memory or to a store.

use std::path::Path;

use ndarray::{Array, Array1, Array2, ArrayViewMut, ArrayViewMut1, ArrayViewMut2};
use qlty_core::dynamic::ArrayMut;
use qlty_core::zarr::Result;
use qlty_core::{BatchDim, Element, Monitor, Rank, Spatial};

use super::{Pair, PairMetadata, PairOptions, collect};
use crate::extent::Extent;
use crate::extract::check_pairs;
use crate::metadata::gather;
use crate::{
    AnyPair, AnyPairDrawer, AnyPairMetadata, AnyPairsMut, AnyPatchPairs, ErasedSource, ImageSource, Positions,
    StoreOptions,
};

/// Pairs of patches: row i of each array belongs to pair i.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PatchPairs<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The first patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches1: Array<T, BatchDim<D>>,
    /// The second patches, displaced and rotated, of the same shape.
    pub patches2: Array<T, BatchDim<D>>,
    /// The start of the second patch relative to the first: rows (dx, dy) or (dx, dy, dz).
    pub deltas: Array2<f32>,
    /// The quarter turns of the second patches, counter-clockwise, 0 to 3.
    pub rotations: Array1<i64>,
    /// The start of the first patches, if requested; see [`Positions`].
    pub positions1: Option<Array2<i64>>,
    /// The start of the second patches, if requested.
    pub positions2: Option<Array2<i64>>,
}

/// The caller's arrays for [`PatchPairs`], of any strides.
#[derive(Debug)]
pub struct PatchPairsMut<'a, T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The first patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches1: ArrayViewMut<'a, T, BatchDim<D>>,
    /// The second patches, of the same shape.
    pub patches2: ArrayViewMut<'a, T, BatchDim<D>>,
    /// Rows (dx, dy) or (dx, dy, dz).
    pub deltas: ArrayViewMut2<'a, f32>,
    /// Quarter turns of the second patches.
    pub rotations: ArrayViewMut1<'a, i64>,
    /// Rows (y, x) or (z, y, x); with one more column, the image comes first.
    pub positions1: Option<ArrayViewMut2<'a, i64>>,
    /// Rows like those of `positions1`.
    pub positions2: Option<ArrayViewMut2<'a, i64>>,
}

impl<T: Element, const D: usize> PatchPairs<T, D>
where
    Spatial<D>: Rank,
{
    /// Converts pairs with the same type and number of axes.
    pub(super) fn of(pairs: AnyPatchPairs) -> Result<Self> {
        let AnyPatchPairs { patches1, patches2, deltas, rotations, positions1, positions2 } = pairs;
        let (patches1, patches2) = (patches1.into_array()?, patches2.into_array()?);
        Ok(Self { patches1, patches2, deltas, rotations, positions1, positions2 })
    }

    /// Mutable views of the arrays.
    pub fn view_mut(&mut self) -> PatchPairsMut<'_, T, D> {
        PatchPairsMut {
            patches1: self.patches1.view_mut(),
            patches2: self.patches2.view_mut(),
            deltas: self.deltas.view_mut(),
            rotations: self.rotations.view_mut(),
            positions1: self.positions1.as_mut().map(|positions| positions.view_mut()),
            positions2: self.positions2.as_mut().map(|positions| positions.view_mut()),
        }
    }
}

impl<'a, T: Element, const D: usize> PatchPairsMut<'a, T, D>
where
    Spatial<D>: Rank,
{
    /// The arrays with types and numbers of axes known at run time.
    pub(super) fn any(self) -> qlty_core::Result<AnyPairsMut<'a>> {
        let positions = |name, positions: Option<_>| positions.map(|view| ArrayMut::of(name, view)).transpose();
        Ok(AnyPairsMut {
            patches1: ArrayMut::of("patches1", self.patches1)?,
            patches2: ArrayMut::of("patches2", self.patches2)?,
            deltas: ArrayMut::of("deltas", self.deltas)?,
            rotations: ArrayMut::of("rotations", self.rotations)?,
            positions1: positions("positions1", self.positions1)?,
            positions2: positions("positions2", self.positions2)?,
        })
    }
}

/// Converts pairs to pairs with the number of axes known at run time.
pub(super) fn any_pairs<const D: usize>(pairs: &[Pair<D>]) -> qlty_core::Result<Vec<AnyPair>>
where
    Spatial<D>: Rank,
{
    collect("pairs", pairs, AnyPair::from)
}

/// Draws pairs from each image of a source and extracts their patches, in the order of the images.
///
/// ```
/// use qlty_pairs::{PairOptions, Positions, extract_patch_pairs};
/// let images = ndarray::Array4::<u16>::from_shape_fn((2, 1, 60, 80), |(_, _, y, x)| (80 * y + x) as u16);
/// let options = PairOptions::new([16, 16], 5, (4.0, 12.0)).rotations([0, 1]);
/// let pairs = extract_patch_pairs(&images.view(), &options, Positions::Pixels)?;
/// assert_eq!(pairs.patches1.dim(), (10, 1, 16, 16));
/// let starts = pairs.positions1.unwrap();
/// assert_eq!(i64::from(pairs.patches1[[3, 0, 0, 0]]), 80 * starts[[3, 0]] + starts[[3, 1]]);
/// # Ok::<(), qlty_pairs::Error>(())
/// ```
///
/// # Errors
/// The errors of [`crate::PairDrawer::new`]; [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`]; the
/// errors of the source.
#[doc(alias = "extract_patch_pairs_3d")]
pub fn extract_patch_pairs<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    let pairs = AnyPairDrawer::new(options.clone().into(), &source.size())?.all(source.images())?;
    extract_any_pairs(source, options.window, &pairs, positions)
}

/// [`extract_patch_pairs`] into the caller's arrays. Progress is counted in patches.
///
/// # Errors
/// The errors of [`extract_patch_pairs`]; [`qlty_core::Error::Shape`] if an array does not have the shape of the
/// result; [`qlty_core::Error::Cancelled`].
pub fn extract_patch_pairs_into<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
    out: PatchPairsMut<'_, T, D>,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let pairs = AnyPairDrawer::new(options.clone().into(), &source.size())?.all(source.images())?;
    crate::extract::extract_pairs_into(&ErasedSource::new(source), &options.window, &pairs, out.any()?, monitor)
}

/// Extracts the patches of given pairs, in their order.
///
/// # Errors
/// [`qlty_core::Error::Argument`] if a pair extends beyond the images, or its rotation does not fit the window;
/// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`]; the errors of the source.
pub fn extract_pairs<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[Pair<D>],
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    extract_any_pairs(source, window, &any_pairs(pairs)?, positions)
}

fn extract_any_pairs<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[AnyPair],
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    let (source, channels) = (ErasedSource::new(source), source.channels());
    check_pairs(&source, Extent::window(&window)?, pairs)?;
    let mut out = AnyPatchPairs::zeros(T::DTYPE, pairs.len(), channels, &window, positions)?;
    crate::extract::extract_pairs_into(&source, &window, pairs, out.view_mut()?, &Monitor::new())?;
    PatchPairs::of(out)
}

/// [`extract_pairs`] into the caller's arrays. Progress is counted in patches.
///
/// # Errors
/// The errors of [`extract_pairs`]; [`qlty_core::Error::Shape`] if an array does not have the shape of the result;
/// [`qlty_core::Error::Cancelled`].
pub fn extract_pairs_into<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[Pair<D>],
    out: PatchPairsMut<'_, T, D>,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let pairs = any_pairs(pairs)?;
    crate::extract::extract_pairs_into(&ErasedSource::new(source), &window, &pairs, out.any()?, monitor)
}

/// Extracts the patches of selected pairs, in the order of `indices`, which may repeat.
///
/// # Errors
/// [`qlty_core::Error::Argument`] if there is no such pair or it extends beyond the images;
/// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`]; the errors of the source.
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

/// [`extract_patches_from_metadata`] into the caller's arrays. Progress is counted in patches.
///
/// # Errors
/// The errors of [`extract_patches_from_metadata`]; [`qlty_core::Error::Shape`] if an array does not have the shape of
/// the result; [`qlty_core::Error::Cancelled`].
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

/// Writes the patches of all or selected pairs, in their order, to a Zarr v3 group for a training program.
///
/// Its arrays are `patches1` and `patches2` of the source's element type, `deltas` (float32), `rotations` (int64) and,
/// if requested, `positions1` and `positions2` (int64); its attributes are `window`, `num_patches`, `num_channels`,
/// `patch_shape`, and `metadata`, which has the columns of [`PairMetadata::columns`] of the stored pairs as lists: row
/// i belongs to pair i of the arrays. Above a thousand pairs, chunks are grouped in shards of about 64 MiB. qlty's
/// `ZarrPatchPairDataset` can read it.
///
/// Chunks have checksums, and each array has the number of its chunk files as an attribute (`qlty.chunk_files`), so that
/// [`qlty_core::zarr::verify`] finds changed and missing ones.
///
/// The store is written under its name with `.partial` appended and renamed when all of it is on disk. A failure removes
/// it; the remains of a killed program are removed by the next one that writes there. One writer per destination runs
/// at a time. Memory is bounded by 256 MiB of patches, or two files of them. Progress is counted in files.
///
/// # Errors
/// [`qlty_core::Error::Argument`] if there is no such pair, the chunk has an empty or missing axis, a pair extends
/// beyond the images, the pairs were not measured, or the codec has no such level; [`crate::Error::Exists`] and
/// [`crate::Error::NotAStore`] if the destination exists and is not replaced; [`crate::Error::Busy`] if another process
/// writes to it; [`crate::Error::Store`] if a file was removed meanwhile; [`crate::Error::Io`] and
/// [`crate::Error::Zarr`]; [`qlty_core::Error::Cancelled`]; the errors of the source. After an error there is no new
/// store, and an existing one is unchanged.
pub fn extract_patches_to_zarr<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    metadata: &PairMetadata<D>,
    indices: Option<&[usize]>,
    path: impl AsRef<Path>,
    options: &StoreOptions,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let metadata = AnyPairMetadata::try_from(metadata)?;
    crate::store::extract_patches_to_zarr(
        &ErasedSource::new(source),
        &metadata,
        indices,
        path.as_ref(),
        options,
        monitor,
    )
}
