//! What a call makes a pyramid of, and which kind.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};

use ::qlty_pyramid::{
    LaplacianOptions, Monitor, PlaneSource, Pyramid, PyramidOptions, Result, Stack, Volume, plan_laplacian,
    plan_pyramid, stack_to_ome_zarr, stack_to_ome_zarr_laplacian, stacks_to_ome_zarr, stacks_to_ome_zarr_laplacian,
};
use ndarray::IxDyn;

use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::stack::qlty_stack;
use super::stacks::qlty_stacks;
use crate::array::qlty_array;
use crate::dtype::with_type;
use crate::error::{Failure, Outcome};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::{read, read_as};

/// Where progress is reported.
pub(super) type Report = (qlty_progress, *mut c_void);

/// The image of a call, of which the host gives one kind or the other.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Stack(&'a qlty_stack),
    Array(&'a qlty_array),
}

impl<'a> Source<'a> {
    /// # Safety
    /// `stack` and `array` are NULL or live and are not written during `'a`.
    pub(super) unsafe fn new(stack: *const qlty_stack, array: *const qlty_array) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        match unsafe { (stack.as_ref(), array.as_ref()) } {
            (Some(stack), None) => Ok(Self::Stack(stack)),
            (None, Some(array)) => Ok(Self::Array(array)),
            (None, None) => Err(Failure::argument("stack and array: got NULL for both, expected one of them")),
            (Some(_), Some(_)) => Err(Failure::argument("stack and array: got both, expected NULL for one of them")),
        }
    }

    /// # Safety
    /// The values of an array are not written during the call.
    pub(super) unsafe fn write(self, path: &str, how: &How, (progress, user): Report) -> Outcome<Pyramid> {
        match self {
            Self::Stack(stack) => run(progress, user, |monitor| how.write(&stack.stack, path, monitor)),
            Self::Array(array) => with_type!("array", array.dtype, T: pixel => {
                // SAFETY: the caller's promise.
                let pixels = unsafe { array.view::<T, IxDyn>("array") }?;
                let volume = Volume::new("", pixels)?;
                run(progress, user, |monitor| how.write(&volume, path, monitor))
            }),
        }
    }

    /// # Safety
    /// As for [`Source::write`].
    pub(super) unsafe fn plan(self, path: &str, how: &How) -> Outcome<Pyramid> {
        match self {
            Self::Stack(stack) => Ok(how.plan(&stack.stack, Path::new(path))?),
            Self::Array(array) => with_type!("array", array.dtype, T: pixel => {
                // SAFETY: the caller's promise.
                let pixels = unsafe { array.view::<T, IxDyn>("array") }?;
                Ok(how.plan(&Volume::new("", pixels)?, Path::new(path))?)
            }),
        }
    }
}

impl qlty_stacks {
    /// Opens all stacks, and says where the pyramid of each goes.
    fn open(&self, folder: &str, how: &How) -> Outcome<Vec<(Stack, PathBuf)>> {
        let place = |set| {
            let stack = Stack::from_slices(set)?;
            let path = Path::new(folder).join(format!("{}{}", stack.name(), how.extension()));
            Ok((stack, path))
        };
        in_pool(|| self.sets.iter().map(place).collect())
    }

    pub(super) fn write(&self, folder: &str, how: &How, (progress, user): Report) -> Outcome<Pyramids> {
        let stacks = self.open(folder, how)?;
        run(progress, user, |monitor| match how {
            How::Gaussian(options) => stacks_to_ome_zarr(&each_with(stacks, options), monitor),
            How::Laplacian(options) => stacks_to_ome_zarr_laplacian(&each_with(stacks, options), monitor),
        })
    }

    pub(super) fn plan(&self, folder: &str, how: &How) -> Outcome<Pyramids> {
        let stacks = self.open(folder, how)?;
        stacks.iter().map(|(stack, path)| Ok((stack.name().to_owned(), how.plan(stack, path)?))).collect()
    }
}

fn each_with<O: Clone>(stacks: Vec<(Stack, PathBuf)>, options: &O) -> Vec<(Stack, PathBuf, O)> {
    stacks.into_iter().map(|(stack, path)| (stack, path, options.clone())).collect()
}

/// Pyramids by the names of their images.
pub(super) type Pyramids = BTreeMap<String, Pyramid>;

/// Which pyramid is made, and how.
pub(super) enum How {
    Gaussian(PyramidOptions),
    Laplacian(LaplacianOptions),
}

impl How {
    /// # Safety
    /// The options are NULL or as their init functions fill them, and what they point to is as they say.
    pub(super) unsafe fn gaussian(options: *const qlty_pyramid_options) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        Ok(Self::Gaussian(unsafe { read(options)?.options() }?))
    }

    /// # Safety
    /// As for [`How::gaussian`].
    pub(super) unsafe fn laplacian(
        options: *const qlty_pyramid_options,
        laplacian: *const qlty_laplacian_options,
    ) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        let image = unsafe { read(options)?.options() }?;
        // SAFETY: the caller's promise.
        Ok(Self::Laplacian(unsafe { read_as("laplacian", laplacian)?.options(image) }?))
    }

    /// A Gaussian pyramid where `laplacian` is NULL.
    ///
    /// # Safety
    /// As for [`How::gaussian`].
    pub(super) unsafe fn either(
        options: *const qlty_pyramid_options,
        laplacian: *const qlty_laplacian_options,
    ) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        unsafe { if laplacian.is_null() { Self::gaussian(options) } else { Self::laplacian(options, laplacian) } }
    }

    /// What follows the name of a stack in that of its store.
    fn extension(&self) -> &'static str {
        match self {
            Self::Gaussian(_) => ".ome.zarr",
            Self::Laplacian(_) => ".laplacian.zarr",
        }
    }

    fn write<S: PlaneSource>(&self, source: &S, path: &str, monitor: &Monitor) -> Result<Pyramid> {
        match self {
            Self::Gaussian(options) => stack_to_ome_zarr(source, path, options, monitor),
            Self::Laplacian(options) => stack_to_ome_zarr_laplacian(source, path, options, monitor),
        }
    }

    fn plan<S: PlaneSource>(&self, source: &S, path: &Path) -> Result<Pyramid> {
        match self {
            Self::Gaussian(options) => plan_pyramid(source, path, options),
            Self::Laplacian(options) => plan_laplacian(source, path, options),
        }
    }
}
