//! Cutting patches out of images, wherever these are.

use ndarray::{ArrayViewMut, Axis};
use qlty_core::zarr::{ImageSource, Region, Result, shape_of};
use qlty_core::{BatchDim, Element, Monitor, Quilt, Rank, Spatial};
use rayon::prelude::*;

/// Cuts the patches of these indices, of a batch of so many images.
pub(crate) fn cut<T: Element, const D: usize>(
    quilt: &Quilt<D>,
    images: usize,
    source: &(impl ImageSource<T, D> + ?Sized),
    indices: &[usize],
    mut patches: ArrayViewMut<'_, T, BatchDim<D>>,
    monitor: &Monitor,
) -> Result<()>
where
    Spatial<D>: Rank,
{
    let size = quilt.size();
    if source.size() != size || source.images() != images {
        let expected = format!("{images} images of {size:?} pixels");
        return Err(qlty_core::Error::shape("batch", &shape_of(source), expected).into());
    }
    let channels = source.channels();
    let expected: Vec<usize> = [indices.len(), channels].into_iter().chain(quilt.window()).collect();
    if patches.shape() != expected {
        return Err(qlty_core::Error::shape("patches", patches.shape(), format!("{expected:?}")).into());
    }
    let total = quilt.patch_count(images)?;
    if let Some(index) = indices.iter().find(|index| **index >= total) {
        return Err(qlty_core::Error::argument("patch index", index, format!("less than {total}")).into());
    }
    let works: Vec<_> = indices.iter().zip(patches.axis_iter_mut(Axis(0))).collect();
    monitor.begin(works.len() as u64);
    works.into_par_iter().try_for_each(|(index, patch)| {
        monitor.check()?;
        let position = quilt.position(*index);
        let (start, size) = (position.start, quilt.window());
        let region = Region { image: position.image, channels: 0..channels, start, size };
        let patch = qlty_core::array::five_mut::<_, _, D>("patch", patch.insert_axis(Axis(0)))?;
        let mut patch = patch.index_axis_move(Axis(0), 0);
        source.read(&region, &mut |pixels| patch.assign(&pixels))?;
        monitor.advance(1);
        Ok(())
    })
}
