//! Arrays of every kind of strides: transposed, reversed, spread out, parts of larger arrays.

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, Axis, IxDyn, Slice};

use crate::sample::Sample;

/// The memory layout of an array. The default for any number of axes is standard layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The axes from slowest to fastest in memory.
    pub order: Vec<usize>,
    /// Per axis, whether it runs backwards in memory.
    pub reversed: Vec<bool>,
    /// The step per axis, in elements of the memory.
    pub spread: Vec<usize>,
    /// The number of elements of the memory before and after the array, per axis.
    pub margin: Vec<usize>,
}

impl Layout {
    /// Standard layout: C order, without gaps.
    pub fn standard(axes: usize) -> Self {
        Self { order: (0..axes).collect(), reversed: vec![false; axes], spread: vec![1; axes], margin: vec![0; axes] }
    }
}

/// An array in some memory layout, inside a larger array of sentinels.
#[derive(Debug)]
pub struct Held<T> {
    /// The larger array, with its axes in the order of the layout.
    memory: ArrayD<T>,
    layout: Layout,
    shape: Vec<usize>,
    sentinel: T,
}

impl<T: Sample> Held<T> {
    /// An array of this shape, in which every element, and every one around it, is `sentinel`.
    pub fn new(shape: &[usize], layout: &Layout, sentinel: T) -> Self {
        let in_memory = |axis: usize| shape[axis] * layout.spread[axis] + 2 * layout.margin[axis];
        let memory_shape: Vec<_> = layout.order.iter().map(|axis| in_memory(*axis)).collect();
        let memory = ArrayD::from_elem(IxDyn(&memory_shape), sentinel);
        Self { memory, layout: layout.clone(), shape: shape.to_vec(), sentinel }
    }

    /// An array of these values.
    pub fn of(values: &ArrayD<T>, layout: &Layout) -> Self {
        let mut held = Self::new(values.shape(), layout, T::default());
        held.view_mut().assign(values);
        held
    }

    /// The axes of the array in memory, in their order.
    fn inverse(&self) -> Vec<usize> {
        (0..self.shape.len()).map(|axis| self.layout.order.iter().position(|a| *a == axis).unwrap()).collect()
    }

    fn slice(&self, axis: usize) -> Slice {
        let (margin, spread) = (self.layout.margin[axis], self.layout.spread[axis]);
        let step = if self.layout.reversed[axis] { -(spread as isize) } else { spread as isize };
        Slice::new(margin as isize, Some((margin + self.shape[axis] * spread) as isize), step)
    }

    /// The array.
    pub fn view(&self) -> ArrayViewD<'_, T> {
        let slices: Vec<_> = (0..self.shape.len()).map(|axis| self.slice(axis)).collect();
        let mut view = self.memory.view().permuted_axes(self.inverse());
        slices.into_iter().enumerate().for_each(|(axis, slice)| view.slice_axis_inplace(Axis(axis), slice));
        view
    }

    /// The array, mutable.
    pub fn view_mut(&mut self) -> ArrayViewMutD<'_, T> {
        let slices: Vec<_> = (0..self.shape.len()).map(|axis| self.slice(axis)).collect();
        let inverse = self.inverse();
        let mut view = self.memory.view_mut().permuted_axes(inverse);
        slices.into_iter().enumerate().for_each(|(axis, slice)| view.slice_axis_inplace(Axis(axis), slice));
        view
    }

    /// Fails if an element outside the array has been written.
    #[track_caller]
    pub fn assert_nothing_else_written(mut self) {
        let sentinel = self.sentinel;
        self.view_mut().fill(sentinel);
        let written = self.memory.iter().filter(|value| value.bits() != sentinel.bits()).count();
        assert_eq!(written, 0, "{written} elements outside of the array were written");
    }

    /// Fails if an element of the array has been written.
    #[track_caller]
    pub fn assert_untouched(&self) {
        let written = self.memory.iter().filter(|value| value.bits() != self.sentinel.bits()).count();
        assert_eq!(written, 0, "{written} elements were written by a call that failed");
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, Layout};
    use crate::compare::assert_same_bits;
    use crate::sample::moderate;

    #[test]
    fn an_awkward_array_holds_its_values() {
        let layout = Layout {
            order: vec![2, 0, 1],
            reversed: vec![true, false, true],
            spread: vec![2, 1, 3],
            margin: vec![1, 0, 2],
        };
        let values = moderate::<i32>(&[2, 3, 4], 1);
        let held = Held::of(&values, &layout);
        assert_same_bits("held", &held.view(), &values);
        assert!(held.view().strides().iter().filter(|stride| **stride < 0).count() == 2);
        let mut held = Held::new(&[2, 3, 4], &layout, 7_u8);
        held.assert_untouched();
        held.view_mut().fill(3);
        held.assert_nothing_else_written();
    }

    #[test]
    #[should_panic(expected = "1 elements outside")]
    fn a_stray_write_is_found() {
        let mut held = Held::new(&[3], &Layout { margin: vec![1], ..Layout::standard(1) }, 7_u8);
        held.memory[[0]] = 1;
        held.assert_nothing_else_written();
    }
}
