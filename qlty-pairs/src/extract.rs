//! Extracting the patches of pairs from images.
//!
//! Patches are copied by element width, and rotated by quarter turns while they are copied: row by row into the result.
//! Each task writes a part of the result that is contiguous if the whole result is.

use ndarray::{ArrayViewMut5, Axis};
use qlty_core::dynamic::ArrayMut;
use qlty_core::internal::array::{divide, product};
use qlty_core::internal::stream::{RowWriter, STREAM_BYTES};
use qlty_core::zarr::Result;
use qlty_core::{DType, Element, Error, Monitor, with_width};

use crate::extent::Extent;
use crate::failure::Failure;
use crate::options::check_rotation;
use crate::patches::check_patches;
use crate::turn::{Plane, Rect};
use crate::{AnyImageSource, AnyPair, AnyPairsMut, AnyRegion, Side};

/// The number of patch bytes that a task extracts: enough to be worth a task, few enough for every thread to get some.
const TASK_BYTES: usize = 512 << 10;

/// Fails if elements of type `from` cannot be copied to `patches`.
fn check_type(name: &'static str, patches: &ArrayMut<'_>, from: DType) -> qlty_core::Result<()> {
    if !from.can_be_read_as(patches.dtype()) {
        return Err(Error::dtype(name, patches.dtype(), format!("{from}, that of the images")));
    }
    Ok(())
}

/// Extracts the patches of given pairs, in their order, with type and number of axes known at run time; see
/// [`crate::extract_pairs_into`].
///
/// The arrays of patches have the source's type; `Bool` may also be written to `U8`.
///
/// # Errors
/// The errors of [`crate::extract_pairs_into`]; [`Error::Shape`] if the images and the window differ in their number of
/// axes, and [`Error::DataType`].
pub fn extract_pairs_into(
    source: &dyn AnyImageSource,
    window: &[usize],
    pairs: &[AnyPair],
    out: AnyPairsMut<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let window = Extent::window(window)?;
    check_pairs(source, window, pairs)?;
    let (patches, mut places) = out.split();
    let shape = [&[pairs.len(), source.shape()[1]], window.sizes()].concat();
    check_patches(&patches, &shape)?;
    let dtype = source.dtype();
    check_type("patches1", &patches[0], dtype)?;
    check_type("patches2", &patches[1], dtype)?;
    places.check(window.ndim, pairs.len())?;
    monitor.begin(2 * pairs.len() as u64);
    monitor.check()?;
    let failure = Failure::new(monitor);
    let extraction = Extraction { source, window, pairs, corner: [0; 4], monitor, failure };
    let [patches1, patches2] = patches;
    let patches1 = patches1.five("patches1", window.ndim)?;
    let patches2 = patches2.five("patches2", window.ndim)?;
    rayon::join(|| extraction.side(Side::First, patches1), || extraction.side(Side::Second, patches2));
    extraction.failure.into_result()?;
    Ok(places.write(window.ndim, pairs)?)
}

/// Extracts one box, which starts at `corner` (c, z, y, x), from one patch of each pair. `boxes` has the source's type
/// and five axes; the caller has checked that the pairs fit and the boxes are within the patches.
pub(crate) fn extract_boxes(
    source: &dyn AnyImageSource,
    window: Extent,
    pairs: &[AnyPair],
    side: Side,
    corner: [usize; 4],
    boxes: ArrayMut<'_>,
) -> Result<()> {
    let (dtype, monitor) = (source.dtype(), &Monitor::new());
    check_type("patches", &boxes, dtype)?;
    let extraction = Extraction { source, window, pairs, corner, monitor, failure: Failure::new(monitor) };
    extraction.side(side, boxes);
    extraction.failure.into_result()
}

