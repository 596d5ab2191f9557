//! What is known of pairs: columns of numbers, and where the patches lie.

use ::qlty_pairs::{Column, Pair, Positions, Side, deltas, positions, rotations};
use ndarray::{Array1, ArrayViewMut1, ArrayViewMut2};
use qlty_core::{Rank, Spatial};

use super::handle::qlty_pairs;
use super::outputs::next;
use crate::array::qlty_array;
use crate::dtype::Typed;
use crate::error::{Failure, Outcome, borrow, guard, qlty_error, qlty_status};
use crate::quilt::check_shape;
use crate::rank::with_rank;

/// The image of each pair, of type i64.
pub const QLTY_COLUMN_IMAGE: i32 = 0;
/// Where the first patch starts along z, of volumes, of type i64.
pub const QLTY_COLUMN_Z1: i32 = 1;
/// Where the first patch starts along y, of type i64.
pub const QLTY_COLUMN_Y1: i32 = 2;
/// Where the first patch starts along x, of type i64.
pub const QLTY_COLUMN_X1: i32 = 3;
/// Where the second patch starts along z, of volumes, of type i64.
pub const QLTY_COLUMN_Z2: i32 = 4;
/// Where the second patch starts along y, of type i64.
pub const QLTY_COLUMN_Y2: i32 = 5;
/// Where the second patch starts along x, of type i64.
pub const QLTY_COLUMN_X2: i32 = 6;
/// The displacement along x, of type i64.
pub const QLTY_COLUMN_DX: i32 = 7;
/// The displacement along y, of type i64.
pub const QLTY_COLUMN_DY: i32 = 8;
/// The displacement along z, of volumes, of type i64.
pub const QLTY_COLUMN_DZ: i32 = 9;
/// The quarter turns of the second patch, 0 to 3, of type i64.
pub const QLTY_COLUMN_ROTATION: i32 = 10;
/// The mean of the first patch over channels and pixels, of type f64.
pub const QLTY_COLUMN_MEAN1: i32 = 11;
/// The sample standard deviation (n - 1) of the first patch, of type f64; NaN of a single pixel.
pub const QLTY_COLUMN_SIGMA1: i32 = 12;
/// The mean of the second patch, of type f64.
pub const QLTY_COLUMN_MEAN2: i32 = 13;
/// The sample standard deviation of the second patch, of type f64.
pub const QLTY_COLUMN_SIGMA2: i32 = 14;

/// The names of the columns, by their numbers.
const COLUMNS: [&str; 15] = [
    "image_idx",
    "patch1_z",
    "patch1_y",
    "patch1_x",
    "patch2_z",
    "patch2_y",
    "patch2_x",
    "dx",
    "dy",
    "dz",
    "rotation",
    "mean1",
    "sigma1",
    "mean2",
    "sigma2",
];

/// Fills `values`, (P) of type i64 or f64, with a value for each pair; `column` is a QLTY_COLUMN, which
/// says the type. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, where there is no such column, or where it is one of
/// statistics and the pairs were not measured; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
///
/// # Safety
/// `pairs` is NULL or pairs; `values` is NULL or an array whose values may be written; `error` is NULL
/// or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_column(
    pairs: *const qlty_pairs,
    column: i32,
    values: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let (pairs, values) = unsafe { (borrow("pairs", pairs)?, borrow("values", values)?) };
        let name = usize::try_from(column).ok().and_then(|column| COLUMNS.get(column));
        let none = || Failure::argument(format!("column: got {column}, expected a QLTY_COLUMN"));
        let name = name.ok_or_else(none)?;
        let (count, found) = with_rank!(&pairs.0, p, _D => (p.len(), p.column(name)));
        match found {
            None => Err(Failure::argument(format!("column: got {name}, expected another, since these are no volumes"))),
            // SAFETY: the caller's promise.
            Some(Column::Integers(column)) => unsafe { fill(values, &Array1::from(column)) },
            Some(Column::Numbers(column)) if column.len() == count => {
                // SAFETY: the caller's promise.
                unsafe { fill(values, &Array1::from(column)) }
            }
            Some(Column::Numbers(_)) => {
                let expected = "pairs with statistics; measure them with qlty_pairs_measure";
                Err(Failure::argument(format!("pairs: got pairs without {name}, expected {expected}")))
            }
        }
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The host's values may be written.
unsafe fn fill<T: Typed>(out: &qlty_array, column: &Array1<T>) -> Outcome {
    // SAFETY: the caller's promise.
    let mut out: ArrayViewMut1<'_, T> = unsafe { out.view_mut("values", &[]) }?;
    check_shape("values", out.shape(), column.shape())?;
    out.assign(column);
    Ok(())
}

