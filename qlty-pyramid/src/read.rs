//! Reading stacks of planes.
//!
//! | module | what it does |
//! |---|---|
//! | `slices` | which files are stacks, by their names |
//! | `stack` | the public type: which file and page has which plane; `survey` opens it |
//! | `description` | what ImageJ and OME say of pages |
//! | `page` | one file: directories, tags, strips and tiles, decompression |
//! | `calibration`, `channel` | sizes of voxels, names and colours of channels |
//! | `source` | where planes come from: a stack, an array in memory, or the caller's own type |

mod calibration;
mod channel;
mod description;
mod page;
mod slices;
mod source;
mod stack;

pub use calibration::{LengthUnit, VoxelSize};
pub use channel::Channel;
pub use slices::{Slice, SlicePattern, SliceSet};
pub use source::{PlaneSource, Volume};
pub use stack::Stack;
