//! The entry points for types that are known at run time agree with the typed interface.

use ndarray::{Array1, Array2, Array4, ArrayD, IxDyn, arr1, arr2};
use qlty_core::DType;
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::zarr::{ArrayImages, BoolImages};
use qlty_pairs::dynamic::*;
use qlty_pairs::{Error, Monitor, Positions, StoreOptions, extract_patches_from_metadata};

use crate::{images, metadata};

const SHAPE: [usize; 4] = [3, 2, 30, 33];

/// Arrays for pairs of patches.
struct Room {
    patches: [OwnedArray; 2],
    deltas: Array2<f32>,
    rotations: Array1<i64>,
    positions: [Array2<i64>; 2],
}

impl Room {
    fn new(dtype: DType, shape: &[usize], columns: usize) -> Self {
        let patches = || OwnedArray::zeros("patches", dtype, shape).unwrap();
        let positions = || Array2::from_elem((shape[0], columns), -1);
        Self {
            patches: [patches(), patches()],
            deltas: Array2::from_elem((shape[0], shape.len() - 2), f32::NAN),
            rotations: Array1::from_elem(shape[0], -1),
            positions: [positions(), positions()],
        }
    }

    fn arrays(&mut self) -> AnyPairsMut<'_> {
        let ([patches1, patches2], [positions1, positions2]) = (&mut self.patches, &mut self.positions);
        AnyPairsMut {
            patches1: patches1.array_mut(),
            patches2: patches2.array_mut(),
            deltas: ArrayMut::of("deltas", self.deltas.view_mut()).unwrap(),
            rotations: ArrayMut::of("rotations", self.rotations.view_mut()).unwrap(),
            positions1: Some(ArrayMut::of("positions1", positions1.view_mut()).unwrap()),
            positions2: Some(ArrayMut::of("positions2", positions2.view_mut()).unwrap()),
        }
    }

    fn is_untouched(&self) -> bool {
        self.deltas.iter().all(|delta| delta.is_nan())
            && self.rotations.iter().chain(&self.positions[0]).all(|value| *value == -1)
            && self.patch(0).iter().all(|byte| *byte == 0)
    }

    fn patch(&self, side: usize) -> ArrayD<u8> {
        self.patches[side].array_ref().view::<u8>("patches").unwrap().to_owned()
    }
}

fn bytes(seed: u64) -> Array4<u8> {
    images::<bool, 2>(&SHAPE, seed).mapv(u8::from)
}

#[test]
fn pairs_are_extracted_as_by_the_typed_interface() {
    let (images, typed) = (bytes(3), metadata(&SHAPE, [8, 8], 7));
    let all: Vec<usize> = (0..typed.len()).collect();
    let expected = extract_patches_from_metadata(&images.view(), &typed, &all, Positions::WithImage).unwrap();
    let any = AnyPairMetadata::try_from(&typed).unwrap();
    let source = ArrayImages::new(ArrayRef::of("images", images.view()).unwrap()).unwrap();
    let mut room = Room::new(DType::U8, expected.patches1.shape(), 3);
    extract_pairs_into(&source, any.window(), any.pairs(), room.arrays(), &Monitor::new()).unwrap();
    assert_eq!((room.patch(0), room.patch(1)), (expected.patches1.into_dyn(), expected.patches2.clone().into_dyn()));
    assert_eq!((&room.deltas, &room.rotations), (&expected.deltas, &expected.rotations));
    assert_eq!(room.positions.map(Some), [expected.positions1, expected.positions2]);

    // `Bool` may be written to `U8`, but not `U8` to `Bool`, and no other type to a different one.
    let truths = BoolImages::new(&source).unwrap();
    let mut room = Room::new(DType::U8, expected.patches2.shape(), 2);
    extract_pairs_into(&truths, any.window(), any.pairs(), room.arrays(), &Monitor::new()).unwrap();
    assert_eq!(room.patch(1), expected.patches2.clone().into_dyn());
    for dtype in [DType::Bool, DType::I8, DType::F32] {
        let mut room = Room::new(dtype, expected.patches2.shape(), 2);
        let refused = extract_pairs_into(&source, any.window(), any.pairs(), room.arrays(), &Monitor::new());
        assert!(matches!(refused, Err(Error::Core(qlty_core::Error::DataType { .. }))), "{refused:?}");
    }
    let mut room = Room::new(DType::U8, &[typed.len(), 2, 4, 8, 8], 3);
    let refused = extract_pairs_into(&source, &[4, 8, 8], any.pairs(), room.arrays(), &Monitor::new()).unwrap_err();
    assert!(refused.to_string().contains("expected 3 spatial axes") && room.is_untouched(), "{refused}");
}