/// Fails if a pair extends beyond the images, or has a rotation that its window does not allow.
pub(crate) fn check_pairs(source: &dyn AnyImageSource, window: Extent, pairs: &[AnyPair]) -> qlty_core::Result<()> {
    let shape = source.shape();
    if source.ndim() != window.ndim {
        let expected = format!("{} spatial axes, as many as the window {window:?} has", window.ndim);
        return Err(Error::shape("images", &source.batch_shape(), expected));
    }
    let within = |start: usize, d: usize| start.checked_add(window.zyx[d]).is_some_and(|end| end <= shape[2 + d]);
    let fits = |start: [usize; 3]| (0..3).all(|d| within(start[d], d));
    for (index, pair) in pairs.iter().enumerate() {
        if pair.image >= shape[0] || !fits(pair.start1) || !fits(pair.start2) {
            let expected = format!("patches of {window:?} within images of shape {:?}", source.batch_shape());
            return Err(Error::argument(format!("pair {index}"), pair, expected));
        }
        check_rotation(window, pair.rotation)?;
    }
    product("patches", &[&[pairs.len(), shape[1], 16], window.sizes()].concat())?;
    Ok(())
}

struct Extraction<'a> {
    source: &'a dyn AnyImageSource,
    window: Extent,
    pairs: &'a [AnyPair],
    /// The start of the extracted part of each patch, (c, z, y, x).
    corner: [usize; 4],
    monitor: &'a Monitor,
    failure: Failure<'a>,
}

impl Extraction<'_> {
    /// Extracts all patches of one side into an array of five axes, to which `dtype` can be copied.
    fn side(&self, side: Side, patches: ArrayMut<'_>) {
        if patches.is_empty() {
            self.monitor.advance(self.pairs.len() as u64);
            return;
        }
        with_width!(patches.dtype(), W => {
            // SAFETY: only `Bool` elements are copied to an array of `Bool`: `part` only copies elements of type
            // `dtype`, which `check_type` has compared with that of the array.
            let patches = unsafe { patches.bits::<W>() };
            self.side_of_width(side, patches);
        });
    }

    fn side_of_width<W: Element>(&self, side: Side, patches: ArrayViewMut5<'_, W>) {
        let (_, channels, depth, height, _) = patches.dim();
        let streaming = patches.len() * size_of::<W>() >= STREAM_BYTES;
        divide(patches, [0; 4], TASK_BYTES / size_of::<W>(), &|at, part| {
            let (parts, part_channels, part_depth, part_height, _) = part.dim();
            if self.failure.stops() {
                return;
            }
            self.failure.note(self.part(side, at, part, streaming));
            // A patch that is extracted in parts is counted with its last row.
            if at[1] + part_channels == channels && at[2] + part_depth == depth && at[3] + part_height == height {
                self.monitor.advance(parts as u64);
            }
        });
    }

    /// Extracts a part of the patches, which starts at `at` (p, c, z, y).
    fn part<W: Element>(
        &self,
        side: Side,
        at: [usize; 4],
        mut part: ArrayViewMut5<'_, W>,
        streaming: bool,
    ) -> Result<()> {
        let (parts, channels, depth, height, width) = part.dim();
        let mut writer = RowWriter::new(&mut part, streaming);
        let mut spare = Vec::new();
        let [_, window_height, window_width] = self.window.zyx;
        for pair in &self.pairs[at[0]..at[0] + parts] {
            let turns = pair.turns(side);
            let rect = Rect { start: [self.corner[2] + at[3], self.corner[3]], size: [height, width] };
            let rect = rect.unturned(turns, [window_height, window_width]);
            let [z, y, x] = pair.start(side);
            let start = [z + self.corner[1] + at[2], y + rect.start[0], x + rect.start[1]];
            let size = [depth, rect.size[0], rect.size[1]];
            let first = self.corner[0] + at[1];
            let region = AnyRegion { image: pair.image, channels: first..first + channels, start, size };
            region.read(self.source, |pixels| {
                for channel in pixels.bits::<W>().index_axis(Axis(0), 0).axis_iter(Axis(0)) {
                    for plane in channel.axis_iter(Axis(0)) {
                        Plane::new(plane.reborrow(), &mut spare).write_turned(turns, &mut writer);
                    }
                }
                Ok(())
            })?;
        }
        writer.finish();
        Ok(())
    }
}
