//! Cutting the patches of pairs out of images.

use ndarray::{Array, Array1, Array2, ArrayViewMut, ArrayViewMut1, ArrayViewMut2, ArrayViewMut5, Axis};
use qlty_core::array::{divide, five_mut, product, zeros};
use qlty_core::stream::{RowWriter, STREAM_BYTES};
use qlty_core::zarr::Result;
use qlty_core::{BatchDim, Element, Error, Monitor, Rank, Spatial};

use crate::failure::Failure;
use crate::options::check_rotation;
use crate::pair::Places;
use crate::turn::{Plane, Rect};
use crate::{ImageSource, Pair, PairDrawer, PairOptions, Positions, Region, Side};
use qlty_core::zarr::shape_of;

/// The bytes of patches that a thread cuts at a time: enough to be worth a task, few enough that
/// every thread gets some.
const TASK_BYTES: usize = 512 << 10;

/// Pairs of patches: row i of each array is pair i.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchPairs<T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The first patches, (P,C,y,x) or (P,C,z,y,x).
    pub patches1: Array<T, BatchDim<D>>,
    /// The second patches, displaced and turned, of the same shape.
    pub patches2: Array<T, BatchDim<D>>,
    /// Where the second patch starts relative to the first: rows (dx, dy) or (dx, dy, dz).
    pub deltas: Array2<f32>,
    /// The quarter turns of the second patches, counter-clockwise, 0 to 3.
    pub rotations: Array1<i64>,
    /// Where the first patches start, if that was asked for; see [`Positions`].
    pub positions1: Option<Array2<i64>>,
    /// Where the second patches start, if that was asked for.
    pub positions2: Option<Array2<i64>>,
}

/// [`PatchPairs`] in arrays of the caller's, of any strides, to be written.
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
    /// Quarter turns.
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
    /// Room for `count` pairs, zero.
    pub(crate) fn zeros(count: usize, channels: usize, window: [usize; D], wanted: Positions) -> Result<Self> {
        let shape: Vec<usize> = [count, channels].into_iter().chain(window).collect();
        let positions = |name| {
            let columns = wanted.columns::<D>();
            columns.map(|columns| zeros(name, &[count, columns])).transpose()
        };
        Ok(Self {
            patches1: zeros("patches 1", &shape)?,
            patches2: zeros("patches 2", &shape)?,
            deltas: zeros("deltas", &[count, D])?,
            rotations: zeros("rotations", &[count])?,
            positions1: positions("positions 1")?,
            positions2: positions("positions 2")?,
        })
    }

    /// The arrays, to be written.
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

impl<'a, T, const D: usize> PatchPairsMut<'a, T, D>
where
    Spatial<D>: Rank,
{
    /// The two arrays of patches, and the rest.
    pub(crate) fn split(self) -> ([ArrayViewMut<'a, T, BatchDim<D>>; 2], Places<'a>) {
        let positions = [self.positions1, self.positions2];
        ([self.patches1, self.patches2], Places { deltas: self.deltas, rotations: self.rotations, positions })
    }
}

/// Draws pairs from each image of a source and cuts out their patches, in the order of the images.
///
/// ```
/// use qlty_pairs::{PairOptions, Positions, extract_patch_pairs};
/// let images = ndarray::Array4::<u16>::from_shape_fn((2, 1, 60, 80), |(_, _, y, x)| (80 * y + x) as u16);
/// let options = PairOptions { rotations: vec![0, 1], ..PairOptions::new([16, 16], 5, (4.0, 12.0)) };
/// let pairs = extract_patch_pairs(&images.view(), &options, Positions::Pixels)?;
/// assert_eq!(pairs.patches1.dim(), (10, 1, 16, 16));
/// let starts = pairs.positions1.unwrap();
/// assert_eq!(i64::from(pairs.patches1[[3, 0, 0, 0]]), 80 * starts[[3, 0]] + starts[[3, 1]]);
/// # Ok::<(), qlty_pairs::Error>(())
/// ```
///
/// # Errors
/// Those of [`PairDrawer::new`]; [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`];
/// those of the source.
pub fn extract_patch_pairs<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    options: &PairOptions<D>,
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    let pairs = PairDrawer::new(options.clone(), source.size())?.all(source.images())?;
    extract_pairs(source, options.window, &pairs, positions)
}

/// [`extract_patch_pairs`] into arrays of the caller's. Progress is counted in patches.
///
/// # Errors
/// Those of [`extract_patch_pairs`]; [`qlty_core::Error::Shape`] where an array has not the shape of the
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
    let pairs = PairDrawer::new(options.clone(), source.size())?.all(source.images())?;
    extract_pairs_into(source, options.window, &pairs, out, monitor)
}

/// Cuts out the patches of given pairs, in their order.
///
/// # Errors
/// [`qlty_core::Error::Argument`] where a pair leaves the images or is turned as its window cannot be;
/// [`qlty_core::Error::Overflow`] and [`qlty_core::Error::OutOfMemory`]; those of the source.
pub fn extract_pairs<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[Pair<D>],
    positions: Positions,
) -> Result<PatchPairs<T, D>>
where
    Spatial<D>: Rank,
{
    check_pairs(source, window, pairs)?;
    let mut out = PatchPairs::zeros(pairs.len(), source.channels(), window, positions)?;
    extract_pairs_into(source, window, pairs, out.view_mut(), &Monitor::new())?;
    Ok(out)
}

