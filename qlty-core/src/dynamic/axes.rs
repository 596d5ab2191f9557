//! Removing and reordering the axes of an array.

use super::{ArrayMut, ArrayRef, MAX_NDIM};

impl<'a> ArrayRef<'a> {
    /// The elements at `index` along an axis, as an array without that axis.
    ///
    /// # Panics
    /// If there is no such axis, or the index is beyond its end.
    pub fn index_axis(&self, axis: usize, index: usize) -> Self {
        let mut part = self.part(axis, index..index + 1);
        let layout = &mut part.layout;
        layout.shape.copy_within(axis + 1.., axis);
        layout.strides.copy_within(axis + 1.., axis);
        (layout.shape[MAX_NDIM - 1], layout.strides[MAX_NDIM - 1]) = (1, 0);
        layout.ndim -= 1;
        part
    }

    /// Whether the elements are contiguous in memory in C order.
    pub fn is_standard_layout(&self) -> bool {
        let mut expected = 1;
        self.is_empty()
            || self.shape().iter().zip(self.strides()).rev().all(|(len, stride)| {
                let fits = *len == 1 || *stride == expected;
                expected *= *len as isize;
                fits
            })
    }
}

impl<'a> ArrayMut<'a> {
    /// [`ArrayRef::index_axis`].
    ///
    /// # Panics
    /// If there is no such axis, or the index is beyond its end.
    pub fn index_axis(self, axis: usize, index: usize) -> Self {
        let part = self.part(axis, index..index + 1);
        // There is one element along the axis, so the elements are the same.
        let layout = part.array_ref().index_axis(axis, 0).layout;
        Self { layout, ..part }
    }

    /// [`ArrayRef::permuted`].
    ///
    /// # Panics
    /// Where `order` does not have each axis once.
    pub fn permuted(self, order: &[usize]) -> Self {
        let layout = self.array_ref().permuted(order).layout;
        Self { layout, ..self }
    }

    /// [`ArrayRef::is_standard_layout`].
    pub fn is_standard_layout(&self) -> bool {
        self.array_ref().is_standard_layout()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, Axis};

    use super::*;

    #[test]
    fn axes_are_left_out_and_permuted_as_those_of_ndarray() {
        let mut array = Array4::from_shape_fn((2, 3, 4, 5), |(a, b, c, d)| (a * 60 + b * 20 + c * 5 + d) as u16);
        let expected = array.clone();
        let dynamic = ArrayRef::of("array", array.view()).unwrap();
        assert!(dynamic.is_standard_layout());
        for axis in 0..4 {
            let got = dynamic.index_axis(axis, 1);
            assert_eq!(got.view::<u16>("array").unwrap(), expected.index_axis(Axis(axis), 1).into_dyn());
            assert_eq!(got.is_standard_layout(), expected.index_axis(Axis(axis), 1).is_standard_layout());
        }
        let mut dynamic = ArrayMut::of("array", array.view_mut()).unwrap().index_axis(1, 2).permuted(&[2, 0, 1]);
        assert!(!dynamic.is_standard_layout());
        let expected = expected.index_axis(Axis(1), 2).permuted_axes([2, 0, 1]).into_dyn();
        assert_eq!(dynamic.view_mut::<u16>("array").unwrap(), expected);
        assert!(dynamic.part(0, 1..1).is_standard_layout());
    }
}
