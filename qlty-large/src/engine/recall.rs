//! What is on disk: when a result is opened, verified or repaired.

use std::sync::{Mutex, PoisonError};

use qlty_core::Monitor;
use qlty_core::zarr::Damage;

use super::Engine;
use super::tiles::{file_name, lock_tile};
use crate::arrays::Arrays;
use crate::claims::{Bits, Claims};
use crate::memory::lock;
use crate::parallel::try_for_each;
use crate::sums::{self, Sum};
use crate::tile::{Place, Tile};
use crate::{DamagedTile, Result};

/// A tile as it is on disk.
struct Recalled<A> {
    tile: Tile<A>,
    /// Whether it is finished and was waited for.
    is_vouched: bool,
    damage: Option<Damage>,
}

impl<A: Sum> Engine<A> {
    /// Finds out which tiles and patches are done. If `checks_all`, tiles are read even if they are known to be on disk.
    pub(super) fn recall_all(&mut self, total: usize, checks_all: bool, monitor: &Monitor) -> Result<()> {
        let own = self.job.tiling.own.clone();
        let damaged = Mutex::new(Vec::new());
        if let Some(arrays) = self.job.arrays() {
            let vouched = self.job.vouched_by_all(arrays)?;
            let is_complete = self.job.was_complete && self.job.is_complete()?;
            monitor.begin(own.len() as u64);
            self.each_tile(monitor, &|index| {
                let is_vouched = is_complete || vouched.has(index);
                let Recalled { tile, is_vouched, damage } = self.recall(arrays, index, is_vouched, checks_all)?;
                if let Some(damage) = damage {
                    lock(&damaged).push(DamagedTile { tile: index, damage });
                }
                if tile.is_finished() {
                    self.job.note_finished(index, is_vouched);
                }
                *lock_tile(self.tile(index))? = tile;
                Ok(())
            })?;
            let damaged = ascending(damaged);
            let tiles: Vec<usize> = damaged.iter().map(|damaged| damaged.tile).collect();
            if let Some(DamagedTile { tile, damage }) = damaged.first().filter(|_| self.job.is_only_read()) {
                let (count, first) = (damaged.len(), damage.clone());
                return Err(crate::Error::DamagedTiles { count, tile: *tile, first });
            }
            self.job.revoke(arrays, &tiles)?;
            for tile in tiles {
                self.drop_sums(arrays, tile)?;
            }
            self.job.damaged = damaged;
        }
        let (mut wanted, mut lacking) = (Bits::new(total)?, Bits::new(total)?);
        for index in own {
            let reaching = self.reaching(&self.job.tiling.pixels(index))?;
            let tile = lock_tile(self.tile(index))?;
            for (number, patch) in reaching.patches().enumerate() {
                wanted.insert(patch);
                if !tile.is_finished() && !tile.has(number) {
                    lacking.insert(patch);
                }
            }
        }
        let mut done = wanted.clone();
        (0..total).filter(|patch| lacking.has(*patch)).for_each(|patch| done.remove(patch));
        self.job.claims = Mutex::new(Claims::new(total, wanted, done)?);
        Ok(())
    }

    /// The state of a tile on disk. `is_vouched`: it was waited for, so its files are trusted unless `checks_all`.
    fn recall(&self, arrays: &Arrays, index: usize, is_vouched: bool, checks_all: bool) -> Result<Recalled<A>> {
        let pixels = self.job.tiling.pixels(index);
        let mut tile = Tile::new();
        let sums = self.job.state.path(&file_name(index));
        if is_vouched && sums.exists() {
            // A power failure has undone their removal.
            self.job.state.remove(&file_name(index))?;
        } else if sums.exists() {
            let label = self.label(arrays, index, &pixels, self.reaching(&pixels)?.len());
            // The values too, although they are read again when they are needed: damage is found now or never.
            let damage = match sums::read::<A>(&sums, &label) {
                Ok((arrived, _)) => {
                    tile.arrived = Some(arrived);
                    (tile.place, tile.is_saved, tile.is_current) = (Place::Checkpoint, true, true);
                    None
                }
                Err(error) => Some(damage_of(&sums, error)?),
            };
            return Ok(Recalled { tile, is_vouched: false, damage });
        }
        let mut damage = match arrays.missing(&pixels) {
            Some(file) if is_vouched => Some(Damage::new(file, "is missing")),
            // It is simply not finished.
            Some(_) => return Ok(Recalled { tile, is_vouched: false, damage: None }),
            None => None,
        };
        if damage.is_none() && (checks_all || !is_vouched) {
            damage = arrays.check(&pixels)?;
        }
        if damage.is_none() {
            tile.place = Place::Finished;
            if !is_vouched {
                arrays.must_sync(&pixels)?;
            }
        }
        Ok(Recalled { tile, is_vouched, damage })
    }

