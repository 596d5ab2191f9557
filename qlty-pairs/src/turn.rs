//! Quarter turns of planes, counter-clockwise as in `numpy.rot90`, written row by row.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};
use qlty_core::Element;
use qlty_core::internal::stream::RowWriter;

/// The side of the blocks in which a plane is transposed: a cache line of small elements, and as many lines as a
/// processor can fetch at a time.
const BLOCK: usize = 8;

/// A rectangle of a plane: its first row and column, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) start: [usize; 2],
    pub(crate) size: [usize; 2],
}

impl Rect {
    /// The rectangle of a plane of size `plane` that becomes this rectangle when the plane is rotated.
    pub(crate) fn unturned(self, turns: u8, plane: [usize; 2]) -> Self {
        let ([y, x], [height, width]) = (self.start, self.size);
        let [from_bottom, from_right] = [plane[0].wrapping_sub(x + width), plane[1].wrapping_sub(y + height)];
        match turns {
            1 => Self { start: [x, from_right], size: [width, height] },
            2 => Self { start: [plane[0] - y - height, plane[1] - x - width], size: self.size },
            3 => Self { start: [from_bottom, y], size: [width, height] },
            _ => self,
        }
    }
}

/// A plane whose rows are slices.
pub(crate) struct Plane<'a, T>(ArrayView2<'a, T>);

impl<'a, T: Element> Plane<'a, T> {
    /// A plane of any strides; rows that are not contiguous are copied to `spare`.
    pub(crate) fn new(plane: ArrayView2<'a, T>, spare: &'a mut Vec<T>) -> Self {
        if plane.stride_of(Axis(1)) == 1 || plane.ncols() <= 1 {
            return Self(plane);
        }
        spare.clear();
        spare.extend(plane.iter());
        // The shape has as many elements as were copied.
        Self(ArrayView2::from_shape(plane.dim(), &spare[..]).unwrap_or(plane))
    }

    fn row(&self, y: usize) -> &'a [T] {
        self.0.index_axis_move(Axis(0), y).to_slice().unwrap_or_default()
    }

    /// The size after this number of quarter turns.
    fn turned_size(&self, turns: u8) -> [usize; 2] {
        let (height, width) = self.0.dim();
        if turns % 2 == 1 { [width, height] } else { [height, width] }
    }

    /// Writes the rotated plane.
    pub(crate) fn write_turned(&self, turns: u8, writer: &mut RowWriter<'_, T>) {
        let [height, width] = self.turned_size(turns);
        let mut y = 0;
        while y < height {
            let count = (writer.room() / width).min(height - y);
            writer.write(count * width, |to| self.turned_rows(turns, y..y + count, to));
            y += count;
        }
    }

    /// Some rows of the rotated plane, one after the other.
    #[inline(always)]
    pub(crate) fn turned_rows(&self, turns: u8, rows: Range<usize>, to: &mut [T]) {
        let (height, width) = self.0.dim();
        match turns {
            0 => rows.zip(to.chunks_exact_mut(width)).for_each(|(y, to)| copy_row(to, self.row(y))),
            2 => {
                for (y, to) in rows.zip(to.chunks_exact_mut(width)) {
                    reverse_row(to, self.row(height - 1 - y));
                }
            }
            _ => self.transposed_rows(turns == 1, rows, to),
        }
    }

    /// Some rows of the plane rotated once (`upwards`: a row of the result is a column read from below) or three times.
    #[inline(always)]
    fn transposed_rows(&self, upwards: bool, rows: Range<usize>, to: &mut [T]) {
        let (height, width) = self.0.dim();
        // Row y of the result is this column, and column x this row.
        let column = |y: usize| if upwards { width - 1 - y } else { y };
        let row = |x: usize| self.row(if upwards { x } else { height - 1 - x });
        if height < BLOCK || rows.len() < BLOCK {
            for (to, y) in to.chunks_exact_mut(height).zip(rows) {
                to.iter_mut().enumerate().for_each(|(x, to)| *to = row(x)[column(y)]);
            }
            return;
        }
        // In memory order, so that the next rows can be prefetched.
        let stride = self.0.stride_of(Axis(0));
        for x in starts(height) {
            let x = if upwards { x } else { height - BLOCK - x };
            let from: [&[T]; BLOCK] = std::array::from_fn(|i| row(x + i));
            from.iter().for_each(|row| fetch_ahead(row, stride));
            for y in starts(rows.len()) {
                let first = column(rows.start + y).min(column(rows.start + y + BLOCK - 1));
                let mut block = [[T::default(); BLOCK]; BLOCK];
                for (block, from) in block.iter_mut().zip(from) {
                    block.copy_from_slice(&from[first..first + BLOCK]);
                }
                for i in 0..BLOCK {
                    let k = column(rows.start + y + i) - first;
                    let at = (y + i) * height + x;
                    let line: [T; BLOCK] = std::array::from_fn(|j| block[j][k]);
                    to[at..at + BLOCK].copy_from_slice(&line);
                }
            }
        }
    }
}

