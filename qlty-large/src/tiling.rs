//! How a result is divided into tiles, chunks and files.

use std::ops::Range;

use qlty_core::array::product;
use qlty_core::region::PixelBox;
use qlty_core::{Error, Quilt, Rank, Result, Spatial};

use crate::Shard;

/// The bytes of results of a default tile, unless the result is so large that there would be too many files.
const TILE_BYTES: usize = 1 << 20;

/// The most bytes of a default tile.
const MOST_TILE_BYTES: usize = 16 << 20;

/// How many tiles a result has before its tiles grow.
const MANY_TILES: usize = 8192;

/// A default tile is not divided below this length, but to fit [`MOST_TILE_BYTES`].
const LEAST_LENGTH: usize = 16;

/// The sizes of tiles, chunks and shards in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shapes<const D: usize> {
    pub(crate) tile: [usize; D],
    pub(crate) chunk: [usize; D],
    pub(crate) shard: Option<[usize; D]>,
}

impl<const D: usize> Shapes<D> {
    /// The shapes asked for, and where none is asked for the default for pixels of `bytes`, all channels of one
    /// together.
    pub(crate) fn new(
        (images, size): (usize, [usize; D]),
        bytes: usize,
        tile: Option<[usize; D]>,
        chunk: Option<[usize; D]>,
        shard: Option<[usize; D]>,
    ) -> Result<Self> {
        for (name, shape) in [("tile", tile), ("chunk", chunk), ("shard", shard)] {
            if let Some(shape) = shape.filter(|shape| shape.contains(&0)) {
                return Err(Error::argument(format!("{name} shape"), shape, "sizes of at least 1"));
            }
        }
        if chunk.is_none() && shard.is_some() {
            return Err(Error::argument("shard shape", shard, "none, unless there is a chunk shape"));
        }
        let file = shard.or(chunk);
        let tile = tile.unwrap_or_else(|| {
            let tile = default_tile(images, size, bytes);
            std::array::from_fn(|d| file.map_or(tile[d], |file| tile[d].next_multiple_of(file[d])))
        });
        let shapes = Self { tile, chunk: chunk.unwrap_or(tile), shard };
        let multiple = |of: [usize; D], part: [usize; D]| (0..D).all(|d| of[d].is_multiple_of(part[d]));
        if !multiple(shapes.file(), shapes.chunk) {
            return Err(Error::argument("shard shape", shard, format!("a multiple of the chunk, {:?}", shapes.chunk)));
        }
        if !multiple(tile, shapes.file()) {
            let expected = format!("a multiple of the chunk or shard, {:?}", shapes.file());
            return Err(Error::argument("tile shape", tile, expected));
        }
        Ok(shapes)
    }

    /// What makes one file.
    pub(crate) fn file(&self) -> [usize; D] {
        self.shard.unwrap_or(self.chunk)
    }
}

fn default_tile<const D: usize>(images: usize, size: [usize; D], bytes: usize) -> [usize; D] {
    let longest = if D == 2 { 1024 } else { 128 };
    let mut tile = size.map(|size| size.min(longest));
    let all = size.iter().fold(images.saturating_mul(bytes), |product, size| product.saturating_mul(*size));
    let wanted = (all / MANY_TILES).clamp(TILE_BYTES, MOST_TILE_BYTES);
    loop {
        let tile_bytes = tile.iter().fold(bytes, |product, size| product.saturating_mul(*size));
        let longest = tile.iter_mut().max();
        match longest {
            Some(length)
                if tile_bytes > wanted && (*length > LEAST_LENGTH || tile_bytes > MOST_TILE_BYTES) && *length > 1 =>
            {
                *length = length.div_ceil(2);
            }
            _ => return tile,
        }
    }
}

/// The tiles of a batch, counted in C order over (n, z, y, x).
#[derive(Debug, Clone)]
pub(crate) struct Tiling<const D: usize> {
    size: [usize; D],
    tile: [usize; D],
    /// How many tiles an image has along each axis.
    counts: [usize; D],
    per_image: usize,
    /// The tiles of this worker.
    pub(crate) own: Range<usize>,
}

