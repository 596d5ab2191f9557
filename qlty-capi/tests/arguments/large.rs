//! Stitching onto disk.

use std::path::Path;
use std::ptr::null_mut;

use qlty::*;
use qlty_tests::fuzz::Draws;

use crate::damages;
use crate::memory::{Memory, call, initial, number, owned, place, strange, struct_size};
use crate::quilts::quilt_options;
use crate::words::{Words, handle};

const SIZE: [i64; 3] = [6, 8, 7];
const WINDOW: [i64; 3] = [4; 3];
/// A result, what a call may leave of it, a file, and nothing.
const OTHERS: [&str; 5] = ["a", "a_mean.zarr", "a_std.zarr", "file", "file/below"];

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "a file").unwrap();
    let ndim = draws.one_of(&[2usize, 3]);
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; arrays are as `Memory` says;
    // handles are freed once.
    let mut quilt = null_mut();
    let options = quilt_options(ndim, SIZE, WINDOW);
    assert!(call("quilt", |error| unsafe { qlty_quilt_new(&options, place(&mut quilt), error) }));
    // The second resumes what the first has left.
    for _ in 0..2 {
        let mut large = new(&mut draws, folder.path(), quilt, ndim);
        if large.is_null() {
            large = new(&mut Draws::new(&[]), folder.path(), quilt, ndim);
        }
        for _ in 0..8 {
            step(&mut draws, large, ndim);
        }
        if draws.byte() % 4 < 3 {
            stitch_all(large, ndim);
            finish(&mut draws, large);
        }
        unsafe { qlty_large_free(owned(large)) };
        result(&mut draws, folder.path(), ndim);
    }
    unsafe { qlty_quilt_free(owned(quilt)) };
}

fn new(draws: &mut Draws<'_>, folder: &Path, quilt: *mut qlty_quilt, ndim: usize) -> *mut qlty_large {
    let mut options = initial(qlty_large_options_init);
    let codec = Words::draw(draws, &["zstd:1", "none", "blosc-lz4:3", "zstd", "no such"]);
    options.images = number(draws, 2);
    options.channels = number(draws, 1);
    options.start = draws.one_of(&[QLTY_START_CREATE_OR_OPEN, QLTY_START_REPAIR, QLTY_START_CREATE, QLTY_START_OPEN]);
    options.std = draws.one_of(&[QLTY_STD_WITHIN, QLTY_STD_NONE, QLTY_STD_TOTAL]);
    if strange(draws) {
        options.dtype = draws.one_of(&[QLTY_DTYPE_F64, QLTY_DTYPE_U8, 0, i32::MAX]);
    }
    if draws.once_in(3) {
        options.memory_budget = number(draws, 1);
        options.fill = draws.one_of(&[0.0, f64::INFINITY, -1e300]);
        options.normalize = draws.one_of(&[0, 1, -1]);
        options.codec = codec.pointer();
    }
    if draws.once_in(3) {
        let shapes = [&mut options.tile_shape, &mut options.chunk_shape, &mut options.shard_shape];
        for (shape, lengths) in shapes.into_iter().zip([[8, 8, 0, 3], [4, 0, 2, 3], [0, 0, 8, 3]]) {
            let length = draws.one_of(&lengths);
            shape[..ndim].iter_mut().for_each(|to| *to = number(draws, length));
        }
    }
    if strange(draws) {
        (options.shard_index, options.shard_count) = (number(draws, 1), number(draws, 2));
    }
    if strange(draws) {
        (options.start, options.std) = (7, -1);
        options.struct_size = draws.one_of(&[options.struct_size, 0, 4, 8, u32::MAX]);
    }
    let (path, quilt) = (Words::path(draws, folder, "a", &OTHERS), handle(draws, quilt));
    let mut large = null_mut();
    let made = call("large", |error| unsafe {
        qlty_large_new(quilt.as_ref(), path.pointer(), &options, place(&mut large), error)
    });
    assert_eq!(made, !large.is_null());
    large
}

