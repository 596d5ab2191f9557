//! Pyramids: 64 slices of 2048 x 2048 uint16 in uncompressed TIFF files, smooth blobs and Poisson noise,
//! four levels.
//!
//! `pyr.gaussian` is compared with the codec alone over the same chunks of all arrays, from memory, in parallel; and,
//! as `pyr.gaussian.files`, with the codec plus reading the slices' bytes and writing the chunks as files. `pyr.codecs`
//! prints the stored size with each codec, and the time of the codec and of the whole.
//!
//! The files are in the system's folder for temporary files. If that is on a disk, repeatedly emptying and filling it
//! makes its file system account for a tenth of the time: measure in memory (`TMPDIR=/dev/shm`).

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::{Array3, ArrayView3, Axis};
use qlty_core::zarr::{FolderStore, Layout, Plan};
use qlty_pyramid::{
    Codec, DType, Levels, Method, Monitor, PyramidOptions, SlicePattern, Stack, shrink, stack_to_ome_zarr,
};
use rayon::prelude::*;
use zarrs::array::codec::api::ArrayToBytesCodecTraits;
use zarrs::array::{Array, ChunkShapeTraits, CodecOptions, IntoArrayBytes};
use zarrs::filesystem::FilesystemStore;

use super::{laplacian, median, print, timed};

const SLICES: usize = 64;
const SIDE: usize = 2048;
const LEVELS: usize = 4;
const RUNS: usize = 7;

