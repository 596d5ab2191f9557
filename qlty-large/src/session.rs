//! The folder of unfinished work, and the processes that share it.
//!
//! Workers start and stop independently. A locked file in the folder of each session distinguishes running processes
//! from killed ones, and another locked file, the gate, makes them enter and leave one at a time. The remains of a
//! killed process are removed by the next one that starts, and two running processes never own the same tile.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use qlty_core::internal::owner::Owner;
use qlty_core::zarr::{self, is_at};

use crate::{Error, Result};

/// The file that a process locks while it enters or leaves.
const GATE: &str = "lock";

/// The prefix of the folders of sessions.
const SESSION: &str = "session-";

/// The period during which a process works on tiles of a result.
///
/// It has a folder for temporary files and for sums beyond the memory budget, with a file that the process keeps locked
/// while it runs.
#[derive(Debug)]
pub(crate) struct Session {
    state: PathBuf,
    folder: PathBuf,
    /// Locked. The system unlocks it when the process ends for any reason, but not while a process that was forked from
    /// it has the file open too.
    lock: Option<File>,
    /// The process that has begun the session, and whose files these are.
    pub(crate) owner: Owner,
}

impl Session {
    /// Starts a session for these tiles in the state folder of a result, which is created if needed. Removes the
    /// remains of killed processes.
    ///
    /// # Errors
    /// [`Error::Busy`] if a running process has some of the same tiles; [`zarr::Error::Io`].
    pub(crate) fn begin(state: &Path, tiles: &Range<usize>) -> Result<Self> {
        let _gate = Gate::enter(state)?;
        let mut taken = Vec::new();
        for entry in fs::read_dir(state).map_err(Error::io(state))? {
            let entry = entry.map_err(Error::io(state))?;
            if entry.file_name().to_string_lossy().starts_with(SESSION) {
                match others(&entry.path())? {
                    None => fs::remove_dir_all(entry.path()).map_err(Error::io(&entry.path()))?,
                    Some(theirs) if theirs.start < tiles.end && tiles.start < theirs.end => {
                        return Err(Error::Busy { path: entry.path() });
                    }
                    Some(_) => taken.push(entry.file_name()),
                }
            }
        }
        let names = (0..).map(|number: usize| format!("{SESSION}{number}"));
        let name = names.into_iter().find(|name| !taken.iter().any(|taken| taken == name.as_str()));
        let folder = state.join(name.unwrap_or_default());
        fs::create_dir(&folder).map_err(Error::io(&folder))?;
        let path = folder.join(GATE);
        let lock = || {
            let mut lock = File::create(&path)?;
            ignore_unsupported(lock.lock())?;
            writeln!(lock, "{} {}", tiles.start, tiles.end)?;
            Ok(lock)
        };
        // If this fails, the next session removes the folder.
        let lock = Some(lock().map_err(Error::io(&path))?);
        Ok(Self { state: state.to_path_buf(), folder, lock, owner: Owner::this_process() })
    }

    /// Calls `work` while no other process starts or ends a session, or makes such a call.
    pub(crate) fn alone<R>(&self, work: impl FnOnce() -> Result<R>) -> Result<R> {
        let _gate = Gate::enter(&self.state)?;
        work()
    }

    /// The session's own folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The session of a parent goes on. Closing its file here unlocks nothing as long as the parent has it open.
        if !self.owner.is_this_process() {
            return;
        }
        // Whatever cannot be removed now is removed by the next session.
        let Ok(_gate) = Gate::enter(&self.state) else { return };
        let _ = fs::remove_dir_all(&self.folder);
        self.lock = None;
        let left = fs::read_dir(&self.state).map_or(usize::MAX, Iterator::count);
        if left == 1 {
            // Only the gate is left: no work is unfinished.
            let _ = fs::remove_file(self.state.join(GATE)).and_then(|()| fs::remove_dir(&self.state));
        }
    }
}

