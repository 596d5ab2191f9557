//! Channels that lie side by side in memory, as a camera or a model may have them ("channels last").
//!
//! Where they do so in the source and in the result, a row of pixels is one run of values: the
//! arrays are taken for ones of a single channel whose x axis has as many values for each pixel as
//! there were channels. What is cut or sewn then is rows, as of any other array.

use ndarray::{ArrayBase, Axis, Ix5, RawData};

/// Folds the channels of (N,C,Z,Y,X) into X where both arrays have them side by side, and says how
/// many there were; else changes nothing, and says 1.
pub(crate) fn fold<A: RawData, B: RawData>(one: &mut ArrayBase<A, Ix5>, two: &mut ArrayBase<B, Ix5>) -> usize {
    let channels = one.dim().1;
    if channels < 2 || !(is_last(one) && is_last(two)) {
        return 1;
    }
    fold_one(one);
    fold_one(two);
    channels
}

/// Whether the channels of a pixel are neighbours, and the pixels of a row too.
fn is_last<S: RawData>(array: &ArrayBase<S, Ix5>) -> bool {
    let channels = array.dim().1;
    !array.is_empty() && array.strides()[1] == 1 && array.strides()[4] == channels as isize
}

fn fold_one<S: RawData>(array: &mut ArrayBase<S, Ix5>) {
    let (x, channel) = (Axis(4), Axis(1));
    array.merge_axes(x, channel);
    array.swap_axes(4, 1);
}
