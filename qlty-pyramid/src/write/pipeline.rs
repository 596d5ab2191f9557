//! Reading, shrinking, compressing and writing at the same time, in bounded memory.

use std::ops::Range;

use ndarray::Ix1;
use qlty_core::Monitor;
use qlty_core::array::zeros;
use rayon::prelude::*;

use crate::plan::Plan;
use crate::reader::Reader;
use crate::shrink::{Fine, shrink_plane};
use crate::slab_writer::SlabWriter;
use crate::statistics::Statistics;
use crate::{Error, Method, Pixel, Result};

/// Makes the levels of an image and writes them.
///
/// It goes through the planes of a time point in rounds of [`Plan::planes`]. While a round is written, the
/// next is read and shrunk; so two rounds are in memory, and all threads have work.
pub(crate) struct Pipeline<'a, T> {
    pub(crate) plan: &'a Plan,
    pub(crate) method: Method,
    pub(crate) reader: &'a Reader<'a>,
    pub(crate) sink: &'a dyn Sink<T>,
    pub(crate) monitor: &'a Monitor,
}

/// Where the planes of the levels go.
pub(crate) trait Sink<T>: Sync {
    /// How many planes deep the files of a level are.
    fn depth(&self, level: usize) -> usize;

    /// Writes planes of a level, (Z,C,Y,X), from the time point and plane `at` on: whole files. Where the next
    /// level has as many planes, `coarser` are the same planes of it.
    fn write(
        &self,
        level: usize,
        at: (usize, usize),
        planes: &[T],
        coarser: Option<&[T]>,
        monitor: &Monitor,
    ) -> Result<()>;
}

/// An array for each level.
impl<T: Pixel> Sink<T> for Vec<SlabWriter<T>> {
    fn depth(&self, level: usize) -> usize {
        self[level].depth()
    }

    fn write(
        &self,
        level: usize,
        (t, from): (usize, usize),
        planes: &[T],
        _coarser: Option<&[T]>,
        monitor: &Monitor,
    ) -> Result<()> {
        self[level].write(t, from, planes, monitor)
    }
}

/// How far a run has come.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    /// The time point at work; those before are written.
    pub(crate) t: usize,
    /// For each level, how many planes of the time point are written: whole files.
    pub(crate) written: Vec<usize>,
    /// How many planes of the time point's full size are in the statistics.
    pub(crate) counted: usize,
    /// One a channel.
    pub(crate) statistics: Vec<Statistics>,
}

impl Progress {
    pub(crate) fn new(plan: &Plan) -> Self {
        let statistics = vec![Statistics::new(); plan.shape[1]];
        Self { t: 0, written: vec![0; plan.levels.len()], counted: 0, statistics }
    }
}

/// The planes of all levels that a round has in memory, and what it counted.
struct Round<T> {
    levels: Vec<Planes<T>>,
    /// How many planes of the full size were read for it.
    read: usize,
    statistics: Vec<Statistics>,
}

/// Planes of one level, (Z,C,Y,X).
struct Planes<T> {
    /// May be longer than the planes are.
    pixels: Vec<T>,
    /// The planes of the level that are here.
    first: usize,
    end: usize,
}

impl<T: Pixel> Planes<T> {
    /// Makes room for planes up to `end`, of so many pixels each.
    fn reserve(&mut self, end: usize, plane: usize) -> Result<()> {
        let pixels = qlty_core::array::product("planes of a level", &[end - self.first, plane])?;
        if pixels > self.pixels.len() {
            let mut larger = zeros::<T, Ix1>("planes of a level", &[pixels])?.into_raw_vec_and_offset().0;
            let kept = (self.end - self.first) * plane;
            larger[..kept].copy_from_slice(&self.pixels[..kept]);
            self.pixels = larger;
        }
        Ok(())
    }
}

