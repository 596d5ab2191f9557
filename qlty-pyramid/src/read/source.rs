//! Where the planes of an image come from.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use ndarray::{ArrayView, ArrayView5, ArrayViewD, Axis, Dimension};

use crate::pixel::{AnyPlanes, Number};
use crate::{Channel, Error, LengthUnit, Pixel, PixelType, Result, Stack, VoxelSize};

/// An image (T,C,Z,Y,X) that is read plane by plane, from many threads at once.
pub trait PlaneSource: Sync {
    /// The image's name.
    fn name(&self) -> &str;

    /// The numbers of time points, channels, planes, rows and columns: (T,C,Z,Y,X).
    fn shape(&self) -> [usize; 5];

    /// The type of the pixels.
    fn pixel_type(&self) -> PixelType;

    /// Reads the plane `z` of all channels at the time point `t` into `planes`, (C,Y,X) in C order.
    ///
    /// # Errors
    /// Those of reading; [`Error::PixelType`] if `T` is not [`PlaneSource::pixel_type`].
    fn read_planes_into<T: Pixel>(&self, t: usize, z: usize, planes: &mut [T]) -> Result<()>;

    /// The size of a voxel, as far as it is known.
    fn voxel_size(&self) -> Option<VoxelSize> {
        None
    }

    /// What is known of the channels: of each, or nothing.
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

    /// The counters in between that there is no slice of.
    fn missing(&self) -> &[RangeInclusive<u64>] {
        &[]
    }
}

impl PlaneSource for Stack {
    fn name(&self) -> &str {
        self.name()
    }

    fn shape(&self) -> [usize; 5] {
        self.shape()
    }

    fn pixel_type(&self) -> PixelType {
        self.pixel_type()
    }

    fn read_planes_into<T: Pixel>(&self, t: usize, z: usize, planes: &mut [T]) -> Result<()> {
        self.read_planes_into(t, z, planes)
    }

    fn voxel_size(&self) -> Option<VoxelSize> {
        self.voxel_size()
    }

    fn channels(&self) -> &[Channel] {
        self.channels()
    }

    fn files(&self) -> &[PathBuf] {
        self.files()
    }

    fn counters(&self) -> Option<RangeInclusive<u64>> {
        self.counters()
    }

    fn missing(&self) -> &[RangeInclusive<u64>] {
        self.missing()
    }
}

/// An image in memory, as a source of planes.
#[derive(Debug, Clone)]
pub struct Volume<'a, T> {
    name: String,
    pixels: ArrayView5<'a, T>,
    voxel_size: Option<VoxelSize>,
}

impl<'a, T: Pixel> Volume<'a, T> {
    /// An image of pixels (Y,X), (Z,Y,X), (C,Z,Y,X) or (T,C,Z,Y,X), of any strides.
    ///
    /// # Errors
    /// [`Error::Argument`] if it has other axes, or no pixel.
    pub fn new<D: Dimension>(name: impl Into<String>, pixels: ArrayView<'a, T, D>) -> Result<Self> {
        let shape = pixels.shape().to_vec();
        let wrong = || Error::argument("shape of the image", &shape, "2 to 5 axes, of sizes above 0");
        if shape.contains(&0) || shape.len() < 2 {
            return Err(wrong());
        }
        let mut pixels: ArrayViewD<'a, T> = pixels.into_dyn();
        while pixels.ndim() < 5 {
            pixels = pixels.insert_axis(Axis(0));
        }
        let pixels = pixels.into_dimensionality().map_err(|_| wrong())?;
        Ok(Self { name: name.into(), pixels, voxel_size: None })
    }

    /// Says how large a voxel is along Z, Y and X.
    #[must_use]
    pub fn with_voxel_size(mut self, [z, y, x]: [f64; 3], unit: LengthUnit) -> Self {
        self.voxel_size = Some(VoxelSize { z: Some(z), y, x, unit });
        self
    }
}

impl<S: Pixel> PlaneSource for Volume<'_, S> {
    fn name(&self) -> &str {
        &self.name
    }

    fn shape(&self) -> [usize; 5] {
        self.pixels.dim().into()
    }

    fn pixel_type(&self) -> PixelType {
        S::TYPE
    }

    fn read_planes_into<T: Pixel>(&self, t: usize, z: usize, planes: &mut [T]) -> Result<()> {
        if T::TYPE != S::TYPE {
            return Err(Error::PixelType { stack: self.name.clone(), asked: T::TYPE, actual: S::TYPE });
        }
        let source = self.pixels.index_axis(Axis(0), t).index_axis_move(Axis(1), z);
        if planes.len() != source.len() {
            let expected = format!("{:?} pixels", source.shape());
            return Err(Error::argument("length of the planes", planes.len(), expected));
        }
        for (to, from) in planes.iter_mut().zip(source) {
            // Both are of one type, so this is a copy.
            *to = T::nearest(S::number(*from));
        }
        Ok(())
    }

    fn voxel_size(&self) -> Option<VoxelSize> {
        self.voxel_size
    }
}

/// A [`PlaneSource`] of any type, so that what works with one is compiled once.
pub(crate) trait AnySource: Sync {
    fn name(&self) -> &str;
    fn shape(&self) -> [usize; 5];
    fn pixel_type(&self) -> PixelType;
    fn read(&self, t: usize, z: usize, planes: AnyPlanes<'_>) -> Result<()>;
    fn voxel_size(&self) -> Option<VoxelSize>;
    fn channels(&self) -> &[Channel];
    fn files(&self) -> &[PathBuf];
    fn counters(&self) -> Option<RangeInclusive<u64>>;
    fn missing(&self) -> &[RangeInclusive<u64>];
}

impl<S: PlaneSource> AnySource for S {
    fn name(&self) -> &str {
        PlaneSource::name(self)
    }

    fn shape(&self) -> [usize; 5] {
        PlaneSource::shape(self)
    }

    fn pixel_type(&self) -> PixelType {
        PlaneSource::pixel_type(self)
    }

    fn read(&self, t: usize, z: usize, planes: AnyPlanes<'_>) -> Result<()> {
        match planes {
            AnyPlanes::U8(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::I8(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::U16(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::I16(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::U32(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::I32(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::U64(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::I64(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::F16(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::F32(planes) => self.read_planes_into(t, z, planes),
            AnyPlanes::F64(planes) => self.read_planes_into(t, z, planes),
        }
    }

    fn voxel_size(&self) -> Option<VoxelSize> {
        PlaneSource::voxel_size(self)
    }

    fn channels(&self) -> &[Channel] {
        PlaneSource::channels(self)
    }

    fn files(&self) -> &[PathBuf] {
        PlaneSource::files(self)
    }

    fn counters(&self) -> Option<RangeInclusive<u64>> {
        PlaneSource::counters(self)
    }

    fn missing(&self) -> &[RangeInclusive<u64>] {
        PlaneSource::missing(self)
    }
}

/// Converts pixels to another type: rounded to nearest, ties to even, and held to its range.
pub(crate) fn convert<S: Pixel, T: Pixel>(from: &[S], to: &mut [T]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = T::nearest(from.number());
    }
}

/// The value as `f64`, rounded where that cannot hold it.
#[inline(always)]
pub(crate) fn real<T: Pixel>(pixel: T) -> f64 {
    match pixel.number() {
        Number::Whole(whole) => whole as f64,
        Number::Real(real) => real,
    }
}