pub(super) fn run(wanted: &impl Fn(&str) -> bool) {
    let names = ["pyr.gaussian", "pyr.codecs"];
    if !names.into_iter().any(wanted) && !laplacian::wanted(wanted) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_slices(folder.path());
    let sets = SlicePattern::new("tif", r"image_(\d+)\.tif$").expect("a pattern").find(folder.path()).expect("slices");
    let stack = Stack::from_slices(&sets[0]).expect("a stack");
    // First, before the process has used much memory.
    laplacian::run(wanted, &stack, folder.path());
    let target = folder.path().join("image.ome.zarr");
    // Removing a store is not part of writing one.
    let convert = |codec: Codec| {
        let _ = std::fs::remove_dir_all(&target);
        timed(&mut || drop(stack_to_ome_zarr(&stack, &target, &options(codec), &Monitor::new()).expect("space")))
    };
    if wanted(names[0]) {
        // Before the lower bound, which holds all levels in memory.
        forget_peak_rss();
        convert(PyramidOptions::CODEC);
        println!(r#"{{"workload": "{}", "peak_rss_mib": {}}}"#, names[0], peak_rss_mib());
        let codec_alone = CodecAlone::new(&stack, folder.path(), PyramidOptions::CODEC);
        let floor = format!("the codec alone over {} bytes of chunks", codec_alone.bytes());
        let encode = |keep: &Keep<'_>| assert!(codec_alone.run(keep) > 0);
        Files::new(folder.path()).against(names[0], &floor, encode, || convert(PyramidOptions::CODEC));
    }
    if wanted(names[1]) {
        let mut codec_alone = CodecAlone::new(&stack, folder.path(), PyramidOptions::CODEC);
        let codecs = [
            "none",
            "blosc-lz4:5",
            "blosc-lz4-bitshuffle:1",
            "blosc-lz4-bitshuffle:5",
            "blosc-lz4-bitshuffle:9",
            "blosc-zstd:1",
            "blosc-zstd:3",
            "blosc-zstd-bitshuffle:1",
            "blosc-zstd-bitshuffle:3",
            "zstd:1",
            "zstd:3",
        ];
        for codec in codecs {
            let parsed: Codec = codec.parse().expect("a codec");
            codec_alone.set_codec(folder.path(), parsed);
            let mut stored = 0;
            let alone = median((0..3).map(|_| timed(&mut || stored = codec_alone.run(&|_, _| ()))).collect());
            let whole = median((0..3).map(|_| convert(parsed)).collect());
            println!(
                r#"{{"workload": "{}", "codec": "{codec}", "stored_mb": {}, "codec_seconds": {alone:.3}, "seconds": {whole:.3}}}"#,
                names[1],
                stored / 1_000_000,
            );
        }
    }
}

pub(super) fn options(codec: Codec) -> PyramidOptions {
    PyramidOptions::new().levels(Levels::Count(LEVELS)).codec(codec)
}

/// All chunks of all levels in memory, and the arrays that would hold them.
struct CodecAlone {
    /// The array of each level and its chunks.
    levels: Vec<(Array<FilesystemStore>, Vec<Vec<u16>>)>,
    volumes: Vec<[usize; 3]>,
}

impl CodecAlone {
    fn new(stack: &Stack, folder: &Path, codec: Codec) -> Self {
        let mut volume: Array3<u16> = stack.read(0).expect("slices").index_axis_move(Axis(0), 0);
        let (mut chunks, mut volumes) = (Vec::new(), Vec::new());
        for level in 0..LEVELS {
            if level > 0 {
                volume = shrink(volume.view(), [1, 2, 2], Method::Mean).expect("memory");
            }
            volumes.push(volume.dim().into());
            chunks.push(chunks_of(volume.view()));
        }
        let levels = chunks.into_iter().zip(arrays(folder, &volumes, codec)).map(|(chunks, array)| (array, chunks));
        Self { levels: levels.collect(), volumes }
    }

    fn set_codec(&mut self, folder: &Path, codec: Codec) {
        for (level, array) in self.levels.iter_mut().zip(arrays(folder, &self.volumes, codec)) {
            level.0 = array;
        }
    }

    fn bytes(&self) -> usize {
        self.levels.iter().flat_map(|(_, chunks)| chunks).map(|chunk| 2 * chunk.len()).sum()
    }

    /// Encodes everything, and returns the number of stored bytes; `keep` gets the bytes of each chunk.
    fn run(&self, keep: &Keep<'_>) -> usize {
        let options = CodecOptions::default().with_concurrent_target(1);
        let encode = |index: usize, array: &Array<FilesystemStore>, chunk: &[u16]| {
            let bytes = chunk.into_array_bytes(array.data_type()).expect("uint16");
            let shape = array.chunk_shape(&[0, 0, 0]).expect("a chunk");
            assert_eq!(shape.num_elements_usize(), chunk.len());
            let encoded = array.codecs().encode(bytes, &shape, array.data_type(), array.fill_value(), &options);
            let encoded = encoded.expect("memory");
            keep(index, &encoded);
            encoded.len()
        };
        let chunks: Vec<_> =
            self.levels.iter().flat_map(|(array, chunks)| chunks.iter().map(move |chunk| (array, chunk))).collect();
        chunks.into_par_iter().enumerate().map(|(index, (array, chunk))| encode(index, array, chunk)).sum()
    }
}

/// Receives the bytes of each chunk.
pub(super) type Keep<'a> = dyn Fn(usize, &[u8]) + Sync + 'a;

/// The file operations that the codec alone does not do: reading the slices, and writing files for the chunks.
pub(super) struct Files {
    slices: Vec<PathBuf>,
    chunks: PathBuf,
}

impl Files {
    pub(super) fn new(folder: &Path) -> Self {
        let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
        let slices = entries.filter(|path| path.extension().is_some_and(|extension| extension == "tif")).collect();
        Self { slices, chunks: folder.join("chunks") }
    }

    /// Reads all bytes of the slices.
    fn read_slices(&self) {
        self.slices.par_iter().for_each_init(Vec::new, |bytes, path| {
            bytes.clear();
            let read = std::fs::File::open(path).and_then(|mut file| file.read_to_end(bytes));
            assert!(read.expect("a slice") > 0);
        });
    }

    /// Prints the time returned by `work` compared with that of `encode`, which passes on each chunk, without the files
    /// and with them.
    pub(super) fn against(&self, name: &str, floor: &str, encode: impl Fn(&Keep<'_>), mut work: impl FnMut() -> f64) {
        let (mut seconds, mut floor_seconds, mut files_seconds) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..RUNS {
            floor_seconds.push(timed(&mut || encode(&|_, _| ())));
            self.clear();
            files_seconds.push(timed(&mut || {
                self.read_slices();
                encode(&|index, bytes| self.write(index, bytes));
            }));
            seconds.push(work());
        }
        self.clear();
        let seconds = median(seconds);
        print(name, floor, seconds, median(floor_seconds));
        print(&format!("{name}.files"), &format!("{floor} and all files"), seconds, median(files_seconds));
    }

    pub(super) fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.chunks);
        std::fs::create_dir(&self.chunks).expect("a folder");
    }

    pub(super) fn write(&self, index: usize, bytes: &[u8]) {
        std::fs::write(self.chunks.join(index.to_string()), bytes).expect("space");
    }

    pub(super) fn read(&self, index: usize) -> Vec<u8> {
        std::fs::read(self.chunks.join(index.to_string())).expect("a chunk")
    }
}