impl<T: Pixel> Pipeline<'_, T> {
    /// Writes all that `progress` lacks, and calls `note` whenever a round is written.
    pub(crate) fn run(&self, mut progress: Progress, note: impl Fn(&Progress) -> Result<()>) -> Result<Progress> {
        let [times, _, depth, ..] = self.plan.shape;
        self.monitor.begin((times * depth) as u64);
        self.monitor.advance((progress.t * depth) as u64);
        while progress.t < times {
            let [mut now, mut next] = [self.empty(&progress), self.empty(&progress)];
            self.monitor.advance(now.levels[0].first as u64);
            self.fill(&mut now, &progress)?;
            loop {
                let more = now.levels[0].end < depth;
                let fill_next = || {
                    if more {
                        self.carry(&now, &mut next, &progress)?;
                        self.fill(&mut next, &progress)?;
                    }
                    Ok(())
                };
                let (written, filled) = rayon::join(|| self.write(&now, &progress), fill_next);
                if let Err(error) = written {
                    // What could not be read names a file of the caller's.
                    return Err(filled.err().unwrap_or(error));
                }
                self.monitor.advance(now.read as u64);
                progress.counted = progress.counted.max(now.levels[0].end);
                for (level, planes) in now.levels.iter().enumerate() {
                    progress.written[level] = progress.written[level].max(self.whole(level, planes.end));
                }
                for (sum, statistics) in progress.statistics.iter_mut().zip(&now.statistics) {
                    sum.merge(statistics);
                }
                note(&progress)?;
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
        Ok(progress)
    }

    /// How many planes of a level are in whole files, when so many are made.
    fn whole(&self, level: usize, end: usize) -> usize {
        let depth = self.plan.levels[level].size()[0];
        if end == depth { end } else { end - end % self.sink.depth(level) }
    }

    /// The first plane of a level that its coarser level needs for the plane `next` and those after it.
    fn needed(&self, level: usize, next: usize) -> usize {
        let (finer, coarser) = (&self.plan.levels[level], self.plan.levels.get(level + 1));
        match coarser {
            Some(coarser) if next < coarser.size()[0] => {
                self.method.support(next, coarser.factor[0], finer.size()[0]).start
            }
            _ => finer.size()[0],
        }
    }

    /// A round of no planes, from which a time point can be gone on with.
    fn empty(&self, progress: &Progress) -> Round<T> {
        let mut levels = Vec::new();
        let mut next = usize::MAX;
        for (level, written) in progress.written.iter().enumerate().rev() {
            let first = self.needed(level, next).min(*written);
            levels.push(Planes { pixels: Vec::new(), first, end: first });
            next = first;
        }
        levels.reverse();
        Round { levels, read: 0, statistics: Vec::new() }
    }

    /// Copies to the round after `now` the planes of `now` that are not in whole files yet, or that coarser
    /// planes still to come are made of.
    fn carry(&self, now: &Round<T>, next: &mut Round<T>, progress: &Progress) -> Result<()> {
        for (level, planes) in now.levels.iter().enumerate() {
            let written = self.whole(level, planes.end).max(progress.written[level]);
            let coarser = now.levels.get(level + 1).map_or(usize::MAX, |coarser| coarser.end);
            let first = written.min(self.needed(level, coarser)).min(planes.end);
            let plane = self.plane(level);
            let kept = &planes.pixels[(first - planes.first) * plane..(planes.end - planes.first) * plane];
            let target = &mut next.levels[level];
            (target.first, target.end) = (first, first);
            target.reserve(planes.end, plane)?;
            target.pixels[..kept.len()].copy_from_slice(kept);
            target.end = planes.end;
        }
        Ok(())
    }

    /// The pixels of a plane of all channels.
    fn plane(&self, level: usize) -> usize {
        let [_, channels, _, height, width] = self.plan.levels[level].array.shape;
        channels * height * width
    }

    /// Reads the next planes of the full size, counts their values, and makes of them the coarser planes.
    fn fill(&self, round: &mut Round<T>, progress: &Progress) -> Result<()> {
        let [_, channels, depth, height, width] = self.plan.shape;
        let plane = self.plane(0);
        let finest = &mut round.levels[0];
        let from = finest.end;
        let to = (from + self.plan.planes).min(depth);
        finest.reserve(to, plane)?;
        let new = &mut finest.pixels[(from - finest.first) * plane..(to - finest.first) * plane];
        let none = || vec![Statistics::new(); channels];
        let counted = new.par_chunks_exact_mut(plane).zip(from..to).try_fold(none, |mut statistics, (planes, z)| {
            self.monitor.check()?;
            self.reader.read(progress.t, z, planes)?;
            if z >= progress.counted {
                for (statistics, plane) in statistics.iter_mut().zip(planes.chunks_exact(height * width)) {
                    statistics.add(plane, width);
                }
            }
            Ok::<_, Error>(statistics)
        });
        round.statistics = counted.try_reduce(none, |mut all, statistics| {
            all.iter_mut().zip(&statistics).for_each(|(all, statistics)| all.merge(statistics));
            Ok(all)
        })?;
        (round.read, finest.end) = (to - from, to);
        (1..round.levels.len()).try_for_each(|level| self.shrink(round, level))
    }

    /// Makes the planes of a level that can be made of what there is of the level before.
    fn shrink(&self, round: &mut Round<T>, level: usize) -> Result<()> {
        let (finer, coarser) = round.levels.split_at_mut(level);
        let (finer, coarser) = (&finer[level - 1], &mut coarser[0]);
        let (size, target) = (self.plan.levels[level - 1].size(), &self.plan.levels[level]);
        let support = |at: usize| self.method.support(at, target.factor[0], size[0]);
        let from = coarser.end;
        let to = (from..target.size()[0]).find(|at| support(*at).end > finer.end).unwrap_or(target.size()[0]);
        coarser.reserve(to, self.plane(level))?;
        let [_, channels, _, height, width] = target.array.shape;
        let plane = self.plane(level);
        let new = &mut coarser.pixels[(from - coarser.first) * plane..(to - coarser.first) * plane];
        let finer_plane = size[1] * size[2];
        new.par_chunks_exact_mut(height * width).enumerate().try_for_each(|(index, plane)| {
            self.monitor.check()?;
            let (at, c) = (from + index / channels, index % channels);
            let planes = support(at).map(|z| {
                let start = ((z - finer.first) * channels + c) * finer_plane;
                &finer.pixels[start..start + finer_plane]
            });
            let fine = Fine { planes: planes.collect(), first: support(at).start, size };
            shrink_plane(self.method, &fine, target.factor, at, plane);
            Ok::<(), Error>(())
        })?;
        coarser.end = to;
        Ok(())
    }

    /// Writes the whole files that are not written yet.
    fn write(&self, round: &Round<T>, progress: &Progress) -> Result<()> {
        round.levels.par_iter().enumerate().try_for_each(|(level, planes)| {
            let (from, to) = (progress.written[level], self.whole(level, planes.end));
            if from >= to {
                return Ok(());
            }
            let coarser = self.plan.levels.get(level + 1).filter(|coarser| coarser.factor[0] == 1);
            let coarser = coarser.map(|_| self.pixels(round, level + 1, from..to));
            let pixels = self.pixels(round, level, from..to);
            self.sink.write(level, (progress.t, from), pixels, coarser, self.monitor)
        })
    }

    /// Some of the planes of a level that are in memory.
    fn pixels<'r>(&self, round: &'r Round<T>, level: usize, range: Range<usize>) -> &'r [T] {
        let (planes, plane) = (&round.levels[level], self.plane(level));
        &planes.pixels[(range.start - planes.first) * plane..(range.end - planes.first) * plane]
    }
}
