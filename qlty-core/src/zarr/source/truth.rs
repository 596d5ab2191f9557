//! Boolean images stored as bytes.

use ndarray::Zip;

use super::{AnyImageSource, AnyRegion};
use crate::dynamic::{ArrayRef, OwnedArray};
use crate::zarr::Result;
use crate::{DType, Error};

/// Byte images read as `bool`: every byte except 0 is `true`.
///
/// For hosts whose booleans are bytes with values that may differ from 0 and 1.
pub struct BoolImages<'a>(&'a dyn AnyImageSource);

impl std::fmt::Debug for BoolImages<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BoolImages").field("shape", &self.0.batch_shape()).finish()
    }
}

impl<'a> BoolImages<'a> {
    /// Wraps byte images as `bool` images.
    ///
    /// # Errors
    /// [`Error::DataType`] if their type is not `U8`, even if it is `Bool` already.
    pub fn new(source: &'a dyn AnyImageSource) -> crate::Result<Self> {
        match source.dtype() {
            DType::U8 | DType::Bool => Ok(Self(source)),
            other => Err(Error::dtype("images", other, "u8 or bool")),
        }
    }
}

impl AnyImageSource for BoolImages<'_> {
    fn dtype(&self) -> DType {
        DType::Bool
    }

    fn ndim(&self) -> usize {
        self.0.ndim()
    }

    fn shape(&self) -> [usize; 5] {
        self.0.shape()
    }

    fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> Result<()> {
        const WHAT: &str = "region of an image";
        let mut result = Ok(());
        self.0.read(region, &mut |bytes| {
            let truths = || {
                let mut truths = OwnedArray::zeros(WHAT, DType::Bool, bytes.shape())?;
                let mut out = truths.array_mut();
                let (out, bytes) = (out.view_mut::<bool>(WHAT)?, bytes.view::<u8>(WHAT)?);
                Zip::from(out).and(bytes).for_each(|out, byte| *out = *byte != 0);
                Ok::<_, Error>(truths)
            };
            result = truths().map(|truths| visit(truths.array_ref()));
        })?;
        Ok(result?)
    }
}