#[test]
fn a_source_that_gives_another_type_than_it_says_is_an_error() {
    struct Liar<'a>(ArrayImages<'a>);
    impl AnyImageSource for Liar<'_> {
        fn dtype(&self) -> DType {
            DType::Bool
        }
        fn ndim(&self) -> usize {
            2
        }
        fn shape(&self) -> [usize; 5] {
            self.0.shape()
        }
        fn read(&self, region: &AnyRegion, visit: &mut dyn FnMut(ArrayRef<'_>)) -> qlty_pairs::Result<()> {
            self.0.read(region, visit)
        }
    }
    let (images, any) = (bytes(3), AnyPairMetadata::try_from(&metadata(&SHAPE, [8, 8], 7)).unwrap());
    let liar = Liar(ArrayImages::new(ArrayRef::of("images", images.view()).unwrap()).unwrap());
    let mut room = Room::new(DType::Bool, &[21, 2, 8, 8], 2);
    let told = extract_pairs_into(&liar, &[8, 8], any.pairs(), room.arrays(), &Monitor::new()).unwrap_err();
    assert_eq!(told.to_string(), "pixels of the source: got dtype u8, expected bool");
    assert!(measure_pairs(&liar, &[8, 8], any.pairs().to_vec(), &Monitor::new()).is_err());
}

#[test]
fn stores_of_truth_values_are_read_as_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, any) = (bytes(5), AnyPairMetadata::try_from(&metadata(&SHAPE, [8, 8], 7)).unwrap());
    let source = ArrayImages::new(ArrayRef::of("images", images.view()).unwrap()).unwrap();
    let truths = BoolImages::new(&source).unwrap();
    let options = StoreOptions::new().positions(Positions::Pixels);
    extract_patches_to_zarr(&truths, &any, None, &path, &options, &Monitor::new()).unwrap();
    let dataset = AnyDataset::open(&path).unwrap();
    assert_eq!((dataset.dtype(), dataset.ndim(), dataset.shape()), (DType::Bool, 2, &[21, 2, 8, 8][..]));
    assert_eq!((dataset.positions(), dataset.window()), (Positions::Pixels, &[8, 8][..]));
    assert_eq!(dataset.metadata().unwrap(), any);
    let (indices, mut read, mut expected) =
        ([4, 4, 20], Room::new(DType::U8, &[3, 2, 8, 8], 2), Room::new(DType::U8, &[3, 2, 8, 8], 2));
    dataset.get_batch_into(&indices, read.arrays()).unwrap();
    let chosen = any.select(&indices).unwrap();
    extract_pairs_into(&source, &[8, 8], chosen.pairs(), expected.arrays(), &Monitor::new()).unwrap();
    assert_eq!((read.patch(0), read.patch(1)), (expected.patch(0), expected.patch(1)));
    assert_eq!((&read.deltas, &read.positions), (&expected.deltas, &expected.positions));
    let mut copied = Room::new(DType::U8, &[3, 2, 8, 8], 2);
    dataset.get_batch(&indices).unwrap().copy_to(copied.arrays()).unwrap();
    assert_eq!((copied.patch(1), &copied.rotations), (expected.patch(1), &expected.rotations));
    for (dtype, shape, columns) in
        [(DType::I8, [3, 2, 8, 8], 2), (DType::U8, [2, 2, 8, 8], 2), (DType::U8, [3, 2, 8, 8], 3)]
    {
        let mut room = Room::new(dtype, &shape, columns);
        assert!(dataset.get_batch_into(&indices, room.arrays()).is_err());
        assert!(dataset.get_batch(&indices).unwrap().copy_to(room.arrays()).is_err());
        assert!(dtype == DType::I8 || room.is_untouched());
    }
}

