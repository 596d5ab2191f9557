//! What ImageJ and OME write into the first page's description.

use crate::LengthUnit;

/// The description of a file's first page, as far as it says what the pages are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Description {
    /// There is none, or it is prose.
    None,
    ImageJ(ImageJ),
    Ome {
        /// The SizeC and SizeT of the first image.
        channels: u64,
        frames: u64,
    },
}

/// The fields of ImageJ's `key=value` lines that matter here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ImageJ {
    pub(crate) images: Option<u64>,
    pub(crate) channels: Option<u64>,
    pub(crate) frames: Option<u64>,
    pub(crate) unit: Option<LengthUnit>,
    /// The distance of slices, in `unit`.
    pub(crate) spacing: Option<f64>,
}

impl Description {
    pub(crate) fn parse(text: &str) -> Self {
        if text.starts_with("ImageJ=") {
            Self::ImageJ(ImageJ::parse(text))
        } else if text.contains("<OME") {
            let size = |name| attribute(text, name).and_then(|size| size.parse().ok()).unwrap_or(1);
            Self::Ome { channels: size("SizeC"), frames: size("SizeT") }
        } else {
            Self::None
        }
    }

    /// Why the file's pages are not the slices of one volume, if they are not.
    pub(crate) fn refusal(&self, pages: usize) -> Option<String> {
        let (channels, frames) = match self {
            Self::None => return None,
            Self::ImageJ(imagej) => {
                // ImageJ writes files of more than 4 GB with one directory for all images.
                let images = imagej.images.unwrap_or(1);
                if images > pages as u64 {
                    return Some(format!("an ImageJ file of {images} images behind {pages} directories"));
                }
                (imagej.channels.unwrap_or(1), imagej.frames.unwrap_or(1))
            }
            Self::Ome { channels, frames } => (*channels, *frames),
        };
        (channels > 1 || frames > 1).then(|| format!("a hyperstack of {channels} channels and {frames} time points"))
    }
}

impl ImageJ {
    fn parse(text: &str) -> Self {
        let mut fields = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            match key.trim() {
                "images" => fields.images = value.parse().ok(),
                "channels" => fields.channels = value.parse().ok(),
                "frames" => fields.frames = value.parse().ok(),
                "unit" => fields.unit = LengthUnit::parse(value),
                // ImageJ writes a negative spacing for stacks taken downwards.
                "spacing" => {
                    fields.spacing = value.parse().ok().map(f64::abs).filter(|size| size.is_finite() && *size > 0.0);
                }
                _ => {}
            }
        }
        fields
    }
}

/// The value of an XML attribute at its first occurrence.
fn attribute<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = xml.split_once(&format!(" {name}=\""))?;
    Some(rest.split_once('"')?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imagej_fields() {
        let text = "ImageJ=1.11a\nimages=8\nslices=8\nhyperstack=true\nspacing=-4.0\nunit=mm\n";
        let Description::ImageJ(fields) = Description::parse(text) else { panic!("not ImageJ") };
        assert_eq!(fields.images, Some(8));
        assert_eq!(fields.spacing, Some(4.0));
        assert_eq!(fields.unit, Some(LengthUnit::Millimeter));
        let whole = Description::ImageJ(fields);
        assert_eq!(whole.refusal(8), None);
        assert!(whole.refusal(1).unwrap().contains("8 images behind 1 directories"));
    }

    #[test]
    fn hyperstacks_are_refused() {
        let imagej = Description::parse("ImageJ=1.53\nimages=6\nchannels=2\nslices=3\n");
        assert!(imagej.refusal(6).unwrap().contains("2 channels"));
        let ome = Description::parse(r#"<?xml?><OME><Image><Pixels SizeZ="3" SizeC="1" SizeT="2"/>"#);
        assert!(ome.refusal(6).unwrap().contains("2 time points"));
        let volume = Description::parse(r#"<OME><Pixels SizeC="1" SizeT="1" SizeZ="3"/></OME>"#);
        assert_eq!(volume.refusal(3), None);
    }
}
