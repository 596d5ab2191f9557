//! The metadata of multi-level images: of OME-Zarr, single Zarr arrays, and stores of this crate.

use std::path::{Component, Path};

use qlty_core::DType;
use qlty_core::zarr::{ArrayInfo, Error as ZarrError, group_attributes, inspect};
use serde_json::{Map, Value};

use crate::Result;
use crate::laplacian::LaplacianLayout;
use crate::pixel::pixel_dtype;
use crate::write::AXIS_NAMES;

/// The metadata of an image on disk.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageLayout {
    /// What the arrays hold.
    pub kind: ImageKind,
    /// The type of the pixels.
    pub dtype: DType,
    /// The names of the channels, if the store states them: there may be fewer names than channels.
    pub channels: Vec<Option<String>>,
    /// The axes of all levels, outermost first.
    pub axes: Vec<ImageAxis>,
    /// The levels, from fine to coarse; never empty.
    pub levels: Vec<ImageLevel>,
}

/// What the arrays of an image hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageKind {
    /// The levels, which [`ImageStore`](crate::ImageStore) reads.
    Levels,
    /// Differences between levels, which [`LaplacianStore`](crate::LaplacianStore) reads.
    Laplacian,
}

/// An axis of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageAxis {
    /// The name, such as `z`.
    pub name: String,
    /// The unit, such as `micrometer`, if the store states one.
    pub unit: Option<String>,
}

/// A level of an image.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ImageLevel {
    /// The array's path in the store, which is empty if the store is the array.
    pub path: String,
    /// The distance between neighbouring pixels along each axis; NaN if the store does not state it.
    pub scale: Vec<f64>,
    /// The centre of the first pixel along each axis; NaN if the store does not state it.
    pub translation: Vec<f64>,
}

impl ImageLayout {
    /// Reads the metadata of a store: the first image of NGFF 0.5 or 0.4, a group or an array of this
    /// crate, any Zarr array, or a Laplacian store of this crate or of the Python package `qlty`.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io) if there is nothing; [`Error::Store`](crate::Error::Store) if it is not an
    /// image, or its pixels have a type that this crate does not read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        path.metadata().map_err(ZarrError::io(path))?;
        if let Ok(array) = inspect(path) {
            return Self::of_array(path, &array);
        }
        let attributes = &group_attributes(path)?;
        if attributes.get("qlty").is_some_and(|ours| ours.get("laplacian_pyramid").is_some()) {
            return Self::of_laplacian(path, attributes);
        }
        // NGFF 0.5 has its own object; 0.4 is stored among the other attributes.
        let ngff = |key: &str| attributes.get("ome").and_then(|ome| ome.get(key)).or(attributes.get(key));
        let (axes, levels) = match (ngff("multiscales").and_then(|images| images.get(0)), attributes.get("qlty")) {
            (Some(image), _) => {
                let read = axes(image).and_then(|axes| Some((levels(image, axes.len())?, axes)));
                let expected = "axes and datasets with scales and translations, as NGFF has them";
                let (levels, axes) = read.ok_or_else(|| ZarrError::store(path, "multiscales", image, expected))?;
                (axes, levels)
            }
            (None, Some(ours)) => {
                let axes = axes_of(our_names(ours).unwrap_or_default(), Some(ours));
                let expected = "axes, and levels with scales and translations";
                let levels = our_levels(ours, axes.len());
                (axes, levels.ok_or_else(|| ZarrError::store(path, "attribute qlty", ours, expected))?)
            }
            // The Python package writes no attributes to its Laplacian stores.
            (None, None) => {
                let found = Self::of_laplacian(path, attributes)?;
                if found.levels.len() > 1 {
                    return Ok(found);
                }
                let expected = "attributes of NGFF or of this library, or arrays diff_0 and so on";
                return Err(ZarrError::store(path, "attributes", "none", expected).into());
            }
        };
        let Some(first) = levels.first() else {
            return Err(ZarrError::store(path, "levels", 0, "at least one").into());
        };
        let dtype = pixel_dtype(path, &inspect(&path.join(&first.path))?)?;
        let channels = channels(ngff("omero"), attributes.get("qlty"));
        Ok(Self { kind: ImageKind::Levels, dtype, channels, axes, levels })
    }

    fn of_array(path: &Path, array: &ArrayInfo) -> Result<Self> {
        let count = array.ndim();
        let ours = array.attributes.get("qlty");
        let names = array.axis_names.as_ref().map(|names| names.iter().flatten().cloned().collect::<Vec<_>>());
        // Zarr v2 does not store them.
        let names = names.or_else(|| our_names(ours?));
        let names = names.filter(|names| names.len() == count).unwrap_or_else(|| usual_names(count));
        let axes = axes_of(names, ours);
        let scale = ours.and_then(|ours| numbers(ours.get("scale")?, count)).unwrap_or_else(|| vec![1.0; count]);
        let level = ImageLevel { path: String::new(), scale, translation: vec![0.0; count] };
        let (dtype, channels) = (pixel_dtype(path, array)?, channels(None, ours));
        Ok(Self { kind: ImageKind::Levels, dtype, channels, axes, levels: vec![level] })
    }

    fn of_laplacian(path: &Path, attributes: &Map<String, Value>) -> Result<Self> {
        let layout = LaplacianLayout::of(path, attributes)?;
        let (base, array) = layout.base_array(path)?;
        let (dtype, count) = (pixel_dtype(&base, &array)?, array.ndim());
        let ours = attributes.get("qlty");
        let names = layout.axes.clone().filter(|names| names.len() == count).unwrap_or_else(|| usual_names(count));
        let axes = axes_of(names, ours);
        let stated = ours.and_then(|ours| our_levels(ours, count));
        let unknown = |name: &str| ImageLevel {
            path: name.to_owned(),
            scale: vec![f64::NAN; count],
            translation: vec![f64::NAN; count],
        };
        let names = layout.arrays();
        let levels = match stated {
            Some(levels) if levels.iter().map(|level| &level.path).eq(&names) => levels,
            _ => names.into_iter().map(unknown).collect(),
        };
        Ok(Self { kind: ImageKind::Laplacian, dtype, channels: channels(None, ours), axes, levels })
    }
}