/// Tells where the patches of pairs lie, as qlty_pairs_extract does beside the patches.
///
/// `deltas` is (P, 2) or (P, 3) of type f32 and gets rows (dx, dy) or (dx, dy, dz): where the second
/// patch starts relative to the first. `rotations` is (P) of type i64. `positions1` and `positions2` are
/// of type i64 and get rows (y, x) or (z, y, x) or, with a column more, (n, y, x) or (n, z, y, x). Each
/// may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT where `pairs` is NULL or arrays overlap; QLTY_STATUS_SHAPE,
/// QLTY_STATUS_DTYPE.
///
/// # Safety
/// `pairs` is NULL or pairs; the arrays are NULL or not used by others during the call; `error` is
/// NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_places(
    pairs: *const qlty_pairs,
    deltas: *const qlty_array,
    rotations: *const qlty_array,
    positions1: *const qlty_array,
    positions2: *const qlty_array,
    error: *mut *mut qlty_error,
) -> qlty_status {
    let body = || {
        // SAFETY: the caller's promise.
        let pairs = unsafe { borrow("pairs", pairs) }?;
        // SAFETY: the caller's promise.
        let arrays = unsafe { [deltas, rotations, positions1, positions2].map(|array| array.as_ref()) };
        // SAFETY: the caller's promise.
        with_rank!(&pairs.0, p, _D => unsafe { places(&p.pairs, arrays) })
    };
    // SAFETY: the caller's promise.
    unsafe { guard(error, body) }
}

/// # Safety
/// The values of the arrays may be written.
unsafe fn places<const D: usize>(pairs: &[Pair<D>], arrays: [Option<&qlty_array>; 4]) -> Outcome
where
    Spatial<D>: Rank,
{
    let [to_deltas, to_rotations, to_positions1, to_positions2] = arrays;
    let (count, mut others) = (pairs.len(), Vec::new());
    let mut deltas_out: Option<ArrayViewMut2<'_, f32>> = None;
    if let Some(array) = to_deltas {
        // SAFETY: the caller's promise.
        let view = deltas_out.insert(unsafe { next("deltas", array, &mut others) }?);
        check_shape("deltas", view.shape(), &[count, D])?;
    }
    let mut rotations_out: Option<ArrayViewMut1<'_, i64>> = None;
    if let Some(array) = to_rotations {
        // SAFETY: the caller's promise.
        let view = rotations_out.insert(unsafe { next("rotations", array, &mut others) }?);
        check_shape("rotations", view.shape(), &[count])?;
    }
    let mut positions_out: [Option<ArrayViewMut2<'_, i64>>; 2] = [None, None];
    for (i, array) in [to_positions1, to_positions2].into_iter().enumerate() {
        let (name, Some(array)) = (["positions1", "positions2"][i], array) else { continue };
        // SAFETY: the caller's promise.
        let view = positions_out[i].insert(unsafe { next(name, array, &mut others) }?);
        let columns = if view.ncols() == D + 1 { D + 1 } else { D };
        check_shape(name, view.shape(), &[count, columns])?;
    }
    if let Some(mut out) = deltas_out {
        out.assign(&deltas(pairs));
    }
    if let Some(mut out) = rotations_out {
        out.assign(&rotations(pairs));
    }
    for (out, side) in positions_out.into_iter().zip([Side::First, Side::Second]) {
        let Some(mut out) = out else { continue };
        let wanted = if out.ncols() == D { Positions::Pixels } else { Positions::WithImage };
        positions(pairs, side, wanted).into_iter().for_each(|positions| out.assign(&positions));
    }
    Ok(())
}