/// The tiles of the session in a folder, if its process is running.
fn others(folder: &Path) -> Result<Option<Range<usize>>> {
    let path = folder.join(GATE);
    let mut file = match File::open(&path) {
        // Its process was killed before it created the file.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        result => result.map_err(Error::io(&path))?,
    };
    match file.try_lock() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        // A file system without locks cannot detect other processes: the folder stays, and the user must not start two
        // processes with the same tiles.
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => return Ok(Some(0..0)),
        Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(Error::io(&path))?;
    let numbers: Vec<usize> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match numbers[..] {
        [start, end] => Ok(Some(start..end)),
        _ => Err(zarr::Error::store(&path, "session", text, "two numbers of tiles").into()),
    }
}

/// The right to enter or leave a state folder, held by one process at a time.
struct Gate {
    _file: File,
}

impl Gate {
    fn enter(state: &Path) -> Result<Self> {
        let path = state.join(GATE);
        loop {
            match fs::create_dir_all(state) {
                // It was there, and the last session to end has removed it since.
                Err(error) if error.kind() == ErrorKind::AlreadyExists && may_be_folder(state) => continue,
                result => result.map_err(Error::io(state))?,
            }
            let file = match File::create(&path) {
                // The last session to end has removed the folder meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                result => result.map_err(Error::io(&path))?,
            };
            ignore_unsupported(file.lock()).map_err(Error::io(&path))?;
            if is_at(&file, &path) {
                return Ok(Self { _file: file });
            }
        }
    }
}

/// Whether a path leads to a folder or to nothing.
fn may_be_folder(path: &Path) -> bool {
    path.symlink_metadata().map_or_else(|error| error.kind() == ErrorKind::NotFound, |found| found.is_dir())
}

/// Accepts that some file systems do not support locks. On them the user must not start two processes with the same
/// tiles.
fn ignore_unsupported(locked: std::io::Result<()>) -> std::io::Result<()> {
    locked.or_else(|error| if error.kind() == ErrorKind::Unsupported { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_sessions_stay_and_those_of_killed_processes_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/state");
        let first = Session::begin(&state, &(0..5)).unwrap();
        let second = Session::begin(&state, &(5..9)).unwrap();
        assert_ne!(first.folder(), second.folder());
        let busy = Session::begin(&state, &(4..6)).unwrap_err();
        assert!(matches!(busy, Error::Busy { .. }), "{busy}");
        // Left by a killed process: a folder whose file is not locked, or one without a file.
        fs::create_dir(state.join("session-7")).unwrap();
        fs::write(state.join("session-7/lock"), "0 9\n").unwrap();
        fs::write(state.join("session-7/.1-2-3.temporary"), "half").unwrap();
        fs::create_dir(state.join("session-8")).unwrap();
        drop(first);
        let third = Session::begin(&state, &(0..5)).unwrap();
        assert!(!state.join("session-7").exists() && !state.join("session-8").exists());
        fs::write(state.join("12.sums"), "kept").unwrap();
        drop((second, third));
        let left: Vec<_> = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
        fs::remove_file(state.join("12.sums")).unwrap();
        drop(Session::begin(&state, &(0..1)).unwrap());
        assert!(!state.exists());
    }

    #[test]
    fn a_child_does_not_end_the_session_of_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let session = Session::begin(&state, &(0..5)).unwrap();
        let in_the_child = Session {
            state: state.clone(),
            folder: session.folder.clone(),
            lock: session.lock.as_ref().map(|lock| lock.try_clone().unwrap()),
            owner: Owner::another_process(),
        };
        drop(in_the_child);
        assert!(session.folder().join(GATE).exists());
        assert!(matches!(Session::begin(&state, &(0..5)), Err(Error::Busy { .. })));
        drop(session);
        assert!(!state.exists());
    }

    #[test]
    fn many_come_and_go_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        std::thread::scope(|scope| {
            for i in 0..8 {
                let state = &state;
                scope.spawn(move || {
                    for _ in 0..50 {
                        let session = Session::begin(state, &(i..i + 1)).unwrap();
                        fs::write(session.folder().join("mine"), "mine").unwrap();
                        assert_eq!(fs::read(session.folder().join("mine")).unwrap(), b"mine");
                    }
                });
            }
        });
        assert!(!state.exists());
    }
}
