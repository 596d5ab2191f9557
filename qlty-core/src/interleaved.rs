//! Interleaved channels ("channels last"), as cameras and some models use them.
//!
//! If both the source and the result have interleaved channels, a row of pixels is one contiguous run of values: both
//! arrays are treated as single-channel arrays whose x axis has one value per pixel and channel. Unstitching and
//! stitching then process rows as in any other array.

use crate::dynamic::{ArrayMut, ArrayRef};

/// Merges the channels of (N,C,Z,Y,X) into X if both arrays have them interleaved, and returns the number of channels;
/// otherwise changes nothing and returns 1.
pub(crate) fn interleave_both<'a, 'b>(one: ArrayRef<'a>, two: ArrayMut<'b>) -> (ArrayRef<'a>, ArrayMut<'b>, usize) {
    let channels = one.shape()[1];
    if channels < 2 || !is_interleaved(one.shape(), one.strides()) || !is_interleaved(two.shape(), two.strides()) {
        return (one, two, 1);
    }
    (one.with_channels_in_rows(), two.with_channels_in_rows(), channels)
}

/// Whether both the channels of a pixel and the pixels of a row are contiguous.
fn is_interleaved(shape: &[usize], strides: &[isize]) -> bool {
    !shape.contains(&0) && strides[1] == 1 && strides[4] == shape[1] as isize
}