/// The default names of `count` axes, if a store does not state them: the last of (T,C,Z,Y,X).
fn usual_names(count: usize) -> Vec<String> {
    let name = |axis: usize| (axis + 5).checked_sub(count).map_or("", |place| AXIS_NAMES[place]).to_owned();
    (0..count).map(name).collect()
}

/// The axes with these names, those in space with the unit of length in our attributes.
fn axes_of(names: Vec<String>, ours: Option<&Value>) -> Vec<ImageAxis> {
    let unit = ours.and_then(|ours| ours.get("unit")?.as_str());
    let axis = |name: String| {
        let unit = unit.filter(|_| matches!(name.as_str(), "z" | "y" | "x")).map(str::to_owned);
        ImageAxis { name, unit }
    };
    names.into_iter().map(axis).collect()
}

/// The names of the channels, from NGFF's attributes or else from ours.
fn channels(omero: Option<&Value>, ours: Option<&Value>) -> Vec<Option<String>> {
    let labels = omero.and_then(|omero| omero.get("channels")?.as_array());
    let names = ours.and_then(|ours| ours.get("channels")?.as_array());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (labels, names) {
        (Some(labels), _) => labels.iter().map(|channel| channel.get("label").and_then(text)).collect(),
        (None, Some(names)) => names.iter().map(text).collect(),
        (None, None) => Vec::new(),
    }
}

fn our_names(ours: &Value) -> Option<Vec<String>> {
    Some(ours.get("axis_order")?.as_str()?.to_lowercase().chars().map(String::from).collect())
}

fn our_levels(ours: &Value, axes: usize) -> Option<Vec<ImageLevel>> {
    let level = |level: &Value| {
        Some(ImageLevel {
            path: inside(level.get("path")?)?,
            scale: numbers(level.get("scale")?, axes)?,
            translation: numbers(level.get("translation")?, axes)?,
        })
    };
    ours.get("levels")?.as_array()?.iter().map(level).collect()
}

/// The axes of an NGFF image.
fn axes(image: &Value) -> Option<Vec<ImageAxis>> {
    let axis = |axis: &Value| {
        let unit = axis.get("unit").and_then(Value::as_str).map(str::to_owned);
        Some(ImageAxis { name: axis.get("name")?.as_str()?.to_owned(), unit })
    };
    image.get("axes")?.as_array()?.iter().map(axis).collect()
}

/// The levels of an NGFF image. The transformations of the image are applied after those of each level.
fn levels(image: &Value, axes: usize) -> Option<Vec<ImageLevel>> {
    const KEY: &str = "coordinateTransformations";
    let common = image.get(KEY).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let level = |level: &Value| {
        let (mut scale, mut translation) = (vec![1.0; axes], vec![0.0; axes]);
        for transformation in level.get(KEY)?.as_array()?.iter().chain(common.iter()) {
            match transformation.get("type")?.as_str()? {
                "identity" => {}
                "scale" => {
                    let by = numbers(transformation.get("scale")?, axes)?;
                    scale
                        .iter_mut()
                        .chain(&mut translation)
                        .zip(by.iter().cycle())
                        .for_each(|(value, by)| *value *= by);
                }
                "translation" => {
                    let by = numbers(transformation.get("translation")?, axes)?;
                    translation.iter_mut().zip(by).for_each(|(value, by)| *value += by);
                }
                _ => return None,
            }
        }
        Some(ImageLevel { path: inside(level.get("path")?)?, scale, translation })
    };
    image.get("datasets")?.as_array()?.iter().map(level).collect()
}

fn numbers(list: &Value, count: usize) -> Option<Vec<f64>> {
    let numbers: Option<Vec<f64>> = list.as_array()?.iter().map(Value::as_f64).collect();
    numbers.filter(|numbers| numbers.len() == count)
}

/// The path of an array in a store, unless it points outside it.
fn inside(path: &Value) -> Option<String> {
    let path = path.as_str()?;
    let mut parts = Path::new(path).components().peekable();
    let is_inside = parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)));
    is_inside.then(|| path.to_owned())
}
