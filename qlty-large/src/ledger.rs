//! The tiles that are known to be on disk, also after a power failure.
//!
//! A tile is finished when its files exist and no checkpoint has sums of it. But writing does not wait for the disk, so
//! after a power failure a file may be missing, empty or damaged. The ledger lists the tiles that were waited for; the
//! others are read and compared with their checksums when a result is opened. Each worker has a ledger of its own, named
//! after its tiles, so no two write to the same file. When all tiles are listed, the metadata of the result says that it
//! is complete, and the ledgers go.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use qlty_core::zarr::FolderStore;

use crate::claims::Bits;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"qltytile";

const EXTENSION: &str = "tiles";

/// The number of integers before the bits: the magic number, the checksum of the geometry, the number of tiles of the
/// result, and the first and the end of the tiles that the file is about.
const NUMBERS: usize = 5;

/// The ledgers of a result.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledgers {
    /// The checksum of geometry and options.
    pub(crate) geometry: u32,
    /// The number of tiles of the result.
    pub(crate) tiles: usize,
}

impl Ledgers {
    /// Writes which of the tiles `own` are in `bits`, a bit for each tile of the result.
    pub(crate) fn write(&self, state: &FolderStore, own: &Range<usize>, bits: &Bits) -> Result<()> {
        let head =
            [u64::from_le_bytes(*MAGIC), self.geometry.into(), self.tiles as u64, own.start as u64, own.end as u64];
        let mut words = vec![0; own.len().div_ceil(64)];
        for (number, tile) in own.clone().enumerate().filter(|(_, tile)| bits.has(*tile)) {
            debug_assert!(own.contains(&tile));
            words[number / 64] |= 1_u64 << (number % 64);
        }
        let mut bytes: Vec<u8> = head.into_iter().chain(words).flat_map(u64::to_le_bytes).collect();
        bytes.extend(u64::from(crc32c::crc32c(&bytes)).to_le_bytes());
        Ok(state.write(&format!("{}-{}.{EXTENSION}", own.start, own.end), &[&bytes])?)
    }

    /// The tiles that any ledger in the state folder lists, a bit for each tile of the result. A damaged ledger, or one
    /// of another result, lists none: its tiles are then checked.
    pub(crate) fn read_all(&self, state: &Path) -> Result<Bits> {
        let mut all = Bits::new(self.tiles)?;
        for path in files(state)? {
            for tile in self.read(&path)? {
                all.insert(tile);
            }
        }
        Ok(all)
    }

    /// Removes tiles from all ledgers. They must not be rewritten before.
    pub(crate) fn revoke(&self, state: &FolderStore, tiles: &[usize]) -> Result<()> {
        for path in files(state.folder())? {
            let listed = self.read(&path)?;
            let Some(own) = range(&path).filter(|_| tiles.iter().any(|tile| listed.contains(tile))) else { continue };
            let mut bits = Bits::new(self.tiles)?;
            listed.into_iter().filter(|tile| !tiles.contains(tile)).for_each(|tile| _ = bits.insert(tile));
            self.write(state, &own, &bits)?;
        }
        Ok(state.sync()?)
    }

    /// The tiles that a ledger lists; none if it is damaged or belongs to another result.
    fn read(&self, path: &Path) -> Result<Vec<usize>> {
        let bytes = match fs::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes.map_err(Error::io(path))?,
        };
        Ok(self.tiles_in(&bytes).unwrap_or_default())
    }

    fn tiles_in(&self, bytes: &[u8]) -> Option<Vec<usize>> {
        let (content, checksum) = bytes.split_last_chunk::<8>()?;
        if u64::from_le_bytes(*checksum) != u64::from(crc32c::crc32c(content)) {
            return None;
        }
        let numbers: Vec<u64> = content.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect();
        let (head, words) = numbers.split_at_checked(NUMBERS)?;
        if head[..3] != [u64::from_le_bytes(*MAGIC), self.geometry.into(), self.tiles as u64] {
            return None;
        }
        let (start, end) = (usize::try_from(head[3]).ok()?, usize::try_from(head[4]).ok()?);
        let len = end.checked_sub(start).filter(|len| end <= self.tiles && words.len() == len.div_ceil(64))?;
        let is_listed = |number: &usize| words[number / 64] >> (number % 64) & 1 == 1;
        Some((0..len).filter(is_listed).map(|number| start + number).collect())
    }
}

/// The ledgers in a state folder, which need not exist.
fn files(state: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(state) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(Error::io(state))?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(state))?.path();
        if range(&path).is_some() {
            files.push(path);
        }
    }
    Ok(files)
}

/// Removes all ledgers of a result that is complete.
pub(crate) fn remove_all(state: &Path) -> Result<()> {
    for path in files(state)? {
        fs::remove_file(&path).map_err(Error::io(&path))?;
    }
    Ok(())
}

/// The tiles that a ledger is about, by its name.
fn range(path: &Path) -> Option<Range<usize>> {
    let name = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?.strip_suffix('.')?;
    let (start, end) = name.split_once('-')?;
    Some(start.parse().ok()?..end.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEDGERS: Ledgers = Ledgers { geometry: 7, tiles: 200 };

    fn bits(tiles: &[usize]) -> Bits {
        let mut bits = Bits::new(LEDGERS.tiles).unwrap();
        tiles.iter().for_each(|tile| _ = bits.insert(*tile));
        bits
    }

    fn listed(ledgers: Ledgers, state: &Path) -> Vec<usize> {
        let bits = ledgers.read_all(state).unwrap();
        (0..ledgers.tiles).filter(|tile| bits.has(*tile)).collect()
    }

    #[test]
    fn ledgers_add_up_and_tiles_are_revoked_in_all() {
        let folder = tempfile::tempdir().unwrap();
        let state = FolderStore::new(folder.path().join("state"));
        assert!(listed(LEDGERS, state.folder()).is_empty());
        LEDGERS.write(&state, &(0..70), &bits(&[0, 69, 150])).unwrap();
        LEDGERS.write(&state, &(50..200), &bits(&[60, 69, 199])).unwrap();
        fs::write(state.path("12.sums"), "something else").unwrap();
        assert_eq!(listed(LEDGERS, state.folder()), [0, 60, 69, 199]);
        assert!(listed(Ledgers { geometry: 8, ..LEDGERS }, state.folder()).is_empty());
        assert!(listed(Ledgers { tiles: 201, ..LEDGERS }, state.folder()).is_empty());
        LEDGERS.revoke(&state, &[69, 3]).unwrap();
        assert_eq!(listed(LEDGERS, state.folder()), [0, 60, 199]);
        remove_all(state.folder()).unwrap();
        assert!(state.path("12.sums").exists() && listed(LEDGERS, state.folder()).is_empty());
    }

    #[test]
    fn a_damaged_ledger_lists_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let state = FolderStore::new(folder.path());
        LEDGERS.write(&state, &(0..70), &bits(&[3])).unwrap();
        let path = state.path("0-70.tiles");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            fs::write(&path, &whole[..at]).unwrap();
            assert!(listed(LEDGERS, folder.path()).is_empty());
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                fs::write(&path, changed).unwrap();
                assert!(listed(LEDGERS, folder.path()).is_empty());
            }
        }
    }
}
