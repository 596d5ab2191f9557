//! Pairs of patches, in memory and in files.

use std::path::Path;
use std::ptr::{null, null_mut};

use qlty::*;
use qlty_tests::fuzz::Draws;

use crate::damages;
use crate::memory::{Memory, call, initial, number, owned, place, strange, struct_size};
use crate::words::{Words, handle};

const SIZE: [i64; 3] = [12, 14, 13];
/// A store, a file, and nothing.
const OTHERS: [&str; 3] = ["a", "file", "file/below"];

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "a file").unwrap();
    let ndim = draws.one_of(&[2usize, 3]);
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; arrays are as `Memory` says;
    // handles are freed once.
    let window: [i64; 3] = std::array::from_fn(|_| draws.one_of(&[4i64, 5, 8]));
    let dtype = draws.one_of(&[QLTY_DTYPE_U8, QLTY_DTYPE_F32, QLTY_DTYPE_F64]);
    let mut pairs = if draws.once_in(4) { new(&mut draws, ndim, window) } else { null_mut() };
    if pairs.is_null() {
        pairs = draw(&mut draws, ndim, window, dtype);
    }
    if pairs.is_null() {
        pairs = draw(&mut Draws::new(&[]), ndim, window, dtype);
    }
    for _ in 0..6 {
        use_pairs(&mut draws, folder.path(), &mut pairs, (ndim, window, dtype));
    }
    // Something to read.
    let mut measured = null_mut();
    let images = batch(&mut Draws::new(&[]), ndim, dtype);
    call("measure", |error| unsafe {
        qlty_pairs_measure(pairs.as_ref(), images.pointer(), None, place(&mut measured), None, null_mut(), error)
    });
    if !measured.is_null() {
        write(&mut draws, folder.path(), measured, &images);
    }
    unsafe {
        qlty_pairs_free(owned(measured));
        qlty_pairs_free(owned(pairs));
    }
    let path = Words::path(&mut draws, folder.path(), "a", &OTHERS);
    let (mut dataset, cache) = (null_mut(), number(&mut draws, -1));
    call("dataset", |error| unsafe { qlty_dataset_open(path.pointer(), cache, place(&mut dataset), error) });
    for _ in 0..4 {
        use_dataset(&mut draws, dataset, (ndim, window, dtype));
    }
    unsafe { qlty_dataset_free(owned(dataset)) };
    damages::of_store(&mut draws, folder.path(), &OTHERS);
}

fn batch(draws: &mut Draws<'_>, ndim: usize, dtype: qlty_dtype) -> Memory {
    Memory::draw(draws, dtype, &[[2, 1].as_slice(), &SIZE[..ndim]].concat())
}

/// Places of (K, axes), where the number of axes may be another.
fn places(draws: &mut Draws<'_>, ndim: usize, count: i64) -> Memory {
    let axes = number(draws, ndim as i64).clamp(0, 6);
    Memory::draw(draws, QLTY_DTYPE_I64, &[count, axes])
}

fn new(draws: &mut Draws<'_>, ndim: usize, window: [i64; 3]) -> *mut qlty_pairs {
    let count = draws.one_of(&[1, 3]);
    let (one, two) = (places(draws, ndim + 1, count), places(draws, ndim + 1, count));
    let (turns, mut pairs) = (Memory::draw(draws, QLTY_DTYPE_I64, &[count]), null_mut());
    let window = if strange(draws) { null() } else { window.as_ptr() };
    call("new", |error| unsafe {
        qlty_pairs_new(window, one.pointer(), two.pointer(), turns.pointer(), place(&mut pairs), error)
    });
    [&one, &two, &turns].into_iter().for_each(Memory::check);
    pairs
}

