//! Finding damaged files.

use std::mem::MaybeUninit;
use std::path::Path;
use std::ptr::{null, null_mut};

use qlty::*;
use qlty_tests::fuzz::Draws;

use crate::memory::{Error, call, number, owned, place, strange};
use crate::words::{Words, handle};

/// Makes a call that stores damages, and looks at what it has stored.
pub(crate) fn look(
    draws: &mut Draws<'_>,
    name: &str,
    find: impl FnOnce(&mut Draws<'_>, Option<&mut MaybeUninit<*mut qlty_damages>>, Error<'_>) -> qlty_status,
) -> bool {
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; the handle is freed once.
    let mut damages = null_mut();
    let output = if strange(draws) { None } else { place(&mut damages) };
    let found = call(name, |error| find(draws, output, error));
    assert_eq!(found, !damages.is_null());
    let (used, mut count) = (handle(draws, damages), 0);
    let counted = call("count", |error| unsafe { qlty_damages_count(used.as_ref(), place(&mut count), error) });
    assert_eq!(counted, !used.is_null());
    let index = number(draws, last_of(count));
    let (mut tile, mut file, mut what) = (-2, null(), null());
    let told = call("get", |error| unsafe {
        qlty_damages_get(used.as_ref(), index, place(&mut tile), place(&mut file), place(&mut what), error)
    });
    assert_eq!(told, (0..count).contains(&index) && tile >= -1 && !file.is_null() && !what.is_null());
    unsafe { qlty_damages_free(owned(damages)) };
    found
}

/// The last index of a list, or 0.
fn last_of(count: i64) -> i64 {
    (count - 1).max(0)
}

/// Verifies a store, of which a file may be damaged.
pub(crate) fn of_store(draws: &mut Draws<'_>, folder: &Path, others: &[&str]) {
    let chunks = folder.join("a/rotations/c");
    if chunks.exists() && draws.once_in(2) {
        std::fs::write(chunks.join("0"), "damaged").unwrap();
    }
    let path = Words::path(draws, folder, "a", others);
    look(draws, "verify store", |draws, damages, error| unsafe {
        qlty_store_verify(path.pointer(), number(draws, -1), damages, None, null_mut(), error)
    });
}
