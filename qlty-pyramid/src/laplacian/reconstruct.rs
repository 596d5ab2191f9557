//! A level of a Laplacian store as an array of its own.

use std::path::Path;

use ndarray::{ArrayViewMut5, ArrayViewMutD, Axis, Ix5, s};
use qlty_core::Monitor;
use qlty_core::zarr::{Codec, Partial};

use super::store::{LaplacianStore, laplacian_pixel_type};
use super::{Interpolation, LaplacianPixel};
use crate::axes::{Axes, AxisOrder};
use crate::pixel::with_pixel_type;
use crate::slab_writer::{ArraySpec, SlabWriter, ZarrFormat};
use crate::{Error, PyramidOptions, Result};

/// What is made of a Laplacian store, and how it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconstructOptions {
    /// The level, 0 for the full size.
    pub level: usize,
    /// The interpolation, for stores that do not say it or say it wrong.
    pub interpolation: Option<Interpolation>,
    /// How chunks are compressed.
    pub codec: Codec,
    /// Whether a store of the same name is replaced, once the new one is complete.
    pub overwrite: bool,
}

impl Default for ReconstructOptions {
    fn default() -> Self {
        Self { level: 0, interpolation: None, codec: PyramidOptions::CODEC, overwrite: false }
    }
}

/// Writes a level of a Laplacian store as a Zarr v3 array, in chunks of the shape of the differences'.
///
/// Planes that share chunks are read and written together, so memory does not depend on their number; the
/// array appears under its name when it is complete, and on failure not at all. Progress counts planes.
///
/// # Errors
/// - [`Error::Argument`] if there is no such level, or its axes are not (Z,Y,X), (C,Z,Y,X) or (T,C,Z,Y,X)
///   in the order that the store says;
/// - [`Error::Store`] as [`LaplacianStore::open`] and [`LaplacianStore::read_into`], and if the destination
///   is taken or not written;
/// - [`Error::Core`] if there is no memory, or the caller cancelled.
pub fn reconstruct_from_laplacian(
    store: impl AsRef<Path>,
    destination: impl AsRef<Path>,
    options: &ReconstructOptions,
    monitor: &Monitor,
) -> Result<()> {
    options.codec.check()?;
    let (store, destination) = (store.as_ref(), destination.as_ref());
    with_pixel_type!(laplacian_pixel_type(store)?, T => {
        let store = match options.interpolation {
            Some(interpolation) => LaplacianStore::<T>::open_with(store, interpolation)?,
            None => LaplacianStore::<T>::open(store)?,
        };
        write(&store, destination, options, monitor)
    })
}

fn write<T: LaplacianPixel>(
    store: &LaplacianStore<T>,
    destination: &Path,
    options: &ReconstructOptions,
    monitor: &Monitor,
) -> Result<()> {
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
    let writer = SlabWriter::<T>::create(partial.path(), "", spec)?;

    monitor.begin((times * depth) as u64);
    let mut slab = qlty_core::array::zeros::<T, Ix5>("a slab", &[1, writer.depth(), channels, height, width])?;
    for (t, z) in (0..times).flat_map(|t| (0..depth).step_by(writer.depth()).map(move |z| (t, z))) {
        let count = writer.depth().min(depth - z);
        // Written as (Z,C,Y,X), read in the order of the store's axes.
        let mut planes = slab.slice_mut(s![.., ..count, .., .., ..]);
        let view = axes.view(planes.view_mut().permuted_axes([0, 2, 1, 3, 4]));
        let groups = store.groups(level, &axes.pick([t, 0, z, 0, 0]), view);
        store.read_groups(level, groups, monitor, || ())?;
        if let Some(planes) = planes.as_slice() {
            writer.write(t, z, planes, monitor)?;
        }
        monitor.advance(count as u64);
    }
    monitor.check()?;
    Ok(partial.complete()?)
}

/// The axes of a store's arrays, outermost first, by their places in (T,C,Z,Y,X).
struct StoredAxes(Vec<usize>);

impl StoredAxes {
    /// As the store says, or as many as there are of (T,C,Z,Y,X) from the right.
    fn of<T: LaplacianPixel>(store: &LaplacianStore<T>, count: usize) -> Result<Self> {
        const NAMES: [&str; 5] = ["t", "c", "z", "y", "x"];
        let layout = store.layout();
        let places: Option<Vec<usize>> = match &layout.axes {
            Some(names) => names.iter().map(|name| NAMES.iter().position(|known| known == name)).collect(),
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

    /// What is given for these axes, for (T,C,Z,Y,X); 1 for those that are not there.
    fn five(&self, sizes: &[usize]) -> [usize; 5] {
        let mut five = [1; 5];
        self.0.iter().zip(sizes).for_each(|(place, size)| five[*place] = *size);
        five
    }

    fn pick(&self, five: [usize; 5]) -> Vec<usize> {
        self.0.iter().map(|place| five[*place]).collect()
    }

    /// An array (T,C,Z,Y,X) with these axes; those that are not there have one element.
    fn view<'a, T>(&self, five: ArrayViewMut5<'a, T>) -> ArrayViewMutD<'a, T> {
        let others = (0..5).filter(|place| !self.0.contains(place));
        let order: Vec<usize> = self.0.iter().copied().chain(others).collect();
        let mut view = five.into_dyn().permuted_axes(order);
        while view.ndim() > self.0.len() {
            let last = Axis(view.ndim() - 1);
            view = view.index_axis_move(last, 0);
        }
        view
    }
}