fn draw(draws: &mut Draws<'_>, ndim: usize, window: [i64; 3], dtype: qlty_dtype) -> *mut qlty_pairs {
    let mut options = initial(qlty_pair_options_init);
    let rotations = [0, 2, i64::MIN, 1, i64::MAX];
    options.ndim = ndim as i32;
    for axis in 0..ndim {
        options.window[axis] = number(draws, window[axis]);
    }
    options.pairs_per_image = number(draws, 3);
    (options.delta_low, options.delta_high) = (2.0, 3.0);
    options.seed = u64::from(draws.byte());
    if strange(draws) {
        options.delta_low = draws.one_of(&[f64::NAN, -1.0, 0.0, 1e300, f64::INFINITY]);
        options.delta_high = draws.one_of(&[f64::NAN, 3.0, 0.0, 1e300, f64::INFINITY]);
    }
    if draws.once_in(3) {
        (options.rotations, options.rotation_count) = (rotations.as_ptr(), draws.one_of(&[2, 0, 5, -1, i64::MIN]));
    }
    if strange(draws) {
        options.ndim = draws.one_of(&[0, 4, -1]);
        options.struct_size = draws.one_of(&[0, 4, options.struct_size, u32::MAX]);
    }
    let (batch, mut pairs) = (batch(draws, ndim, dtype), null_mut());
    let made =
        call("draw", |error| unsafe { qlty_pairs_draw(&options, batch.pointer(), None, place(&mut pairs), error) });
    assert_eq!(made, !pairs.is_null());
    batch.check();
    pairs
}

/// Patches of both kinds, and the places of them.
fn outputs(draws: &mut Draws<'_>, count: i64, (ndim, window, dtype): (usize, [i64; 3], qlty_dtype)) -> [Memory; 6] {
    let shape = [[count, 1].as_slice(), &window[..ndim]].concat();
    let patches = [Memory::draw(draws, dtype, &shape), Memory::draw(draws, dtype, &shape)];
    let deltas = Memory::draw(draws, QLTY_DTYPE_F32, &[count, ndim as i64]);
    let turns = Memory::draw(draws, QLTY_DTYPE_I64, &[count]);
    let positions = [places(draws, ndim, count), places(draws, ndim, count)];
    let ([one, two], [first, second]) = (patches, positions);
    [one, two, deltas, turns, first, second]
}

/// The struct of these arrays, or one that makes no sense.
fn struct_of(draws: &mut Draws<'_>, outputs: &[Memory; 6]) -> qlty_pair_arrays {
    let pointers = outputs.each_ref().map(|output| output.pointer().map_or(null(), std::ptr::from_ref));
    let [patches1, patches2, deltas, rotations, positions1, positions2] = pointers;
    let (struct_size, reserved) = (struct_size::<qlty_pair_arrays>(draws), i32::from(strange(draws)));
    qlty_pair_arrays { struct_size, reserved, patches1, patches2, deltas, rotations, positions1, positions2 }
}

