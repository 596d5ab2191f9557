//! 8-bit pictures of images that may be large: their middle plane.

use std::ops::Range;
use std::path::{Path, PathBuf};

use png::{BitDepth, ColorType, Encoder};
use qlty_core::zarr::ArrayReader;
use qlty_pyramid::{DType, OwnedArray, Stack};

use crate::output::Failure;
use crate::pixels::numbers;
use crate::store::{self, Store, StoreKind};

/// The maximum number of pixels along an axis; larger planes are subsampled by 2, 3 and so on.
const LARGEST: usize = 1024;

/// The default colours of channels.
const COLORS: [[u8; 3]; 3] = [[255, 0, 0], [0, 255, 0], [0, 0, 255]];

/// An 8-bit picture.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    color: ColorType,
    bytes: Vec<u8>,
}

impl Picture {
    /// Writes the picture as PNG.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let size = |size: usize| u32::try_from(size).map_err(Failure::other);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, size(self.width)?, size(self.height)?);
        encoder.set_color(self.color);
        encoder.set_depth(BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&self.bytes));
        written.map_err(|error| Failure::other(format_args!("{}: {error}", path.display())))?;
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let renamed = std::fs::write(&partial, file).and_then(|()| std::fs::rename(&partial, path));
        renamed.map_err(|error| {
            // Report the original error, not one from this clean-up.
            let _ = std::fs::remove_file(&partial);
            Failure::io(path)(error)
        })
    }
}

/// Which rows of a plane are used, and how they are read.
struct Plane {
    channels: usize,
    height: usize,
    width: usize,
    /// The number of rows that are best read at a time.
    band: usize,
}

/// The colour and contrast of a channel.
struct Look {
    window: Option<[f64; 2]>,
    color: [u8; 3],
}

impl Plane {
    /// Makes a picture from rows (C, rows, X), which `read` returns.
    fn picture(
        &self,
        looks: &[Look],
        mut read: impl FnMut(Range<usize>) -> Result<Vec<f64>, Failure>,
    ) -> Result<Picture, Failure> {
        let step = self.height.max(self.width).div_ceil(LARGEST);
        let (height, width) = (self.height.div_ceil(step), self.width.div_ceil(step));
        let mut channels = vec![Vec::with_capacity(height * width); self.channels.min(3)];
        let band = self.band.max(1);
        for first in (0..self.height).step_by(band) {
            let rows = first..(first + band).min(self.height);
            if rows.start.next_multiple_of(step) >= rows.end {
                continue;
            }
            let pixels = read(rows.clone())?;
            let part = rows.len() * self.width;
            for (channel, pixels) in channels.iter_mut().zip(pixels.chunks_exact(part)) {
                let rows = rows.clone().zip(pixels.chunks_exact(self.width)).filter(|(y, _)| y % step == 0);
                rows.for_each(|(_, row)| channel.extend(row.iter().step_by(step)));
            }
        }
        let shown: Vec<Vec<f64>> = channels
            .iter()
            .enumerate()
            .map(|(index, channel)| {
                let window = looks.get(index).and_then(|look| look.window).unwrap_or_else(|| measure(channel));
                channel.iter().map(|value| shade(*value, window)).collect()
            })
            .collect();
        let byte = |share: f64| (share * 255.0).round().clamp(0.0, 255.0) as u8;
        let [grey] = shown.as_slice() else {
            let color = |index: usize| looks.get(index).map_or(COLORS[index], |look| look.color);
            let mut bytes = Vec::with_capacity(3 * height * width);
            for at in 0..height * width {
                for part in 0..3 {
                    let lights = shown
                        .iter()
                        .enumerate()
                        .map(|(index, channel)| channel[at] * f64::from(color(index)[part]) / 255.0);
                    bytes.push(byte(lights.sum()));
                }
            }
            return Ok(Picture { width, height, color: ColorType::Rgb, bytes });
        };
        let bytes = grey.iter().map(|share| byte(*share)).collect();
        Ok(Picture { width, height, color: ColorType::Grayscale, bytes })
    }
}

/// The position of a value in the display window, from 0 to 1; NaN is black.
fn shade(value: f64, [start, end]: [f64; 2]) -> f64 {
    if value.is_nan() { 0.0 } else { ((value - start) / (end - start)).clamp(0.0, 1.0) }
}

