//! Arrays of any type: access to their pixels, copies, and dividing them among threads.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use qlty_core::dynamic::{ArrayMut, ArrayRef, OwnedArray};
use qlty_core::{with_dtype, with_width};

use crate::pixel::Arithmetic;
use crate::{Error, Pixel, Result};

/// The pixels of an array in C order.
///
/// # Errors
/// [`Error::Core`] if they have a different type, [`Error::Argument`] if they are in a different order.
pub(crate) fn slice<'a, T: Pixel>(array: &ArrayRef<'a>) -> Result<&'a [T]> {
    let strides = array.strides();
    array.view::<T>("pixels")?.to_slice().ok_or_else(|| not_in_c_order(strides))
}

/// [`slice()`], mutable.
pub(crate) fn slice_mut<'a, T: Pixel>(array: &'a mut ArrayMut<'_>) -> Result<&'a mut [T]> {
    if !array.is_standard_layout() {
        return Err(not_in_c_order(array.strides()));
    }
    array.view_mut::<T>("pixels")?.into_slice().ok_or_else(|| not_in_c_order(&[]))
}

fn not_in_c_order(strides: &[isize]) -> Error {
    Error::argument("strides of the pixels", strides, "those of C order")
}

/// The bytes of the pixels of an array in C order.
///
/// # Errors
/// The errors of [`slice()`].
pub(crate) fn bytes_mut<'a>(array: &'a mut ArrayMut<'_>) -> Result<&'a mut [u8]> {
    Ok(with_dtype!(array.dtype(), T => T::bytes_mut(slice_mut::<T>(array)?)))
}

/// The array itself if it is in C order, or else a copy of it in `room`.
pub(crate) fn in_c_order<'a>(array: ArrayRef<'a>, room: &'a mut Option<OwnedArray>) -> Result<ArrayRef<'a>> {
    if array.is_standard_layout() {
        return Ok(array);
    }
    let copy = room.insert(OwnedArray::zeros("a copy in C order", array.dtype(), array.shape())?);
    copy.array_mut().assign("pixels", &array)?;
    Ok(copy.array_ref())
}

/// Copies the pixels of an array to one of the same shape and type, row by row.
pub(crate) fn copy_rows(to: ArrayMut<'_>, from: &ArrayRef<'_>) -> Result<()> {
    if to.shape() != from.shape() || to.dtype() != from.dtype() {
        let got = (from.dtype().zarr_name(), from.shape());
        return Err(Error::argument("pixels", got, format!("{} {:?}", to.dtype().zarr_name(), to.shape())));
    }
    let spatial = to.ndim().min(3);
    let (to, from) = (to.five("pixels", spatial)?, from.five("pixels", spatial)?);
    with_width!(from.dtype(), W => {
        // SAFETY: only elements of the same type are written.
        let (mut to, from) = (unsafe { to.bits::<W>() }, from.bits::<W>());
        for (mut to, from) in to.rows_mut().into_iter().zip(from.rows()) {
            match (from.to_slice(), to.as_slice_mut()) {
                (Some(from), Some(to)) => to.copy_from_slice(from),
                (_, _) => to.assign(&from),
            }
        }
    });
    Ok(())
}

