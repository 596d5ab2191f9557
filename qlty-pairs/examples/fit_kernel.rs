//! Fits one convolution to another using only the overlap of displaced patches.
//!
//! `cargo run --release -p qlty-pairs --example fit_kernel [PICTURE.pgm]`
//!
//! Two 3 x 3 convolutions process the two patches of each pair. The first is a fixed Laplacian; the second starts at
//! random and is fitted by the L1 distance of their outputs wherever the patches overlap. The adjoint propagates the
//! gradient of the distance from the overlapping pixels back to the patches, and from there to the kernel.
#![allow(clippy::print_stdout, reason = "an example talks")]

use std::error::Error;
use std::path::PathBuf;

use ndarray::{Array2, Array4, ArrayView4, Axis, arr2, s};
use qlty_pairs::{Overlap, OverlapPixels, PairOptions, PatchPairs, Positions, extract_patch_pairs};

/// The size of a patch before the convolution, which removes one pixel on each side.
const WINDOW: usize = 32;

fn main() -> Result<(), Box<dyn Error>> {
    let sample = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples/cell.pgm");
    let picture = read_pgm(&std::env::args().nth(1).map_or(sample, PathBuf::from))?;
    let losses = fit(picture, 400)?;
    for (step, loss) in losses.iter().enumerate().step_by(50) {
        println!("step {step:3}: loss {loss:.5}");
    }
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    println!("the loss fell from {first:.5} to {last:.5}");
    if last >= first / 10.0 {
        return Err(format!("the loss did not fall to a tenth: got {last}, expected less than {}", first / 10.0).into());
    }
    Ok(())
}

/// The loss before each step, and after the last.
fn fit(picture: Array2<f32>, steps: u32) -> Result<Vec<f32>, Box<dyn Error>> {
    let target = arr2(&[[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]);
    let mut kernel = arr2(&[[0.3, -0.2, 0.5], [-0.4, 0.1, 0.2], [0.6, -0.1, -0.3]]);
    let images = picture.insert_axis(Axis(0)).insert_axis(Axis(0));
    let options = PairOptions::new([WINDOW, WINDOW], 64, (8.0, 16.0)).seed(1);
    let PatchPairs { patches1, patches2, deltas, .. } = extract_patch_pairs(&images.view(), &options, Positions::None)?;
    let overlap = Overlap::new([WINDOW - 2, WINDOW - 2], deltas.view(), None)?;
    let wanted = convolve(patches1.view(), &target);

    // Adam with a decreasing step size.
    let (mut mean, mut square) = (Array2::<f32>::zeros((3, 3)), Array2::<f32>::zeros((3, 3)));
    let mut losses = Vec::new();
    for step in 0..=steps {
        let got = convolve(patches2.view(), &kernel);
        let OverlapPixels { pixels1, pixels2, .. } = overlap.extract(wanted.view(), got.view())?;
        let apart = &pixels2 - &pixels1;
        losses.push(apart.mapv(f32::abs).mean().unwrap_or(0.0));
        // The gradient of the L1 distance is a sign; the first convolution is not trained.
        let sign = apart.mapv(|d| d.signum() / apart.len() as f32);
        let back = overlap.adjoint(Array2::zeros(sign.dim()).view(), sign.view())?;
        let gradient = kernel_gradient(patches2.view(), &back.patches2);
        mean = mean * 0.9 + &gradient * 0.1;
        square = square * 0.99 + &gradient * &gradient * 0.01;
        let (n, rate) = (step as i32 + 1, 0.05 * (1.0 - step as f32 / (steps as f32 + 1.0)));
        let (mean, square) = (&mean / (1.0 - 0.9_f32.powi(n)), &square / (1.0 - 0.99_f32.powi(n)));
        kernel = kernel - mean / (square.mapv(f32::sqrt) + 1e-8) * rate;
    }
    Ok(losses)
}

/// The valid correlation of patches with a kernel.
fn convolve(patches: ArrayView4<'_, f32>, kernel: &Array2<f32>) -> Array4<f32> {
    let (count, channels, height, width) = patches.dim();
    let mut out = Array4::zeros((count, channels, height - 2, width - 2));
    for ((y, x), weight) in kernel.indexed_iter() {
        out.scaled_add(*weight, &patches.slice(s![.., .., y..y + height - 2, x..x + width - 2]));
    }
    out
}

/// The gradient with respect to the kernel, from the gradient with respect to the results.
fn kernel_gradient(patches: ArrayView4<'_, f32>, results: &Array4<f32>) -> Array2<f32> {
    let (_, _, height, width) = results.dim();
    Array2::from_shape_fn((3, 3), |(y, x)| (&patches.slice(s![.., .., y..y + height, x..x + width]) * results).sum())
}

/// Reads a binary 8-bit PGM, with values scaled to 0 to 1.
fn read_pgm(path: &std::path::Path) -> Result<Array2<f32>, Box<dyn Error>> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut at = 0;
    let mut word = || {
        let from = at + bytes[at..].iter().position(|byte| !byte.is_ascii_whitespace())?;
        at = from + bytes[from..].iter().position(|byte| byte.is_ascii_whitespace())?;
        Some(String::from_utf8_lossy(&bytes[from..at]).into_owned())
    };
    let header: Option<Vec<String>> = (0..4).map(|_| word()).collect();
    let header = header.filter(|words| words[0] == "P5" && words[3] == "255");
    let header = header.ok_or_else(|| format!("{}: is no binary PGM of 8 bits", path.display()))?;
    let (width, height): (usize, usize) = (header[1].parse()?, header[2].parse()?);
    let pixels = bytes[at + 1..].iter().map(|byte| f32::from(*byte) / 255.0).collect();
    Ok(Array2::from_shape_vec((height, width), pixels)?)
}

#[cfg(test)]
mod tests {
    use super::{fit, read_pgm};

    #[test]
    fn the_loss_falls_below_a_tenth() {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../samples/cell.pgm");
        let losses = fit(read_pgm(&sample).unwrap(), 400).unwrap();
        assert!(losses[400] < losses[0] / 10.0, "from {} to {}", losses[0], losses[400]);
    }
}
