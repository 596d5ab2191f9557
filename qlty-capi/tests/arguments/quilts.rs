//! Unstitching and stitching in memory, and overlaps.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use qlty::*;
use qlty_tests::fuzz::Draws;

use crate::memory::{Memory, call, initial, number, owned, place, strange};

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let ndim = draws.one_of(&[2usize, 3]);
    let (images, channels) = (draws.one_of(&[1i64, 0, 2]), draws.one_of(&[1i64, 0, 2]));
    let size = [draws.one_of(&[6i64, 4, 7]), draws.one_of(&[8, 5, 9]), draws.one_of(&[7, 4])];
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; arrays are as `Memory` says.
    let mut options = quilt_options(ndim, size, [4; 3]);
    if strange(&mut draws) {
        options.ndim = draws.one_of(&[0, 1, 4, -1, i32::MAX]);
    }
    for axis in 0..ndim {
        options.size[axis] = number(&mut draws, size[axis]);
        options.window[axis] = number(&mut draws, 4);
        options.step[axis] = number(&mut draws, 2);
        options.border[axis] = number(&mut draws, 1);
    }
    if strange(&mut draws) {
        options.profile = draws.one_of(&[0, 1, 2, 3, 4, 5, -1, i32::MIN]);
        options.profile_parameter = draws.one_of(&[0.25, 0.0, -1.0, f64::NAN, f64::INFINITY]);
        options.border_weight = draws.one_of(&[f64::NAN, 0.1, -0.5, 2.0]);
    }
    if strange(&mut draws) {
        options.struct_size = draws.one_of(&[0, 1, 4, 8, u32::MAX]);
    }
    let mut quilt: *mut qlty_quilt = null_mut();
    let made = call("quilt", |error| unsafe { qlty_quilt_new(&options, place(&mut quilt), error) });
    assert_eq!(made, !quilt.is_null());
    let given: *const qlty_quilt = if strange(&mut draws) { null() } else { quilt };
    let mut count = 0;
    call("patch count", |error| unsafe {
        qlty_quilt_patch_count(given.as_ref(), number(&mut draws, images), place(&mut count), error)
    });
    // A geometry that was drawn may have more patches than there is room for; shapes say so.
    let patches = count.clamp(0, 64);

    let dtype = draws.one_of(&[QLTY_DTYPE_F32, QLTY_DTYPE_F64, QLTY_DTYPE_U8, QLTY_DTYPE_F16, QLTY_DTYPE_I64]);
    let axes = |first: i64, second: i64, rest: &[i64; 3]| [[first, second].as_slice(), &rest[..ndim]].concat();
    let window = [4; 3];
    for _ in 0..4 {
        let batch = Memory::draw(&mut draws, dtype, &axes(images, channels, &size));
        let cut = Memory::draw(&mut draws, dtype, &axes(patches, channels, &window));
        let sums = Memory::draw(&mut draws, sum_of(dtype), &axes(images, channels, &size));
        let weights = Memory::draw(&mut draws, sum_of(dtype), &size[..ndim]);
        let indices = Memory::draw(&mut draws, QLTY_DTYPE_I64, &[patches]);
        let deltas = Memory::draw(&mut draws, QLTY_DTYPE_F32, &[patches, ndim as i64]);
        let places = Memory::draw(&mut draws, QLTY_DTYPE_I64, &[patches, ndim as i64]);
        let flags = Memory::draw(&mut draws, QLTY_DTYPE_BOOL, &[patches]);
        let value = [0u64; 1];
        let missing: *const c_void = if draws.once_in(4) { null() } else { value.as_ptr().cast() };
        let first = number(&mut draws, 0);
        let mut described = batch.array;
        match draws.byte() % 16 {
            0 => call("unstitch shape", |error| unsafe {
                qlty_quilt_unstitch_shape(given.as_ref(), batch.pointer(), first, place(&mut described), error)
            }),
            1 | 2 => call("unstitch", |error| unsafe {
                qlty_quilt_unstitch(given.as_ref(), batch.pointer(), first, cut.pointer(), None, null_mut(), error)
            }),
            3 => call("stitch shape", |error| unsafe {
                qlty_quilt_stitch_shape(given.as_ref(), cut.pointer(), place(&mut described), None, error)
            }),
            4 | 5 => call("stitch", |error| unsafe {
                let (to, sums) = (sums.pointer(), weights.pointer());
                qlty_quilt_stitch(given.as_ref(), cut.pointer(), to, sums, None, null_mut(), error)
            }),
            6 => call("unstitch adjoint", |error| unsafe {
                qlty_quilt_unstitch_adjoint(given.as_ref(), cut.pointer(), sums.pointer(), None, null_mut(), error)
            }),
            7 => call("stitch adjoint", |error| unsafe {
                qlty_quilt_stitch_adjoint(given.as_ref(), batch.pointer(), cut.pointer(), None, null_mut(), error)
            }),
            8 => call("labels", |error| unsafe {
                let (from, to) = (batch.pointer(), cut.pointer());
                qlty_quilt_unstitch_labels(given.as_ref(), from, missing, first, to, None, null_mut(), error)
            }),
            9 => call("labelled", |error| unsafe {
                qlty_quilt_labelled(given.as_ref(), cut.pointer(), missing, flags.pointer(), error)
            }),
            10 => {
                let kept = Memory::draw(&mut draws, dtype, &axes(patches, channels, &window));
                let done = call("keep", |error| unsafe {
                    qlty_patches_keep(cut.pointer(), flags.pointer(), kept.pointer(), error)
                });
                kept.check();
                done
            }
            11 => call("positions", |error| unsafe {
                qlty_quilt_positions(given.as_ref(), first, places.pointer(), error)
            }),
            12 => call("weights", |error| unsafe { qlty_quilt_weights(given.as_ref(), weights.pointer(), error) }),
            13 => call("positional", |error| unsafe {
                qlty_quilt_positional(given.as_ref(), first, origin_of(first), 1, cut.pointer(), error)
            }),
            14 => overlap(&mut draws, &deltas, &cut),
            _ => stitcher(&mut draws, given, [i64::from(dtype), images, channels], [&cut, &indices, &sums, &weights]),
        };
        for memory in [&batch, &cut, &sums, &weights, &indices, &deltas, &places, &flags] {
            memory.check();
        }
    }
    // SAFETY: NULL or a quilt of ours, freed once.
    unsafe { qlty_quilt_free(owned(quilt)) };
}

