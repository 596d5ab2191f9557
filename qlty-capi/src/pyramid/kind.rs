//! The image of a call, and the kind of pyramid that is made of it.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};

use ::qlty_pyramid::{
    LaplacianOptions, Monitor, PlaneSource, Pyramid, PyramidJob, PyramidOptions, Result, Stack, Volume, plan_laplacian,
    plan_pyramid, stack_to_ome_zarr, stack_to_ome_zarr_laplacian, stacks_to_ome_zarr, stacks_to_ome_zarr_laplacian,
};

use super::laplacian_options::qlty_laplacian_options;
use super::options::qlty_pyramid_options;
use super::pixel_dtype;
use super::stack::qlty_stack;
use super::stacks::qlty_stacks;
use crate::array::{Arrays, qlty_array};
use crate::dtype::number;
use crate::error::{Failure, Outcome};
use crate::long_call::{in_pool, qlty_progress, run};
use crate::options::{read, read_as};

/// Where progress is reported.
pub(super) type Report = (qlty_progress, *mut c_void);

/// Pyramids by the names of their images.
pub(super) type Pyramids = BTreeMap<String, Pyramid>;

/// The image of a call, of which the host gives one kind or the other.
pub(super) enum Source<'a> {
    Stack(&'a Stack),
    Array(Volume<'a>),
}

impl<'a> Source<'a> {
    /// # Safety
    /// `array` is as [`Arrays::of_call`] asks.
    pub(super) unsafe fn new(stack: Option<&'a qlty_stack>, array: Option<&'a qlty_array>) -> Outcome<Self> {
        match (stack, array) {
            (Some(stack), None) => Ok(Self::Stack(&stack.stack)),
            (None, Some(_)) => {
                // SAFETY: the caller's promise.
                let pixels = unsafe { Arrays::of_call() }.input("array", array)?;
                pixel_dtype("array", number(pixels.dtype()))?;
                Ok(Self::Array(Volume::from_array("", pixels)?))
            }
            (None, None) => Err(Failure::argument("stack and array: got NULL for both, expected one of them")),
            (Some(_), Some(_)) => Err(Failure::argument("stack and array: got both, expected NULL for one of them")),
        }
    }

    fn planes(&self) -> &dyn PlaneSource {
        match self {
            Self::Stack(stack) => *stack,
            Self::Array(volume) => volume,
        }
    }

    /// The name of a stack; an array has none.
    pub(super) fn name(&self) -> &str {
        self.planes().name()
    }

    pub(super) fn write(&self, path: &str, kind: &PyramidKind, (progress, user): Report) -> Outcome<Pyramid> {
        run(progress, user, |monitor| kind.write(self.planes(), path, monitor))
    }

    pub(super) fn plan(&self, path: &str, kind: &PyramidKind) -> Outcome<Pyramid> {
        Ok(kind.plan(self.planes(), Path::new(path))?)
    }
}

impl qlty_stacks {
    /// Opens all stacks, and says where the pyramid of each goes.
    fn open(&self, folder: &str, kind: &PyramidKind) -> Outcome<Vec<(Stack, PathBuf)>> {
        let place = |set| {
            let stack = Stack::from_slices(set)?;
            let path = Path::new(folder).join(format!("{}{}", stack.name(), kind.extension()));
            Ok((stack, path))
        };
        in_pool(|| self.sets.iter().map(place).collect::<::qlty_pyramid::Result<_>>())
    }

    pub(super) fn write(&self, folder: &str, kind: &PyramidKind, (progress, user): Report) -> Outcome<Pyramids> {
        let stacks = self.open(folder, kind)?;
        run(progress, user, |monitor| match kind {
            PyramidKind::Gaussian(options) => stacks_to_ome_zarr(&jobs(&stacks, options), monitor),
            PyramidKind::Laplacian(options) => stacks_to_ome_zarr_laplacian(&jobs(&stacks, options), monitor),
        })
    }

    pub(super) fn plan(&self, folder: &str, kind: &PyramidKind) -> Outcome<Pyramids> {
        let stacks = self.open(folder, kind)?;
        stacks.iter().map(|(stack, path)| Ok((stack.name().to_owned(), kind.plan(stack, path)?))).collect()
    }
}

fn jobs<'a, O: Clone>(stacks: &'a [(Stack, PathBuf)], options: &O) -> Vec<PyramidJob<'a, O>> {
    stacks.iter().map(|(stack, path)| PyramidJob::new(stack, path, options.clone())).collect()
}

/// Which pyramid is made, and its options.
pub(super) enum PyramidKind {
    Gaussian(PyramidOptions),
    Laplacian(LaplacianOptions),
}

impl PyramidKind {
    /// # Safety
    /// The options are NULL or as their init functions fill them, and what they point to is as they say.
    pub(super) unsafe fn gaussian(options: *const qlty_pyramid_options) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        Ok(Self::Gaussian(unsafe { read(options)?.options() }?))
    }

    /// # Safety
    /// As for [`PyramidKind::gaussian`].
    pub(super) unsafe fn laplacian(
        options: *const qlty_pyramid_options,
        laplacian: *const qlty_laplacian_options,
    ) -> Outcome<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            let image = read(options)?.options()?;
            Ok(Self::Laplacian(read_as("laplacian", laplacian)?.options(image)?))
        }
    }

    /// A Gaussian pyramid where `laplacian` is NULL.
    ///
    /// # Safety
    /// As for [`PyramidKind::gaussian`].
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

    fn write(&self, source: &dyn PlaneSource, path: &str, monitor: &Monitor) -> Result<Pyramid> {
        match self {
            Self::Gaussian(options) => stack_to_ome_zarr(source, path, options, monitor),
            Self::Laplacian(options) => stack_to_ome_zarr_laplacian(source, path, options, monitor),
        }
    }

    fn plan(&self, source: &dyn PlaneSource, path: &Path) -> Result<Pyramid> {
        match self {
            Self::Gaussian(options) => plan_pyramid(source, path, options),
            Self::Laplacian(options) => plan_laplacian(source, path, options),
        }
    }
}
