//! A folder whose files are written atomically.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::{Error, Result};

/// The number of files that may wait for [`FolderStore::sync`] before a write syncs them itself.
const MOST_UNSYNCED: usize = 4096;

/// A folder of files, each of which is written atomically: it appears under its name completely or not at all.
///
/// A file is written under a temporary name and then renamed, so no reader, no other writer and no killed process
/// leaves or sees a partial file. Writers of different files need no coordination; if two write the same file at once,
/// one of them wins.
///
/// **What survives a power failure:** whatever was written before the last [`FolderStore::sync`]. Writing alone does
/// not wait for the disk: a file written since may then be missing, empty or truncated. A killed process loses nothing
/// that it has written.
///
/// Temporary files have unique names, so a file left by a killed process does not get in the way. They are in a folder
/// that the caller chooses, on the same file system, and clears; otherwise next to the file.
///
/// A folder that nobody reads before it is complete needs none of that: see [`FolderStore::unpublished`].
#[derive(Debug)]
pub struct FolderStore {
    folder: PathBuf,
    temporaries: Option<PathBuf>,
    /// Whether files are written directly under their own names.
    in_place: bool,
    /// Files written since the last sync; `None` for files that need not survive.
    unsynced: Option<Mutex<Vec<PathBuf>>>,
}

impl FolderStore {
    /// The store in a folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), temporaries: None, in_place: false, unsynced: Some(Mutex::default()) }
    }

    /// [`FolderStore::new`], with temporary files in an existing folder.
    pub fn with_temporaries(folder: impl Into<PathBuf>, temporaries: impl Into<PathBuf>) -> Self {
        Self { temporaries: Some(temporaries.into()), ..Self::new(folder) }
    }

    /// An existing folder, for files that need not survive the process: they are never synced.
    pub fn scratch(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { temporaries: Some(folder.clone()), folder, in_place: false, unsynced: None }
    }

    /// A folder that gets its name only when all of it is written, such as that of a [`Partial`](super::Partial): files
    /// are written in place and never synced.
    ///
    /// A killed process may leave a partial file, so a process that resumes its work must rewrite every file that it
    /// does not know to be complete; after a power failure that is all of them.
    pub fn unpublished(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), temporaries: None, in_place: true, unsynced: None }
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
    /// [`Error::Io`], naming the file, which is then unchanged unless files are written in place.
    pub fn write(&self, key: &str, parts: &[&[u8]]) -> Result<()> {
        let path = self.path(key);
        let written = match self.in_place {
            true => write_in_place(&path, parts),
            false => self.temporary(&path, parts, |temporary| fs::rename(temporary, &path)),
        };
        written.map_err(Error::io(&path))?;
        self.note(path)
    }

    /// Creates a file if it does not exist, and returns whether it did: if several processes try to create a file at
    /// once, one succeeds.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file.
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<bool> {
        let path = self.path(key);
        let made = self.temporary(&path, &[bytes], |temporary| {
            // A hard link, unlike a rename, does not replace an existing file.
            match fs::hard_link(temporary, &path) {
                // The file system has no hard links: a short race between checking and renaming remains.
                Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
                    let taken = || Err(ErrorKind::AlreadyExists.into());
                    if path.exists() { taken() } else { fs::rename(temporary, &path) }
                }
                linked => linked.and_then(|()| fs::remove_file(temporary)),
            }
        });
        match made {
            Ok(()) => self.note(path).map(|()| true),
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
                let temporary = temporaries.join(format!(".{}-{number}-{again}.temporary", std::process::id()));
                match File::create_new(&temporary) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
                    result => Some(result.map(|file| (temporary, file))),
                }
            })
        };
        let opened = match open() {
            Some(Err(error)) if error.kind() == ErrorKind::NotFound && self.temporaries.is_none() => {
                fs::create_dir_all(folder)?;
                open()
            }
            opened => opened,
        };
        let (temporary, mut file) = opened.unwrap_or_else(|| Err(ErrorKind::AlreadyExists.into()))?;
        let written = parts.iter().try_for_each(|part| file.write_all(part));
        drop(file);
        let named = written.and_then(|()| {
            if self.temporaries.is_some() && !folder.is_dir() {
                fs::create_dir_all(folder)?;
            }
            publish(&temporary)
        });
        if named.is_err() {
            // Report the original error, not one from this clean-up.
            let _ = fs::remove_file(&temporary);
        }
        named
    }

    fn note(&self, path: PathBuf) -> Result<()> {
        let Some(unsynced) = &self.unsynced else { return Ok(()) };
        let mut unsynced = unsynced.lock().unwrap_or_else(PoisonError::into_inner);
        unsynced.push(path);
        if unsynced.len() <= MOST_UNSYNCED {
            return Ok(());
        }
        let files = std::mem::take(&mut *unsynced);
        drop(unsynced);
        // On this thread alone: the calling thread may hold locks that others wait for.
        let result = files.iter().chain(&folders_of(&files)).try_for_each(|path| sync(path));
        self.keep_if_failed(files, result)
    }

    /// Waits until all files written so far, and their names, are on disk and survive a power failure. Files removed
    /// meanwhile are ignored.
    ///
    /// # Errors
    /// [`Error::Io`], naming the file; those not synced are retried by the next call.
    pub fn sync(&self) -> Result<()> {
        let Some(unsynced) = &self.unsynced else { return Ok(()) };
        let files = std::mem::take(&mut *unsynced.lock().unwrap_or_else(PoisonError::into_inner));
        let result = files.par_iter().try_for_each(|path| sync(path));
        let result = result.and_then(|()| folders_of(&files).par_iter().try_for_each(|path| sync(path)));
        self.keep_if_failed(files, result)
    }

    fn keep_if_failed(&self, files: Vec<PathBuf>, result: Result<()>) -> Result<()> {
        if let (Some(unsynced), true) = (&self.unsynced, result.is_err()) {
            unsynced.lock().unwrap_or_else(PoisonError::into_inner).extend(files);
        }
        result
    }

    /// Removes a file if it exists.
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
}

