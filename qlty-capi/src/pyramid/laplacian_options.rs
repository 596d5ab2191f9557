//! Options of Laplacian pyramids, and of reconstruction.

use std::ffi::c_char;
use std::mem::MaybeUninit;

use ::qlty_pyramid::{Interpolation, LaplacianOptions, PyramidOptions, ReconstructOptions};

use crate::arguments::{optional, size};
use crate::error::{Outcome, guard, qlty_error, qlty_status};
use crate::options::{codec, init, options};

/// Options of a Laplacian pyramid in addition to those of all pyramids. Fill it with qlty_laplacian_options_init.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_laplacian_options {
    /// sizeof(qlty_laplacian_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Whether the smallest level is stored, which reconstruction needs. Initially 1.
    pub store_base: i32,
    /// How a level is predicted from the next: "bilinear" or "bicubic"; borrowed for the call. Initially NULL:
    /// "bilinear".
    pub interpolation: *const c_char,
    /// How the differences are compressed, in the form of the codec of qlty_pyramid_options, which is for the smallest
    /// level; borrowed for the call. Initially NULL: "blosc-zstd-bitshuffle:1".
    pub difference_codec: *const c_char,
}

options! {
    qlty_laplacian_options, at least 24 bytes, filled by "qlty_laplacian_options_init";
    store_base: 1,
    interpolation: std::ptr::null(),
    difference_codec: std::ptr::null(),
}

impl qlty_laplacian_options {
    /// # Safety
    /// The strings are NULL or strings.
    pub(super) unsafe fn options(&self, image: PyramidOptions) -> Outcome<LaplacianOptions> {
        // SAFETY: the caller's promise.
        let (interpolation, codec) = unsafe {
            (optional("interpolation", self.interpolation)?, codec("difference_codec", self.difference_codec)?)
        };
        let mut options = LaplacianOptions::new(image)
            .store_base(self.store_base != 0)
            .difference_codec(codec.unwrap_or(LaplacianOptions::CODEC));
        if let Some(interpolation) = interpolation {
            options = options.interpolation(interpolation.parse()?);
        }
        Ok(options)
    }
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_laplacian_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_laplacian_options_init(
    options: *mut qlty_laplacian_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}

/// How a level is reconstructed. Fill it with qlty_reconstruct_options_init.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct qlty_reconstruct_options {
    /// sizeof(qlty_reconstruct_options) in the host, by which the library knows which fields it has.
    pub struct_size: u32,
    /// Whether an existing store is replaced, once the new one is complete. Initially 0.
    pub overwrite: i32,
    /// The level, 0 for the full size. Initially 0.
    pub level: i64,
    /// How a level is predicted from the next, "bilinear" or "bicubic", for stores that do not state it or state it
    /// wrongly; borrowed for the call. Initially NULL: what the store states, or "bilinear".
    pub interpolation: *const c_char,
    /// How chunks are compressed, as the codec of qlty_pyramid_options. Initially NULL: "blosc-zstd-bitshuffle:1".
    pub codec: *const c_char,
}

options! {
    qlty_reconstruct_options, at least 32 bytes, filled by "qlty_reconstruct_options_init";
    overwrite: 0,
    level: 0,
    interpolation: std::ptr::null(),
    codec: std::ptr::null(),
}

impl qlty_reconstruct_options {
    /// # Safety
    /// The strings are NULL or strings.
    pub(super) unsafe fn options(&self) -> Outcome<ReconstructOptions> {
        // SAFETY: the caller's promise.
        let (interpolation, codec) =
            unsafe { (optional("interpolation", self.interpolation)?, codec("codec", self.codec)?) };
        let interpolation: Option<Interpolation> = interpolation.map(str::parse).transpose()?;
        Ok(ReconstructOptions::new()
            .level(size("level", self.level)?)
            .interpolation(interpolation)
            .codec(codec.unwrap_or(PyramidOptions::CODEC))
            .overwrite(self.overwrite != 0))
    }
}

/// Fills options with initial values, as qlty_quilt_options_init does; `struct_size` is sizeof(qlty_reconstruct_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_reconstruct_options_init(
    options: *mut qlty_reconstruct_options,
    struct_size: u32,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the caller's promise.
        unsafe { init(options, struct_size) }
    })
}
