//! Converting the stored samples of a strip or tile to native pixels, plane by plane.

use super::tags::{Coding, Predictor};

/// Undoes, in place, the predictor, the byte order and the inversion of black and white of `rows`, whose rows have
/// `row_bytes` bytes. Samples have `size` bytes; `samples` of them make up a pixel.
pub(super) fn restore(rows: &mut [u8], row_bytes: usize, samples: usize, size: usize, coding: &Coding, swap: bool) {
    if coding.predictor == Predictor::Float {
        let mut scratch = vec![0; row_bytes];
        for row in rows.chunks_exact_mut(row_bytes) {
            float_row(row, &mut scratch, samples, size);
        }
    } else if swap {
        match size {
            2 => each(rows, |bytes| u16::from_be_bytes(bytes).to_le_bytes()),
            4 => each(rows, |bytes| u32::from_be_bytes(bytes).to_le_bytes()),
            8 => each(rows, |bytes| u64::from_be_bytes(bytes).to_le_bytes()),
            _ => {}
        }
    }
    if coding.predictor == Predictor::Horizontal {
        for row in rows.chunks_exact_mut(row_bytes) {
            match size {
                1 => horizontal_row(row, samples, u8::from_ne_bytes, u8::to_ne_bytes, u8::wrapping_add),
                2 => horizontal_row(row, samples, u16::from_ne_bytes, u16::to_ne_bytes, u16::wrapping_add),
                4 => horizontal_row(row, samples, u32::from_ne_bytes, u32::to_ne_bytes, u32::wrapping_add),
                _ => horizontal_row(row, samples, u64::from_ne_bytes, u64::to_ne_bytes, u64::wrapping_add),
            }
        }
    }
    if coding.inverted {
        // The maximum value minus the sample.
        rows.iter_mut().for_each(|byte| *byte = !*byte);
    }
}

fn each<const SIZE: usize>(bytes: &mut [u8], turn: impl Fn([u8; SIZE]) -> [u8; SIZE]) {
    bytes.as_chunks_mut::<SIZE>().0.iter_mut().for_each(|sample| *sample = turn(*sample));
}

/// Adds the sample of the previous pixel to each sample.
fn horizontal_row<T: Copy, const SIZE: usize>(
    row: &mut [u8],
    samples: usize,
    from: fn([u8; SIZE]) -> T,
    to: fn(T) -> [u8; SIZE],
    add: fn(T, T) -> T,
) {
    let row = row.as_chunks_mut::<SIZE>().0;
    if let ([first, rest @ ..], 1) = (&mut *row, samples) {
        let mut sum = from(*first);
        for sample in rest {
            sum = add(sum, from(*sample));
            *sample = to(sum);
        }
        return;
    }
    for index in samples..row.len() {
        row[index] = to(add(from(row[index - samples]), from(row[index])));
    }
}

/// Adobe Photoshop TIFF Technical Note 3: the bytes of all samples sorted by significance, the highest first, then each
/// minus the byte of the previous pixel.
fn float_row(row: &mut [u8], scratch: &mut [u8], samples: usize, size: usize) {
    for index in samples..row.len() {
        row[index] = row[index].wrapping_add(row[index - samples]);
    }
    scratch.copy_from_slice(row);
    let count = row.len() / size;
    for (index, sample) in row.chunks_exact_mut(size).enumerate() {
        for (significance, byte) in sample.iter_mut().enumerate() {
            *byte = scratch[significance * count + index];
        }
        if cfg!(target_endian = "little") {
            sample.reverse();
        }
    }
}

/// Appends a row of `count` samples, which are packed from the highest bit, to `unpacked`, each as `size` bytes.
pub(super) fn unpack(row: &[u8], count: usize, size: usize, coding: &Coding, unpacked: &mut Vec<u8>) {
    let bits = coding.bits;
    let mask = (1_u32 << bits) - 1;
    let (mut held, mut held_bits) = (0_u32, 0);
    let mut bytes = row.iter();
    for _ in 0..count {
        while held_bits < bits {
            let byte = *bytes.next().unwrap_or(&0);
            held = held << 8 | u32::from(byte);
            held_bits += 8;
        }
        held_bits -= bits;
        let sample = held >> held_bits & mask;
        let sample = if coding.inverted { mask - sample } else { sample };
        match size {
            1 => unpacked.push(sample as u8),
            _ => unpacked.extend((sample as u16).to_ne_bytes()),
        }
    }
}

/// Copies the bytes of sample `sample` of each pixel of `row`, whose pixels have `samples` samples, into `plane`.
pub(super) fn pick(row: &[u8], samples: usize, sample: usize, size: usize, plane: &mut [u8]) {
    match size {
        1 => pick_sized::<1>(row, samples, sample, plane),
        2 => pick_sized::<2>(row, samples, sample, plane),
        4 => pick_sized::<4>(row, samples, sample, plane),
        _ => pick_sized::<8>(row, samples, sample, plane),
    }
}

fn pick_sized<const SIZE: usize>(row: &[u8], samples: usize, sample: usize, plane: &mut [u8]) {
    if samples == 1 {
        return plane.copy_from_slice(&row[..plane.len()]);
    }
    let from = row.as_chunks::<SIZE>().0.iter().skip(sample).step_by(samples);
    for (to, from) in plane.as_chunks_mut::<SIZE>().0.iter_mut().zip(from) {
        *to = *from;
    }
}
