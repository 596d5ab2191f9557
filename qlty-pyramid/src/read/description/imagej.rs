//! The `key=value` lines that ImageJ writes.

use super::Contents;
use crate::LengthUnit;
use crate::read::page::PageError;

/// The fields that are used here.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ImageJ {
    images: Option<u64>,
    channels: Option<u64>,
    slices: Option<u64>,
    frames: Option<u64>,
    pub(crate) unit: Option<LengthUnit>,
    /// The distance between slices, in `unit`.
    pub(crate) spacing: Option<f64>,
    /// In seconds.
    frame_interval: Option<f64>,
}

impl ImageJ {
    pub(super) fn parse(text: &str) -> Self {
        let mut fields = Self::default();
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            let value = value.trim();
            let above_0 = || value.parse().ok().map(f64::abs).filter(|size| size.is_finite() && *size > 0.0);
            match key.trim() {
                "images" => fields.images = value.parse().ok(),
                "channels" => fields.channels = value.parse().ok(),
                "slices" => fields.slices = value.parse().ok(),
                "frames" => fields.frames = value.parse().ok(),
                "unit" => fields.unit = LengthUnit::parse(value),
                // ImageJ writes a negative spacing for stacks acquired downwards.
                "spacing" => fields.spacing = above_0(),
                "finterval" => fields.frame_interval = above_0(),
                _ => {}
            }
        }
        fields
    }

    /// Hyperstacks have the order XYCZT, which is that of (T, Z, C).
    pub(super) fn contents(&self, pages: usize) -> Result<Contents, PageError> {
        let images = self.images.unwrap_or(pages as u64);
        let (channels, frames) = (self.channels.unwrap_or(1), self.frames.unwrap_or(1));
        let others = channels.checked_mul(frames).filter(|others| *others > 0);
        let slices = self.slices.or(others.map(|others| images / others)).unwrap_or(0);
        if others.and_then(|others| others.checked_mul(slices)) != Some(images) || images == 0 {
            return Err(PageError::Corrupt(format!(
                "ImageJ's {channels} channels, {slices} slices and {frames} frames are not {images} images"
            )));
        }
        // ImageJ writes files of more than 4 GB with a single directory for all images.
        if images != pages as u64 && pages != 1 {
            return Err(PageError::Unsupported(format!(
                "an ImageJ file of {images} images behind {pages} directories"
            )));
        }
        let size = |size| usize::try_from(size).map_err(|_| PageError::Corrupt(format!("{size} images")));
        Ok(Contents {
            frames: size(frames)?,
            channel_pages: size(channels)?,
            depth: size(slices)?,
            frame_interval: self.frame_interval,
            ..Contents::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str, pages: usize) -> Result<[usize; 3], String> {
        match ImageJ::parse(text).contents(pages) {
            Ok(contents) => Ok([contents.frames, contents.channel_pages, contents.depth]),
            Err(error) => Err(format!("{error:?}")),
        }
    }

    #[test]
    fn fields() {
        let fields = ImageJ::parse("ImageJ=1.11a\nimages=8\nslices=8\nspacing=-4.0\nunit=mm\nfinterval=0.5\n");
        assert_eq!((fields.images, fields.spacing, fields.unit), (Some(8), Some(4.0), Some(LengthUnit::Millimeter)));
        assert_eq!(fields.frame_interval, Some(0.5));
        assert_eq!(ImageJ::parse("spacing=NaN\nfinterval=0").spacing, None);
    }

    #[test]
    fn images_are_counted() {
        assert_eq!(sizes("images=12\nchannels=2\nslices=3\nframes=2", 12), Ok([2, 2, 3]));
        assert_eq!(sizes("images=12\nchannels=2", 1), Ok([1, 2, 6]));
        assert_eq!(sizes("", 1), Ok([1, 1, 1]));
        assert_eq!(sizes("", 5), Ok([1, 1, 5]));
        assert!(sizes("images=12\nslices=12", 7).unwrap_err().contains("12 images behind 7 directories"));
        assert!(sizes("images=7\nchannels=2", 7).unwrap_err().contains("2 channels, 3 slices"));
        assert!(sizes("images=0", 1).is_err());
        assert!(sizes("images=4\nchannels=0", 4).is_err());
        assert!(sizes("images=1\nchannels=4294967296\nslices=4294967296\nframes=1", 1).is_err());
    }
}
