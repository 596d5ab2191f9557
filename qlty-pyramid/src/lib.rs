//! TIFF stacks to OME-Zarr, with image pyramids.
