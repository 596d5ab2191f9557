//! Smaller levels by the means of blocks.

use ndarray::parallel::prelude::*;
use ndarray::{Array3, ArrayView3, Axis, s};

use crate::{Error, Level, Pixel, Result};

/// The means of a volume's blocks: an array whose sizes are those of `volume` over those of `block`,
/// rounded up.
///
/// A block that the edge cuts off is the mean of the pixels that it has. Integers are rounded to
/// nearest, ties to even; floats are summed in `f64`. A NaN makes its block NaN and no other. Runs in
/// parallel; the result does not depend on the number of threads.
///
/// ```
/// let volume = ndarray::arr3(&[[[0_u8, 2, 9], [4, 8, 9]]]);
/// let means = qlty_pyramid::block_mean(volume.view(), [2, 2, 2])?;
/// assert_eq!(means, ndarray::arr3(&[[[4, 9]]])); // 14 / 4 rounds to 4; the last column stands alone
/// # Ok::<(), qlty_pyramid::Error>(())
/// ```
///
/// # Errors
/// [`Error::Argument`] if a size of `block` is 0, or their product 2^31 or more.
pub fn block_mean<T: Pixel>(volume: ArrayView3<'_, T>, block: [usize; 3]) -> Result<Array3<T>> {
    let volume_of_block = block.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    if block.contains(&0) || volume_of_block.is_none_or(|pixels| pixels >= 1 << 31) {
        return Err(Error::argument("block", block, "sizes of 1 or more, with a product below 2^31"));
    }
    let (depth, height, width) = volume.dim();
    let shape = [depth.div_ceil(block[0]), height.div_ceil(block[1]), width.div_ceil(block[2])];
    let mut means = Array3::from_elem(shape, T::default());
    means.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(z, mut plane)| {
        let from_z = z * block[0];
        let slab = volume.slice(s![from_z..(from_z + block[0]).min(depth), .., ..]);
        let mut sums = vec![T::Sum::default(); shape[2]];
        for (y, mut row) in plane.outer_iter_mut().enumerate() {
            let from_y = y * block[1];
            let rows = slab.slice(s![.., from_y..(from_y + block[1]).min(height), ..]);
            sums.fill(T::Sum::default());
            for source in rows.lanes(Axis(2)) {
                for (sum, pixels) in sums.iter_mut().zip(source.axis_chunks_iter(Axis(0), block[2])) {
                    for pixel in pixels {
                        *sum += pixel.widen();
                    }
                }
            }
            let lines = rows.len_of(Axis(0)) * rows.len_of(Axis(1));
            for (x, (mean, sum)) in row.iter_mut().zip(&sums).enumerate() {
                let columns = block[2].min(width - x * block[2]);
                *mean = T::mean(*sum, (lines * columns) as u32);
            }
        }
    });
    Ok(means)
}

/// A level made by [`mean_levels`].
#[derive(Debug, Clone)]
pub struct MeanLevel<T> {
    /// The pixels (Z, Y, X).
    pub pixels: Array3<T>,
    /// The size of a voxel along Z, Y and X.
    pub voxel_size: [f64; 3],
    /// Where the centre of the first voxel lies, along Z, Y and X, from that of the full size.
    pub translation: [f64; 3],
}

impl<T> MeanLevel<T> {
    /// The level as [`ImageWriter`](crate::ImageWriter) takes it.
    pub fn as_level(&self) -> Level<'_, T> {
        Level { pixels: self.pixels.view().into_dyn(), voxel_size: self.voxel_size, translation: self.translation }
    }
}

/// `count` further levels of a volume (Z, Y, X) with voxels of `voxel_size`, each made of the one
/// before by [`block_mean`].
///
/// A voxel of a mean lies in the middle of its block, so a level is shifted against the volume by
/// half of what its voxel is larger.
///
/// # Errors
/// [`Error::Argument`] as [`block_mean`].
pub fn mean_levels<T: Pixel>(
    volume: ArrayView3<'_, T>,
    voxel_size: [f64; 3],
    block: [usize; 3],
    count: usize,
) -> Result<Vec<MeanLevel<T>>> {
    let mut levels = Vec::<MeanLevel<T>>::with_capacity(count);
    for _ in 0..count {
        let (finer, finer_size) = match levels.last() {
            Some(level) => (level.pixels.view(), level.voxel_size),
            None => (volume, voxel_size),
        };
        let pixels = block_mean(finer, block)?;
        let size: [f64; 3] = std::array::from_fn(|axis| finer_size[axis] * block[axis] as f64);
        let translation = std::array::from_fn(|axis| (size[axis] - voxel_size[axis]) / 2.0);
        levels.push(MeanLevel { pixels, voxel_size: size, translation });
    }
    Ok(levels)
}
