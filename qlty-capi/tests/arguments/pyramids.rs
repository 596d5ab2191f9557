//! Stacks, pyramids and images on disk.

use std::ffi::c_char;
use std::path::Path;
use std::ptr::{null, null_mut};

use qlty::*;
use qlty_tests::fuzz::Draws;
use qlty_tests::hosts::repository;

use crate::memory::{Memory, call, initial, number, owned, place, strange, struct_size};
use crate::words::{Words, handle};

const SIZE: [i64; 4] = [1, 3, 9, 11];
/// What calls write, a folder of slices, a slice, a file, and nothing.
const OTHERS: [&str; 6] = ["a", "b", "slices", "slices/image_000.tif", "file", "file/below"];

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("file"), "a file").unwrap();
    std::fs::create_dir(folder.join("slices")).unwrap();
    for name in ["image_000.tif", "image_002.tif"] {
        std::fs::copy(repository().join("samples/brain").join(name), folder.join("slices").join(name)).unwrap();
    }
    // SAFETY (of all calls here): pointers are NULL, or lead to what they should; arrays are as `Memory` says;
    // handles are freed once.
    let (mut stacks, mut stack) = open(&mut draws, folder);
    if stacks.is_null() || stack.is_null() {
        unsafe {
            qlty_stack_free(owned(stack));
            qlty_stacks_free(owned(stacks));
        }
        (stacks, stack) = open(&mut Draws::new(&[]), folder);
    }
    for _ in 0..3 {
        ask(&mut draws, stacks, stack);
    }
    for _ in 0..4 {
        write(&mut draws, folder, stacks, stack);
    }
    unsafe {
        qlty_stack_free(owned(stack));
        qlty_stacks_free(owned(stacks));
    }
    image(&mut draws, folder);
}

/// Finds stacks and opens one of them, or a file.
fn open(draws: &mut Draws<'_>, folder: &Path) -> (*mut qlty_stacks, *mut qlty_stack) {
    let (mut stacks, mut stack, mut count, mut slices) = (null_mut(), null_mut(), 0, 0);
    let folder_path = Words::path(draws, folder, "slices", &OTHERS);
    let extension = Words::draw(draws, &["tif"]);
    let pattern =
        Words::draw(draws, &[r"(.+)_(\d+)\.tif$", r"image_(\d+)\.tif$", r"image_(\d+)\.tif$", r"(\d+", r"tif$"]);
    call("find", |error| unsafe {
        qlty_stacks_find(folder_path.pointer(), extension.pointer(), pattern.pointer(), place(&mut stacks), error)
    });
    let given = handle(draws, stacks);
    call("count", |error| unsafe { qlty_stacks_count(given.as_ref(), place(&mut count), error) });
    let mut name = null();
    call("name", |error| unsafe {
        qlty_stacks_name(given.as_ref(), number(draws, 0), place(&mut name), place(&mut slices), error)
    });
    if draws.once_in(3) {
        let path = Words::path(draws, folder, "slices/image_000.tif", &OTHERS);
        call("stack", |error| unsafe { qlty_stack_open(path.pointer(), place(&mut stack), error) });
    } else {
        call("open", |error| unsafe { qlty_stacks_open(given.as_ref(), number(draws, 0), place(&mut stack), error) });
    }
    (stacks, stack)
}

