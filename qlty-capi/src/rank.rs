//! Two or three spatial axes, which the host tells when the program runs.

use crate::error::{Failure, Outcome, size};

/// Something of either number of spatial axes.
#[derive(Debug)]
pub(crate) enum Ranked<Two, Three> {
    Two(Two),
    Three(Three),
}

/// Runs a body with `$value` standing for what is in a [`Ranked`] and `$D` for its number of spatial
/// axes.
macro_rules! with_rank {
    ($ranked:expr, $value:ident, $D:ident => $body:expr) => {
        match $ranked {
            $crate::rank::Ranked::Two($value) => {
                const $D: usize = 2;
                $body
            }
            $crate::rank::Ranked::Three($value) => {
                const $D: usize = 3;
                $body
            }
        }
    };
}
pub(crate) use with_rank;

/// Fails where a number of spatial axes is none.
pub(crate) fn check_ndim(ndim: i32) -> Outcome {
    match ndim {
        2 | 3 => Ok(()),
        other => Err(Failure::argument(format!("ndim: got {other}, expected 2 or 3"))),
    }
}

/// As many sizes as there are spatial axes, out of a list that has room for more.
pub(crate) fn sizes<const D: usize>(name: &str, values: &[i64]) -> Outcome<[usize; D]> {
    let mut sizes = [0; D];
    for (to, value) in sizes.iter_mut().zip(values) {
        *to = size(name, *value)?;
    }
    Ok(sizes)
}
