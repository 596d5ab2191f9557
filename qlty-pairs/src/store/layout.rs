//! Dividing the patch arrays of a store into chunks and files.

use qlty_core::internal::array::product;
use qlty_core::zarr::Layout;
use qlty_core::{Error, Result};

/// The size of a chunk in bytes before compression, unless the caller gives a shape.
const CHUNK_BYTES: usize = 4 << 20;

/// The size of a shard in bytes, before its chunks are compressed.
const SHARD_BYTES: usize = 64 << 20;

/// With more pairs than this, chunks share files.
const UNSHARDED_PAIRS: usize = 1000;

/// The layout of an array of patches of this shape.
pub(super) fn layout(shape: &[usize], chunk: Option<&[usize]>, bytes: usize) -> Result<Layout> {
    let chunk = match chunk {
        None => default_chunk(shape, CHUNK_BYTES / bytes),
        Some(chunk) if chunk.len() == shape.len() && !chunk.contains(&0) => {
            chunk.iter().zip(shape).map(|(chunk, size)| (*chunk).min(*size).max(1)).collect()
        }
        Some(chunk) => {
            let expected = format!("{} sizes of at least 1", shape.len());
            return Err(Error::argument("chunk", chunk, expected));
        }
    };
    let shard = (shape[0] > UNSHARDED_PAIRS).then(|| shard(shape, &chunk, SHARD_BYTES / bytes));
    let layout = Layout { shape: shape.to_vec(), chunk, shard };
    product("patches of a file", &[&[2 * bytes], layout.file()].concat())?;
    Ok(layout)
}

/// The largest chunk of at most `most` values that is whole along the faster axes.
fn default_chunk(shape: &[usize], most: usize) -> Vec<usize> {
    let mut chunk: Vec<usize> = shape.iter().map(|size| (*size).max(1)).collect();
    for axis in 0..chunk.len() {
        let rest: usize = chunk[axis + 1..].iter().product();
        chunk[axis] = (most / rest).clamp(1, chunk[axis]);
        if rest <= most {
            break;
        }
    }
    chunk
}

/// The largest shard of at most `most` values that is a multiple of the chunk, grown along the faster axes first.
fn shard(shape: &[usize], chunk: &[usize], most: usize) -> Vec<usize> {
    let mut shard = chunk.to_vec();
    for axis in (0..shard.len()).rev() {
        let (chunks, len) = (shape[axis].div_ceil(chunk[axis]).max(1), shard.iter().product::<usize>());
        let times = (most / len).clamp(1, chunks);
        shard[axis] *= times;
        if times < chunks {
            break;
        }
    }
    shard
}

/// The files of an array.
#[derive(Debug)]
pub(super) struct Grid {
    shape: Vec<usize>,
    file: Vec<usize>,
    /// The number of files along each axis.
    counts: Vec<usize>,
}

impl Grid {
    pub(super) fn new(layout: &Layout) -> Self {
        let (shape, file) = (layout.shape.clone(), layout.file().to_vec());
        let counts = shape.iter().zip(&file).map(|(size, file)| size.div_ceil(*file)).collect();
        Self { shape, file, counts }
    }

    /// The number of files.
    pub(super) fn len(&self) -> usize {
        self.counts.iter().product()
    }

    /// The shape of a file.
    pub(super) fn file(&self) -> &[usize] {
        &self.file
    }

    /// The number of values of a file.
    pub(super) fn file_len(&self) -> usize {
        self.file.iter().product()
    }

    /// The position of a file in the grid, in C order.
    pub(super) fn place(&self, mut number: usize) -> Vec<usize> {
        let mut place = vec![0; self.counts.len()];
        for (index, count) in place.iter_mut().zip(&self.counts).rev() {
            *index = number % count;
            number /= count;
        }
        place
    }

    /// The start and the shape of the part of the array in a file.
    pub(super) fn part(&self, place: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let start: Vec<usize> = place.iter().zip(&self.file).map(|(index, file)| index * file).collect();
        let sizes = start.iter().zip(&self.file).zip(&self.shape);
        let size = sizes.map(|((start, file), size)| (size - start).min(*file)).collect();
        (start, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_of_four_mebibytes() {
        let chunk = |shape: &[usize], bytes| layout(shape, None, bytes).unwrap().chunk;
        assert_eq!(chunk(&[500, 3, 64, 64], 4), [85, 3, 64, 64]);
        assert_eq!(chunk(&[5, 3, 64, 64], 4), [5, 3, 64, 64]);
        assert_eq!(chunk(&[5, 3, 2048, 2048], 4), [1, 1, 512, 2048]);
        assert_eq!(chunk(&[5, 1, 512, 512, 512], 2), [1, 1, 8, 512, 512]);
        assert_eq!(chunk(&[0, 3, 64, 64], 4), [1, 3, 64, 64]);
        let wanted = |chunk: &[usize]| layout(&[50, 3, 64, 64], Some(chunk), 4);
        assert_eq!(wanted(&[100, 1, 32, 5]).unwrap().chunk, [50, 1, 32, 5]);
        assert!(wanted(&[100, 1, 32]).is_err() && wanted(&[100, 1, 0, 5]).is_err());
    }

    #[test]
    fn shards_above_a_thousand_pairs() {
        let shard = |shape: &[usize], chunk: Option<&[usize]>| layout(shape, chunk, 4).unwrap().shard;
        assert_eq!(shard(&[1000, 3, 64, 64], None), None);
        assert_eq!(shard(&[1001, 3, 64, 64], None), Some(vec![1020, 3, 64, 64]));
        assert_eq!(shard(&[9000, 3, 64, 64], None), Some(vec![1360, 3, 64, 64]));
        assert_eq!(shard(&[9000, 3, 64, 64], Some(&[1, 1, 33, 64])), Some(vec![1323, 3, 66, 64]));
        assert_eq!(shard(&[9000, 1, 8192, 8192], None), Some(vec![1, 1, 2048, 8192]));
    }

    #[test]
    fn files_cover_the_array() {
        let grid = Grid::new(&Layout { shape: vec![5, 7], chunk: vec![2, 3], shard: Some(vec![2, 6]) });
        let mut covered = [[0; 7]; 5];
        for number in 0..grid.len() {
            let (start, size) = grid.part(&grid.place(number));
            covered[start[0]..start[0] + size[0]]
                .iter_mut()
                .for_each(|row| row[start[1]..start[1] + size[1]].iter_mut().for_each(|count| *count += 1));
        }
        assert_eq!(covered, [[1; 7]; 5]);
    }
}
