//! Unstitching patches from images in memory or on disk.

use qlty_core::dynamic::{AnyQuilt, ArrayMut};
use qlty_core::internal::array::check_copy;
use qlty_core::zarr::{AnyImageSource, AnyRegion};
use qlty_core::{Error, Monitor};
use rayon::prelude::*;

use crate::Result;

/// Fills `patches` with those of these indices, of a batch of `images`. Progress counts patches.
pub(crate) fn unstitch_into(
    quilt: &AnyQuilt,
    images: usize,
    source: &dyn AnyImageSource,
    indices: &[usize],
    patches: ArrayMut<'_>,
    monitor: &Monitor,
) -> Result<()> {
    let (ndim, [batch, channels, size @ ..]) = (quilt.ndim(), source.shape());
    if source.ndim() != ndim || batch != images || size != quilt.size3() {
        let expected = format!("{images} images of {:?} pixels", quilt.size());
        return Err(Error::shape("batch", &source.batch_shape(), expected).into());
    }
    check_copy("patches", patches.dtype(), source.dtype())?;
    let expected = [&[indices.len(), channels], &quilt.window()[..]].concat();
    Error::check_shape("patches", patches.shape(), &expected)?;
    let total = quilt.patch_count(images)?;
    if let Some(index) = indices.iter().find(|index| **index >= total) {
        return Err(Error::argument("patch index", index, format!("less than {total}")).into());
    }
    let mut rest = patches.five("patches", ndim)?;
    let mut works = Vec::with_capacity(indices.len());
    for index in indices {
        let (patch, others) = rest.split_at(0, 1);
        works.push((*index, patch));
        rest = others;
    }
    monitor.begin(works.len() as u64);
    works.into_par_iter().try_for_each(|(index, mut patch)| {
        monitor.check()?;
        let (image, start) = quilt.position(index);
        let region = AnyRegion { image, channels: 0..channels, start, size: quilt.window3() };
        region.read(source, |pixels| patch.assign("patches", &pixels))?;
        monitor.advance(1);
        Ok(())
    })
}