#[test]
fn a_batch_that_does_not_fit_is_still_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, any) = (bytes(6), AnyPairMetadata::try_from(&metadata(&SHAPE, [8, 8], 7)).unwrap());
    let source = ArrayImages::new(ArrayRef::of("images", images.view()).unwrap()).unwrap();
    extract_patches_to_zarr(&source, &any, None, &path, &StoreOptions::new(), &Monitor::new()).unwrap();
    let dataset = AnyDataset::open(&path).unwrap();
    let mut batches = dataset.batches(dataset.epoch(1, 2), 8, 2).unwrap();
    let mut counts = Vec::new();
    while batches.next_count() > 0 {
        let (count, left) = (batches.next_count(), batches.len());
        let indices: Vec<usize> = dataset.epoch(1, 2)[8 * counts.len()..][..count].to_vec();
        let expected = dataset.get_batch(&indices).unwrap();
        let mut room = Room::new(DType::U8, &[count, 2, 8, 8], 2);
        let told = batches.next_into(room.arrays()).unwrap_err().to_string();
        assert_eq!(told, "positions1: got an array, expected none, since no positions are stored");
        assert!(room.is_untouched() && (batches.next_count(), batches.len()) == (count, left));
        let arrays = AnyPairsMut { positions1: None, positions2: None, ..room.arrays() };
        batches.next_into(arrays).unwrap();
        assert_eq!(room.patch(1), expected.patches2.array_ref().view::<u8>("patches").unwrap());
        assert_eq!(room.deltas, expected.deltas);
        counts.push(count);
    }
    assert_eq!(counts, [8, 8, 5]);
    assert!(batches.next().is_none());
    let mut room = Room::new(DType::U8, &[0, 2, 8, 8], 2);
    let told = batches.next_into(room.arrays()).unwrap_err().to_string();
    assert_eq!(told, "batches: got a call after the last batch, expected one to come");
}

#[test]
fn batches_can_be_shared() {
    fn check<T: Send + Sync>() {}
    check::<AnyBatches>();
    check::<AnyDataset>();
}

