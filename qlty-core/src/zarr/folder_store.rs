//! A folder whose files are written atomically and, when asked, durably.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::sync::{create_folders, folders_above, sync, sync_each};
use super::{Error, Result};

/// The number of files that may wait for [`FolderStore::sync`] before a write syncs them itself.
const MOST_UNSYNCED: usize = 4096;

/// The extension of files that have not got their name yet.
const TEMPORARY: &str = "temporary";

/// A folder of files, each of which is written atomically: it appears under its name completely or not at all.
///
/// A file is written under a temporary name and then renamed, so no reader, no other writer and no killed process
/// leaves or sees a partial file. Writers of different files need no coordination; if two write the same file at once,
/// one of them wins.
///
/// **What survives a power failure:** whatever was written before the last [`FolderStore::sync`] began. Writing alone
/// does not wait for the disk: a file written since may then be missing, empty or truncated. A killed process loses
/// nothing that it has written. For files that replace others of value there is [`FolderStore::replacing`].
///
/// Temporary files have unique names, so a file left by a killed process does not get in the way. They are in a folder
/// that the caller chooses, on the same file system, and clears; otherwise next to the file.
///
/// A folder that nobody reads before it is complete needs no temporary files: see [`Partial`](super::Partial).
#[derive(Debug)]
pub struct FolderStore {
    folder: PathBuf,
    temporaries: Option<PathBuf>,
    naming: Naming,
    /// `None` for files that need not survive.
    unsynced: Option<Mutex<Unsynced>>,
}

/// When a file gets its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// Before it is written.
    First,
    /// After it is written.
    Written,
    /// After its bytes are on disk.
    Synced,
}

/// The files that are not known to be on disk.
#[derive(Debug, Default)]
struct Unsynced {
    files: Vec<PathBuf>,
    /// The number of files that were removed from the list, all from its start.
    synced: usize,
}

