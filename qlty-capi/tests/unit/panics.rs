//! Handles after a panic.

use std::cell::Cell;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

use crate::*;

thread_local! {
    /// Whether the next call that changes a state panics.
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

/// Called while a call changes a state.
pub(super) fn hook() {
    assert!(!PANICS.take(), "as the test wants it");
}

/// The status and the message of a call.
fn status(call: impl FnOnce(&mut MaybeUninit<*mut qlty_error>) -> qlty_status) -> (qlty_status, String) {
    let mut error = MaybeUninit::new(null_mut());
    let status = call(&mut error);
    // SAFETY: what a call that failed stored is an error, which is freed once; else it is NULL.
    unsafe {
        let error = error.assume_init();
        let message = CStr::from_ptr(qlty_error_message(error.as_ref())).to_str().unwrap().to_owned();
        if !error.is_null() {
            qlty_error_free(Some(Box::from_raw(error)));
        }
        (status, message)
    }
}

/// What a call has stored.
fn made<T>(call: impl FnOnce(Option<&mut MaybeUninit<*mut T>>) -> qlty_status) -> Box<T> {
    let mut handle = MaybeUninit::uninit();
    assert_eq!(call(Some(&mut handle)), QLTY_STATUS_OK);
    // SAFETY: a call that succeeds stores a handle.
    unsafe { Box::from_raw(handle.assume_init()) }
}

fn quilt() -> Box<qlty_quilt> {
    let mut options = MaybeUninit::<qlty_quilt_options>::uninit();
    // SAFETY: the call fills the options.
    let options = unsafe {
        qlty_quilt_options_init(options.as_mut_ptr(), size_of::<qlty_quilt_options>() as u32, None);
        qlty_quilt_options { size: [8, 8, 0], window: [4, 4, 0], step: [4, 4, 0], ..options.assume_init() }
    };
    // SAFETY: the options are as the call above has made them, but for their sizes.
    made(|out| unsafe { qlty_quilt_new(&options, out, None) })
}

fn patches(pixels: &mut [f32]) -> qlty_array {
    let mut array = qlty_array::describe(QLTY_DTYPE_F32, &[4, 1, 4, 4]).unwrap();
    array.data = pixels.as_mut_ptr().cast();
    array
}

const PANICKED: (qlty_status, &str) = (QLTY_STATUS_PANIC, "a defect of qlty: as the test wants it");

#[test]
fn a_panic_becomes_a_status_with_its_text() {
    let (status, message) = status(|error| error::guard(Some(error), || panic!("number {}", 7)));
    assert_eq!((status, message.as_str()), (QLTY_STATUS_PANIC, "a defect of qlty: number 7"));
}

#[test]
fn a_stitcher_refuses_all_calls_after_a_panic() {
    let (quilt, mut pixels) = (quilt(), vec![1.0_f32; 64]);
    let patches = patches(&mut pixels);
    // SAFETY: of all calls here: the handles are not freed before, and the arrays describe `pixels`.
    let mut stitcher = made(|out| unsafe { qlty_stitcher_new(Some(&quilt), QLTY_DTYPE_F32, 1, 1, out, None) });
    PANICS.set(true);
    // SAFETY: as above.
    let got = status(|error| unsafe { qlty_stitcher_push(Some(&mut stitcher), 0, Some(&patches), Some(error)) });
    assert_eq!((got.0, got.1.as_str()), PANICKED);
    let mut count = MaybeUninit::new(-1);
    // SAFETY: as above.
    let later = unsafe {
        [
            status(|error| qlty_stitcher_push(Some(&mut stitcher), 0, Some(&patches), Some(error))),
            status(|error| qlty_stitcher_missing_count(Some(&stitcher), Some(&mut count), Some(error))),
            status(|error| qlty_stitcher_finish(Some(&mut stitcher), Some(&patches), None, Some(error))),
        ]
    };
    for (status, message) in later {
        assert_eq!(status, QLTY_STATUS_PANIC);
        assert_eq!(message, "stitcher: an earlier call panicked, and left it in an unknown state; free it");
    }
    // SAFETY: it was written above.
    assert_eq!(unsafe { count.assume_init() }, -1);
    // SAFETY: freed once.
    unsafe {
        qlty_stitcher_free(Some(stitcher));
        qlty_quilt_free(Some(quilt));
    }
}

#[test]
fn a_result_on_disk_refuses_all_calls_after_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::ffi::CString::new(folder.path().join("a").to_str().unwrap()).unwrap();
    let (quilt, mut options) = (quilt(), MaybeUninit::<qlty_large_options>::uninit());
    // SAFETY: of all calls here: options are filled before they are used, and the handles are not freed before.
    let large = unsafe {
        qlty_large_options_init(options.as_mut_ptr(), size_of::<qlty_large_options>() as u32, None);
        let options = qlty_large_options { images: 1, channels: 1, ..options.assume_init() };
        made(|out| qlty_large_new(Some(&quilt), path.as_ptr(), &options, out, None))
    };
    PANICS.set(true);
    // SAFETY: as above.
    let got = status(|error| unsafe { qlty_large_checkpoint(Some(&large), None, null_mut(), Some(error)) });
    assert_eq!((got.0, got.1.as_str()), PANICKED);
    // SAFETY: as above.
    let later = unsafe {
        [
            status(|error| qlty_large_checkpoint(Some(&large), None, null_mut(), Some(error))),
            status(|error| qlty_large_rewind(Some(&large), Some(error))),
            status(|error| qlty_large_finish(Some(&large), None, None, Some(error))),
        ]
    };
    for (status, message) in later {
        assert_eq!(status, QLTY_STATUS_PANIC);
        assert_eq!(message, "large: an earlier call panicked, and left it in an unknown state; free it");
    }
    // SAFETY: freed once.
    unsafe {
        qlty_large_free(Some(large));
        qlty_quilt_free(Some(quilt));
    }
}
