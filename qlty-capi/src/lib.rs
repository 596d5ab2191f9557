//! The C ABI of the qlty crates, for C, C++ and Julia: `include/qlty.h` is generated from here.
//!
//! Nothing but translation lives in this crate: pointers to views, statuses to results. What the
//! functions do is said in `qlty_core`, `qlty_large`, `qlty_pairs` and `qlty_pyramid`, whose names they follow
//! as `qlty_<noun>_<verb>`. The rules that hold for all of them are in the header's first comment, [`QLTY_ABI_VERSION`].
//!
//! ```
//! use std::ptr::null_mut;
//!
//! // SAFETY: options, handle and count are places of their types; there is no error to be stored.
//! unsafe {
//!     let mut options = std::mem::zeroed::<qlty::qlty_quilt_options>();
//!     qlty::qlty_quilt_options_init(&mut options, size_of_val(&options) as u32, null_mut());
//!     (options.size, options.window, options.step) = ([120, 200, 0], [32, 32, 0], [16, 16, 0]);
//!     let (mut quilt, mut count) = (null_mut(), 0);
//!     assert_eq!(qlty::qlty_quilt_new(&options, &mut quilt, null_mut()), qlty::QLTY_STATUS_OK);
//!     assert_eq!(qlty::qlty_quilt_patch_count(quilt, 2, &mut count, null_mut()), qlty::QLTY_STATUS_OK);
//!     assert_eq!(count, 2 * 7 * 12);
//!     qlty::qlty_quilt_free(quilt);
//! }
//! ```
//!
//! | what | functions |
//! |---|---|
//! | versions, errors, threads | `qlty_abi_version`, `qlty_error_*`, `qlty_threads_*` |
//! | cutting and sewing in memory | `qlty_quilt_*`, `qlty_stitcher_*` |
//! | images on disk | `qlty_images_*` |
//! | stitching onto disk | `qlty_large_*`, `qlty_stitched_*` |
//! | patch pairs | `qlty_pairs_*`, `qlty_overlap_*`, `qlty_dataset_*`, `qlty_batches_*` |
//! | pyramids | `qlty_stack_*`, `qlty_pyramid_*`, `qlty_image_*` |
#![allow(non_camel_case_types, reason = "the names of types in Rust are those in C")]

// The order of the modules is the order of the header.
mod error;

mod dtype;

mod array;

mod long_call;

mod options;

mod rank;

mod quilt_options;

mod quilt;

mod cut;

mod stitch;

mod stitcher;

mod labels;

mod source;

mod large;

mod pairs;

mod pyramid;

pub use array::{QLTY_MAX_NDIM, qlty_array};
pub use cut::*;
pub use dtype::*;
pub use error::*;
pub use labels::*;
pub use large::*;
pub use long_call::*;
pub use pairs::*;
pub use pyramid::*;
pub use quilt::*;
pub use quilt_options::*;
pub use source::*;
pub use stitch::*;
pub use stitcher::*;

/// The version of this interface. A library whose qlty_abi_version() differs from the
/// QLTY_ABI_VERSION that a host was compiled with must not be called.
///
/// What holds for all functions:
///
/// A function that can fail returns a qlty_status, 0 for success, and takes last a pointer to a
/// qlty_error *, which may be NULL. Where it fails and that pointer is not NULL, an error is stored
/// there that the caller frees with qlty_error_free; on success nothing is stored. Other outputs
/// are written on success only. No function unwinds: a defect of the library is
/// QLTY_STATUS_PANIC.
///
/// Handles are created by functions that store one through a pointer, and freed by the _free function
/// of their type, which takes NULL. A handle that is only read, as a const pointer, may be used by
/// several threads at once. Strings are UTF-8, end with NUL and are borrowed for the call;
/// a path is not empty.
///
/// Arrays cross as qlty_array, by pointer, borrowed for the call. Inputs may have any strides;
/// outputs are allocated by the caller, have strides under which no two values share memory, and do
/// not overlap with other arrays of the call. Both go by the reach of the strides and of the arrays:
/// values that interleave without sharing memory are refused too. Sizes are in pixels, spatial
/// axes in the order (y, x) or (z, y, x), of which the last is the fastest in C order.
pub const QLTY_ABI_VERSION: u32 = 1;

/// The QLTY_ABI_VERSION that the library was built with. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn qlty_abi_version() -> u32 {
    QLTY_ABI_VERSION
}

/// The release of the library, such as "0.1.0", as a string that lives as long as the program. Any
/// thread.
#[unsafe(no_mangle)]
pub extern "C" fn qlty_version() -> *const std::ffi::c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
