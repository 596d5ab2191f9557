//! Broken or malicious files: an error or an image, never a panic or excessive use of memory or time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use qlty_pyramid::{Error, OwnedArray, Stack};
use tempfile::TempDir;

#[path = "support/raw_tiff.rs"]
mod raw_tiff;
use raw_tiff::{grey, long};

/// The maximum size of a plane of a fixture to be read here, whatever a broken header says.
const PLANE_LIMIT: usize = 16 << 20;

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tif" || extension == "png"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() > 40, "the fixtures are there");
    files
}

/// Opens a file, and reads its first and its last planes.
fn try_all(path: &Path) -> Result<(), Error> {
    let stack = Stack::from_file(path)?;
    let [frames, channels, depth, height, width] = stack.shape();
    let pixels = channels.checked_mul(height).and_then(|pixels| pixels.checked_mul(width)).unwrap();
    if pixels > PLANE_LIMIT {
        return Ok(());
    }
    for (t, z) in [(0, 0), (frames - 1, depth - 1)] {
        let mut planes = OwnedArray::zeros("planes", stack.dtype(), &[channels, height, width])?;
        stack.read_plane(t, z, planes.array_mut())?;
    }
    Ok(())
}

fn try_bytes(folder: &TempDir, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    let result = try_all(&path);
    if let Err(error) = &result {
        assert!(error.to_string().contains(name), "{error}");
    }
    // A file that is overwritten is flushed to the disk on some systems, one that is deleted is not.
    std::fs::remove_file(&path).unwrap();
    result
}

#[test]
fn fixtures_that_end_early_are_errors_or_whole() {
    let folder = TempDir::new().unwrap();
    for (name, whole) in fixtures() {
        for part in 0..40 {
            // Truncated pixels or directories are detected.
            let length = whole.len() * part / 40;
            let _ = try_bytes(&folder, &name, &whole[..length]);
        }
        if name.ends_with("strips.tif") {
            try_bytes(&folder, &name, &whole[..whole.len() - 1]).unwrap_err();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bytes_do_not_panic(
        file in any::<prop::sample::Index>(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_usize..4), 1..8),
    ) {
        let fixtures = fixtures_once();
        let (name, whole) = &fixtures[file.index(fixtures.len())];
        let mut bytes = whole.clone();
        for (place, value, region) in flips {
            // Damage to headers has the largest effect, and they are few of the bytes: at the start and around the
            // directory.
            let directory = first_directory(whole);
            let at = match region {
                0 => place.index(bytes.len()),
                1 => place.index(bytes.len().min(16)),
                _ => directory + place.index(bytes.len().saturating_sub(directory).clamp(1, 300)),
            };
            let at = at.min(bytes.len() - 1);
            bytes[at] = value;
        }
        let folder = TempDir::new().unwrap();
        let _ = try_bytes(&folder, name, &bytes);
    }

    #[test]
    fn garbage_is_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), kind in 0_usize..5) {
        let head: &[u8] = [b"II\x2a\0\x08\0\0\0".as_slice(), b"MM\0\x2a\0\0\0\x08", b"II\x2b\0\x08\0\0\0", b"\x89PNG\r\n\x1a\n", b""][kind];
        let folder = TempDir::new().unwrap();
        prop_assert!(try_bytes(&folder, "garbage", &[head, &bytes].concat()).is_err());
    }
}

fn fixtures_once() -> &'static [(String, Vec<u8>)] {
    static FIXTURES: std::sync::OnceLock<Vec<(String, Vec<u8>)>> = std::sync::OnceLock::new();
    FIXTURES.get_or_init(fixtures)
}

fn first_directory(bytes: &[u8]) -> usize {
    let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    let offset = match &bytes[..4] {
        b"II\x2a\0" => u32::from_le_bytes(four(4)),
        b"MM\0\x2a" => u32::from_be_bytes(four(4)),
        b"II\x2b\0" => u32::from_le_bytes(four(8)),
        _ => u32::from_be_bytes(four(12)),
    };
    (offset as usize).min(bytes.len() - 1)
}

