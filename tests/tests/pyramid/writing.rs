//! The output of the pipeline compared with levels computed one after the other in memory.

use ndarray::{Array5, ArrayD, Axis, s};
use proptest::prelude::*;
use qlty_pyramid::{AxisOrder, Codec, Levels, Method, PyramidOptions, Volume, ZarrFormat};
use qlty_tests::sample::any;
use tempfile::TempDir;

use crate::methods::METHODS;
use crate::oracle::{self, Oracle};
use crate::{read_back, write};

/// All channels and time points of an image, one level coarser.
fn coarser<T: Oracle>(image: &Array5<T>, factor: [usize; 3], method: Method) -> Array5<T> {
    let [times, channels, size @ ..]: [usize; 5] = image.dim().into();
    let shape: [usize; 3] = std::array::from_fn(|axis| size[axis].div_ceil(factor[axis]));
    let mut coarse = Array5::from_elem([times, channels, shape[0], shape[1], shape[2]], T::default());
    for t in 0..times {
        for c in 0..channels {
            let volume = image.slice(s![t, c, .., .., ..]).to_owned();
            coarse.slice_mut(s![t, c, .., .., ..]).assign(&oracle::shrink(&volume, factor, method));
        }
    }
    coarse
}

/// An image with its axes as in its array.
fn arranged<T: Oracle>(image: &Array5<T>, order: AxisOrder) -> ArrayD<T> {
    if order == AxisOrder::Zcyx {
        return image.index_axis(Axis(0), 0).permuted_axes([1, 0, 2, 3]).as_standard_layout().into_owned().into_dyn();
    }
    let mut view = image.view().into_dyn();
    for axis in [1, 0] {
        if view.len_of(Axis(axis)) == 1 {
            view = view.index_axis_move(Axis(axis), 0);
        }
    }
    view.as_standard_layout().into_owned()
}

fn check<T: Oracle + zarrs::array::ElementOwned>(
    shape: [usize; 5],
    seed: u64,
    factors: &[[usize; 3]],
    options: PyramidOptions,
) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("image.ome.zarr");
    let mut image: Array5<T> = any::<T>(&shape, seed).into_dimensionality().unwrap();
    let options = options.levels(Levels::Factors(factors.to_vec()));
    let volume = Volume::new("image", image.view()).unwrap();
    let pyramid = write(&volume, &path, &options);
    assert_eq!(pyramid.levels.len(), factors.len() + 1);
    for (level, written) in pyramid.levels.iter().enumerate() {
        if level > 0 {
            image = coarser(&image, factors[level - 1], options.method);
        }
        let expected = arranged(&image, options.axes);
        assert_eq!(written.shape, expected.shape());
        assert_eq!(read_back::<T>(&path, &written.name), expected, "level {level} of {shape:?}, {options:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_pipeline_writes_what_plain_loops_make(
        shape in [1..3_usize, 1..4_usize, 1..30_usize, 1..20_usize, 1..20_usize],
        factors in prop::collection::vec([1..3_usize, 1..3_usize, 1..3_usize], 0..4),
        method in prop::sample::select(METHODS.to_vec()),
        chunk in [1..6_usize, 1..12_usize, 1..12_usize],
        shard in prop::option::of([1..3_usize, 1..3_usize, 1..3_usize]),
        zcyx: bool,
        v2: bool,
        memory in 1..40_000_usize,
        seed: u64,
    ) {
        let shard = shard.filter(|_| !v2).map(|shard| [0, 1, 2].map(|axis| shard[axis] * chunk[axis]));
        let shape = if zcyx { [1, shape[1], shape[2], shape[3], shape[4]] } else { shape };
        let options = PyramidOptions::new().method(method).chunk(chunk).shard(shard).axes(if zcyx { AxisOrder::Zcyx } else { AxisOrder::Tczyx }).format(if v2 { ZarrFormat::V2 } else { ZarrFormat::V3 }).memory(memory);
        check::<u16>(shape, seed, &factors, options.clone());
        check::<i8>(shape, seed, &factors, options);
    }
}

#[test]
fn every_codec_in_both_formats() {
    let codecs = [
        "none",
        "gzip",
        "gzip:9",
        "zstd",
        "zstd:19",
        "blosc-lz4",
        "blosc-zstd",
        "blosc-lz4-bitshuffle:9",
        "blosc-zstd-bitshuffle",
    ];
    for codec in codecs {
        for format in [ZarrFormat::V3, ZarrFormat::V2] {
            let codec: Codec = codec.parse().unwrap();
            let options = PyramidOptions::new().codec(codec).format(format).chunk([3, 16, 16]);
            check::<u8>([1, 1, 5, 40, 30], 1, &[[1, 2, 2]], options.clone());
            check::<i64>([1, 2, 5, 40, 30], 1, &[[2, 2, 2]], options);
        }
    }
}

#[test]
fn every_pixel_type() {
    let options = || PyramidOptions::new().chunk([2, 8, 8]).method(Method::Nearest);
    macro_rules! each {
        ($($type:ty)*) => {$( check::<$type>([1, 1, 3, 9, 7], 2, &[[2, 2, 2]], options()); )*};
    }
    each!(u8 i8 u16 i16 u32 i32 u64 i64);
}

#[test]
fn zeros_need_no_file() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("zeros.zarr");
    let zeros = ndarray::Array3::<u16>::zeros([9, 70, 70]);
    let options = PyramidOptions::new().levels(Levels::Count(2)).chunk([4, 32, 32]);
    write(&Volume::new("zeros", zeros.view()).unwrap(), &path, &options);
    assert_eq!(crate::names(&path.join("0")), ["zarr.json"]);
    assert_eq!(read_back::<u16>(&path, "0"), zeros.into_dyn());
}
