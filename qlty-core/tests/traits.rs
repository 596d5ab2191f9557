//! The traits of the public types: Send, Sync, Clone, Debug, PartialEq.

use std::error::Error as StdError;
use std::fmt::Debug;

use qlty_core::dynamic::{AnyQuilt, AnyStitcher, OwnedArray, Scalar};
use qlty_core::{
    Border, DType, Error, Filtered, Monitor, NcyxQuilt, NczyxQuilt, Origin, Position, Positional, Profile, Quilt,
    QuiltBuilder, Rank, Spatial, Stitcher,
};

fn plain<T: Copy + PartialEq + Debug + Send + Sync + Unpin + 'static>() {}
fn owned<T: Clone + Debug + Send + Sync + Unpin + 'static>() {}
fn shared<T: Debug + Send + Sync + Unpin + 'static>() {}
fn error<T: StdError + Clone + PartialEq + Send + Sync + 'static>() {}

#[test]
fn types_have_the_traits_that_hosts_need() {
    plain::<NcyxQuilt>();
    plain::<NczyxQuilt>();
    plain::<Border<2>>();
    plain::<Position<3>>();
    plain::<Positional>();
    plain::<Origin>();
    plain::<Profile>();
    owned::<QuiltBuilder<2>>();
    owned::<Stitcher<half::f16, 3>>();
    owned::<Filtered<f32, u8, ndarray::Ix4, ndarray::Ix3>>();
    shared::<Monitor>();
    plain::<AnyQuilt>();
    owned::<AnyStitcher>();
    shared::<OwnedArray>();
    plain::<Scalar>();
    plain::<DType>();
    error::<Error>();
}

/// A program can be generic over the number of axes.
#[test]
fn the_number_of_axes_may_be_generic() {
    fn patches<const D: usize>(size: [usize; D]) -> qlty_core::Result<usize>
    where
        Spatial<D>: Rank,
    {
        Quilt::builder(size, size.map(|size| size / 2), size.map(|size| size / 4)).build()?.patch_count(1)
    }
    assert_eq!((patches([8, 8]), patches([8, 8, 8])), (Ok(9), Ok(27)));
}