fn use_pairs(
    draws: &mut Draws<'_>,
    folder: &Path,
    pairs: &mut *mut qlty_pairs,
    made_of: (usize, [i64; 3], qlty_dtype),
) {
    let (ndim, window, dtype) = made_of;
    let own = handle(draws, *pairs);
    let (mut counted, mut axes, mut sides) = (0i64, 0i32, [0i64; 3]);
    call("size", |error| unsafe {
        qlty_pairs_size(own.as_ref(), place(&mut counted), place(&mut axes), sides.as_mut_ptr(), error)
    });
    let count = number(draws, counted.clamp(0, 40)).clamp(-1, 41);
    let batch = batch(draws, ndim, dtype);
    let number_of_column = i32::from(draws.byte() % 18) - 1;
    let is_float = number_of_column >= QLTY_COLUMN_MEAN1;
    let column = Memory::draw(draws, if is_float { QLTY_DTYPE_F64 } else { QLTY_DTYPE_I64 }, &[count]);
    let values = Memory::draw(draws, QLTY_DTYPE_F64, &[count]);
    let indices = Memory::draw(draws, QLTY_DTYPE_I64, &[count]);
    let outputs = outputs(draws, count, (ndim, if sides[0] > 0 { sides } else { window }, dtype));
    let [one, two, deltas, turns, first, second] = &outputs;
    let (mut other, mut described, images) = (null_mut(), batch.array, null_mut::<qlty_images>());
    match draws.byte() % 12 {
        0 => call("measure", |error| unsafe {
            qlty_pairs_measure(
                own.as_ref(),
                batch.pointer(),
                images.as_ref(),
                place(&mut other),
                None,
                null_mut(),
                error,
            )
        }),
        1 => call("select", |error| unsafe {
            qlty_pairs_select(own.as_ref(), indices.pointer(), place(&mut other), error)
        }),
        2 | 3 => call("column", |error| unsafe {
            qlty_pairs_column(own.as_ref(), number_of_column, column.pointer(), error)
        }),
        4 => call("places", |error| unsafe {
            qlty_pairs_places(own.as_ref(), deltas.pointer(), turns.pointer(), first.pointer(), second.pointer(), error)
        }),
        5 => call("sample", |error| unsafe {
            let (kind, bins, samples) = (draws.one_of(&[0, 1, 0, 1, -1]), number(draws, 2), number(draws, 2));
            let (from, to) = (values.pointer(), indices.pointer());
            qlty_sample_stratified(from, from, kind, bins, samples, 1, to, place(&mut counted), error)
        }),
        6 => call("shape", |error| unsafe {
            qlty_pairs_extract_shape(own.as_ref(), batch.pointer(), images.as_ref(), place(&mut described), error)
        }),
        7 => call("extract", |error| unsafe {
            let (deltas, turns) = (deltas.pointer(), turns.pointer());
            let (from, one, two) = (batch.pointer(), one.pointer(), two.pointer());
            let (first, second) = (first.pointer(), second.pointer());
            qlty_pairs_extract(
                own.as_ref(),
                from,
                images.as_ref(),
                one,
                two,
                deltas,
                turns,
                first,
                second,
                None,
                null_mut(),
                error,
            )
        }),
        8 => call("extract into", |error| unsafe {
            let arrays = struct_of(draws, &outputs);
            let to = if strange(draws) { null() } else { &raw const arrays };
            qlty_pairs_extract_into(own.as_ref(), batch.pointer(), images.as_ref(), to, None, null_mut(), error)
        }),
        9 => call("sample draw", |error| unsafe {
            let mut options = initial(qlty_sample_options_init);
            (options.kind, options.seed) = (draws.one_of(&[0, 1, 0, 1, -1]), 1);
            (options.bins, options.samples_per_bin) = (number(draws, 2), number(draws, 2));
            options.struct_size = struct_size::<qlty_sample_options>(draws);
            let with = if strange(draws) { null() } else { &raw const options };
            let (from, to) = (values.pointer(), indices.pointer());
            qlty_sample_draw(from, from, with, to, place(&mut counted), error)
        }),
        _ => write(draws, folder, own, &batch),
    };
    batch.check();
    [&column, &values, &indices].into_iter().chain(&outputs).for_each(Memory::check);
    if !other.is_null() {
        unsafe { qlty_pairs_free(owned(std::mem::replace(pairs, other))) };
    }
}

fn write(draws: &mut Draws<'_>, folder: &Path, pairs: *mut qlty_pairs, batch: &Memory) -> bool {
    let (mut count, mut ndim, mut window) = (0, 2, [0i64; 3]);
    call("size", |error| unsafe {
        qlty_pairs_size(pairs.as_ref(), place(&mut count), place(&mut ndim), window.as_mut_ptr(), error)
    });
    let ndim = ndim as usize;
    let mut options = initial(qlty_store_options_init);
    let codec = Words::draw(draws, &["zstd:1", "none", "blosc-lz4", "gzip", "no such"]);
    options.positions = draws.one_of(&[QLTY_POSITIONS_NONE, QLTY_POSITIONS_PIXELS, QLTY_POSITIONS_WITH_IMAGE]);
    options.overwrite = draws.one_of(&[1, 1, 0]);
    if draws.once_in(3) {
        options.codec = codec.pointer();
        let axes = ndim + 2;
        (0..axes).for_each(|axis| options.chunk[axis] = number(draws, 3));
    }
    if strange(draws) {
        options.positions = 9;
        options.struct_size = draws.one_of(&[0, 4, options.struct_size, u32::MAX]);
    }
    let path = Words::path(draws, folder, "a", &OTHERS);
    call("write", |error| unsafe {
        qlty_pairs_write(pairs.as_ref(), batch.pointer(), None, path.pointer(), &options, None, null_mut(), error)
    })
}

