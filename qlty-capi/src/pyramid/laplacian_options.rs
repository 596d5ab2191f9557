//! Options of Laplacian pyramids, and of what is made of them.

use std::ffi::c_char;

use ::qlty_pyramid::{LaplacianOptions, PyramidOptions, ReconstructOptions};

use crate::error::{Outcome, guard, qlty_error, qlty_status, size};
use crate::options::{Options, codec, init, optional};

/// What a Laplacian pyramid has beside the options of all pyramids. Fill it with
/// qlty_laplacian_options_init.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_laplacian_options {
    /// sizeof(qlty_laplacian_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Whether the smallest level is stored, without which nothing can be reconstructed from the store
    /// alone. Initially 1.
    pub store_base: i32,
    /// How a level is predicted from the next: "bilinear" or "bicubic"; borrowed for the call. Initially
    /// NULL, which means "bilinear".
    pub interpolation: *const c_char,
    /// How the differences are compressed, as the codec of qlty_pyramid_options, which is that of the
    /// smallest level; borrowed for the call. Initially NULL, which means "blosc-zstd-bitshuffle:1".
    pub difference_codec: *const c_char,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and pointers.
unsafe impl Options for qlty_laplacian_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
        store_base: 1,
        interpolation: std::ptr::null(),
        difference_codec: std::ptr::null(),
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_laplacian_options_init";
}

impl qlty_laplacian_options {
    /// # Safety
    /// The strings are NULL or strings.
    pub(super) unsafe fn options(&self, image: PyramidOptions) -> Outcome<LaplacianOptions> {
        // SAFETY: the caller's promise.
        let (interpolation, codec) = unsafe {
            (optional("interpolation", self.interpolation)?, codec("difference_codec", self.difference_codec)?)
        };
        Ok(LaplacianOptions {
            interpolation: interpolation.map_or(Ok(Default::default()), str::parse)?,
            store_base: self.store_base != 0,
            difference_codec: codec.unwrap_or(LaplacianOptions::CODEC),
            image,
        })
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_laplacian_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_laplacian_options_init(
    options: *mut qlty_laplacian_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}

/// What is made of a Laplacian store. Fill it with qlty_reconstruct_options_init.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_reconstruct_options {
    /// sizeof(qlty_reconstruct_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Whether a store of the same name is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
    /// The level, 0 for the full size. Initially 0.
    pub level: i64,
    /// How a level is predicted from the next, "bilinear" or "bicubic", for stores that do not say it or
    /// say it wrong; borrowed for the call. Initially NULL, which means as the store says, or "bilinear".
    pub interpolation: *const c_char,
    /// How chunks are compressed, as the codec of qlty_pyramid_options. Initially NULL, which means
    /// "blosc-zstd-bitshuffle:1".
    pub codec: *const c_char,
}

// SAFETY: the struct is `repr(C)`, begins with its size and is made of numbers and pointers.
unsafe impl Options for qlty_reconstruct_options {
    const INITIAL: Self = Self {
        struct_size: size_of::<Self>() as u32,
        overwrite: 0,
        level: 0,
        interpolation: std::ptr::null(),
        codec: std::ptr::null(),
    };
    const LEAST_SIZE: usize = size_of::<Self>();
    const INIT: &'static str = "qlty_reconstruct_options_init";
}

impl qlty_reconstruct_options {
    /// # Safety
    /// The strings are NULL or strings.
    pub(super) unsafe fn options(&self) -> Outcome<ReconstructOptions> {
        // SAFETY: the caller's promise.
        let (interpolation, codec) =
            unsafe { (optional("interpolation", self.interpolation)?, codec("codec", self.codec)?) };
        Ok(ReconstructOptions {
            level: size("level", self.level)?,
            interpolation: interpolation.map(str::parse).transpose()?,
            codec: codec.unwrap_or(PyramidOptions::CODEC),
            overwrite: self.overwrite != 0,
        })
    }
}

/// Fills options with initial values. `struct_size` is sizeof(qlty_reconstruct_options): of a later
/// library only the fields that the host knows are written. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `struct_size` is less than that of the first version,
/// or more than 4096.
///
/// # Safety
/// `options` is NULL or points to `struct_size` bytes that may be written; `error` is NULL or may
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_reconstruct_options_init(
    options: *mut qlty_reconstruct_options,
    struct_size: u32,
    error: *mut *mut qlty_error,
) -> qlty_status {
    // SAFETY: the caller's promise.
    unsafe { guard(error, || init(options, struct_size)) }
}
