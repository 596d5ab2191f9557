//! TIFF stacks to OME-Zarr, with image pyramids.

mod axes;
mod calibration;
mod description;
mod error;
mod laplacian;
mod page;
mod pixel;
mod slab_writer;
mod slices;
mod stack;

pub use axes::AxisOrder;
pub use calibration::{LengthUnit, VoxelSize};
pub use error::{Error, Result};
pub use laplacian::{Interpolation, LaplacianLevels, LaplacianPixel, upsample};
pub use pixel::{Pixel, PixelType};
pub use slab_writer::ZarrFormat;
pub use slices::{Slice, SlicePattern, SliceSet};
pub use stack::Stack;
