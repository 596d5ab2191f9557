//! Loading tiles, adding to them, evicting them, and writing complete ones.
//!
//! A thread must not wait for another while it holds the lock of a tile: a thread that waits in rayon's pool runs other
//! tasks meanwhile, which may need the same tile. So the lock is released before the tile's work is divided among
//! threads, for example when its chunks are encoded.

use std::sync::{Mutex, MutexGuard, TryLockError};

use ndarray::{ArrayViewD, IxDyn};
use qlty_core::dynamic::ArrayRef;
use qlty_core::internal::array::zeroed;
use qlty_core::internal::region::PixelBox;
use qlty_core::zarr::FolderStore;
use qlty_core::{Error, Real};

use super::Engine;
use crate::Result;
use crate::accumulate::Accumulation;
use crate::arrays::Arrays;
use crate::sums::{self, Arrived, Label, Sum};
use crate::tile::{Place, Tile};
use crate::tiling::Reaching;

/// An operation on patches.
#[derive(Debug)]
pub(super) enum PatchOp<'a> {
    /// Adds them.
    Add {
        /// (P,C,y,x) or (P,C,z,y,x).
        patches: &'a ArrayRef<'a>,
        /// Of the same shape, if there is a standard deviation.
        variances: Option<&'a ArrayRef<'a>>,
    },
    /// Notes that they will not arrive.
    Skip,
}

/// The name of a tile's file of sums, in the state and session folders.
pub(super) fn file_name(tile: usize) -> String {
    format!("{tile}.sums")
}

/// Locks a tile, unless a thread has panicked while changing it.
pub(super) fn lock_tile<A>(tile: &Mutex<Tile<A>>) -> Result<MutexGuard<'_, Tile<A>>> {
    tile.lock().map_err(|_| Error::Poisoned { what: "tile" }.into())
}