/// [`extract_pairs`] into arrays of the caller's. Progress is counted in patches.
///
/// # Errors
/// Those of [`extract_pairs`]; [`qlty_core::Error::Shape`] where an array has not the shape of the
/// result; [`qlty_core::Error::Cancelled`].
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
    check_pairs(source, window, pairs)?;
    let ([patches1, patches2], mut places) = out.split();
    let expected: Vec<usize> = [pairs.len(), source.channels()].into_iter().chain(window).collect();
    for (name, shape) in [("patches 1", patches1.shape()), ("patches 2", patches2.shape())] {
        if shape != expected {
            return Err(Error::shape(name, shape, format!("{expected:?}")).into());
        }
    }
    places.check::<D>(pairs.len())?;
    monitor.begin(2 * pairs.len() as u64);
    monitor.check()?;
    let cutting = Cutting { source, window, pairs, corner: [0; 4], monitor, failure: Failure::new(monitor) };
    let patches1 = five_mut::<_, _, D>("patches 1", patches1)?;
    let patches2 = five_mut::<_, _, D>("patches 2", patches2)?;
    rayon::join(|| cutting.side(Side::First, patches1), || cutting.side(Side::Second, patches2));
    cutting.failure.into_result()?;
    places.write(pairs);
    Ok(())
}

/// Cuts one box, which begins at `corner` (c, z, y, x), out of one patch of each pair; the pairs are
/// known to fit, and the boxes to lie within the patches.
pub(crate) fn extract_boxes<T: Element, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[Pair<D>],
    side: Side,
    corner: [usize; 4],
    boxes: ArrayViewMut5<'_, T>,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let monitor = Monitor::new();
    let cutting = Cutting { source, window, pairs, corner, monitor: &monitor, failure: Failure::new(&monitor) };
    cutting.side(side, boxes);
    cutting.failure.into_result()
}

/// Fails where a pair leaves the images, or is turned as its window cannot be.
pub(crate) fn check_pairs<T, const D: usize>(
    source: &(impl ImageSource<T, D> + ?Sized),
    window: [usize; D],
    pairs: &[Pair<D>],
) -> Result<()>
where
    Spatial<D>: Rank,
{
    if window.contains(&0) {
        return Err(Error::argument("window", window, "sizes of at least 1").into());
    }
    let (images, size) = (source.images(), source.size());
    let fits = |start: [usize; D]| (0..D).all(|d| start[d].checked_add(window[d]).is_some_and(|end| end <= size[d]));
    for (index, pair) in pairs.iter().enumerate() {
        if pair.image >= images || !fits(pair.start1) || !fits(pair.start2) {
            let shape = shape_of(source);
            let expected = format!("patches of {window:?} within images of shape {shape:?}");
            return Err(Error::argument(format!("pair {index}"), pair, expected).into());
        }
        check_rotation(window, pair.rotation)?;
    }
    product("patches", &[&[pairs.len(), source.channels(), 16], &window[..]].concat())?;
    Ok(())
}

struct Cutting<'a, S: ?Sized, const D: usize> {
    source: &'a S,
    window: [usize; D],
    pairs: &'a [Pair<D>],
    /// Where the part of each patch begins that is to be cut, (c, z, y, x).
    corner: [usize; 4],
    monitor: &'a Monitor,
    failure: Failure<'a>,
}

impl<S: ?Sized, const D: usize> Cutting<'_, S, D>
where
    Spatial<D>: Rank,
{
    fn side<T: Element>(&self, side: Side, patches: ArrayViewMut5<'_, T>)
    where
        S: ImageSource<T, D>,
    {
        let (_, channels, depth, height, _) = patches.dim();
        let streaming = patches.len() * size_of::<T>() >= STREAM_BYTES;
        if patches.is_empty() {
            self.monitor.advance(self.pairs.len() as u64);
            return;
        }
        divide(patches, [0; 4], TASK_BYTES / size_of::<T>(), &|at, part| {
            let (parts, part_channels, part_depth, part_height, _) = part.dim();
            if self.failure.stops() {
                return;
            }
            self.failure.note(self.part(side, at, part, streaming));
            // A patch that is cut in parts counts with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                self.monitor.advance(parts as u64);
            }
        });
    }

    /// Cuts a part of the patches, which begins at `at` (p, c, z, y).
    fn part<T: Element>(
        &self,
        side: Side,
        at: [usize; 4],
        mut part: ArrayViewMut5<'_, T>,
        streaming: bool,
    ) -> Result<()>
    where
        S: ImageSource<T, D>,
    {
        let (parts, channels, depth, height, width) = part.dim();
        let mut writer = RowWriter::new(&mut part, streaming);
        let mut spare = Vec::new();
        for pair in &self.pairs[at[0]..at[0] + parts] {
            let turns = pair.turns(side);
            let rect = Rect { start: [self.corner[2] + at[3], self.corner[3]], size: [height, width] };
            let rect = rect.unturned(turns, [self.window[D - 2], self.window[D - 1]]);
            let (mut start, mut size) = (pair.start(side), [depth; D]);
            for d in 0..2 {
                start[D - 2 + d] += rect.start[d];
                size[D - 2 + d] = rect.size[d];
            }
            if D == 3 {
                start[0] += self.corner[1] + at[2];
            }
            let first = self.corner[0] + at[1];
            let region = Region { image: pair.image, channels: first..first + channels, start, size };
            self.source.read(&region, &mut |pixels| {
                for channel in pixels.axis_iter(Axis(0)) {
                    for plane in channel.axis_iter(Axis(0)) {
                        Plane::new(plane.reborrow(), &mut spare).write_turned(turns, &mut writer);
                    }
                }
            })?;
        }
        writer.finish();
        Ok(())
    }
}
