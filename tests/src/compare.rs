//! Comparing arrays bit for bit, or within a tolerance, reporting where and how much they differ.

use ndarray::{ArrayBase, Data, Dimension};

use crate::sample::Sample;

/// Fails if two arrays differ in shape or in any bit, except that any NaN equals any NaN.
#[track_caller]
pub fn assert_same_bits<T, A, B, D, E>(what: &str, got: &ArrayBase<A, D>, expected: &ArrayBase<B, E>)
where
    T: Sample,
    A: Data<Elem = T>,
    B: Data<Elem = T>,
    D: Dimension,
    E: Dimension,
{
    assert_eq!(got.shape(), expected.shape(), "{what}: shape");
    let differing = || {
        let (got, expected) = (got.view().into_dyn(), expected.view().into_dyn());
        let positions = got.indexed_iter().map(|(at, _)| at).collect::<Vec<_>>();
        let pairs = positions.into_iter().map(move |at| (got[&at], expected[&at], at.slice().to_vec()));
        pairs.filter(|(g, e, _)| g.bits() != e.bits()).collect::<Vec<_>>()
    };
    if got.iter().zip(expected.iter()).any(|(g, e)| g.bits() != e.bits()) {
        let differing = differing();
        let (got, expected, at) = &differing[0];
        panic!("{what}: {} values differ; the first, at {at:?}, is {got:?}, not {expected:?}", differing.len());
    }
}

/// Fails if two arrays differ in shape, or by more than `tolerance * max(1, |expected|)` in any value. A NaN only
/// equals a NaN.
#[track_caller]
pub fn assert_close<T, U, A, B, D, E>(what: &str, got: &ArrayBase<A, D>, expected: &ArrayBase<B, E>, tolerance: f64)
where
    T: Sample,
    U: Sample,
    A: Data<Elem = T>,
    B: Data<Elem = U>,
    D: Dimension,
    E: Dimension,
{
    assert_apart(what, got, expected, |expected| tolerance * expected.abs().max(1.0));
}

/// Fails if two arrays differ in shape, or by more than `tolerance * |expected|` in any value: for values that are all
/// small, such as weights of 1e-8.
#[track_caller]
pub fn assert_relative<T, U, A, B, D, E>(what: &str, got: &ArrayBase<A, D>, expected: &ArrayBase<B, E>, tolerance: f64)
where
    T: Sample,
    U: Sample,
    A: Data<Elem = T>,
    B: Data<Elem = U>,
    D: Dimension,
    E: Dimension,
{
    assert_apart(what, got, expected, |expected| tolerance * expected.abs());
}

#[track_caller]
fn assert_apart<T, U, A, B, D, E>(
    what: &str,
    got: &ArrayBase<A, D>,
    expected: &ArrayBase<B, E>,
    allowed: impl Fn(f64) -> f64,
) where
    T: Sample,
    U: Sample,
    A: Data<Elem = T>,
    B: Data<Elem = U>,
    D: Dimension,
    E: Dimension,
{
    assert_eq!(got.shape(), expected.shape(), "{what}: shape");
    let expected = expected.view().into_dyn();
    let mut worst: Option<(f64, String)> = None;
    let mut differing = 0;
    for ((at, value), reference) in got.view().into_dyn().indexed_iter().zip(expected.iter()) {
        let (value, reference) = (value.number(), reference.number());
        let difference = (value - reference).abs();
        let within = difference <= allowed(reference) || value == reference || (value.is_nan() && reference.is_nan());
        if within {
            continue;
        }
        differing += 1;
        let difference = if difference.is_nan() { f64::INFINITY } else { difference };
        if worst.as_ref().is_none_or(|(most, _)| difference > *most) {
            let allowed = allowed(reference);
            let text =
                format!("at {:?}: {value:e}, not {reference:e}; {difference:e} apart, {allowed:e} allowed", at.slice());
            worst = Some((difference, text));
        }
    }
    if let Some((_, text)) = worst {
        panic!("{what}: {differing} of {} values differ; the worst, {text}", got.len());
    }
}

#[cfg(test)]
mod tests {
    use super::{assert_close, assert_relative, assert_same_bits};
    use ndarray::{arr1, arr2};

    fn fails(check: impl FnOnce() + std::panic::UnwindSafe) -> String {
        *std::panic::catch_unwind(check).unwrap_err().downcast::<String>().unwrap()
    }

    #[test]
    fn a_difference_is_found_and_placed() {
        let (a, b) = (arr2(&[[1.0_f32, 2.0], [3.0, 4.0]]), arr2(&[[1.0_f32, 2.0], [3.5, 4.0]]));
        let text = fails(|| assert_close("it", &a, &b, 1e-6));
        assert!(text.contains("1 of 4") && text.contains("[1, 0]"), "{text}");
        let text = fails(|| assert_same_bits("it", &a, &b));
        assert!(text.contains("1 values differ") && text.contains("[1, 0]"), "{text}");
        assert_close("it", &a, &b, 0.2);
    }

    #[test]
    fn nan_and_zero_are_told_apart() {
        fails(|| assert_close("it", &arr1(&[f32::NAN]), &arr1(&[1.0_f32]), 1e9));
        fails(|| assert_close("it", &arr1(&[1.0_f32]), &arr1(&[f32::NAN]), 1e9));
        assert_close("it", &arr1(&[f32::NAN]), &arr1(&[f32::NAN]), 0.0);
        fails(|| assert_same_bits("it", &arr1(&[0.0_f32]), &arr1(&[-0.0_f32])));
        fails(|| assert_relative("it", &arr1(&[2e-8_f32]), &arr1(&[1e-8_f32]), 1e-3));
        assert_close("it", &arr1(&[2e-8_f32]), &arr1(&[1e-8_f32]), 1e-3);
    }

    #[test]
    fn shapes_are_compared_first() {
        fails(|| assert_same_bits("it", &arr1(&[1_u8, 2]), &arr2(&[[1_u8, 2]])));
        fails(|| assert_close("it", &arr1::<f32>(&[]), &arr1(&[1.0_f32]), 1.0));
    }
}
