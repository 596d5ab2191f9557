//! Patch pairs: drawing, extraction, overlap, statistics, storage.

// The order of the modules is that of the header.
mod options;
mod handle;
mod columns;
mod sample;
mod extract;
mod overlap;
mod store;
mod dataset;
mod batches;
mod arrays;

pub use arrays::qlty_pair_arrays;
pub use batches::*;
pub use columns::*;
pub use dataset::*;
pub use extract::*;
pub use handle::*;
pub use options::*;
pub use overlap::*;
pub use sample::*;
pub use store::*;
