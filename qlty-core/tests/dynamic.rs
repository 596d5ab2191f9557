//! Arrays whose type is known at run time, against typed views of the same memory.

use std::ffi::c_void;

use ndarray::{ArrayD, IxDyn, Slice, s};
use proptest::prelude::*;
use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::{DType, Error};

/// An array of this shape with increasing values.
fn counted(shape: &[usize]) -> ArrayD<i32> {
    let mut values = 0..;
    ArrayD::from_shape_simple_fn(IxDyn(shape), || values.next().unwrap_or_default())
}

proptest! {
    /// For any strides, including negative ones, and any order of the axes: `from_raw` with the address, shape and
    /// strides of a view gives the same array as the view, for reading and for writing.
    #[test]
    fn an_address_with_strides_is_the_view_that_has_them(
        sizes in prop::collection::vec(0usize..5, 1..5),
        steps in prop::collection::vec(prop::sample::select(vec![-3isize, -1, 1, 2]), 4),
        order in Just(vec![0usize, 1, 2, 3]).prop_shuffle(),
    ) {
        let memory: Vec<usize> = sizes.iter().zip(&steps).map(|(size, step)| size * step.unsigned_abs()).collect();
        let mut all = counted(&memory);
        let order: Vec<usize> = order.into_iter().filter(|axis| *axis < sizes.len()).collect();
        let mut view = all.view_mut().permuted_axes(order.clone());
        for (axis, from) in order.iter().enumerate() {
            view.slice_axis_inplace(ndarray::Axis(axis), Slice::new(0, None, steps[*from]));
        }
        let (data, shape, strides) = (view.as_mut_ptr().cast::<c_void>(), view.shape().to_vec(), view.strides().to_vec());
        let expected = view.to_owned();
        drop(view);
        // SAFETY: the address, shape and strides are those of a view of `all`, which is not used meanwhile.
        let array = unsafe { ArrayRef::from_raw("array", data, DType::I32, &shape, &strides) }.unwrap();
        prop_assert_eq!(array.view::<i32>("array").unwrap(), expected.view());
        prop_assert_eq!(array.len(), expected.len());
        let mut copy = OwnedArray::zeros("copy", DType::I32, &shape).unwrap();
        copy.array_mut().assign("copy", &array).unwrap();
        prop_assert_eq!(copy.array_ref().view::<i32>("copy").unwrap(), expected.view());

        let doubled = OwnedArray::from_array("doubled", expected.mapv(|value| 2 * value)).unwrap();
        // SAFETY: as above, and nothing else uses `all` meanwhile.
        let mut array = unsafe { ArrayMut::from_raw("array", data, DType::I32, &shape, &strides) }.unwrap();
        array.assign("array", &doubled.array_ref()).unwrap();
        // SAFETY: as above.
        let array = unsafe { ArrayRef::from_raw("array", data, DType::I32, &shape, &strides) }.unwrap();
        prop_assert_eq!(array.view::<i32>("array").unwrap(), doubled.array_ref().view::<i32>("array").unwrap());
    }
}

#[test]
fn parts_and_orders_of_axes_are_those_of_views() {
    let values = counted(&[4, 3, 5]);
    let array = ArrayRef::of("array", values.view()).unwrap();
    assert_eq!(array.part(1, 1..3).view::<i32>("part").unwrap(), values.slice(s![.., 1..3, ..]).into_dyn());
    assert_eq!(array.part(0, 2..2).len(), 0);
    let order = array.permuted(&[2, 0, 1]);
    assert_eq!(order.view::<i32>("order").unwrap(), values.view().permuted_axes(vec![2, 0, 1]));

    let mut owned = OwnedArray::zeros("owned", DType::I32, &[4, 3, 5]).unwrap();
    let (mut low, mut high) = owned.array_mut().split_at(0, 1);
    low.assign("low", &array.part(0, 0..1)).unwrap();
    high.assign("high", &array.part(0, 1..4)).unwrap();
    assert_eq!(owned.into_array::<i32, IxDyn>().unwrap(), values);
}

/// Large arrays are copied by several threads.
#[test]
fn large_arrays_are_copied_whole() {
    let values = counted(&[7, 300, 301]).permuted_axes(vec![1, 2, 0]);
    let mut copy = OwnedArray::zeros("copy", DType::I32, values.shape()).unwrap();
    copy.array_mut().assign("copy", &ArrayRef::of("values", values.view()).unwrap()).unwrap();
    assert_eq!(copy.into_array::<i32, IxDyn>().unwrap(), values);
}