impl<const D: usize> Tiling<D>
where
    Spatial<D>: Rank,
{
    pub(crate) fn new(images: usize, size: [usize; D], tile: [usize; D], shard: Shard) -> Result<Self> {
        let counts = std::array::from_fn(|d| size[d].div_ceil(tile[d]));
        let per_image = product("tiles of an image", &counts)?;
        let all = product("tiles of a batch", &[images, per_image])?;
        // Neighbours share patches, so a worker has tiles that lie together.
        let bound = |index: usize| (all as u128 * index as u128 / shard.count as u128) as usize;
        Ok(Self { size, tile, counts, per_image, own: bound(shard.index)..bound(shard.index + 1) })
    }

    /// Where a tile is in the grid of tiles of its image.
    pub(crate) fn place(&self, tile: usize) -> (usize, [usize; D]) {
        let mut rest = tile % self.per_image;
        let mut place = [0; D];
        for (at, count) in place.iter_mut().zip(&self.counts).rev() {
            (*at, rest) = (rest % count, rest / count);
        }
        (tile / self.per_image, place)
    }

    /// The pixels of a tile.
    pub(crate) fn pixels(&self, tile: usize) -> PixelBox<D> {
        let (image, place) = self.place(tile);
        let start = std::array::from_fn(|d| place[d] * self.tile[d]);
        PixelBox { image, start, size: std::array::from_fn(|d| (self.size[d] - start[d]).min(self.tile[d])) }
    }

    /// The tiles of this worker that a patch reaches, ascending.
    pub(crate) fn reached(&self, quilt: &Quilt<D>, patch: usize) -> impl Iterator<Item = usize> + use<D> {
        let (position, window) = (quilt.position(patch), quilt.window());
        let along = |d: usize| {
            let start = position.start[d];
            start / self.tile[d]..(start + window[d] - 1) / self.tile[d] + 1
        };
        let mut tiles = vec![position.image];
        for d in 0..D {
            let each = |tile: usize| along(d).map(move |at| (tile, at));
            tiles = tiles.into_iter().flat_map(each).map(|(tile, at)| tile * self.counts[d] + at).collect();
        }
        let own = self.own.clone();
        tiles.into_iter().filter(move |tile| own.contains(tile))
    }
}

/// The patches that reach a tile, counted in the order of their index.
#[derive(Debug, Clone)]
pub(crate) struct Reaching<const D: usize> {
    quilt: Quilt<D>,
    image: usize,
    windows: [Range<usize>; D],
}

