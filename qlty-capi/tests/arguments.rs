//! Calls of the C ABI with null pointers, ranks, types, shapes and strides of all kinds.
//!
//! Where an array is described that could be used, the memory is there, since nothing can check that it is; it
//! lies between margins that no call may write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "all calls have one proof, which stands in `target`")]
#![allow(clippy::needless_range_loop, reason = "an axis is a place in many arrays")]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use qlty::*;

use qlty_tests::fuzz::{Draws, fuzz};

/// Where data begins, and what is left behind it, in bytes.
const MARGIN: usize = 4096;
/// What may be described, in bytes.
const ROOM: usize = 1 << 16;
const FILLING: u8 = 0xa5;

/// An array and its memory. What describes none has memory too, which must stay as it is.
#[derive(Debug)]
struct Memory {
    /// Of eight bytes each, so that every type is aligned.
    words: Vec<u64>,
    array: qlty_array,
    /// The pointer to the array is NULL.
    is_null: bool,
}

impl Memory {
    /// An array of about this type and shape, or something else.
    fn draw(draws: &mut Draws<'_>, dtype: qlty_dtype, shape: &[i64]) -> Self {
        let mut words = vec![u64::from_ne_bytes([FILLING; 8]); (ROOM + 2 * MARGIN) / 8];
        // Indices that differ, and zeros of any other type.
        let inside = words[MARGIN / 8..(MARGIN + ROOM) / 8].iter_mut().enumerate();
        inside.for_each(|(index, word)| *word = if dtype == QLTY_DTYPE_I64 { index as u64 } else { 0 });
        let mut array =
            qlty_array { data: null_mut(), dtype, ndim: shape.len() as i32, shape: [0; 6], strides: [0; 6] };
        array.shape[..shape.len()].copy_from_slice(shape);
        if draws.once_in(6) {
            array.dtype = draws.one_of(&[1, 3, 5, 7, 9, 10, 11, 12, 13, 8]);
        }
        if draws.once_in(8) {
            let axis = draws.below(6);
            array.shape[axis] = draws.one_of(&[0, 1, 2, 3, 5, 17]);
        }
        if draws.once_in(8) {
            array.ndim = draws.one_of(&[1, 2, 3, 4, 5, 6]);
            array.shape.iter_mut().filter(|length| **length == 0).for_each(|length| *length = 1);
        }
        // Strides that fit: C order, perhaps with some axes counted backwards or standing still.
        let axes = array.ndim as usize;
        let (mut stride, mut lowest) = (1i64, 0i64);
        for axis in (0..axes).rev() {
            let length = array.shape[axis].max(1);
            array.strides[axis] = stride;
            stride *= length;
            match draws.byte() % 12 {
                10 => array.strides[axis] = 0,
                11 => {
                    array.strides[axis] = -array.strides[axis];
                    lowest += array.strides[axis] * (length - 1);
                }
                _ => {}
            }
        }
        // Eight bytes are the most that a value has.
        if stride as usize * 8 > ROOM {
            array.shape[0] = 0;
        }
        array.data = words.as_mut_ptr().cast::<u8>().wrapping_add(MARGIN).wrapping_offset(-lowest as isize * 8).cast();
        if array.shape[..axes].contains(&0) && draws.once_in(2) {
            array.data = null_mut();
        }
        // What no call may use.
        match draws.byte() % 40 {
            0 => array.data = null_mut(),
            1 => array.data = array.data.cast::<u8>().wrapping_add(1).cast(),
            2 => array.dtype = draws.one_of(&[0, -1, 14, i32::MAX, i32::MIN]),
            3 => array.ndim = draws.one_of(&[0, -1, 7, i32::MAX, i32::MIN]),
            4 => array.shape[draws.below(axes)] = draws.one_of(&[-1, i64::MIN]),
            // The product of two of them is no number.
            5 if axes > 1 => array.shape[..2].fill(draws.one_of(&[i64::MAX, 1 << 40, 1 << 32])),
            6 => array.strides = [draws.one_of(&[i64::MAX, i64::MIN]); 6],
            _ => {}
        }
        Self { words, array, is_null: draws.once_in(40) }
    }

    fn pointer(&self) -> *const qlty_array {
        if self.is_null { null() } else { &raw const self.array }
    }