/// Asks for what is known of a stack, and for planes.
fn ask(draws: &mut Draws<'_>, stacks: *mut qlty_stacks, stack: *mut qlty_stack) {
    let (stacks, stack) = (handle(draws, stacks), handle(draws, stack));
    let dtype = draws.one_of(&[QLTY_DTYPE_U8, QLTY_DTYPE_U16]);
    let planes = Memory::draw(draws, dtype, &[1, 1, 217, 181]);
    let counters = Memory::draw(draws, QLTY_DTYPE_U64, &[1, 2]);
    let (mut described, mut name, mut count, mut size) = (planes.array, null(), 0, [0.0; 3]);
    let index = number(draws, 0);
    match draws.byte() % 9 {
        0 => call("count", |error| unsafe { qlty_stacks_count(stacks.as_ref(), place(&mut count), error) }),
        1 => call("shape", |error| unsafe { qlty_stack_shape(stack.as_ref(), place(&mut described), error) }),
        2 => {
            call("name", |error| unsafe { qlty_stack_name(stack.as_ref(), place(&mut name), place(&mut count), error) })
        }
        3 => call("file", |error| unsafe { qlty_stack_file(stack.as_ref(), index, place(&mut name), error) }),
        4 => call("voxel size", |error| unsafe {
            qlty_stack_voxel_size(stack.as_ref(), size.as_mut_ptr(), place(&mut name), error)
        }),
        5 => call("channel", |error| unsafe { qlty_stack_channel(stack.as_ref(), index, place(&mut name), error) }),
        6 => {
            call("missing count", |error| unsafe { qlty_stack_missing_count(stack.as_ref(), place(&mut count), error) })
        }
        7 => call("missing", |error| unsafe { qlty_stack_missing(stack.as_ref(), counters.pointer(), error) }),
        _ => call("read", |error| unsafe {
            qlty_stack_read(stack.as_ref(), index, number(draws, 0), planes.pointer(), None, null_mut(), error)
        }),
    };
    [&planes, &counters].into_iter().for_each(Memory::check);
}

/// The strings and numbers that options point to.
#[derive(Debug)]
struct Lent {
    words: [Words; 5],
    names: [*const c_char; 2],
    factors: [i64; 6],
}

impl Lent {
    fn draw(draws: &mut Draws<'_>) -> Self {
        let words = [
            Words::draw(draws, &["mean", "gaussian", "nearest", "median", "mode", "max", "min"]),
            Words::draw(draws, &["zstd:1", "none", "blosc-lz4", "no such"]),
            Words::draw(draws, &["nm", "micrometer", "parsec"]),
            Words::draw(draws, &["name", "../name", "a/b"]),
            Words::draw(draws, &["bilinear", "bicubic"]),
        ];
        let names = [words[3].pointer(), words[2].pointer()];
        Self { words, names, factors: std::array::from_fn(|axis| number(draws, [1, 2, 2][axis % 3])) }
    }

    fn options(&self, draws: &mut Draws<'_>) -> qlty_pyramid_options {
        let mut options = initial(qlty_pyramid_options_init);
        options.levels = draws.one_of(&[2, 1, 3, 0]);
        (options.overwrite, options.resume) = draws.one_of(&[(0, 0), (1, 0), (0, 1), (1, 1)]);
        options.axes = draws.one_of(&[0, 0, 0, 1]);
        if draws.once_in(3) {
            options.halving = draws.one_of(&[0, 1, 2, 3]);
            options.levels = number(draws, 2);
            options.most_levels = number(draws, 5);
            (options.factors, options.factor_count) =
                (self.factors.as_ptr(), draws.one_of(&[1, 1, 1, 2, 0, -1, i64::MIN]));
        }
        if draws.once_in(4) {
            options.dtype = i32::from(draws.byte() % 14);
            options.normalization = draws.one_of(&[0, 1, 2, 3]);
            options.deviation = 1.0;
        }
        if strange(draws) {
            options.dtype = draws.one_of(&[-1, 14, i32::MIN]);
            options.normalization = draws.one_of(&[3, 4, -1]);
            options.mean = draws.one_of(&[0.0, f64::NAN, 1e300]);
            options.deviation = draws.one_of(&[1.0, f64::INFINITY, 0.0, -1.0]);
        }
        if draws.once_in(3) {
            options.zarr_format = draws.one_of(&[2, 3]);
            options.chunk = std::array::from_fn(|_| number(draws, 4));
            let length = if options.zarr_format == 3 { 8 } else { 0 };
            options.shard = std::array::from_fn(|_| number(draws, length));
        }
        if strange(draws) {
            options.zarr_format = draws.one_of(&[0, 4]);
            options.voxel_size = draws.one_of(&[[0.0, 1.0, 1.0], [-1.0; 3], [f64::NAN; 3], [1e-300; 3]]);
        }
        if draws.once_in(3) {
            options.voxel_size = [1.0; 3];
            options.memory = number(draws, 1 << 20);
            [options.method, options.codec, options.unit, options.name, _] = self.words.each_ref().map(Words::pointer);
        }
        if draws.once_in(4) {
            (options.channel_names, options.channel_count) =
                (self.names.as_ptr(), draws.one_of(&[1, 1, 1, 2, 0, -1, i64::MIN]));
        }
        if strange(draws) {
            options.struct_size = draws.one_of(&[0, 4, options.struct_size, u32::MAX]);
        }
        options
    }

