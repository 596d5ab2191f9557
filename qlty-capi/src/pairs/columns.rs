//! Properties of pairs: columns of numbers, and where the patches lie.

use std::mem::MaybeUninit;

use ::qlty_pairs::dynamic::AnyPlacesMut;

use super::handle::qlty_pairs;
use crate::arguments::required;
use crate::array::{Arrays, qlty_array};
use crate::error::{Failure, guard, qlty_error, qlty_status};

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

/// The names of the columns, in the order of their numbers.
const COLUMNS: &str = "image_idx patch1_z patch1_y patch1_x patch2_z patch2_y patch2_x dx dy dz rotation mean1 sigma1 \
                       mean2 sigma2";

/// Fills `values`, (P) of type i64 or f64, with a value for each pair; `column` is a QLTY_COLUMN, which says the type.
/// Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT for NULL, if there is no such column, or if it is a column of statistics and
/// the pairs were not measured; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_column(
    pairs: Option<&qlty_pairs>,
    column: i32,
    values: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let (pairs, values) = (&required("pairs", pairs)?.0, arrays.output("values", values)?);
        let name = usize::try_from(column).ok().and_then(|column| COLUMNS.split(' ').nth(column));
        let name = name.ok_or_else(|| Failure::argument(format!("column: got {column}, expected a QLTY_COLUMN")))?;
        Ok(pairs.column_into(name, values)?)
    })
}

/// Stores where the patches of pairs lie, as qlty_pairs_extract_into does along with the patches.
///
/// `deltas` is (P, 2) or (P, 3) of type f32 and gets rows (dx, dy) or (dx, dy, dz): where the second patch starts
/// relative to the first. `rotations` is (P) of type i64. `positions1` and `positions2` are of type i64 and get rows
/// (y, x) or (z, y, x) or, with one more column, (n, y, x) or (n, z, y, x). Each may be NULL. Any thread.
///
/// Errors: QLTY_STATUS_INVALID_ARGUMENT if `pairs` is NULL or arrays overlap; QLTY_STATUS_SHAPE, QLTY_STATUS_DTYPE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qlty_pairs_places(
    pairs: Option<&qlty_pairs>,
    deltas: Option<&qlty_array>,
    rotations: Option<&qlty_array>,
    positions1: Option<&qlty_array>,
    positions2: Option<&qlty_array>,
    error: Option<&mut MaybeUninit<*mut qlty_error>>,
) -> qlty_status {
    guard(error, || {
        // SAFETY: the arrays are as the host promises for all calls.
        let mut arrays = unsafe { Arrays::of_call() };
        let pairs = &required("pairs", pairs)?.0;
        let places = AnyPlacesMut {
            deltas: arrays.optional_output("deltas", deltas)?,
            rotations: arrays.optional_output("rotations", rotations)?,
            positions1: arrays.optional_output("positions1", positions1)?,
            positions2: arrays.optional_output("positions2", positions2)?,
        };
        Ok(pairs.places_into(places)?)
    })
}