fn step(draws: &mut Draws<'_>, large: *mut qlty_large, ndim: usize) {
    let large = handle(draws, large);
    let count = draws.one_of(&[1i64, 3, 0, 40]);
    let axes = |first: i64, rest: &[i64; 3]| [[first, 1].as_slice(), &rest[..ndim]].concat();
    let indices = Memory::draw(draws, QLTY_DTYPE_I64, &[count]);
    let patches = Memory::draw(draws, QLTY_DTYPE_F32, &axes(count, &WINDOW));
    let variances = Memory::draw(draws, QLTY_DTYPE_F32, &axes(count, &WINDOW));
    let batch = Memory::draw(draws, QLTY_DTYPE_F32, &axes(2, &SIZE));
    let (mut described, mut counted) = (batch.array, [0i64; 4]);
    let images = null_mut::<qlty_images>();
    match draws.byte() % 15 {
        0 => call("shape", |error| unsafe { qlty_large_shape(large.as_ref(), place(&mut described), error) }),
        1 => call("progress", |error| unsafe {
            let [a, b, c, d] = &mut counted;
            qlty_large_progress(large.as_ref(), place(a), place(b), place(c), place(d), error)
        }),
        2 => call("pending", |error| unsafe {
            qlty_large_pending(large.as_ref(), indices.pointer(), place(&mut counted[0]), error)
        }),
        3 => call("next", |error| unsafe {
            qlty_large_next(large.as_ref(), indices.pointer(), place(&mut counted[0]), error)
        }),
        4 => call("rewind", |error| unsafe { qlty_large_rewind(large.as_ref(), error) }),
        5 => call("unstitch shape", |error| unsafe {
            qlty_large_unstitch_shape(
                large.as_ref(),
                batch.pointer(),
                images.as_ref(),
                number(draws, 2),
                place(&mut described),
                error,
            )
        }),
        6 => call("unstitch", |error| unsafe {
            let (from, which, to) = (batch.pointer(), indices.pointer(), patches.pointer());
            qlty_large_unstitch(large.as_ref(), from, images.as_ref(), which, to, None, null_mut(), error)
        }),
        7..10 => call("stitch", |error| unsafe {
            let (which, from, variances) = (indices.pointer(), patches.pointer(), variances.pointer());
            qlty_large_stitch(large.as_ref(), which, from, variances, None, null_mut(), error)
        }),
        10 => call("status", |error| unsafe {
            let size = struct_size::<qlty_large_status>(draws);
            let [patches_done, patches, tiles_done, tiles] = counted;
            let mut status =
                qlty_large_status { struct_size: size, reserved: 0, patches_done, patches, tiles_done, tiles };
            let to = if strange(draws) { null_mut() } else { &raw mut status };
            qlty_large_get_status(large.as_ref(), to, error)
        }),
        11 => damages::look(draws, "verify", |draws, damages, error| unsafe {
            qlty_large_verify(large.as_ref(), number(draws, -1), damages, None, null_mut(), error)
        }),
        12 => damages::look(draws, "damaged", |_, damages, error| unsafe {
            qlty_large_damaged(large.as_ref(), damages, error)
        }),
        13 => call("skip", |error| unsafe { qlty_large_skip(large.as_ref(), indices.pointer(), error) }),
        _ => call("checkpoint", |error| unsafe { qlty_large_checkpoint(large.as_ref(), None, null_mut(), error) }),
    };
    [&indices, &patches, &variances, &batch].into_iter().for_each(Memory::check);
}

/// Stitches the pending patches, as far as possible.
fn stitch_all(large: *mut qlty_large, ndim: usize) {
    let mut count = 0;
    let indices = Memory::new(QLTY_DTYPE_I64, &[1]);
    let patch = Memory::new(QLTY_DTYPE_F32, &[[1, 1].as_slice(), &WINDOW[..ndim]].concat());
    let (which, from) = (indices.pointer(), patch.pointer());
    for _ in 0..100 {
        let next = call("next", |error| unsafe { qlty_large_next(large.as_ref(), which, place(&mut count), error) });
        let stitched = next
            && count == 1
            && call("stitch", |error| unsafe {
                qlty_large_stitch(large.as_ref(), which, from, from, None, null_mut(), error)
            });
        if !stitched {
            return;
        }
    }
}

fn finish(draws: &mut Draws<'_>, large: *mut qlty_large) {
    let (mut mean, mut std) = (null_mut(), null_mut());
    let complete = draws.once_in(2);
    call("finish", |error| unsafe {
        if complete {
            qlty_large_finish(large.as_ref(), place(&mut mean), place(&mut std), error)
        } else {
            qlty_large_finish_incomplete(large.as_ref(), place(&mut mean), place(&mut std), None, null_mut(), error)
        }
    });
    unsafe {
        qlty_stitched_free(owned(mean));
        qlty_stitched_free(owned(std));
    }
}

/// Reads what is there, as a result and as images.
fn result(draws: &mut Draws<'_>, folder: &Path, ndim: usize) {
    let path = Words::path(draws, folder, "a_mean.zarr", &OTHERS);
    let (mut stitched, mut images) = (null_mut(), null_mut());
    call("stitched", |error| unsafe { qlty_stitched_open(path.pointer(), place(&mut stitched), error) });
    call("images", |error| unsafe { qlty_images_open(path.pointer(), number(draws, -1), place(&mut images), error) });
    let shape = [[2, 1].as_slice(), &SIZE[..ndim]].concat();
    for _ in 0..4 {
        let batch = Memory::draw(draws, QLTY_DTYPE_F32, &shape);
        let mut start = [0; 5];
        if strange(draws) {
            start = std::array::from_fn(|_| number(draws, 0));
        }
        let start = if strange(draws) { std::ptr::null() } else { start.as_ptr() };
        let mut described = batch.array;
        let (stitched, images) = (handle(draws, stitched), handle(draws, images));
        call("stitched shape", |error| unsafe { qlty_stitched_shape(stitched.as_ref(), place(&mut described), error) });
        call("images shape", |error| unsafe { qlty_images_shape(images.as_ref(), place(&mut described), error) });
        call("read", |error| unsafe {
            qlty_stitched_read(stitched.as_ref(), start, batch.pointer(), None, null_mut(), error)
        });
        batch.check();
    }
    unsafe {
        qlty_stitched_free(owned(stitched));
        qlty_images_free(owned(images));
    }
}