#[test]
fn positions_make_pairs_and_pairs_positions() {
    let typed = metadata(&SHAPE, [8, 8], 7);
    let any = AnyPairMetadata::try_from(&typed).unwrap();
    let (count, positions) = (any.len(), |side| any.positions(side, Positions::WithImage).unwrap());
    let [positions1, positions2] = [qlty_pairs::Side::First, qlty_pairs::Side::Second].map(positions);
    let turns = any.rotations().map(|turns| turns - 8);
    let array = |rows: &Array2<i64>| {
        AnyPairMetadata::from_positions(
            &[8, 8],
            ArrayRef::of("positions1", positions1.view()).unwrap(),
            ArrayRef::of("positions2", rows.view()).unwrap(),
            Some(ArrayRef::of("rotations", turns.view()).unwrap()),
        )
    };
    let made = array(&positions2).unwrap();
    assert_eq!((made.pairs(), made.window()), (any.pairs(), any.window()));
    assert_eq!((count == 0 || !made.is_measured(), any.is_measured()), (true, true));
    let refused = |at: usize, value: i64| {
        let mut wrong = positions2.clone();
        wrong[[3, at]] = value;
        array(&wrong).unwrap_err().to_string()
    };
    assert_eq!(refused(1, -2), "positions2 of pair 3: got -2, expected at least 0");
    assert_eq!(refused(0, 99), "positions2: image of pair 3: got 99, expected 0 as in positions1");
    assert!(array(&Array2::zeros((count, 4))).is_err());

    let (mut deltas, mut turns) = (Array2::zeros((count, 2)), Array1::zeros(count));
    let places = AnyPlacesMut {
        deltas: Some(ArrayMut::of("deltas", deltas.view_mut()).unwrap()),
        rotations: Some(ArrayMut::of("rotations", turns.view_mut()).unwrap()),
        ..AnyPlacesMut::default()
    };
    any.places_into(places).unwrap();
    assert_eq!((deltas, turns), (any.deltas(), any.rotations()));

    for name in any.column_names() {
        let (mut integers, mut numbers) = (Array1::<i64>::zeros(count), Array1::<f64>::zeros(count));
        let of_integers = any.column_into(name, ArrayMut::of("values", integers.view_mut()).unwrap());
        let of_numbers = any.column_into(name, ArrayMut::of("values", numbers.view_mut()).unwrap());
        match typed.column(name).unwrap() {
            qlty_pairs::Column::Integers(column) => assert!(integers.to_vec() == column && of_numbers.is_err()),
            qlty_pairs::Column::Numbers(column) => assert!(numbers.to_vec() == column && of_integers.is_err()),
            other => panic!("{other:?}"),
        }
    }
    let mut values = Array1::<f64>::zeros(count);
    let mut refused = |pairs: &AnyPairMetadata, name: &str| {
        pairs.column_into(name, ArrayMut::of("values", values.view_mut()).unwrap()).unwrap_err().to_string()
    };
    assert!(refused(&any, "dz").starts_with(r#"column: got "dz", expected one of image_idx, patch1_y"#));
    assert_eq!(refused(&made, "mean1"), "pairs: got pairs without mean1, expected measured pairs");
}

#[test]
fn samples_are_those_of_the_typed_interface() {
    let means: Vec<f64> = (0..500).map(|i| f64::from(i * 7919 % 1009)).collect();
    let row = ArrayRef::of("means", ndarray::aview1(&means)).unwrap();
    let typed = [qlty_pairs::stratified_sample_by_histogram, qlty_pairs::stratified_sample_by_quantiles];
    for (bins, typed) in [Bins::Histogram, Bins::Quantiles].into_iter().zip(typed) {
        let expected = typed(&means, &means, 10, 3, 1).unwrap();
        let mut indices = vec![-1_i64; 500];
        let out = ArrayMut::of("indices", ndarray::aview_mut1(&mut indices)).unwrap();
        let count = stratified_sample_into(row, row, (bins, 10), 3, 1, out).unwrap();
        assert!(indices[..count].iter().map(|index| *index as usize).eq(expected));
        assert!(indices[count..].iter().all(|index| *index == -1));
        let mut few = arr1(&[-1_i64; 5]);
        let out = ArrayMut::of("indices", few.view_mut()).unwrap();
        let told = stratified_sample_into(row, row, (bins, 10), 3, 1, out).unwrap_err().to_string();
        assert_eq!((told, few), (format!("indices: got shape [5], expected at least [{count}]"), arr1(&[-1; 5])));
    }
}

#[test]
fn overlaps_are_of_one_type() {
    let deltas = arr2(&[[1.0_f32, 0.0]]);
    let overlap = AnyOverlap::new(&[4, 4], ArrayRef::of("deltas", deltas.view()).unwrap(), None).unwrap();
    assert_eq!((overlap.count(), overlap.ndim(), overlap.pairs()), (12, 2, 1));
    assert_eq!(format!("{overlap:?}"), "AnyOverlap { window: [4, 4], pairs: 1, count: 12 }");
    let patches = ArrayD::<f32>::from_shape_fn(IxDyn(&[1, 2, 4, 4]), |at| (at[1] * 16 + at[2] * 4 + at[3]) as f32);
    let patches = ArrayRef::of("patches", patches.view()).unwrap();
    let run = |dtype| {
        let [mut pixels1, mut pixels2] = [DType::F32, dtype].map(|d| OwnedArray::zeros("pixels", d, &[12, 2]).unwrap());
        let (out1, out2) = (pixels1.array_mut(), pixels2.array_mut());
        overlap.extract_into(patches, patches, out1, out2, &Monitor::new()).map(|()| pixels1)
    };
    let pixels = run(DType::F32).unwrap().into_array::<f32, ndarray::Ix2>().unwrap();
    assert_eq!(pixels.row(3), arr1(&[5.0, 21.0]));
    let told = run(DType::U32).unwrap_err().to_string();
    assert_eq!(told, "pixels2: got dtype u32, expected f32 like the first array");
    let three = AnyOverlap::new(&[4, 4, 4], ArrayRef::of("deltas", deltas.view()).unwrap(), None).unwrap_err();
    assert_eq!(three.to_string(), "deltas: got shape [1, 2], expected 3 columns");
    assert!(AnyOverlap::new(&[4], ArrayRef::of("deltas", deltas.view()).unwrap(), None).is_err());
}