impl FolderStore {
    /// The store in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), temporaries: None, naming: Naming::Written, unsynced: Some(Mutex::default()) }
    }

    /// [`FolderStore::new`], with temporary files in an existing folder.
    pub fn with_temporaries(folder: impl Into<PathBuf>, temporaries: impl Into<PathBuf>) -> Self {
        Self { temporaries: Some(temporaries.into()), ..Self::new(folder) }
    }

    /// This store, with files that get their names after their bytes are on disk: so after a power failure a file is
    /// the new one or the one that it replaced, and complete.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { naming: Naming::Synced, ..self }
    }

    /// An existing folder, for files that need not survive the process: they are never synced.
    pub fn scratch(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { temporaries: Some(folder.clone()), folder, naming: Naming::Written, unsynced: None }
    }

    /// A folder that gets its name only when all of it is written and synced: files are written under their own names.
    pub(super) fn unpublished(folder: impl Into<PathBuf>) -> Self {
        Self { naming: Naming::First, ..Self::new(folder) }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a key, which is a path below the folder.
    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }

    /// Writes a file with these bytes, all parts one after the other, and replaces an existing one.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file, which is then unchanged unless the folder is that of a
    /// [`Partial`](super::Partial).
    pub fn write(&self, key: &str, parts: &[&[u8]]) -> Result<()> {
        let path = self.path(key);
        if self.naming == Naming::First {
            self.write_to(&path, File::create, parts).map_err(Error::io(&path))?;
        } else {
            self.temporary(&path, parts, |temporary| fs::rename(temporary, &path)).map_err(Error::io(&path))?;
        }
        self.must_sync([path])
    }

    /// Creates a file if it does not exist, and returns whether it did: if several processes try to create a file at
    /// once, one succeeds.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<bool> {
        let path = self.path(key);
        let made = if self.naming == Naming::First {
            self.write_to(&path, File::create_new, &[bytes])
        } else {
            self.temporary(&path, &[bytes], |temporary| {
                // A hard link, unlike a rename, does not replace an existing file.
                match fs::hard_link(temporary, &path) {
                    // The file system has no hard links: a short race between checking and renaming remains.
                    Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
                        let taken = || Err(ErrorKind::AlreadyExists.into());
                        if path.exists() { taken() } else { fs::rename(temporary, &path) }
                    }
                    linked => linked.and_then(|()| fs::remove_file(temporary)),
                }
            })
        };
        match made {
            Ok(()) => self.must_sync([path]).map(|()| true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(Error::io(&path)(error)),
        }
    }

    /// Writes a temporary file and calls `publish` to give it its name; removes it if either fails.
    fn temporary(
        &self,
        path: &Path,
        parts: &[&[u8]],
        publish: impl FnOnce(&Path) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = path.parent().unwrap_or(&self.folder);
        let temporaries = self.temporaries.as_deref().unwrap_or(folder);
        let number = NUMBER.fetch_add(1, Relaxed);
        let open = || {
            // A file of an earlier process with the same process ID may exist.
            (0_u32..).find_map(|again| {
                let name = format!(".{}-{number}-{again}.{TEMPORARY}", std::process::id());
                let temporary = temporaries.join(name);
                match File::create_new(&temporary) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
                    result => Some(result.map(|file| (temporary, file))),
                }
            })
        };
        let opened = match open() {
            Some(Err(error)) if error.kind() == ErrorKind::NotFound && self.temporaries.is_none() => {
                self.create_folder(folder)?;
                open()
            }
            opened => opened,
        };
        let (temporary, mut file) = opened.unwrap_or_else(|| Err(ErrorKind::AlreadyExists.into()))?;
        let mut written = parts.iter().try_for_each(|part| file.write_all(part));
        if self.naming == Naming::Synced {
            written = written.and_then(|()| file.sync_all());
        }
        drop(file);
        let named = written.and_then(|()| {
            if self.temporaries.is_some() && !folder.is_dir() {
                self.create_folder(folder)?;
            }
            publish(&temporary)
        });
        if named.is_err() {
            // Report the original error, not one from this clean-up.
            let _ = fs::remove_file(&temporary);
        }
        named
    }

    /// Writes a file under its own name, and creates its folders if they do not exist.
    fn write_to(
        &self,
        path: &Path,
        open: fn(PathBuf) -> std::io::Result<File>,
        parts: &[&[u8]],
    ) -> std::io::Result<()> {
        let mut file = match (open(path.to_path_buf()), path.parent()) {
            (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
                self.create_folder(folder)?;
                open(path.to_path_buf())?
            }
            (file, _) => file?,
        };
        parts.iter().try_for_each(|part| file.write_all(part))
    }

    /// Creates a folder of the store. [`FolderStore::sync`] waits for the names from the store on.
    fn create_folder(&self, folder: &Path) -> std::io::Result<()> {
        create_folders(&self.folder)?;
        fs::create_dir_all(folder)
    }

    /// Notes that the next [`FolderStore::sync`] must wait for these files too: such as those of an earlier process,
    /// which may not have waited for them.
    ///
    /// # Errors
    /// The errors of [`FolderStore::sync`], which is called if too many files wait.
    pub fn must_sync(&self, files: impl IntoIterator<Item = PathBuf>) -> Result<()> {
        let Some(mut unsynced) = self.unsynced() else { return Ok(()) };
        unsynced.files.extend(files);
        let waiting = unsynced.files.len();
        drop(unsynced);
        if waiting > MOST_UNSYNCED { self.sync() } else { Ok(()) }
    }

    /// Waits until all files written so far, and their names, are on disk and survive a power failure, no matter which
    /// thread wrote them or also waits for them. Files removed meanwhile are ignored, but not that they were removed.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file: it must be written again, since the system may have dropped its bytes.
    pub fn sync(&self) -> Result<()> {
        let Some(unsynced) = self.unsynced() else { return Ok(()) };
        // They stay in the list until they are on disk: another thread that syncs meanwhile must wait for them too, and
        // does so by syncing them as well.
        let files = unsynced.files.clone();
        let end = unsynced.synced + files.len();
        drop(unsynced);
        self.sync_files(&files)?;
        let Some(mut unsynced) = self.unsynced() else { return Ok(()) };
        let count = end.saturating_sub(unsynced.synced);
        unsynced.files.drain(..count);
        unsynced.synced += count;
        Ok(())
    }

    /// [`FolderStore::sync`] for these files alone, which are in the folder.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn sync_files(&self, files: &[PathBuf]) -> Result<()> {
        sync_each(files)?;
        sync_each(&folders_above(files, &self.folder))
    }

    fn unsynced(&self) -> Option<MutexGuard<'_, Unsynced>> {
        Some(self.unsynced.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Removes a file if it exists. That it is removed survives a power failure after [`FolderStore::sync_names`].
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn remove(&self, key: &str) -> Result<()> {
        let path = self.path(key);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(&path)(error)),
            _ => Ok(()),
        }
    }

    /// Waits until what was created, renamed or removed directly in the folder survives a power failure.
    ///
    /// # Errors
    /// [`Error::Io`], naming the folder.
    pub fn sync_names(&self) -> Result<()> {
        sync(&self.folder)
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    fn unsynced(store: &FolderStore) -> usize {
        store.unsynced().map_or(0, |unsynced| unsynced.files.len())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_whole_and_temporary_ones_are_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path().join("a/b"));
        store.write("c/0", &[b"on", b"e"]).unwrap();
        // Left by a killed process with the same process ID.
        for number in 0..50 {
            let name = format!(".{}-{number}-0.temporary", std::process::id());
            fs::write(store.path("c").join(name), "half").unwrap();
        }
        store.write("c/0", &[b"two"]).unwrap();
        assert_eq!(fs::read(store.path("c/0")).unwrap(), b"two");
        let kept = names(&store.path("c"));
        assert_eq!(kept.len(), 51, "{kept:?}");
        store.remove("c/0").unwrap();
        store.remove("c/0").unwrap();
    }

    #[test]
    fn what_fails_changes_nothing_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let temporaries = folder.path().join("temporaries");
        fs::create_dir(&temporaries).unwrap();
        let store = FolderStore::with_temporaries(folder.path().join("a"), &temporaries);
        // A folder has this name.
        fs::create_dir_all(store.path("c/0")).unwrap();
        let error = store.write("c/0", &[b"one"]).unwrap_err();
        assert!(matches!(&error, Error::Io { path, .. } if *path == store.path("c/0")), "{error}");
        assert!(names(&temporaries).is_empty() && names(&store.path("c")) == ["0"]);
    }

    #[test]
    fn of_many_that_create_a_file_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let made = (0..16).into_par_iter().filter(|number| {
            let store = FolderStore::new(folder.path().join("a"));
            store.create("zarr.json", format!("{number}").as_bytes()).unwrap()
        });
        let made: Vec<i32> = made.collect();
        assert_eq!(made.len(), 1);
        assert_eq!(fs::read_to_string(folder.path().join("a/zarr.json")).unwrap(), made[0].to_string());
        assert_eq!(names(&folder.path().join("a")), ["zarr.json"]);
    }

    /// Writing does not wait for the disk; a sync waits for everything written since the last one; and the number of
    /// unsynced files is bounded.
    #[test]
    fn what_is_synced_when() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::new(folder.path());
        store.write("a/0", &[b"one"]).unwrap();
        store.write("a/1", &[b"one"]).unwrap();
        assert!(store.create("b", b"one").unwrap() && !store.create("b", b"two").unwrap());
        assert_eq!(unsynced(&store), 3);
        store.remove("a/0").unwrap();
        store.sync().unwrap();
        assert_eq!(unsynced(&store), 0);
        store.must_sync((0..=MOST_UNSYNCED).map(|_| store.path("b"))).unwrap();
        assert_eq!(unsynced(&store), 0);
        let scratch = FolderStore::scratch(folder.path());
        scratch.write("0", &[b"one"]).unwrap();
        assert_eq!(unsynced(&scratch), 0);
    }

    #[test]
    fn unpublished_files_are_written_in_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::unpublished(folder.path().join("a.partial"));
        store.write("c/0/0", &[b"a longer", b" one"]).unwrap();
        let file = File::open(store.path("c/0/0")).unwrap();
        store.write("c/0/0", &[b"one"]).unwrap();
        assert_eq!((file.metadata().unwrap().len(), names(&store.path("c/0"))), (3, vec!["0".to_owned()]));
        assert_eq!(names(store.folder()), ["c"]);
        assert!(store.create("zarr.json", b"one").unwrap() && !store.create("zarr.json", b"two").unwrap());
        store.remove("c/0/0").unwrap();
        assert!(matches!(store.write("c/0", &[b"one"]), Err(Error::Io { path, .. }) if path == store.path("c/0")));
    }
}
