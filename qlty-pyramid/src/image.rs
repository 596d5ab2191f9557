//! Reading images from stores: [`ImageLayout`] is the metadata of any store of this crate, and of NGFF stores of other
//! programs; [`ImageStore`] reads boxes of its levels.

mod layout;
mod store;

pub use layout::{ImageAxis, ImageKind, ImageLayout, ImageLevel};
pub use store::ImageStore;
