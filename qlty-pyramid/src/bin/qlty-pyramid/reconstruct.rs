//! `qlty-pyramid reconstruct`.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use qlty_pyramid::{Codec, Interpolation, ReconstructOptions, reconstruct_from_laplacian};

use crate::options;
use crate::output::{Failure, Output};

/// Write a level of a Laplacian store as a Zarr array
#[derive(Args, Debug)]
pub(crate) struct Reconstruct {
    /// The Laplacian store
    store: PathBuf,
    /// The Zarr array to write
    output: PathBuf,
    /// The level, 0 for the full size
    #[arg(long, value_name = "N", default_value_t = 0)]
    level: usize,
    /// The interpolation, if the store does not state it or states a wrong one [default: the store's, or bilinear]
    #[arg(long, value_parser = options::interpolation())]
    interpolation: Option<Interpolation>,
    /// none, gzip, zstd, or blosc-lz4 or blosc-zstd, optionally with -bitshuffle; with a level as in zstd:9
    #[arg(long, default_value = options::CODEC, value_parser = options::codec)]
    codec: Codec,
    /// Replace an existing store, once the new one is complete
    #[arg(long)]
    overwrite: bool,
}

impl Reconstruct {
    pub(crate) fn run(self, output: &mut Output) -> Result<(), Failure> {
        let options = ReconstructOptions::new().level(self.level).interpolation(self.interpolation);
        let options = options.codec(self.codec).overwrite(self.overwrite);
        output.set("path", self.output.to_string_lossy());
        output.set("level", self.level);
        let started = Instant::now();
        output.watch("reconstructing", "planes", |monitor| {
            reconstruct_from_laplacian(&self.store, &self.output, &options, monitor)
        })??;
        let seconds = started.elapsed().as_secs_f64();
        output.set("seconds", seconds);
        let (path, level) = (self.output.display(), self.level);
        output.line(format_args!("{path}: level {level}, in {seconds:.1} s"))
    }
}
