//! The states of a tile.

use crate::sums::Arrived;

/// A tile of this worker, from its first patch to its files.
#[derive(Debug)]
pub(crate) struct Tile<A> {
    /// The patches that have come; `None` before the first.
    pub(crate) arrived: Option<Arrived>,
    pub(crate) place: Place<A>,
    /// Whether a checkpoint has written a file of this tile. As long as it exists, the tile does not count as
    /// finished, whatever files of the result there are.
    pub(crate) is_saved: bool,
    /// Whether that file has all patches that have come.
    pub(crate) is_current: bool,
}

/// Where the sums of a tile are.
#[derive(Debug)]
pub(crate) enum Place<A> {
    /// Nowhere: they are all zero.
    Nowhere,
    /// In memory.
    Memory(Vec<A>),
    /// In a scratch file of the session, which made room in memory.
    Scratch,
    /// In the file that a checkpoint wrote.
    Checkpoint,
    /// With a thread that writes the result.
    Writing,
    /// In memory, as the result, which could not be written.
    Unwritten(Vec<A>),
    /// Nowhere: the result is on disk.
    Finished,
}

impl<A> Tile<A> {
    pub(crate) fn new() -> Self {
        Self { arrived: None, place: Place::Nowhere, is_saved: false, is_current: false }
    }

    /// Whether all patches have come and the result is still to be written, since writing it failed before.
    pub(crate) fn is_waiting(&self) -> bool {
        let is_complete = self.arrived.as_ref().is_some_and(Arrived::is_complete);
        is_complete && !matches!(self.place, Place::Finished | Place::Writing)
    }

    /// Whether it has sums, to which patches may be added.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.place, Place::Finished | Place::Writing | Place::Unwritten(_))
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.place, Place::Finished)
    }
}
