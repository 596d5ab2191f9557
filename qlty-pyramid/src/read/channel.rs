//! What is known of a channel.

/// What a file says of a channel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Channel {
    /// The channel's name, such as `DAPI`.
    pub name: Option<String>,
    /// The colour to show it in: red, green and blue.
    pub color: Option<[u8; 3]>,
}

impl Channel {
    /// A channel of this name, of no colour.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), color: None }
    }

    /// The colour to show it in: red, green and blue.
    #[must_use]
    pub fn color(mut self, color: impl Into<Option<[u8; 3]>>) -> Self {
        self.color = color.into();
        self
    }
}
