//! Files of a tile's sums, written by checkpoints and by evictions.
//!
//! They are plain files with checksums, not Zarr chunks: each is written and read whole, by one process, and a codec
//! would only cost time. Each lists the patches that its tile has, so a checkpoint needs no manifest and no
//! generations: it is one file per tile, replaced by renaming.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use qlty_core::Real;
use qlty_core::internal::array::zeroed;
use qlty_core::zarr::{self, FolderStore};

use crate::claims::Bits;
use crate::{Error, Result};

/// A sum type, `f32` or `f64`, whose bytes are written to files.
pub(crate) trait Sum: Real + bytemuck::Pod {}

impl Sum for f32 {}
impl Sum for f64 {}

const MAGIC: &[u8; 8] = b"qltysums";

/// The number of integers at the start of a file: the magic number, the checksum of the geometry, the tile, the size of
/// a value in bytes, the number of values, and the number of patches.
const NUMBERS: usize = 6;

/// The patches that a tile has, numbered among those that overlap it.
#[derive(Debug, Clone)]
pub(crate) struct Arrived {
    /// The number of patches that overlap the tile.
    pub(crate) reaching: usize,
    /// The patches that were added.
    pub(crate) added: Bits,
    /// The patches that will not arrive. None of them was added.
    pub(crate) skipped: Bits,
}

impl Arrived {
    pub(crate) fn new(reaching: usize) -> qlty_core::Result<Self> {
        Ok(Self { reaching, added: Bits::new(reaching)?, skipped: Bits::new(reaching)? })
    }

    pub(crate) fn has(&self, number: usize) -> bool {
        self.added.has(number) || self.skipped.has(number)
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.added.count() + self.skipped.count() == self.reaching
    }
}

/// The tile that a file of sums belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    /// The checksum of geometry and options.
    pub(crate) geometry: u32,
    pub(crate) tile: usize,
    /// The number of sums.
    pub(crate) values: usize,
    /// The number of patches that overlap the tile.
    pub(crate) reaching: usize,
}

impl Label {
    fn numbers<A>(&self) -> [u64; NUMBERS] {
        let sizes = [self.tile, size_of::<A>(), self.values, self.reaching].map(|size| size as u64);
        [u64::from_le_bytes(*MAGIC), self.geometry.into(), sizes[0], sizes[1], sizes[2], sizes[3]]
    }

    /// The length of the file without its values.
    fn head_len(&self) -> usize {
        8 * (NUMBERS + 2 * self.reaching.div_ceil(64) + 1)
    }
}

/// Writes the patches and the sums of a tile.
pub(crate) fn write<A: Sum>(
    store: &FolderStore,
    name: &str,
    label: &Label,
    arrived: &Arrived,
    sums: &[A],
) -> Result<()> {
    let head = [&label.numbers::<A>()[..], arrived.added.words(), arrived.skipped.words()].concat();
    let head: Vec<u8> = head.into_iter().flat_map(u64::to_le_bytes).collect();
    let values: &[u8] = bytemuck::cast_slice(sums);
    let sealed = |bytes: &[u8]| u64::from(crc32c::crc32c(bytes)).to_le_bytes();
    Ok(store.write(name, &[&head, &sealed(&head), values, &sealed(values)])?)
}

/// Reads the patches and the sums of a tile.
pub(crate) fn read<A: Sum>(path: &Path, label: &Label) -> Result<(Arrived, Vec<A>)> {
    let (mut file, arrived) = open::<A>(path, label)?;
    let mut values = zeroed("sums of a tile", label.values)?;
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut values);
    file.read_exact(bytes).map_err(Error::io(path))?;
    check(path, bytes, &mut file)?;
    Ok((arrived, values))
}

fn open<A: Sum>(path: &Path, label: &Label) -> Result<(File, Arrived)> {
    let mut file = File::open(path).map_err(Error::io(path))?;
    let got = file.metadata().map_err(Error::io(path))?.len();
    let expected = (label.head_len() + label.values * size_of::<A>() + 8) as u64;
    if got < expected {
        return Err(Error::Truncated { path: path.to_path_buf(), got, expected: expected.to_string() });
    }
    let mut head = vec![0; label.head_len() - 8];
    file.read_exact(&mut head).map_err(Error::io(path))?;
    check(path, &head, &mut file)?;
    let (words, _) = head.as_chunks::<8>();
    let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
    if words[..NUMBERS] != label.numbers::<A>() || got != expected {
        let (got, expected) = ((&words[1..NUMBERS], got), (&label.numbers::<A>()[1..], expected));
        return Err(zarr::Error::store(path, "sums of a tile", got, format!("{expected:?}")).into());
    }
    let (added, skipped) = words[NUMBERS..].split_at(label.reaching.div_ceil(64));
    let (added, skipped) = (Bits::from_words(added.to_vec()), Bits::from_words(skipped.to_vec()));
    Ok((file, Arrived { reaching: label.reaching, added, skipped }))
}

/// Compares bytes with the checksum stored after them.
fn check(path: &Path, bytes: &[u8], file: &mut File) -> Result<()> {
    let mut sealed = [0; 8];
    file.read_exact(&mut sealed).map_err(Error::io(path))?;
    let (got, expected) = (crc32c::crc32c(bytes), u64::from_le_bytes(sealed));
    if u64::from(got) != expected {
        return Err(Error::Checksum { path: path.to_path_buf(), got, expected: expected as u32 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_no_damage_goes_unseen() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        let label = Label { geometry: 7, tile: 3, values: 5, reaching: 70 };
        let mut arrived = Arrived::new(70).unwrap();
        assert!(arrived.added.insert(69) && arrived.skipped.insert(2));
        let sums = [1.0_f32, -0.0, f32::NAN, 1e30, 5.0];
        write(&store, "sums", &label, &arrived, &sums).unwrap();
        let path = store.path("sums");
        let (got, values) = read::<f32>(&path, &label).unwrap();
        assert_eq!(values.iter().map(|v| v.to_bits()).collect::<Vec<_>>(), sums.map(f32::to_bits));
        assert!(got.added.has(69) && got.skipped.has(2) && got.added.count() + got.skipped.count() == 2);
        let whole = std::fs::read(&path).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&path, &whole[..len]).unwrap();
            assert!(matches!(read::<f32>(&path, &label), Err(Error::Truncated { .. })), "{len}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 4;
            std::fs::write(&path, &changed).unwrap();
            assert!(matches!(read::<f32>(&path, &label), Err(Error::Checksum { .. })), "{at}");
        }
        std::fs::write(&path, &whole).unwrap();
        for other in [Label { geometry: 8, ..label }, Label { tile: 4, ..label }] {
            assert!(matches!(read::<f32>(&path, &other), Err(Error::Zarr(zarr::Error::Store { .. }))));
        }
    }
}
