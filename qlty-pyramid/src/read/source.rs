//! Sources of the planes of an image.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use ndarray::{ArrayView, Dimension};
use qlty_core::dynamic::{ArrayMut, ArrayRef, DType};

use super::calibration::{LengthUnit, VoxelSize};
use super::channel::Channel;
use crate::arrays::copy_rows;
use crate::pixel::check_dtype;
use crate::{Error, Pixel, Result};

/// An image (T,C,Z,Y,X) that is read plane by plane, from many threads concurrently.
///
/// ```
/// use qlty_pyramid::{ArrayMut, DType, PlaneSource, Result};
///
/// /// Planes whose pixels all have the value z.
/// struct Steps;
///
/// impl PlaneSource for Steps {
///     fn name(&self) -> &str {
///         "steps"
///     }
///     fn shape(&self) -> [usize; 5] {
///         [1, 1, 9, 64, 64]
///     }
///     fn dtype(&self) -> DType {
///         DType::U16
///     }
///     fn read_plane(&self, _t: usize, z: usize, mut planes: ArrayMut<'_>) -> Result<()> {
///         planes.view_mut::<u16>("planes")?.fill(z as u16);
///         Ok(())
///     }
/// }
/// ```
pub trait PlaneSource: Sync {
    /// The image's name.
    fn name(&self) -> &str;

    /// The numbers of time points, channels, planes, rows and columns: (T,C,Z,Y,X).
    fn shape(&self) -> [usize; 5];

    /// The type of the pixels, which must not be `Bool`.
    fn dtype(&self) -> DType;

    /// Reads the plane `z` of all channels at the time point `t` into `planes`, (C,Y,X) of [`PlaneSource::dtype`].
    /// This crate passes arrays in C order.
    ///
    /// # Errors
    /// Any error of reading.
    fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<()>;

    /// The size of a voxel, if it is known.
    fn voxel_size(&self) -> Option<VoxelSize> {
        None
    }

    /// The metadata of the channels: of all of them, or empty.
    fn channels(&self) -> &[Channel] {
        &[]
    }

    /// The files that the image is read from.
    fn files(&self) -> &[PathBuf] {
        &[]
    }

    /// The counters of the first and the last slice.
    fn counters(&self) -> Option<RangeInclusive<u64>> {
        None
    }

    /// The missing counters in between.
    fn missing(&self) -> &[RangeInclusive<u64>] {
        &[]
    }
}

/// An image in memory, as a source of planes.
#[derive(Debug, Clone)]
pub struct Volume<'a> {
    name: String,
    /// (T,C,Z,Y,X).
    pixels: ArrayRef<'a>,
    voxel_size: Option<VoxelSize>,
}

impl<'a> Volume<'a> {
    /// An image of pixels (Y,X), (Z,Y,X), (C,Z,Y,X) or (T,C,Z,Y,X), of any strides.
    ///
    /// # Errors
    /// [`Error::Argument`] if it has other axes, or no pixels.
    pub fn new<T: Pixel, D: Dimension>(name: impl Into<String>, pixels: ArrayView<'a, T, D>) -> Result<Self> {
        Self::from_array(name, ArrayRef::of("image", pixels)?)
    }

    /// [`Volume::new`] for an array of any type except `Bool`.
    ///
    /// # Errors
    /// The errors of [`Volume::new`], and [`Error::Argument`] if its type is `Bool`.
    pub fn from_array(name: impl Into<String>, pixels: ArrayRef<'a>) -> Result<Self> {
        check_dtype("type of the image", pixels.dtype())?;
        let shape = pixels.shape();
        if shape.contains(&0) || !(2..=5).contains(&shape.len()) {
            return Err(Error::argument("shape of the image", shape, "2 to 5 axes, of sizes above 0"));
        }
        let spatial = shape.len().min(3);
        let five = pixels.five("image", spatial)?;
        // With four axes, `five` treats the first as that of a batch.
        let pixels = if shape.len() == 4 { five.permuted(&[1, 0, 2, 3, 4]) } else { five };
        Ok(Self { name: name.into(), pixels, voxel_size: None })
    }

    /// The size of a voxel along Z, Y and X.
    #[must_use]
    pub fn with_voxel_size(mut self, [z, y, x]: [f64; 3], unit: LengthUnit) -> Self {
        self.voxel_size = Some(VoxelSize { z: Some(z), y, x, unit });
        self
    }
}

impl PlaneSource for Volume<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn shape(&self) -> [usize; 5] {
        std::array::from_fn(|axis| self.pixels.shape()[axis])
    }

    fn dtype(&self) -> DType {
        self.pixels.dtype()
    }

    fn read_plane(&self, t: usize, z: usize, planes: ArrayMut<'_>) -> Result<()> {
        let [times, _, depth, ..] = self.shape();
        if t >= times || z >= depth {
            let got = (t, z);
            return Err(Error::argument("time point and plane", got, format!("below {times} and {depth}")));
        }
        if planes.dtype() != self.dtype() {
            let (stack, asked, actual) = (self.name.clone(), planes.dtype(), self.dtype());
            return Err(Error::DataType { stack, asked, actual });
        }
        copy_rows(planes, &self.pixels.index_axis(0, t).index_axis(1, z))
    }

    fn voxel_size(&self) -> Option<VoxelSize> {
        self.voxel_size
    }
}
