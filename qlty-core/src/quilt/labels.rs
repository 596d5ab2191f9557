//! Typed labels: training pairs of images and labels, and selecting patches that contain labels.

use ndarray::{Array, Array1, ArrayView, ArrayViewMut, Dimension};

use super::{Quilt, filled};
use crate::dynamic::{ArrayMut, ArrayRef, Scalar};
use crate::element::Element;
use crate::labels::keep_into;
use crate::monitor::Monitor;
use crate::rank::{BatchDim, LabelRank, Rank, Spatial};
use crate::{Error, Result};

/// Image patches and their label patches.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LabelledPatches<T, L, Labels: Dimension, const D: usize>
where
    Spatial<D>: Rank,
{
    /// The image patches, (P,C,y,x) or (P,C,z,y,x).
    pub images: Array<T, BatchDim<D>>,
    /// The label patches, (P,y,x) or (P,C,y,x), or with z.
    pub labels: Array<L, Labels>,
}

/// The result of [`Quilt::filter_labelled`]: the patches kept, and which were removed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Filtered<T, L, Images: Dimension, Labels: Dimension> {
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
    /// The patches of images (N,C,Y,X) and of their labels (N,Y,X) or (N,C',Y,X), or with z: a model's input and its
    /// target.
    ///
    /// If `missing` is given, the labels on the border of a window are set to it, so that a model is not trained on
    /// pixels without enough context.
    ///
    /// # Errors
    /// [`Error::Shape`] if images or labels do not have the size of the quilt or differ in number, [`Error::Overflow`]
    /// and [`Error::OutOfMemory`].
    #[doc(alias = "unstitch_data_pair")]
    pub fn unstitch_pair<T: Element, L: Element, Labels: LabelRank<D>>(
        &self,
        images: ArrayView<'_, T, BatchDim<D>>,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
    ) -> Result<LabelledPatches<T, L, Labels, D>> {
        if images.shape()[0] != labels.shape()[0] {
            let expected = format!("{} images, as many as there are", images.shape()[0]);
            return Err(Error::shape("labels", labels.shape(), expected));
        }
        let labels = self.unstitch_labels(labels, missing)?;
        Ok(LabelledPatches { images: self.unstitch(images)?, labels })
    }

    /// The label part of [`Quilt::unstitch_pair`].
    ///
    /// # Errors
    /// The errors of [`Quilt::unstitch_pair`].
    pub fn unstitch_labels<L: Element, Labels: LabelRank<D>>(
        &self,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
    ) -> Result<Array<L, Labels>> {
        let labels = ArrayRef::of("labels", labels)?;
        let shape = self.0.unstitch_labels_shape(labels.shape(), self.patch_count(labels.shape()[0])?)?;
        let (missing, monitor) = (missing.map(Scalar::of), Monitor::new());
        filled("label patches", &shape, |patches| self.0.unstitch_labels_into(labels, missing, 0, patches, &monitor))
    }

    /// [`Quilt::unstitch_labels`] into the caller's array, of any strides: as many patches as `patches` has room for,
    /// starting with index `first`. Progress is counted in patches.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Argument`] if there are fewer patches, and [`Error::Cancelled`].
    pub fn unstitch_labels_into<L: Element, Labels: LabelRank<D>>(
        &self,
        labels: ArrayView<'_, L, Labels>,
        missing: Option<L>,
        first: usize,
        patches: ArrayViewMut<'_, L, Labels>,
        monitor: &Monitor,
    ) -> Result<()> {
        let (labels, patches) = (ArrayRef::of("labels", labels)?, ArrayMut::of("label patches", patches)?);
        self.0.unstitch_labels_into(labels, missing.map(Scalar::of), first, patches, monitor)
    }

    /// Whether each label patch, (P,y,x) or (P,C,y,x) or with z, contains a label other than `missing` inside the
    /// border. A NaN equals a `missing` that is NaN.
    ///
    /// # Errors
    /// [`Error::Shape`] if the patches do not have the size of the windows.
    pub fn labelled<L: Element, Labels: LabelRank<D>>(
        &self,
        patches: ArrayView<'_, L, Labels>,
        missing: L,
    ) -> Result<Array1<bool>> {
        Ok(self.0.labelled(ArrayRef::of("label patches", patches)?, Scalar::of(missing))?.into())
    }

    /// Keeps the patches that contain a label; see [`Quilt::labelled`]. The image patches may have a different window
    /// size.
    ///
    /// # Errors
    /// [`Error::Shape`] if the label patches do not have the size of the windows, or the number of image patches
    /// differs, and [`Error::OutOfMemory`].
    #[doc(alias = "weed_sparse")]
    #[doc(alias = "weed_sparse_classification_training_pairs_2D")]
    #[doc(alias = "weed_sparse_classification_training_pairs_3D")]
    pub fn filter_labelled<T: Element, L: Element, Labels: LabelRank<D>>(
        &self,
        images: ArrayView<'_, T, BatchDim<D>>,
        labels: ArrayView<'_, L, Labels>,
        missing: L,
    ) -> Result<Filtered<T, L, BatchDim<D>, Labels>> {
        if images.shape()[0] != labels.shape()[0] {
            let expected = format!("{} patches, as many as there are label patches", labels.shape()[0]);
            return Err(Error::shape("image patches", images.shape(), expected));
        }
        let labelled = self.labelled(labels.view(), missing)?.to_vec();
        Ok(Filtered {
            images: keep("image patches", images, &labelled)?,
            labels: keep("label patches", labels, &labelled)?,
            removed: labelled.iter().map(|kept| !kept).collect(),
        })
    }
}

/// The patches to keep, in their order.
fn keep<T: Element, Dim: Dimension>(
    what: &'static str,
    patches: ArrayView<'_, T, Dim>,
    kept: &[bool],
) -> Result<Array<T, Dim>> {
    let mut shape = patches.shape().to_vec();
    shape[0] = kept.iter().filter(|kept| **kept).count();
    filled(what, &shape, |out| keep_into(ArrayRef::of(what, patches)?, kept, out))
}