impl<const D: usize> Reaching<D>
where
    Spatial<D>: Rank,
{
    pub(crate) fn new(quilt: &Quilt<D>, of: &PixelBox<D>) -> Result<Self> {
        Ok(Self { quilt: *quilt, image: of.image, windows: quilt.windows_reaching(of.start, of.size)? })
    }

    pub(crate) fn len(&self) -> usize {
        self.windows.iter().map(ExactSizeIterator::len).product()
    }

    /// The number among these of a patch that reaches the tile.
    pub(crate) fn number(&self, patch: usize) -> usize {
        let (_, window) = self.quilt.grid_place(patch);
        (0..D).fold(0, |number, d| number * self.windows[d].len() + window[d] - self.windows[d].start)
    }

    /// The patch of a number.
    pub(crate) fn patch(&self, mut number: usize) -> usize {
        let mut window = [0; D];
        for (at, windows) in window.iter_mut().zip(&self.windows).rev() {
            *at = windows.start + number % windows.len();
            number /= windows.len();
        }
        let counts = self.quilt.counts();
        (0..D).fold(self.image, |patch, d| patch * counts[d] + window[d])
    }

    /// All of them, ascending.
    pub(crate) fn patches(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).map(|number| self.patch(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qlty_core::{NcyxQuilt, NczyxQuilt};

    #[test]
    fn default_tiles_of_a_mebibyte() {
        let tile = |images, size: [usize; 2], bytes| default_tile(images, size, bytes);
        assert_eq!(tile(4, [1024, 1024], 12), [256, 256]);
        assert_eq!(tile(1, [300, 100], 4), [300, 100]);
        assert_eq!(tile(1, [100_000, 100_000], 4), [1024, 1024]);
        assert_eq!(tile(1, [512, 512], 4_000_000), [2, 2]);
        assert_eq!(default_tile(2, [128, 128, 128], 4), [64, 64, 64]);
        assert_eq!(default_tile(1, [4096, 4096, 4096], 4), [128, 128, 128]);
    }

    #[test]
    fn shapes_go_into_each_other() {
        let new = |tile, chunk, shard| Shapes::new((1, [300, 300]), 4, tile, chunk, shard);
        assert_eq!(new(None, Some([64, 50]), None).unwrap().tile, [320, 300]);
        assert_eq!(new(None, Some([32, 50]), Some([64, 100])).unwrap().tile, [320, 300]);
        assert_eq!(new(Some([64, 50]), None, None).unwrap().chunk, [64, 50]);
        for (tile, chunk, shard) in [
            (Some([64, 50]), Some([64, 49]), None),
            (Some([64, 50]), Some([32, 25]), Some([64, 49])),
            (Some([64, 50]), Some([32, 25]), Some([64, 100])),
            (Some([64, 0]), None, None),
            (None, None, Some([64, 64])),
        ] {
            assert!(new(tile, chunk, shard).is_err(), "{tile:?} {chunk:?} {shard:?}");
        }
    }

    /// By trying every tile and every patch.
    fn check<const D: usize>(quilt: &Quilt<D>, images: usize, tile: [usize; D])
    where
        Spatial<D>: Rank,
    {
        let whole = Tiling::new(images, quilt.size(), tile, Shard::default()).unwrap();
        let (mut seen, mut covered) = (0, 0);
        for index in 0..3 {
            let tiling = Tiling::new(images, quilt.size(), tile, Shard { index, count: 3 }).unwrap();
            assert_eq!(tiling.own.start, seen);
            seen = tiling.own.end;
            for at in tiling.own.clone() {
                let pixels = tiling.pixels(at);
                covered += pixels.volume();
                let reaching = Reaching::new(quilt, &pixels).unwrap();
                let patches: Vec<_> = reaching.patches().collect();
                let expected = (0..quilt.patch_count(images).unwrap()).filter(|patch| {
                    let position = quilt.position(*patch);
                    let meets = |d: usize| {
                        position.start[d] < pixels.start[d] + pixels.size[d]
                            && pixels.start[d] < position.start[d] + quilt.window()[d]
                    };
                    position.image == pixels.image && (0..D).all(meets)
                });
                assert_eq!(patches, expected.collect::<Vec<_>>());
                assert!(patches.iter().enumerate().all(|(number, patch)| reaching.number(*patch) == number));
                assert!(patches.iter().all(|patch| tiling.reached(quilt, *patch).any(|reached| reached == at)));
            }
        }
        assert_eq!(seen, whole.own.end);
        assert_eq!(covered, images * quilt.size().iter().product::<usize>());
        let reached = |patch| whole.reached(quilt, patch).count();
        let reaching = |tile| Reaching::new(quilt, &whole.pixels(tile)).unwrap().len();
        let pairs: usize = (0..quilt.patch_count(images).unwrap()).map(reached).sum();
        assert_eq!(pairs, whole.own.clone().map(reaching).sum::<usize>());
    }

    #[test]
    fn tiles_and_patches_find_each_other() {
        let quilt = NcyxQuilt::builder([23, 31], [7, 9], [4, 6]).build().unwrap();
        check(&quilt, 2, [8, 8]);
        check(&quilt, 1, [5, 40]);
        let quilt = NczyxQuilt::builder([9, 10, 11], [4, 5, 6], [3, 3, 4]).build().unwrap();
        check(&quilt, 2, [4, 4, 4]);
    }
}
