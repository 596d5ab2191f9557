//! The axes of an array, and their order.

use qlty_core::dynamic::ArrayMut;

/// The order of the axes of the arrays that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum AxisOrder {
    /// (T,C,Z,Y,X), the order of NGFF, without T and C if their size is 1.
    #[default]
    Tczyx,
    /// (Z,C,Y,X), even if there is only one channel, for stacks with one time point. NGFF does not allow it, so the
    /// store is a multiscale Zarr group without NGFF metadata.
    Zcyx,
}

/// The axes of an array, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Axes(Vec<Axis>);

/// An axis by its index in (T,C,Z,Y,X).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Axis {
    T,
    C,
    Z,
    Y,
    X,
}

/// The names of (T,C,Z,Y,X) in NGFF.
pub(crate) const NAMES: [&str; 5] = ["t", "c", "z", "y", "x"];

impl Axis {
    /// The name in NGFF.
    pub(crate) fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

impl Axes {
    /// The axes of a stack of this shape (T,C,Z,Y,X).
    pub(crate) fn new(order: AxisOrder, shape: [usize; 5]) -> Self {
        use Axis::{C, T, X, Y, Z};
        Self(match order {
            AxisOrder::Zcyx => vec![Z, C, Y, X],
            AxisOrder::Tczyx => {
                let several = [T, C].into_iter().filter(|axis| shape[*axis as usize] > 1);
                several.chain([Z, Y, X]).collect()
            }
        })
    }

    /// Whether NGFF allows the order.
    pub(crate) fn are_ngff(&self) -> bool {
        self.0.windows(2).all(|pair| (pair[0] as usize) < pair[1] as usize)
    }

    /// The axes, outermost first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Axis> {
        self.0.iter().copied()
    }

    /// Their names, outermost first; also the dimension names of arrays.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.iter().map(Axis::name).collect()
    }

    /// Their names as one word, such as `CZYX`.
    pub(crate) fn word(&self) -> String {
        self.names().concat().to_uppercase()
    }

    /// An array with these axes, with one element along T and C, as one with Z, Y and X.
    pub(crate) fn spatial<'a>(&self, array: ArrayMut<'a>) -> ArrayMut<'a> {
        let others = self.0.iter().enumerate().filter(|(_, axis)| matches!(axis, Axis::T | Axis::C));
        others.rev().fold(array, |array, (index, _)| array.index_axis(index, 0))
    }

    /// The values for these axes, in their order, from values for (T,C,Z,Y,X).
    pub(crate) fn pick<V: Copy>(&self, of: [V; 5]) -> Vec<V> {
        self.iter().map(|axis| of[axis as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Axes, AxisOrder};

    #[test]
    fn only_what_there_is_several_of() {
        let word = |order, shape| Axes::new(order, shape).word();
        assert_eq!(word(AxisOrder::Tczyx, [1, 1, 9, 9, 9]), "ZYX");
        assert_eq!(word(AxisOrder::Tczyx, [1, 3, 9, 9, 9]), "CZYX");
        assert_eq!(word(AxisOrder::Tczyx, [2, 1, 1, 9, 9]), "TZYX");
        assert_eq!(word(AxisOrder::Tczyx, [2, 2, 1, 9, 9]), "TCZYX");
        assert_eq!(word(AxisOrder::Zcyx, [1, 1, 9, 9, 9]), "ZCYX");
        assert!(Axes::new(AxisOrder::Tczyx, [2; 5]).are_ngff());
        assert!(!Axes::new(AxisOrder::Zcyx, [1; 5]).are_ngff());
    }
}