/// Writes a file under its own name, and creates its folders if they do not exist.
fn write_in_place(path: &Path, parts: &[&[u8]]) -> std::io::Result<()> {
    let mut file = match (File::create(path), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            File::create(path)?
        }
        (file, _) => file?,
    };
    parts.iter().try_for_each(|part| file.write_all(part))
}

/// Waits until a file, or the entries of a folder, are on disk.
fn sync(path: &Path) -> Result<()> {
    match File::open(path).and_then(|file| file.sync_all()) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

/// The parent folders of files, each once, if the system can sync folders.
fn folders_of(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<_> = files.iter().filter(|_| cfg!(unix)).filter_map(|file| file.parent()).collect();
    folders.sort_unstable();
    folders.dedup();
    folders.into_iter().map(Path::to_path_buf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsynced(store: &FolderStore) -> usize {
        store.unsynced.as_ref().map_or(0, |files| files.lock().unwrap().len())
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
        let files = store.unsynced.as_ref().unwrap().lock().unwrap().clone();
        assert_eq!(folders_of(&files), [folder.path().to_path_buf(), folder.path().join("a")]);
        store.remove("a/0").unwrap();
        store.sync().unwrap();
        assert_eq!(unsynced(&store), 0);
        for _ in 0..=MOST_UNSYNCED {
            store.note(store.path("b")).unwrap();
        }
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
        assert_eq!(unsynced(&store), 0);
        assert!(store.create("zarr.json", b"one").unwrap() && !store.create("zarr.json", b"two").unwrap());
        store.remove("c/0/0").unwrap();
        assert!(matches!(store.write("c/0", &[b"one"]), Err(Error::Io { path, .. }) if path == store.path("c/0")));
    }
}
