//! Dividing a result into tiles, chunks and files, and finding the patches that overlap a tile.
//!
//! All sizes and positions are along (z, y, x); a plane has a depth of 1.

use std::ops::Range;

use qlty_core::dynamic::AnyQuilt;
use qlty_core::internal::array::product;
use qlty_core::internal::region::PixelBox;
use qlty_core::{Error, Result};

use crate::Shard;

/// The number of bytes of results in a default tile, unless the result is so large that there would be too many files.
const TILE_BYTES: usize = 1 << 20;

/// The maximum number of bytes of a default tile.
const MOST_TILE_BYTES: usize = 16 << 20;

/// The number of tiles above which tiles grow with the result.
const MANY_TILES: usize = 8192;

/// A default tile is not divided below this length, except to fit [`MOST_TILE_BYTES`].
const LEAST_LENGTH: usize = 16;

/// Sizes along (y, x) or (z, y, x) as sizes along (z, y, x).
pub(crate) fn triple(sizes: &[usize]) -> [usize; 3] {
    let mut triple = [1; 3];
    triple[3 - sizes.len()..].copy_from_slice(sizes);
    triple
}

/// The sizes of tiles, chunks and shards in pixels that are given; see [`crate::AnyLargeBuilder`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GivenShapes {
    pub(crate) tile: Option<[usize; 3]>,
    pub(crate) chunk: Option<[usize; 3]>,
    pub(crate) shard: Option<[usize; 3]>,
}

/// The sizes of tiles, chunks and shards in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shapes {
    pub(crate) tile: [usize; 3],
    pub(crate) chunk: [usize; 3],
    pub(crate) shard: Option<[usize; 3]>,
}

impl Shapes {
    /// The given shapes, or else the defaults for `images` images of a `size`, with pixels of `bytes` bytes (all
    /// channels together). Errors show the last `ndim` axes.
    pub(crate) fn new(
        ndim: usize,
        (images, size): (usize, [usize; 3]),
        bytes: usize,
        given: &GivenShapes,
    ) -> Result<Self> {
        let GivenShapes { tile, chunk, shard } = *given;
        let shown = |shape: [usize; 3]| shape[3 - ndim..].to_vec();
        for (name, shape) in [("tile", tile), ("chunk", chunk), ("shard", shard)] {
            if let Some(shape) = shape.filter(|shape| shape.contains(&0)) {
                return Err(Error::argument(format!("{name} shape"), shown(shape), "sizes of at least 1"));
            }
        }
        if let (None, Some(shard)) = (chunk, shard) {
            return Err(Error::argument("shard shape", shown(shard), "none, unless there is a chunk shape"));
        }
        let file = shard.or(chunk);
        let tile = tile.unwrap_or_else(|| {
            let tile = default_tile(ndim, images, size, bytes);
            std::array::from_fn(|d| file.map_or(tile[d], |file| tile[d].next_multiple_of(file[d])))
        });
        let shapes = Self { tile, chunk: chunk.unwrap_or(tile), shard };
        let multiple = |of: [usize; 3], part: [usize; 3]| (0..3).all(|d| of[d].is_multiple_of(part[d]));
        if !multiple(shapes.file(), shapes.chunk) {
            let expected = format!("a multiple of the chunk, {:?}", shown(shapes.chunk));
            return Err(Error::argument("shard shape", shown(shapes.file()), expected));
        }
        if !multiple(tile, shapes.file()) {
            let expected = format!("a multiple of the chunk or shard, {:?}", shown(shapes.file()));
            return Err(Error::argument("tile shape", shown(tile), expected));
        }
        Ok(shapes)
    }

    /// The pixels in one file.
    pub(crate) fn file(&self) -> [usize; 3] {
        self.shard.unwrap_or(self.chunk)
    }
}

