//! The entry points for types and numbers of axes known only at run time, as in a C host.
//!
//! The work of this crate is done here and compiled once: code that copies pixels dispatches by element width, code
//! that computes with them by type, both at the innermost call. The typed interface at the root of the crate is a thin
//! layer on top; if an item here corresponds to one there, the details are documented there. Arrays are passed as
//! [`ArrayRef`](qlty_core::dynamic::ArrayRef) and [`ArrayMut`](qlty_core::dynamic::ArrayMut), images as
//! [`AnyImageSource`].
//!
//! A plane is treated as a volume of depth 1: positions in an [`AnyPair`] are (z, y, x) with z = 0 for a plane. Sizes
//! passed to or returned to the caller are slices (y, x) or (z, y, x).
//!
//! ```
//! use qlty_core::dynamic::ArrayRef;
//! use qlty_core::zarr::ArrayImages;
//! use qlty_pairs::{Monitor, StoreOptions, dynamic::*};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("pairs.zarr");
//! let images = ndarray::Array4::<u16>::from_shape_fn((4, 1, 60, 80), |(n, _, y, x)| (n * y * x) as u16);
//! let images = ArrayImages::new(ArrayRef::of("images", images.view())?)?; // type known at run time
//! let drawer = AnyPairDrawer::new(AnyPairOptions::new(&[16, 16], 8, (4.0, 12.0)), &images.batch_shape()[2..])?;
//! let pairs = measure_pairs(&images, &[16, 16], drawer.all(4)?, &Monitor::new())?;
//! extract_patches_to_zarr(&images, &pairs, None, &path, &StoreOptions::default(), &Monitor::new())?;
//! let dataset = AnyDataset::open(&path)?;
//! assert_eq!((dataset.dtype(), dataset.shape()), (qlty_core::DType::U16, &[32, 1, 16, 16][..]));
//! # Ok::<(), qlty_pairs::Error>(())
//! ```

pub use crate::batches::{AnyBatches, ReadWithin};
pub use crate::dataset::AnyDataset;
pub use crate::draw::AnyPairDrawer;
pub use crate::extract::extract_pairs_into;
pub use crate::metadata::{AnyPairMetadata, measure_pairs};
pub use crate::options::AnyPairOptions;
pub use crate::overlap::AnyOverlap;
pub use crate::pair::{AnyPair, AnyPlacesMut};
pub use crate::patches::{AnyPairsMut, AnyPatchPairs};
pub use crate::store::extract_patches_to_zarr;
pub use crate::stratify::{Bins, stratified_sample_into};
pub use qlty_core::zarr::{AnyImageSource, AnyRegion, AnyZarrImages, ArrayImages};