/// The 0.1 and 99.9 percentiles of the finite values.
fn measure(values: &[f64]) -> [f64; 2] {
    let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    finite.sort_by(f64::total_cmp);
    let at = |share: f64| finite.get(((finite.len().max(1) - 1) as f64 * share).round() as usize).copied();
    let (start, end) = (at(0.001).unwrap_or(0.0), at(0.999).unwrap_or(0.0));
    [start, if end > start { end } else { start + 1.0 }]
}

/// The smallest level of a store, at the first time point.
pub(crate) fn of_store(store: &Store) -> Result<Picture, Failure> {
    let nothing = |what: &str| Failure::other(format_args!("{}: {what}", store.path.display()));
    let level = store.levels.last().ok_or_else(|| nothing("no array to make a picture of"))?;
    if store.kind == StoreKind::Laplacian && level.name.starts_with("diff_") {
        return Err(nothing("does not hold its smallest level, so there is nothing to make a picture of"));
    }
    let path = store.path.join(&level.name);
    let array = level.array.as_ref().map_err(|error| Failure::other(format_args!("{}: {error}", path.display())))?;
    let shape = store::shape(array);
    let axes = store.axes(shape.len());
    let [.., height, width] = shape[..] else { return Err(nothing("an array of less than two axes")) };
    if shape.contains(&0) {
        return Err(nothing("an array without elements"));
    }
    let channels = axes.iter().position(|axis| axis == "c");
    let count = channels.map_or(1, |axis| shape[axis]);
    let (chunk, _) = store::chunk(array);
    let band = chunk.get(shape.len() - 2).copied().unwrap_or(height);
    let name = store::dtype(array);
    if DType::from_zarr_name(&name).is_none_or(|dtype| dtype == DType::Bool) {
        return Err(Failure::other(format_args!("{}: no picture of elements of type {name}", path.display())));
    }
    let reader = ArrayReader::open(&path, 0)?;
    let plane = Plane { channels: count, height, width, band };
    plane.picture(&looks(store, count), |rows| {
        let mut pixels = Vec::new();
        for channel in 0..count.min(3) {
            let start = axes.iter().zip(&shape).enumerate().map(|(axis, (name, size))| {
                if Some(axis) == channels {
                    channel
                } else if axis == shape.len() - 2 {
                    rows.start
                } else if name == "z" && axis < shape.len() - 2 {
                    size / 2
                } else {
                    0
                }
            });
            let start: Vec<usize> = start.collect();
            let mut size = vec![1; shape.len() - 2];
            size.extend([rows.len(), width]);
            let mut part = OwnedArray::zeros("rows", reader.dtype(), &size).map_err(Failure::other)?;
            reader.read_into(&start, part.array_mut())?;
            pixels.extend(numbers(&part.array_ref())?);
        }
        Ok(pixels)
    })
}

/// The colours and contrasts of the channels of a store.
fn looks(store: &Store, count: usize) -> Vec<Look> {
    let ours = store.at("/qlty/windows");
    let omero = store.omero().map(|omero| &omero["channels"]);
    let look = |channel: usize| {
        let stated = omero.map(|channels| &channels[channel]);
        let window = stated.map(|stated| &stated["window"]).or_else(|| ours.map(|windows| &windows[channel]));
        let limit = |key: &str| window.and_then(|window| window[key].as_f64());
        let window = limit("start").zip(limit("end")).filter(|(start, end)| start < end);
        let color =
            stated.and_then(|stated| stated["color"].as_str()).and_then(|text| u32::from_str_radix(text, 16).ok());
        let color = color.map(|color| [(color >> 16) as u8, (color >> 8) as u8, color as u8]);
        Look { window: window.map(|(start, end)| [start, end]), color: color.unwrap_or(COLORS[channel]) }
    };
    (0..count.min(3)).map(look).collect()
}

/// The middle plane of a stack, at the first time point.
pub(crate) fn of_stack(stack: &Stack) -> Result<Picture, Failure> {
    let [_, channels, depth, height, width] = stack.shape();
    let looks: Vec<Look> = (0..channels.min(3))
        .map(|channel| {
            let color = stack.channels().get(channel).and_then(|channel| channel.color);
            Look { window: None, color: color.unwrap_or(COLORS[channel]) }
        })
        .collect();
    let plane = Plane { channels, height, width, band: stack.band() };
    plane.picture(&looks, |rows| {
        let shape = [channels, rows.len(), width];
        let mut pixels = OwnedArray::zeros("rows", stack.dtype(), &shape).map_err(Failure::other)?;
        stack.read_rows(0, depth / 2, rows, pixels.array_mut())?;
        Ok(numbers(&pixels.array_ref())?)
    })
}
