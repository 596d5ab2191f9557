//! The C ABI of the qlty crates, for C, C++ and Julia: `include/qlty.h` is generated from here.
//!
//! This crate only translates: pointers to arrays, results to statuses. What the functions do is documented in
//! `qlty_core`, `qlty_large`, `qlty_pairs` and `qlty_pyramid`, whose names they follow as `qlty_<noun>_<verb>`. The
//! rules that hold for all of them are in the header's first comment, [`QLTY_ABI_VERSION`].
//!
//! # Safety
//!
//! All functions are called from C, where nothing checks these promises of the caller:
//!
//! - A handle was stored by a function of its type and has not been freed. It is not used during a call that frees it,
//!   nor, where the parameter is not const, by any other call at the same time.
//! - Each array, as far as its shape has values, describes memory that lives during the call. During the call nobody
//!   writes the values of an array that is read, and nobody uses those of an array that is written.
//! - A pointer to an output, such as a count or a handle, leads to memory that may be written and is given for one
//!   output only. A pointer to several numbers leads to as many as the function's comment says.
//! - Options were filled by the `init` function of their type, and their pointers are NULL or lead to what their
//!   comments say.
//! - A string ends with NUL, and nobody writes it during the call.
//!
//! A pointer is NULL, which is an error where the comment does not allow it, or is valid and aligned for its type.
//!
//! ```
//! use std::mem::MaybeUninit;
//!
//! let (mut quilt, mut count) = (MaybeUninit::uninit(), MaybeUninit::uninit());
//! // SAFETY: the options are filled before they are used, and an output is read where the call succeeded.
//! unsafe {
//!     let mut options = std::mem::zeroed::<qlty::qlty_quilt_options>();
//!     qlty::qlty_quilt_options_init(&mut options, size_of_val(&options) as u32, None);
//!     (options.size, options.window, options.step) = ([120, 200, 0], [32, 32, 0], [16, 16, 0]);
//!     assert_eq!(qlty::qlty_quilt_new(&options, Some(&mut quilt), None), qlty::QLTY_STATUS_OK);
//!     let quilt = Box::from_raw(quilt.assume_init());
//!     assert_eq!(qlty::qlty_quilt_patch_count(Some(&quilt), 2, Some(&mut count), None), qlty::QLTY_STATUS_OK);
//!     assert_eq!(count.assume_init(), 2 * 7 * 12);
//!     qlty::qlty_quilt_free(Some(quilt));
//! }
//! ```
//!
//! | what | functions |
//! |---|---|
//! | versions, errors, threads | `qlty_abi_version`, `qlty_error_*`, `qlty_threads_*` |
//! | unstitching and stitching in memory | `qlty_quilt_*`, `qlty_stitcher_*` |
//! | images on disk | `qlty_images_*` |
//! | stitching onto disk | `qlty_large_*`, `qlty_stitched_*` |
//! | patch pairs | `qlty_pairs_*`, `qlty_overlap_*`, `qlty_dataset_*`, `qlty_batches_*` |
//! | pyramids | `qlty_stack_*`, `qlty_pyramid_*`, `qlty_image_*` |
//! | finding damaged files | `qlty_store_verify`, `qlty_large_verify`, `qlty_dataset_verify`, `qlty_damages_*` |
#![allow(non_camel_case_types, reason = "the names of types in Rust are those in C")]
#![allow(clippy::missing_safety_doc, reason = "the promises of all callers are stated once, above")]

// The order of the modules is that of the header.
mod error;
mod arguments;
mod dtype;
mod array;
mod long_call;
mod options;
mod poison;
mod pool;
mod quilt_options;
mod quilt;
mod unstitch;
mod stitch;
mod stitcher;
mod labels;
mod source;
mod damages;
mod large;
mod pairs;
mod pyramid;

pub use array::{QLTY_MAX_NDIM, qlty_array};
pub use damages::*;
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
pub use unstitch::*;

/// Handles that threads may share, as the header says of const pointers, or hand to each other.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<(qlty_error, qlty_quilt, qlty_stitcher, qlty_images, qlty_large, qlty_stitched, qlty_pairs)>();
    shared::<(
        qlty_overlap,
        qlty_dataset,
        qlty_batches,
        qlty_stacks,
        qlty_stack,
        qlty_pyramids,
        qlty_image,
        qlty_damages,
    )>();
};

/// The version of this interface. A library whose qlty_abi_version() differs from the QLTY_ABI_VERSION that a host was
/// compiled with must not be called.
///
/// Rules for all functions:
///
/// A function that can fail returns a qlty_status, 0 for success, and its last parameter is a pointer to a qlty_error
/// *, which may be NULL. If it fails and that pointer is not NULL, an error is stored there, which the caller frees
/// with qlty_error_free; on success nothing is stored. Other outputs are written only on success. No function unwinds:
/// a defect of the library is QLTY_STATUS_PANIC. A handle that was being changed by such a call refuses all further
/// calls with that status, except its _free function.
///
/// Handles are stored through a pointer by the functions that create them, and freed by the _free function of their
/// type, which accepts NULL. Several threads may use a handle at once in functions that take it as a const pointer.
/// Strings are UTF-8, end with NUL and are borrowed for the call; a path is not empty. Outputs are distinct: no two
/// pointers of a call lead to the same memory, and all are aligned for their type.
///
/// Calls run on threads of the library and on the calling one, which needs a stack of 64 KiB. A call for which threads
/// cannot be started fails with QLTY_STATUS_OUT_OF_MEMORY.
///
/// A process may fork while no call is in progress on any of its threads. The calls of the child then run on threads of
/// its own, as many as in the parent. The child may read with the handles of the parent and free them, which removes
/// none of the parent's files. What it does with a stitcher stays in its copy. It may not stitch with a qlty_large of
/// the parent or read its qlty_batches, which fails with QLTY_STATUS_INVALID_ARGUMENT; it makes handles of its own.
///
/// Arrays are passed as pointers to qlty_array, borrowed for the call. Inputs may have any strides. Outputs are
/// allocated by the caller; no two of their values share memory, and they do not overlap with other arrays of the call.
/// Both are judged by ranges of addresses: values that interleave without sharing memory are refused too. Sizes are in
/// pixels, spatial axes in the order (y, x) or (z, y, x), in C order.
pub const QLTY_ABI_VERSION: u32 = 1;

/// The QLTY_ABI_VERSION that the library was built with. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn qlty_abi_version() -> u32 {
    QLTY_ABI_VERSION
}

/// The release of the library, such as "0.2.0", as a string that lives as long as the program. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn qlty_version() -> *const std::ffi::c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