fn written(folder: &TempDir, page: raw_tiff::Page) -> PathBuf {
    let path = folder.path().join("bad.tif");
    raw_tiff::write(&path, &[page]);
    path
}

#[test]
fn sizes_that_lie_are_errors() {
    use raw_tiff::*;
    let folder = TempDir::new().unwrap();
    let page = || grey(4, 3, 8, (0..12).collect());
    let cases = [
        (page().with(WIDTH, long(0)), "0 columns"),
        (page().with(HEIGHT, long(0)), "0 rows"),
        (page().with(SAMPLES, long(0)), "0 samples"),
        (page().with(SAMPLES, long(70_000)), "70000 samples"),
        (page().with(ROWS_PER_STRIP, long(0)), "strips of 0 rows"),
        (page().with(ROWS_PER_STRIP, long(2)), "1 offsets and 1 byte counts for 2 x 1"),
        (page().with(STRIP_OFFSETS, longs(&[8, 8])), "2 offsets and 1 byte counts"),
        (page().with(BITS, longs(&[8, 8])), "2 bits for 1 samples"),
        (
            page().with(TILE_WIDTH, long(0)).with(TILE_OFFSETS, long(8)).with(TILE_BYTE_COUNTS, long(9)),
            "tiles without a size",
        ),
        (
            page()
                .with(TILE_WIDTH, long(1 << 20))
                .with(TILE_HEIGHT, long(1 << 12))
                .with(COMPRESSION, long(50000))
                .with(TILE_OFFSETS, long(8))
                .with(TILE_BYTE_COUNTS, long(12)),
            "all of the image 12",
        ),
        (page().with(WIDTH, text(b"four")), "not of whole numbers"),
        (
            page().with(DESCRIPTION, text(b"ImageJ=1\nimages=18446744073709551615\nslices=18446744073709551615\n")),
            "is beyond",
        ),
        (page().with(DESCRIPTION, text(b"<OME><Image>")), "OME-XML"),
    ];
    for (page, what) in cases {
        let error = Stack::from_file(written(&folder, page)).unwrap_err();
        assert!(matches!(&error, Error::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains(what), "{what}: {error}");
    }
}

#[test]
fn directories_that_share_bytes_end_in_time() {
    // A directory at every third byte, each after the last: their entries overlap.
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("overlap.tif");
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    // A directory of 0x0606 entries, as is each that starts at such a byte.
    bytes.resize(300_000, 6);
    std::fs::write(&path, &bytes).unwrap();
    let error = Stack::from_file(&path).unwrap_err();
    assert!(error.to_string().contains("overlap.tif"), "{error}");

    // Small pages are no attack, even if their directories are most of the file.
    let path = folder.path().join("small.tif");
    raw_tiff::write(&path, &vec![grey(1, 1, 8, vec![7]); 20_000]);
    assert_eq!(Stack::from_file(&path).unwrap().shape(), [1, 1, 20_000, 1, 1]);

    // Many pages, each with the same long table.
    let table = raw_tiff::longs(&vec![8; 100_000]);
    let page = grey(1, 100_000, 8, vec![0])
        .with(raw_tiff::ROWS_PER_STRIP, long(1))
        .with(raw_tiff::STRIP_OFFSETS, table.clone())
        .with(raw_tiff::STRIP_BYTE_COUNTS, table);
    let path = folder.path().join("shared.tif");
    raw_tiff::write(&path, std::slice::from_ref(&page));
    let mut bytes = std::fs::read(&path).unwrap();
    let first = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]) as usize;
    let directory = bytes[first..bytes.len() - 4].to_vec();
    for _ in 0..2_000 {
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&(end as u32).to_le_bytes());
        bytes.extend(&directory);
        bytes.extend([0; 4]);
    }
    std::fs::write(&path, &bytes).unwrap();
    let error = Stack::from_file(&path).unwrap_err();
    assert!(error.to_string().contains("share their tables"), "{error}");
}
