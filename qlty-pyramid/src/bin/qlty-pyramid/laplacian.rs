//! `qlty-pyramid laplacian`.

use std::path::Path;

use clap::Args;
use qlty_pyramid::{
    Codec, Interpolation, LaplacianOptions, Monitor, Pyramid, Stack, plan_laplacian, stack_to_ome_zarr_laplacian,
};

use crate::convert::{ConvertArgs, PyramidKind};
use crate::options::{self, PyramidArgs};
use crate::output::{Failure, Output};

/// Write stacks as Laplacian pyramids: the smallest level, and differences of larger ones from their prediction
#[derive(Args, Debug)]
pub(crate) struct Laplacian {
    #[command(flatten)]
    convert: ConvertArgs,
    #[command(flatten)]
    pyramid: PyramidArgs,
    /// How a level is predicted from the next
    #[arg(long, default_value = "bilinear", value_parser = options::interpolation(), help_heading = "Levels")]
    interpolation: Interpolation,
    /// Do not store the smallest level; nothing can be reconstructed without it
    #[arg(long, help_heading = "Levels")]
    no_base: bool,
    /// How the differences are compressed; --codec is for the smallest level
    #[arg(long, value_name = "CODEC", default_value = options::CODEC, value_parser = options::codec, help_heading = "Files")]
    difference_codec: Codec,
}

struct Pyramids(LaplacianOptions);

impl Laplacian {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let image = self.convert.apply(self.pyramid.options());
        let options = LaplacianOptions::new(image).interpolation(self.interpolation).store_base(!self.no_base);
        let options = options.difference_codec(self.difference_codec);
        self.convert.run(&Pyramids(options), output)
    }
}

impl PyramidKind for Pyramids {
    const STORE_NAME: &'static str = "{}.laplacian.zarr";

    fn plan(&self, stack: &Stack, path: &Path) -> qlty_pyramid::Result<Pyramid> {
        plan_laplacian(stack, path, &self.0)
    }

    fn write(&self, stack: &Stack, path: &Path, monitor: &Monitor) -> qlty_pyramid::Result<Pyramid> {
        stack_to_ome_zarr_laplacian(stack, path, &self.0, monitor)
    }
}
