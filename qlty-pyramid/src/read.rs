//! Reading stacks of planes.
//!
//! | module | what it does |
//! |---|---|
//! | `slices` | grouping files into stacks by their names |
//! | `stack` | the public type: which file and page holds which plane; `survey` opens it |
//! | `description` | the meaning of pages according to ImageJ and OME metadata |
//! | `page` | one file: directories, tags, strips and tiles, decompression |
//! | `calibration`, `channel` | voxel sizes, names and colours of channels |
//! | `source` | sources of planes: a stack, an array in memory, or the caller's own type |

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