fn use_dataset(draws: &mut Draws<'_>, dataset: *mut qlty_dataset, made_of: (usize, [i64; 3], qlty_dtype)) {
    let dataset = handle(draws, dataset);
    let (ndim, window, dtype) = made_of;
    let mut described = Memory::new(dtype, &[1, 1]).array;
    let (mut positions, mut metadata) = (0, null_mut());
    let opened = call("shape", |error| unsafe {
        qlty_dataset_shape(dataset.as_ref(), place(&mut described), place(&mut positions), error)
    });
    let stored = [described.shape[2], described.shape[3], described.shape[4]];
    let window = if opened && described.ndim as usize == ndim + 2 { stored } else { window };
    let length = if opened { described.shape[0].clamp(0, 20) } else { 2 };
    let count = number(draws, length).clamp(-1, 21);
    let indices = Memory::draw(draws, QLTY_DTYPE_I64, &[count]);
    let outputs = outputs(draws, count, (ndim, window, dtype));
    let [one, two, deltas, turns, first, second] = &outputs;
    let (one, two, deltas) = (one.pointer(), two.pointer(), deltas.pointer());
    let (turns, first, second) = (turns.pointer(), first.pointer(), second.pointer());
    let arrays = struct_of(draws, &outputs);
    let to = if strange(draws) { null() } else { &raw const arrays };
    match draws.byte() % 7 {
        0 => call("metadata", |error| unsafe { qlty_dataset_metadata(dataset.as_ref(), place(&mut metadata), error) }),
        1 => call("read", |error| unsafe {
            qlty_dataset_read(dataset.as_ref(), indices.pointer(), one, two, deltas, turns, first, second, error)
        }),
        2 => {
            call("read into", |error| unsafe { qlty_dataset_read_into(dataset.as_ref(), indices.pointer(), to, error) })
        }
        3 => damages::look(draws, "verify", |draws, damages, error| unsafe {
            qlty_dataset_verify(dataset.as_ref(), number(draws, -1), damages, None, null_mut(), error)
        }),
        4 => call("epoch", |error| unsafe {
            qlty_dataset_epoch(dataset.as_ref(), u64::MAX, u64::from(draws.byte()), indices.pointer(), error)
        }),
        _ => {
            let (mut batches, mut next) = (null_mut(), 0);
            let (size, ahead) = (number(draws, count), draws.one_of(&[2, 0, 1, -1]));
            call("batches", |error| unsafe {
                qlty_batches_new(dataset.as_ref(), indices.pointer(), size, ahead, place(&mut batches), error)
            });
            call("next count", |error| unsafe { qlty_batches_next_count(batches.as_ref(), place(&mut next), error) });
            let as_struct = draws.once_in(2);
            let done = (0..3).all(|_| {
                call("next", |error| unsafe {
                    if as_struct {
                        qlty_batches_next_into(batches.as_mut(), to, error)
                    } else {
                        qlty_batches_next(batches.as_mut(), one, two, deltas, turns, first, second, error)
                    }
                })
            });
            unsafe { qlty_batches_free(owned(batches)) };
            done
        }
    };
    unsafe { qlty_pairs_free(owned(metadata)) };
    indices.check();
    outputs.iter().for_each(Memory::check);
}
