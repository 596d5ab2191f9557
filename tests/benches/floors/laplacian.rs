//! Laplacian pyramids of the stack of `pyramid`, four levels.
//!
//! `pyr.laplacian` is compared with the codec alone over the same chunks of all arrays, from memory, in parallel;
//! `pyr.reconstruct`, all of level 0 to memory, with decoding those chunks, also from memory. Both are repeated with
//! the files read and written, as in `pyramid`. `pyr.difference_codecs` prints the stored size of the differences with
//! each codec, and the time.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array3;
use qlty_pyramid::{
    ArrayMut, Codec, LaplacianOptions, LaplacianStore, Monitor, PyramidOptions, Stack, stack_to_ome_zarr_laplacian,
};
use rayon::prelude::*;
use zarrs::array::codec::api::ArrayToBytesCodecTraits;
use zarrs::array::{Array, ArrayBytes, CodecOptions};
use zarrs::filesystem::FilesystemStore;

use super::pyramid::{Files, Keep, forget_peak_rss, options, peak_rss_mib};
use super::{against, median, timed};

const NAMES: [&str; 3] = ["pyr.laplacian", "pyr.reconstruct", "pyr.difference_codecs"];

pub(super) fn wanted(wanted: &impl Fn(&str) -> bool) -> bool {
    NAMES.into_iter().any(wanted)
}

