//! A store that appears under its name only when it is complete.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::sync::{create_folders, parent, sync};
use super::{Error, FileLock, FolderStore, Result};

/// A folder `<name>.partial` that will be renamed to `<name>`; if it is dropped before that, it is removed,
/// but not by a process that was forked from the writer's.
///
/// One writer per destination runs at a time: as long as it does, it holds the file `<name>.lock`.
///
/// Files are written directly under their own names, since nobody reads them before the folder gets its name, and all
/// of them survive a power failure by then. A killed process may leave a partial file, and a power failure may damage
/// any file written since the last [`FolderStore::sync`]: a process that resumes the work must rewrite these.
#[derive(Debug)]
pub struct Partial {
    target: PathBuf,
    store: Arc<FolderStore>,
    overwrite: bool,
    /// Whether there is nothing to remove.
    completed: bool,
    // Must be dropped last.
    lock: FileLock,
}

impl Partial {
    /// Fails if [`Partial::create`] would fail for the current destination; changes nothing.
    ///
    /// # Errors
    /// [`Error::Exists`] and [`Error::NotAStore`], as there.
    pub fn check(target: &Path, overwrite: bool) -> Result<()> {
        match sibling(target, ".replaced") {
            // It will be restored.
            Some(aside) if exists(&aside) && !exists(target) && !overwrite => {
                Err(Error::Exists { path: target.to_path_buf() })
            }
            _ => check_target(target, overwrite),
        }
    }

    /// Removes what a writer has left that was killed after the store was complete: the old store that it has replaced,
    /// and its lock. Nothing is done while there is a writer.
    ///
    /// # Errors
    /// [`Error::Io`]: the store itself is complete all the same.
    pub fn tidy(target: &Path) -> Result<()> {
        let remains = [".lock", ".replaced", ".discarded"].map(|suffix| sibling(target, suffix));
        let [Some(lock), Some(aside), Some(discarded)] = remains else { return Ok(()) };
        if !exists(target) || ![&lock, &aside, &discarded].into_iter().any(|path| exists(path)) {
            return Ok(());
        }
        match FileLock::take(&lock) {
            Ok(_lock) => discard(target, &aside),
            Err(Error::Busy { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Creates the empty folder and its parents. The remains of a killed writer are removed, and a store that it had
    /// set aside to replace is restored; `overwrite` allows [`Partial::complete`] to replace a store.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the path has no name; [`Error::Exists`] if the destination exists and overwriting
    /// is not allowed, [`Error::NotAStore`] if overwriting is allowed but it is not a Zarr store; [`Error::Busy`] if
    /// there is another writer; [`Error::Io`].
    pub fn create(target: &Path, overwrite: bool) -> Result<Self> {
        let new = Self::resume(target, overwrite)?;
        new.clear()?;
        Ok(new)
    }

    /// Like [`Partial::create`], but keeps the files that a killed writer left in the folder, so that the caller can
    /// resume.
    ///
    /// # Errors
    /// The errors of [`Partial::create`].
    pub fn resume(target: &Path, overwrite: bool) -> Result<Self> {
        let paths = [".partial", ".replaced", ".lock"].map(|suffix| sibling(target, suffix));
        let [Some(partial), Some(aside), Some(lock)] = paths else {
            return Err(crate::Error::argument("destination", target, "the path of a folder, with its name").into());
        };
        check_target(target, overwrite)?;
        if let Some(parent) = parent(target) {
            create_folders(parent).map_err(Error::io(parent))?;
        }
        let lock = FileLock::take(&lock)?;
        // A writer was killed while it replaced a store, after it had set the old one aside.
        if exists(&aside) && !exists(target) {
            fs::rename(&aside, target).map_err(Error::io(target))?;
        }
        discard(target, &aside)?;
        check_target(target, overwrite)?;
        fs::create_dir_all(&partial).map_err(Error::io(&partial))?;
        let store = Arc::new(FolderStore::unpublished(partial));
        Ok(Self { target: target.to_path_buf(), store, overwrite, completed: false, lock })
    }

    /// Removes all that is in the folder.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn clear(&self) -> Result<()> {
        remove_if_there(self.path())?;
        fs::create_dir(self.path()).map_err(Error::io(self.path()))
    }

    /// Leaves the folder as it is, for a later [`Partial::resume`].
    pub fn keep(mut self) {
        self.completed = true;
    }

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        self.store.folder()
    }

    /// The folder, as the store through which everything in it is written.
    pub fn store(&self) -> &Arc<FolderStore> {
        &self.store
    }

    /// Renames the folder to the destination, and removes what it replaces. All of it then survives a power failure.
    ///
    /// # Errors
    /// The errors of [`Partial::create`], if the destination has appeared meanwhile; [`Error::Io`].
    pub fn complete(mut self) -> Result<()> {
        self.store.sync()?;
        check_target(&self.target, self.overwrite)?;
        let old = sibling(&self.target, ".replaced").filter(|_| exists(&self.target));
        if let Some(old) = &old {
            fs::rename(&self.target, old).map_err(Error::io(&self.target))?;
        }
        if let Err(error) = fs::rename(self.path(), &self.target) {
            if let Some(old) = &old {
                fs::rename(old, &self.target).map_err(Error::io(old))?;
            }
            return Err(Error::io(&self.target)(error));
        }
        self.completed = true;
        if cfg!(unix) {
            parent(&self.target).map_or(Ok(()), sync)?;
        }
        old.map_or(Ok(()), |old| discard(&self.target, &old))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Not in a forked child: the folder is its parent's.
        if !self.completed && self.lock.is_ours() {
            // Report the original error, not one from this clean-up.
            let _ = fs::remove_dir_all(self.path());
        }
    }
}

/// Fails if the destination may not be replaced.
fn check_target(target: &Path, overwrite: bool) -> Result<()> {
    if !exists(target) {
        return Ok(());
    }
    let path = target.to_path_buf();
    if !overwrite {
        return Err(Error::Exists { path });
    }
    // Folders that are not Zarr stores are never replaced.
    let markers = ["zarr.json", ".zgroup", ".zarray"];
    if target.is_symlink() || !markers.iter().any(|marker| target.join(marker).is_file()) {
        return Err(Error::NotAStore { path });
    }
    Ok(())
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn remove_if_there(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(folder)(error)),
        _ => Ok(()),
    }
}

/// Removes the old store that was set aside, under a third name, so that a half-removed store is never restored.
fn discard(target: &Path, aside: &Path) -> Result<()> {
    let Some(discarded) = sibling(target, ".discarded") else { return Ok(()) };
    remove_if_there(&discarded)?;
    if exists(aside) {
        fs::rename(aside, &discarded).map_err(Error::io(aside))?;
    }
    remove_if_there(&discarded)
}

/// The path next to `target` with something appended to its name.
fn sibling(target: &Path, suffix: &str) -> Option<PathBuf> {
    let mut name = OsString::from(target.file_name()?);
    name.push(suffix);
    Some(target.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("store");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("zarr.json"), "old").unwrap();
        let partial = Partial::create(&target, true).unwrap();
        fs::write(partial.path().join("zarr.json"), "new").unwrap();
        drop(partial);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(fs::read_to_string(target.join("zarr.json")).unwrap(), "old");
    }

