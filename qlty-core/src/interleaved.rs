//! Interleaved channels, as cameras and some models have them ("channels last").
//!
//! Where they are interleaved in the source and in the result, a row of pixels is one run of values: both arrays are
//! treated as ones of a single channel whose x axis has as many values for each pixel as there were channels. What is
//! unstitched or stitched then is rows, as of any other array.

use crate::dynamic::{ArrayMut, ArrayRef};

/// Moves the channels of (N,C,Z,Y,X) into X where both arrays have them interleaved, and tells how many there were;
/// else changes nothing, and tells 1.
pub(crate) fn interleave_both<'a, 'b>(one: ArrayRef<'a>, two: ArrayMut<'b>) -> (ArrayRef<'a>, ArrayMut<'b>, usize) {
    let channels = one.shape()[1];
    if channels < 2 || !is_interleaved(one.shape(), one.strides()) || !is_interleaved(two.shape(), two.strides()) {
        return (one, two, 1);
    }
    (one.with_channels_in_rows(), two.with_channels_in_rows(), channels)
}

/// Whether the channels of a pixel are neighbours, and the pixels of a row too.
fn is_interleaved(shape: &[usize], strides: &[isize]) -> bool {
    !shape.contains(&0) && strides[1] == 1 && strides[4] == shape[1] as isize
}
