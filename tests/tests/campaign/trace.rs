//! The operations of a process on files, as `strace` prints them, and the states that they can leave on a disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// An operation on files below the traced folder.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    /// Creates a file if there is none.
    Create(PathBuf),
    /// Empties a file.
    Empty(PathBuf),
    Write(PathBuf, Vec<u8>),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    MakeFolder(PathBuf),
    Sync(PathBuf),
}

/// The system calls that change files.
pub(crate) const CALLS: &str = "openat,write,pwrite64,writev,rename,renameat,renameat2,link,linkat,unlink,unlinkat,\
                                mkdir,mkdirat,rmdir,fsync,fdatasync,ftruncate";

/// The successful operations below a folder, in the order in which they ended. Fails at calls that it does not know.
pub(crate) fn parse(text: &str, folder: &Path) -> Vec<Op> {
    let (mut begun, mut ops) = (BTreeMap::new(), Vec::new());
    for line in text.lines() {
        let (process, rest) = line.split_once(' ').unwrap();
        let rest = rest.trim_start();
        let whole = if let Some(call) = rest.strip_suffix(" <unfinished ...>") {
            begun.insert(process.to_owned(), call.to_owned());
            continue;
        } else if let Some(end) = rest.strip_prefix("<... ") {
            let end = end.split_once("resumed>").unwrap().1;
            begun.remove(process).unwrap() + end
        } else {
            rest.to_owned()
        };
        let Some((call, result)) = whole.rsplit_once(" = ") else { continue };
        if !result.starts_with('-') {
            ops.extend(operations(call.trim_end(), folder));
        }
    }
    ops
}

fn operations(call: &str, folder: &Path) -> Vec<Op> {
    let op = operation(call);
    let empties = call.contains("O_TRUNC").then(|| match &op {
        Some(Op::Create(path)) => Some(Op::Empty(path.clone())),
        _ => None,
    });
    let is_ours = |op: &Op| match op {
        Op::Create(path) | Op::Empty(path) | Op::Write(path, _) | Op::Remove(path) => path.starts_with(folder),
        Op::MakeFolder(path) | Op::Sync(path) => path.starts_with(folder),
        Op::Rename(_, to) | Op::Link(_, to) => to.starts_with(folder),
    };
    op.into_iter().chain(empties.flatten()).filter(is_ours).collect()
}

fn operation(call: &str) -> Option<Op> {
    let (name, arguments) = call.split_once('(')?;
    let strings = strings(arguments);
    let path = |bytes: &Vec<u8>| PathBuf::from(String::from_utf8(bytes.clone()).unwrap());
    // The file of the first argument, an open one: `3<\x61\x62>`.
    let open = || Some(path(&bytes(arguments.split_once('<')?.1.split_once('>')?.0)));
    let op = match (name, &strings[..]) {
        ("openat", [file]) if arguments.contains("O_CREAT") => Op::Create(path(file)),
        ("openat", _) => return None,
        ("write", [bytes]) => Op::Write(open()?, bytes.clone()),
        ("rename" | "renameat" | "renameat2", [from, to]) => Op::Rename(path(from), path(to)),
        ("link" | "linkat", [from, to]) => Op::Link(path(from), path(to)),
        ("unlink" | "unlinkat" | "rmdir", [file]) => {
            // Relative to an open folder, by `remove_dir_all`.
            let file = path(file);
            let above = || open().map(|folder| folder.join(&file)).unwrap_or_else(|| file.clone());
            Op::Remove(if file.is_absolute() { file } else { above() })
        }
        ("mkdir" | "mkdirat", [made]) => Op::MakeFolder(path(made)),
        ("fsync" | "fdatasync", _) => Op::Sync(open()?),
        ("ftruncate", _) => Op::Empty(open()?),
        _ => panic!("a call that is not known: {call}"),
    };
    Some(op)
}

/// The string arguments of a call, which are printed as `"\x61\x62"`.
fn strings(arguments: &str) -> Vec<Vec<u8>> {
    arguments.split('"').skip(1).step_by(2).map(bytes).collect()
}

/// Bytes that are printed as `\x61\x62`.
fn bytes(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|code| u8::from_str_radix(&code[..2], 16).unwrap()).collect()
}

