//! From planes to a store.
//!
//! | module | what it does |
//! |---|---|
//! | `options` | the caller's options; `plan`: the resulting sizes, positions and files |
//! | `plane_reader` | planes in the requested type and scale |
//! | `shrink` | a coarser plane from finer ones, by each method |
//! | `pipeline` | rounds of planes: one is read and shrunk while the previous one is compressed and written |
//! | `slab_writer` | an array, whole files from any thread |
//! | `metadata` | the attributes of NGFF and our own; `statistics`: ranges and histograms of channels |
//! | `run_state`, `progress` | the state that an interrupted run leaves for the next |
//! | `identity`, `existing` | the inputs and options of a run, and whether a store was written with the same |
//! | `gaussian` | the public functions; `summary`: their results |
//!
//! Memory is bounded by two rounds of planes with their coarser levels, each as deep as a file. Nothing else depends on
//! the number of planes.
//!
//! A new downsampling method is a variant of [`Method`], its kernel in `shrink`, and plain reference loops in the tests
//! of the repository.

mod axes;
mod existing;
mod gaussian;
mod identity;
mod metadata;
mod options;
mod pipeline;
mod plan;
mod plane_reader;
mod progress;
mod run_state;
mod shrink;
mod slab_writer;
mod statistics;
mod summary;

pub use axes::AxisOrder;
pub(crate) use axes::{Axes, NAMES as AXIS_NAMES};
pub use existing::Existing;
pub(crate) use existing::stamp;
pub(crate) use gaussian::one_by_one;
pub use gaussian::{PyramidJob, plan_pyramid, stack_to_ome_zarr, stacks_to_ome_zarr};
pub(crate) use identity::Identity;
pub(crate) use metadata::{laplacian as laplacian_metadata, write_group};
pub use options::{Halving, Levels, Normalization, PyramidOptions, ZarrFormat};
pub(crate) use pipeline::{Pipeline, Sink, Slab};
pub(crate) use plan::Plan;
pub(crate) use plane_reader::PlaneReader;
pub(crate) use run_state::{Job, Run, write_store};
pub(crate) use shrink::shrink_array;
pub use shrink::{Method, shrink};
pub(crate) use slab_writer::{ArraySpec, SlabWriter};
pub use summary::{Pyramid, PyramidLevel};
