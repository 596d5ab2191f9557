//! Patch pairs: drawing, cutting, overlap, statistics, storage.

// The order of the modules is the order of the header.
mod options;

mod handle;

mod columns;

mod sample;

mod extract;

mod overlap;

mod store;

mod dataset;

mod batches;

mod outputs;

pub use batches::*;
pub use columns::*;
pub use dataset::*;
pub use extract::*;
pub use handle::*;
pub use options::*;
pub use overlap::*;
pub use sample::*;
pub use store::*;
