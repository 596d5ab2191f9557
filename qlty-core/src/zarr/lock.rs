//! Files that say that a process is at work.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{Error, Result};
use crate::owner::Owner;

/// A file that one process holds at a time: as long as it runs, also for other machines on the same file system.
///
/// The system releases it when the process ends for any reason. Where the file system has no locks, the existence of
/// the file counts: of a process that was killed on this machine it does not, and of one on another machine the user
/// must remove it.
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    /// A forked child also has the open file, which keeps it locked.
    owner: Owner,
    _file: File,
}

impl FileLock {
    /// Takes the lock, and creates its file in an existing folder.
    ///
    /// # Errors
    /// [`Error::Busy`] if it is held; [`Error::Io`].
    pub fn take(path: &Path) -> Result<Self> {
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
            let file = file.map_err(Error::io(path))?;
            let taken = match file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                    return Self::take_without_locks(path);
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(path)(error)),
            };
            if !taken {
                return Err(busy(path, file));
            }
            // Who held it may have removed it meanwhile.
            if is_at(&file, path) {
                return Self::new(path, file);
            }
        }
    }

    fn take_without_locks(path: &Path) -> Result<Self> {
        match File::create_new(path) {
            Ok(file) => Self::new(path, file),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let file = File::open(path).map_err(Error::io(path))?;
                let error = busy(path, file);
                match &error {
                    Error::Busy { holder, .. } if is_gone(holder) => {
                        fs::remove_file(path).map_err(Error::io(path))?;
                        Self::take_without_locks(path)
                    }
                    _ => Err(error),
                }
            }
            Err(error) => Err(Error::io(path)(error)),
        }
    }

    fn new(path: &Path, mut file: File) -> Result<Self> {
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder(std::process::id()).as_bytes())
        };
        write(&mut file).map_err(Error::io(path))?;
        Ok(Self { path: path.to_path_buf(), owner: Owner::this_process(), _file: file })
    }

    /// Whether this process took it, and not one that it was forked from.
    pub fn is_ours(&self) -> bool {
        self.owner.is_this_process()
    }

    /// Makes it the lock that a forked child has.
    #[cfg(test)]
    pub(super) fn as_in_a_child(&mut self) {
        self.owner = Owner::another_process();
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        if self.is_ours() {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The process that a lock's file names, in words.
fn holder(process: u32) -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("COMPUTERNAME"));
    let name = name.map_or_else(|_| "an unknown machine".to_owned(), |name| name.trim().to_owned());
    format!("process {process} on {name}")
}

fn busy(path: &Path, mut file: File) -> Error {
    let mut holder = String::new();
    // It may be empty for a moment.
    if file.read_to_string(&mut holder).is_err() || holder.is_empty() {
        "another process".clone_into(&mut holder);
    }
    Error::Busy { path: path.to_path_buf(), holder }
}

/// Whether a holder is a process of this machine that has ended.
fn is_gone(holder_text: &str) -> bool {
    let process = holder_text.strip_prefix("process ").and_then(|rest| rest.split(' ').next()?.parse().ok());
    let ended = |process: u32| Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{process}")).exists();
    process.is_some_and(|process| holder_text == holder(process) && ended(process))
}

/// Whether an open file still has its name.
#[cfg(unix)]
pub fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |a: fs::Metadata, b: fs::Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    file.metadata().and_then(|file| Ok(same(file, fs::metadata(path)?))).unwrap_or(false)
}

/// Whether an open file still has its name: outside Unix, an open file cannot be removed.
#[cfg(not(unix))]
pub fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let lock = FileLock::take(&path).unwrap();
        let error = FileLock::take(&path).unwrap_err();
        let expected = format!("{}: {} is writing there", path.display(), holder(std::process::id()));
        assert_eq!(error.to_string(), expected);
        drop(lock);
        assert!(!path.exists());
        // Left by a killed process.
        fs::write(&path, "process 1 on a-machine").unwrap();
        assert!(FileLock::take(&path).unwrap().is_ours() && !path.exists());
    }

    #[test]
    fn many_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let (path, inside) = (folder.path().join("a.lock"), folder.path().join("inside"));
        let turn = || {
            let Ok(_lock) = FileLock::take(&path) else { return 0 };
            File::create_new(&inside).unwrap();
            fs::remove_file(&inside).unwrap();
            1
        };
        let turns = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| (0..200).map(|_| turn()).sum::<usize>())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert!(turns > 0 && !path.exists());
    }

    #[test]
    fn without_locks_the_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.lock");
        let lock = FileLock::take_without_locks(&path).unwrap();
        assert!(matches!(FileLock::take_without_locks(&path), Err(Error::Busy { .. })));
        drop(lock);
        fs::write(&path, "process 1 on another-machine").unwrap();
        assert!(
            matches!(FileLock::take_without_locks(&path), Err(Error::Busy { holder, .. }) if holder.contains("another"))
        );
        // No process has a number this high.
        fs::write(&path, holder(u32::MAX)).unwrap();
        assert_eq!(FileLock::take_without_locks(&path).is_ok(), cfg!(target_os = "linux"));
    }
}