    /// Removes the damaged sums of a tile, if there are any. The files of the result go first: without the sums they
    /// would count, but may be those of [`Engine::finish_incomplete`].
    fn drop_sums(&self, arrays: &Arrays, index: usize) -> Result<()> {
        if self.job.state.path(&file_name(index)).exists() {
            arrays.remove(&self.job.tiling.pixels(index))?;
            self.job.state.remove(&file_name(index))?;
        }
        Ok(())
    }

    /// The finished tiles that are damaged, ascending: of all, or of `most`. Progress counts tiles.
    pub(crate) fn verify(&self, most: Option<usize>, monitor: &Monitor) -> Result<Vec<DamagedTile>> {
        let Some(arrays) = self.job.arrays() else { return Ok(Vec::new()) };
        let is_finished = |index: &usize| lock_tile(self.tile(*index)).is_ok_and(|tile| tile.is_finished());
        let finished: Vec<usize> = self.job.tiling.own.clone().filter(is_finished).collect();
        let count = most.map_or(finished.len(), |most| most.min(finished.len()));
        monitor.begin(count as u64);
        let damaged = Mutex::new(Vec::new());
        try_for_each(count, &|number| {
            monitor.check()?;
            let tile = finished[(number as u128 * finished.len() as u128 / count as u128) as usize];
            if let Some(damage) = arrays.check(&self.job.tiling.pixels(tile))? {
                lock(&damaged).push(DamagedTile { tile, damage });
            }
            monitor.advance(1);
            Ok(())
        })?;
        Ok(ascending(damaged))
    }

    /// Fails if a file of a finished tile is missing.
    pub(super) fn check_files(&self, arrays: &Arrays) -> Result<()> {
        let missing = Mutex::new(Vec::new());
        self.each_tile(&Monitor::new(), &|index| {
            if lock_tile(self.tile(index))?.is_finished() {
                let file = arrays.missing(&self.job.tiling.pixels(index));
                lock(&missing).extend(file.map(|file| (index, file)));
            }
            Ok(())
        })?;
        let missing = missing.into_inner().unwrap_or_else(PoisonError::into_inner);
        let count = missing.len();
        match missing.into_iter().min() {
            Some((tile, file)) => {
                Err(crate::Error::DamagedTiles { count, tile, first: Damage::new(file, "is missing") })
            }
            None => Ok(()),
        }
    }
}

fn ascending(damaged: Mutex<Vec<DamagedTile>>) -> Vec<DamagedTile> {
    let mut damaged = damaged.into_inner().unwrap_or_else(PoisonError::into_inner);
    damaged.sort_by_key(|damaged| damaged.tile);
    damaged
}

/// The damage of a file of sums that could not be read because of its contents.
///
/// # Errors
/// Other errors.
fn damage_of(file: &std::path::Path, error: crate::Error) -> Result<Damage> {
    use crate::Error::{Checksum, Truncated, Zarr};
    match error {
        Truncated { got, expected, .. } => {
            Ok(Damage::new(file, format!("is cut short: got {got} bytes, expected {expected}")))
        }
        Checksum { .. } => Ok(Damage::new(file, "does not agree with its checksum")),
        Zarr(qlty_core::zarr::Error::Store { what, got, expected, .. }) => {
            Ok(Damage::new(file, format!("{what}: got {got}, expected {expected}")))
        }
        error => Err(error),
    }
}
