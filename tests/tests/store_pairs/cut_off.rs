//! A writer that is killed leaves a complete store, or none.
//!
//! This binary starts itself again to have a process to kill.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use qlty_pairs::{PatchPairDataset, Positions, StoreOptions, extract_patches_from_metadata};
use qlty_tests::sample::random;

use crate::{images, metadata, write};

const DESTINATION: &str = "QLTY_TEST_STORE_DESTINATION";
const SHAPE: [usize; 4] = [6, 2, 64, 64];
const PAIRS: usize = 12;

fn options() -> StoreOptions {
    StoreOptions::new().chunk(vec![3, 1, 16, 16]).overwrite(true)
}

/// Not a test by itself: the process that the test below starts and kills.
#[test]
fn a_writer_to_be_killed() {
    let Ok(path) = std::env::var(DESTINATION) else { return };
    let (images, metadata) = (images::<i32, 2>(&SHAPE, 1), metadata(&SHAPE, [16, 16], PAIRS));
    println!("begins");
    loop {
        write(&images.view(), &metadata, Path::new(&path), &options()).unwrap();
    }
}

#[test]
fn a_store_cut_off_is_absent_or_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pairs.zarr");
    let (images, metadata) = (images::<i32, 2>(&SHAPE, 1), metadata(&SHAPE, [16, 16], PAIRS));
    let all: Vec<usize> = (0..metadata.len()).collect();
    let expected = extract_patches_from_metadata(&images.view(), &metadata, &all, Positions::None).unwrap();
    // Moments are spread over the time of three writes.
    let start = Instant::now();
    write(&images.view(), &metadata, &path, &options()).unwrap();
    let moments = 3 * start.elapsed().as_micros() as u64;
    let (mut absent, mut whole) = (0, 0);
    for trial in 0..20 {
        // In every other trial the first write is killed, in the others one that replaces a store.
        let _ = std::fs::remove_dir_all(&path);
        if trial % 2 == 1 {
            write(&images.view(), &metadata, &path, &options()).unwrap();
        }
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cut_off::a_writer_to_be_killed", "--nocapture"])
            .env(DESTINATION, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::io::BufRead::lines(std::io::BufReader::new(writer.stdout.take().unwrap()));
        assert!(begun.map_while(Result::ok).any(|line| line.contains("begins")), "the writer did not begin");
        std::thread::sleep(Duration::from_micros(random(7, trial) % moments));
        writer.kill().unwrap();
        writer.wait().unwrap();
        if path.exists() {
            let dataset = PatchPairDataset::<i32, 2>::open(&path).unwrap();
            assert_eq!(dataset.get_batch(&all).unwrap(), expected);
            assert_eq!(dataset.metadata().unwrap(), metadata);
            whole += 1;
        } else {
            absent += 1;
        }
    }
    println!("{absent} absent, {whole} whole");
    assert!(absent > 0 && whole > 0, "{absent} absent, {whole} whole: the moments are no mixture");
    // The remains do not prevent the next writer from working.
    write(&images.view(), &metadata, &path, &options()).unwrap();
    assert_eq!(PatchPairDataset::<i32, 2>::open(&path).unwrap().get_batch(&all).unwrap(), expected);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["pairs.zarr"]);
}
