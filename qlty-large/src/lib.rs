//! Stitch patches onto disk (Zarr), in bounded memory, with mean and standard deviation.