    fn laplacian(&self, draws: &mut Draws<'_>) -> qlty_laplacian_options {
        let mut options = initial(qlty_laplacian_options_init);
        options.store_base = draws.one_of(&[1, 1, 1, 0]);
        if draws.once_in(3) {
            options.interpolation = self.words[4].pointer();
            options.difference_codec = self.words[1].pointer();
        }
        options
    }
}

fn write(draws: &mut Draws<'_>, folder: &Path, stacks: *mut qlty_stacks, stack: *mut qlty_stack) {
    let lent = Lent::draw(draws);
    let (options, laplacian) = (lent.options(draws), lent.laplacian(draws));
    let array = Memory::draw(draws, QLTY_DTYPE_U16, &SIZE);
    let usual = draws.one_of(&["a", "b"]);
    let path = Words::path(draws, folder, usual, &OTHERS);
    let (stack, pixels) = match draws.byte() % 8 {
        6 => (stack, None),
        7 => (stack, array.pointer()),
        _ => (null_mut(), array.pointer()),
    };
    let (to, stacks, mut pyramids) = (path.pointer(), handle(draws, stacks), null_mut());
    let given = if draws.once_in(2) { null() } else { &raw const laplacian };
    let options = if strange(draws) { null() } else { &raw const options };
    match draws.byte() % 8 {
        0 | 1 => call("gaussian", |error| unsafe {
            qlty_stack_to_ome_zarr(stack.as_ref(), pixels, to, options, None, null_mut(), error)
        }),
        2 | 3 => call("laplacian", |error| unsafe {
            qlty_stack_to_laplacian(stack.as_ref(), pixels, to, options, &laplacian, None, null_mut(), error)
        }),
        4 => call("gaussians", |error| unsafe {
            qlty_stacks_to_ome_zarr(stacks.as_ref(), to, options, place(&mut pyramids), None, null_mut(), error)
        }),
        5 => call("laplacians", |error| unsafe {
            qlty_stacks_to_laplacian(
                stacks.as_ref(),
                to,
                options,
                &laplacian,
                place(&mut pyramids),
                None,
                null_mut(),
                error,
            )
        }),
        6 => call("plan", |error| unsafe {
            qlty_stack_plan(stack.as_ref(), pixels, to, options, given, place(&mut pyramids), error)
        }),
        _ => call("plans", |error| unsafe {
            qlty_stacks_plan(stacks.as_ref(), to, options, given, place(&mut pyramids), error)
        }),
    };
    array.check();
    tell(draws, pyramids);
}

/// Asks for what is known of pyramids, and frees them.
fn tell(draws: &mut Draws<'_>, pyramids: *mut qlty_pyramids) {
    let own = handle(draws, pyramids);
    let [mut name, mut path, mut axes] = [null(); 3];
    let (mut count, mut bytes, mut files) = (0, 0, 0);
    let (mut described, mut chunk, mut voxel) = (Memory::new(1, &[1]).array, [0i64; 6], [0.0; 3]);
    let (index, other) = (number(draws, 0), number(draws, 0));
    call("count", |error| unsafe { qlty_pyramids_count(own.as_ref(), place(&mut count), error) });
    call("name", |error| unsafe {
        qlty_pyramids_name(own.as_ref(), index, place(&mut name), place(&mut path), place(&mut axes), error)
    });
    call("shape", |error| unsafe {
        qlty_pyramids_shape(
            own.as_ref(),
            index,
            place(&mut described),
            place(&mut count),
            place(&mut bytes),
            place(&mut files),
            error,
        )
    });
    let size = struct_size::<qlty_pyramid_info>(draws);
    let mut info = qlty_pyramid_info { struct_size: size, reserved: 0, pixels: described, levels: count, bytes, files };
    let to = if strange(draws) { null_mut() } else { &raw mut info };
    call("info", |error| unsafe { qlty_pyramids_get_info(own.as_ref(), index, to, error) });
    call("file", |error| unsafe { qlty_pyramids_file(own.as_ref(), index, other, place(&mut path), error) });
    call("level", |error| unsafe {
        let (chunk, voxel) = (chunk.as_mut_ptr(), voxel.as_mut_ptr());
        qlty_pyramids_level(own.as_ref(), index, other, place(&mut described), place(&mut name), chunk, voxel, error)
    });
    unsafe { qlty_pyramids_free(owned(pyramids)) };
}

