//! A folder as the storage of Zarr, whose files appear whole or not at all.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use zarrs::storage::byte_range::{ByteRange, ByteRangeIterator, InvalidByteRangeError};
use zarrs::storage::{
    Bytes, MaybeBytesIterator, OffsetBytesIterator, ReadableStorageTraits, StorageError, StoreKey, StorePrefix,
    WritableStorageTraits, store_set_partial_many,
};

use super::{Error, Result};

/// So many files may wait for [`FolderStore::sync`] before a write syncs them itself.
const MOST_UNSYNCED: usize = 4096;

/// A folder of files, each of which appears under its name whole or not at all.
///
/// A file is written under a temporary name and then renamed, which no reader, no other writer and no
/// killed process sees halfway. Writers of different files need not know of each other; of two that
/// write one file at once, one wins.
///
/// **What survives a power failure:** whatever was written before the last [`FolderStore::sync`]. Writing
/// alone does not wait for the disk: a file written since may then be missing, empty or cut short under
/// its name. A killed process loses nothing that it has written.
///
/// Temporary files have unique names, so that one which a killed process left behind is in nobody's way.
/// They lie in a folder of the caller's choice, on the same file system, which he clears; else beside
/// the file.
#[derive(Debug)]
pub struct FolderStore {
    folder: PathBuf,
    temporaries: Option<PathBuf>,
    /// Files written since the last sync.
    unsynced: Mutex<Vec<PathBuf>>,
}