fn default_tile(ndim: usize, images: usize, size: [usize; 3], bytes: usize) -> [usize; 3] {
    let longest = if ndim == 2 { 1024 } else { 128 };
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

/// The tiles of a batch, numbered in C order over (n, z, y, x).
#[derive(Debug, Clone)]
pub(crate) struct Tiling {
    size: [usize; 3],
    tile: [usize; 3],
    /// The number of tiles of an image along each axis.
    counts: [usize; 3],
    per_image: usize,
    /// The number of tiles of the batch.
    pub(crate) all: usize,
    /// The tiles of this worker.
    pub(crate) own: Range<usize>,
}

impl Tiling {
    pub(crate) fn new(images: usize, size: [usize; 3], tile: [usize; 3], shard: Shard) -> Result<Self> {
        let counts = std::array::from_fn(|d| size[d].div_ceil(tile[d]));
        let per_image = product("tiles of an image", &counts)?;
        let all = product("tiles of a batch", &[images, per_image])?;
        // Neighbours share patches, so a worker has consecutive tiles.
        let bound = |index: usize| (all as u128 * index as u128 / shard.count as u128) as usize;
        Ok(Self { size, tile, counts, per_image, all, own: bound(shard.index)..bound(shard.index + 1) })
    }

    /// The pixels of a tile.
    pub(crate) fn pixels(&self, tile: usize) -> PixelBox {
        let place = unravel(tile % self.per_image, self.counts);
        let start: [usize; 3] = std::array::from_fn(|d| place[d] * self.tile[d]);
        let size = std::array::from_fn(|d| (self.size[d] - start[d]).min(self.tile[d]));
        PixelBox { image: tile / self.per_image, start, size }
    }

    /// The tiles of this worker that a patch overlaps, ascending.
    pub(crate) fn reached(&self, quilt: &AnyQuilt, patch: usize) -> impl Iterator<Item = usize> + use<> {
        let ((image, start), window) = (quilt.position(patch), quilt.window3());
        let along = |d: usize| start[d] / self.tile[d]..(start[d] + window[d] - 1) / self.tile[d] + 1;
        let [planes, lines, columns] = [along(0), along(1), along(2)];
        let ([nz, ny, nx], own) = (self.counts, self.own.clone());
        let rows = planes.flat_map(move |z| lines.clone().map(move |y| (image * nz + z) * ny + y));
        let tiles = rows.flat_map(move |row| columns.clone().map(move |x| row * nx + x));
        tiles.filter(move |tile| own.contains(tile))
    }
}

/// The grid position of a number in C order.
fn unravel(number: usize, [_, ny, nx]: [usize; 3]) -> [usize; 3] {
    [number / nx / ny, number / nx % ny, number % nx]
}

/// The patches that overlap a tile, numbered in the order of their index.
#[derive(Debug, Clone)]
pub(crate) struct Reaching {
    image: usize,
    /// The number of windows of an image along each axis.
    counts: [usize; 3],
    /// The windows that overlap the tile, along each axis.
    windows: [Range<usize>; 3],
}

impl Reaching {
    pub(crate) fn new(quilt: &AnyQuilt, of: &PixelBox) -> Result<Self> {
        let windows = quilt.windows_overlapping(of.start, of.size)?;
        Ok(Self { image: of.image, counts: triple(&quilt.counts()), windows })
    }

    pub(crate) fn len(&self) -> usize {
        self.windows.iter().map(ExactSizeIterator::len).product()
    }

    /// The number of a patch among those that overlap the tile.
    pub(crate) fn number(&self, patch: usize) -> usize {
        let window = unravel(patch % self.counts.iter().product::<usize>(), self.counts);
        (0..3).fold(0, |number, d| number * self.windows[d].len() + window[d] - self.windows[d].start)
    }

    /// The patch with this number.
    pub(crate) fn patch(&self, number: usize) -> usize {
        let place = unravel(number, [0, 1, 2].map(|d| self.windows[d].len()));
        (0..3).fold(self.image, |patch, d| patch * self.counts[d] + self.windows[d].start + place[d])
    }

    /// All patches, ascending.
    pub(crate) fn patches(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).map(|number| self.patch(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_tiles_of_a_mebibyte() {
        let tile = |images, [y, x]: [usize; 2], bytes| default_tile(2, images, [1, y, x], bytes);
        assert_eq!(tile(4, [1024, 1024], 12), [1, 256, 256]);
        assert_eq!(tile(1, [300, 100], 4), [1, 300, 100]);
        assert_eq!(tile(1, [100_000, 100_000], 4), [1, 1024, 1024]);
        assert_eq!(tile(1, [512, 512], 4_000_000), [1, 2, 2]);
        assert_eq!(default_tile(3, 2, [128, 128, 128], 4), [64, 64, 64]);
        assert_eq!(default_tile(3, 1, [4096, 4096, 4096], 4), [128, 128, 128]);
    }

    #[test]
    fn shapes_go_into_each_other() {
        let new = |tile: Option<[usize; 2]>, chunk: Option<[usize; 2]>, shard: Option<[usize; 2]>| {
            let given = |shape: Option<[usize; 2]>| shape.map(|shape| triple(&shape));
            let given = GivenShapes { tile: given(tile), chunk: given(chunk), shard: given(shard) };
            Shapes::new(2, (1, [1, 300, 300]), 4, &given)
        };
        assert_eq!(new(None, Some([64, 50]), None).unwrap().tile, [1, 320, 300]);
        assert_eq!(new(None, Some([32, 50]), Some([64, 100])).unwrap().tile, [1, 320, 300]);
        assert_eq!(new(Some([64, 50]), None, None).unwrap().chunk, [1, 64, 50]);
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

    /// Compares with testing every tile and every patch.
    fn check(quilt: &AnyQuilt, images: usize, tile: &[usize]) {
        let (size, window, tile) = (quilt.size3(), quilt.window3(), triple(tile));
        let whole = Tiling::new(images, size, tile, Shard::default()).unwrap();
        let (mut seen, mut covered) = (0, 0);
        for index in 0..3 {
            let tiling = Tiling::new(images, size, tile, Shard { index, count: 3 }).unwrap();
            assert_eq!(tiling.own.start, seen);
            seen = tiling.own.end;
            for at in tiling.own.clone() {
                let pixels = tiling.pixels(at);
                covered += pixels.volume();
                let reaching = Reaching::new(quilt, &pixels).unwrap();
                let patches: Vec<_> = reaching.patches().collect();
                let expected = (0..quilt.patch_count(images).unwrap()).filter(|patch| {
                    let (image, start) = quilt.position(*patch);
                    let meets = |d: usize| {
                        start[d] < pixels.start[d] + pixels.size[d] && pixels.start[d] < start[d] + window[d]
                    };
                    image == pixels.image && (0..3).all(meets)
                });
                assert_eq!(patches, expected.collect::<Vec<_>>());
                assert!(patches.iter().enumerate().all(|(number, patch)| reaching.number(*patch) == number));
                assert!(patches.iter().all(|patch| tiling.reached(quilt, *patch).any(|reached| reached == at)));
            }
        }
        assert_eq!(seen, whole.own.end);
        assert_eq!(covered, images * size.iter().product::<usize>());
        let reached = |patch| whole.reached(quilt, patch).count();
        let reaching = |tile| Reaching::new(quilt, &whole.pixels(tile)).unwrap().len();
        let pairs: usize = (0..quilt.patch_count(images).unwrap()).map(reached).sum();
        assert_eq!(pairs, whole.own.clone().map(reaching).sum::<usize>());
    }

    #[test]
    fn tiles_and_patches_find_each_other() {
        let quilt = AnyQuilt::builder(&[23, 31], &[7, 9], &[4, 6]).build().unwrap();
        check(&quilt, 2, &[8, 8]);
        check(&quilt, 1, &[5, 40]);
        let quilt = AnyQuilt::builder(&[9, 10, 11], &[4, 5, 6], &[3, 3, 4]).build().unwrap();
        check(&quilt, 2, &[4, 4, 4]);
    }
}