/// Calls `each` in parallel with the parts of an array that have at most `len` elements along an axis, and with the
/// start of each. After an error no further part is started.
pub(crate) fn for_each_part(
    array: ArrayMut<'_>,
    axis: usize,
    len: usize,
    each: &(dyn Fn(usize, ArrayMut<'_>) -> Result<()> + Sync),
) -> Result<()> {
    fn divide(
        start: usize,
        array: ArrayMut<'_>,
        (axis, len): (usize, usize),
        failed: &AtomicBool,
        each: &(dyn Fn(usize, ArrayMut<'_>) -> Result<()> + Sync),
    ) -> Result<()> {
        let parts = array.shape()[axis].div_ceil(len);
        if parts <= 1 {
            if parts == 0 || failed.load(Relaxed) {
                return Ok(());
            }
            return each(start, array).inspect_err(|_| failed.store(true, Relaxed));
        }
        let half = parts / 2 * len;
        let (low, high) = array.split_at(axis, half);
        let (low, high) = rayon::join(
            || divide(start, low, (axis, len), failed, each),
            || divide(start + half, high, (axis, len), failed, each),
        );
        low.and(high)
    }
    divide(0, array, (axis, len.max(1)), &AtomicBool::new(false), each)
}

/// The cache size in bytes for decoded chunks of a level: 64 MiB for the largest, a quarter of the previous for each
/// smaller one.
pub(crate) fn cache_bytes(level: usize) -> usize {
    (64_usize << 20).checked_shr(2 * level as u32).unwrap_or(0)
}

/// Fails if a box is not within an array.
pub(crate) fn check_box(start: &[usize], shape: &[usize], whole: &[usize]) -> Result<()> {
    let fits = |axis: usize| start[axis].checked_add(shape[axis]).is_some_and(|end| end <= whole[axis]);
    if start.len() != whole.len() || shape.len() != whole.len() || !(0..whole.len()).all(fits) {
        let got = (start, shape);
        return Err(Error::argument("start and shape of a box", got, format!("a box within {whole:?}")));
    }
    Ok(())
}

/// A part of a box, and its start in the whole array.
#[derive(Debug)]
pub(crate) struct BoxPart<'a> {
    pub(crate) start: Vec<usize>,
    pub(crate) pixels: ArrayMut<'a>,
}

/// Splits a box that starts at `start` of an array at the chunk boundaries along some axes.
pub(crate) fn split_at_chunks<'a>(
    pixels: ArrayMut<'a>,
    start: &[usize],
    chunk: &[usize],
    axes: Range<usize>,
) -> Vec<BoxPart<'a>> {
    let mut parts = vec![BoxPart { start: start.to_vec(), pixels }];
    for axis in axes {
        let whole = std::mem::take(&mut parts);
        for BoxPart { mut start, pixels: mut rest } in whole {
            loop {
                let to_end = chunk[axis] - start[axis] % chunk[axis];
                if rest.shape()[axis] <= to_end {
                    parts.push(BoxPart { start, pixels: rest });
                    break;
                }
                let (first, second) = rest.split_at(axis, to_end);
                parts.push(BoxPart { start: start.clone(), pixels: first });
                start[axis] += to_end;
                rest = second;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use ndarray::{Array2, Array3, s};

    use super::*;

    #[test]
    fn parts_are_all_of_an_array_in_pieces_of_the_length() {
        let mut array = Array2::<u16>::zeros((11, 3));
        let seen = Mutex::new(Vec::new());
        for_each_part(ArrayMut::of("array", array.view_mut()).unwrap(), 0, 4, &|start, mut part| {
            seen.lock().unwrap().push((start, part.shape()[0]));
            slice_mut::<u16>(&mut part)?.fill(start as u16 + 1);
            Ok(())
        })
        .unwrap();
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, [(0, 4), (4, 4), (8, 3)]);
        assert!(
            array.outer_iter().enumerate().all(|(y, row)| row.iter().all(|pixel| *pixel as usize == y / 4 * 4 + 1))
        );
        let none = ArrayMut::of("array", array.slice_mut(s![..0, ..])).unwrap();
        for_each_part(none, 0, 4, &|_, _| Err(Error::argument("part", 0, "none"))).unwrap();
    }

    #[test]
    fn rows_of_any_strides_are_copied() {
        let from = Array3::from_shape_fn((2, 5, 7), |(z, y, x)| (z * 35 + y * 7 + x) as f32);
        let mut to = Array3::<f32>::zeros((2, 10, 7));
        let turned = from.slice(s![.., ..;-1, ..]);
        let target = ArrayMut::of("to", to.slice_mut(s![.., ..;2, ..;-1])).unwrap();
        copy_rows(target, &ArrayRef::of("from", turned).unwrap()).unwrap();
        assert_eq!(to.slice(s![.., ..;2, ..;-1]), turned);
        assert!(to.slice(s![.., 1..;2, ..]).iter().all(|pixel| *pixel == 0.0));
        let other = ArrayMut::of("to", to.slice_mut(s![.., ..;2, ..])).unwrap();
        assert!(copy_rows(other, &ArrayRef::of("from", from.mapv(f64::from).view()).unwrap()).is_err());
    }
}
