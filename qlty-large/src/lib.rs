//! Stitching patches onto disk (Zarr), in bounded memory, with mean and standard deviation.
//!
//! Nothing is here yet. For batches that fit in memory, `qlty_core::Stitcher` stitches patches as
//! they come.
