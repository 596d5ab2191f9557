//! Training pairs of images and labels, and the choice of patches that carry labels.

use ndarray::{Array, Array1, ArrayView, ArrayView1, ArrayView4, ArrayViewD, ArrayViewMutD, Axis, Dimension};
use rayon::prelude::*;

use crate::array;
use crate::element::Element;
use crate::monitor::Monitor;
use crate::quilt::Quilt;
use crate::rank::{BatchDim, LabelRank, Rank, Spatial, five, five_mut};
use crate::{Error, Result};

/// Image patches and the label patches that go with them.
pub type PatchPair<T, L, Labels, const D: usize> = (Array<T, BatchDim<D>>, Array<L, Labels>);

/// What [`Quilt::weed_sparse`] keeps, and what it removes.
#[derive(Debug, Clone, PartialEq)]
pub struct Weeded<T, L, Images: ndarray::Dimension, Labels: ndarray::Dimension> {
    /// The image patches kept, in their order.
    pub images: Array<T, Images>,
    /// The label patches kept, in their order.
    pub labels: Array<L, Labels>,
    /// For each patch given, whether it was removed.
    pub removed: Array1<bool>,
}

impl<const D: usize> Quilt<D>
where
    Spatial<D>: Rank,
{
    /// The patches of images (N,C,Y,X) and of their labels (N,Y,X) or (N,C',Y,X), or with z; a
    /// model's input and its target.
    ///
    /// Where `missing` is given, the labels on the border of a window are set to it, so that a
    /// model is not trained on pixels of which it sees too little.
    ///
    /// # Errors
    /// [`Error::Shape`] where images or labels do not have the size of the quilt or are not as
    /// many, [`Error::Overflow`] and [`Error::OutOfMemory`].
    pub fn unstitch_pair<T: Element, L: Element, Labels: LabelRank<D>>(
        &self,
        images: ArrayView<'_, T, BatchDim<D>>,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
    ) -> Result<PatchPair<T, L, Labels, D>> {
        if images.shape()[0] != labels.shape()[0] {
            let expected = format!("{} images, as many as there are", images.shape()[0]);
            return Err(Error::shape("labels", labels.shape(), expected));
        }
        let labels = self.unstitch_labels(labels, missing)?;
        Ok((self.unstitch(images)?, labels))
    }

    /// The label half of [`Quilt::unstitch_pair`].
    ///
    /// # Errors
    /// Those of [`Quilt::unstitch_pair`].
    pub fn unstitch_labels<L: Element, Labels: LabelRank<D>>(
        &self,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
    ) -> Result<Array<L, Labels>> {
        self.check_labels("labels", labels.shape(), self.size())?;
        let shape = self.label_patches_shape(labels.shape(), self.patch_count(labels.shape()[0])?);
        let mut patches = array::zeros::<L, Labels>("label patches", &shape)?;
        self.unstitch_labels_into(labels, missing, 0, patches.view_mut(), &Monitor::new())?;
        Ok(patches)
    }

    /// [`Quilt::unstitch_labels`] of as many patches as `patches` has room for, from index `first`
    /// on, into an array of the caller's, of any strides. Progress is counted in patches.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Argument`] where there are not so many patches, and
    /// [`Error::Cancelled`].
    pub fn unstitch_labels_into<L: Element, Labels: LabelRank<D>>(
        &self,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
        first: usize,
        patches: ndarray::ArrayViewMut<'_, L, Labels>,
        monitor: &Monitor,
    ) -> Result<()> {
        self.check_labels("labels", labels.shape(), self.size())?;
        let expected = self.label_patches_shape(labels.shape(), patches.shape()[0]);
        if patches.shape() != expected {
            return Err(Error::shape("label patches", patches.shape(), format!("{expected:?}")));
        }
        self.check_range(&(first..first.saturating_add(patches.shape()[0])), labels.shape()[0])?;
        let labels = five::<_, _, D>("labels", labels)?;
        let patches = five_mut::<_, _, D>("label patches", patches)?;
        let [az, ay, ax] = self.axes;
        self.cut(labels, first, patches, monitor, |to, from, (_, [z, y])| {
            to.copy_from_slice(from);
            let Some(missing) = missing else { return };
            if az.is_inner(z) && ay.is_inner(y) {
                to[..ax.border].fill(missing);
                to[ax.window - ax.border..].fill(missing);
            } else {
                to.fill(missing);
            }
        })
    }

    /// For each label patch, (P,y,x) or (P,C,y,x) or with z, whether it carries a label other than
    /// `missing` inside the border. A NaN equals a `missing` that is NaN.
    ///
    /// # Errors
    /// [`Error::Shape`] where the patches do not have the size of the windows, [`Error::OutOfMemory`].
    pub fn labelled<L: Element, Labels: LabelRank<D>>(
        &self,
        patches: ArrayView<'_, L, Labels>,
        missing: L,
    ) -> Result<Array1<bool>> {
        self.check_labels("label patches", patches.shape(), self.window())?;
        #[allow(clippy::eq_op, reason = "only a NaN differs from itself, and an element need not be a float")]
        let is_nan = |value: &L| value != value;
        let is_label = |value: &L| *value != missing && !(is_nan(value) && is_nan(&missing));
        let patches = five::<_, _, D>("label patches", patches)?;
        let mut found: Array1<bool> = array::zeros("whether patches are labelled", &[patches.dim().0])?;
        let check = |(found, patch): (&mut bool, ArrayView4<'_, L>)| {
            let mut pixels = patch.indexed_iter();
            *found = pixels.any(|((_, z, y, x), value)| is_label(value) && self.is_inner([z, y, x]));
        };
        found.as_slice_mut().unwrap_or_default().par_iter_mut().zip(patches.axis_iter(Axis(0))).for_each(check);
        Ok(found)
    }

    /// Keeps the patches that carry a label; see [`Quilt::labelled`]. Image patches may have any
    /// window of their own.
    ///
    /// # Errors
    /// [`Error::Shape`] where the label patches do not have the size of the windows, or image
    /// patches are not as many, and [`Error::OutOfMemory`].
    pub fn weed_sparse<T: Element, L: Element, Labels: LabelRank<D>>(
        &self,
        images: ArrayView<'_, T, BatchDim<D>>,
        labels: ArrayView<'_, L, Labels>,
        missing: L,
    ) -> Result<Weeded<T, L, BatchDim<D>, Labels>> {
        if images.shape()[0] != labels.shape()[0] {
            let expected = format!("{} patches, as many as there are label patches", labels.shape()[0]);
            return Err(Error::shape("image patches", images.shape(), expected));
        }
        let labelled = self.labelled(labels.view(), missing)?;
        Ok(Weeded {
            images: keep("image patches", images, &labelled)?,
            labels: keep("label patches", labels, &labelled)?,
            removed: labelled.map(|kept| !kept),
        })
    }

    /// Fails where an array of labels or of label patches does not end with `spatial`.
    fn check_labels(&self, argument: &'static str, shape: &[usize], spatial: [usize; D]) -> Result<()> {
        if !shape.ends_with(&spatial) {
            let expected = format!("{spatial:?} after the first axis and, if there is one, the channel axis");
            return Err(Error::shape(argument, shape, expected));
        }
        Ok(())
    }

    /// The shape of `count` label patches cut from labels of this shape.
    fn label_patches_shape(&self, labels: &[usize], count: usize) -> Vec<usize> {
        let channels = &labels[1..labels.len() - D];
        [count].into_iter().chain(channels.iter().copied()).chain(self.window()).collect()
    }
}

