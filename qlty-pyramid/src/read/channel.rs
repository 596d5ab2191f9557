//! The metadata of a channel.

/// The metadata of a channel in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Channel {
    /// The channel's name, such as `DAPI`.
    pub name: Option<String>,
    /// The display colour: red, green and blue.
    pub color: Option<[u8; 3]>,
}

impl Channel {
    /// A channel with this name and no colour.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), color: None }
    }

    /// Sets the display colour: red, green and blue.
    #[must_use]
    pub fn color(mut self, color: impl Into<Option<[u8; 3]>>) -> Self {
        self.color = color.into();
        self
    }
}
