//! Grey pictures as PNG.

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;
use std::ops::Range;
use std::path::Path;

use ndarray::{Array2, ArrayView2, s};

/// The gap between two pictures, in columns.
const GAP: usize = 4;

/// A grey picture, row by row from the top.
pub(crate) struct Picture(Array2<u8>);

impl Picture {
    /// A slice (Y, X), with the start of `range` black and its end white.
    pub(crate) fn grey(slice: ArrayView2<'_, f32>, range: Range<f32>) -> Self {
        let scale = 255.0 / (range.end - range.start);
        let pixels = slice.mapv(|value| ((value - range.start) * scale).round().clamp(0.0, 255.0) as u8);
        // Rows of the sample run from the back of the head to the front; in pictures faces look up.
        Self(pixels.slice(s![..;-1, ..]).to_owned())
    }

    /// Pictures from left to right, on white.
    pub(crate) fn side_by_side(pictures: &[Self]) -> Self {
        let height = pictures.iter().map(|picture| picture.0.nrows()).max().unwrap_or(0);
        let width: usize = pictures.iter().map(|picture| picture.0.ncols() + GAP).sum();
        let mut all = Array2::from_elem([height, width.saturating_sub(GAP)], 255);
        let mut left = 0;
        for Self(picture) in pictures {
            let right = left + picture.ncols();
            all.slice_mut(s![..picture.nrows(), left..right]).assign(picture);
            left = right + GAP;
        }
        Self(all)
    }

    /// The picture with every pixel `factor` times as wide and high.
    pub(crate) fn enlarged(&self, factor: usize) -> Self {
        let shape = [self.0.nrows() * factor, self.0.ncols() * factor];
        Self(Array2::from_shape_fn(shape, |(y, x)| self.0[[y / factor, x / factor]]))
    }

    pub(crate) fn write_png(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let (height, width) = self.0.dim();
        let file = BufWriter::new(File::create(path)?);
        let mut encoder = png::Encoder::new(file, u32::try_from(width)?, u32::try_from(height)?);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.0.iter().copied().collect::<Vec<u8>>())?;
        Ok(writer.finish()?)
    }
}
