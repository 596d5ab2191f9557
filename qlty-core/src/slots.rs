//! Which patches an array holds, and where.

use std::ops::Range;

/// Patches by their patch index, with the order in which memory holds them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Slots<'a> {
    /// Slot `i` holds patch `first + i`.
    Run { first: usize, len: usize },
    /// Pairs of patch index and slot, in ascending order of the index.
    Sorted(&'a [(usize, usize)]),
    /// The patches whose bits are set, all in slot 0.
    Bits(&'a [u64]),
}

impl<'a> Slots<'a> {
    /// The patches with an index in `range`, ascending, as pairs of index and slot.
    #[inline(always)]
    pub(crate) fn within(self, range: Range<usize>) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        let (mut run, mut first, mut sorted, mut bits): (_, _, &[(usize, usize)], _) = (0..0, 0, &[], None);
        match self {
            Self::Run { first: begin, len } => {
                (run, first) = (range.start.max(begin)..range.end.min(begin + len), begin);
            }
            Self::Sorted(pairs) => {
                let start = pairs.partition_point(|(index, _)| *index < range.start);
                let end = pairs.partition_point(|(index, _)| *index < range.end);
                sorted = &pairs[start..end.max(start)];
            }
            Self::Bits(all) => (run, bits) = (range, Some(all)),
        }
        let is_in = move |index: &usize| bits.is_none_or(|bits| bit(bits, *index));
        let slot = move |index: usize| if bits.is_none() { index - first } else { 0 };
        run.filter(is_in).map(move |index| (index, slot(index))).chain(sorted.iter().copied())
    }
}

impl Slots<'_> {
    /// From the first index to the last; `None` if there is no patch.
    pub(crate) fn range(&self) -> Option<Range<usize>> {
        match self {
            Self::Run { first, len } => Some(*first..first + len).filter(|range| !range.is_empty()),
            Self::Sorted(pairs) => Some(pairs.first()?.0..pairs.last()?.0 + 1),
            Self::Bits(bits) => Some(0..bits.len() * 64).filter(|range| !range.is_empty()),
        }
    }
}

/// Whether a bit is set.
pub(crate) fn bit(bits: &[u64], index: usize) -> bool {
    bits.get(index / 64).is_some_and(|bits| bits >> (index % 64) & 1 == 1)
}
