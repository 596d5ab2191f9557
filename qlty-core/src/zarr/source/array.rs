//! Images in memory.

use std::ops::Range;

use ndarray::{ArrayView4, ArrayView5, Axis, s};

use super::{AnyImageSource, AnyRegion, ImageSource, Region};
use crate::dynamic::ArrayRef;
use crate::zarr::Result;
use crate::{DType, Element, Error};

/// The range of a region along an axis.
fn along<const D: usize>(region: &Region<D>, axis: usize) -> Range<usize> {
    region.start[axis]..region.start[axis] + region.size[axis]
}

impl<T: Element> ImageSource<T, 2> for ArrayView4<'_, T> {
    fn images(&self) -> usize {
        self.dim().0
    }

    fn channels(&self) -> usize {
        self.dim().1
    }

    fn size(&self) -> [usize; 2] {
        [self.dim().2, self.dim().3]
    }

    fn read(&self, region: &Region<2>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let channels = region.channels.clone();
        let part = self.slice(s![region.image, channels, along(region, 0), along(region, 1)]);
        visit(part.insert_axis(Axis(1)));
        Ok(())
    }
}

impl<T: Element> ImageSource<T, 3> for ArrayView5<'_, T> {
    fn images(&self) -> usize {
        self.dim().0
    }

    fn channels(&self) -> usize {
        self.dim().1
    }

    fn size(&self) -> [usize; 3] {
        [self.dim().2, self.dim().3, self.dim().4]
    }

    fn read(&self, region: &Region<3>, visit: &mut dyn FnMut(ArrayView4<'_, T>)) -> Result<()> {
        let channels = region.channels.clone();
        visit(self.slice(s![region.image, channels, along(region, 0), along(region, 1), along(region, 2)]));
        Ok(())
    }
}

/// The images in an array (N,C,Y,X) or (N,C,Z,Y,X) of any type and strides.
#[derive(Debug, Clone, Copy)]
pub struct ArrayImages<'a> {
    /// (N,C,Z,Y,X).
    batch: ArrayRef<'a>,
    ndim: usize,
}

impl<'a> ArrayImages<'a> {
    /// The images in a batch.
    ///
    /// # Errors
    /// [`Error::Shape`] if it does not have four or five axes.
    pub fn new(batch: ArrayRef<'a>) -> crate::Result<Self> {
        if !(4..=5).contains(&batch.ndim()) {
            return Err(Error::shape("batch", batch.shape(), "(N, C, Y, X) or (N, C, Z, Y, X)"));
        }
        let ndim = batch.ndim() - 2;
        Ok(Self { batch: batch.five("batch", ndim)?, ndim })
    }
}

impl AnyImageSource for ArrayImages<'_> {
    fn dtype(&self) -> DType {
        self.batch.dtype()
    }

    fn ndim(&self) -> usize {
        self.ndim
    }

    fn shape(&self) -> [usize; 5] {
        std::array::from_fn(|axis| self.batch.shape()[axis])
    }

    fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> Result<()> {
        let mut part = self.batch.part(0, region.image..region.image + 1).part(1, region.channels.clone());
        for (d, (start, size)) in region.start.iter().zip(region.size).enumerate() {
            part = part.part(2 + d, *start..start + size);
        }
        visit(part);
        Ok(())
    }
}