/// Reconstructs what is there, and reads it.
fn image(draws: &mut Draws<'_>, folder: &Path) {
    let mut options = initial(qlty_reconstruct_options_init);
    let interpolation = Words::draw(draws, &["bilinear", "bicubic"]);
    let codec = Words::draw(draws, &["none"]);
    (options.level, options.overwrite) = (number(draws, 0), draws.one_of(&[0, 1]));
    if draws.once_in(3) {
        (options.interpolation, options.codec) = (interpolation.pointer(), codec.pointer());
    }
    let (from, to) = (Words::path(draws, folder, "b", &OTHERS), Words::path(draws, folder, "c", &OTHERS));
    // Something to read.
    let (pixels, mut plain) = (Memory::new(QLTY_DTYPE_U16, &SIZE), Draws::new(&[]));
    let (plain_options, laplacian) =
        (Lent::draw(&mut plain).options(&mut plain), Lent::draw(&mut plain).laplacian(&mut plain));
    let [a, b] = ["a", "b"].map(|name| Words::path(&mut Draws::new(&[]), folder, name, &OTHERS));
    call("gaussian", |error| unsafe {
        qlty_stack_to_ome_zarr(None, pixels.pointer(), a.pointer(), &plain_options, None, null_mut(), error)
    });
    call("laplacian", |error| unsafe {
        let (from, to) = (pixels.pointer(), b.pointer());
        qlty_stack_to_laplacian(None, from, to, &plain_options, &laplacian, None, null_mut(), error)
    });
    call("reconstruct", |error| unsafe {
        qlty_laplacian_reconstruct(from.pointer(), to.pointer(), &options, None, null_mut(), error)
    });
    let usual = draws.one_of(&["a", "b", "c", "a/image.ome.zarr"]);
    let path = Words::path(draws, folder, usual, &OTHERS);
    let given = if strange(draws) { interpolation.pointer() } else { null() };
    let mut image = null_mut();
    call("image", |error| unsafe { qlty_image_open(path.pointer(), given, place(&mut image), error) });
    for _ in 0..4 {
        read(draws, image);
    }
    unsafe { qlty_image_free(owned(image)) };
}

fn read(draws: &mut Draws<'_>, image: *mut qlty_image) {
    let image = handle(draws, image);
    let (mut count, mut laplacian, mut name, mut unit) = (0, 0, null(), null());
    let (mut scale, mut translation, index) = ([0.0; 6], [0.0; 6], number(draws, 0));
    let mut described = Memory::new(QLTY_DTYPE_U16, &SIZE).array;
    call("levels", |error| unsafe {
        qlty_image_levels(image.as_ref(), place(&mut count), place(&mut laplacian), error)
    });
    call("axis", |error| unsafe { qlty_image_axis(image.as_ref(), index, place(&mut name), place(&mut unit), error) });
    call("channel", |error| unsafe { qlty_image_channel(image.as_ref(), index, place(&mut name), error) });
    call("level", |error| unsafe {
        qlty_image_level(
            image.as_ref(),
            index,
            place(&mut described),
            scale.as_mut_ptr(),
            translation.as_mut_ptr(),
            error,
        )
    });
    let shape: Vec<i64> = described.shape[..described.ndim as usize].iter().map(|length| length / 2).collect();
    let pixels = Memory::draw(draws, described.dtype, &shape);
    let mut start = [0; 6];
    if strange(draws) {
        start = std::array::from_fn(|_| number(draws, 0));
    }
    let start = if strange(draws) { null() } else { start.as_ptr() };
    call("read", |error| unsafe {
        qlty_image_read(image.as_ref(), index, start, pixels.pointer(), None, null_mut(), error)
    });
    pixels.check();
}