impl FolderStore {
    /// The storage in a folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), temporaries: None, unsynced: Mutex::default() }
    }

    /// [`FolderStore::new`], with temporary files in a folder that is there.
    pub fn with_temporaries(folder: impl Into<PathBuf>, temporaries: impl Into<PathBuf>) -> Self {
        Self { temporaries: Some(temporaries.into()), ..Self::new(folder) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a key, which is a path below the folder.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// Writes a file of these bytes, all parts one after the other, in the place of one that is there.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file; it is then as it was before.
    pub fn write(&self, key: &str, parts: &[&[u8]]) -> Result<()> {
        let path = self.path(key);
        self.temporary(&path, parts, |temporary| fs::rename(temporary, &path)).map_err(Error::io(&path))?;
        self.note(path)
    }

    /// Writes a file unless there is one, and says whether it did: of many processes that want to make a
    /// file at once, one does.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<bool> {
        let path = self.path(key);
        let made = self.temporary(&path, &[bytes], |temporary| {
            // A link, unlike a renamed file, does not replace what is there.
            let linked = fs::hard_link(temporary, &path);
            fs::remove_file(temporary)?;
            linked
        });
        match made {
            Ok(()) => self.note(path).map(|()| true),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    /// Writes a temporary file and has it given its name; removes it where either fails.
    fn temporary(
        &self,
        path: &Path,
        parts: &[&[u8]],
        name: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or(&self.folder);
        let temporaries = self.temporaries.as_deref().unwrap_or(folder);
        let number = NUMBER.fetch_add(1, Relaxed);
        let open = || {
            // Of a number of a process there may be a file of an earlier process of that number.
            (0_u32..).find_map(|again| {
                let temporary = temporaries.join(format!(".{}-{number}-{again}.temporary", std::process::id()));
                match File::create_new(&temporary) {
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
                    result => Some(result.map(|file| (temporary, file))),
                }
            })
        };
        let opened = match open() {
            Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound && self.temporaries.is_none() => {
                fs::create_dir_all(folder)?;
                open()
            }
            opened => opened,
        };
        let (temporary, mut file) = opened.unwrap_or_else(|| Err(std::io::ErrorKind::AlreadyExists.into()))?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        drop(file);
        let named = written.and_then(|()| {
            if self.temporaries.is_some() && !folder.is_dir() {
                fs::create_dir_all(folder)?;
            }
            name(&temporary)
        });
        if named.is_err() {
            // The error that brought us here is the one to report.
            let _ = fs::remove_file(&temporary);
        }
        named
    }

    fn note(&self, path: PathBuf) -> Result<()> {
        let mut unsynced = self.unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        unsynced.push(path);
        let many = unsynced.len() > MOST_UNSYNCED;
        drop(unsynced);
        if many { self.sync() } else { Ok(()) }
    }

    /// Waits until all files written so far, and their names, survive a power failure. What has been
    /// removed meanwhile is no error.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file; those not synced are tried again by the next call.
    pub fn sync(&self) -> Result<()> {
        let files = std::mem::take(&mut *self.unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        let sync = |path: &Path| match File::open(path).and_then(|file| file.sync_all()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
            _ => Ok(()),
        };
        let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
        folders.sort_unstable();
        folders.dedup();
        let folders = || if cfg!(unix) { folders.par_iter().try_for_each(|path| sync(path)) } else { Ok(()) };
        let result = files.par_iter().try_for_each(|path| sync(path)).and_then(|()| folders());
        if result.is_err() {
            self.unsynced.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
        }
        result
    }

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn remove(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(&path)(error)),
            _ => Ok(()),
        }
    }
}

/// What Zarr calls an error of the storage.
fn refused(error: Error) -> StorageError {
    match error {
        Error::Io { path, source } => {
            let text = format!("{}: {source}", path.display());
            std::io::Error::new(source.kind(), text).into()
        }
        other => StorageError::Other(other.to_string()),
    }
}

impl ReadableStorageTraits for FolderStore {
    fn get_partial_many<'a>(
        &'a self,
        key: &StoreKey,
        byte_ranges: ByteRangeIterator<'a>,
    ) -> Result<MaybeBytesIterator<'a>, StorageError> {
        let path = self.path(key.as_str());
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(refused(Error::io(&path)(error))),
        };
        let size = file.metadata()?.len();
        let mut read = |range: ByteRange| -> Result<Bytes, StorageError> {
            let (start, len) = match range {
                ByteRange::FromStart(start, None) => (start, size.checked_sub(start)),
                ByteRange::FromStart(start, Some(len)) => (start, Some(len)),
                ByteRange::Suffix(len) => (size.saturating_sub(len), Some(len)),
            };
            let fits = |len: &u64| start.checked_add(*len).is_some_and(|end| end <= size);
            let len = len.filter(fits).ok_or_else(|| InvalidByteRangeError::new(range, size))?;
            let mut bytes = Vec::new();
            file.seek(SeekFrom::Start(start))?;
            bytes.try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX)).map_err(std::io::Error::other)?;
            Read::by_ref(&mut file).take(len).read_to_end(&mut bytes)?;
            Ok(bytes.into())
        };
        let bytes: Vec<_> = byte_ranges.map(&mut read).collect();
        Ok(Some(Box::new(bytes.into_iter())))
    }

    fn size_key(&self, key: &StoreKey) -> Result<Option<u64>, StorageError> {
        match fs::metadata(self.path(key.as_str())) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn supports_get_partial(&self) -> bool {
        true
    }
}

impl WritableStorageTraits for FolderStore {
    fn set(&self, key: &StoreKey, value: Bytes) -> Result<(), StorageError> {
        self.write(key.as_str(), &[&value]).map_err(refused)
    }

    fn set_partial_many(&self, key: &StoreKey, offset_values: OffsetBytesIterator<'_>) -> Result<(), StorageError> {
        store_set_partial_many(self, key, offset_values)
    }

    fn erase(&self, key: &StoreKey) -> Result<(), StorageError> {
        self.remove(key.as_str()).map_err(refused)
    }

    fn erase_prefix(&self, prefix: &StorePrefix) -> Result<(), StorageError> {
        match fs::remove_dir_all(self.path(prefix.as_str())) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn supports_set_partial(&self) -> bool {
        false
    }
}