/// The sides of these volumes are multiples of the chunk's, or smaller.
fn chunk_shape(volume: [usize; 3]) -> [usize; 3] {
    [8.min(volume[0]), 256.min(volume[1]), 256.min(volume[2])]
}

fn chunks_of(volume: ArrayView3<'_, u16>) -> Vec<Vec<u16>> {
    let [depth, height, width] = chunk_shape(volume.dim().into());
    volume.exact_chunks((depth, height, width)).into_iter().map(|chunk| chunk.iter().copied().collect()).collect()
}

fn arrays(folder: &Path, volumes: &[[usize; 3]], codec: Codec) -> Vec<Array<FilesystemStore>> {
    let path = folder.join("floor");
    std::fs::create_dir_all(&path).expect("a folder");
    let store = Arc::new(FolderStore::new(&path));
    let array = |volume: &[usize; 3]| {
        let layout = Layout { shape: volume.to_vec(), chunk: chunk_shape(*volume).to_vec(), shard: None };
        let plan = Plan::new(DType::U16, layout).codec(codec).axis_names(&["z", "y", "x"]);
        plan.create(&store, "level").expect("an array");
        Array::open(Arc::new(FilesystemStore::new(&path).expect("a store")), "/level").expect("an array")
    };
    volumes.iter().map(array).collect()
}

/// Writes the slices, the same each time.
fn write_slices(folder: &Path) {
    let mut random = Random(1);
    let blobs: Vec<[f32; 4]> = (0..60)
        .map(|_| {
            let [y, x] = [0, 0].map(|_| random.uniform() * SIDE as f32);
            [y, x, 40.0 + 120.0 * random.uniform(), 600.0 + 2400.0 * random.uniform()]
        })
        .collect();
    // Blobs are sums of products, so a row is cheap.
    let mut smooth = vec![200.0_f32; SIDE * SIDE];
    for [y, x, width, height] in blobs {
        let bell = |at: usize, centre: f32| (-(at as f32 - centre).powi(2) / (2.0 * width * width)).exp();
        let along_x: Vec<f32> = (0..SIDE).map(|at| height * bell(at, x)).collect();
        smooth.par_chunks_mut(SIDE).enumerate().for_each(|(at, row)| {
            let scale = bell(at, y);
            row.iter_mut().zip(&along_x).for_each(|(pixel, blob)| *pixel += scale * blob);
        });
    }
    (0..SLICES).into_par_iter().for_each(|z| {
        let mut random = Random(z as u64 + 100);
        let pixels: Vec<u16> = smooth.iter().map(|mean| random.poisson(*mean)).collect();
        let path: PathBuf = folder.join(format!("image_{z:03}.tif"));
        let file = std::io::BufWriter::new(std::fs::File::create(path).expect("space"));
        let mut encoder = tiff::encoder::TiffEncoder::new(file).expect("space");
        encoder.write_image::<tiff::encoder::colortype::Gray16>(SIDE as u32, SIDE as u32, &pixels).expect("space");
    });
}

/// SplitMix64: random enough, and the same on every machine.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }

    /// Poisson noise with a mean of 200 or more, for which a normal distribution is a good approximation.
    fn poisson(&mut self, mean: f32) -> u16 {
        // The sum of four uniform numbers has the variance 1/3.
        let normal = ((0..4).map(|_| self.uniform()).sum::<f32>() - 2.0) * 3.0_f32.sqrt();
        (mean + normal * mean.sqrt()).round().max(0.0) as u16
    }
}

/// Resets the peak memory below, on Linux.
pub(super) fn forget_peak_rss() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// The peak memory of this process in MiB; 0 if the system does not report it.
pub(super) fn peak_rss_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok()).unwrap_or_default() / 1024
}