impl<A: Sum> Engine<A> {
    fn accumulation(&self, arrays: &Arrays, pixels: PixelBox) -> Accumulation<'_, A> {
        let options = &self.job.options;
        Accumulation {
            accumulator: &self.accumulator,
            std: options.std,
            normalize: options.normalize,
            fill: A::from_f64(options.fill),
            window: self.window.as_ref().map(|window| window.view()),
            channels: arrays.channels,
            pixels,
        }
    }

    pub(super) fn reaching(&self, pixels: &PixelBox) -> Result<Reaching> {
        Ok(Reaching::new(self.job.quilt(), pixels)?)
    }

    pub(super) fn label(&self, arrays: &Arrays, tile: usize, pixels: &PixelBox, reaching: usize) -> Label {
        Label { geometry: arrays.checksum, tile, values: arrays.sums_len(pixels), reaching }
    }

    /// Applies an operation to patches in a tile, and writes the tile if it is then complete. Patches that the tile
    /// already has are skipped. `pairs` are indices and positions, in ascending order of the index.
    pub(super) fn apply_in_tile(
        &self,
        arrays: &Arrays,
        index: usize,
        pairs: &[(usize, usize)],
        op: &PatchOp<'_>,
    ) -> Result<()> {
        let mut tile = lock_tile(self.tile(index))?;
        if matches!(tile.place, Place::Finished | Place::Writing) {
            return Ok(());
        }
        let pixels = self.job.tiling.pixels(index);
        let reaching = self.reaching(&pixels)?;
        if tile.arrived.is_none() {
            tile.arrived = Some(Arrived::new(reaching.len())?);
        }
        let has = |tile: &Tile<A>, patch| tile.has(reaching.number(patch));
        let new: Vec<_> = pairs.iter().copied().filter(|(patch, _)| !has(&tile, *patch)).collect();
        if let (PatchOp::Add { patches, variances }, false) = (op, new.is_empty()) {
            let values = self.load(arrays, index, &pixels, &reaching, &mut tile)?;
            self.accumulation(arrays, pixels).add(values, **patches, variances.copied(), &new)?;
        }
        if let (Some(arrived), false) = (&mut tile.arrived, new.is_empty()) {
            let to = if matches!(op, PatchOp::Skip) { &mut arrived.skipped } else { &mut arrived.added };
            for (patch, _) in new {
                to.insert(reaching.number(patch));
            }
            tile.is_current = false;
        }
        if !tile.arrived.as_ref().is_some_and(Arrived::is_complete) {
            return Ok(());
        }
        if !matches!(tile.place, Place::Unwritten(_)) {
            self.load(arrays, index, &pixels, &reaching, &mut tile)?;
        }
        let is_divided = matches!(tile.place, Place::Unwritten(_));
        let (Place::Memory(mut values) | Place::Unwritten(mut values)) =
            std::mem::replace(&mut tile.place, Place::Writing)
        else {
            return Ok(());
        };
        let added = added_if_not_all(&tile, &reaching);
        let is_saved = tile.is_saved;
        drop(tile);
        let bytes = size_of_val(&values[..]);
        let divided =
            if is_divided { Ok(()) } else { self.accumulation(arrays, pixels).conclude(&mut values, added.as_deref()) };
        let written = divided
            .map_err(crate::Error::from)
            .and_then(|()| self.write_complete(arrays, index, &pixels, &values, is_saved));
        let mut tile = lock_tile(self.tile(index))?;
        if written.is_err() {
            tile.place = Place::Unwritten(values);
            return written;
        }
        drop(values);
        self.job.memory.give_back(index, bytes);
        (tile.place, tile.arrived) = (Place::Finished, None);
        self.job.note_finished(index, false);
        drop(tile);
        self.job.vouch_if_due(arrays)
    }

    /// Writes the files of a complete tile. The checkpoint's file of the tile is removed last: as long as it exists,
    /// the result's files do not count; and since it survives a power failure, they must survive one before it is
    /// removed.
    fn write_complete(
        &self,
        arrays: &Arrays,
        index: usize,
        pixels: &PixelBox,
        values: &[A],
        is_saved: bool,
    ) -> Result<()> {
        write(arrays, pixels, values)?;
        self.job.scratch.remove(&file_name(index))?;
        if is_saved {
            arrays.sync_tile(pixels)?;
            self.job.state.remove(&file_name(index))?;
        }
        Ok(())
    }

    /// Writes the mean and standard deviation of the patches that an incomplete tile has; nothing if it has none.
    pub(super) fn write_incomplete(&self, arrays: &Arrays, index: usize) -> Result<()> {
        let mut tile = lock_tile(self.tile(index))?;
        let pixels = self.job.tiling.pixels(index);
        let reaching = self.reaching(&pixels)?;
        let added = added_if_not_all(&tile, &reaching).unwrap_or_default();
        if added.is_empty() || !tile.is_open() {
            return Ok(());
        }
        let mut values = self.load(arrays, index, &pixels, &reaching, &mut tile)?.clone();
        drop(tile);
        self.accumulation(arrays, pixels).conclude(&mut values, Some(&added))?;
        write(arrays, &pixels, &values)
    }

    /// Loads the sums of a tile into memory, unless they are loaded.
    fn load<'t>(
        &self,
        arrays: &Arrays,
        index: usize,
        pixels: &PixelBox,
        reaching: &Reaching,
        tile: &'t mut Tile<A>,
    ) -> Result<&'t mut Vec<A>> {
        let label = self.label(arrays, index, pixels, reaching.len());
        if !matches!(tile.place, Place::Memory(_)) {
            let bytes = label.values * size_of::<A>();
            self.make_room(arrays, bytes)?;
            let read = |store: &FolderStore| sums::read(&store.path(&file_name(index)), &label);
            let values = match tile.place {
                Place::Scratch => read(&self.job.scratch).map(|(_, values)| values),
                Place::Checkpoint => read(&self.job.state).map(|(_, values)| values),
                _ => zeroed("sums of a tile", label.values).map_err(crate::Error::from),
            };
            let values = values.inspect_err(|_| self.job.memory.give_back(index, bytes))?;
            tile.place = Place::Memory(values);
        }
        self.job.memory.touch(index);
        match &mut tile.place {
            Place::Memory(values) => Ok(values),
            _ => Err(Error::argument("tile", index, "one in memory").into()),
        }
    }

    /// Reserves memory, evicting the least recently used tiles if needed. Tiles locked by another thread stay.
    fn make_room(&self, arrays: &Arrays, bytes: usize) -> Result<()> {
        let mut held = Vec::new();
        let mut result = Ok(());
        while let Some(oldest) = self.job.memory.take(bytes) {
            match self.tile(oldest).try_lock() {
                Ok(mut tile) => result = self.evict(arrays, oldest, &mut tile),
                Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => held.push(oldest),
            }
            if result.is_err() {
                self.job.memory.touch(oldest);
                break;
            }
        }
        for tile in held {
            self.job.memory.touch(tile);
        }
        result
    }

    fn evict(&self, arrays: &Arrays, index: usize, tile: &mut Tile<A>) -> Result<()> {
        let (Place::Memory(values), Some(arrived)) = (&tile.place, &tile.arrived) else { return Ok(()) };
        let bytes = size_of_val(&values[..]);
        let place = if tile.is_current {
            Place::Checkpoint
        } else {
            let label = self.label(arrays, index, &self.job.tiling.pixels(index), arrived.reaching);
            sums::write(&self.job.scratch, &file_name(index), &label, arrived, values)?;
            Place::Scratch
        };
        tile.place = place;
        self.job.memory.give_back(index, bytes);
        Ok(())
    }

    /// Writes the patches and sums of a tile to the state folder, unless the file there is current.
    pub(super) fn save(&self, arrays: &Arrays, index: usize) -> Result<()> {
        let mut tile = lock_tile(self.tile(index))?;
        if tile.is_current || !tile.is_open() || tile.arrived.is_none() {
            return Ok(());
        }
        let pixels = self.job.tiling.pixels(index);
        let reaching = self.reaching(&pixels)?;
        self.load(arrays, index, &pixels, &reaching, &mut tile)?;
        if let (Place::Memory(values), Some(arrived)) = (&tile.place, &tile.arrived) {
            let label = self.label(arrays, index, &pixels, reaching.len());
            sums::write(&self.job.state, &file_name(index), &label, arrived, values)?;
            (tile.is_saved, tile.is_current) = (true, true);
        }
        Ok(())
    }
}

/// The patches that a tile has, unless it has all that overlap it.
fn added_if_not_all<A>(tile: &Tile<A>, reaching: &Reaching) -> Option<Vec<usize>> {
    let arrived = tile.arrived.as_ref()?;
    let all = arrived.added.count() == reaching.len();
    let added = || (0..reaching.len()).filter(|number| arrived.added.has(*number)).map(|number| reaching.patch(number));
    (!all).then(|| added().collect())
}

/// Writes the mean of a tile and, if there is one, the standard deviation.
fn write<A: Real>(arrays: &Arrays, pixels: &PixelBox, values: &[A]) -> Result<()> {
    let (shape, len) = (arrays.tile_shape(pixels), arrays.channels * pixels.volume());
    let part = |values| {
        let wrong = |_| Error::shape("values of a tile", &[len], format!("{shape:?}"));
        let values = ArrayViewD::from_shape(IxDyn(&shape), values).map_err(wrong)?;
        ArrayRef::of("values of a tile", values)
    };
    let std = values.get(len..2 * len).map(part).transpose()?;
    arrays.write(pixels, part(&values[..len])?, std)
}