    /// Fails where something was written beside the memory.
    fn check(&self) {
        let filling = u64::from_ne_bytes([FILLING; 8]);
        let (before, after) = (&self.words[..MARGIN / 8], &self.words[(MARGIN + ROOM) / 8..]);
        assert!(before.iter().chain(after).all(|word| *word == filling), "memory beside {:?} was written", self.array);
    }
}

/// A number that a call might get.
fn number(draws: &mut Draws<'_>, usual: i64) -> i64 {
    match draws.byte() % 24 {
        0 => -1,
        1 => i64::MAX,
        2 => i64::MIN,
        3 => 0,
        4 => 1 << 40,
        _ => usual,
    }
}

/// Calls, with a place for an error, which comes where the call fails and says something, and else does not.
fn call(name: &str, function: impl FnOnce(*mut *mut qlty_error) -> qlty_status) -> bool {
    let mut error: *mut qlty_error = null_mut();
    let status = function(&mut error);
    assert_ne!(status, QLTY_STATUS_PANIC, "{name} has panicked");
    assert_eq!(status == QLTY_STATUS_OK, error.is_null(), "{name}: status {status}");
    if !error.is_null() {
        // SAFETY: an error that was just stored, freed once.
        unsafe {
            let message = std::ffi::CStr::from_ptr(qlty_error_message(error)).to_str();
            assert!(!message.unwrap_or_default().is_empty(), "{name}: an error without a text");
            qlty_error_free(error);
        }
    }
    status == QLTY_STATUS_OK
}

fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let ndim = draws.one_of(&[2usize, 3]);
    let (images, channels) = (draws.one_of(&[1i64, 0, 2]), draws.one_of(&[1i64, 0, 2]));
    let size = [draws.one_of(&[6i64, 4, 7]), draws.one_of(&[8, 5, 9]), draws.one_of(&[7, 4])];
    let mut options = qlty_quilt_options {
        struct_size: 0,
        ndim: 0,
        size: [0; 3],
        window: [0; 3],
        step: [0; 3],
        border: [0; 3],
        border_weight: 0.0,
        profile: 0,
        profile_parameter: 0.0,
    };
    let struct_size = size_of::<qlty_quilt_options>() as u32;
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; arrays are as `Memory` says.
    assert!(call("options", |error| unsafe { qlty_quilt_options_init(&mut options, struct_size, error) }));
    options.ndim = if draws.once_in(30) { draws.one_of(&[0, 1, 4, -1, i32::MAX]) } else { ndim as i32 };
    for axis in 0..ndim {
        options.size[axis] = number_or(&mut draws, size[axis]);
        options.window[axis] = number_or(&mut draws, 4);
        options.step[axis] = number_or(&mut draws, 2);
        options.border[axis] = number_or(&mut draws, 1);
    }
    if draws.once_in(8) {
        options.profile = draws.one_of(&[0, 1, 2, 3, 4, 5, -1, i32::MIN]);
        options.profile_parameter = draws.one_of(&[0.25, 0.0, -1.0, f64::NAN, f64::INFINITY]);
        options.border_weight = draws.one_of(&[f64::NAN, 0.1, -0.5, 2.0]);
    }
    if draws.once_in(20) {
        options.struct_size = draws.one_of(&[0, 1, 4, 8, u32::MAX]);
    }
    let mut quilt: *mut qlty_quilt = null_mut();
    let made = call("quilt", |error| unsafe { qlty_quilt_new(&options, &mut quilt, error) });
    assert_eq!(made, !quilt.is_null());
    let given: *const qlty_quilt = if draws.once_in(30) { null() } else { quilt };
    let mut count = 0;
    call("patch count", |error| unsafe {
        qlty_quilt_patch_count(given, number(&mut draws, images), &mut count, error)
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
                qlty_quilt_unstitch_shape(given, batch.pointer(), first, &mut described, error)
            }),
            1 | 2 => call("unstitch", |error| unsafe {
                qlty_quilt_unstitch(given, batch.pointer(), first, cut.pointer(), None, null_mut(), error)
            }),
            3 => call("stitch shape", |error| unsafe {
                qlty_quilt_stitch_shape(given, cut.pointer(), &mut described, null_mut(), error)
            }),
            4 | 5 => call("stitch", |error| unsafe {
                let (to, sums) = (sums.pointer(), weights.pointer());
                qlty_quilt_stitch(given, cut.pointer(), to, sums, None, null_mut(), error)
            }),
            6 => call("unstitch adjoint", |error| unsafe {
                qlty_quilt_unstitch_adjoint(given, cut.pointer(), sums.pointer(), None, null_mut(), error)
            }),
            7 => call("stitch adjoint", |error| unsafe {
                qlty_quilt_stitch_adjoint(given, batch.pointer(), cut.pointer(), None, null_mut(), error)
            }),
            8 => call("labels", |error| unsafe {
                let (from, to) = (batch.pointer(), cut.pointer());
                qlty_quilt_unstitch_labels(given, from, missing, first, to, None, null_mut(), error)
            }),
            9 => call("labelled", |error| unsafe {
                qlty_quilt_labelled(given, cut.pointer(), missing, flags.pointer(), error)
            }),
            10 => call("keep", |error| unsafe {
                qlty_patches_keep(cut.pointer(), flags.pointer(), batch.pointer(), error)
            }),
            11 => call("positions", |error| unsafe { qlty_quilt_positions(given, first, places.pointer(), error) }),
            12 => call("weights", |error| unsafe { qlty_quilt_weights(given, weights.pointer(), error) }),
            13 => call("positional", |error| unsafe {
                qlty_quilt_positional(given, first, origin_of(first), 1, cut.pointer(), error)
            }),
            14 => call("overlap", |error| unsafe { overlap(&deltas, &cut, [&batch, &sums], error) }),
            _ => stitcher(&mut draws, given, [i64::from(dtype), images, channels], [&cut, &indices, &sums, &weights]),
        };
        for memory in [&batch, &cut, &sums, &weights, &indices, &deltas, &places, &flags] {
            memory.check();
        }
    }
    // SAFETY: NULL or a quilt of ours, freed once.
    unsafe { qlty_quilt_free(quilt) };
}

