//! The states of a tile.

use crate::sums::Arrived;

/// A tile of this worker, from its first patch to its files.
#[derive(Debug)]
pub(crate) struct Tile<A> {
    /// The patches that have arrived; `None` before the first.
    pub(crate) arrived: Option<Arrived>,
    pub(crate) place: Place<A>,
    /// Whether a checkpoint has written a file of this tile. As long as it exists, the tile does not count as finished,
    /// even if all its result files exist.
    pub(crate) is_saved: bool,
    /// Whether that file includes all patches that have arrived.
    pub(crate) is_current: bool,
}

/// Where the sums of a tile are.
#[derive(Debug)]
pub(crate) enum Place<A> {
    /// Nowhere: all sums are zero.
    Nowhere,
    /// In memory.
    Memory(Vec<A>),
    /// In a scratch file of the session, after an eviction.
    Scratch,
    /// In the file that a checkpoint wrote.
    Checkpoint,
    /// Held by a thread that is writing the result.
    Writing,
    /// In memory, as the result, because writing it failed.
    Unwritten(Vec<A>),
    /// Nowhere: the result is on disk.
    Finished,
}

impl<A> Tile<A> {
    pub(crate) fn new() -> Self {
        Self { arrived: None, place: Place::Nowhere, is_saved: false, is_current: false }
    }

    /// Whether the patch with this number, among those that overlap the tile, has arrived.
    pub(crate) fn has(&self, number: usize) -> bool {
        self.arrived.as_ref().is_some_and(|arrived| arrived.has(number))
    }

    /// Whether all patches have arrived but the result is not on disk, because writing it failed.
    pub(crate) fn is_waiting(&self) -> bool {
        let is_complete = self.arrived.as_ref().is_some_and(Arrived::is_complete);
        is_complete && !matches!(self.place, Place::Finished | Place::Writing)
    }

    /// Whether it has sums, to which patches can be added.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.place, Place::Finished | Place::Writing | Place::Unwritten(_))
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.place, Place::Finished)
    }
}