    #[test]
    fn there_is_one_writer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/store");
        let partial = Partial::create(&target, false).unwrap();
        partial.store().write("zarr.json", &[b"one"]).unwrap();
        for second in [Partial::create(&target, true), Partial::resume(&target, false)] {
            assert!(matches!(second, Err(Error::Busy { path, .. }) if path.ends_with("new/store.lock")));
        }
        partial.complete().unwrap();
        assert_eq!(fs::read_to_string(target.join("zarr.json")).unwrap(), "one");
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
        Partial::create(&target, true).unwrap().keep();
        assert!(folder.path().join("new/store.partial").is_dir());
    }

    #[test]
    fn what_is_left_beside_a_complete_store_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("store");
        Partial::tidy(&target).unwrap();
        fs::create_dir(&target).unwrap();
        for name in ["store.replaced", "store.discarded"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("store.lock"), "").unwrap();
        let lock = FileLock::take(&folder.path().join("store.lock")).unwrap();
        Partial::tidy(&target).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
        drop(lock);
        Partial::tidy(&target).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_child_leaves_what_its_parent_is_writing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("store");
        let mut writer = Partial::create(&target, false).unwrap();
        writer.lock.as_in_a_child();
        drop(writer);
        assert!(folder.path().join("store.partial").is_dir() && folder.path().join("store.lock").is_file());
    }

    #[test]
    fn what_a_killed_writer_set_aside_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let (target, aside) = (folder.path().join("store"), folder.path().join("store.replaced"));
        fs::create_dir(&aside).unwrap();
        fs::write(aside.join("zarr.json"), "old").unwrap();
        assert!(matches!(Partial::check(&target, false), Err(Error::Exists { .. })) && !target.exists());
        Partial::check(&target, true).unwrap();
        assert!(matches!(Partial::create(&target, false), Err(Error::Exists { .. })));
        assert_eq!(fs::read_to_string(target.join("zarr.json")).unwrap(), "old");
        fs::create_dir(&aside).unwrap();
        Partial::create(&target, true).unwrap().complete().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_complete_replaces_a_store_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("store");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("thesis.txt"), "mine").unwrap();
        assert!(matches!(Partial::create(&target, true), Err(Error::NotAStore { .. })));
        fs::write(target.join(".zgroup"), "old").unwrap();
        assert!(matches!(Partial::create(&target, false), Err(Error::Exists { .. })));
        Partial::create(&target, true).unwrap().complete().unwrap();
        assert_eq!(fs::read_dir(&target).unwrap().count(), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