/// What becomes of that which nobody waited for, when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nothing is lost: the process was killed.
    None,
    /// Names are there, but files are empty.
    Bytes,
    /// Files are cut in the middle.
    HalfOfBytes,
    /// Names and bytes are lost.
    All,
}

/// A file system in which what is on disk differs from what programs see.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// The bytes of each file, and those that are on disk.
    files: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Each folder: what programs see, and what is on disk.
    folders: BTreeMap<PathBuf, (Names, Names)>,
}

type Names = BTreeMap<PathBuf, Node>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    File(usize),
    Folder,
}

impl Disk {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { files: Vec::new(), folders: BTreeMap::from([(folder.to_path_buf(), Default::default())]) }
    }

    fn names(&mut self, path: &Path) -> &mut Names {
        let folder = path.parent().unwrap();
        &mut self.folders.get_mut(folder).unwrap_or_else(|| panic!("{} is in no folder", path.display())).0
    }

    fn file(&mut self, path: &Path) -> usize {
        match self.names(path).get(path) {
            Some(Node::File(file)) => *file,
            other => panic!("{} is {other:?}", path.display()),
        }
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Create(path) if self.names(path).contains_key(path) => {}
            Op::Empty(path) => {
                let file = self.file(path);
                self.files[file].0.clear();
            }
            Op::Create(path) => {
                self.files.push(Default::default());
                let file = Node::File(self.files.len() - 1);
                self.names(path).insert(path.clone(), file);
            }
            Op::Write(path, bytes) => {
                let file = self.file(path);
                self.files[file].0.extend(bytes);
            }
            Op::Link(from, to) => {
                let file = self.file(from);
                self.names(to).insert(to.clone(), Node::File(file));
            }
            Op::Remove(path) => {
                self.names(path).remove(path);
                self.folders.remove(path);
            }
            Op::MakeFolder(path) => {
                self.names(path).insert(path.clone(), Node::Folder);
                self.folders.insert(path.clone(), Default::default());
            }
            Op::Rename(from, to) => {
                let node = self.names(from).remove(from).unwrap();
                self.names(to).insert(to.clone(), node);
                self.move_folders(from, to);
            }
            Op::Sync(path) => {
                if let Some((names, on_disk)) = self.folders.get_mut(path) {
                    on_disk.clone_from(names);
                } else {
                    let file = self.file(path);
                    self.files[file].1 = Some(self.files[file].0.clone());
                }
            }
        }
    }

    /// What is in a folder that is renamed goes with it.
    fn move_folders(&mut self, from: &Path, to: &Path) {
        let moved = |path: &Path| {
            path.strip_prefix(from).map_or_else(
                |_| path.to_path_buf(),
                |rest| {
                    if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) }
                },
            )
        };
        let renamed = |names: Names| names.into_iter().map(|(path, node)| (moved(&path), node)).collect();
        let folders = std::mem::take(&mut self.folders);
        for (path, (names, on_disk)) in folders {
            let new = moved(&path);
            if new == path {
                self.folders.insert(path, (names, on_disk));
            } else {
                self.folders.insert(new, (renamed(names), renamed(on_disk)));
            }
        }
    }

    /// Writes what is left of `folder` to another one, which must be empty.
    pub(crate) fn write(&self, folder: &Path, loss: Loss, to: &Path) {
        let (names, on_disk) = &self.folders[folder];
        for (path, node) in if loss == Loss::All { on_disk } else { names } {
            let target = to.join(path.file_name().unwrap());
            match node {
                Node::Folder => {
                    fs::create_dir(&target).unwrap();
                    if self.folders.contains_key(path) {
                        self.write(path, loss, &target);
                    }
                }
                Node::File(file) => {
                    let (bytes, on_disk) = &self.files[*file];
                    let left = match (loss, on_disk) {
                        (Loss::None, _) => &bytes[..],
                        (_, Some(on_disk)) => &on_disk[..],
                        (Loss::HalfOfBytes, None) => &bytes[..bytes.len() / 2],
                        (Loss::Bytes | Loss::All, None) => &[],
                    };
                    fs::write(&target, left).unwrap();
                }
            }
        }
    }
}