pub(super) fn run(wanted: &impl Fn(&str) -> bool, stack: &Stack, folder: &Path) {
    let target = folder.join("laplacian.zarr");
    // Removing a store is not part of writing one.
    let convert = |difference_codec: Codec| {
        let _ = std::fs::remove_dir_all(&target);
        let image = options(PyramidOptions::CODEC);
        let options = LaplacianOptions::new(image).difference_codec(difference_codec);
        timed(&mut || drop(stack_to_ome_zarr_laplacian(stack, &target, &options, &Monitor::new()).expect("space")))
    };
    if wanted(NAMES[0]) {
        // Before the lower bound, which holds all arrays in memory.
        forget_peak_rss();
        convert(LaplacianOptions::CODEC);
        println!(r#"{{"workload": "{}", "peak_rss_mib": {}}}"#, NAMES[0], peak_rss_mib());
        let chunks = Chunks::of(&target).decoded();
        let bytes: usize = chunks.0.iter().map(|(_, chunk)| chunk.len()).sum();
        let floor = format!("the codec alone over {bytes} bytes of chunks");
        let encode = |keep: &Keep<'_>| assert!(chunks.encode(keep) > 0);
        Files::new(folder).against(NAMES[0], &floor, encode, || convert(LaplacianOptions::CODEC));
    }
    if wanted(NAMES[1]) {
        convert(LaplacianOptions::CODEC);
        let chunks = Chunks::of(&target);
        let mut volume = Array3::<u16>::from_elem([stack.shape()[2], stack.shape()[3], stack.shape()[4]], 1);
        let stored: usize = chunks.0.iter().map(|(_, chunk)| chunk.len()).sum();
        let floor = format!("decoding {stored} bytes of chunks");
        let mut reconstruct = || {
            let store = LaplacianStore::open(&target).expect("a store");
            let out = ArrayMut::of("volume", volume.view_mut()).expect("three axes");
            store.read_into(0, &[0, 0, 0], out, &Monitor::new()).expect("memory");
        };
        against(NAMES[1], &floor, || assert!(chunks.decode() > 0), &mut reconstruct);
        let files = Files::new(folder);
        files.clear();
        chunks.0.iter().enumerate().for_each(|(index, (_, bytes))| files.write(index, bytes));
        let decode_files = || assert!(chunks.decode_files(&files) > 0);
        against(&format!("{}.files", NAMES[1]), &format!("{floor}, from files"), decode_files, &mut reconstruct);
        files.clear();
    }
    if wanted(NAMES[2]) {
        let codecs = [
            "none",
            "blosc-lz4:1",
            "blosc-lz4:5",
            "blosc-lz4-bitshuffle:1",
            "blosc-lz4-bitshuffle:5",
            "blosc-zstd:1",
            "blosc-zstd:3",
            "blosc-zstd-bitshuffle:1",
            "blosc-zstd-bitshuffle:3",
            "zstd:1",
            "zstd:3",
        ];
        for codec in codecs {
            let whole = convert(codec.parse().expect("a codec"));
            let stored = Chunks::of(&target);
            let decode = median((0..3).map(|_| timed(&mut || assert!(stored.decode() > 0))).collect());
            let stored_bytes: usize = stored.0.iter().map(|(_, chunk)| chunk.len()).sum();
            let chunks = stored.decoded();
            let encode = median((0..3).map(|_| timed(&mut || assert!(chunks.encode(&|_, _| ()) > 0))).collect());
            println!(
                r#"{{"workload": "{}", "codec": "{codec}", "stored_mb": {}, "encode_seconds": {encode:.3}, "decode_seconds": {decode:.3}, "seconds": {whole:.3}}}"#,
                NAMES[2],
                stored_bytes / 1_000_000,
            );
        }
    }
}

/// A chunk and its array.
type Chunk = (Arc<Array<FilesystemStore>>, Vec<u8>);

/// The chunks of all arrays of a store, in memory.
struct Chunks(Vec<Chunk>);

impl Chunks {
    /// In their stored form.
    fn of(path: &Path) -> Self {
        let store = Arc::new(FilesystemStore::new(path).expect("a store"));
        let mut chunks = Vec::new();
        for name in ["diff_0", "diff_1", "diff_2", "3"] {
            let array = Arc::new(Array::open(Arc::clone(&store), &format!("/{name}")).expect("an array"));
            let grid = array.chunk_grid_shape().to_vec();
            for (z, y, x) in ndarray::indices((grid[0] as usize, grid[1] as usize, grid[2] as usize)) {
                let key = array.chunk_key(&[z, y, x].map(|index| index as u64));
                // A chunk of zeros is not stored.
                if let Ok(bytes) = std::fs::read(path.join(key.as_str())) {
                    chunks.push((Arc::clone(&array), bytes));
                }
            }
        }
        Self(chunks)
    }

    fn decoded(&self) -> Self {
        let decode = |chunk: &Chunk| (Arc::clone(&chunk.0), Self::decode_one(chunk));
        Self(self.0.par_iter().map(decode).collect())
    }

    fn decode(&self) -> usize {
        self.0.par_iter().map(|chunk| Self::decode_one(chunk).len()).sum()
    }

    fn decode_files(&self, files: &Files) -> usize {
        let decode =
            |(index, (array, _)): (usize, &Chunk)| Self::decode_one(&(Arc::clone(array), files.read(index))).len();
        self.0.par_iter().enumerate().map(decode).sum()
    }

    fn decode_one((array, chunk): &Chunk) -> Vec<u8> {
        let options = CodecOptions::default().with_concurrent_target(1);
        let shape = array.chunk_shape(&[0, 0, 0]).expect("a chunk");
        let (data_type, fill_value) = (array.data_type(), array.fill_value());
        let decoded = array.codecs().decode(chunk.into(), &shape, data_type, fill_value, &options);
        decoded.expect("a chunk").into_fixed().expect("numbers").into_owned()
    }

    /// Encodes all; `keep` gets the bytes of each chunk.
    fn encode(&self, keep: &Keep<'_>) -> usize {
        let options = CodecOptions::default().with_concurrent_target(1);
        let encode = |(index, (array, chunk)): (usize, &Chunk)| {
            let shape = array.chunk_shape(&[0, 0, 0]).expect("a chunk");
            let bytes = ArrayBytes::new_flen(chunk.as_slice());
            let (data_type, fill_value) = (array.data_type(), array.fill_value());
            let encoded = array.codecs().encode(bytes, &shape, data_type, fill_value, &options).expect("memory");
            keep(index, &encoded);
            encoded.len()
        };
        self.0.par_iter().enumerate().map(encode).sum()
    }
}
