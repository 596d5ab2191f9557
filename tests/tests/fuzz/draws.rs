//! Choices that bytes make.

/// Bytes, taken from the front; 0 once there are none.
#[derive(Debug)]
pub(crate) struct Draws<'a>(&'a [u8]);

impl<'a> Draws<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `bound`, by two bytes.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (usize::from(self.byte()) << 8 | usize::from(self.byte())) % bound.max(1)
    }

    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.byte()) % choices.len()]
    }

    /// Whether something happens that happens once in so many times.
    pub(crate) fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }
}

/// Sets bytes anew, or cuts some off or puts some in.
pub(crate) fn damage(bytes: &mut Vec<u8>, draws: &mut Draws<'_>) {
    let at = match draws.byte() % 3 {
        // Headers are where damage does most.
        0 => draws.below(bytes.len().min(512)),
        1 => draws.below(bytes.len()),
        _ => bytes.len().saturating_sub(1 + draws.below(256)),
    };
    let at = at.min(bytes.len());
    match draws.byte() % 6 {
        0 => bytes.truncate(at),
        1 => bytes.insert(at, draws.byte()),
        2 => bytes.iter_mut().skip(at).take(4).for_each(|byte| *byte = 0xff),
        3 => bytes.iter_mut().skip(at).take(8).for_each(|byte| *byte = 0),
        4 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (draws.byte() % 8)),
        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = draws.byte()),
    }
}
