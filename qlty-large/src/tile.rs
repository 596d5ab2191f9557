//! What a tile goes through.

use crate::sums::Arrived;

/// A tile of this worker, from its first patch to its files.
#[derive(Debug)]
pub(crate) struct Tile<A> {
    /// What has come; nothing while it is `None`.
    pub(crate) arrived: Option<Arrived>,
    pub(crate) place: Place<A>,
    /// Whether a checkpoint has written a file of this tile, which its own files do not count beside.
    pub(crate) is_saved: bool,
    /// Whether that file has everything that has come.
    pub(crate) is_current: bool,
}

/// Where the sums of a tile are.
#[derive(Debug)]
pub(crate) enum Place<A> {
    /// Nowhere: they are all zero.
    Nowhere,
    /// In memory.
    Memory(Vec<A>),
    /// In a file of the session, to make room.
    Scratch,
    /// In the file that a checkpoint wrote.
    Checkpoint,
    /// With a thread that writes the result.
    Writing,
    /// In memory, as the result that could not be written.
    Unwritten(Vec<A>),
    /// Nowhere: the result is on disk.
    Finished,
}

impl<A> Tile<A> {
    pub(crate) fn new() -> Self {
        Self { arrived: None, place: Place::Nowhere, is_saved: false, is_current: false }
    }

    /// Whether it has all patches, and its result is still to be written: something failed.
    pub(crate) fn is_waiting(&self) -> bool {
        let is_complete = self.arrived.as_ref().is_some_and(Arrived::is_complete);
        is_complete && !matches!(self.place, Place::Finished | Place::Writing)
    }

    /// Whether it has sums, to which more may come.
    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.place, Place::Finished | Place::Writing | Place::Unwritten(_))
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.place, Place::Finished)
    }
}
