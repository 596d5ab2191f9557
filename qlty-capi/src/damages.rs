//! Damaged files: what was found, and finding them in a store.

use std::ffi::{CString, c_char, c_void};
use std::mem::MaybeUninit;
use std::path::Path;

use ::qlty_large::DamagedTile;
use qlty_core::zarr::{Damage, verify_all};

use crate::arguments::{at, done, into_handle, lasting, path_text, required, store};
use crate::error::{guard, qlty_error, qlty_status};
use crate::long_call::{qlty_progress, run};

/// Files that are not as they were written, or are missing. Opaque. It never changes, so any number of threads may use
/// one at once; free it with qlty_damages_free.
#[derive(Debug)]
pub struct qlty_damages(Vec<Item>);

#[derive(Debug)]
struct Item {
    /// -1 if the file is not one of a large result.
    tile: i64,
    file: CString,
    what: CString,
}

impl Item {
    fn new(tile: i64, damage: &Damage) -> Self {
        Self { tile, file: lasting(&damage.file.to_string_lossy()), what: lasting(&damage.what) }
    }
}

impl qlty_damages {
    pub(crate) fn of_files(damages: &[Damage]) -> Self {
        Self(damages.iter().map(|damage| Item::new(-1, damage)).collect())
    }

    pub(crate) fn of_tiles(tiles: &[DamagedTile]) -> Self {
        Self(tiles.iter().map(|tile| Item::new(tile.tile as i64, &tile.damage)).collect())
    }
}

/// The largest number of files to check; a negative number of the host means all.
pub(crate) fn all_or(most: i64) -> Option<usize> {
    usize::try_from(most).ok()
}

/// Reads the files of all arrays of a Zarr v2 or v3 store, such as a pyramid, and stores the damaged ones, and the
/// arrays that lack files, in `*damages`. `path`, in UTF-8, is the folder of an array, or one with arrays in its
/// subfolders at any depth. At most `most` files, evenly spread, are read; a negative number means all. The caller
/// frees the damages with qlty_damages_free. Progress counts files. Any thread.
///
/// Changed bytes are always found where chunks have checksums, as in the stores of this library. Missing files are
/// found if all files are read and the array tells how many it was written with, as those of this library do, except
/// results of qlty_large_new, for which there is qlty_large_verify.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL or a path that is not UTF-8; QLTY_STATUS_IO if there is no such
/// folder, or if a file cannot be read; QLTY_STATUS_STORE if there is no array in it; QLTY_STATUS_DTYPE if the values
/// of an array have no QLTY_DTYPE; QLTY_STATUS_OVERFLOW, QLTY_STATUS_OUT_OF_MEMORY, QLTY_STATUS_CANCELLED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_store_verify(
    path: *const c_char,
    most: i64,
    damages: Option<&mut MaybeUninit<*mut qlty_damages>>,
    progress: qlty_progress,
    user: *mut c_void,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the path is as the host promises for all calls.
        let (path, out) = (unsafe { path_text("path", path) }?, required("damages", damages)?);
        let found = run(progress, user, |monitor| verify_all(Path::new(path), all_or(most), monitor))?;
        into_handle(out, qlty_damages::of_files(&found))
    })
}

/// Frees damages; the files stay as they are. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_damages_free(damages: Option<Box<qlty_damages>>) {
    drop(damages);
}

/// Stores the number of damages, 0 if none was found. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_damages_count(
    damages: Option<&qlty_damages>,
    count: Option<&mut MaybeUninit<i64>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let (damages, out) = (required("damages", damages)?, required("count", count)?);
        done(out, damages.0.len() as i64)
    })
}

/// Describes a damage: `*tile` is set to the tile of a large result, from 0 in C order over (n, z, y, x), or to -1 if
/// it is of something else; `*file` to the path of the file, or of the array that lacks files; `*what` to what is wrong
/// with it, in words. The strings live as long as the damages. Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, or if there is no such damage.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_damages_get(
    damages: Option<&qlty_damages>,
    index: i64,
    tile: Option<&mut MaybeUninit<i64>>,
    file: Option<&mut MaybeUninit<*const c_char>>,
    what: Option<&mut MaybeUninit<*const c_char>>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        let item = at("index", &required("damages", damages)?.0, index)?;
        store(tile, item.tile);
        store(file, item.file.as_ptr());
        store(what, item.what.as_ptr());
        Ok(())
    })
}
