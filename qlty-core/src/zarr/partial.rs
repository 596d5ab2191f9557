//! A store that appears under its name only when it is complete.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Result};
use crate::owner::Owner;

/// A folder `<name>.partial` that will be renamed to `<name>`; if it is dropped before that, it is removed,
/// but not by a process that was forked from the writer's.
///
/// At most one writer per destination may run at a time.
#[derive(Debug)]
pub struct Partial {
    target: PathBuf,
    partial: PathBuf,
    overwrite: bool,
    /// Whether there is nothing to remove.
    completed: bool,
    owner: Owner,
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

    /// Creates the empty folder and its parents. The remains of a killed writer are removed, and a store that it had
    /// set aside to replace is restored; `overwrite` allows [`Partial::complete`] to replace a store.
    ///
    /// # Errors
    /// [`crate::Error::Argument`] if the path has no name; [`Error::Exists`] if the destination exists and overwriting
    /// is not allowed, [`Error::NotAStore`] if overwriting is allowed but it is not a Zarr store; [`Error::Io`].
    pub fn create(target: &Path, overwrite: bool) -> Result<Self> {
        let new = Self::resume(target, overwrite)?;
        remove_if_there(&new.partial)?;
        fs::create_dir(&new.partial).map_err(Error::io(&new.partial))?;
        Ok(new)
    }

    /// Like [`Partial::create`], but keeps the files that a killed writer left in the folder, so that the caller can
    /// resume.
    ///
    /// # Errors
    /// The errors of [`Partial::create`].
    pub fn resume(target: &Path, overwrite: bool) -> Result<Self> {
        let (Some(partial), Some(aside)) = (sibling(target, ".partial"), sibling(target, ".replaced")) else {
            return Err(crate::Error::argument("destination", target, "the path of a folder, with its name").into());
        };
        // A writer was killed while it replaced a store, after it had set the old one aside.
        if exists(&aside) && !exists(target) {
            fs::rename(&aside, target).map_err(Error::io(target))?;
        }
        discard(target, &aside)?;
        check_target(target, overwrite)?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(Error::io(parent))?;
        }
        fs::create_dir_all(&partial).map_err(Error::io(&partial))?;
        Ok(Self { target: target.to_path_buf(), partial, overwrite, completed: false, owner: Owner::this_process() })
    }

    /// Leaves the folder as it is, for a later [`Partial::resume`].
    pub fn keep(mut self) {
        self.completed = true;
    }

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Renames the folder to the destination, and removes what it replaces.
    ///
    /// # Errors
    /// The errors of [`Partial::create`], if the destination has appeared meanwhile.
    pub fn complete(mut self) -> Result<()> {
        check_target(&self.target, self.overwrite)?;
        let old = sibling(&self.target, ".replaced").filter(|_| exists(&self.target));
        if let Some(old) = &old {
            fs::rename(&self.target, old).map_err(Error::io(&self.target))?;
        }
        if let Err(error) = fs::rename(&self.partial, &self.target) {
            if let Some(old) = &old {
                fs::rename(old, &self.target).map_err(Error::io(old))?;
            }
            return Err(Error::io(&self.target)(error));
        }
        self.completed = true;
        old.map_or(Ok(()), |old| discard(&self.target, &old))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.completed && self.owner.is_this_process() {
            // Report the original error, not one from this clean-up.
            let _ = fs::remove_dir_all(&self.partial);
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
    fn a_child_leaves_what_its_parent_is_writing() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("store");
        let writer = Partial::create(&target, false).unwrap();
        let folder_of = |name: &str| folder.path().join(name);
        let in_the_child = Partial {
            target: target.clone(),
            partial: folder_of("store.partial"),
            overwrite: false,
            completed: false,
            owner: Owner::another_process(),
        };
        drop(in_the_child);
        writer.complete().unwrap();
        assert!(target.is_dir());
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
