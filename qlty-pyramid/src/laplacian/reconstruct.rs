//! Writing a level of a Laplacian store as a separate array.

use std::path::Path;

use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, OwnedArray};
use qlty_core::zarr::Partial;

use super::options::ReconstructOptions;
use super::store::LaplacianStore;
use crate::write::{AXIS_NAMES, ArraySpec, Axes, SlabWriter};
use crate::{AxisOrder, Error, Result, ZarrFormat};

/// Writes a level of a Laplacian store as a Zarr v3 array, in chunks of the shape of the differences'.
///
/// Planes that share chunks are read and written together, so memory use does not depend on their number. The array
/// appears under its name when all of it is on disk, and not at all on failure. Chunks have checksums. Progress counts
/// planes.
///
/// # Errors
/// - [`Error::Argument`] if there is no such level, or its axes are not (Z,Y,X), (C,Z,Y,X) or (T,C,Z,Y,X)
///   in the order that the store states;
/// - [`Error::Store`] as for [`LaplacianStore::open`] and [`LaplacianStore::read_into`], and if the destination
///   exists, another process writes to it, or it cannot be written;
/// - [`Error::Core`] if there is not enough memory, or the caller cancelled.
pub fn reconstruct_from_laplacian(
    store: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: &ReconstructOptions,
    monitor: &Monitor,
) -> Result<()> {
    options.codec.check()?;
    let (store, destination) = (store.as_ref(), destination.as_ref());
    let store = match options.interpolation {
        Some(interpolation) => LaplacianStore::open_with_interpolation(store, interpolation)?,
        None => LaplacianStore::open(store)?,
    };
    write(&store, destination, options, monitor)
}

fn write(store: &LaplacianStore, destination: &Path, options: &ReconstructOptions, monitor: &Monitor) -> Result<()> {
    let level = options.level;
    let shape = store.shape(level)?;
    let axes = StoredAxes::of(store, shape.len())?;
    let shape5 = axes.five(shape);
    let [times, channels, depth, height, width] = shape5;
    let [.., z, y, x] = axes.five(store.chunk(level));
    let spec = ArraySpec {
        shape: shape5,
        axes: Axes::new(axes.order(), shape5),
        chunk: [z.min(depth), y.min(height), x.min(width)],
        shard: None,
        codec: options.codec,
        format: ZarrFormat::V3,
    };
    let partial = Partial::create(destination, options.overwrite)?;
    let mut writer = SlabWriter::create(partial.store(), "", store.dtype(), spec)?;

    monitor.begin((times * depth) as u64);
    let shape = [1, writer.depth(), channels, height, width];
    let mut slab = OwnedArray::zeros("a slab", store.dtype(), &shape)?;
    for (t, z) in (0..times).flat_map(|t| (0..depth).step_by(writer.depth()).map(move |z| (t, z))) {
        let count = writer.depth().min(depth - z);
        // Written as (Z,C,Y,X), read in the order of the store's axes.
        let planes = slab.array_mut().part(1, 0..count).permuted(&[0, 2, 1, 3, 4]);
        let groups = store.groups(level, &axes.pick([t, 0, z, 0, 0]), axes.view(planes));
        store.read_groups(level, groups, monitor, &|| ())?;
        writer.write(t, z, &slab.array_ref().index_axis(0, 0).part(0, 0..count), monitor)?;
        monitor.advance(count as u64);
    }
    monitor.check()?;
    let files = writer.files();
    writer.finish(files)?;
    Ok(partial.complete()?)
}

/// The axes of a store's arrays, outermost first, as indices into (T,C,Z,Y,X).
struct StoredAxes(Vec<usize>);

impl StoredAxes {
    /// The axes that the store states, or else the last `count` of (T,C,Z,Y,X).
    fn of(store: &LaplacianStore, count: usize) -> Result<Self> {
        let layout = store.layout();
        let places: Option<Vec<usize>> = match &layout.axes {
            Some(names) => names.iter().map(|name| AXIS_NAMES.iter().position(|known| known == name)).collect(),
            None => (5_usize.checked_sub(count)).map(|first| (first..5).collect()),
        };
        let known = |places: &Vec<usize>| {
            let different = places.iter().enumerate().all(|(index, place)| !places[..index].contains(place));
            places.len() == count && different && places.ends_with(&[3, 4])
        };
        places.filter(known).map(Self).ok_or_else(|| {
            let expected = format!("{count} of t, c and z, and then y and x");
            Error::from(qlty_core::zarr::Error::store(store.path(), "axes", &layout.axes, expected))
        })
    }

    fn order(&self) -> AxisOrder {
        if self.0.starts_with(&[2, 1]) { AxisOrder::Zcyx } else { AxisOrder::Tczyx }
    }

    /// Sizes along these axes as sizes along (T,C,Z,Y,X), 1 along the others.
    fn five(&self, sizes: &[usize]) -> [usize; 5] {
        let mut five = [1; 5];
        self.0.iter().zip(sizes).for_each(|(place, size)| five[*place] = *size);
        five
    }

    fn pick(&self, five: [usize; 5]) -> Vec<usize> {
        self.0.iter().map(|place| five[*place]).collect()
    }

    /// An array (T,C,Z,Y,X) with these axes; along the others it has one element.
    fn view<'a>(&self, five: ArrayMut<'a>) -> ArrayMut<'a> {
        let others = (0..5).filter(|place| !self.0.contains(place));
        let rest = others.rev().fold(five, |array, place| array.index_axis(place, 0));
        // The index of an axis after the omitted ones are removed.
        let order = self.0.iter().map(|place| self.0.iter().filter(|other| *other < place).count());
        rest.permuted(&order.collect::<Vec<_>>())
    }
}
