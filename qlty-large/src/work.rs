//! Bringing tiles to memory, adding to them, and writing those that are complete.

use std::sync::TryLockError;
use std::sync::atomic::Ordering::Relaxed;

use ndarray::ArrayView;
use qlty_core::region::PixelBox;
use qlty_core::zarr::{Error, Result};
use qlty_core::{BatchDim, Element, Rank, Spatial};

use crate::arrays::Arrays;
use crate::memory::lock;
use crate::options::Accumulator;
use crate::sew::Sewing;
use crate::sums::{self, Arrived, Label};
use crate::tile::{Place, Tile};
use crate::tiling::Reaching;
use crate::{LargeQuilt, Std};

/// What comes of patches.
pub(crate) enum What<'a, T, const D: usize>
where
    Spatial<D>: Rank,
{
    /// They are added.
    Add { patches: ArrayView<'a, T, BatchDim<D>>, variances: Option<ArrayView<'a, T, BatchDim<D>>> },
    /// They will not come.
    Skip,
}

/// The name of the file of a tile's sums, in the folders of state and session.
pub(crate) fn file_name(tile: usize) -> String {
    format!("{tile}.sums")
}

// No thread may wait for another while it holds a tile: what waits in rayon's pool does other tasks meanwhile, which
// may want the same tile. So nothing below divides its work among threads but with all tiles let go.
impl<A: Accumulator, const D: usize> LargeQuilt<A, D>
where
    Spatial<D>: Rank,
{
    fn sewing(&self, arrays: &Arrays<A, D>, pixels: PixelBox<D>) -> Sewing<'_, A, D> {
        let (std, normalize, fill) = (self.kind.std, self.normalize, self.kind.fill);
        let window = self.window.as_ref().filter(|_| std == Std::Total);
        Sewing { sewer: &self.sewer, std, normalize, fill, window, channels: arrays.channels, pixels }
    }

    fn label(&self, arrays: &Arrays<A, D>, tile: usize, pixels: &PixelBox<D>, reaching: usize) -> Label {
        Label { geometry: arrays.checksum, tile, values: arrays.sums_len(pixels), reaching }
    }

    /// Adds patches to a tile, or notes that they will not come, and writes the tile if it is then complete. Patches that
    /// the tile has are left out. `pairs` are indices and places, in ascending order of the index.
    pub(crate) fn work<T: Element>(
        &self,
        arrays: &Arrays<A, D>,
        index: usize,
        pairs: &[(usize, usize)],
        what: &What<'_, T, D>,
    ) -> Result<()> {
        let mut tile = lock(self.tile(index));
        if matches!(tile.place, Place::Finished | Place::Writing) {
            return Ok(());
        }
        let pixels = self.tiling.pixels(index);
        let reaching = Reaching::new(self.sewer.quilt(), &pixels)?;
        if tile.arrived.is_none() {
            tile.arrived = Some(Arrived::new(reaching.len())?);
        }
        let has = |tile: &Tile<A>, patch| tile.arrived.as_ref().is_some_and(|all| all.has(reaching.number(patch)));
        let new: Vec<_> = pairs.iter().copied().filter(|(patch, _)| !has(&tile, *patch)).collect();
        if let (What::Add { patches, variances }, false) = (what, new.is_empty()) {
            let values = self.bring(arrays, index, &pixels, &reaching, &mut tile)?;
            let variances = variances.as_ref().map(|variances| variances.view());
            self.sewing(arrays, pixels).add(values, patches.view(), variances, &new)?;
        }
        if let (Some(arrived), false) = (&mut tile.arrived, new.is_empty()) {
            let to = if matches!(what, What::Skip) { &mut arrived.skipped } else { &mut arrived.added };
            for (patch, _) in new {
                to.insert(reaching.number(patch));
            }
            tile.is_current = false;
        }
        if !tile.arrived.as_ref().is_some_and(Arrived::is_complete) {
            return Ok(());
        }
        if !matches!(tile.place, Place::Unwritten(_)) {
            self.bring(arrays, index, &pixels, &reaching, &mut tile)?;
        }
        let is_divided = matches!(tile.place, Place::Unwritten(_));
        let (Place::Memory(mut values) | Place::Unwritten(mut values)) =
            std::mem::replace(&mut tile.place, Place::Writing)
        else {
            return Ok(());
        };
        let added = self.added_if_not_all(&tile, &reaching);
        let is_saved = tile.is_saved;
        drop(tile);
        let bytes = size_of_val(&values[..]);
        let divided =
            if is_divided { Ok(()) } else { self.sewing(arrays, pixels).conclude(&mut values, added.as_deref()) };
        let result = divided.map_err(Error::from).and_then(|()| self.write(arrays, index, &pixels, &values, is_saved));
        let mut tile = lock(self.tile(index));
        if result.is_err() {
            tile.place = Place::Unwritten(values);
            return result;
        }
        drop(values);
        self.memory.give_back(index, bytes);
        (tile.place, tile.arrived) = (Place::Finished, None);
        self.tiles_done.fetch_add(1, Relaxed);
        Ok(())
    }

    /// The patches that a tile has, unless it has all that reach it.
    pub(crate) fn added_if_not_all(&self, tile: &Tile<A>, reaching: &Reaching<D>) -> Option<Vec<usize>> {
        let arrived = tile.arrived.as_ref()?;
        let all = arrived.added.count() == reaching.len();
        let added =
            || (0..reaching.len()).filter(|number| arrived.added.has(*number)).map(|number| reaching.patch(number));
        (!all).then(|| added().collect())
    }

    /// Writes the files of a tile. What a checkpoint has of it goes last: as long as it is there, they do not count; and
    /// since it survives a power failure, they have to as well.
    fn write(
        &self,
        arrays: &Arrays<A, D>,
        index: usize,
        pixels: &PixelBox<D>,
        values: &[A],
        is_saved: bool,
    ) -> Result<()> {
        let len = arrays.channels * pixels.volume();
        arrays.write(pixels, &values[..len], values.get(len..2 * len).unwrap_or_default())?;
        self.scratch.remove(&file_name(index))?;
        if is_saved {
            arrays.sync()?;
            self.state.remove(&file_name(index))?;
        }
        Ok(())
    }

    /// Mean and standard deviation of a tile that is not complete, of what it has; nothing where it has nothing.
    pub(crate) fn write_incomplete(&self, arrays: &Arrays<A, D>, index: usize) -> Result<()> {
        let mut tile = lock(self.tile(index));
        let pixels = self.tiling.pixels(index);
        let reaching = Reaching::new(self.sewer.quilt(), &pixels)?;
        let added = self.added_if_not_all(&tile, &reaching).unwrap_or_default();
        if added.is_empty() || !tile.is_open() {
            return Ok(());
        }
        let mut values = self.bring(arrays, index, &pixels, &reaching, &mut tile)?.clone();
        drop(tile);
        self.sewing(arrays, pixels).conclude(&mut values, Some(&added))?;
        let len = arrays.channels * pixels.volume();
        arrays.write(&pixels, &values[..len], values.get(len..2 * len).unwrap_or_default())
    }

    /// Has the sums of a tile in memory.
    fn bring<'t>(
        &self,
        arrays: &Arrays<A, D>,
        index: usize,
        pixels: &PixelBox<D>,
        reaching: &Reaching<D>,
        tile: &'t mut Tile<A>,
    ) -> Result<&'t mut Vec<A>> {
        let label = self.label(arrays, index, pixels, reaching.len());
        if !matches!(tile.place, Place::Memory(_)) {
            let bytes = label.values * size_of::<A>();
            self.make_room(arrays, bytes)?;
            let read = |store: &qlty_core::zarr::FolderStore| sums::read(&store.path(&file_name(index)), &label);
            let values = match tile.place {
                Place::Scratch => read(&self.scratch).map(|(_, values)| values),
                Place::Checkpoint => read(&self.state).map(|(_, values)| values),
                _ => qlty_core::array::zeros::<A, ndarray::Ix1>("sums of a tile", &[label.values])
                    .map(|values| values.into_raw_vec_and_offset().0)
                    .map_err(Error::from),
            };
            let values = values.inspect_err(|_| self.memory.give_back(index, bytes))?;
            tile.place = Place::Memory(values);
        }
        self.memory.touch(index);
        match &mut tile.place {
            Place::Memory(values) => Ok(values),
            _ => Err(qlty_core::Error::argument("tile", index, "one in memory").into()),
        }
    }

    /// Takes memory, for which the tiles used least recently go to scratch. Those that another thread holds stay.
    fn make_room(&self, arrays: &Arrays<A, D>, bytes: usize) -> Result<()> {
        let mut held = Vec::new();
        let mut result = Ok(());
        while let Some(oldest) = self.memory.take(bytes) {
            match self.tile(oldest).try_lock() {
                Ok(mut tile) => result = self.evict(arrays, oldest, &mut tile),
                Err(TryLockError::Poisoned(tile)) => result = self.evict(arrays, oldest, &mut tile.into_inner()),
                Err(TryLockError::WouldBlock) => held.push(oldest),
            }
            if result.is_err() {
                self.memory.touch(oldest);
                break;
            }
        }
        for tile in held {
            self.memory.touch(tile);
        }
        result
    }

    fn evict(&self, arrays: &Arrays<A, D>, index: usize, tile: &mut Tile<A>) -> Result<()> {
        let (Place::Memory(values), Some(arrived)) = (&tile.place, &tile.arrived) else { return Ok(()) };
        let bytes = size_of_val(&values[..]);
        let place = if tile.is_current {
            Place::Checkpoint
        } else {
            let label = self.label(arrays, index, &self.tiling.pixels(index), arrived.reaching);
            sums::write(&self.scratch, &file_name(index), &label, arrived, values)?;
            Place::Scratch
        };
        tile.place = place;
        self.memory.give_back(index, bytes);
        Ok(())
    }

    /// Writes what a tile has to the folder of the state, unless it is there.
    pub(crate) fn save(&self, arrays: &Arrays<A, D>, index: usize) -> Result<()> {
        let mut tile = lock(self.tile(index));
        if tile.is_current || !tile.is_open() {
            return Ok(());
        }
        let pixels = self.tiling.pixels(index);
        let reaching = Reaching::new(self.sewer.quilt(), &pixels)?;
        if tile.arrived.is_none() {
            return Ok(());
        }
        self.bring(arrays, index, &pixels, &reaching, &mut tile)?;
        if let (Place::Memory(values), Some(arrived)) = (&tile.place, &tile.arrived) {
            let label = self.label(arrays, index, &pixels, reaching.len());
            sums::write(&self.state, &file_name(index), &label, arrived, values)?;
            (tile.is_saved, tile.is_current) = (true, true);
        }
        Ok(())
    }

    /// What the state has of a tile when a session begins.
    pub(crate) fn recall(&self, arrays: &Arrays<A, D>, index: usize) -> Result<Tile<A>> {
        let pixels = self.tiling.pixels(index);
        let reaching = Reaching::new(self.sewer.quilt(), &pixels)?;
        let path = self.state.path(&file_name(index));
        let mut tile = Tile::new();
        if path.exists() {
            let label = self.label(arrays, index, &pixels, reaching.len());
            tile.arrived = Some(sums::read_arrived::<A>(&path, &label)?);
            (tile.place, tile.is_saved, tile.is_current) = (Place::Checkpoint, true, true);
        } else if arrays.has(&pixels) {
            tile.place = Place::Finished;
        }
        Ok(tile)
    }
}