fn sum_of(dtype: qlty_dtype) -> qlty_dtype {
    if [QLTY_DTYPE_F64, QLTY_DTYPE_I64].contains(&dtype) { QLTY_DTYPE_F64 } else { QLTY_DTYPE_F32 }
}

fn origin_of(first: i64) -> i32 {
    i32::try_from(first).unwrap_or(i32::MAX)
}

/// The options of a quilt of steps of 2 and borders of 1.
pub(crate) fn quilt_options(ndim: usize, size: [i64; 3], window: [i64; 3]) -> qlty_quilt_options {
    let mut options = initial(qlty_quilt_options_init);
    options.ndim = ndim as i32;
    options.size[..ndim].copy_from_slice(&size[..ndim]);
    options.window[..ndim].copy_from_slice(&window[..ndim]);
    options.step[..ndim].fill(2);
    options.border[..ndim].fill(1);
    options
}

/// Makes an overlap, gathers by it, and scatters.
fn overlap(draws: &mut Draws<'_>, deltas: &Memory, patches: &Memory) -> bool {
    let (window, mut overlap, mut count) = ([4i64; 3], null_mut(), 0);
    // SAFETY: the memories are as they say; the overlap is freed once.
    unsafe {
        call("overlap", |error| qlty_overlap_new(window.as_ptr(), deltas.pointer(), None, place(&mut overlap), error));
        call("overlap count", |error| qlty_overlap_count(overlap.as_ref(), place(&mut count), error));
        let channels = patches.array.shape[1].max(0);
        let pixels = [(); 2].map(|()| Memory::draw(draws, patches.array.dtype, &[count.min(4000), channels]));
        let ([one, two], from) = (pixels.each_ref().map(Memory::pointer), patches.pointer());
        call("overlap extract", |error| {
            qlty_overlap_extract(overlap.as_ref(), from, from, one, two, None, null_mut(), error)
        });
        let to =
            Memory::draw(draws, patches.array.dtype, &patches.array.shape[..patches.array.ndim.clamp(1, 6) as usize]);
        let done = call("overlap adjoint", |error| {
            qlty_overlap_adjoint(overlap.as_ref(), one, two, to.pointer(), from, None, null_mut(), error)
        });
        let columns = 2 * i64::from(patches.array.ndim.clamp(4, 5)) - 3;
        let rows = Memory::draw(draws, QLTY_DTYPE_I64, &[count.min(1000), columns]);
        call("correspondence", |error| {
            qlty_overlap_correspondence(overlap.as_ref(), rows.pointer(), None, null_mut(), error)
        });
        qlty_overlap_free(owned(overlap));
        pixels.iter().chain([&to, &rows]).for_each(Memory::check);
        done
    }
}

/// Makes a stitcher, adds patches, and finishes it.
fn stitcher(draws: &mut Draws<'_>, quilt: *const qlty_quilt, made_of: [i64; 3], memories: [&Memory; 4]) -> bool {
    let [dtype, images, channels] = made_of;
    let [patches, indices, batch, weights] = memories;
    let (images, channels) = (number(draws, images), number(draws, channels));
    let mut stitcher: *mut qlty_stitcher = null_mut();
    // SAFETY: pointers are NULL or lead to what they should; the stitcher is freed once.
    unsafe {
        call("stitcher", |error| {
            qlty_stitcher_new(quilt.as_ref(), dtype as i32, images, channels, place(&mut stitcher), error)
        });
        let first = number(draws, 0);
        call("push", |error| qlty_stitcher_push(stitcher.as_mut(), first, patches.pointer(), error));
        call("push at", |error| qlty_stitcher_push_at(stitcher.as_mut(), indices.pointer(), patches.pointer(), error));
        call("missing", |error| qlty_stitcher_missing(stitcher.as_ref(), indices.pointer(), error));
        let done =
            call("finish", |error| qlty_stitcher_finish(stitcher.as_mut(), batch.pointer(), weights.pointer(), error));
        qlty_stitcher_free(owned(stitcher));
        done
    }
}
