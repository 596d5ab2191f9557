//! Labels: extracting their patches, and selecting patches that contain any.

use ndarray::{ArrayView4, ArrayView5, Axis};
use rayon::prelude::*;

use crate::array;
use crate::dynamic::{ArrayMut, ArrayRef, Scalar, check_copy};
use crate::element::Element;
use crate::geometry::{AnyQuilt, check_last};
use crate::monitor::Monitor;
use crate::{Error, Result};

impl AnyQuilt {
    /// The shape of an array of `count` label patches of labels of this shape, (N,Y,X) or (N,C,Y,X), or with z.
    ///
    /// # Errors
    /// [`Error::Shape`] if the labels do not have the size of the quilt.
    pub fn unstitch_labels_shape(&self, labels: &[usize], count: usize) -> Result<Vec<usize>> {
        self.check_labels("labels", labels, &self.size())?;
        let channels = &labels[1..labels.len() - self.ndim];
        Ok([count].into_iter().chain(channels.iter().copied()).chain(self.window()).collect())
    }

    /// [`crate::Quilt::unstitch_labels_into`], with arrays of one type, which `missing` must have too.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::DataType`]; [`Error::Argument`] if there are fewer patches; [`Error::Cancelled`].
    pub fn unstitch_labels_into(
        &self,
        labels: ArrayRef<'_>,
        missing: Option<Scalar>,
        first: usize,
        patches: ArrayMut<'_>,
        monitor: &Monitor,
    ) -> Result<()> {
        let count = patches.outer_len();
        let expected = self.unstitch_labels_shape(labels.shape(), count)?;
        Error::check_shape("label patches", patches.shape(), &expected)?;
        check_copy("label patches", patches.dtype(), labels.dtype())?;
        if let Some(missing) = missing {
            check_copy("missing label", labels.dtype(), missing.dtype())?;
        }
        let last = check_last(first, count)?;
        self.check_range(&(first..last), labels.shape()[0])?;
        let (labels, patches) = (labels.five("labels", self.ndim)?, patches.five("label patches", self.ndim)?);
        let [az, ay, ax] = self.axes;
        crate::with_width!(labels.dtype(), W => {
            let missing = missing.map(bits::<W>);
            // SAFETY: the bits of labels, or of the missing label, are copied to labels of the same type.
            let patches = unsafe { patches.bits::<W>() };
            self.extract(labels.bits::<W>(), first, patches, monitor, |to, from, (_, [z, y])| {
                to.copy_from_slice(from);
                let Some(missing) = missing else { return };
                if az.is_inner(z) && ay.is_inner(y) {
                    to[..ax.border].fill(missing);
                    to[ax.window - ax.border..].fill(missing);
                } else {
                    to.fill(missing);
                }
            })
        })
    }

    /// [`crate::Quilt::labelled`], with a `missing` of the patches' type.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not have the size of the windows, [`Error::DataType`], [`Error::OutOfMemory`].
    pub fn labelled(&self, patches: ArrayRef<'_>, missing: Scalar) -> Result<Vec<bool>> {
        self.check_labels("label patches", patches.shape(), &self.window())?;
        check_copy("missing label", patches.dtype(), missing.dtype())?;
        let patches = patches.five("label patches", self.ndim)?;
        crate::with_dtype!(patches.dtype(), L => {
            let missing = missing.get::<L>().unwrap_or_default();
            self.find_labelled::<L>(patches.bits(), missing)
        })
    }

    fn find_labelled<L: Element>(&self, patches: ArrayView5<'_, L>, missing: L) -> Result<Vec<bool>> {
        #[allow(clippy::eq_op, reason = "only a NaN differs from itself, and an element need not be a float")]
        let is_nan = |value: &L| value != value;
        let is_label = |value: &L| *value != missing && !(is_nan(value) && is_nan(&missing));
        let [az, ay, ax] = self.axes;
        let mut found = array::zeroed("whether patches are labelled", patches.dim().0)?;
        let check = |(found, patch): (&mut bool, ArrayView4<'_, L>)| {
            let mut pixels = patch.indexed_iter();
            *found = pixels
                .any(|((_, z, y, x), value)| is_label(value) && az.is_inner(z) && ay.is_inner(y) && ax.is_inner(x));
        };
        found.par_iter_mut().zip(patches.axis_iter(Axis(0))).for_each(check);
        Ok(found)
    }

    /// Fails if the shape of labels or label patches does not end with `spatial`.
    fn check_labels(&self, argument: &'static str, shape: &[usize], spatial: &[usize]) -> Result<()> {
        let axes = shape.len().wrapping_sub(self.ndim);
        if !(axes == 1 || axes == 2) || !shape.ends_with(spatial) {
            let expected = format!("{spatial:?} after the first axis and, if there is one, the channel axis");
            return Err(Error::shape(argument, shape, expected));
        }
        Ok(())
    }
}

/// The bits of a value as an unsigned integer of its width.
fn bits<W: Element>(value: Scalar) -> W {
    let mut wide = [0; 8];
    wide[..value.bytes().len()].copy_from_slice(value.bytes());
    // SAFETY: there are eight bytes, any bytes are a valid number, and the read need not be aligned; `W` is one of the
    // unsigned integers of `with_width!`.
    unsafe { wide.as_ptr().cast::<W>().read_unaligned() }
}

/// Copies the selected patches, in their order, into an array of the same type. The first axis of `patches` counts
/// them; the other axes are arbitrary.
///
/// # Errors
/// [`Error::Shape`] if `kept` does not have one value per patch, or `out` does not have the shape of the selected
/// patches; [`Error::DataType`].
pub fn keep_into(patches: ArrayRef<'_>, kept: &[bool], mut out: ArrayMut<'_>) -> Result<()> {
    let mut expected = patches.shape().to_vec();
    let Some(count) = expected.first_mut().filter(|count| **count == kept.len()) else {
        return Err(Error::shape("kept", &[kept.len()], format!("a value for each patch of {:?}", patches.shape())));
    };
    *count = kept.iter().filter(|kept| **kept).count();
    Error::check_shape("patches kept", out.shape(), &expected)?;
    check_copy("patches kept", out.dtype(), patches.dtype())?;
    let kept = kept.iter().enumerate().filter(|(_, kept)| **kept).map(|(index, _)| index);
    for (to, from) in kept.enumerate() {
        out.reborrow().part(0, to..to + 1).assign("patches kept", &patches.part(0, from..from + 1))?;
    }
    Ok(())
}
