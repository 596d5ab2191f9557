//! Stitching onto disk, in bounded memory, with mean and standard deviation.

// The order of the modules is that of the header.
mod options;
mod handle;
mod patches;
mod finish;
mod verify;
mod stitched;

pub use finish::*;
pub use handle::*;
pub use options::*;
pub use patches::*;
pub use stitched::*;
pub use verify::*;
