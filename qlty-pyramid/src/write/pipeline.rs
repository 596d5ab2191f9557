//! Concurrent reading, shrinking, compressing and writing, in bounded memory.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use qlty_core::Monitor;
use qlty_core::dynamic::{ArrayMut, ArrayRef, DType, OwnedArray};
use rayon::prelude::*;

use super::plan::Plan;
use super::plane_reader::PlaneReader;
use super::progress::Progress;
use super::run_state::RunState;
use super::shrink::{Fine, Method, shrink_plane};
use super::slab_writer::SlabWriter;
use super::statistics::Statistics;
use crate::arrays::for_each_part;
use crate::{Error, Result};

/// Computes the levels of an image and writes them.
///
/// It processes the planes of a time point in rounds of [`Plan::planes`]. While a round is written, the next is read
/// and shrunk; so two rounds are in memory, and all threads are busy. A round keeps the planes of the previous one that
/// are not in whole files yet, or from which a later coarser plane is computed.
pub(crate) struct Pipeline<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) method: Method,
    pub(crate) reader: &'a PlaneReader<'a>,
    pub(crate) sink: &'a dyn Sink,
    pub(crate) monitor: &'a Monitor,
}

/// The destination of the planes of the levels.
pub(crate) trait Sink: Sync {
    /// The number of planes in a file of a level.
    fn depth(&self, level: usize) -> usize;

    /// Writes planes of a level: whole files.
    fn write(&self, level: usize, slab: &Slab<'_>, monitor: &Monitor) -> Result<()>;

    /// The number of chunk files that were written, for each array.
    fn files(&self) -> Vec<u64>;
}

/// Planes of a level to be written.
#[derive(Debug)]
pub(crate) struct Slab<'a> {
    /// The time point.
    pub(crate) t: usize,
    /// The position of the first plane along Z.
    pub(crate) first: usize,
    /// (Z,C,Y,X) in C order.
    pub(crate) planes: ArrayRef<'a>,
    /// The same planes of the next level, if it has the same number of planes.
    pub(crate) coarser: Option<ArrayRef<'a>>,
}

/// An array for each level.
impl Sink for Vec<SlabWriter> {
    fn depth(&self, level: usize) -> usize {
        self[level].depth()
    }

    fn write(&self, level: usize, slab: &Slab<'_>, monitor: &Monitor) -> Result<()> {
        self[level].write(slab.t, slab.first, &slab.planes, monitor)
    }

    fn files(&self) -> Vec<u64> {
        self.iter().map(SlabWriter::files).collect()
    }
}

/// Why a run stopped.
struct Stop {
    error: Error,
    /// Whether what was written may be lost, so that no later progress must be noted.
    writing_failed: bool,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self { error, writing_failed: false }
    }
}

/// The planes of all levels that a round has in memory, and its statistics.
struct Round {
    levels: Vec<LevelPlanes>,
    /// The number of full-size planes that were read for it.
    read: usize,
    statistics: Vec<Statistics>,
}

/// Planes of one level.
struct LevelPlanes {
    /// (Z,C,Y,X), with a capacity that may exceed the number of planes.
    pixels: OwnedArray,
    /// The range of planes of the level that are in memory.
    first: usize,
    end: usize,
}

impl LevelPlanes {
    /// An empty set of planes of the shape (C,Y,X).
    fn none(dtype: DType, [c, y, x]: [usize; 3], first: usize) -> Result<Self> {
        Ok(Self { pixels: zeros(dtype, [0, c, y, x])?, first, end: first })
    }

    /// Makes room for planes up to `end`.
    fn reserve(&mut self, end: usize) -> Result<()> {
        let [room, c, y, x] = std::array::from_fn(|axis| self.pixels.shape()[axis]);
        if end - self.first > room {
            let mut larger = zeros(self.pixels.dtype(), [end - self.first, c, y, x])?;
            let kept = 0..self.end - self.first;
            larger.array_mut().part(0, kept.clone()).assign("planes", &self.pixels.array_ref().part(0, kept))?;
            self.pixels = larger;
        }
        Ok(())
    }