/// The usual number, or once in a while a nearby or an impossible one.
fn number_or(draws: &mut Draws<'_>, usual: i64) -> i64 {
    match draws.byte() {
        0..8 => number(draws, usual),
        8..16 => usual + 1,
        _ => usual,
    }
}

fn sum_of(dtype: qlty_dtype) -> qlty_dtype {
    if [QLTY_DTYPE_F64, QLTY_DTYPE_I64].contains(&dtype) { QLTY_DTYPE_F64 } else { QLTY_DTYPE_F32 }
}

fn origin_of(first: i64) -> i32 {
    i32::try_from(first).unwrap_or(i32::MAX)
}

/// Makes an overlap and gathers by it.
///
/// # Safety
/// `error` is a place for an error.
unsafe fn overlap(deltas: &Memory, patches: &Memory, to: [&Memory; 2], error: *mut *mut qlty_error) -> qlty_status {
    let (window, mut overlap) = ([4i64; 3], null_mut());
    // SAFETY: the memories are as they say; the overlap is freed once.
    unsafe {
        let status = qlty_overlap_new(window.as_ptr(), deltas.pointer(), null(), &mut overlap, error);
        if status != QLTY_STATUS_OK {
            return status;
        }
        let ([to1, to2], from) = (to.map(Memory::pointer), patches.pointer());
        let status = qlty_overlap_extract(overlap, from, from, to1, to2, None, null_mut(), error);
        qlty_overlap_free(overlap);
        status
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
        call("stitcher", |error| qlty_stitcher_new(quilt, dtype as i32, images, channels, &mut stitcher, error));
        let first = number(draws, 0);
        call("push", |error| qlty_stitcher_push(stitcher, first, patches.pointer(), error));
        call("push at", |error| qlty_stitcher_push_at(stitcher, indices.pointer(), patches.pointer(), error));
        call("missing", |error| qlty_stitcher_missing(stitcher, indices.pointer(), error));
        let done = call("finish", |error| qlty_stitcher_finish(stitcher, batch.pointer(), weights.pointer(), error));
        qlty_stitcher_free(stitcher);
        done
    }
}

#[test]
fn arguments_that_make_no_sense() {
    fuzz("arguments", 600, 600, target);
}
