//! A brain to a Laplacian pyramid and back: TIFF slices in, Zarr out.
//!
//! ```sh
//! cargo run --release --example laplacian [OUTPUT_FOLDER]
//! ```
//!
//! Writes the 32 slices of `samples/brain` as a Laplacian store with each interpolation, reconstructs the full size of
//! each as a Zarr array, and fails unless it equals the input.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a program, and it talks")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use qlty_pyramid::{
    Interpolation, LaplacianOptions, LaplacianStore, Levels, Monitor, PyramidOptions, ReconstructOptions, SlicePattern,
    Stack, reconstruct_from_laplacian, stack_to_ome_zarr_laplacian,
};

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| Path::new("out").join("laplacian"), PathBuf::from);
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("laplacian: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let slices = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/brain");
    let sets = SlicePattern::new("tif", r"image_(\d+)\.tif$")?.find(&slices)?;
    let stack = Stack::from_slices(&sets[0])?;
    let brain = stack.read::<u8>(0)?;
    let brain = brain.index_axis(ndarray::Axis(0), 0).into_dyn();
    for interpolation in [Interpolation::Bilinear, Interpolation::Bicubic] {
        let path = folder.join(format!("{interpolation}.laplacian.zarr"));
        let image = PyramidOptions::new().levels(Levels::Count(4)).overwrite(true);
        let options = LaplacianOptions::new(image).interpolation(interpolation);
        let written = stack_to_ome_zarr_laplacian(&stack, &path, &options, &Monitor::new())?;
        let arrays: Vec<_> = written.levels.iter().map(|level| format!("{} {:?}", level.name, level.shape)).collect();
        println!("{}: {}", path.display(), arrays.join(", "));

        // Reading a slice at half the size only reads the chunks that it needs.
        let store = LaplacianStore::open(&path)?;
        let [_, height, width] = store.shape(1)? else { return Err("three axes".into()) };
        let slice = store.read::<u8>(1, &[16, 0, 0], &[1, *height, *width], &Monitor::new())?;
        println!("slice 16 of level 1: {:?}, mean {}", slice.shape(), slice.mapv(f64::from).mean().unwrap_or_default());

        let target = folder.join(format!("{interpolation}.zarr"));
        let options = ReconstructOptions::new().overwrite(true);
        reconstruct_from_laplacian(&path, &target, &options, &Monitor::new())?;
        if store.read::<u8>(0, &[0, 0, 0], brain.shape(), &Monitor::new())? != brain {
            return Err(format!("{}: is not what was read", path.display()).into());
        }
        println!("{}: every voxel as it was", target.display());
    }
    Ok(())
}
