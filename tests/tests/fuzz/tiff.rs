//! Files of slices: a damaged fixture of qlty-pyramid, or, depending on the first byte, the bytes after it.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use qlty_pyramid::{Error, OwnedArray, Stack};

use qlty_tests::fuzz::{Draws, damage};

/// The maximum number of pixels to read, whatever a broken header says.
const MOST_PIXELS: usize = 16 << 20;

/// The fixtures, by name.
fn fixtures() -> &'static [(String, Vec<u8>)] {
    static FIXTURES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qlty-pyramid/tests/fixtures");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let files =
            files.filter(|path| path.extension().is_some_and(|extension| extension == "tif" || extension == "png"));
        let mut files: Vec<_> = files
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        assert!(files.len() > 40, "the fixtures are there");
        files
    })
}

pub(crate) fn target(bytes: &[u8]) {
    let mut draws = Draws::new(bytes);
    let (name, content) = match bytes.split_first() {
        Some((255, rest)) => ("file.tif", rest.to_vec()),
        _ => {
            let (name, content) = &fixtures()[draws.below(fixtures().len())];
            let mut content = content.clone();
            while !draws.is_empty() {
                damage(&mut content, &mut draws);
            }
            (name.as_str(), content)
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    // Either result is fine; an error names the file.
    if let Err(error) = read(&path) {
        assert!(error.to_string().contains(name), "an error that does not name the file: {error}");
    }
}

/// The first and the last planes.
fn read(path: &Path) -> Result<(), Error> {
    let stack = Stack::from_file(path)?;
    let [frames, channels, depth, height, width] = stack.shape();
    let pixels = channels.checked_mul(height).and_then(|pixels| pixels.checked_mul(width)).unwrap();
    if pixels > MOST_PIXELS {
        return Ok(());
    }
    for (t, z) in [(0, 0), (frames - 1, depth - 1)] {
        let mut planes = OwnedArray::zeros("planes", stack.dtype(), &[channels, height, width])?;
        stack.read_plane(t, z, planes.array_mut())?;
    }
    Ok(())
}
