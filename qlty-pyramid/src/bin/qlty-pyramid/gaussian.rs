//! `qlty-pyramid gaussian`.

use std::path::Path;

use clap::Args;
use qlty_pyramid::{Monitor, Pyramid, PyramidOptions, Stack, plan_pyramid, stack_to_ome_zarr};

use crate::convert::{ConvertArgs, PyramidKind};
use crate::options::PyramidArgs;
use crate::output::{Failure, Output};

/// Write stacks as OME-Zarr, each with coarser levels
#[derive(Args, Debug)]
pub(crate) struct Gaussian {
    #[command(flatten)]
    convert: ConvertArgs,
    #[command(flatten)]
    pyramid: PyramidArgs,
}

struct Pyramids(PyramidOptions);

impl Gaussian {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let options = self.convert.apply(self.pyramid.options());
        self.convert.run(&Pyramids(options), output)
    }
}

impl PyramidKind for Pyramids {
    const STORE_NAME: &'static str = "{}.ome.zarr";

    fn plan(&self, stack: &Stack, path: &Path) -> qlty_pyramid::Result<Pyramid> {
        plan_pyramid(stack, path, &self.0)
    }

    fn write(&self, stack: &Stack, path: &Path, monitor: &Monitor) -> qlty_pyramid::Result<Pyramid> {
        stack_to_ome_zarr(stack, path, &self.0, monitor)
    }
}