/// Prefetches a row a few rows after this one: a block of rows is read at once, in runs too short for the hardware
/// prefetcher.
#[inline(always)]
fn fetch_ahead<T>(row: &[T], stride: isize) {
    const ROWS: isize = 2 * BLOCK as isize;
    let _ = stride;
    #[cfg(target_arch = "x86_64")]
    for line in (0..size_of_val(row)).step_by(64) {
        let wanted = row.as_ptr().wrapping_offset(ROWS * stride).cast::<i8>().wrapping_add(line);
        // SAFETY: a prefetch is a hint that reads nothing and faults at no address; the pointer is computed with
        // wrapping arithmetic and never dereferenced. SSE is part of x86-64.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(wanted) };
    }
}

/// The starts of blocks that cover `len` values, which is at least one block: the last block overlaps the previous one
/// if they do not fit exactly.
#[inline(always)]
fn starts(len: usize) -> impl Iterator<Item = usize> {
    (0..len.div_ceil(BLOCK)).map(move |i| (i * BLOCK).min(len - BLOCK))
}

/// Copies a row; short ones block by block, which avoids a call to `memcpy`.
#[inline(always)]
fn copy_row<T: Copy>(to: &mut [T], from: &[T]) {
    const BLOCK: usize = 16;
    const SHORT_BYTES: usize = 512;
    if size_of_val(from) > SHORT_BYTES || from.len() < BLOCK {
        return to.copy_from_slice(from);
    }
    for (to, from) in to.as_chunks_mut::<BLOCK>().0.iter_mut().zip(from.as_chunks::<BLOCK>().0) {
        *to = *from;
    }
    // The last block overlaps the previous one if they do not fit exactly.
    let last = from.len() - BLOCK;
    to[last..].copy_from_slice(&from[last..][..BLOCK]);
}

/// Copies a row in reverse order.
#[inline(always)]
fn reverse_row<T: Copy>(to: &mut [T], from: &[T]) {
    if from.len() < BLOCK {
        return to.iter_mut().zip(from.iter().rev()).for_each(|(to, from)| *to = *from);
    }
    for at in starts(from.len()) {
        let end = from.len() - at;
        let block: [T; BLOCK] = std::array::from_fn(|i| from[end - BLOCK..end][BLOCK - 1 - i]);
        to[at..at + BLOCK].copy_from_slice(&block);
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, ArrayViewMut5, s};

    use super::{Plane, Rect};
    use qlty_core::internal::stream::RowWriter;

    /// The plane rotated by the definition: out[i, j] = m[j, columns - 1 - i].
    fn turned(plane: &Array2<u16>, turns: u8) -> Array2<u16> {
        let once = |m: Array2<u16>| Array2::from_shape_fn((m.ncols(), m.nrows()), |(i, j)| m[[j, m.ncols() - 1 - i]]);
        (0..turns).fold(plane.clone(), |plane, _| once(plane))
    }

    fn written(plane: ndarray::ArrayView2<'_, u16>, turns: u8, streaming: bool) -> Array2<u16> {
        let size = if turns % 2 == 1 { [plane.ncols(), plane.nrows()] } else { [plane.nrows(), plane.ncols()] };
        let mut out = Array2::zeros(size);
        let mut five: ArrayViewMut5<'_, u16> =
            out.view_mut().into_shape_with_order((1, 1, 1, size[0], size[1])).unwrap();
        let mut spare = Vec::new();
        let mut writer = RowWriter::new(&mut five, streaming);
        Plane::new(plane, &mut spare).write_turned(turns, &mut writer);
        writer.finish();
        out
    }

    #[test]
    fn turns_and_their_rectangles() {
        for (height, width) in [(1, 1), (3, 5), (8, 8), (9, 17), (16, 7), (40, 40), (130, 90)] {
            let plane = Array2::from_shape_fn((height, width), |(y, x)| (y * width + x) as u16);
            for turns in 0..4 {
                let expected = turned(&plane, turns);
                for streaming in [false, true] {
                    assert_eq!(written(plane.view(), turns, streaming), expected);
                    let flipped = plane.t().as_standard_layout().to_owned();
                    assert_eq!(written(flipped.t(), turns, streaming), expected);
                }
                let (rows, columns) = expected.dim();
                let rect = Rect { start: [rows / 3, columns / 4], size: [rows - rows / 2, columns - columns / 3] };
                let from = rect.unturned(turns, [height, width]);
                let of = |r: Rect| s![r.start[0]..r.start[0] + r.size[0], r.start[1]..r.start[1] + r.size[1]];
                assert_eq!(written(plane.slice(of(from)), turns, false), expected.slice(of(rect)));
            }
        }
    }
}