    /// Some of the planes.
    fn planes(&self, range: Range<usize>) -> ArrayRef<'_> {
        self.pixels.array_ref().part(0, range.start - self.first..range.end - self.first)
    }

    /// [`LevelPlanes::planes`], mutable.
    fn planes_mut(&mut self, range: Range<usize>) -> ArrayMut<'_> {
        let first = self.first;
        self.pixels.array_mut().part(0, range.start - first..range.end - first)
    }
}

fn zeros(dtype: DType, shape: [usize; 4]) -> Result<OwnedArray> {
    Ok(OwnedArray::zeros("planes of a level", dtype, &shape)?)
}

impl Pipeline<'_> {
    /// Writes everything that `progress` lacks, and notes the progress after rounds, and when it stops early.
    pub(crate) fn run(&self, mut progress: Progress, state: &RunState<'_>) -> Result<Progress> {
        match self.rounds(&mut progress, state) {
            Ok(()) => Ok(progress),
            Err(Stop { error, writing_failed }) => {
                if !writing_failed {
                    // Report the original error, not one from noting: the earlier state remains then.
                    let _ = state.note(&progress);
                }
                Err(error)
            }
        }
    }

    fn rounds(&self, progress: &mut Progress, state: &RunState<'_>) -> Result<(), Stop> {
        let earlier = progress.files.clone();
        let [times, _, depth, ..] = self.plan.shape;
        self.monitor.begin((times * depth) as u64);
        self.monitor.advance((progress.t * depth) as u64);
        while progress.t < times {
            let [mut now, mut next] = [self.empty(progress)?, self.empty(progress)?];
            self.monitor.advance(now.levels[0].first as u64);
            self.fill(&mut now, progress)?;
            loop {
                let more = now.levels[0].end < depth;
                let fill_next = || {
                    if more {
                        self.carry(&now, &mut next, progress)?;
                        self.fill(&mut next, progress)?;
                    }
                    Ok(())
                };
                let (written, filled) = rayon::join(|| self.write(&now, progress), fill_next);
                if let Err(error) = written {
                    let writing_failed = !matches!(error, Error::Core(_));
                    // An error of reading names one of the caller's files, so it is the one to report.
                    return Err(Stop { error: filled.err().unwrap_or(error), writing_failed });
                }
                self.monitor.advance(now.read as u64);
                progress.counted = progress.counted.max(now.levels[0].end);
                for (level, planes) in now.levels.iter().enumerate() {
                    progress.written[level] = progress.written[level].max(self.whole(level, planes.end));
                }
                for (sum, statistics) in progress.statistics.iter_mut().zip(&now.statistics) {
                    sum.merge(statistics);
                }
                progress.files = earlier.iter().zip(self.sink.files()).map(|(earlier, now)| earlier + now).collect();
                state.note_if_due(progress).map_err(|error| Stop { error, writing_failed: true })?;
                filled?;
                if !more {
                    break;
                }
                std::mem::swap(&mut now, &mut next);
            }
            progress.t += 1;
            progress.counted = 0;
            progress.written.fill(0);
        }
        Ok(())
    }

    /// The number of planes of a level in whole files after the first `end` planes.
    fn whole(&self, level: usize, end: usize) -> usize {
        let depth = self.plan.levels[level].size()[0];
        if end == depth { end } else { end - end % self.sink.depth(level) }
    }

    /// The first plane of a level that its coarser level needs for the plane `next` and later ones.
    fn needed(&self, level: usize, next: usize) -> usize {
        let (finer, coarser) = (&self.plan.levels[level], self.plan.levels.get(level + 1));
        match coarser {
            Some(coarser) if next < coarser.size()[0] => {
                self.method.support(next, coarser.factor[0], finer.size()[0]).start
            }
            _ => finer.size()[0],
        }
    }

    /// An empty round, from which a time point can be resumed.
    fn empty(&self, progress: &Progress) -> Result<Round> {
        let mut levels = Vec::new();
        let mut next = usize::MAX;
        for (level, written) in progress.written.iter().enumerate().rev() {
            let first = self.needed(level, next).min(*written);
            let [_, channels, _, height, width] = self.plan.levels[level].array.shape;
            levels.push(LevelPlanes::none(self.plan.dtype, [channels, height, width], first)?);
            next = first;
        }
        levels.reverse();
        Ok(Round { levels, read: 0, statistics: Vec::new() })
    }

    /// Copies to the round after `now` the planes of `now` that are not in whole files yet, or from which later coarser
    /// planes are computed.
    fn carry(&self, now: &Round, next: &mut Round, progress: &Progress) -> Result<()> {
        for (level, planes) in now.levels.iter().enumerate() {
            let written = self.whole(level, planes.end).max(progress.written[level]);
            let coarser = now.levels.get(level + 1).map_or(usize::MAX, |coarser| coarser.end);
            let first = written.min(self.needed(level, coarser)).min(planes.end);
            let target = &mut next.levels[level];
            (target.first, target.end) = (first, first);
            target.reserve(planes.end)?;
            target.planes_mut(first..planes.end).assign("planes", &planes.planes(first..planes.end))?;
            target.end = planes.end;
        }
        Ok(())
    }

    /// Reads the next full-size planes, counts their values, and computes the coarser planes from them.
    fn fill(&self, round: &mut Round, progress: &Progress) -> Result<()> {
        let [_, channels, depth, ..] = self.plan.shape;
        let finest = &mut round.levels[0];
        let from = finest.end;
        let to = (from + self.plan.planes).min(depth);
        finest.reserve(to)?;
        // As many as concurrent tasks, since each is half a megabyte.
        let counted = Mutex::new(Vec::new());
        let spare = || counted.lock().unwrap_or_else(PoisonError::into_inner);
        let none = || vec![Statistics::new(); channels];
        for_each_part(finest.planes_mut(from..to), 0, 1, &|index, planes| {
            self.monitor.check()?;
            let (z, mut planes) = (from + index, planes.index_axis(0, 0));
            self.reader.read(progress.t, z, planes.reborrow())?;
            if z >= progress.counted {
                let mut statistics: Vec<Statistics> = spare().pop().unwrap_or_else(none);
                for (c, statistics) in statistics.iter_mut().enumerate() {
                    statistics.add(&planes.array_ref().index_axis(0, c))?;
                }
                spare().push(statistics);
            }
            Ok(())
        })?;
        round.statistics = none();
        for counted in spare().iter() {
            round.statistics.iter_mut().zip(counted).for_each(|(all, counted)| all.merge(counted));
        }
        (round.read, finest.end) = (to - from, to);
        (1..round.levels.len()).try_for_each(|level| self.shrink(round, level))
    }

    /// Computes the planes of a level that can be computed from the planes of the previous level.
    fn shrink(&self, round: &mut Round, level: usize) -> Result<()> {
        let (finer, coarser) = round.levels.split_at_mut(level);
        let (finer, coarser) = (&finer[level - 1], &mut coarser[0]);
        let (size, target) = (self.plan.levels[level - 1].size(), &self.plan.levels[level]);
        let support = |at: usize| self.method.support(at, target.factor[0], size[0]);
        let from = coarser.end;
        let to = (from..target.size()[0]).find(|at| support(*at).end > finer.end).unwrap_or(target.size()[0]);
        coarser.reserve(to)?;
        for_each_part(coarser.planes_mut(from..to), 0, 1, &|index, planes| {
            let at = from + index;
            let fine = finer.planes(support(at));
            for_each_part(planes.index_axis(0, 0), 0, 1, &|c, plane| {
                self.monitor.check()?;
                let planes = (0..fine.shape()[0]).map(|z| fine.index_axis(0, z).index_axis(0, c));
                let fine = Fine { planes: planes.collect(), first: support(at).start, size };
                shrink_plane(self.method, &fine, target.factor, at, plane.index_axis(0, 0))
            })
        })?;
        coarser.end = to;
        Ok(())
    }

    /// Writes the whole files that are not written yet.
    fn write(&self, round: &Round, progress: &Progress) -> Result<()> {
        round.levels.par_iter().enumerate().try_for_each(|(level, planes)| {
            let (from, to) = (progress.written[level], self.whole(level, planes.end));
            if from >= to {
                return Ok(());
            }
            let coarser = self.plan.levels.get(level + 1).filter(|coarser| coarser.factor[0] == 1);
            let coarser = coarser.map(|_| round.levels[level + 1].planes(from..to));
            let slab = Slab { t: progress.t, first: from, planes: planes.planes(from..to), coarser };
            self.sink.write(level, &slab, self.monitor)
        })
    }
}
