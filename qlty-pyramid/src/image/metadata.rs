//! The group attributes of an NGFF 0.5 image.

use ome_zarr_metadata::Validate;
use ome_zarr_metadata::v0_5::OmeZarrGroupAttributes;
use serde_json::{Map, Value, json};

use super::Level;
use crate::LengthUnit;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is said of an image besides its levels.
pub(super) struct Metadata<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) unit: Option<LengthUnit>,
    pub(super) method: Option<&'a str>,
    /// Whether the first axis is the channel.
    pub(super) channels: bool,
}

impl Metadata<'_> {
    /// The names of the axes, outermost first; also the dimension names of every array.
    pub(super) fn axis_names(&self) -> Vec<&'static str> {
        let channel = self.channels.then_some("c");
        channel.into_iter().chain(["z", "y", "x"]).collect()
    }

    /// The attributes of the image's group.
    ///
    /// The document is put together here because the types of `ome_zarr_metadata` hold scales in
    /// f32, which would make 0.32499998807907104 of a pixel of 0.325; they check it instead, so a
    /// document that they refuse is never written.
    pub(super) fn attributes<T>(&self, levels: &[Level<'_, T>]) -> Result<Map<String, Value>, Cause> {
        let axes: Vec<Value> = self.axis_names().into_iter().map(|name| self.axis(name)).collect();
        let datasets = levels.iter().enumerate().map(|(index, level)| self.dataset(index, level));
        let mut image = json!({ "axes": axes, "datasets": datasets.collect::<Vec<_>>() });
        if let Some(name) = self.name {
            image["name"] = json!(name);
        }
        if let Some(method) = self.method {
            image["type"] = json!(method);
        }
        let mut attributes = Map::new();
        attributes.insert("ome".to_owned(), json!({ "version": "0.5", "multiscales": [image] }));

        let checked: OmeZarrGroupAttributes = serde_json::from_value(attributes.clone().into())?;
        checked.validate()?;
        Ok(attributes)
    }

    fn axis(&self, name: &str) -> Value {
        match (name, self.unit) {
            ("c", _) => json!({ "name": name, "type": "channel" }),
            (_, None) => json!({ "name": name, "type": "space" }),
            (_, Some(unit)) => json!({ "name": name, "type": "space", "unit": unit.name() }),
        }
    }

    fn dataset<T>(&self, index: usize, level: &Level<'_, T>) -> Value {
        let scale = self.per_axis(1.0, level.voxel_size);
        let mut transformations = vec![json!({ "type": "scale", "scale": scale })];
        if level.translation != [0.0; 3] {
            let translation = self.per_axis(0.0, level.translation);
            transformations.push(json!({ "type": "translation", "translation": translation }));
        }
        json!({ "path": index.to_string(), "coordinateTransformations": transformations })
    }

    fn per_axis(&self, channel: f64, space: [f64; 3]) -> Vec<f64> {
        let channel = self.channels.then_some(channel);
        channel.into_iter().chain(space).collect()
    }
}