#[test]
fn what_cannot_be_an_array_is_an_error() {
    let mut values = [0_u16; 8];
    let data = values.as_mut_ptr().cast::<c_void>();
    let made = |data: *mut c_void, shape: &[usize], strides: &[isize]| {
        // SAFETY: only arrays within `values` are made, and none is used.
        unsafe { ArrayMut::from_raw("array", data, DType::U16, shape, strides) }.map(|array| array.len())
    };
    assert_eq!(made(data, &[2, 4], &[4, 1]), Ok(8));
    assert_eq!(made(std::ptr::null_mut(), &[2, 0], &[4, 1]), Ok(0));
    let text = |result: Result<usize, Error>| result.unwrap_err().to_string();
    assert_eq!(text(made(std::ptr::null_mut(), &[2, 4], &[4, 1])), "array: got data NULL, expected 8 values");
    let odd = data.wrapping_byte_add(1);
    assert!(text(made(odd, &[1], &[1])).ends_with("expected an address that is a multiple of 2"));
    assert_eq!(
        text(made(data, &[2, 4], &[2, 1])),
        "array: got strides [2, 1] for shape [2, 4], expected no two values in one place"
    );
    for (shape, strides) in [([usize::MAX, 2], [1, 1]), ([1 << 40, 1 << 40], [0, 0]), ([3, 1], [isize::MAX, 1])] {
        assert!(matches!(made(data, &shape, &strides), Err(Error::Overflow { .. })), "{shape:?}");
    }
    assert!(matches!(made(data, &[1; 7], &[1; 7]), Err(Error::Shape { .. })));
}

#[test]
fn types_are_not_confused() {
    let bytes = ndarray::arr1(&[0_u8, 7]).into_dyn();
    let truths = ndarray::arr1(&[false, true]).into_dyn();
    let (bytes, truths) =
        (ArrayRef::of("bytes", bytes.view()).unwrap(), ArrayRef::of("truths", truths.view()).unwrap());
    assert!(matches!(bytes.view::<i8>("bytes"), Err(Error::DataType { got: DType::U8, .. })));
    // A byte is not necessarily a valid `bool`, but a `bool` is a valid byte.
    assert!(bytes.view::<bool>("bytes").is_err());
    assert_eq!(truths.view::<u8>("truths").unwrap(), ndarray::arr1(&[0_u8, 1]).into_dyn());
    let mut to = OwnedArray::zeros("to", DType::Bool, &[2]).unwrap();
    assert!(to.array_mut().assign("to", &bytes).is_err());
    to.array_mut().assign("to", &truths).unwrap();
    assert_eq!(to.into_array::<bool, IxDyn>().unwrap(), ndarray::arr1(&[false, true]).into_dyn());
    assert!(OwnedArray::zeros("to", DType::U16, &[2]).unwrap().into_array::<i16, IxDyn>().is_err());
}

/// ndarray gives an array without elements strides of zero, so that no part of it moves its pointer, which leads nowhere.
#[test]
fn views_of_no_elements_never_move_their_pointer() {
    let mut values = ndarray::Array3::<f32>::zeros((2, 0, 3));
    let array = ArrayRef::of("array", values.view()).unwrap();
    assert_eq!(array.addresses(), 0..0);
    let view = array.view::<f32>("array").unwrap();
    assert_eq!(view.index_axis(ndarray::Axis(0), 1).as_ptr(), view.as_ptr());
    let five = array.five("array", 3).unwrap().bits::<u32>();
    assert_eq!(five.split_at(ndarray::Axis(2), 1).1.as_ptr(), five.as_ptr());
    let mut array = ArrayMut::of("array", values.view_mut()).unwrap();
    let mut view = array.view_mut::<f32>("array").unwrap();
    let first = view.as_mut_ptr();
    assert_eq!(view.index_axis_mut(ndarray::Axis(0), 1).as_mut_ptr(), first);
    let huge = ndarray::ArrayView2::<f64>::from_shape((isize::MAX as usize, 0), &[]).unwrap();
    assert!(ArrayRef::of("huge", huge).unwrap().view::<f64>("huge").unwrap().is_empty());
}