/// The patches to be kept, in their order.
fn keep<T: Element, Dim: Dimension>(
    what: &'static str,
    patches: ArrayView<'_, T, Dim>,
    kept: &Array1<bool>,
) -> Result<Array<T, Dim>> {
    let mut shape = patches.shape().to_vec();
    shape[0] = kept.iter().filter(|kept| **kept).count();
    let mut out = array::zeros::<T, Dim>(what, &shape)?;
    keep_into(patches.into_dyn(), kept.view(), out.view_mut().into_dyn())?;
    Ok(out)
}

/// Copies the patches that are to be kept, in their order, into an array of the caller's, of any
/// strides. The first axis of `patches` counts them, the others are any.
///
/// # Errors
/// [`Error::Shape`] where `kept` does not have a value per patch, or `out` not the shape of the
/// patches that are kept.
pub fn keep_into<T: Element>(
    patches: ArrayViewD<'_, T>,
    kept: ArrayView1<'_, bool>,
    mut out: ArrayViewMutD<'_, T>,
) -> Result<()> {
    let mut expected = patches.shape().to_vec();
    let Some(count) = expected.first_mut().filter(|count| **count == kept.len()) else {
        return Err(Error::shape("kept", kept.shape(), format!("a value for each patch of {:?}", patches.shape())));
    };
    *count = kept.iter().filter(|kept| **kept).count();
    if out.shape() != expected {
        return Err(Error::shape("patches kept", out.shape(), format!("{expected:?}")));
    }
    let kept = patches.outer_iter().zip(kept).filter(|(_, kept)| **kept);
    for ((patch, _), mut out) in kept.zip(out.outer_iter_mut()) {
        out.assign(&patch);
    }
    Ok(())
}
